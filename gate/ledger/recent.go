package ledger

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"time"

	"github.com/holdfast-gate/holdfast/gate"
)

// Recent returns the changes of a cluster that a snapshot may not show yet,
// newest first: those that ended less than since ago, and those of which nobody
// recorded the end and no later change has. The second answer is the intents of
// the latter, oldest first, the last 32 at most: what was going on when somebody
// was killed.
//
// A record is as old as its own clock and the store's make it, whichever says
// less, so that a clock that is ahead hides nothing. It reads the end of the
// chain back to the first record that is older than since, and then only the
// intents that the chain itself has marked: never the whole chain. Everything
// it reads is held against the digests that the chain gives. What cannot be
// read or does not fit is an error, and never "nothing happened".
func (l *Ledger) Recent(ctx context.Context, account, cluster string, since time.Duration) ([]gate.Recent, []Record, error) {
	now := l.Now()
	t, err := l.tail(ctx, Chain(account, cluster))
	if err != nil || t == nil {
		return nil, nil, err
	}
	ended := map[int]time.Time{} // when the change of an intent ended
	idle := map[int]bool{}       // intents that nothing came of
	found := map[int]Entry{}
	var wanted []Mark
	for e := range t.back(ctx, &err) {
		if age(now, e) >= since {
			break
		}
		switch m := e.Record.Intent; {
		case e.Record.Kind == Intent:
			found[e.Seq] = e
		case e.Record.Kind == Outcome && m != nil:
			ended[m.Seq], idle[m.Seq] = instant(now, e), e.Record.Idle
			wanted = append(wanted, *m)
		}
	}
	if err != nil {
		return nil, nil, unreadable(t.chain, err)
	}
	for _, m := range t.end.Marks {
		if m.Kind == Intent {
			wanted = append(wanted, m)
		}
	}
	for _, m := range wanted {
		if _, ok := found[m.Seq]; !ok {
			if found[m.Seq], err = l.marked(ctx, t.chain, m); err != nil {
				return nil, nil, unreadable(t.chain, err)
			}
		}
	}
	var recent []gate.Recent
	var open []Record
	for seq, e := range found {
		if idle[seq] {
			continue
		}
		r := gate.Recent{Record: e.Ref.String(), At: ended[seq], Ends: e.Record.Ends, Sizes: e.Record.Sizes}
		if r.At.IsZero() {
			r.At, r.Open = instant(now, e), true
		}
		recent = append(recent, r)
		if slices.ContainsFunc(t.end.Marks, func(m Mark) bool { return m.Kind == Intent && m.Seq == seq }) {
			open = append(open, e.Record)
		}
	}
	slices.SortFunc(open, func(a, b Record) int { return a.Seq - b.Seq })
	slices.SortFunc(recent, func(a, b gate.Recent) int { return seqOf(b.Record) - seqOf(a.Record) })
	return recent, open, nil
}

// Overrides returns the overrides of one plan in the chain of one cluster that
// have not expired, in the order they were given. Whether they hold is for the
// gate to say. It reads as many records as there are
// such overrides in the cluster, and the last one.
func (l *Ledger) Overrides(ctx context.Context, account, cluster, plan string) ([]gate.Override, error) {
	t, err := l.tail(ctx, Chain(account, cluster))
	if err != nil || t == nil || plan == "" {
		return nil, err
	}
	var out []gate.Override
	for _, m := range t.end.Marks {
		if m.Kind != Overridden || !l.Now().Before(m.Expires) {
			continue
		}
		e, err := l.marked(ctx, t.chain, m)
		if err != nil {
			return nil, unreadable(t.chain, err)
		}
		if o := e.Record.Override; o != nil && o.Plan == plan {
			given := *o
			given.Record = e.Ref.String()
			out = append(out, given)
		}
	}
	return out, nil
}

// age is how long ago a record was written: the less of what its writer's clock
// and the store's make of it.
func age(now time.Time, e Entry) time.Duration { return min(now.Sub(e.Record.At), e.Age) }

// instant is when a record was written, by the same rule, and never later than
// now.
func instant(now time.Time, e Entry) time.Time { return now.Add(-max(0, age(now, e))).UTC() }

func seqOf(place string) int {
	_, seq, _ := parsePlace(place)
	return seq
}

// tail is the end of a chain, proved against its head.
type tail struct {
	l     *Ledger
	chain string
	last  Entry
	end   head // what the last record leaves behind
}

// tail reads the head of a chain and its last record; nil if the chain is
// empty.
func (l *Ledger) tail(ctx context.Context, chain string) (*tail, error) {
	for range attempts {
		t, err := l.end(ctx, chain)
		if !errors.Is(err, errLost) {
			return t, unreadable(chain, err)
		}
	}
	return nil, unreadable(chain, errLost)
}

func (l *Ledger) end(ctx context.Context, chain string) (*tail, error) {
	h, _, err := l.head(ctx, chain)
	if err != nil {
		return nil, err
	}
	// The writer of one more record may have been killed before it moved the
	// head.
	last, err := l.record(ctx, chain, h.Seq+1)
	switch {
	case err == nil && last.Record.Previous != h.SHA256:
		return nil, fmt.Errorf("%w: record %d does not follow from the one before", ErrDamaged, last.Seq)
	case err == nil:
		err = l.lags(ctx, chain, h)
	case errors.Is(err, fs.ErrNotExist) && h.Seq == 0:
		return nil, nil
	case errors.Is(err, fs.ErrNotExist):
		last, err = l.marked(ctx, chain, Mark{Seq: h.Seq, SHA256: h.SHA256})
	}
	if err != nil {
		return nil, err
	}
	return &tail{l, chain, last, after(last.Record, last.SHA256)}, nil
}

// back goes from the last record to the first. It ends early when one cannot be
// read or is not the one that its successor names, with err set.
func (t *tail) back(ctx context.Context, err *error) func(func(Entry) bool) {
	return func(yield func(Entry) bool) {
		for e := t.last; yield(e) && e.Seq > 1; {
			if e, *err = t.l.marked(ctx, t.chain, Mark{Seq: e.Seq - 1, SHA256: e.Record.Previous}); *err != nil {
				return
			}
		}
	}
}

// marked reads a record of which the digest is known.
func (l *Ledger) marked(ctx context.Context, chain string, m Mark) (Entry, error) {
	e, err := l.record(ctx, chain, m.Seq)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		// A record that was there and is not: never "it did not happen".
		return e, fmt.Errorf("%w: record %d is gone", ErrDamaged, m.Seq)
	case err != nil:
		return e, err
	case e.SHA256 != m.SHA256:
		return e, fmt.Errorf("%w: record %d was changed after it was written", ErrDamaged, m.Seq)
	}
	return e, nil
}

// record reads one record.
func (l *Ledger) record(ctx context.Context, chain string, seq int) (Entry, error) {
	data, _, age, err := l.read(ctx, recordKey(chain, seq))
	if err != nil {
		return Entry{Ref: Ref{Chain: chain, Seq: seq}}, err
	}
	e, err := decode(chain, seq, data)
	e.Age = age
	if err != nil {
		return e, fmt.Errorf("record %d: %w", seq, err)
	}
	return e, nil
}

// unreadable says what it means that the past of a cluster is not known; nil if
// it is.
func unreadable(chain string, err error) error {
	if err == nil {
		return nil
	}
	what := fmt.Errorf("the ledger could not be read, so it is not known what was done last (%s): %w", chain, err)
	if errors.Is(err, ErrDamaged) {
		return fmt.Errorf("%w\nRun holdfast record verify; keep what is there for an inquiry, and name a new store in holdfast.hcl", what)
	}
	return fmt.Errorf("%w\nSee that the store of holdfast.hcl can be read, and run the command again", what)
}
