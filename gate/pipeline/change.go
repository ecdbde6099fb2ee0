package pipeline

import (
	"context"
	"fmt"

	"github.com/holdfast-gate/holdfast/gate/terraform"
)

// A change is a judged plan on its way to terraform.
type change struct {
	decision
	file    string // the plan file, as terraform's command line names it
	call    terraform.ApplyCall
	confirm func() (int, error) // asks the user; nil asks nobody
}

// change is the way from a verdict to a changed world:
//
//	verdict ─► allowed, and confirmed ─► lease ─► recheck on a fresh snapshot
//	─► still allowed ─► ledger: intent ─► terraform apply, members watched
//	─► ledger: outcome ─► settled ─► release
func (w *Wrapper) change(ctx context.Context, c change) (int, error) {
	if err := w.Report(w.attributed(c.Verdict)); err != nil {
		return 1, err
	}
	r, err := w.begin(ctx, c)
	if err != nil {
		return 1, err
	}
	if !r.lets(c.Verdict) {
		r.refused(ctx, c.decision)
		return 1, nil
	}
	if c.confirm != nil {
		if code, err := c.confirm(); code != 0 || err != nil {
			return code, err
		}
	}
	held, err := r.take(ctx)
	defer held.release(ctx)
	if err != nil {
		return 1, err
	}
	before := c.Decision
	if c.decision, err = w.recheck(ctx, c); err != nil {
		r.unproved(ctx, err)
		return status(err)
	}
	r.observe = r.observe && w.Config.Observe // who ends observe mode means it from now on
	if !c.Decision.Permits() && (before.Permits() || !r.observe) {
		if err := w.Report(w.attributed(c.Verdict)); err != nil {
			return 1, err
		}
	}
	if !r.lets(c.Verdict) {
		r.refused(ctx, c.decision)
		fmt.Fprintln(w.Log, "holdfast: it could go on a moment ago and cannot any more. Nothing was changed.")
		return 1, nil
	}
	if err := r.covers(c.Verdict); err != nil {
		r.refused(ctx, c.decision)
		return 1, err
	}
	if err := r.intends(ctx, c.decision, held); err != nil {
		return 1, err
	}
	code, stopped, err := w.watched(ctx, c.decision, c.call, held.lost())
	r.ended(ctx, code, stopped, err)
	clusters, quiet := w.follow(ctx, c.decision)
	r.settled(ctx, clusters, quiet)
	return code, err
}

// recheck proves the verdict again, under the lease: on a fresh snapshot, about
// this very file, under the config as it is now.
func (w *Wrapper) recheck(ctx context.Context, c change) (decision, error) {
	given := w.Given
	if given == nil && c.Decision.Permits() {
		given = &c.Verdict // one that is only observed is no leave to hold it to
	}
	plan := *c.input.Plan
	var err error
	if plan.Digest, err = Digest(w.local(c.file)); err != nil {
		return decision{}, fmt.Errorf("bound.plan: nothing was changed: %w", err)
	}
	config, err := w.Reload()
	if err != nil {
		// What is promised now is not known.
		return decision{}, fmt.Errorf("bound.config: nothing was changed: the config cannot be read any more: %w", err)
	}
	w.Config = config
	return w.judge(ctx, &plan, given)
}
