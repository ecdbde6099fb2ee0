package pipeline

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/holdfast-gate/holdfast/gate"
	"github.com/holdfast-gate/holdfast/gate/lease"
	"github.com/holdfast-gate/holdfast/gate/ledger"
)

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
