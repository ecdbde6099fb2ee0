package ledger

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"
)

// A Fault is one thing that no honest writer, killed at whatever moment, has
// left behind.
type Fault struct {
	Chain string `json:"chain"`         // empty for a file of no chain
	Seq   int    `json:"seq,omitempty"` // zero when it is about the chain as a whole
	Text  string `json:"text"`          // one sentence
}

// Verify reads everything and returns what is wrong, chain by chain, and how
// many records it read. It finds an edit, a cut, a reordering, a renamed file,
// a file of something else and a copy. What it cannot find is a chain that was
// rewritten from some record to its end together with its head, or removed
// altogether, unless a chain of another cluster of the same change refers to it:
// keep what Heads gives where others cannot write. The last record is bound by
// nothing but the head, and by nothing at all while that lags.
//
// It may run while others append. The error says that something could not be
// read, and then nothing is proved.
func (l *Ledger) Verify(ctx context.Context) ([]Fault, int, error) {
	v := &verifying{l: l, heads: map[string]head{}, sums: map[string]string{}}
	// Heads first: what is appended from here on lies behind them.
	if err := v.readHeads(ctx); err != nil {
		return nil, 0, err
	}
	keys, err := l.Store.List(ctx, recordPrefix)
	if err != nil {
		return nil, 0, notProved(err)
	}
	chains := map[string][]int{}
	for _, key := range keys {
		chain, seq, ok := place(key)
		if !ok {
			v.fault("", 0, "%q is not the file of a record", key)
			continue
		}
		chains[chain] = append(chains[chain], seq)
	}
	for chain := range v.heads {
		chains[chain] = append(chains[chain], nil...) // one whose records are all gone
	}
	for _, chain := range slices.Sorted(maps.Keys(chains)) {
		slices.Sort(chains[chain])
		if err := v.verify(ctx, chain, chains[chain]); err != nil {
			return nil, v.read, notProved(err)
		}
	}
	for _, e := range v.sees {
		if err := v.refers(ctx, e.Ref, *e.Record.See); err != nil {
			return nil, v.read, notProved(err)
		}
	}
	return v.faults, v.read, nil
}

func notProved(err error) error {
	return fmt.Errorf("the ledger could not be read to its end, so nothing is proved: %w\nSee that the store of holdfast.hcl can be read, and verify again", err)
}

type verifying struct {
	l      *Ledger
	heads  map[string]head // those that can be read
	broken map[string]bool // chains whose head cannot
	faults []Fault
	read   int
	sums   map[string]string // digests of the records read, by place
	sees   []Entry           // those that refer to another chain
}

func (v *verifying) fault(chain string, seq int, text string, args ...any) {
	v.faults = append(v.faults, Fault{chain, seq, fmt.Sprintf(text, args...)})
}

func (v *verifying) readHeads(ctx context.Context) error {
	keys, err := v.l.Store.List(ctx, headPrefix)
	if err != nil {
		return notProved(err)
	}
	v.broken = map[string]bool{}
	for _, key := range keys {
		chain := strings.TrimPrefix(key, headPrefix)
		if strings.Count(chain, "/") != 1 {
			v.fault("", 0, "%q is not the file of a head", key)
			continue
		}
		h, _, err := v.l.head(ctx, chain)
		switch {
		case errors.Is(err, ErrDamaged):
			v.broken[chain] = true
			v.fault(chain, 0, "its head was edited, or written by a newer holdfast")
		case err != nil:
			return notProved(err)
		case h.Seq > 0:
			v.heads[chain] = h
		}
	}
	return nil
}

// verify goes through one chain, from its first record to its last.
func (v *verifying) verify(ctx context.Context, chain string, seqs []int) error {
	h := v.heads[chain]
	end, whole := head{}, true // what the record before leaves behind, and whether that is known
	for _, seq := range seqs {
		if seq != end.Seq+1 {
			v.missing(chain, end.Seq+1, seq-1)
			whole = false
		}
		data, _, _, err := v.l.read(ctx, recordKey(chain, seq))
		if errors.Is(err, fs.ErrNotExist) {
			continue // it went while we looked; the next one tells
		}
		if err != nil {
			return err
		}
		v.read++
		e, err := decode(chain, seq, data)
		if err != nil {
			v.fault(chain, seq, "record %d was changed after it was written, or put in its place: %s", seq, oneLine(err))
		} else if why := follows(e, end, whole); why != "" {
			v.fault(chain, seq, "record %d does not follow from record %d, so one of them was changed: %s", seq, seq-1, why)
		}
		v.sums[e.Ref.String()] = e.SHA256
		if err == nil && e.Record.See != nil {
			v.sees = append(v.sees, Entry{Ref: e.Ref, Record: Record{See: e.Record.See}})
		}
		// The digest of a record that cannot be read still binds the next.
		whole = err == nil
		if end = (head{Seq: seq, SHA256: e.SHA256}); whole {
			end = after(e.Record, e.SHA256)
		}
		switch {
		case seq != h.Seq:
		case h.SHA256 != e.SHA256:
			v.fault(chain, seq, "record %d is not the one that the head names, so one of them was changed", seq)
		case whole && !h.same(end):
			v.fault(chain, 0, "its head was edited: it is not what record %d leaves behind", seq)
		}
	}
	return v.ending(ctx, chain, h, end)
}

// refers holds a reference against the record that it names, so that a chain
// that was rewritten or removed is missed by those that refer to it.
func (v *verifying) refers(ctx context.Context, from, to Ref) error {
	sum, ok := v.sums[to.String()]
	if !ok {
		// It may have been written after we looked.
		data, _, _, err := v.l.read(ctx, recordKey(to.Chain, to.Seq))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		sum = digest(data)
	}
	if sum != to.SHA256 {
		v.fault(from.Chain, from.Seq, "record %d refers to record %s, and that is not there or was changed", from.Seq, to)
	}
	return nil
}

// follows says how a record does not follow from the one before; empty if it
// does. Where that one is missing there is nothing to hold against it, and
// where it cannot be read only its digest.
func follows(e Entry, before head, whole bool) string {
	carried := head{Seq: before.Seq, SHA256: before.SHA256, Fence: e.Record.Fence, Marks: e.Record.Marks}
	switch {
	case before.Seq == e.Seq-1 && e.Record.Previous != before.SHA256:
		return "the later does not name the earlier by its digest"
	case whole && !carried.same(before):
		return "the later does not carry on what the earlier leaves open"
	}
	return ""
}

func (v *verifying) missing(chain string, from, to int) {
	if from == to {
		v.fault(chain, from, "record %d is missing", from)
		return
	}
	v.fault(chain, from, "records %d to %d are missing", from, to)
}

// ending holds the end of a chain against its head, which may be one record
// behind after a crash, and more if others append while this runs.
func (v *verifying) ending(ctx context.Context, chain string, h, end head) error {
	if v.broken[chain] {
		return nil
	}
	switch {
	case h.Seq > end.Seq:
		v.missing(chain, end.Seq+1, h.Seq)
		return nil
	case h.Seq+1 >= end.Seq:
		return nil
	}
	now, _, err := v.l.head(ctx, chain)
	if err != nil && !errors.Is(err, ErrDamaged) {
		return err
	}
	if now.Seq+1 < end.Seq {
		v.fault(chain, 0, "its head stands at record %d and the last is %d: the head was cut or edited", now.Seq, end.Seq)
	}
	return nil
}

// oneLine is an error without its advice.
func oneLine(err error) string {
	return strings.ReplaceAll(strings.TrimSpace(err.Error()), "\n", "; ")
}
