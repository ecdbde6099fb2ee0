// Package pipeline does what has effects, in order: terraform plans, the plan
// is decoded, the live members are read, the gate decides, somebody confirms,
// the gate decides again on a fresh snapshot, terraform applies the same file.
// It knows no check and no cloud; both are handed to it.
package pipeline

import (
	"context"
	"io"
	"time"

	"github.com/holdfast-gate/holdfast/gate"
	"github.com/holdfast-gate/holdfast/gate/terraform"
)

// A Gate turns a plan and the world into verdicts. All fields but Find, Wait,
// Sleep and Log are required.
type Gate struct {
	Config   *gate.Config
	Decode   func(io.Reader) (*gate.Plan, error)                       // reads `terraform show -json`
	Live     func(context.Context, *gate.Plan) (*gate.Snapshot, error) // reads what is running; an error is never "nothing runs"
	Evaluate func(gate.Input) gate.Verdict
	Now      func() time.Time

	Find  func() (*terraform.Tool, error)            // asked only where a plan file must be shown
	Wait  time.Duration                              // longest wait for clusters to settle; zero does not wait
	Sleep func(context.Context, time.Duration) error // lets time pass, or returns when the context ends
	Log   io.Writer                                  // progress
}

// judge reads what is running and decides.
func (g *Gate) judge(ctx context.Context, plan *gate.Plan) (gate.Verdict, error) {
	snapshot, err := g.Live(ctx, plan)
	if err != nil {
		return gate.Verdict{}, err
	}
	// A read that was interrupted is incomplete because of us; the reason to
	// give is the interrupt.
	if ctx.Err() != nil {
		return gate.Verdict{}, ctx.Err()
	}
	return g.Evaluate(gate.Input{Now: g.Now(), Config: g.Config, Plan: plan, Snapshot: snapshot}), nil
}

// decide judges the plan that next returns. While the verdict blocks only
// until something has settled, it waits, takes the next plan and judges again,
// for at most g.Wait in all.
func (g *Gate) decide(ctx context.Context, next func() (*gate.Plan, error)) (*gate.Plan, gate.Verdict, error) {
	deadline := g.Now().Add(g.Wait)
	for {
		plan, err := next()
		if err != nil {
			return nil, gate.Verdict{}, err
		}
		verdict, err := g.judge(ctx, plan)
		if err != nil || g.Wait == 0 || !settles(verdict) {
			return plan, verdict, err
		}
		settled, verdict, err := g.settle(ctx, plan, verdict, deadline)
		if err != nil || !settled {
			return plan, verdict, err
		}
	}
}
