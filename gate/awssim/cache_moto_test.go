//go:build moto

package awssim_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/elasticache"
	ectypes "github.com/aws/aws-sdk-go-v2/service/elasticache/types"

	"github.com/holdfast-gate/holdfast/e2e/emulator"
)

// cacheDifferences are the fields in which awssim is meant to differ from moto,
// and why. Moto has no call that changes a group, and no global datastores.
var cacheDifferences = map[string]string{
	"made.status":         "moto makes a group at once; showing it while it comes is what a World is for",
	"cluster made.status": "moto makes a cluster at once",
	"gone":                "moto never ends what is deleting",
	"cluster gone":        "moto never ends what is deleting",
}

// TestCachesLikeMoto makes the same calls to awssim and to moto, and compares what
// comes back.
func TestCachesLikeMoto(t *testing.T) {
	sim := newSim(t)
	moto := clients(t, nil, emulator.Start(t), "us-east-1")
	got, wanted := cacheTour(newCaches(sim, "us-east-1"), func() { sim.Advance(10 * time.Minute) }), cacheTour(newCaches(moto, "us-east-1"), func() {})
	for _, field := range keys(got, wanted) {
		reason, expected := cacheDifferences[field]
		switch same := got[field] == wanted[field]; {
		case !same && !expected:
			t.Errorf("%s: awssim %q, moto %q", field, got[field], wanted[field])
		case same && expected:
			t.Errorf("%s: no longer differs (%s)", field, reason)
		}
	}
	for field := range cacheDifferences {
		if _, ok := got[field]; !ok {
			t.Errorf("%s: listed as a difference, but nothing compares it", field)
		}
	}
}

func (f facts) cacheGroup(name string, g *ectypes.ReplicationGroup) {
	f[name+".id"], f[name+".status"], f[name+".arn"] = aws.ToString(g.ReplicationGroupId), aws.ToString(g.Status), aws.ToString(g.ARN)
	f[name+".failover"], f[name+".zones"], f[name+".sharded"] = string(g.AutomaticFailover), string(g.MultiAZ), fmt.Sprint(aws.ToBool(g.ClusterEnabled))
	f[name+".description"] = aws.ToString(g.Description)
	for _, shard := range g.NodeGroups {
		for _, m := range shard.NodeGroupMembers {
			f[name+".nodes"] += fmt.Sprintf("%s %s of %s; ", aws.ToString(m.CacheClusterId), aws.ToString(m.CurrentRole), aws.ToString(shard.NodeGroupId))
		}
	}
}

func cacheTour(c caches, settle func()) facts {
	f, ctx := facts{}, c.t.Context()
	id, other := aws.String("shop"), aws.String("pages")
	in := &elasticache.CreateReplicationGroupInput{ReplicationGroupId: id, ReplicationGroupDescription: aws.String("the shop"), Engine: aws.String("redis"), CacheNodeType: aws.String("cache.t4g.micro"), NumNodeGroups: aws.Int32(1), ReplicasPerNodeGroup: aws.Int32(2),
		AutomaticFailoverEnabled: aws.Bool(true), MultiAZEnabled: aws.Bool(true), Tags: []ectypes.Tag{{Key: aws.String("Team"), Value: aws.String("shop")}}}
	f.cacheGroup("made", must(c.c.CreateReplicationGroup(ctx, in))(c.t).ReplicationGroup)
	settle()
	_, err := c.c.CreateReplicationGroup(ctx, in)
	f["error, group exists"] = code(err)
	group := must(c.c.DescribeReplicationGroups(ctx, &elasticache.DescribeReplicationGroupsInput{ReplicationGroupId: id}))(c.t).ReplicationGroups[0]
	f.cacheGroup("there", &group)
	for _, tag := range must(c.c.ListTagsForResource(ctx, &elasticache.ListTagsForResourceInput{ResourceName: group.ARN}))(c.t).TagList {
		f["tags"] += *tag.Key + "=" + *tag.Value + " "
	}
	must(c.c.AddTagsToResource(ctx, &elasticache.AddTagsToResourceInput{ResourceName: group.ARN, Tags: []ectypes.Tag{{Key: aws.String("Stage"), Value: aws.String("prod")}}}))(c.t)
	must(c.c.RemoveTagsFromResource(ctx, &elasticache.RemoveTagsFromResourceInput{ResourceName: group.ARN, TagKeys: []string{"Team"}}))(c.t)
	for _, tag := range must(c.c.ListTagsForResource(ctx, &elasticache.ListTagsForResourceInput{ResourceName: group.ARN}))(c.t).TagList {
		f["other tags"] += *tag.Key + "=" + *tag.Value + " "
	}
	cluster := &elasticache.CreateCacheClusterInput{CacheClusterId: other, Engine: aws.String("memcached"), CacheNodeType: aws.String("cache.t4g.micro"), NumCacheNodes: aws.Int32(3)}
	made := must(c.c.CreateCacheCluster(ctx, cluster))(c.t).CacheCluster
	f["cluster made.status"], f["cluster made.nodes"] = aws.ToString(made.CacheClusterStatus), fmt.Sprint(aws.ToInt32(made.NumCacheNodes))
	settle()
	_, err = c.c.CreateCacheCluster(ctx, cluster)
	f["error, cluster exists"] = code(err)
	one := must(c.c.DescribeCacheClusters(ctx, &elasticache.DescribeCacheClustersInput{CacheClusterId: other}))(c.t).CacheClusters[0]
	f["cluster"] = fmt.Sprint(aws.ToString(one.CacheClusterStatus), " ", aws.ToString(one.Engine), " ", aws.ToString(one.CacheNodeType), " ", aws.ToInt32(one.NumCacheNodes))

	copied := must(c.c.CreateSnapshot(ctx, &elasticache.CreateSnapshotInput{ReplicationGroupId: id, SnapshotName: aws.String("by-hand")}))(c.t).Snapshot
	f["snapshot made"] = aws.ToString(copied.SnapshotName) + " " + aws.ToString(copied.SnapshotSource)
	settle()
	_, err = c.c.CreateSnapshot(ctx, &elasticache.CreateSnapshotInput{ReplicationGroupId: id, SnapshotName: aws.String("by-hand")})
	f["error, snapshot exists"] = code(err)
	for _, s := range must(c.c.DescribeSnapshots(ctx, &elasticache.DescribeSnapshotsInput{ReplicationGroupId: id}))(c.t).Snapshots {
		f["snapshots"] += fmt.Sprint(aws.ToString(s.SnapshotName), " ", aws.ToString(s.SnapshotStatus), " ", aws.ToString(s.ReplicationGroupId), "; ")
	}

	f["deleted.status"] = aws.ToString(must(c.c.DeleteReplicationGroup(ctx, &elasticache.DeleteReplicationGroupInput{ReplicationGroupId: id}))(c.t).ReplicationGroup.Status)
	f["cluster deleted.status"] = aws.ToString(must(c.c.DeleteCacheCluster(ctx, &elasticache.DeleteCacheClusterInput{CacheClusterId: other}))(c.t).CacheCluster.CacheClusterStatus)
	settle()
	_, err = c.c.DescribeReplicationGroups(ctx, &elasticache.DescribeReplicationGroupsInput{ReplicationGroupId: id})
	f["gone"] = code(err)
	_, err = c.c.DescribeCacheClusters(ctx, &elasticache.DescribeCacheClustersInput{CacheClusterId: other})
	f["cluster gone"] = code(err)
	_, err = c.c.DescribeReplicationGroups(ctx, &elasticache.DescribeReplicationGroupsInput{ReplicationGroupId: aws.String("nobody")})
	f["error, no such group"] = code(err)
	_, err = c.c.DeleteCacheCluster(ctx, &elasticache.DeleteCacheClusterInput{CacheClusterId: aws.String("nobody")})
	f["error, no such cluster"] = code(err)
	return f
}
