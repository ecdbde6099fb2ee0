package gatetest

import (
	"fmt"
	"slices"

	"github.com/holdfast-gate/holdfast/gate"
)

// store reads a line about a data store; those after its own name it by its ID.
func (c *builder) store(word string, f *fields) error {
	s := c.in.Snapshot
	if word == "store" {
		o, err := observation(f, 2)
		if err != nil {
			return err
		}
		d := gate.DataStore{Kind: f.arg(0), ID: f.arg(1), Region: f.str("region", region), Identity: f.str("identity", ""), Facts: f.pairs("facts"), Observed: []gate.Observation{o}}
		d.Join()
		s.DataStores = append(s.DataStores, d)
		return f.unused()
	}
	i := slices.IndexFunc(s.DataStores, func(d gate.DataStore) bool { return d.ID == f.arg(0) })
	if i < 0 {
		return fmt.Errorf("no store %q", f.arg(0))
	}
	d := &s.DataStores[i]
	switch word {
	case "node":
		o, err := observation(f, 3)
		if err != nil {
			return err
		}
		role := f.arg(2)
		if role == "unknown" {
			role = ""
		}
		n := gate.Node{ID: f.arg(1), Role: role, Zone: f.str("zone", ""), Shard: f.str("shard", ""), Observed: []gate.Observation{o}}
		if f.has("lag") {
			lag := f.duration("lag")
			n.Lag = &lag
		}
		d.Nodes = append(d.Nodes, n)
	case "seen":
		o, err := observation(f, 1)
		if err != nil {
			return err
		}
		d.Observed = append(d.Observed, o)
	case "link":
		l := gate.Link{To: f.arg(1), Kind: f.arg(2), Peer: f.arg(3), Region: f.str("region", ""), State: f.str("state", "")}
		if err := l.Active.UnmarshalText([]byte(f.str("active", "yes"))); err != nil {
			return err
		}
		d.Links = append(d.Links, l)
	case "copy":
		b := gate.Copy{Kind: f.arg(1), ID: f.arg(2), State: f.str("state", "available")}
		if f.has("age") {
			b.At = now().Add(-f.duration("age"))
		}
		if err := b.Survives.UnmarshalText([]byte(f.str("survives", "yes"))); err != nil {
			return err
		}
		if err := b.Usable.UnmarshalText([]byte(f.str("usable", "yes"))); err != nil {
			return err
		}
		d.Copies = append(d.Copies, b)
	}
	d.Join()
	return f.unused()
}

// observation reads RAW and PHASE at an argument, and what it says of serving.
func observation(f *fields, at int) (gate.Observation, error) {
	o := gate.Observation{Source: "test", Field: f.str("field", "status"), Raw: f.arg(at), Serving: gate.ServingYes, Opinion: true}
	if err := o.Phase.UnmarshalText([]byte(f.arg(at + 1))); err != nil {
		return o, err
	}
	o.Benign = f.flag("benign")
	if f.has("since") {
		o.Since = now().Add(-f.duration("since"))
	}
	if f.has("serving") {
		return o, o.Serving.UnmarshalText([]byte(f.str("serving", "")))
	}
	return o, nil
}

// Answer fills in a complete read of every source that the checks ask for
// because of the plan and that no line of the case speaks of.
func Answer(in *gate.Input, suite []*gate.Check) {
	for _, a := range gate.Asked(in.Plan, suite) {
		if !slices.ContainsFunc(in.Snapshot.Sources, func(s gate.Source) bool { return s.Name == a.Source && s.Region == a.Region }) {
			in.Snapshot.Sources = append(in.Snapshot.Sources, gate.Source{Name: a.Source, Region: a.Region, ReadAt: in.Snapshot.Finished, Complete: true, Calls: 1})
		}
	}
}
