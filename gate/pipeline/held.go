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
	if ctx.Err() != nil {
		return held{l}, ctx.Err() // nobody refused it
	}
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

// covers reports whether every cluster that the plan touches is leased. The
// world may have moved between the verdict that the leases were taken for and
// the one under them: a member that changed its tags is in another cluster.
func (r *run) covers(v gate.Verdict) error {
	for _, cluster := range v.Touched() {
		if !slices.Contains(r.clusters, cluster) && !r.observe {
			return fmt.Errorf("lease.missing: the plan touches %s now, which it did not a moment ago, and which is not leased\nPlan again", cluster)
		}
	}
	return nil
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
