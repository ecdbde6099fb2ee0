package awssim

import (
	"slices"
	"strings"
	"time"
)

// dbCluster is one Aurora cluster: its data, whichever instances it has.
type dbCluster struct {
	id, resource string
	engine       string
	status       string
	user         string
	source       string // of a replica cluster: the ARN of what it follows
	protected    bool
	retention    int // days of automated backups, at least one
	created      time.Time
	tags         map[string]string
}

// clusterSnapshot is a copy of a cluster; it outlives it unless RDS made it by
// itself.
type clusterSnapshot struct {
	id, of, resource, engine, kind, status string
	made                                   time.Time
}

// globalDB is a global cluster; it belongs to no region.
type globalDB struct {
	id, resource, status string
	engine               string
	protected            bool
	failing              *globalFailover
	members              []globalMember
}

// globalMember is one cluster of a global cluster.
type globalMember struct {
	region, cluster string
	writer          bool
	sync            string // "connected", "pending-resync"
}

// globalFailover is a change of the writer that is going on.
type globalFailover struct {
	status   string // "pending", "switching-over", "failing-over", "cancelling"
	from, to string // ARNs
	lossy    bool
}

const (
	failOverTakes = time.Minute     // from one writer of a cluster to the next
	globalTakes   = 5 * time.Minute // from one region to the next
	snapshotTakes = 2 * time.Minute
)

// cloneClusters copies the database clusters of a region.
func (r *region) cloneClusters(c *region) {
	c.dbClusters = map[string]*dbCluster{}
	for k, v := range r.dbClusters {
		one := *v
		c.dbClusters[k] = &one
	}
	c.clusterSnapshots = slices.Clone(r.clusterSnapshots)
}

// membersOf are the instances of a cluster, sorted.
func (r *region) membersOf(cluster string) []*database {
	return slices.DeleteFunc(sorted(r.databases), func(d *database) bool { return d.cluster != cluster })
}

// writerOf is the instance of a cluster that takes writes; nil where none does.
func (r *region) writerOf(cluster string) *database {
	for _, d := range r.membersOf(cluster) {
		if d.writer {
			return d
		}
	}
	return nil
}

// heir is the reader that a failover makes the writer when nobody names one: of
// the lowest promotion tier (Aurora User Guide, "Fault tolerance for an Aurora
// DB cluster"). Where AWS would go by size, it takes the first by name.
func (r *region) heir(cluster string) *database {
	var out *database
	for _, d := range r.membersOf(cluster) {
		if !d.writer && d.serves() && (out == nil || d.tier < out.tier) {
			out = d
		}
	}
	return out
}

// makeCluster begins to make a cluster, which takes its time.
func (w *World) makeCluster(r *region, c *dbCluster) {
	w.issued++
	c.resource = "cluster-" + strings.ToUpper(digest("cluster/"+c.id, w.issued)[:26])
	c.status, c.created = "creating", w.clock.now
	r.dbClusters[c.id] = c
	w.after(dbMake, func() {
		if r.dbClusters[c.id] == c && c.status == "creating" {
			c.status = "available"
		}
	})
}

// failOver begins to make another instance the writer of its cluster.
func (w *World) failOver(r *region, c *dbCluster, to *database) {
	c.status = "failing-over"
	w.after(failOverTakes, func() {
		if r.dbClusters[c.id] != c || c.status != "failing-over" {
			return
		}
		c.status = "available"
		if r.databases[to.id] != to || !to.serves() {
			return
		}
		for _, m := range r.membersOf(c.id) {
			m.writer = m == to
		}
	})
}

// succeed lets a reader follow a writer that is ending.
func (w *World) succeed(r *region, d *database) {
	c := r.dbClusters[d.cluster]
	if c == nil || !d.writer || c.status == "deleting" || c.status == "failing-over" {
		return
	}
	if to := r.heir(c.id); to != nil {
		w.failOver(r, c, to)
	}
}

// endAurora deletes a cluster, with the backups that RDS made of it unless they
// are to be kept.
func (w *World) endAurora(r *region, c *dbCluster, keep bool) {
	c.status = "deleting"
	w.after(dbMake, func() {
		if r.dbClusters[c.id] != c {
			return
		}
		delete(r.dbClusters, c.id)
		if !keep {
			r.clusterSnapshots = slices.DeleteFunc(r.clusterSnapshots, func(s clusterSnapshot) bool { return s.resource == c.resource && s.kind == "automated" })
		}
	})
}

// copyCluster begins a snapshot of a cluster.
func (w *World) copyCluster(r *region, c *dbCluster, id, kind string) {
	r.clusterSnapshots = append(r.clusterSnapshots, clusterSnapshot{id, c.id, c.resource, c.engine, kind, "creating", w.clock.now})
	w.after(snapshotTakes, func() { r.completed(id) })
}

// completed lets a snapshot of a cluster be complete.
func (r *region) completed(id string) {
	for i, s := range r.clusterSnapshots {
		if s.id == id && s.status == "creating" {
			r.clusterSnapshots[i].status = "available"
		}
	}
}

// globalCluster is the global cluster of that name; nil if there is none.
func (w *World) globalCluster(id string) *globalDB {
	i := slices.IndexFunc(w.globalDBs, func(g *globalDB) bool { return g.id == id })
	if i < 0 {
		return nil
	}
	return w.globalDBs[i]
}

// globalClusterOf is the global cluster that a cluster is in; nil if it is in none.
func (w *World) globalClusterOf(r *region, cluster string) *globalDB {
	i := slices.IndexFunc(w.globalDBs, func(g *globalDB) bool { return g.member(r.name, cluster) >= 0 })
	if i < 0 {
		return nil
	}
	return w.globalDBs[i]
}

func (g *globalDB) member(region, cluster string) int {
	return slices.IndexFunc(g.members, func(m globalMember) bool { return m.region == region && m.cluster == cluster })
}

// hand begins to make another region the writer of a global cluster. With data
// loss allowed the others must catch up anew afterwards (Aurora User Guide, "Using
// switchover or failover in Amazon Aurora Global Database").
func (w *World) hand(g *globalDB, to int, lossy bool) {
	arn := func(m globalMember) string { return w.arn("rds", w.region(m.region), "cluster:"+m.cluster) }
	f := &globalFailover{status: map[bool]string{false: "switching-over", true: "failing-over"}[lossy], to: arn(g.members[to]), lossy: lossy}
	for _, m := range g.members {
		if m.writer {
			f.from = arn(m)
		}
	}
	target := g.members[to]
	g.failing, g.status = f, f.status
	w.after(globalTakes, func() {
		if g.failing != f {
			return
		}
		g.failing, g.status = nil, "available"
		for i, m := range g.members {
			g.members[i].writer = m.region == target.region && m.cluster == target.cluster
			w.region(m.region).writes(m.cluster, g.members[i].writer)
			if lossy && !g.members[i].writer {
				g.members[i].sync = "pending-resync"
			}
		}
	})
}

// leave takes a cluster out of its global cluster; it then takes writes of its
// own.
func (w *World) leave(g *globalDB, i int) {
	m := g.members[i]
	g.members = slices.Delete(g.members, i, i+1)
	w.region(m.region).writes(m.cluster, true)
}

// join makes a cluster a member of a global cluster. Only the first takes writes:
// in the others every instance is a reader.
func (w *World) join(g *globalDB, where, cluster string) {
	first := len(g.members) == 0
	g.members = append(g.members, globalMember{where, cluster, first, "connected"})
	w.region(where).writes(cluster, first)
}

// writes gives a cluster a writer if it has none, or takes the one it has.
func (r *region) writes(cluster string, on bool) {
	writer := r.writerOf(cluster)
	switch {
	case on && writer == nil:
		if d := r.heir(cluster); d != nil {
			d.writer = true
		}
	case !on && writer != nil:
		writer.writer = false
	}
}

// reads reports whether a cluster takes no writes: another of its global cluster
// does.
func (w *World) reads(r *region, cluster string) bool {
	g := w.globalClusterOf(r, cluster)
	return g != nil && !g.members[g.member(r.name, cluster)].writer
}
