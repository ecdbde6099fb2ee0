package pipeline

import (
	"context"
	"slices"
	"time"

	"github.com/holdfast-gate/holdfast/gate"
)

// A Trail is the history of calls while it is read.
type Trail interface {
	Done() <-chan struct{} // closed when there is nothing left to read
	Known() gate.Trail     // what was read by now
}

// trailAge is how old a reading of the history may be before it is begun anew.
const trailAge = time.Minute

// A trailing is a Trail that is being read, and ends at its deadline.
type trailing struct {
	Trail
	ctx    context.Context
	cancel context.CancelFunc
	began  time.Time
}

// beginTrail begins to read who did what where the plan is about, beside all
// other reads. What it finds is shown and decides nothing, so nothing is said
// where it cannot begin.
func (g *Gate) beginTrail(ctx context.Context, plan *gate.Plan) {
	if g.Trail == nil || g.TrailWait <= 0 || g.trail != nil && g.Now().Sub(g.trail.began) < trailAge {
		return
	}
	g.endTrail()
	regions := slices.Clone(plan.Regions)
	for _, c := range slices.Concat(plan.Changes, plan.Drift) {
		if c.Region != "" {
			regions = append(regions, c.Region)
		}
	}
	slices.Sort(regions)
	t := &trailing{began: g.Now()}
	t.ctx, t.cancel = context.WithTimeout(ctx, g.TrailWait)
	if t.Trail = g.Trail(t.ctx, slices.Compact(regions)); t.Trail == nil {
		t.cancel()
		return
	}
	g.trail = t
}

// endTrail stops the reading; what is known of it stays.
func (g *Gate) endTrail() {
	if g.trail != nil {
		g.trail.cancel()
	}
}

// attributed adds to a verdict, which is decided, who did what it is about. It
// waits for the history of calls if that has something to explain, and never
// beyond the deadline that was set when the reading began.
func (g *Gate) attributed(v gate.Verdict) gate.Verdict {
	defer g.endTrail()
	if !v.Explainable() {
		return v
	}
	if g.trail == nil {
		return v.Attributed(gate.Trail{})
	}
	select {
	case <-g.trail.Done():
	case <-g.trail.ctx.Done():
	}
	return v.Attributed(g.trail.Known())
}
