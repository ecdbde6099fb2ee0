package lease

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"
)

// turns is how often records may change between being read and being written
// before a Take waits as long as for one that is held, or gives up.
const turns = 10

// errChanged is a record that changed between two looks.
var errChanged = errors.New("the leases changed while they were taken")

// Take takes the leases of clusters, all or none, in the order of their names,
// which is the same for everybody. Of clusters that somebody else holds the
// first is a *HeldError; with a wait, Take tries again for that long. No
// clusters give a Lease of nothing. The context ends the taking, not the
// Lease: that lives, and is renewed, until its Release.
func (k *Keeper) Take(ctx context.Context, account string, clusters []string, wait time.Duration) (*Lease, error) {
	clusters = slices.Compact(slices.Sorted(slices.Values(clusters)))
	switch {
	case k.Holder.ID == "" || slices.Contains(clusters, ""):
		return nil, errors.New("a lease needs a holder and the names of clusters\nThis is a defect of holdfast; report it")
	case account == "" && len(clusters) > 0:
		// Fail closed: a lease of no account would exclude nobody who knows it.
		return nil, errors.New("it is not known which account the clusters are in, so they cannot be leased\nGive credentials that may call sts:GetCallerIdentity")
	}
	w := waiting{k: k, began: k.now(), wait: wait}
	for turn := 0; ; turn++ {
		claims, err := k.try(ctx, account, clusters)
		var held *HeldError
		switch {
		case err == nil:
			return k.hold(claims), nil
		case errors.As(err, &held):
			if err := w.next(ctx, held); err != nil {
				return nil, err
			}
			turn = 0
		case errors.Is(err, errChanged) && turn < turns:
		case errors.Is(err, errChanged):
			// Others are quicker, so their turn comes first, while there is time.
			if w.over() {
				return nil, errors.New("the leases kept changing while they were taken\nSee who else is at it with holdfast lease list, and try again")
			}
			if err := w.pause(ctx); err != nil {
				return nil, err
			}
			turn = 0
		default:
			return nil, err
		}
	}
}

// waiting is a Take that has found a cluster taken, or others quicker.
type waiting struct {
	k           *Keeper
	began, said time.Time
	wait        time.Duration
	who         string // holds it, as far as was said
}

// next lets time pass before another try, or returns the error of who is in
// the way if none is left.
func (w *waiting) next(ctx context.Context, held *HeldError) error {
	if w.over() {
		return held
	}
	switch {
	case w.who == "":
		w.k.say("%s is being changed by %s since %s%s. Waiting up to %s.",
			held.Cluster, held.Holder.String(), held.Since.UTC().Format("15:04:05 UTC"), held.Holder.from(), round(w.wait))
	case w.who != held.Cluster+held.Holder.ID || w.k.now().Sub(w.said) >= news:
		w.k.say("Still waiting… %s is being changed by %s [%s elapsed]", held.Cluster, held.Holder.String(), round(w.passed()))
	default:
		return w.pause(ctx)
	}
	w.who, w.said = held.Cluster+held.Holder.ID, w.k.now()
	return w.pause(ctx)
}

func (w *waiting) passed() time.Duration { return w.k.now().Sub(w.began) }

func (w *waiting) over() bool { return w.passed() >= w.wait }

func (w *waiting) pause(ctx context.Context) error {
	return w.k.sleep(ctx, min(poll, w.wait-w.passed()))
}

// try takes all or none, once. Nothing is written while one of them is held.
func (k *Keeper) try(ctx context.Context, account string, clusters []string) ([]*claim, error) {
	records, ranOut, err := k.look(ctx, account, clusters)
	if err != nil {
		return nil, err
	}
	if ranOut {
		if records, err = k.lookAgain(ctx, account, clusters, records); err != nil {
			return nil, err
		}
	}
	var claims []*claim
	for _, f := range records {
		c := k.claim(f)
		claims = append(claims, c)
		err := c.take(ctx)
		if err == nil {
			continue
		}
		// The last one may be written, too: nobody said that it is not.
		giveBack(ctx, claims)
		var other standing
		if errors.As(err, &other) {
			return nil, errChanged
		}
		return nil, fmt.Errorf("the lease of %s could not be taken: %w", c.record.Cluster, err)
	}
	return claims, nil
}

// look reads the leases of all clusters. It returns whether one of them has run
// out, and the first that is held as an error.
func (k *Keeper) look(ctx context.Context, account string, clusters []string) (records []found, ranOut bool, err error) {
	for _, cluster := range clusters {
		f, err := read(ctx, k.Store, account, cluster)
		if err != nil {
			return nil, false, fmt.Errorf("the lease of %s could not be taken: %w", cluster, err)
		}
		if left := f.left(f.age); left > 0 {
			return nil, false, &HeldError{cluster, f.Holder, k.now().Add(-f.Held - f.age), left, f.Broken}
		}
		ranOut = ranOut || !f.Released || f.Broken != nil
		records = append(records, f)
	}
	return records, ranOut, nil
}

// lookAgain makes sure that what has run out has stayed so.
func (k *Keeper) lookAgain(ctx context.Context, account string, clusters []string, before []found) ([]found, error) {
	if err := k.sleep(ctx, secondLook); err != nil {
		return nil, err
	}
	now, _, err := k.look(ctx, account, clusters)
	if err != nil {
		return nil, err
	}
	for i := range now {
		if now[i].version != before[i].version {
			return nil, errChanged
		}
	}
	return now, nil
}

// claim is one cluster of a Lease, on its way or held.
type claim struct {
	k *Keeper
	found
	taken time.Time // when the taking was sent
	sent  time.Time // when the write was sent that last is known to have been done
	lost  error     // why it is not ours any more; nil means that it may be
	over  *Takeover
}

// claim prepares the taking of a lease that can be taken.
func (k *Keeper) claim(f found) *claim {
	c := &claim{k: k, found: f}
	next := record{FormatVersion: formatVersion, Account: f.Account, Cluster: f.Cluster, Token: f.Token + 1, Holder: k.Holder, TTL: k.ttl()}
	if !f.Released {
		next.Before = &Before{f.Holder, f.Token}
		c.over = &Takeover{f.Cluster, f.Holder, f.Token, f.age}
	}
	c.record = next
	return c
}

func (c *claim) take(ctx context.Context) error {
	c.taken = c.k.instant()
	version, err := write(ctx, c.k.Store, c.found, c.record)
	if err != nil {
		return err
	}
	c.version, c.sent = version, c.taken
	return nil
}
