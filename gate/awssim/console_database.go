package awssim

import "time"

// The acts of a human at the console about databases, what happens to them by
// itself, and the look at them. They panic when there is no such database: the
// mistake is in the test.

// A Database is how one RDS instance is.
type Database struct {
	ID, Status, Source string
	Class              string
	Serves             bool
	Behind             time.Duration // of a replica
}

// Databases are the RDS instances of a region, sorted.
func (w *World) Databases(where string) []Database {
	defer w.enter()()
	var out []Database
	for _, d := range sorted(w.region(where).databases) {
		out = append(out, Database{ID: d.id, Status: d.status, Source: d.source, Class: d.class, Serves: d.serves(), Behind: d.behind})
	}
	return out
}

// MakeDatabase makes an instance that is available at once: a replica, that
// keeps up, where source is not empty.
func (w *World) MakeDatabase(where, id, source string) {
	defer w.enter()()
	defer w.written()
	r := w.region(where)
	d := &database{id: id, class: "db.m5.large", engine: "postgres", storage: 100, source: source, retention: 1, zone: r.zones()[0], tags: map[string]string{}}
	w.makeDatabase(r, d)
	d.status = "available"
	if source != "" {
		d.state = "replicating"
	}
}

// Delay lets a replica be that far behind from now on; negative ends its
// replication with an error.
func (w *World) Delay(where, id string, behind time.Duration) {
	w.onDatabase(where, id, func(d *database) {
		d.behind, d.state = behind, "replicating"
		if behind < 0 {
			d.behind, d.state = 0, "error"
		}
	})
}

// SetDatabaseStatus puts an instance into a state that AWS, not a request, puts
// it into: "storage-full", "failed".
func (w *World) SetDatabaseStatus(where, id, status string) {
	w.onDatabase(where, id, func(d *database) { d.status, d.since = status, w.clock.now })
}

// ProtectDatabase switches an instance's deletion protection.
func (w *World) ProtectDatabase(where, id string, on bool) {
	w.onDatabase(where, id, func(d *database) { d.protected = on })
}

// SnapshotDatabase makes a complete snapshot by hand.
func (w *World) SnapshotDatabase(where, id, name string) {
	r := where
	w.onDatabase(where, id, func(d *database) {
		live := w.region(r)
		live.dbSnapshots = append(live.dbSnapshots, dbSnapshot{name, d.id, d.resource, "manual", "available", w.clock.now})
	})
}

func (w *World) onDatabase(where, id string, do func(*database)) {
	defer w.enter()()
	defer w.written()
	d := w.region(where).databases[id]
	if d == nil {
		panic("there is no database " + id)
	}
	do(d)
}
