package awssim

import (
	"slices"
	"time"
)

// How long ElastiCache takes to make a node, to end one, to bring one back, to
// make a snapshot, and to switch the failover of a group on or off.
const (
	cacheMake   = 8 * time.Minute
	cacheEnd    = 3 * time.Minute
	cacheReturn = 4 * time.Minute
	cacheCopy   = 2 * time.Minute
	cacheSwitch = time.Minute
)

// settles lets a node be available, and its group, when something is over.
func (w *World) settles(r *region, g *cacheGroup, c *cacheCluster, in time.Duration) {
	status := c.status
	g.status = "modifying"
	w.after(in, func() {
		if r.cacheClusters[c.id] == c && c.status == status {
			c.status = "available"
		}
		r.rest(g)
	})
}

// rest lets a group be available once all its nodes are, but for one that goes.
func (r *region) rest(g *cacheGroup) {
	if g.status != "deleting" && !slices.ContainsFunc(r.nodesOf(g.id), func(c *cacheCluster) bool { return c.status != "available" }) {
		g.status = "available"
	}
}

// makeGroup begins to make a group with its nodes, which takes its time.
func (w *World) makeGroup(r *region, g *cacheGroup, shards []string, replicas int) {
	g.status, g.created = "creating", w.clock.now
	r.cacheGroups[g.id] = g
	for _, shard := range shards {
		for range 1 + replicas {
			w.comes(r, g, w.newNode(r, g, shard))
		}
	}
}

// comes lets a new node be on its way.
func (w *World) comes(r *region, g *cacheGroup, c *cacheCluster) {
	status := g.status
	c.status = "creating"
	if w.settles(r, g, c, cacheMake); status == "creating" {
		g.status = status
	}
}

// endNode begins to delete a node. Where it is the primary, a replica of its shard
// takes over.
func (w *World) endNode(r *region, g *cacheGroup, c *cacheCluster) {
	r.handOver(g, c)
	c.status, g.status = "deleting", "modifying"
	w.after(cacheEnd, func() {
		delete(r.cacheClusters, c.id)
		r.rest(g)
	})
}

// handOver lets a replica that is available take over from a primary, if it is one
// and there is one.
func (r *region) handOver(g *cacheGroup, c *cacheCluster) {
	if !c.primary {
		return
	}
	for _, n := range r.nodesOf(g.id) {
		if n != c && n.shard == c.shard && n.status == "available" {
			c.primary, n.primary = false, true
			return
		}
	}
}

// roll does something to nodes one after the other, the primaries last, and each
// is out meanwhile (ElastiCache User Guide, "Scaling", "Version management").
func (w *World) roll(r *region, g *cacheGroup, do func(*cacheCluster)) {
	nodes := r.nodesOf(g.id)
	slices.SortStableFunc(nodes, func(a, b *cacheCluster) int { return last(a) - last(b) })
	g.status = "modifying"
	w.rollRest(r, g, nodes, do)
}

func last(c *cacheCluster) int {
	if c.primary {
		return 1
	}
	return 0
}

func (w *World) rollRest(r *region, g *cacheGroup, nodes []*cacheCluster, do func(*cacheCluster)) {
	if len(nodes) == 0 {
		r.rest(g)
		return
	}
	c := nodes[0]
	r.handOver(g, c)
	c.status = "modifying"
	w.after(cacheReturn, func() {
		if r.cacheClusters[c.id] == c && c.status == "modifying" {
			c.status = "available"
			do(c)
		}
		w.rollRest(r, g, nodes[1:], do)
	})
}

// endGroup begins to delete a group with its nodes and what ElastiCache copied of
// it by itself.
func (w *World) endGroup(r *region, g *cacheGroup) {
	g.status = "deleting"
	nodes := r.nodesOf(g.id)
	for _, n := range nodes {
		n.status = "deleting"
	}
	w.after(cacheEnd, func() {
		for _, n := range nodes {
			delete(r.cacheClusters, n.id)
		}
		delete(r.cacheGroups, g.id)
		r.forget(g.id)
	})
}

// endCluster begins to delete a cluster of its own.
func (w *World) endCluster(r *region, c *cacheCluster) {
	c.status = "deleting"
	w.after(cacheEnd, func() {
		delete(r.cacheClusters, c.id)
		r.forget(c.id)
	})
}

// forget removes the automated snapshots of what is gone.
func (r *region) forget(id string) {
	r.cacheSnapshots = slices.DeleteFunc(r.cacheSnapshots, func(s cacheSnapshot) bool { return s.of == id && s.source == "automated" })
}

// snapshot begins to make a copy, which is complete a while later.
func (w *World) snapshot(r *region, of, name, source string) cacheSnapshot {
	s := cacheSnapshot{name, of, source, "creating", w.clock.now}
	r.cacheSnapshots = append(r.cacheSnapshots, s)
	w.after(cacheCopy, func() {
		for i := range r.cacheSnapshots {
			if one := &r.cacheSnapshots[i]; one.name == name && one.status == "creating" {
				one.status = "available"
			}
		}
	})
	return s
}

// switches lets a group's failover be on or off after a while.
func (w *World) switches(r *region, g *cacheGroup, on bool) {
	between, then := "disabling", "disabled"
	if on {
		between, then = "enabling", "enabled"
	}
	if g.failover == then {
		return
	}
	g.failover, g.status = between, "modifying"
	w.after(cacheSwitch, func() {
		if g.failover == between {
			g.failover = then
		}
		r.rest(g)
	})
}
