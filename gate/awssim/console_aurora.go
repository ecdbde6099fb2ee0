package awssim

import (
	"fmt"
	"slices"
	"time"
)

// The acts of a human at the console about Aurora, what happens to it by itself,
// and the look at it. They panic when what they are about is not there.

// A Cluster is how one Aurora cluster is.
type Cluster struct {
	ID, Status string
	Writer     string // empty where none takes writes
	Members    []string
}

// Clusters are the Aurora clusters of a region, sorted.
func (w *World) Clusters(where string) []Cluster {
	defer w.enter()()
	r := w.region(where)
	var out []Cluster
	for _, c := range sorted(r.dbClusters) {
		one := Cluster{ID: c.id, Status: c.status}
		if d := r.writerOf(c.id); d != nil {
			one.Writer = d.id
		}
		for _, d := range r.membersOf(c.id) {
			one.Members = append(one.Members, d.id)
		}
		out = append(out, one)
	}
	return out
}

// MakeCluster makes an Aurora cluster with that many instances, all available at
// once: "ID-0" is its writer, the readers keep up, and each is of the promotion
// tier of its number.
func (w *World) MakeCluster(where, id string, instances int) {
	defer w.enter()()
	defer w.written()
	r := w.region(where)
	c := &dbCluster{id: id, engine: "aurora-postgresql", retention: 1, tags: map[string]string{}}
	w.makeCluster(r, c)
	c.status = "available"
	for n := range instances {
		d := &database{id: fmt.Sprintf("%s-%d", id, n), class: "db.r6g.large", engine: c.engine, cluster: id, tier: n, zone: r.zones()[n%3], tags: map[string]string{}}
		w.makeDatabase(r, d)
		d.status, d.writer = "available", n == 0
	}
}

// AddReader begins to make one more instance of a cluster.
func (w *World) AddReader(where, cluster, id string) {
	w.onCluster(where, cluster, func(r *region, c *dbCluster) {
		w.makeDatabase(r, &database{id: id, class: "db.r6g.large", engine: c.engine, cluster: c.id, tier: 1, zone: r.zones()[1], tags: map[string]string{}})
	})
}

// EndDatabase deletes an instance. With the last of a cluster the console deletes
// the cluster too, without a final snapshot (aws-semantics 1.2.8).
func (w *World) EndDatabase(where, id string) {
	w.onDatabase(where, id, func(d *database) {
		r := w.region(where)
		w.end(r, d)
		c := r.dbClusters[d.cluster]
		if c != nil && !slices.ContainsFunc(r.membersOf(c.id), func(m *database) bool { return m.status != "deleting" }) {
			w.endAurora(r, c, false)
		}
	})
}

// FailOverCluster begins to make an instance the writer of its cluster.
func (w *World) FailOverCluster(where, cluster, to string) {
	w.onCluster(where, cluster, func(r *region, c *dbCluster) {
		if d := r.databases[to]; d == nil || d.cluster != c.id {
			panic("there is no database " + to + " in " + cluster)
		}
		w.failOver(r, c, r.databases[to])
	})
}

// SetClusterStatus puts a cluster into a state that AWS, not a request, puts it
// into: "inaccessible-encryption-credentials".
func (w *World) SetClusterStatus(where, id, status string) {
	w.onCluster(where, id, func(_ *region, c *dbCluster) { c.status = status })
}

// ProtectCluster switches a cluster's deletion protection.
func (w *World) ProtectCluster(where, id string, on bool) {
	w.onCluster(where, id, func(_ *region, c *dbCluster) { c.protected = on })
}

// SnapshotCluster makes a complete snapshot of a cluster: "manual" is one by hand,
// "automated" one of RDS itself, "awsbackup" one of AWS Backup.
func (w *World) SnapshotCluster(where, id, name, kind string) {
	w.onCluster(where, id, func(r *region, c *dbCluster) {
		r.clusterSnapshots = append(r.clusterSnapshots, clusterSnapshot{name, c.id, c.resource, c.engine, kind, "available", w.clock.now})
	})
}

// Follow lets a cluster replicate another, which may be in another region.
func (w *World) Follow(where, id, sourceRegion, source string) {
	w.onCluster(where, id, func(_ *region, c *dbCluster) {
		c.source = w.arn("rds", w.region(sourceRegion), "cluster:"+source)
	})
}

// JoinGlobal makes a cluster a member of a global cluster, which is made if it is
// not there; the first member is its writer.
func (w *World) JoinGlobal(global, where, cluster string) {
	w.onCluster(where, cluster, func(r *region, c *dbCluster) {
		g := w.globalCluster(global)
		if g == nil {
			w.makeGlobal(&globalDB{id: global, engine: c.engine})
			g = w.globalCluster(global)
		}
		w.join(g, r.name, c.id)
	})
}

// LeaveGlobal takes a cluster out of its global cluster.
func (w *World) LeaveGlobal(where, cluster string) {
	w.onCluster(where, cluster, func(r *region, c *dbCluster) {
		g := w.globalClusterOf(r, c.id)
		w.leave(g, g.member(r.name, c.id))
	})
}

// HandGlobal begins to make the cluster of another region the writer of a global
// cluster; with data loss it does not wait for what was written last.
func (w *World) HandGlobal(where, cluster string, lossy bool) {
	w.onCluster(where, cluster, func(r *region, c *dbCluster) {
		g := w.globalClusterOf(r, c.id)
		w.hand(g, g.member(r.name, c.id), lossy)
	})
}

func (w *World) onCluster(where, id string, do func(*region, *dbCluster)) {
	defer w.enter()()
	defer w.written()
	r := w.region(where)
	if r.dbClusters[id] == nil {
		panic("there is no cluster " + id)
	}
	do(r, r.dbClusters[id])
}

// readerLag is how far a reader of a cluster is behind, in milliseconds. There is
// no such metric of the writer, of what is not up and of what is in no cluster.
func (w *World) readerLag(where, id string) (float64, bool) {
	d := w.region(where).databases[id]
	if d == nil || d.cluster == "" || d.writer || !d.serves() {
		return 0, false
	}
	return float64(d.behind / time.Millisecond), true
}
