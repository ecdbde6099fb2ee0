// Package tfplan reads the output of `terraform show -json PLANFILE`, as a
// stream, into a gate.Plan. It runs nothing, judges nothing and keeps no
// sensitive value, so that the memory it needs grows with the changes and not
// with the state.
package tfplan

import (
	"bufio"
	"io"
	"sort"
	"time"

	"github.com/holdfast-gate/holdfast/gate"
)

// GCPercent is what a process sets (debug.SetGCPercent) while it reads a plan of
// a hundred thousand resources in little memory: what a plan leaves behind while
// it is read is garbage at once.
const GCPercent = 30

// Decode reads one plan, to the end of r. Any error is an *Error and says in
// one sentence why there is no plan to judge; the plan is nil then. A plan it
// returns lacks none of the changes in resource_changes that end an object.
// Digest and Workspace are left empty: the JSON does not carry them.
func Decode(r io.Reader) (*gate.Plan, error) {
	in := bufio.NewReaderSize(r, sniffSize)
	if err := sniff(in); err != nil {
		return nil, err
	}
	return newDecoder(in).decode()
}

func (d *decoder) decode() (*gate.Plan, error) {
	if err := d.object(d.member); err != nil {
		return nil, err
	}
	if err := d.end(); err != nil {
		return nil, err
	}
	if err := d.certain(); err != nil {
		return nil, err
	}
	if err := d.recall(); err != nil {
		return nil, err
	}
	if err := d.locate(); err != nil {
		return nil, err
	}
	return d.plan, nil
}

// decoder is the state of one Decode. The members of a plan may come in any
// order, so what depends on two of them is put together at the end.
type decoder struct {
	*stream
	raw     resourceChange // the entry being read
	plan    *gate.Plan
	places  []int  // of plan.Changes in resource_changes
	aside   *aside // the others
	seen    seen
	config  *configuration
	names   interner
	keeps   map[string][]string // of types
	tables  tables
	recent  *recent
	isPlan  bool // a member was seen that only a plan has
	isState bool // a member was seen that only a state has
}

func newDecoder(in io.Reader) *decoder {
	return &decoder{
		stream: newStream(in),
		plan:   &gate.Plan{Changes: []gate.Change{}},
		aside:  newAside(),
		seen:   newSeen(),
		config: newConfiguration(),
		names:  interner{},
		keeps:  map[string][]string{},
		recent: newRecent(),
	}
}

// recall puts what was set aside among the changes, where it stood, if there is
// room for all of it.
func (d *decoder) recall() error {
	d.aside.end()
	if d.aside.n == 0 || d.aside.n > d.aside.room {
		return nil
	}
	all := make([]gate.Change, 0, len(d.plan.Changes)+d.aside.n)
	rest, places := d.plan.Changes, d.places
	n := 0
	err := d.aside.each(nil, nil, func(c gate.Change) bool {
		before := sort.SearchInts(places, int(d.aside.at[n]))
		all = append(append(all, rest[:before]...), c)
		rest, places = rest[before:], places[before:]
		n++
		return true
	})
	d.plan.Changes, d.aside = append(all, rest...), newAside()
	return err
}

// member reads one top-level member of the plan. Whatever is not named here is
// skipped, however large: planned_values, prior_state, output_changes, checks.
func (d *decoder) member(name string) error {
	switch name {
	case "format_version":
		if err := d.value(&d.plan.FormatVersion); err != nil {
			return err
		}
		return checkVersion(d.plan.FormatVersion)
	case "terraform_version":
		return d.value(&d.plan.TerraformVersion)
	case "timestamp":
		return d.timestamp()
	case "complete":
		return d.tri(&d.plan.Complete)
	case "applyable":
		return d.tri(&d.plan.Applyable)
	case "errored":
		return d.value(&d.plan.Errored)
	case "resource_changes":
		d.isPlan = true
		err := d.array(d.resourceChange)
		d.seen = newSeen() // a plan has this member once
		return err
	case "resource_drift":
		return d.array(d.resourceDrift)
	case "deferred_changes":
		return d.array(d.deferredChange)
	case "action_invocations":
		return d.array(d.actionInvocation)
	case "deferred_action_invocations":
		return d.array(d.deferredActionInvocation)
	case "configuration":
		return d.configuration()
	case "variables":
		return d.object(d.variable)
	case "planned_values":
		d.isPlan = true
	case "values", "lineage":
		d.isState = true
	case "@level":
		return fail(KindLog)
	case "remote_plan_format":
		return fail(KindRemote)
	}
	return d.skip()
}

func (d *decoder) timestamp() error {
	var text string
	if err := d.value(&text); err != nil {
		return err
	}
	// A time that cannot be read stays zero, and then the plan is not fresh.
	if t, err := time.Parse(time.RFC3339, text); err == nil {
		d.plan.CreatedAt = t
	}
	return nil
}

func (d *decoder) tri(t *gate.Tri) error {
	var b *bool
	if err := d.value(&b); err != nil {
		return err
	}
	if b != nil {
		*t = gate.No
		if *b {
			*t = gate.Yes
		}
	}
	return nil
}

// certain refuses JSON that is no plan: without the members that every plan
// has, "no changes" would be read out of anything.
func (d *decoder) certain() error {
	switch {
	case d.isState && !d.isPlan:
		return fail(KindState)
	case d.plan.FormatVersion == "" || !d.isPlan:
		return fail(KindNotPlan)
	}
	return nil
}

// interner keeps one copy of strings that come again in every change.
type interner map[string]string

func (n interner) of(s string) string {
	if kept, ok := n[s]; ok {
		return kept
	}
	n[s] = s
	return s
}
