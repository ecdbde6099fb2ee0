package aws

import (
	"context"
	"errors"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/elasticache"
	ectypes "github.com/aws/aws-sdk-go-v2/service/elasticache/types"

	"github.com/holdfast-gate/holdfast/gate"
)

// The calls about caches, as IAM names them.
const (
	callCaches         = "elasticache:DescribeReplicationGroups"
	callCacheClusters  = "elasticache:DescribeCacheClusters"
	callGlobalCaches   = "elasticache:DescribeGlobalReplicationGroups"
	callCacheSnapshots = "elasticache:DescribeSnapshots"
)

const (
	pageCaches         = 100 // most that MaxRecords allows (ElastiCache API)
	pageCacheSnapshots = 50  // most that it allows for snapshots
	minPageCaches      = 20  // and the fewest
)

// cacheSources are what readCaches reads.
func cacheSources() []string {
	return []string{gate.SourceCaches, gate.SourceCacheClusters, gate.SourceGlobalCaches, gate.SourceCacheSnapshots, gate.SourceCacheLag}
}

// caches is what one reading learns of caches.
type caches struct {
	*reading
	region    string // where they are: that of the reading, but for members of a global datastore
	client    *elasticache.Client
	wanted    map[string]bool
	groups    map[string]ectypes.ReplicationGroup
	clusters  map[string]ectypes.CacheCluster
	globals   []ectypes.GlobalReplicationGroup
	snapshots map[string][]ectypes.Snapshot // by group or cluster
	primary   map[string]bool               // by cluster, what CloudWatch last said of it
	lags      map[string]lag                // by cluster
}

// readCaches reads the groups, clusters and global datastores that were asked
// about, by whichever of its sources. A source that nobody asked for is not
// read. ElastiCache has no filters, and one id that is not there is an error:
// so everything is listed.
func (r *reading) readCaches(ctx context.Context) {
	c := r.cachesIn(r.region)
	for _, name := range cacheSources() {
		for _, id := range r.about(name) {
			c.wanted[id] = true
		}
	}
	together(
		func() { c.listGroups(ctx) },
		func() { c.listClusters(ctx) },
		func() { c.listGlobals(ctx) },
	)
	c.agree()
	together(
		func() { c.readSnapshots(ctx) },
		func() { c.readLag(ctx) },
	)
	for _, id := range sortedKeys(c.groups) {
		r.hold(c.group(c.groups[id]))
	}
	for _, id := range sortedKeys(c.wanted) {
		if one, there := c.clusters[id]; there && sdk.ToString(one.ReplicationGroupId) == "" {
			r.hold(c.alone(one))
		}
	}
	for _, g := range c.globals {
		r.hold(c.global(g))
	}
	c.readMembers(ctx)
}

func (r *reading) cachesIn(region string) *caches {
	return &caches{reading: r, region: region, client: elasticache.NewFromConfig(r.settings(region, wholeQuery)), wanted: map[string]bool{}, groups: map[string]ectypes.ReplicationGroup{},
		clusters: map[string]ectypes.CacheCluster{}, snapshots: map[string][]ectypes.Snapshot{}, primary: map[string]bool{}, lags: map[string]lag{}}
}

// agree marks the groups as read in part where a cluster is a node of one that
// is not among them: it would pass for one that is gone.
func (c *caches) agree() {
	s := c.extra[gate.SourceCaches]
	if s == nil || !s.whole() {
		return
	}
	for _, id := range sortedKeys(c.clusters) {
		group := sdk.ToString(c.clusters[id].ReplicationGroupId)
		if _, there := c.groups[group]; group != "" && !there {
			s.fail(fault{gate.ProblemPartial, s.name + " in " + c.region + " lacks " + group + ", of which " + id + " is a node: try again in a minute"})
		}
	}
}

func (c *caches) records(most int32) *int32 {
	return sdk.Int32(max(minPageCaches, *c.pageSize(most)))
}

// list reads all pages of one answer into a source that was asked for.
func list[T any](ctx context.Context, c *caches, name, call string, more func() bool, next func(context.Context) (T, error), page func(T) *string) {
	s := c.extra[name]
	if n, err := pages(ctx, s, more, next, func(out T) *string {
		c.mu.Lock()
		defer c.mu.Unlock()
		return page(out)
	}); err != nil {
		s.fail(onPage(n, explain(ctx, call, c.region, err)))
	}
}

func (c *caches) listGroups(ctx context.Context) {
	if c.extra[gate.SourceCaches] == nil {
		return
	}
	p := elasticache.NewDescribeReplicationGroupsPaginator(c.client, &elasticache.DescribeReplicationGroupsInput{MaxRecords: c.records(pageCaches)})
	list(ctx, c, gate.SourceCaches, callCaches, p.HasMorePages,
		func(ctx context.Context) (*elasticache.DescribeReplicationGroupsOutput, error) {
			return p.NextPage(ctx)
		},
		func(out *elasticache.DescribeReplicationGroupsOutput) *string {
			for _, g := range out.ReplicationGroups {
				if id := sdk.ToString(g.ReplicationGroupId); c.wanted[id] {
					c.groups[id] = g
				}
			}
			return out.Marker
		})
}

func (c *caches) listClusters(ctx context.Context) {
	if c.extra[gate.SourceCacheClusters] == nil {
		return
	}
	p := elasticache.NewDescribeCacheClustersPaginator(c.client, &elasticache.DescribeCacheClustersInput{MaxRecords: c.records(pageCaches), ShowCacheNodeInfo: sdk.Bool(true)})
	list(ctx, c, gate.SourceCacheClusters, callCacheClusters, p.HasMorePages,
		func(ctx context.Context) (*elasticache.DescribeCacheClustersOutput, error) { return p.NextPage(ctx) },
		func(out *elasticache.DescribeCacheClustersOutput) *string {
			for _, one := range out.CacheClusters {
				if id := sdk.ToString(one.CacheClusterId); c.wanted[id] || c.wanted[sdk.ToString(one.ReplicationGroupId)] {
					c.clusters[id] = one
				}
			}
			return out.Marker
		})
}

// listGlobals reads the global datastores that were asked about, and those that
// a group which was asked about is in.
func (c *caches) listGlobals(ctx context.Context) {
	if c.extra[gate.SourceGlobalCaches] == nil {
		return
	}
	p := elasticache.NewDescribeGlobalReplicationGroupsPaginator(c.client, &elasticache.DescribeGlobalReplicationGroupsInput{MaxRecords: c.records(pageCaches), ShowMemberInfo: sdk.Bool(true)})
	list(ctx, c, gate.SourceGlobalCaches, callGlobalCaches, p.HasMorePages,
		func(ctx context.Context) (*elasticache.DescribeGlobalReplicationGroupsOutput, error) {
			return p.NextPage(ctx)
		},
		func(out *elasticache.DescribeGlobalReplicationGroupsOutput) *string {
			for _, g := range out.GlobalReplicationGroups {
				if c.wanted[sdk.ToString(g.GlobalReplicationGroupId)] || c.joins(g) {
					c.globals = append(c.globals, g)
				}
			}
			return out.Marker
		})
}

// joins reports whether a group of this region that was asked about is a member.
func (c *caches) joins(g ectypes.GlobalReplicationGroup) bool {
	for _, m := range g.Members {
		if sdk.ToString(m.ReplicationGroupRegion) == c.region && c.wanted[sdk.ToString(m.ReplicationGroupId)] {
			return true
		}
	}
	return false
}

// readSnapshots reads the snapshots of each group and cluster. One of a group
// without shards may be kept under the node it was made of.
func (c *caches) readSnapshots(ctx context.Context) {
	s := c.extra[gate.SourceCacheSnapshots]
	if s == nil {
		return
	}
	for _, id := range c.about(gate.SourceCacheSnapshots) {
		_, group := c.groups[id]
		_, cluster := c.clusters[id]
		if !group && !cluster && (!c.listed(gate.SourceCaches) || !c.listed(gate.SourceCacheClusters)) {
			s.fail(fault{gate.ProblemMissing, s.name + " in " + c.region + " was not read for " + id + ", because not every cache could be read"})
		}
	}
	var asks []elasticache.DescribeSnapshotsInput
	for _, id := range c.about(gate.SourceCacheSnapshots) {
		if g, there := c.groups[id]; there {
			asks = append(asks, elasticache.DescribeSnapshotsInput{ReplicationGroupId: &id})
			if !sdk.ToBool(g.ClusterEnabled) {
				for _, member := range g.MemberClusters {
					asks = append(asks, elasticache.DescribeSnapshotsInput{CacheClusterId: &member})
				}
			}
		}
		if one, there := c.clusters[id]; there && sdk.ToString(one.ReplicationGroupId) == "" && sdk.ToString(one.Engine) != memcached {
			asks = append(asks, elasticache.DescribeSnapshotsInput{CacheClusterId: &id})
		}
	}
	each(asks, func(in elasticache.DescribeSnapshotsInput) { c.listSnapshots(ctx, s, in) })
}

// listed reports whether a source was read in full, or nobody asked for it.
func (c *caches) listed(name string) bool { return c.extra[name] == nil || c.extra[name].whole() }

// memcached is the engine whose contents nobody can copy.
const memcached = "memcached"

func (c *caches) listSnapshots(ctx context.Context, s *source, in elasticache.DescribeSnapshotsInput) {
	of := sdk.ToString(in.ReplicationGroupId) + sdk.ToString(in.CacheClusterId)
	in.MaxRecords = c.records(pageCacheSnapshots)
	p := elasticache.NewDescribeSnapshotsPaginator(c.client, &in)
	n, err := pages(ctx, s, p.HasMorePages,
		func(ctx context.Context) (*elasticache.DescribeSnapshotsOutput, error) { return p.NextPage(ctx) },
		func(out *elasticache.DescribeSnapshotsOutput) *string {
			c.mu.Lock()
			defer c.mu.Unlock()
			c.snapshots[of] = append(c.snapshots[of], out.Snapshots...)
			return out.Marker
		})
	var noGroup *ectypes.ReplicationGroupNotFoundFault
	var noCluster *ectypes.CacheClusterNotFoundFault
	// What went in the meantime has no copies that could let a plan through.
	if err != nil && !errors.As(err, &noGroup) && !errors.As(err, &noCluster) {
		s.fail(onPage(n, explain(ctx, callCacheSnapshots, c.region, err)))
	}
}
