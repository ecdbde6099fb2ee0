// Package fresh holds the check that the plan and the snapshot are young
// enough to say something about now. It does not compare them with each other.
package fresh

import (
	"fmt"
	"time"

	"github.com/holdfast-gate/holdfast/gate"
)

// Check returns the check.
func Check() *gate.Check {
	return &gate.Check{Name: "fresh", Plan: true, Run: run, Doc: `a plan and a snapshot are about a moment, and it passes

What was true when they were made need not be true now. Pass by planning again
and by reading again; the limits are plan and snapshot in the freshness block of
holdfast.hcl.`}
}

func run(p *gate.Pass) error {
	limit := p.Config.PlanAge
	switch age := p.Now.Sub(p.Plan.CreatedAt); {
	case p.Plan.CreatedAt.IsZero():
		// A plan that does not say when it was made may be of any age.
		p.Report(gate.Finding{Code: "fresh.undated", Decision: gate.Block, Message: "the plan does not say when it was made", Remedy: "plan with Terraform 1.5 or later"})
	case age > limit:
		p.Report(gate.Finding{Code: "fresh.plan", Decision: gate.Block, Message: fmt.Sprintf("the plan is %s old, it may be %s", round(age), limit), Remedy: "plan again"})
	case p.Plan.CreatedAt.After(p.Now.Add(p.Config.SnapshotAge)):
		// A clock is wrong, so no age can be trusted.
		p.Report(gate.Finding{Code: "fresh.clock", Decision: gate.Block, Message: fmt.Sprintf("the plan was made at %s and it is %s: one of the clocks is wrong", p.Plan.CreatedAt.UTC().Format(time.RFC3339), p.Now.UTC().Format(time.RFC3339)), Remedy: "set the clock, then plan again"})
	}
	var oldest gate.Source
	for _, s := range p.Snapshot.Sources {
		if s.Complete && s.Stale(p.Now, p.Config.SnapshotAge) && (oldest.Name == "" || s.ReadAt.Before(oldest.ReadAt)) {
			oldest = s
		}
	}
	if oldest.Name != "" {
		p.Report(gate.Finding{Code: "fresh.snapshot", Decision: gate.Block, Subjects: []string{oldest.Name + " " + oldest.Region},
			Message: fmt.Sprintf("the snapshot was read at %s, %s from now; it may be %s old", oldest.ReadAt.UTC().Format(time.RFC3339), round(p.Now.Sub(oldest.ReadAt)), p.Config.SnapshotAge),
			Remedy:  "read again"})
	}
	return nil
}

func round(d time.Duration) time.Duration { return d.Round(time.Second) }
