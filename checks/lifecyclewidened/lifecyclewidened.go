// Package lifecyclewidened holds the check that no rule of a bucket's lifecycle
// begins to take objects that it left alone. It does not judge what a rule
// takes already.
package lifecyclewidened

import (
	"slices"
	"time"

	"github.com/holdfast-gate/holdfast/gate"
)

// Check returns the check.
func Check() *gate.Check {
	return &gate.Check{Name: "lifecyclewidened", Plan: true, Asks: asks, May: may(), Run: run, Doc: `a lifecycle rule that covers more takes what is there already, at midnight UTC

A rule without a filter is about the whole bucket, and nothing in the plan says
"delete": a filter that was lost expires years of objects in one night. Every
planned rule is compared with what the bucket's live rules and the recorded ones
take, by what they cover and not by their place: narrowing, reordering and
renaming pass, and so does whatever is about nothing. A new rule that is
confined to a prefix passes with a warning if nothing under it is due at the
next run, and a bucket that is provably empty may have any rule.

Pass by putting the filter back, or by counting what goes and taking it
yourself; holdfast --override lets through the one rule that is meant. Disabling
a rule before midnight UTC saves what S3 has not removed yet. Replication is no
reprieve: what was written before it began was never copied. Aborting unfinished
uploads and moves to classes that can be read at once are no harm. Versioning
that is suspended while a rule expires objects is refused for the same reason.`}
}

// may are all the sources that it can ask for.
func may() []string {
	return []string{gate.SourceLifecycle, gate.SourceVersioning, gate.SourceLock, gate.SourceReplicas, gate.SourceStorage, gate.SourceObjects, gate.SourceVersions}
}

func asks(p *gate.Plan) []gate.Ask {
	var out []gate.Ask
	for _, c := range changes(p) {
		ask := func(source string, optional bool, about ...string) {
			out = append(out, gate.Ask{Source: source, Region: c.Region, About: about, Optional: optional})
		}
		if c.bucket == "" {
			continue
		}
		ask(gate.SourceLifecycle, false, c.bucket)
		var places []string
		for _, r := range c.after {
			if len(beyond(r, c.before, p.CreatedAt)) > 0 {
				places = append(places, c.bucket+"/"+r.Filter.Prefix)
			}
		}
		if c.suspends {
			places = append(places, c.bucket+"/")
		}
		if len(places) == 0 {
			continue
		}
		for _, source := range []string{gate.SourceVersioning, gate.SourceLock, gate.SourceReplicas, gate.SourceStorage} {
			ask(source, true, c.bucket)
		}
		ask(gate.SourceObjects, true, places...)
		ask(gate.SourceVersions, true, places...)
	}
	return out
}

func run(p *gate.Pass) error {
	for _, c := range changes(p.Plan) {
		switch {
		case c.nameless:
			// It may be about a bucket that is there and full.
			p.Report(gate.Finding{Code: "lifecyclewidened.nameless", Decision: gate.Block, Subjects: []string{c.Address},
				Message: "the plan gives rules to a bucket that is known only after apply, by " + c.Address + ", and does not show that the bucket is new: what they take cannot be counted",
				Remedy:  "apply what the bucket's name depends on first, then plan again"})
			continue
		case c.bucket == "":
			continue
		}
		store, there := p.Snapshot.DataStore(gate.KindBucket, c.Region, c.bucket)
		if !there {
			// A bucket that is not there has nothing to lose.
			continue
		}
		if store.Holds == nil {
			// Of a bucket nobody looked into nothing is known, and so it is full.
			store.Holds = &gate.Holding{}
		}
		b := bucket{p, c, store}
		for _, r := range c.after {
			b.rule(r)
		}
		if c.suspends {
			b.suspended()
		}
	}
	return nil
}

// beyond are the steps of a rule that none of the others takes already.
func beyond(r gate.LifecycleRule, others []gate.LifecycleRule, now time.Time) []gate.LifecycleStep {
	if !r.Active {
		return nil
	}
	var out []gate.LifecycleStep
	for _, s := range r.Acts {
		covered := slices.ContainsFunc(others, func(o gate.LifecycleRule) bool {
			return o.Active && r.Filter.Within(o.Filter) && slices.ContainsFunc(o.Acts, func(t gate.LifecycleStep) bool { return s.Within(t, now) })
		})
		if !covered {
			out = append(out, s)
		}
	}
	return out
}
