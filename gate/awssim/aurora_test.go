package awssim_test

import (
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/rds"
	"github.com/aws/aws-sdk-go-v2/service/rds/types"
)

// An auroraClient makes the calls of a provider about Aurora.
type auroraClient struct {
	*rds.Client
	t *testing.T
}

func (c auroraClient) create(cluster, global string) error {
	in := &rds.CreateDBClusterInput{DBClusterIdentifier: &cluster, Engine: aws.String("aurora-postgresql"), MasterUsername: aws.String("admin"), MasterUserPassword: aws.String("not-a-secret")}
	if global != "" {
		in.GlobalClusterIdentifier = &global
	}
	_, err := c.CreateDBCluster(c.t.Context(), in)
	return err
}

func (c auroraClient) add(cluster, id string, tier int32) error {
	_, err := c.CreateDBInstance(c.t.Context(), &rds.CreateDBInstanceInput{DBInstanceIdentifier: &id, DBClusterIdentifier: &cluster, DBInstanceClass: aws.String("db.r6g.large"),
		Engine: aws.String("aurora-postgresql"), PromotionTier: &tier})
	return err
}

func (c auroraClient) remove(id string) error {
	_, err := c.DeleteDBInstance(c.t.Context(), &rds.DeleteDBInstanceInput{DBInstanceIdentifier: &id, SkipFinalSnapshot: aws.Bool(true)})
	return err
}

func (c auroraClient) protect(cluster string, on bool) error {
	_, err := c.ModifyDBCluster(c.t.Context(), &rds.ModifyDBClusterInput{DBClusterIdentifier: &cluster, DeletionProtection: &on})
	return err
}

func (c auroraClient) end(cluster, final string) error {
	in := &rds.DeleteDBClusterInput{DBClusterIdentifier: &cluster}
	switch final {
	case "skip":
		in.SkipFinalSnapshot = aws.Bool(true)
	case "":
	default:
		in.FinalDBSnapshotIdentifier = &final
	}
	_, err := c.DeleteDBCluster(c.t.Context(), in)
	return err
}

func (c auroraClient) failover(cluster, to string) error {
	in := &rds.FailoverDBClusterInput{DBClusterIdentifier: &cluster}
	if to != "" {
		in.TargetDBInstanceIdentifier = &to
	}
	_, err := c.FailoverDBCluster(c.t.Context(), in)
	return err
}

func (c auroraClient) snapshot(cluster, id string) error {
	_, err := c.CreateDBClusterSnapshot(c.t.Context(), &rds.CreateDBClusterSnapshotInput{DBClusterIdentifier: &cluster, DBClusterSnapshotIdentifier: &id})
	return err
}

// cluster is how a cluster looks: its status and its members, the writer first.
func (c auroraClient) cluster(id string) string {
	out, err := c.DescribeDBClusters(c.t.Context(), &rds.DescribeDBClustersInput{DBClusterIdentifier: &id})
	if err != nil {
		return code(err)
	}
	words := []string{aws.ToString(out.DBClusters[0].Status)}
	for _, role := range []bool{true, false} {
		for _, m := range out.DBClusters[0].DBClusterMembers {
			if aws.ToBool(m.IsClusterWriter) == role {
				words = append(words, map[bool]string{true: "writer ", false: "reader "}[role]+aws.ToString(m.DBInstanceIdentifier))
			}
		}
	}
	return strings.Join(words, ", ")
}

// snapshots are the copies of a cluster, as "id kind status".
func (c auroraClient) snapshots(cluster string) string {
	out := must(c.DescribeDBClusterSnapshots(c.t.Context(), &rds.DescribeDBClusterSnapshotsInput{Filters: []types.Filter{{Name: aws.String("db-cluster-id"), Values: []string{cluster}}}}))(c.t)
	var words []string
	for _, s := range out.DBClusterSnapshots {
		words = append(words, aws.ToString(s.DBClusterSnapshotIdentifier)+" "+aws.ToString(s.SnapshotType)+" "+aws.ToString(s.Status))
	}
	return strings.Join(words, ", ")
}

// A cluster and its instances take time to come; its writer changes by the tiers,
// or as it is told; and it goes only when nothing holds it any more.
func TestAuroraLife(t *testing.T) {
	s := newSim(t)
	c := auroraClient{rds.NewFromConfig(s.cfg), t}
	expect := func(what, got, want string) {
		t.Helper()
		if got != want {
			t.Errorf("%s: got %q, want %q", what, got, want)
		}
	}
	ok := func(what string, err error) { t.Helper(); expect(what, code(err), "") }
	ok("create", c.create("shop", ""))
	expect("at once", c.cluster("shop"), "creating")
	expect("a reader of nothing", code(c.add("nobody", "x", 1)), "DBClusterNotFoundFault")
	ok("first", c.add("shop", "shop-a", 0))
	ok("second", c.add("shop", "shop-b", 5))
	ok("third", c.add("shop", "shop-c", 2))
	s.Advance(10 * time.Minute)
	expect("made", c.cluster("shop"), "available, writer shop-a, reader shop-b, reader shop-c")
	ok("fail over", c.failover("shop", ""))
	expect("meanwhile", c.cluster("shop"), "failing-over, writer shop-a, reader shop-b, reader shop-c")
	expect("twice", code(c.failover("shop", "")), "InvalidDBClusterStateFault")
	s.Advance(10 * time.Minute)
	expect("by the lowest tier", c.cluster("shop"), "available, writer shop-c, reader shop-a, reader shop-b")
	ok("as told", c.failover("shop", "shop-b"))
	s.Advance(10 * time.Minute)
	ok("end the writer", c.remove("shop-b"))
	s.Advance(10 * time.Minute)
	expect("whoever is left follows", c.cluster("shop"), "available, writer shop-a, reader shop-c")

	ok("snapshot", c.snapshot("shop", "by-hand"))
	expect("begun", c.snapshots("shop"), "by-hand manual creating")
	s.SnapshotCluster("us-east-1", "shop", "rds:shop", "automated")
	s.Advance(10 * time.Minute)
	expect("complete", c.snapshots("shop"), "by-hand manual available, rds:shop automated available")

	ok("protect", c.protect("shop", true))
	expect("protected", code(c.end("shop", "skip")), "InvalidParameterCombination")
	ok("unprotect", c.protect("shop", false))
	expect("with instances", code(c.end("shop", "skip")), "InvalidDBClusterStateFault")
	for _, id := range []string{"shop-a", "shop-c"} {
		ok("end "+id, c.remove(id))
	}
	expect("without a last word", code(c.end("shop", "")), "InvalidParameterCombination")
	expect("over a snapshot", code(c.end("shop", "by-hand")), "DBClusterSnapshotAlreadyExistsFault")
	ok("end", c.end("shop", "last"))
	s.Advance(10 * time.Minute)
	expect("gone", c.cluster("shop"), "DBClusterNotFoundFault")
	expect("what outlives it", c.snapshots("shop"), "by-hand manual available, last manual available")
}

// Of the clusters of a global one only the first takes writes, until another
// region is made the writer; the writer cannot leave before the others.
func TestGlobalClusterLife(t *testing.T) {
	s := newSim(t)
	away := s.cfg.Copy()
	away.Region = "eu-west-1"
	here, there := auroraClient{rds.NewFromConfig(s.cfg), t}, auroraClient{rds.NewFromConfig(away), t}
	global := aws.String("world")
	must(here.CreateGlobalCluster(t.Context(), &rds.CreateGlobalClusterInput{GlobalClusterIdentifier: global, Engine: aws.String("aurora-postgresql")}))(t)
	arn := func(region string) *string { return aws.String("arn:aws:rds:" + region + ":123456789012:cluster:shop") }
	leave := func(region string) error {
		_, err := here.RemoveFromGlobalCluster(t.Context(), &rds.RemoveFromGlobalClusterInput{GlobalClusterIdentifier: global, DbClusterIdentifier: arn(region)})
		return err
	}
	for _, c := range []auroraClient{here, there} {
		if err := c.create("shop", "world"); err != nil {
			t.Fatal(err)
		}
		if err := c.add("shop", "shop-a", 1); err != nil {
			t.Fatal(err)
		}
	}
	s.Advance(10 * time.Minute)
	if h, a := here.cluster("shop"), there.cluster("shop"); h != "available, writer shop-a" || a != "available, reader shop-a" {
		t.Errorf("got %q here, %q there, want one writer in all", h, a)
	}
	if got := code(leave("us-east-1")); got != "InvalidGlobalClusterStateFault" {
		t.Errorf("the writer leaves first: got %q", got)
	}
	if got := code(there.end("shop", "skip")); got != "InvalidDBClusterStateFault" {
		t.Errorf("a member is deleted: got %q", got)
	}
	must(there.FailoverGlobalCluster(t.Context(), &rds.FailoverGlobalClusterInput{GlobalClusterIdentifier: global, TargetDbClusterIdentifier: arn("eu-west-1")}))(t)
	look := func() types.GlobalCluster {
		return must(here.DescribeGlobalClusters(t.Context(), &rds.DescribeGlobalClustersInput{GlobalClusterIdentifier: global}))(t).GlobalClusters[0]
	}
	g := look()
	if g.FailoverState == nil || *g.FailoverState.FromDbClusterArn != *arn("us-east-1") || *g.FailoverState.ToDbClusterArn != *arn("eu-west-1") || aws.ToBool(g.FailoverState.IsDataLossAllowed) {
		t.Errorf("while it fails over: got %+v", g.FailoverState)
	}
	if got := code(leave("eu-west-1")); got != "InvalidGlobalClusterStateFault" {
		t.Errorf("a member leaves meanwhile: got %q", got)
	}
	s.Advance(10 * time.Minute)
	if h, a := here.cluster("shop"), there.cluster("shop"); h != "available, reader shop-a" || a != "available, writer shop-a" {
		t.Errorf("afterwards: got %q here, %q there", h, a)
	}
	if _, err := here.DeleteGlobalCluster(t.Context(), &rds.DeleteGlobalClusterInput{GlobalClusterIdentifier: global}); code(err) != "InvalidGlobalClusterStateFault" {
		t.Errorf("deleted with members: got %q", code(err))
	}
	for _, region := range []string{"us-east-1", "eu-west-1"} {
		if err := leave(region); err != nil {
			t.Error(err)
		}
	}
	if h, a := here.cluster("shop"), there.cluster("shop"); h != "available, writer shop-a" || a != "available, writer shop-a" {
		t.Errorf("of its own each takes writes: got %q here, %q there", h, a)
	}
	must(here.DeleteGlobalCluster(t.Context(), &rds.DeleteGlobalClusterInput{GlobalClusterIdentifier: global}))(t)
	if _, err := here.DescribeGlobalClusters(t.Context(), &rds.DescribeGlobalClustersInput{GlobalClusterIdentifier: global}); code(err) != "GlobalClusterNotFoundFault" {
		t.Errorf("gone: got %q", code(err))
	}
}
