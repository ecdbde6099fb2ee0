package awssim_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/elasticache"
	ectypes "github.com/aws/aws-sdk-go-v2/service/elasticache/types"
)

// caches is a client of ElastiCache in a region of a World.
type caches struct {
	*sim
	c *elasticache.Client
}

func newCaches(s *sim, region string) caches {
	return caches{s, elasticache.NewFromConfig(s.cfg, func(o *elasticache.Options) { o.Region = region })}
}

// group says how a group is: its state, and each node with p for a primary.
func (c caches) group(id string) string {
	c.t.Helper()
	out, err := c.c.DescribeReplicationGroups(c.t.Context(), &elasticache.DescribeReplicationGroupsInput{ReplicationGroupId: &id})
	if err != nil {
		return code(err)
	}
	words := []string{*out.ReplicationGroups[0].Status}
	for _, shard := range out.ReplicationGroups[0].NodeGroups {
		for _, m := range shard.NodeGroupMembers {
			one := must(c.c.DescribeCacheClusters(c.t.Context(), &elasticache.DescribeCacheClustersInput{CacheClusterId: m.CacheClusterId}))(c.t).CacheClusters[0]
			word := strings.TrimPrefix(*m.CacheClusterId, id+"-")
			if aws.ToString(m.CurrentRole) == "primary" {
				word += "p"
			}
			if *one.CacheClusterStatus != "available" {
				word += " " + *one.CacheClusterStatus
			}
			words = append(words, word)
		}
	}
	return strings.Join(words, ", ")
}

func (c caches) is(id, want string) {
	c.t.Helper()
	if got := c.group(id); got != want {
		c.t.Errorf("%s: got %s, want %s", id, got, want)
	}
}

func (c caches) make(id string, nodes int) {
	c.t.Helper()
	must(c.c.CreateReplicationGroup(c.t.Context(), &elasticache.CreateReplicationGroupInput{ReplicationGroupId: &id, ReplicationGroupDescription: &id, Engine: aws.String("redis"), CacheNodeType: aws.String("cache.r7g.large"),
		NumCacheClusters: aws.Int32(int32(nodes)), AutomaticFailoverEnabled: aws.Bool(nodes > 1), MultiAZEnabled: aws.Bool(nodes > 1)}))(c.t)
}

func (c caches) refused(err error, want string) {
	c.t.Helper()
	if code(err) != want {
		c.t.Errorf("got %v, want %s", err, want)
	}
}

func TestCacheLivesByTheClock(t *testing.T) {
	c := newCaches(newSim(t), "us-east-1")
	shop := aws.String("shop")
	c.make("shop", 2)
	c.is("shop", "creating, 001p creating, 002 creating")
	c.Advance(9 * time.Minute)
	c.is("shop", "available, 001p, 002")

	must(c.c.IncreaseReplicaCount(t.Context(), &elasticache.IncreaseReplicaCountInput{ReplicationGroupId: shop, NewReplicaCount: aws.Int32(2), ApplyImmediately: aws.Bool(true)}))(t)
	c.is("shop", "modifying, 001p, 002, 003 creating")
	_, err := c.c.DeleteReplicationGroup(t.Context(), &elasticache.DeleteReplicationGroupInput{ReplicationGroupId: shop})
	c.refused(err, "InvalidReplicationGroupState")
	c.Advance(9 * time.Minute)

	// One node after the other is out, the primary last.
	must(c.c.ModifyReplicationGroup(t.Context(), &elasticache.ModifyReplicationGroupInput{ReplicationGroupId: shop, CacheNodeType: aws.String("cache.r7g.xlarge"), ApplyImmediately: aws.Bool(true)}))(t)
	c.is("shop", "modifying, 001p, 002 modifying, 003")
	c.Advance(4 * time.Minute)
	c.is("shop", "modifying, 001p, 002, 003 modifying")
	c.Advance(4 * time.Minute)
	c.is("shop", "modifying, 001 modifying, 002p, 003")
	c.Advance(4 * time.Minute)
	c.is("shop", "available, 001, 002p, 003")

	must(c.c.DecreaseReplicaCount(t.Context(), &elasticache.DecreaseReplicaCountInput{ReplicationGroupId: shop, NewReplicaCount: aws.Int32(1), ApplyImmediately: aws.Bool(true)}))(t)
	c.is("shop", "modifying, 001 deleting, 002p, 003")
	c.Advance(4 * time.Minute)
	_, err = c.c.DecreaseReplicaCount(t.Context(), &elasticache.DecreaseReplicaCountInput{ReplicationGroupId: shop, NewReplicaCount: aws.Int32(0), ApplyImmediately: aws.Bool(true)})
	c.refused(err, "InvalidParameterValue")

	must(c.c.TestFailover(t.Context(), &elasticache.TestFailoverInput{ReplicationGroupId: shop, NodeGroupId: aws.String("0001")}))(t)
	c.is("shop", "modifying, 002 rebooting cluster nodes, 003p")
	c.Advance(5 * time.Minute)

	must(c.c.CreateSnapshot(t.Context(), &elasticache.CreateSnapshotInput{ReplicationGroupId: shop, SnapshotName: aws.String("by-hand")}))(t)
	c.is("shop", "snapshotting, 002, 003p")
	c.Advance(3 * time.Minute)
	c.is("shop", "available, 002, 003p")

	must(c.c.DeleteReplicationGroup(t.Context(), &elasticache.DeleteReplicationGroupInput{ReplicationGroupId: shop, FinalSnapshotIdentifier: aws.String("last")}))(t)
	c.is("shop", "deleting, 002 deleting, 003p deleting")
	c.Advance(4 * time.Minute)
	c.is("shop", "ReplicationGroupNotFoundFault")
	var kept []string
	for _, s := range must(c.c.DescribeSnapshots(t.Context(), &elasticache.DescribeSnapshotsInput{}))(t).Snapshots {
		kept = append(kept, *s.SnapshotName+" "+*s.SnapshotStatus)
	}
	if got := strings.Join(kept, ", "); got != "by-hand available, last available" {
		t.Errorf("snapshots: got %s", got)
	}
}

func TestGlobalDatastoreLivesByTheClock(t *testing.T) {
	s := newSim(t)
	home, away := newCaches(s, "us-east-1"), newCaches(s, "eu-west-1")
	home.make("shop", 2)
	s.Advance(9 * time.Minute)
	made := must(home.c.CreateGlobalReplicationGroup(t.Context(), &elasticache.CreateGlobalReplicationGroupInput{GlobalReplicationGroupIdSuffix: aws.String("shop"), PrimaryReplicationGroupId: aws.String("shop")}))(t)
	id := made.GlobalReplicationGroup.GlobalReplicationGroupId
	is := func(want string) {
		t.Helper()
		out, err := away.c.DescribeGlobalReplicationGroups(t.Context(), &elasticache.DescribeGlobalReplicationGroupsInput{GlobalReplicationGroupId: id, ShowMemberInfo: aws.Bool(true)})
		got := code(err)
		if err == nil {
			got = *out.GlobalReplicationGroups[0].Status
			for _, m := range out.GlobalReplicationGroups[0].Members {
				got += fmt.Sprintf(", %s %s %s", *m.ReplicationGroupRegion, *m.Role, *m.Status)
			}
		}
		if got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
	is("creating, us-east-1 PRIMARY associating")
	s.Advance(2 * time.Minute)
	is("primary-only, us-east-1 PRIMARY associated")
	must(away.c.CreateReplicationGroup(t.Context(), &elasticache.CreateReplicationGroupInput{ReplicationGroupId: aws.String("shop-eu"), ReplicationGroupDescription: aws.String("shop"), GlobalReplicationGroupId: id, NumCacheClusters: aws.Int32(2)}))(t)
	is("modifying, us-east-1 PRIMARY associated, eu-west-1 SECONDARY associating")
	s.Advance(9 * time.Minute)
	is("available, us-east-1 PRIMARY associated, eu-west-1 SECONDARY associated")

	_, err := home.c.DeleteReplicationGroup(t.Context(), &elasticache.DeleteReplicationGroupInput{ReplicationGroupId: aws.String("shop")})
	home.refused(err, "InvalidReplicationGroupState")
	_, err = home.c.DeleteGlobalReplicationGroup(t.Context(), &elasticache.DeleteGlobalReplicationGroupInput{GlobalReplicationGroupId: id, RetainPrimaryReplicationGroup: aws.Bool(true)})
	home.refused(err, "InvalidGlobalReplicationGroupState")

	must(home.c.ModifyGlobalReplicationGroup(t.Context(), &elasticache.ModifyGlobalReplicationGroupInput{GlobalReplicationGroupId: id, CacheNodeType: aws.String("cache.r7g.xlarge"), ApplyImmediately: aws.Bool(true)}))(t)
	home.is("shop", "modifying, 001p, 002 modifying")
	away.is("shop-eu", "modifying, 001p, 002 modifying")
	s.Advance(9 * time.Minute)
	away.is("shop-eu", "available, 001, 002p")

	must(home.c.DisassociateGlobalReplicationGroup(t.Context(), &elasticache.DisassociateGlobalReplicationGroupInput{GlobalReplicationGroupId: id, ReplicationGroupId: aws.String("shop-eu"), ReplicationGroupRegion: aws.String("eu-west-1")}))(t)
	is("modifying, us-east-1 PRIMARY associated, eu-west-1 SECONDARY disassociating")
	s.Advance(2 * time.Minute)
	is("primary-only, us-east-1 PRIMARY associated")
	must(home.c.DeleteGlobalReplicationGroup(t.Context(), &elasticache.DeleteGlobalReplicationGroupInput{GlobalReplicationGroupId: id, RetainPrimaryReplicationGroup: aws.Bool(true)}))(t)
	is("deleting, us-east-1 PRIMARY associated")
	s.Advance(2 * time.Minute)
	is("GlobalReplicationGroupNotFoundFault")
	home.is("shop", "available, 001, 002p")
}

func TestShardsComeAndGo(t *testing.T) {
	c := newCaches(newSim(t), "us-east-1")
	shop := aws.String("shop")
	must(c.c.CreateReplicationGroup(t.Context(), &elasticache.CreateReplicationGroupInput{ReplicationGroupId: shop, ReplicationGroupDescription: shop, CacheNodeType: aws.String("cache.r7g.large"), NumNodeGroups: aws.Int32(3), ReplicasPerNodeGroup: aws.Int32(1),
		AutomaticFailoverEnabled: aws.Bool(true), ClusterMode: ectypes.ClusterModeEnabled}))(t)
	c.Advance(9 * time.Minute)
	in := &elasticache.ModifyReplicationGroupShardConfigurationInput{ReplicationGroupId: shop, NodeGroupCount: aws.Int32(2), ApplyImmediately: aws.Bool(true)}
	_, err := c.c.ModifyReplicationGroupShardConfiguration(t.Context(), in)
	c.refused(err, "InvalidParameterCombination")
	in.NodeGroupsToRemove = []string{"0003"}
	must(c.c.ModifyReplicationGroupShardConfiguration(t.Context(), in))(t)
	c.is("shop", "modifying, 0001-001, 0001-002, 0002-001, 0002-002, 0003-001 deleting, 0003-002 deleting")
	c.Advance(4 * time.Minute)
	c.is("shop", "available, 0001-001, 0001-002, 0002-001, 0002-002")
	in.NodeGroupCount, in.NodeGroupsToRemove = aws.Int32(3), nil
	must(c.c.ModifyReplicationGroupShardConfiguration(t.Context(), in))(t)
	c.is("shop", "modifying, 0001-001, 0001-002, 0002-001, 0002-002, 0003-001 creating, 0003-002 creating")
}
