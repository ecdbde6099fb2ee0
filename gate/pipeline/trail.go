package pipeline

import (
	"context"
	"slices"
	"time"

	"github.com/holdfast-gate/holdfast/gate"
	"github.com/holdfast-gate/holdfast/gate/drift"
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

// beginTrail begins to read who did what where the plan is about, once there is
// something to explain: an account has two of these calls a second for everybody
// in it. What it finds is shown and decides nothing, so nothing is said where it
// cannot begin.
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
	return v.Attributed(g.known())
}

// known waits for the history of calls, and never beyond its deadline.
func (g *Gate) known() gate.Trail {
	if g.trail == nil {
		return gate.Trail{}
	}
	select {
	case <-g.trail.Done():
	case <-g.trail.ctx.Done():
	}
	return g.trail.Known()
}

// Attribute adds to a comparison who made its differences: what the history of
// calls has by its deadline, and what AWS itself knows at once. The differences
// stay as they are.
func (g *Gate) Attribute(ctx context.Context, c *Comparison) {
	defer g.endTrail()
	if len(c.Differences) == 0 {
		return
	}
	plan := drift.Plan(append([]*gate.State{c.Own}, c.Others...), g.Now())
	s := *c.Snapshot
	s.Groups = g.acts(ctx, plan, c)
	v := gate.Verdict{Clusters: gate.Clusters(gate.Input{Now: g.Now(), Config: g.Config, Plan: plan, Snapshot: &s})}
	c.Trail = v.Attributed(g.known()).Trail
}

// acts returns the groups of a comparison, those that differ with what they did.
// Why they did it explains and decides nothing, so a read that fails is none.
func (g *Gate) acts(ctx context.Context, plan *gate.Plan, c *Comparison) []gate.Group {
	groups := slices.Clone(c.Snapshot.Groups)
	about := *plan
	about.Regions = nil
	about.Changes = slices.DeleteFunc(slices.Clone(plan.Changes), func(o gate.Change) bool {
		return o.Type != "aws_autoscaling_group" || !slices.ContainsFunc(c.Differences, func(d drift.Difference) bool { return d.Ref == o.ID && d.Region == o.Region })
	})
	if len(about.Changes) == 0 {
		return groups
	}
	s, err := g.Drift.Acts(ctx, &about)
	if err != nil {
		return groups
	}
	for i, group := range groups {
		if k := slices.IndexFunc(s.Groups, func(o gate.Group) bool { return o.Name == group.Name && o.Region == group.Region }); k >= 0 {
			groups[i].Operations = s.Groups[k].Operations
		}
	}
	return groups
}
