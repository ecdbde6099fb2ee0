package pipeline

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/holdfast-gate/holdfast/gate"
	"github.com/holdfast-gate/holdfast/gate/lease"
	"github.com/holdfast-gate/holdfast/gate/ledger"
)

// A run is one change, as its leases and records know it.
type run struct {
	*Wrapper
	record   ledger.Record // what all its records say
	account  string
	clusters []string // lease names of the clusters it touches, sorted
	observe  bool     // nothing is refused; of the config the verdict was given under
}

// begin names a run and writes down the overrides that its user gave.
func (w *Wrapper) begin(ctx context.Context, c change) (*run, error) {
	r := &run{Wrapper: w, account: c.Account, clusters: c.Touched(), observe: w.Config.Observe}
	r.record = ledger.Record{Run: w.Leases.Holder.ID, Actor: w.Actor, Account: c.Account, Clusters: r.clusters, Plan: c.Plan.Digest, Product: w.Product, Terraform: c.Plan.TerraformVersion}
	r.record.Actor.ARN, r.record.Actor.Account = c.Caller, c.Account
	for _, o := range c.input.Overrides {
		if o.Record != "" {
			continue
		}
		one := r.record
		one.Kind, one.Cluster, one.Override, one.Note = ledger.Overridden, leaseOf(c.Verdict, o.Cluster), &o, o.Reason
		if _, err := w.Ledger.Append(ctx, one); err != nil {
			// An override that nobody can read back was not given.
			return nil, fmt.Errorf("ledger.unwritten: the override is not given: %w", err)
		}
	}
	return r, nil
}

// leaseOf is the lease under which the records of a cluster are kept; none for
// a cluster that the plan does not touch.
func leaseOf(v gate.Verdict, cluster string) string {
	for _, c := range touched(v) {
		if c.Cluster.Name == cluster {
			return c.Lease()
		}
	}
	return ""
}

// lets reports whether the change may go on: allowed, or only observed.
func (r *run) lets(v gate.Verdict) bool { return v.Decision.Permits() || r.observe }

// note writes a record on which nothing depends. What happened has happened;
// not being able to write it down is said, loudly.
func (r *run) note(ctx context.Context, clusters []string, record ledger.Record) {
	// The user's interrupt must not keep it from being written.
	if _, err := r.Ledger.Each(context.WithoutCancel(ctx), clusters, record); err != nil {
		fmt.Fprintf(r.Log, "holdfast: ledger.unwritten: %s\n", sentence(err))
	}
}

// refused writes down that the gate refused the change.
func (r *run) refused(ctx context.Context, d decision) {
	one := r.record
	one.Kind = ledger.Refused
	one.Judged(d.input, d.Verdict)
	r.note(ctx, r.clusters, one)
}

// held is the lease of a run; nil clusters hold nothing.
type held struct {
	*lease.Lease
}

// lost is closed when the lease no longer protects the change.
func (h held) lost() <-chan struct{} {
	if h.Lease == nil {
		return nil
	}
	return h.Lost()
}

// token is the fencing token of a cluster; zero where nothing is held.
func (h held) token(cluster string) int64 {
	if h.Lease == nil {
		return 0
	}
	return h.Token(cluster)
}

// take takes the lease of every cluster that the plan touches.
func (r *run) take(ctx context.Context) (held, error) {
	if len(r.clusters) == 0 {
		return held{}, nil
	}
	r.Leases.Holder.Plan = r.record.Plan
	l, err := r.Leases.Take(ctx, r.account, r.clusters, r.Wait)
	if err != nil {
		one := r.record
		one.Kind, one.Why, one.Note, one.Would = ledger.Refused, "lease.held", sentence(err), r.observe
		if other := new(lease.HeldError); !errors.As(err, &other) {
			one.Why = "lease.failed"
		}
		r.note(ctx, r.clusters, one)
		if r.observe {
			fmt.Fprintf(r.Log, "holdfast: observe mode: this would have been refused, %s: %s\n", one.Why, one.Note)
			return held{}, nil
		}
		return held{}, fmt.Errorf("%s: %w", one.Why, err)
	}
	r.alive = map[string]time.Time{}
	for _, t := range l.TookOver() {
		r.alive[t.Cluster] = r.Now().Add(-t.Silent)
		one := r.record
		one.Kind, one.Cluster, one.Before, one.Token = ledger.TakenOver, t.Cluster, t.From.String(), l.Token(t.Cluster)
		one.Note = "the lease had run out and was not given back"
		fmt.Fprintf(r.Log, "holdfast: the lease of %s had run out; it was held by %s.\n", t.Cluster, one.Before)
		if _, err := r.Ledger.Append(ctx, one); err != nil {
			return held{l}, fmt.Errorf("ledger.unwritten: nothing was changed: %w", err)
		}
	}
	return held{l}, nil
}

// intends writes down what is about to be done, before it begins, and proves
// once more that the clusters are ours. After an error nothing was changed.
func (r *run) intends(ctx context.Context, d decision, h held) error {
	one := r.record
	one.Kind, one.Would, one.Tokens = ledger.Intent, !d.Decision.Permits(), map[string]int64{}
	one.Judged(d.input, d.Verdict)
	for _, cluster := range r.clusters {
		one.Tokens[cluster] = h.token(cluster)
	}
	refs, err := r.Ledger.Each(ctx, r.clusters, one)
	switch {
	case err == nil && len(r.clusters) > 0:
		fmt.Fprintf(r.Log, "holdfast: recorded as %s\n", places(refs))
	case err == nil:
	case len(r.clusters) == 0 || r.observe:
		// Nothing that holdfast protects is changed; a store that is away must not
		// stand in the way of it.
		fmt.Fprintf(r.Log, "holdfast: ledger.unwritten: %s\n", sentence(err))
	default:
		// A change that leaves no record must not begin.
		r.idle(ctx, r.clusters[:len(refs)])
		return fmt.Errorf("ledger.unwritten: nothing was changed: %w", err)
	}
	if err = r.proved(ctx, h); err != nil {
		r.idle(ctx, r.clusters)
	}
	return err
}

// proved proves that nothing has come between the intent and the change.
func (r *run) proved(ctx context.Context, h held) error {
	if h.Lease != nil && !r.observe {
		if err := h.Check(ctx); err != nil {
			return fmt.Errorf("lease.lost: %w", err)
		}
	}
	return ctx.Err()
}

// idle writes down that what was intended was not begun.
func (r *run) idle(ctx context.Context, clusters []string) {
	one := r.record
	one.Kind, one.Idle = ledger.Outcome, true
	if len(clusters) == 0 && len(r.clusters) > 0 {
		return // no intent was written
	}
	r.note(ctx, clusters, one)
}

// ended writes down how terraform ended. err means that nobody knows.
func (r *run) ended(ctx context.Context, code int, stopped string, err error) {
	one := r.record
	one.Kind, one.Interrupt = ledger.Outcome, stopped
	if err == nil {
		one.Exit = &code
	}
	r.note(ctx, r.clusters, one)
}

// settled writes down how many serve once the change is over, and says it.
func (r *run) settled(ctx context.Context, clusters []*gate.View, quiet bool) {
	if clusters == nil {
		return
	}
	for _, c := range clusters {
		one := r.record
		one.Kind, one.Cluster = ledger.Settled, c.Lease()
		state := "has settled"
		if moving := movers(c, r.Now()); len(moving) > 0 {
			state = "has not settled yet (" + strings.Join(moving, ", ") + ")"
		} else if !quiet && moves(clusters, r.Now()) == "" {
			state = "was not seen to settle: not all of it could be read"
		}
		if !quiet {
			one.Note = "it " + state
		}
		for _, p := range c.Roles {
			needs := 0
			for _, f := range p.Floors {
				if f.Promise != gate.PromiseZoneFloor {
					needs = max(needs, f.Needs)
				}
			}
			one.Serving = append(one.Serving, ledger.Serving{Role: p.Role.Name, Serving: len(p.Serving), Needs: needs})
			few := ""
			if len(p.Serving) < needs {
				few = ": TOO FEW"
			}
			fmt.Fprintf(r.Log, "holdfast: %s %s: %d in service, it needs %d%s.\n", roleName(c, p.Role), state, len(p.Serving), needs, few)
		}
		if _, err := r.Ledger.Append(context.WithoutCancel(ctx), one); err != nil {
			fmt.Fprintf(r.Log, "holdfast: ledger.unwritten: %s\n", sentence(err))
		}
	}
}

func roleName(c *gate.View, r gate.Role) string {
	if r.Name == "" {
		return c.Cluster.Name
	}
	return c.Cluster.Name + "." + r.Name
}

// release gives the lease back, also when the user has interrupted.
func (h held) release(ctx context.Context) {
	if h.Lease != nil {
		// A lease that cannot be given back runs out by itself.
		_ = h.Release(context.WithoutCancel(ctx))
	}
}

// sentence is what is wrong, without what to do about it.
func sentence(err error) string {
	what, _, _ := strings.Cut(err.Error(), "\n")
	return what
}

func places(refs []ledger.Ref) string {
	out := make([]string, len(refs))
	for i, ref := range refs {
		out[i] = ref.String()
	}
	return strings.Join(out, ", ")
}

// remember adds to an input what only the ledger knows: our own last changes,
// and the overrides that were given for this plan.
func (w *Wrapper) remember(ctx context.Context, in *gate.Input, v gate.Verdict) error {
	chains := v.Touched()
	for _, cluster := range chains {
		recent, open, err := w.Ledger.Recent(ctx, v.Account, cluster, gate.RecentWindow)
		if err = w.unread(ctx, err); err != nil {
			return err
		}
		for i, change := range recent {
			// One that began long ago may have been killed a moment ago: it went on
			// for as long as its lease was renewed.
			if alive := w.alive[cluster]; change.Open && change.At.Before(alive) {
				recent[i].At = alive.UTC()
			}
		}
		in.Recent = append(in.Recent, recent...)
		for _, r := range open {
			w.tell(ctx, cluster, r)
		}
	}
	slices.SortStableFunc(in.Recent, func(a, b gate.Recent) int { return b.At.Compare(a.At) })
	if v.Decision.Permits() && len(in.Recent) == 0 {
		return nil
	}
	v = w.Evaluate(*in)
	if v.Decision.Permits() {
		return nil
	}
	for _, cluster := range append(chains, "") {
		given, err := w.Ledger.Overrides(ctx, v.Account, cluster, v.Plan.Digest)
		if err = w.unread(ctx, err); err != nil {
			return err
		}
		in.Overrides = append(in.Overrides, given...)
	}
	if in.Given != nil {
		return nil // what the user gives was written down before
	}
	asked, err := w.asked(v)
	in.Overrides = append(in.Overrides, asked...)
	return err
}

// unread is what a ledger that cannot be read means: an error, except where
// nothing is refused. There it is said, once.
func (w *Wrapper) unread(ctx context.Context, err error) error {
	if err == nil || !w.Config.Observe || ctx.Err() != nil {
		return err
	}
	if code := "ledger.unread"; !slices.Contains(w.told, code) {
		w.told = append(w.told, code)
		fmt.Fprintf(w.Log, "holdfast: observe mode: this would have been refused, %s: %s\n", code, sentence(err))
	}
	return nil
}

// tell says, once, that a change before this one goes on, or was never seen to
// end.
func (w *Wrapper) tell(ctx context.Context, cluster string, r ledger.Record) {
	if slices.Contains(w.told, r.Run+cluster) {
		return
	}
	w.told = append(w.told, r.Run+cluster)
	end := "was never recorded to end: holdfast or its machine was stopped during it"
	if w.holds(ctx, r.Run) {
		end = "may still go on: its lease was not given back"
	}
	fmt.Fprintf(w.Log, "holdfast: the change of %s that %s began at %s (record %s/%d) %s.\n",
		cluster, r.Actor.Who(), r.At.UTC().Format(time.RFC3339), r.Chain, r.Seq, end)
}

// holds reports whether a run has a lease, or may not have noticed that it was
// ended.
func (w *Wrapper) holds(ctx context.Context, run string) bool {
	// What cannot be read is said where the leases are taken, which fails then.
	leases, _ := lease.List(ctx, w.Leases.Store)
	return slices.ContainsFunc(leases, func(e lease.Entry) bool {
		return e.Holder.ID == run && (e.State == lease.Held || e.State == lease.Ending)
	})
}
