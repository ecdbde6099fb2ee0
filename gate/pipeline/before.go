package pipeline

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/holdfast-gate/holdfast/gate"
	"github.com/holdfast-gate/holdfast/gate/drift"
	"github.com/holdfast-gate/holdfast/gate/terraform"
)

// A Drift compares what was recorded with what is live, without a plan.
type Drift struct {
	Recorded func(context.Context) (own *gate.State, others []*gate.State, err error)
	Live     func(context.Context, *gate.Plan) (*gate.Snapshot, error)     // reads members and groups, and not how they are
	Sets     func(address, attribute string, defaults bool) (string, bool) // what the configuration says, where that is certain
	Defaults func() bool                                                   // variables have their defaults, but for those on the command line
	Acts     func(context.Context, *gate.Plan) (*gate.Snapshot, error)     // reads what the groups of a plan did, and why they say they did it
	Report   func(*Comparison) error                                       // shows the differences, and the way out of each
}

// A Comparison is states beside what is live.
type Comparison struct {
	Own         *gate.State
	Others      []*gate.State
	Snapshot    *gate.Snapshot
	Differences []drift.Difference
	Trail       *gate.Trail // who made the differences, as far as is known; nil: nobody asked
}

// Compare reads both sides and compares them. It is an error where either was
// not read: differences that were not looked for are not none.
func (g *Gate) Compare(ctx context.Context) (*Comparison, error) {
	own, others, err := g.Drift.Recorded(ctx)
	if err != nil {
		return nil, err
	}
	c := &Comparison{Own: own, Others: others, Snapshot: &gate.Snapshot{}}
	all := append([]*gate.State{own}, others...)
	plan := drift.Plan(all, g.Now())
	if len(plan.Changes) == 0 {
		return c, nil
	}
	if c.Snapshot, err = g.Drift.Live(ctx, plan); err != nil {
		return nil, err
	}
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	for _, s := range c.Snapshot.Sources {
		// Who was not read may not be taken for gone, nor for one generation.
		if !s.Complete && slices.Contains([]string{gate.SourceInstances, gate.SourceGroups, gate.SourceTargets, gate.SourceDatabases, gate.SourceDBClusters, gate.SourceCaches, gate.SourceCacheClusters}, s.Name) {
			return nil, fmt.Errorf("%s in %s could not be read in full: %s\nCorrect that and run it again", s.Name, s.Region, s.Err)
		}
	}
	if c.Differences = drift.Compare(all, c.Snapshot, g.Config, g.Now()); len(c.Differences) > 0 {
		g.beginTrail(ctx, plan)
	}
	return c, nil
}

// join adds to a plan what only the comparison knows: drift that its refresh
// did not find, and what other states record.
func (c *Comparison) join(p *gate.Plan, now time.Time) {
	if c == nil || p == nil || len(c.Differences) == 0 && len(c.Others) == 0 {
		return
	}
	// What differs may be set aside.
	*p = *p.Whole()
	drift.Merge(p, c.Own, c.Differences, now)
	for _, s := range c.Others {
		p.Others = append(p.Others, s.Objects...)
	}
}

// before compares what was recorded with what is live, in seconds, before a
// plan that may take minutes. It stops the story only where the next plan is
// certain to undo what somebody did outside Terraform; whatever it cannot read
// or tell is left to the verdict about the plan, which refuses what is not
// known.
func (w *Wrapper) before(ctx context.Context, args terraform.Args) (*Comparison, error) {
	// A refresh-only plan records what is live, which is the way out.
	if w.Drift == nil || args.Destroy || args.RefreshOnly || args.Partial {
		return nil, nil
	}
	c, err := w.Compare(ctx)
	switch {
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case err != nil:
		fmt.Fprintf(w.Log, "holdfast: drift was not looked for before the plan: %s. The plan will tell.\n", strings.TrimSuffix(sentence(err), "."))
		return nil, nil
	case len(c.Differences) == 0:
		return c, nil
	}
	defaults := len(args.Vars) == 0 && w.Drift.Defaults()
	sets := func(address, attribute string) (string, bool) { return w.Drift.Sets(address, attribute, defaults) }
	plan := drift.Foresee(c.Own, c.Differences, sets, w.Now())
	for _, s := range c.Others {
		plan.Others = append(plan.Others, s.Objects...)
	}
	// Nothing is undone for certain: whether it is, the plan says.
	if !slices.ContainsFunc(plan.Changes, func(c gate.Change) bool { return c.Action == gate.Update }) {
		return c, nil
	}
	d, err := w.judge(ctx, plan, nil)
	if err != nil {
		return nil, err
	}
	if !w.halts(d.Verdict) {
		return c, nil
	}
	for _, o := range plan.Changes {
		for _, attr := range o.Changed {
			fmt.Fprintf(w.Log, "holdfast: stopped before planning. %s of %s was changed outside Terraform, and the configuration would undo it: %v -> %v.\n", attr, o.Address, o.Before[attr], o.After[attr])
		}
	}
	fmt.Fprintln(w.Log, "holdfast: no plan was made; what follows is judged from the recorded state, as far as the next plan is certain.")
	said := w.attributed(d.Verdict)
	said.Plan.Digest, said.Plan.CreatedAt = "", time.Time{} // there is none
	if err := w.Report(said); err != nil {
		return nil, err
	}
	fmt.Fprintln(w.Log)
	c.Trail = said.Trail
	if err := w.Drift.Report(c); err != nil {
		return nil, err
	}
	r, err := w.begin(ctx, change{decision: d})
	if err != nil {
		return nil, err
	}
	r.refused(ctx, d)
	return nil, exited(1)
}

// halts reports whether drift alone keeps a plan from being made. What moves or
// is gone the plan sees for itself, and knows whether it matters; what the user
// overrides is judged with the plan.
func (w *Wrapper) halts(v gate.Verdict) bool {
	if w.Config.Observe {
		return false
	}
	asked := map[string]bool{}
	for _, a := range w.Overrides {
		asked[a.Code] = true
	}
	stop := map[string]bool{}
	for _, f := range v.Findings {
		if !f.Decision.Permits() && slices.Contains([]string{drift.Size, drift.Attribute, drift.Template, drift.Unmanaged}, f.Code) {
			stop[f.Code] = true
		}
	}
	maps.DeleteFunc(stop, func(code string, _ bool) bool { return asked[code] })
	return len(stop) > 0
}
