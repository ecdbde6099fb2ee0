//go:build moto

package aws_test

import (
	"testing"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/elasticache"
	ectypes "github.com/aws/aws-sdk-go-v2/service/elasticache/types"

	"github.com/holdfast-gate/holdfast/e2e/emulator"
	"github.com/holdfast-gate/holdfast/gate"
	"github.com/holdfast-gate/holdfast/gate/live/livetest"
)

// Moto has no global datastores, does not list the nodes of a group as clusters
// and does not say when a snapshot was made.
func TestCachesOnMoto(t *testing.T) {
	endpoint := emulator.Start(t)
	livetest.Caches(t, livetest.ShowsCaches{Lacks: []string{gate.SourceGlobalCaches}}, func(t *testing.T) livetest.CacheCloud { return newMoto(t, endpoint) })
}

func (m *moto) Cache(region, id string, shards int) {
	m.t.Helper()
	in := &elasticache.CreateReplicationGroupInput{ReplicationGroupId: &id, ReplicationGroupDescription: &id, Engine: sdk.String("redis"), AutomaticFailoverEnabled: sdk.Bool(true), MultiAZEnabled: sdk.Bool(true),
		ReplicasPerNodeGroup: sdk.Int32(1)}
	if shards > 0 {
		in.NumNodeGroups, in.ClusterMode = sdk.Int32(int32(shards)), ectypes.ClusterModeEnabled
	}
	out, err := elasticache.NewFromConfig(m.in(region)).CreateReplicationGroup(m.t.Context(), in)
	must(m, out, err)
}

func (m *moto) Memcached(region, id string, nodes int) {
	m.t.Helper()
	out, err := elasticache.NewFromConfig(m.in(region)).CreateCacheCluster(m.t.Context(), &elasticache.CreateCacheClusterInput{CacheClusterId: &id, Engine: sdk.String("memcached"),
		CacheNodeType: sdk.String("cache.t4g.micro"), NumCacheNodes: sdk.Int32(int32(nodes))})
	must(m, out, err)
}

func (m *moto) CacheSnapshot(region, group, name string) {
	m.t.Helper()
	out, err := elasticache.NewFromConfig(m.in(region)).CreateSnapshot(m.t.Context(), &elasticache.CreateSnapshotInput{ReplicationGroupId: &group, SnapshotName: &name})
	must(m, out, err)
}
