package ledger

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/holdfast-gate/holdfast/gate"
)

// Records goes through the records of all chains, the newest first, or through
// those of the clusters of one name if cluster is not empty. A record that
// cannot be read comes with its error and its place, and the others still
// come. Nothing is held against a digest here: Verify does that.
func (l *Ledger) Records(ctx context.Context, cluster string) iter.Seq2[Entry, error] {
	return func(yield func(Entry, error) bool) {
		last, err := l.lasts(ctx)
		if err != nil {
			yield(Entry{}, err)
			return
		}
		type cursor struct {
			Entry
			err error
		}
		read := func(chain string, seq int) *cursor {
			e, err := l.record(ctx, chain, seq)
			return &cursor{e, err}
		}
		var open []*cursor
		for _, chain := range slices.Sorted(maps.Keys(last)) {
			if cluster == "" || strings.HasSuffix(chain, "/"+safe(cluster)) {
				open = append(open, read(chain, last[chain]))
			}
		}
		for len(open) > 0 {
			// One that cannot be read has no time, and comes at once.
			c := slices.MaxFunc(open, func(a, b *cursor) int {
				if (a.err != nil) != (b.err != nil) {
					return map[bool]int{true: 1, false: -1}[a.err != nil]
				}
				return a.Record.At.Compare(b.Record.At)
			})
			if !yield(c.Entry, c.err) || ctx.Err() != nil {
				return
			}
			if c.Seq == 1 {
				open = slices.DeleteFunc(open, func(o *cursor) bool { return o == c })
				continue
			}
			*c = *read(c.Chain, c.Seq-1)
		}
	}
}

// Heads returns where every chain ends, by its head. Whoever keeps them where
// others cannot write can tell later whether a chain was rewritten: the record
// of that number must still have that digest.
func (l *Ledger) Heads(ctx context.Context) ([]Ref, error) {
	keys, err := l.Store.List(ctx, headPrefix)
	if err != nil {
		return nil, fmt.Errorf("the ledger could not be listed: %w\nSee that the store of holdfast.hcl can be read", err)
	}
	var out []Ref
	for _, key := range keys {
		chain := strings.TrimPrefix(key, headPrefix)
		h, _, err := l.head(ctx, chain)
		if err != nil {
			return nil, unreadable(chain, err)
		}
		out = append(out, Ref{Chain: chain, Seq: h.Seq, SHA256: h.SHA256})
	}
	return out, nil
}

// lasts returns the highest number of every chain.
func (l *Ledger) lasts(ctx context.Context) (map[string]int, error) {
	keys, err := l.Store.List(ctx, recordPrefix)
	if err != nil {
		return nil, fmt.Errorf("the ledger could not be listed: %w\nSee that the store of holdfast.hcl can be read", err)
	}
	out := map[string]int{}
	for _, key := range keys {
		if chain, seq, ok := place(key); ok {
			out[chain] = max(out[chain], seq)
		}
	}
	return out, nil
}

// Find reads the record of a place that somebody wrote: "search/42", or
// "123456789012/search/42" where clusters of several accounts share a name.
func (l *Ledger) Find(ctx context.Context, where string) (Entry, error) {
	name, seq, ok := parsePlace(where)
	if !ok {
		return Entry{}, fmt.Errorf("%q is not the place of a record\nGive a cluster and a number, such as search/42; holdfast record list shows them", where)
	}
	last, err := l.lasts(ctx)
	if err != nil {
		return Entry{}, err
	}
	var chains []string
	for _, chain := range slices.Sorted(maps.Keys(last)) {
		account, cluster, _ := strings.Cut(chain, "/")
		if name == chain || name == cluster || safe(name) == cluster || Chain(account, strings.TrimPrefix(name, account+"/")) == chain && strings.HasPrefix(name, account+"/") {
			chains = append(chains, chain)
		}
	}
	switch len(chains) {
	case 0:
		return Entry{}, fmt.Errorf("the ledger has no records of %q\nRun holdfast record list to see what it has", name)
	case 1:
	default:
		return Entry{}, fmt.Errorf("%q could be %s\nGive the account, too", where, strings.Join(chains, " or "))
	}
	e, err := l.record(ctx, chains[0], seq)
	if errors.Is(err, fs.ErrNotExist) {
		return e, fmt.Errorf("there is no record %d of %s; the last is %d\nRun holdfast record list to see them", seq, chains[0], last[chains[0]])
	}
	if err != nil {
		return e, fmt.Errorf("%s: %w\nRun holdfast record verify", e.Ref, err)
	}
	return e, nil
}

// Origin returns the record that holds the decision of a record: itself, the
// one that it refers to, or the intent that it ends. An error says that there
// is none, or that it is not the one that was meant.
func (l *Ledger) Origin(ctx context.Context, e Entry) (Entry, error) {
	for range 3 {
		switch r := e.Record; {
		case len(e.verdict) > 0:
			return e, nil
		case r.See != nil:
			other, err := l.marked(ctx, r.See.Chain, Mark{Seq: r.See.Seq, SHA256: r.See.SHA256})
			if err != nil {
				return e, unreadable(r.See.Chain, err)
			}
			e = other
		case r.Intent != nil:
			intent, err := l.marked(ctx, r.Chain, *r.Intent)
			if err != nil {
				return e, unreadable(r.Chain, err)
			}
			e = intent
		default:
			return e, fmt.Errorf("%s is about %s and holds no decision\nReplay an intent or a refusal", e.Ref, r.Kind.said())
		}
	}
	return e, fmt.Errorf("%s refers to no decision\nRun holdfast record verify", e.Ref)
}

// Whole decodes the input and the verdict too. A name or a word that this
// version does not know is an error: a decision is not half understood.
func (e Entry) Whole() (Record, error) {
	r := e.Record
	if len(e.input) > 0 {
		r.Input = new(gate.Input)
		if err := strict(e.input, r.Input); err != nil {
			return r, e.foreign(err)
		}
	}
	if len(e.verdict) > 0 {
		r.Verdict = new(gate.Verdict)
		if err := strict(e.verdict, r.Verdict); err != nil {
			return r, e.foreign(err)
		}
	}
	return r, nil
}

func (e Entry) foreign(err error) error {
	return fmt.Errorf("%s was written by holdfast %s and holds what this version does not know: %w\nUse that version", e.Ref, e.Record.Holdfast, err)
}

// parsePlace splits a place at its last slash.
func parsePlace(where string) (name string, seq int, ok bool) {
	i := strings.LastIndexByte(where, '/')
	if i < 1 {
		return "", 0, false
	}
	seq, err := strconv.Atoi(where[i+1:])
	return where[:i], seq, err == nil && seq > 0
}
