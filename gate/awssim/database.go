package awssim

import (
	"slices"
	"strings"
	"time"
)

// database is one RDS instance, of its own or of a cluster.
type database struct {
	id, resource  string
	class, engine string
	version       string
	storage       int
	status        string
	zone          string
	multiAZ       bool
	source        string // of a replica: the id of the instance it follows
	state         string // of a replica: how its replication goes; empty while it is made
	since         time.Time
	behind        time.Duration // of a replica
	protected     bool
	retention     int
	created       time.Time
	pendingClass  string
	user          string
	tags          map[string]string

	cluster string // empty of one of its own
	writer  bool   // of its cluster
	tier    int    // of promotion, in its cluster
}

// dbSnapshot is a copy of a database; it outlives it if it was made by hand.
type dbSnapshot struct {
	id, of, resource, kind, status string
	made                           time.Time
}

// dbRestart is how long an instance is out while its class changes.
const dbRestart = 5 * time.Minute

// dbMake is how long it takes to make an instance, or to end one.
const dbMake = 4 * time.Minute

// cloneDatabases copies the databases of a region.
func (r *region) cloneDatabases(c *region) {
	c.databases = map[string]*database{}
	for k, v := range r.databases {
		d := *v
		c.databases[k] = &d
	}
	c.dbSnapshots = slices.Clone(r.dbSnapshots)
}

// replicasOf are the replicas of an instance, sorted.
func (r *region) replicasOf(id string) []string {
	var out []string
	for _, d := range sorted(r.databases) {
		if d.source == id {
			out = append(out, d.id)
		}
	}
	return out
}

// serves reports whether an instance answers.
func (d *database) serves() bool {
	return d.status == "available" || d.status == "backing-up" || d.status == "storage-optimization"
}

// makeDatabase begins to make an instance, which takes its time.
func (w *World) makeDatabase(r *region, d *database) {
	w.issued++
	d.resource = "db-" + strings.ToUpper(digest("db/"+d.id, w.issued)[:26])
	d.status, d.created, d.since = "creating", w.clock.now, w.clock.now
	r.databases[d.id] = d
	w.after(dbMake, func() {
		if r.databases[d.id] == d && d.status == "creating" {
			d.status, d.since = "available", w.clock.now
			if d.source != "" {
				d.state = "replicating"
			}
			d.writer = d.cluster != "" && r.writerOf(d.cluster) == nil && !w.reads(r, d.cluster)
		}
	})
}

// restart takes an instance out for a while, and then it has its new class.
func (w *World) restart(r *region, d *database, class string) {
	d.status, d.since = "modifying", w.clock.now
	w.after(dbRestart, func() {
		if r.databases[d.id] == d && d.status == "modifying" {
			d.class, d.status, d.since = class, "available", w.clock.now
		}
	})
}

// end deletes an instance. Its replicas in the region are promoted (RDS User
// Guide, "Deleting a read replica's source").
func (w *World) end(r *region, d *database) {
	d.status, d.since = "deleting", w.clock.now
	w.succeed(r, d)
	for _, id := range r.replicasOf(d.id) {
		r.databases[id].source, r.databases[id].state = "", ""
	}
	w.after(dbMake, func() {
		if r.databases[d.id] == d {
			delete(r.databases, d.id)
			r.dbSnapshots = slices.DeleteFunc(r.dbSnapshots, func(s dbSnapshot) bool { return s.resource == d.resource && s.kind == "automated" })
		}
	})
}

// lagOf is how far a replica is behind, in seconds; -1 does not replicate. There
// is no such metric of what is no replica, or is not up.
func (w *World) lagOf(where, id string) (float64, bool) {
	d := w.region(where).databases[id]
	switch {
	case d == nil || d.source == "" || !d.serves():
		return 0, false
	case d.state != "replicating":
		return -1, true
	}
	return d.behind.Seconds(), true
}
