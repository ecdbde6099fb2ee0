package awssim

import (
	"maps"
	"slices"
	"strings"
	"time"
)

// table is one DynamoDB table with what is in it.
type table struct {
	name, id    string
	status      string // "CREATING", "ACTIVE", "DELETING"
	created     time.Time
	billing     string
	keys        []keySchema
	attributes  []attributeType
	protected   bool // from deletion
	stream      string
	streamLabel string // of the ARN; a stream that is opened again has another
	expiresBy   string // the attribute that says when an item expires; empty: none does
	recovery    bool   // point-in-time recovery
	recoverFrom time.Time
	replicas    map[string]string // status by region
	items       map[string]item
	streams     []destination
}

// item is what a table holds: by attribute, the time that it says.
type item map[string]time.Time

// destination is a Kinesis stream that gets a table's changes.
type destination struct{ arn, status string }

// tableBackup is an on-demand backup; it outlives its table.
type tableBackup struct {
	name, arn, table, tableID, status string
	made                              time.Time
	items                             int
}

// mapping is a function that reads a stream.
type mapping struct {
	id, stream, function, state string
	changed                     time.Time
}

// pipe reads a stream too.
type pipe struct{ name, source, target, state, desired string }

// endpoint is a store that DMS knows.
type endpoint struct{ id, arn, kind, engine, server string }

// task is what DMS copies from one to another.
type task struct{ id, arn, source, target, kind, status, mappings string }

func (t *table) clone() *table {
	c := *t
	c.replicas, c.items, c.streams = maps.Clone(t.replicas), maps.Clone(t.items), slices.Clone(t.streams)
	return &c
}

// cloneTables copies what carries data from table to table.
func (r *region) cloneTables(c *region) {
	c.tables, c.mappings, c.pipes = map[string]*table{}, map[string]*mapping{}, maps.Clone(r.pipes)
	for k, v := range r.tables {
		c.tables[k] = v.clone()
	}
	for k, v := range r.mappings {
		m := *v
		c.mappings[k] = &m
	}
	c.backups, c.endpoints, c.tasks, c.copies = slices.Clone(r.backups), slices.Clone(r.endpoints), slices.Clone(r.tasks), maps.Clone(r.copies)
}

func (w *World) tableARN(r *region, name string) string {
	return w.arn("dynamodb", r, "table/"+name)
}

func (w *World) streamARN(r *region, t *table) string {
	return w.tableARN(r, t.name) + "/stream/" + t.streamLabel
}

// openStream opens a stream, which has an ARN that none before it had.
func (w *World) openStream(t *table, view string) {
	w.issued++
	t.stream, t.streamLabel = view, w.clock.now.Format("2006-01-02T15:04:05.")+digest("stream", w.issued)[:3]
}

// createTable makes a table; it becomes active by the clock.
func (w *World) createTable(r *region, t *table) {
	t.id, t.created, t.status = w.uuid("table"), w.clock.now, "CREATING"
	if t.items == nil {
		t.items = map[string]item{}
	}
	if t.replicas == nil {
		t.replicas = map[string]string{}
	}
	r.tables[t.name] = t
	w.after(w.timing.Table, func() {
		if t.status == "CREATING" {
			t.status = "ACTIVE"
		}
	})
}

// deleteTable deletes a table with what is in it; its backups stay.
func (w *World) deleteTable(r *region, t *table) {
	t.status = "DELETING"
	w.after(w.timing.Table, func() {
		if r.tables[t.name] == t {
			delete(r.tables, t.name)
		}
	})
}

// addReplica makes a copy of a table in another region, with what is in it, but
// not protected from deletion: that is said of each.
func (w *World) addReplica(r *region, t *table, where string) {
	there := w.region(where)
	c := t.clone()
	c.protected = false
	w.createTable(there, c)
	c.replicas[r.name] = "ACTIVE"
	t.replicas[where] = "CREATING"
	w.after(w.timing.Table, func() {
		if t.replicas[where] == "CREATING" {
			t.replicas[where] = "ACTIVE"
		}
	})
}

// protects reports whether a table of the region is protected from deletion.
func (r *region) protects(name string) bool {
	t := r.tables[name]
	return t != nil && t.protected
}

// deleteReplica deletes a copy, with all that is in it.
func (w *World) deleteReplica(r *region, t *table, where string) {
	t.replicas[where] = "DELETING"
	if c := w.region(where).tables[t.name]; c != nil {
		w.deleteTable(w.region(where), c)
	}
	w.after(w.timing.Table, func() { delete(t.replicas, where) })
}

// expireLater lets the items of a table whose time has passed expire, as long as
// the table has them do so. AWS takes up to some days.
func (w *World) expireLater(r *region, t *table) {
	by := t.expiresBy
	w.after(w.timing.Expiry, func() {
		if t.expiresBy != by || r.tables[t.name] != t {
			return
		}
		for _, key := range keys(t.items) {
			if at, has := t.items[key][by]; has && !at.After(w.clock.now) {
				w.deleteItem(r, t, key)
			}
		}
	})
}

// deleteItem deletes an item, and lets all who get the table's changes know.
func (w *World) deleteItem(r *region, t *table, key string) {
	if _, there := t.items[key]; !there {
		return
	}
	delete(t.items, key)
	for _, where := range keys(t.replicas) {
		if c := w.region(where).tables[t.name]; c != nil {
			delete(c.items, key)
		}
	}
	for _, to := range w.readersOf(r, t) {
		if c := r.tables[to]; c != nil {
			w.deleteItem(r, c, key)
		}
	}
}

// putItem puts an item, and lets all who get the table's changes know.
func (w *World) putItem(r *region, t *table, key string, it item) {
	t.items[key] = it
	for _, where := range keys(t.replicas) {
		if c := w.region(where).tables[t.name]; c != nil {
			c.items[key] = it
		}
	}
	for _, to := range w.readersOf(r, t) {
		if c := r.tables[to]; c != nil {
			w.putItem(r, c, key, it)
		}
	}
}

// readersOf are the tables that functions write a table's changes into, by the
// mappings that are enabled.
func (w *World) readersOf(r *region, t *table) []string {
	var out []string
	for _, m := range sorted(r.mappings) {
		function := m.function[strings.LastIndex(m.function, ":")+1:]
		if t.stream != "" && m.state == "Enabled" && m.stream == w.streamARN(r, t) && r.copies[function] != "" {
			out = append(out, r.copies[function])
		}
	}
	return out
}
