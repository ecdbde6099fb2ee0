// Package ledger keeps what was decided and done: append-only records, one
// hash-chained chain per cluster, in whatever store it is handed. It decides
// nothing, holds no lease, and does not keep out somebody who may write to the
// store and rewrites a chain from one record to its end, head included.
package ledger

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"time"
)

// A Store keeps named values. A directory and an S3 bucket do.
type Store interface {
	// Read returns a value, its version, and how long ago it was written by
	// the store's own clock; an error that is fs.ErrNotExist if there is none.
	Read(ctx context.Context, key string) (data []byte, version string, age time.Duration, err error)
	// Swap replaces the version that was read, or makes the value where
	// version is empty. An error that is fs.ErrExist means that nothing was
	// written, because another version is there; after any other error it is
	// not known whether it was. What it wrote is durable when it returns.
	Swap(ctx context.Context, key, version string, data []byte) (next string, err error)
	// List returns all keys with a prefix, sorted.
	List(ctx context.Context, prefix string) ([]string, error)
}

// A Ledger appends records and reads them back. All fields are required.
type Ledger struct {
	Store   Store
	Now     func() time.Time
	Sleep   func(context.Context, time.Duration) error // lets time pass, or returns when the context ends
	Version string                                     // of holdfast, for the records
}

// ErrFenced is an intent whose lease somebody else has taken over: its token is
// lower than one that the chain has seen. It was not written.
var ErrFenced = errors.New("somebody else has taken over the lease")

// ErrDamaged is a chain that no crash explains: records or its head were cut or
// edited.
var ErrDamaged = errors.New("the ledger is damaged")

const (
	attempts = 100 // most turns of one Append; each lost turn is a record of somebody else
	failures = 3   // most turns in which the store failed; stores try again by themselves

	call = 30 * time.Second // longest that the store may take to answer once
)

func (l *Ledger) read(ctx context.Context, key string) (data []byte, version string, age time.Duration, err error) {
	ctx, cancel := context.WithTimeout(ctx, call)
	defer cancel()
	return l.Store.Read(ctx, key)
}

func (l *Ledger) swap(ctx context.Context, key, version string, data []byte) error {
	ctx, cancel := context.WithTimeout(ctx, call)
	defer cancel()
	_, err := l.Store.Swap(ctx, key, version, data)
	return err
}

// Append writes one record to the chain of its account and cluster and returns
// its place. It fills in what the chain decides (format, chain, sequence number,
// digest of the record before, marks, fence), and At, Run and the version where
// they are zero; of an intent also what it ends and resizes, from its verdict.
//
// When it returns without an error, the record is durable. After an error it
// may have been written all the same: an intent that is written and never
// acted on is reported by Recent as unfinished, which is the safe side.
//
// It costs three calls of the store, however long the chain is: read the head,
// make the record, move the head.
func (l *Ledger) Append(ctx context.Context, r Record) (Ref, error) {
	if err := l.fill(&r); err != nil {
		return Ref{}, err
	}
	a := appending{l: l, r: r, chain: Chain(r.Account, r.Cluster)}
	for turn := range attempts {
		if turn > 0 {
			if err := l.Sleep(ctx, backoff(turn)); err != nil {
				return Ref{}, a.failed(err)
			}
		}
		ref, err := a.turn(ctx)
		switch {
		case err == nil:
			return ref, nil
		case errors.Is(err, errLost):
		case errors.Is(err, ErrFenced), errors.Is(err, ErrDamaged), errors.Is(err, errTooLong), ctx.Err() != nil:
			return ref, a.failed(err)
		default:
			if a.failures++; a.failures >= failures {
				return ref, a.failed(err)
			}
		}
	}
	return Ref{}, a.failed(fmt.Errorf("others wrote to it %d times in a row", attempts))
}

// Each appends the same record to the chains of several clusters, in that
// order; no cluster at all means the chain of changes that touch none. The
// input and the verdict are in the first only, and the others refer to it.
// After an error the places of those that were written are returned with it.
func (l *Ledger) Each(ctx context.Context, clusters []string, r Record) ([]Ref, error) {
	if len(clusters) == 0 {
		clusters = []string{""}
	}
	if err := l.fill(&r); err != nil {
		return nil, err
	}
	var refs []Ref
	for i, cluster := range clusters {
		one := r
		one.Cluster, one.Ends, one.Sizes = cluster, nil, nil
		if token, ok := r.Tokens[cluster]; ok || i > 0 {
			one.Token = token // the token of another lease would fence the wrong one
		}
		if one.Kind == Intent {
			one.Ends, one.Sizes = effects(r.Verdict, cluster)
		}
		if i > 0 && r.Input != nil {
			one.Input, one.Verdict, one.See = nil, nil, &refs[0]
		}
		ref, err := l.Append(ctx, one)
		if err != nil {
			return refs, err
		}
		refs = append(refs, ref)
	}
	return refs, nil
}

// fill fills in what does not depend on the chain.
func (l *Ledger) fill(r *Record) error {
	if r.Kind == KindUnknown || r.Run == "" {
		return errors.New("a record without a kind or a run cannot be kept\nThis is a defect of holdfast; report it")
	}
	if r.At.IsZero() {
		r.At = l.Now()
	}
	r.At = r.At.UTC()
	r.FormatVersion = FormatVersion
	if r.Holdfast == "" {
		r.Holdfast = l.Version
	}
	if r.Kind == Intent && r.Verdict != nil {
		r.Ends, r.Sizes = effects(r.Verdict, r.Cluster)
	}
	return nil
}

// errLost is a turn that somebody else won.
var errLost = errors.New("another record was written first")

// errTooLong is a record of more than maxRecord bytes: no store would take it.
var errTooLong = errors.New("it would be longer than 64 MiB")

// appending is one Append on its way.
type appending struct {
	l        *Ledger
	r        Record
	chain    string
	failures int
	doubtful *written // a write of which it is not known whether it happened
}

type written struct {
	seq  int
	data []byte
}

// turn tries once to write the record behind the head.
func (a *appending) turn(ctx context.Context) (Ref, error) {
	h, version, err := a.l.head(ctx, a.chain)
	if err != nil {
		return Ref{}, err
	}
	if ref, ok, err := a.resolve(ctx, h); ok || err != nil {
		return ref, err
	}
	if a.r.Kind == Intent && a.r.Token > 0 && a.r.Token < h.Fence {
		return Ref{}, ErrFenced
	}
	data, next, err := seal(a.r, a.chain, h)
	if err != nil {
		return Ref{}, err
	}
	ref := Ref{Chain: a.chain, Seq: next.Seq, SHA256: next.SHA256}
	if err := a.l.swap(ctx, recordKey(a.chain, next.Seq), "", data); err != nil {
		there, _, _, readErr := a.l.read(ctx, recordKey(a.chain, next.Seq))
		switch {
		case readErr == nil && !bytes.Equal(there, data):
			return Ref{}, a.catchUp(ctx, h, version, there)
		case readErr != nil:
			// It may be written yet; what comes of it is looked up first in the
			// next turn, so that one record is never written twice.
			a.doubtful = &written{next.Seq, data}
			return Ref{}, err
		}
	}
	return ref, a.l.moveHead(ctx, a.chain, version, next)
}

// resolve finds out what became of a write that was in doubt, once the head has
// reached its place.
func (a *appending) resolve(ctx context.Context, h head) (Ref, bool, error) {
	if a.doubtful == nil || h.Seq < a.doubtful.seq {
		return Ref{}, false, nil
	}
	there, _, _, err := a.l.read(ctx, recordKey(a.chain, a.doubtful.seq))
	if err != nil {
		return Ref{}, false, err
	}
	ours := bytes.Equal(there, a.doubtful.data)
	ref := Ref{Chain: a.chain, Seq: a.doubtful.seq, SHA256: digest(there)}
	a.doubtful = nil
	return ref, ours, nil
}

// catchUp moves the head over a record that somebody else wrote behind it: the
// writer is about to do the same, or was killed before.
func (a *appending) catchUp(ctx context.Context, h head, version string, there []byte) error {
	e, err := decode(a.chain, h.Seq+1, there)
	if err != nil || e.Record.Previous != h.SHA256 {
		return fmt.Errorf("%w: record %d does not follow from the one before", ErrDamaged, h.Seq+1)
	}
	if err := a.l.lags(ctx, a.chain, h); err != nil {
		return err
	}
	if err := a.l.moveHead(ctx, a.chain, version, after(e.Record, e.Ref.SHA256)); err != nil {
		return err
	}
	return errLost
}

// lags proves that a head with a record behind it is one that a writer has not
// moved yet. A writer moves it before it goes on, so two records behind a head
// that stands still were not left by any crash.
func (l *Ledger) lags(ctx context.Context, chain string, h head) error {
	_, _, _, err := l.read(ctx, recordKey(chain, h.Seq+2))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	now, _, err := l.head(ctx, chain)
	if err != nil {
		return err
	}
	if now.Seq == h.Seq {
		return fmt.Errorf("%w: its head stands at %d and there are records far behind it", ErrDamaged, h.Seq)
	}
	return errLost
}

// moveHead moves the head of a chain forward, unless somebody else has.
func (l *Ledger) moveHead(ctx context.Context, chain, version string, next head) error {
	data, err := next.bytes()
	if err != nil {
		return err
	}
	for turn := range failures {
		if turn > 0 {
			if err := l.Sleep(ctx, backoff(turn)); err != nil {
				return err
			}
		}
		if err = l.swap(ctx, headKey(chain), version, data); err == nil {
			return nil
		}
		now, v, readErr := l.head(ctx, chain)
		if readErr == nil && now.Seq >= next.Seq {
			return nil
		}
		if readErr == nil {
			version = v
		}
	}
	return fmt.Errorf("its head could not be moved to record %d: %w", next.Seq, err)
}

// head reads the head of a chain; a chain that is empty has the zero head.
func (l *Ledger) head(ctx context.Context, chain string) (head, string, error) {
	data, version, _, err := l.read(ctx, headKey(chain))
	if errors.Is(err, fs.ErrNotExist) {
		return head{}, "", nil
	}
	if err != nil {
		return head{}, "", err
	}
	h, err := decodeHead(data)
	return h, version, err
}

// failed says what an Append that gave up means.
func (a *appending) failed(err error) error {
	what := fmt.Errorf("the record of %s could not be written to the ledger, in %s: %w", a.r.Kind.said(), a.chain, err)
	switch {
	case errors.Is(err, ErrDamaged):
		return fmt.Errorf("%w\nRun holdfast record verify; keep what is there for an inquiry, and name a new store in holdfast.hcl", what)
	case errors.Is(err, ErrFenced):
		return fmt.Errorf("%w\nRun holdfast lease list to see whose it is, and plan again", what)
	case errors.Is(err, errTooLong):
		return fmt.Errorf("%w\nPlan less at once", what)
	}
	return fmt.Errorf("%w\nSee that the store of holdfast.hcl can be written, and run the command again", what)
}

// backoff is how long to wait before a turn: longer each time, up to about a
// second, and never the same for two.
func backoff(turn int) time.Duration {
	longest := 10 * time.Millisecond << min(turn, 6)
	return longest/2 + rand.N(longest/2)
}
