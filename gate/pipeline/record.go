package pipeline

import (
	"context"
	"fmt"
	"strings"

	"github.com/holdfast-gate/holdfast/gate"
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

// unproved writes down that the verdict could not be proved again.
func (r *run) unproved(ctx context.Context, err error) {
	if ctx.Err() != nil {
		return // nobody refused it
	}
	one := r.record
	one.Kind, one.Why, one.Note = ledger.Refused, "recheck.failed", sentence(err)
	r.note(ctx, r.clusters, one)
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
	if r.observed != "" {
		one.Would, one.Note = true, "terraform would have been asked to stop: "+r.observed
	}
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

func places(refs []ledger.Ref) string {
	out := make([]string, len(refs))
	for i, ref := range refs {
		out[i] = ref.String()
	}
	return strings.Join(out, ", ")
}
