package awssim

import (
	"fmt"
	"time"
)

// The acts of a human at the console about tables, and the look at them. They
// panic when there is no such table: the mistake is in the test.

// A TableSpec is a table as a human makes it; only Name is needed.
type TableSpec struct {
	Region, Name string
	Stream       string // view type; empty: none
	Recovery     bool   // point-in-time recovery
	Protected    bool   // from deletion
}

// CreateTable makes a table that is active at once.
func (w *World) CreateTable(s TableSpec) {
	defer w.enter()()
	defer w.written()
	r := w.region(s.Region)
	t := &table{name: s.Name, billing: "PAY_PER_REQUEST", protected: s.Protected, recovery: s.Recovery, recoverFrom: w.clock.now}
	w.createTable(r, t)
	t.status = "ACTIVE"
	if s.Stream != "" {
		w.openStream(t, s.Stream)
	}
}

// PutItems puts n items named after what they are, each with a time in an
// attribute, into a table. Whoever gets its changes gets them.
func (w *World) PutItems(where, name, what string, n int, attribute string, at time.Time) {
	w.onTable(where, name, func(r *region, t *table) {
		for i := range n {
			w.putItem(r, t, fmt.Sprintf("%s-%06d", what, i), item{attribute: at})
		}
	})
}

// Items is how many items a table holds; none if it is not there.
func (w *World) Items(region, name string) int {
	defer w.enter()()
	if t := w.region(region).tables[name]; t != nil {
		return len(t.items)
	}
	return 0
}

// AddReplica makes a replica of a table in another region.
func (w *World) AddReplica(home, name, where string) {
	w.onTable(home, name, func(r *region, t *table) { w.addReplica(r, t, where) })
}

// BackUp makes an on-demand backup of a table.
func (w *World) BackUp(where, name, backup string) {
	w.onTable(where, name, func(r *region, t *table) { w.backUp(r, t, backup) })
}

// Protect protects a table from deletion, or no longer.
func (w *World) Protect(where, name string, on bool) {
	w.onTable(where, name, func(_ *region, t *table) { t.protected = on })
}

// StreamTo sends the changes of a table to a Kinesis stream, with that status.
func (w *World) StreamTo(where, name, arn, status string) {
	w.onTable(where, name, func(_ *region, t *table) { t.streams = append(t.streams, destination{arn, status}) })
}

// Copies says of a function that it writes every change it gets into a table.
func (w *World) Copies(region, function, table string) {
	defer w.enter()()
	w.region(region).copies[function] = table
}

// Map lets a function read the stream of a table; it returns the id of the
// mapping.
func (w *World) Map(where, name, function, state string) string {
	id := w.newID("mapping")
	w.onTable(where, name, func(r *region, t *table) {
		r.mappings[id] = &mapping{id, w.streamARN(r, t), w.arn("lambda", r, "function:"+function), state, w.clock.now}
	})
	return id
}

// SetMapping puts the mappings of a function into a state.
func (w *World) SetMapping(region, function, state string) {
	defer w.enter()()
	defer w.written()
	for _, m := range w.region(region).mappings {
		if m.function == w.arn("lambda", w.region(region), "function:"+function) {
			m.state = state
		}
	}
}

// AddPipe makes a pipe that reads the stream of a table.
func (w *World) AddPipe(where, name, pipeName, state, desired string) {
	w.onTable(where, name, func(r *region, t *table) {
		r.pipes[pipeName] = pipe{pipeName, w.streamARN(r, t), w.arn("sqs", r, pipeName), state, desired}
	})
}

// A TaskSpec is a task of DMS with its two endpoints.
type TaskSpec struct {
	Region, Name             string
	SourceEngine, SourceHost string
	TargetEngine, TargetHost string // the host of what has none, and of a secret, is empty
	Status                   string
	Mappings                 string // JSON
}

// AddTask makes a task and its endpoints.
func (w *World) AddTask(s TaskSpec) {
	defer w.enter()()
	defer w.written()
	r := w.region(s.Region)
	end := func(kind, engine, host string) string {
		arn := w.arn("dms", r, "endpoint:"+w.id("e"))
		r.endpoints = append(r.endpoints, endpoint{s.Name + "-" + kind, arn, kind, engine, host})
		return arn
	}
	r.tasks = append(r.tasks, task{id: s.Name, arn: w.arn("dms", r, "task:"+w.id("t")), kind: "full-load-and-cdc", status: s.Status, mappings: s.Mappings,
		source: end("source", s.SourceEngine, s.SourceHost), target: end("target", s.TargetEngine, s.TargetHost)})
}

func (w *World) newID(kind string) string {
	defer w.enter()()
	return w.uuid(kind)
}

// onTable does something to a table.
func (w *World) onTable(regionName, name string, do func(*region, *table)) {
	defer w.enter()()
	defer w.written()
	r := w.region(regionName)
	t := r.tables[name]
	if t == nil {
		panic(fmt.Sprintf("awssim: there is no table %q", name))
	}
	do(r, t)
}
