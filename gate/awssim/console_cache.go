package awssim

import (
	"fmt"
	"slices"
	"time"
)

// The acts of a human at the console about caches, what happens to them by
// itself, and the look at them. They panic when there is no such cache: the
// mistake is in the test.

// A CacheSpec is a replication group as a human makes it; only ID is needed.
type CacheSpec struct {
	Region, ID string
	Engine     string // empty: "valkey"
	Shards     int    // in cluster mode; 0: cluster mode is off
	Replicas   int    // of each shard
	Failover   bool   // automatic failover and Multi-AZ are on
}

// A CacheNode is how one node of a group is.
type CacheNode struct {
	ID, Group, Shard, Status string
	Primary                  bool
}

// CacheNodes are the nodes of all groups of a region, sorted.
func (w *World) CacheNodes(where string) []CacheNode {
	defer w.enter()()
	var out []CacheNode
	for _, c := range sorted(w.region(where).cacheClusters) {
		if c.group != "" {
			out = append(out, CacheNode{c.id, c.group, c.shard, c.status, c.primary})
		}
	}
	return out
}

// MakeCache makes a group that is available at once.
func (w *World) MakeCache(s CacheSpec) {
	defer w.enter()()
	defer w.written()
	r := w.region(s.Region)
	g := &cacheGroup{id: s.ID, status: "available", engine: orElse(s.Engine, "valkey"), class: "cache.m7g.large", failover: "disabled", multiAZ: "disabled", sharded: s.Shards > 0, created: w.clock.now}
	if s.Failover {
		g.failover, g.multiAZ = "enabled", "enabled"
	}
	r.cacheGroups[g.id] = g
	for shard := range max(1, s.Shards) {
		for range 1 + s.Replicas {
			w.newNode(r, g, fmt.Sprintf("%04d", shard+1))
		}
	}
}

// MakeCacheCluster makes a cluster of its own that is available at once.
func (w *World) MakeCacheCluster(where, id, engine string, nodes int) {
	defer w.enter()()
	defer w.written()
	r := w.region(where)
	r.cacheClusters[id] = &cacheCluster{id: id, status: "available", engine: engine, class: "cache.m7g.large", nodes: nodes, zone: r.zones()[0], created: w.clock.now}
}

// AddCacheReplica begins to make a replica, which takes its time, and returns
// its id.
func (w *World) AddCacheReplica(where, group, shard string) string {
	id := ""
	w.onCache(where, group, func(r *region, g *cacheGroup) {
		c := w.newNode(r, g, shard)
		id = c.id
		w.comes(r, g, c)
	})
	return id
}

// EndCacheNode begins to delete a node of a group.
func (w *World) EndCacheNode(where, id string) {
	w.onCacheNode(where, id, w.endNode)
}

// FailOver makes another node of a shard its primary; the one that was is out
// for a while.
func (w *World) FailOver(where, primary, to string) {
	w.onCacheNode(where, primary, func(r *region, g *cacheGroup, was *cacheCluster) {
		is := r.cacheClusters[to]
		if is == nil || is.shard != was.shard || is.group != was.group {
			panic("they are not of one shard: " + primary + " and " + to)
		}
		was.primary, is.primary, was.status = false, true, "rebooting cluster nodes"
		w.settles(r, g, was, cacheReturn)
	})
}

// DelayCache lets a replica be that far behind from now on; negative lets
// nobody know.
func (w *World) DelayCache(where, id string, behind time.Duration) {
	w.onCacheNode(where, id, func(_ *region, _ *cacheGroup, c *cacheCluster) { c.behind = behind })
}

// SetCacheStatus puts a node into a state that AWS, not a request, puts it into.
func (w *World) SetCacheStatus(where, id, status string) {
	w.onCacheNode(where, id, func(_ *region, _ *cacheGroup, c *cacheCluster) { c.status = status })
}

// PendCacheClass leaves another class to wait for a node's maintenance window.
func (w *World) PendCacheClass(where, id, class string) {
	w.onCacheNode(where, id, func(_ *region, _ *cacheGroup, c *cacheCluster) { c.pendingClass = class })
}

// SetFailover puts the automatic failover of a group into a state: "enabled",
// "disabling".
func (w *World) SetFailover(where, group, status string) {
	w.onCache(where, group, func(_ *region, g *cacheGroup) { g.failover = status })
}

// SnapshotCache makes a complete snapshot of a group, or of a cluster, by hand;
// source "automated" is one that ElastiCache made itself.
func (w *World) SnapshotCache(where, of, name, source string) {
	defer w.enter()()
	defer w.written()
	r := w.region(where)
	if r.cacheGroups[of] == nil && r.cacheClusters[of] == nil {
		panic("there is no cache " + of)
	}
	r.cacheSnapshots = append(r.cacheSnapshots, cacheSnapshot{name, of, source, "available", w.clock.now})
}

// JoinGlobalCache makes a group a member of a global datastore, which is made if
// it is not there.
func (w *World) JoinGlobalCache(global, where, group, role string) {
	w.onCache(where, group, func(r *region, g *cacheGroup) {
		joined, err := w.global(global)
		if err != nil {
			joined = &globalCache{id: global, status: "available"}
			w.globalCaches = append(w.globalCaches, joined)
		}
		joined.members = append(joined.members, globalCacheMember{r.name, g.id, role, "associated"})
	})
}

// LeaveGlobalCache takes a group out of its global datastore at once; it goes on by
// itself.
func (w *World) LeaveGlobalCache(where, group string) {
	w.onCache(where, group, func(r *region, g *cacheGroup) {
		if of := w.globalOf(r, g.id); of != nil {
			of.members = slices.DeleteFunc(of.members, func(m globalCacheMember) bool { return m.region == r.name && m.group == g.id })
			w.over(of, 0)
		}
	})
}

func (w *World) onCache(where, id string, do func(*region, *cacheGroup)) {
	defer w.enter()()
	defer w.written()
	r := w.region(where)
	if r.cacheGroups[id] == nil {
		panic("there is no group " + id)
	}
	do(r, r.cacheGroups[id])
}

func (w *World) onCacheNode(where, id string, do func(*region, *cacheGroup, *cacheCluster)) {
	defer w.enter()()
	defer w.written()
	r := w.region(where)
	c := r.cacheClusters[id]
	if c == nil || r.cacheGroups[c.group] == nil {
		panic("there is no node " + id)
	}
	do(r, r.cacheGroups[c.group], c)
}
