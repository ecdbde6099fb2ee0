package lease

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
)

// A Lease is the right to change some clusters, for as long as it can be
// renewed. It is safe for concurrent use.
type Lease struct {
	k      *Keeper
	stop   context.CancelFunc
	work   sync.WaitGroup
	lost   chan struct{}
	giving sync.Once
	given  error

	mu     sync.Mutex // holds claims and cause
	claims []*claim
	cause  error
}

// hold begins to renew what was taken.
func (k *Keeper) hold(claims []*claim) *Lease {
	ctx, stop := context.WithCancel(context.Background())
	l := &Lease{k: k, stop: stop, lost: make(chan struct{}), claims: claims}
	if len(claims) > 0 {
		l.work.Go(func() { l.watch(ctx) })
		for i := range claims {
			l.work.Go(func() { l.renewals(ctx, claims[i]) })
		}
	}
	return l
}

// Token is the fencing token of a cluster's lease: it grows with every taking,
// so that of two changes the one with the lower token was late. Zero means
// that the cluster is not of this lease.
func (l *Lease) Token(cluster string) int64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, c := range l.claims {
		if c.Cluster == cluster {
			return c.record.Token
		}
	}
	return 0
}

// TookOver returns the leases that had run out when they were taken, by
// cluster: their holders were killed, or lost the store, and what they began
// may be half done.
func (l *Lease) TookOver() []Takeover {
	l.mu.Lock()
	defer l.mu.Unlock()
	var list []Takeover
	for _, c := range l.claims {
		if c.over != nil {
			list = append(list, *c.over)
		}
	}
	return list
}

// Lost is closed when it can no longer be proved that every cluster is ours:
// somebody else has taken or ended a lease, or the store has not confirmed it
// for most of its life. It is closed before anybody else can take it. The
// others, and one that nobody has taken since, go on being renewed until
// Release, so that what is being stopped is stopped in peace.
func (l *Lease) Lost() <-chan struct{} { return l.lost }

// Cause says why the lease is lost; nil while it is not.
func (l *Lease) Cause() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.cause
}

// lose records the first reason.
func (l *Lease) lose(cause error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.cause == nil {
		l.cause = cause
		close(l.lost)
	}
}

// watch looks at the clock, apart from the renewals: one of those may hang.
func (l *Lease) watch(ctx context.Context) {
	for timer(ctx, l.k.tick()) == nil {
		if err := l.expired(); err != nil {
			l.lose(err)
			return
		}
	}
}

// expired returns the error of a lease whose life, less the margin, has run
// out by our own clock.
func (l *Lease) expired() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, c := range l.claims {
		if since := l.k.passed(c.sent); since >= l.k.ttl()-l.k.margin() {
			return fmt.Errorf("the lease of %s is lost: the store has not confirmed it for %s\nSee that the store can be reached and that the machine was not suspended; then plan again", c.Cluster, round(since))
		}
	}
	return nil
}

// renewals renews one lease until ctx ends, or it is another's.
func (l *Lease) renewals(ctx context.Context, c *claim) {
	next := l.k.ttl() / 3
	for timer(ctx, next) == nil {
		err := l.renew(ctx, c)
		next = l.k.ttl() / 3
		switch {
		case err == nil || ctx.Err() != nil:
		case c.lost != nil:
			l.lose(c.lost)
			return
		default:
			next = l.k.ttl() / 24
			l.k.say("Warning: the lease of %s could not be renewed (%s). Trying again.", c.Cluster, sentence(err))
		}
	}
}

// renew writes the record again. A try that comes to nothing may still arrive
// at the store later, so each is told apart by its number, and counts from when
// it was sent itself.
func (l *Lease) renew(ctx context.Context, c *claim) error {
	var err error
	for range 2 {
		sent := l.k.instant()
		l.mu.Lock()
		c.record.Writes++
		c.record.Held = l.k.passed(c.taken)
		f := c.found
		l.mu.Unlock()
		var version string
		version, err = write(ctx, l.k.Store, f, f.record)
		var other standing
		switch {
		case err == nil:
			l.mu.Lock()
			c.version, c.sent = version, sent
			l.mu.Unlock()
			return nil
		case !errors.As(err, &other):
			return err
		case !other.of(f.record):
			c.lost = notOurs(other.record)
			return c.lost
		}
		// An earlier try of ours has arrived late.
		l.mu.Lock()
		c.version = other.version
		l.mu.Unlock()
	}
	return err
}

// notOurs says what has become of a lease.
func notOurs(r record) error {
	switch {
	case r.Token == 0:
		return errors.New("the lease is lost: its record is gone from the store\nSee who else writes there, and plan again")
	case r.Broken != nil:
		return fmt.Errorf("the lease of %s is lost: %s ended it (%s)\nAsk them, and plan again", r.Cluster, clean(r.Broken.By), clean(r.Broken.Reason))
	case r.Released:
		return fmt.Errorf("the lease of %s is lost: it was given back\nPlan again", r.Cluster)
	}
	return fmt.Errorf("the lease of %s is lost: %s took it over%s\nSee holdfast lease list, and plan again", r.Cluster, r.Holder.String(), r.Holder.from())
}

// Check proves, by reading, that every cluster is ours now. It is meant for
// the moment right before the change; its error says what is wrong.
func (l *Lease) Check(ctx context.Context) error {
	l.mu.Lock()
	claims := slices.Clone(l.claims)
	l.mu.Unlock()
	for _, c := range claims {
		f, err := read(ctx, l.k.Store, c.Account, c.Cluster)
		l.mu.Lock()
		ours := f.of(c.record)
		l.mu.Unlock()
		switch {
		case err != nil:
			// Fail closed: whether it is ours is not known.
			return fmt.Errorf("it could not be proved that %s is still leased: %w", c.Cluster, err)
		case !ours:
			l.lose(notOurs(f.record))
		case f.age > f.TTL:
			l.lose(fmt.Errorf("the lease of %s is lost: it was last renewed %s ago\nPlan again", c.Cluster, round(f.age)))
		}
	}
	if err := l.expired(); err != nil {
		l.lose(err)
	}
	return l.Cause()
}

// Release stops renewing and gives every lease back that is still ours, within
// some seconds, even if ctx is done. What cannot be given back runs out by
// itself, and is an error. Only the first call does anything; the others wait
// for it.
func (l *Lease) Release(ctx context.Context) error {
	l.giving.Do(func() {
		l.stop()
		l.work.Wait()
		l.given = giveBack(ctx, l.claims)
	})
	return l.given
}

// giveBack marks the records of claims as released, side by side.
func giveBack(ctx context.Context, claims []*claim) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), back)
	defer cancel()
	var work sync.WaitGroup
	failed := make([]error, len(claims))
	for i, c := range claims {
		work.Go(func() {
			if err := c.release(ctx); err != nil {
				failed[i] = fmt.Errorf("the lease of %s could not be given back, so it runs out by itself in %s: %w", c.Cluster, round(c.TTL+slack), err)
			}
		})
	}
	work.Wait()
	return errors.Join(failed...)
}

// release gives one lease back. One that is another's is left alone.
func (c *claim) release(ctx context.Context) error {
	var err error
	for range 3 {
		if c.lost != nil {
			return nil
		}
		r := c.record
		r.Writes++
		r.Released, r.Held = true, c.k.passed(c.taken)
		var version string
		version, err = write(ctx, c.k.Store, c.found, r)
		var other standing
		switch {
		case err == nil:
			c.record, c.version = r, version
			return nil
		case errors.As(err, &other) && !other.of(c.record):
			return nil
		case errors.As(err, &other):
			// The last write of ours is there, and was not known to be.
			c.version = other.version
		default:
			return err
		}
	}
	return err
}

// sentence is the first line of an error: what is wrong, without what helps.
func sentence(err error) string {
	for i, r := range err.Error() {
		if r == '\n' {
			return err.Error()[:i]
		}
	}
	return err.Error()
}
