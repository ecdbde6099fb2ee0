//go:build moto

package awssim_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/rds"

	"github.com/holdfast-gate/holdfast/e2e/emulator"
)

// auroraDifferences are the lines in which awssim is meant to differ from moto,
// and why. One that no longer differs fails the test.
var auroraDifferences = map[string]string{
	"create again":       "moto answers with the code for a snapshot",
	"global.member":      "moto takes the first member of a global cluster for a reader",
	"global.member.sync": "moto says nothing of it",
	"snapshots":          auroraBackups,
	"what outlives it":   auroraBackups,
}

const auroraBackups = "moto makes a backup by itself with the cluster, and keeps it; in a World one is made when the test says so, and goes with the cluster"

// TestAuroraLikeMoto makes the same calls about clusters to awssim and to moto,
// and compares their codes and every field that a gate reads.
func TestAuroraLikeMoto(t *testing.T) {
	sim := newSim(t)
	moto := clients(t, nil, emulator.Start(t), "us-east-1")
	got := auroraTour(auroraClient{rds.NewFromConfig(sim.cfg), t}, func() { sim.Advance(10 * time.Minute) })
	wanted := auroraTour(auroraClient{rds.NewFromConfig(moto.cfg), t}, func() {
		// To moto a cluster is made once somebody has looked at it.
		_, err := rds.NewFromConfig(moto.cfg).DescribeDBClusters(t.Context(), &rds.DescribeDBClustersInput{})
		if err != nil {
			t.Error(err)
		}
	})
	for _, what := range keys(got, wanted) {
		reason, expected := auroraDifferences[what]
		switch same := got[what] == wanted[what]; {
		case !same && !expected:
			t.Errorf("%s: awssim %q, moto %q", what, got[what], wanted[what])
		case same && expected:
			t.Errorf("%s: no longer differs (%s)", what, reason)
		}
	}
	for what := range auroraDifferences {
		if _, ok := got[what]; !ok {
			t.Errorf("%s: listed as a difference, but nothing compares it", what)
		}
	}
}

func auroraTour(c auroraClient, settle func()) facts {
	f := facts{}
	does := func(what string, err error) {
		f[what] = code(err)
		settle()
	}
	does("create", c.create("shop", ""))
	does("create again", c.create("shop", ""))
	does("first", c.add("shop", "shop-a", 0))
	does("second", c.add("shop", "shop-b", 5))
	does("instance again", c.add("shop", "shop-b", 5))
	f["made"] = c.cluster("shop")
	f.cluster(c, "shop")
	does("fail over", c.failover("shop", "shop-b"))
	f["failed over"] = c.cluster("shop")
	does("fail over to nobody", c.failover("shop", "nobody"))
	does("fail over nobody", c.failover("nobody", ""))
	does("snapshot", c.snapshot("shop", "by-hand"))
	does("snapshot again", c.snapshot("shop", "by-hand"))
	does("snapshot of nobody", c.snapshot("nobody", "x"))
	f["snapshots"] = c.snapshots("shop")
	f["snapshots of nobody"] = c.snapshots("nobody")
	does("protect", c.protect("shop", true))
	does("end, protected", c.end("shop", "skip"))
	does("unprotect", c.protect("shop", false))
	does("end, with instances", c.end("shop", "skip"))
	f.global(c, settle)
	for _, id := range []string{"shop-a", "shop-b"} {
		does("end "+id, c.remove(id))
	}
	f["empty"] = c.cluster("shop")
	does("end", c.end("shop", "last"))
	f["gone"] = c.cluster("shop")
	f["what outlives it"] = c.snapshots("shop")
	does("end nobody", c.end("nobody", "skip"))
	return f
}

func (f facts) cluster(c auroraClient, id string) {
	d := must(c.DescribeDBClusters(c.t.Context(), &rds.DescribeDBClustersInput{DBClusterIdentifier: &id}))(c.t).DBClusters[0]
	f["cluster.arn"], f["cluster.engine"] = aws.ToString(d.DBClusterArn), aws.ToString(d.Engine)
	f["cluster.protected"], f["cluster.resource"] = fmt.Sprint(aws.ToBool(d.DeletionProtection)), fmt.Sprint(aws.ToString(d.DbClusterResourceId) != "")
	f["cluster.restorable"] = fmt.Sprint(d.LatestRestorableTime != nil)
	f["cluster.endpoints"] = fmt.Sprint(aws.ToString(d.Endpoint) != "", aws.ToString(d.ReaderEndpoint) != "", len(d.CustomEndpoints))
	for _, m := range d.DBClusterMembers {
		f["cluster.tier of "+aws.ToString(m.DBInstanceIdentifier)] = fmt.Sprint(aws.ToInt32(m.PromotionTier))
		i := must(c.DescribeDBInstances(c.t.Context(), &rds.DescribeDBInstancesInput{DBInstanceIdentifier: m.DBInstanceIdentifier}))(c.t).DBInstances[0]
		f["instance "+aws.ToString(m.DBInstanceIdentifier)] = fmt.Sprint(aws.ToString(i.DBClusterIdentifier), " ", aws.ToString(i.Engine), " ", aws.ToString(i.DBInstanceStatus), " ", aws.ToString(i.DBInstanceArn))
	}
}

// global makes the cluster the only member of a global one, and takes it out.
func (f facts) global(c auroraClient, settle func()) {
	id := aws.String("world")
	arn := aws.String(f["cluster.arn"])
	_, err := c.CreateGlobalCluster(c.t.Context(), &rds.CreateGlobalClusterInput{GlobalClusterIdentifier: id, SourceDBClusterIdentifier: arn})
	f["global.create"] = code(err)
	settle()
	g := must(c.DescribeGlobalClusters(c.t.Context(), &rds.DescribeGlobalClustersInput{GlobalClusterIdentifier: id}))(c.t).GlobalClusters[0]
	f["global.arn"], f["global.status"], f["global.engine"] = aws.ToString(g.GlobalClusterArn), aws.ToString(g.Status), aws.ToString(g.Engine)
	for _, m := range g.GlobalClusterMembers {
		f["global.member"] = fmt.Sprint(aws.ToString(m.DBClusterArn), " ", aws.ToBool(m.IsWriter), " ", len(m.Readers))
		f["global.member.sync"] = string(m.SynchronizationStatus)
	}
	_, err = c.RemoveFromGlobalCluster(c.t.Context(), &rds.RemoveFromGlobalClusterInput{GlobalClusterIdentifier: id, DbClusterIdentifier: arn})
	f["global.leave"] = code(err)
	settle()
	_, err = c.DeleteGlobalCluster(c.t.Context(), &rds.DeleteGlobalClusterInput{GlobalClusterIdentifier: id})
	f["global.delete"] = code(err)
	settle()
	f["global.left"] = fmt.Sprint(len(must(c.DescribeGlobalClusters(c.t.Context(), &rds.DescribeGlobalClustersInput{}))(c.t).GlobalClusters))
}
