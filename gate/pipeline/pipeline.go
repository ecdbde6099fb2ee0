// Package pipeline does what has effects, in order: terraform plans, the plan
// is decoded, the live members are read, the gate decides, somebody confirms,
// the clusters are leased, the gate decides again on a fresh snapshot, what is
// about to be done is written down, terraform applies the same file while the
// members are watched, and how it ended is written down too. It knows no check
// and no cloud; both are handed to it.
package pipeline

import (
	"context"
	"io"
	"time"

	"github.com/holdfast-gate/holdfast/gate"
	"github.com/holdfast-gate/holdfast/gate/terraform"
)

// A Gate turns a plan and the world into verdicts. All fields but Reload, Saved,
// Maker, PlanReader, Find, Wait, Sleep, Log, Drift, Trail and TrailWait are required.
type Gate struct {
	Config   *gate.Config
	Decode   func(io.Reader) (*gate.Plan, error)                       // reads `terraform show -json`
	Live     func(context.Context, *gate.Plan) (*gate.Snapshot, error) // reads what is running; an error is never "nothing runs"
	Evaluate func(gate.Input) gate.Verdict
	Now      func() time.Time

	Saved      func(r io.ReaderAt, size int64, w io.Writer) (workspace string, err error) // writes a plan file as JSON, or says why it does not read it; nil reads none
	Maker      func(r io.ReaderAt, size int64) (product string, err error)                // who made a plan file; nil knows of none
	PlanReader PlanReader                                                                 // who reads plan files

	Find  func() (Shower, error)                     // asked only where terraform must show a plan file
	Wait  time.Duration                              // longest wait for clusters to settle; zero does not wait
	Sleep func(context.Context, time.Duration) error // lets time pass, or returns when the context ends
	Log   io.Writer                                  // progress

	Drift     *Drift                                            // what is compared before a plan; nil compares nothing
	Trail     func(ctx context.Context, regions []string) Trail // begins to read who did what in regions, and does not wait for it; nil, or a nil Trail, reads nothing
	TrailWait time.Duration                                     // longest that is read, and that a report waits for it; nothing is decided by it. Zero reads nothing

	trail *trailing // the last one begun; nil: none

	// recall adds to an input what only the ledger knows; nil knows nothing.
	recall func(context.Context, *gate.Input, gate.Verdict) error
}

// PlanReader says who reads plan files.
type PlanReader string

// The readers. The zero value is ReadAuto.
const (
	ReadAuto    PlanReader = "auto"    // we where it was proved that we read what terraform shows, else terraform
	ReadShow    PlanReader = "show"    // terraform, which takes seconds
	ReadCompare PlanReader = "compare" // both, and nothing is decided where they differ or we cannot read it
)

// A Shower reads plan files.
type Shower interface {
	Show(ctx context.Context, path string, read func(io.Reader) error) error
	Workspace(ctx context.Context) (string, error)
}

// A Terraform is the terraform or tofu that the user drives through a Wrapper.
type Terraform interface {
	Plan(terraform.PlanCall) (int, error)
	Apply(terraform.ApplyCall) (int, error)
	Version(context.Context) (terraform.Version, error)
}

// A decision is a verdict and all that it rests on.
type decision struct {
	gate.Verdict
	input gate.Input
}

// judge reads what is running and decides. given is the verdict that this one
// has to agree with; nil is none. Of a large plan it judges the clusters that
// the plan is about, and the whole plan where what is running shows that they
// have members which the plan does not tell to be theirs.
func (g *Gate) judge(ctx context.Context, plan *gate.Plan, given *gate.Verdict) (decision, error) {
	focused := plan.Focused(g.Config)
	d, err := g.weigh(ctx, focused, given)
	if err == nil && focused.Misses(d.Verdict) {
		return g.weigh(ctx, plan.Whole(), given)
	}
	return d, err
}

// weigh judges the changes of a plan.
func (g *Gate) weigh(ctx context.Context, plan *gate.Plan, given *gate.Verdict) (decision, error) {
	snapshot, err := g.Live(ctx, plan)
	if err != nil {
		return decision{}, err
	}
	// A read that was interrupted is incomplete because of us; the reason to
	// give is the interrupt.
	if ctx.Err() != nil {
		return decision{}, ctx.Err()
	}
	d := decision{input: gate.Input{Now: g.Now().UTC(), Config: g.Config, Plan: plan, Snapshot: snapshot}}
	if given != nil {
		d.input.Given = given.Given()
	}
	d.Verdict = g.Evaluate(d.input)
	if g.recall != nil {
		if err := g.recall(ctx, &d.input, d.Verdict); err != nil {
			// Without the ledger nobody knows what our own last changes ended.
			return decision{}, err
		}
		d.Verdict = g.Evaluate(d.input)
	}
	if d.Verdict.Explainable() {
		g.beginTrail(ctx, plan)
	}
	return d, nil
}

// decide judges the plan that next returns. With g.Wait it waits for as long as
// the verdict blocks only until something has settled, and until the clusters
// that the plan touches have been seen at rest for their settle time; then it
// takes the next plan and judges again. It waits for at most g.Wait in all.
func (g *Gate) decide(ctx context.Context, next func() (*gate.Plan, error)) (decision, error) {
	w := waiting{Gate: g, deadline: g.Now().Add(g.Wait)}
	for {
		plan, err := next()
		if err != nil {
			return decision{}, err
		}
		d, err := g.judge(ctx, plan, nil)
		if err != nil || g.Wait == 0 {
			return d, err
		}
		d, again, err := w.settle(ctx, d)
		if err != nil || !again {
			return d, err
		}
	}
}
