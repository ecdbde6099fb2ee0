package awssim

import (
	"fmt"
	"slices"
	"time"
)

// cacheGroup is one replication group of ElastiCache.
type cacheGroup struct {
	id, status        string
	description       string
	engine, version   string
	class             string
	failover, multiAZ string // "enabled", "disabled", and what is between them
	sharded           bool   // cluster mode: then no node says what it is
	retention         int    // days that automated snapshots are kept
	created           time.Time
	tags              map[string]string
}

// cacheCluster is a node of a group, or a cluster of its own.
type cacheCluster struct {
	id, status    string
	engine, class string
	version       string
	group, shard  string // empty of one of its own
	primary       bool   // of its shard
	nodes         int    // 1 but for Memcached
	zone          string
	behind        time.Duration // of a replica; negative: it does not say
	pendingClass  string        // waits for the maintenance window
	created       time.Time
	tags          map[string]string // of one of its own
}

// cacheSnapshot is a copy of a group or a cluster; it outlives it if it was made
// by hand.
type cacheSnapshot struct {
	name, of, source, status string
	made                     time.Time
}

// globalCache is a global datastore; it belongs to no region.
type globalCache struct {
	id, status, description string
	members                 []globalCacheMember
}

type globalCacheMember struct{ region, group, role, status string }

// cloneCaches copies the caches of a region.
func (r *region) cloneCaches(c *region) {
	c.cacheGroups, c.cacheClusters = map[string]*cacheGroup{}, map[string]*cacheCluster{}
	for k, v := range r.cacheGroups {
		g := *v
		c.cacheGroups[k] = &g
	}
	for k, v := range r.cacheClusters {
		one := *v
		c.cacheClusters[k] = &one
	}
	c.cacheSnapshots = slices.Clone(r.cacheSnapshots)
	c.serverless = map[string]*serverlessCache{}
	for k, v := range r.serverless {
		one := *v
		one.snapshots = slices.Clone(v.snapshots)
		c.serverless[k] = &one
	}
}

// nodesOf are the nodes of a group, sorted.
func (r *region) nodesOf(group string) []*cacheCluster {
	return slices.DeleteFunc(sorted(r.cacheClusters), func(c *cacheCluster) bool { return c.group != group })
}

// nodesOfShard are the nodes of a shard of a group, sorted.
func (r *region) nodesOfShard(group, shard string) []*cacheCluster {
	return slices.DeleteFunc(r.nodesOf(group), func(c *cacheCluster) bool { return c.shard != shard })
}

// shardsOf are the shards of a group, sorted.
func (r *region) shardsOf(group string) []string {
	var out []string
	for _, n := range r.nodesOf(group) {
		out = append(out, n.shard)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// newNode adds a node to a shard; the first is its primary.
func (w *World) newNode(r *region, g *cacheGroup, shard string) *cacheCluster {
	name := g.id
	if g.sharded {
		name += "-" + shard
	}
	n := 1
	for r.cacheClusters[fmt.Sprintf("%s-%03d", name, n)] != nil {
		n++
	}
	c := &cacheCluster{id: fmt.Sprintf("%s-%03d", name, n), status: "available", engine: g.engine, version: g.version, class: g.class, group: g.id, shard: shard, primary: n == 1, nodes: 1,
		zone: r.zones()[(n-1)%len(r.zones())], created: w.clock.now}
	r.cacheClusters[c.id] = c
	return c
}

// cacheMetric is what CloudWatch has of a node. One that is not up has nothing,
// and a primary no lag.
func (w *World) cacheMetric(where, metric, id string) (float64, bool) {
	c := w.region(where).cacheClusters[id]
	if c == nil || c.group == "" || c.status != "available" && c.status != "snapshotting" {
		return 0, false
	}
	switch {
	case metric == "IsMaster" && c.primary:
		return 1, true
	case metric == "IsMaster":
		return 0, true
	case metric == "ReplicationLag" && !c.primary && c.behind >= 0:
		return c.behind.Seconds(), true
	}
	return 0, false
}
