package lease

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"time"
)

// A State is what has become of a lease.
type State string

// The states of a lease.
const (
	Held       State = "held"       // somebody has it
	RanOut     State = "ran out"    // its holder did not give it back and cannot have it any more
	Ending     State = "ending"     // somebody has ended it, and its holder may not have noticed yet
	Released   State = "released"   // nobody has it
	Unreadable State = "unreadable" // what is there is no record of this version
)

// An Entry is one lease that was ever taken in a store.
type Entry struct {
	Account string
	Cluster string
	State   State
	Token   int64
	Holder  Holder        // who has it, or had it last
	Taken   time.Duration // since it was taken
	Silent  time.Duration // since the store last heard of it
	Left    time.Duration // until another can take it, if it is not renewed; zero: at once
	Broken  *Broken       // who ended it and why; nil means nobody
	Problem string        // why it is Unreadable, in a sentence
	Key     string        // of its record in the store
}

// List returns every lease in a store, by account and cluster.
func List(ctx context.Context, s Store) ([]Entry, error) {
	keys, err := within(ctx, func(ctx context.Context) ([]string, error) { return s.List(ctx, prefix) })
	if err != nil {
		return nil, err
	}
	var list []Entry
	for _, key := range keys {
		f, err := readKey(ctx, s, key)
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if err != nil {
			list = append(list, Entry{Key: key, State: Unreadable, Problem: err.Error()})
			continue
		}
		list = append(list, f.entry())
	}
	slices.SortFunc(list, func(a, b Entry) int {
		return cmp.Or(cmp.Compare(a.Account, b.Account), cmp.Compare(a.Cluster, b.Cluster), cmp.Compare(a.Key, b.Key))
	})
	return list, nil
}

func (f found) entry() Entry {
	e := Entry{Account: f.Account, Cluster: f.Cluster, Token: f.Token, Holder: f.Holder, Broken: f.Broken, Key: f.key,
		Taken: f.Held + f.age, Silent: f.age, Left: max(0, f.left(f.age))}
	switch {
	case !f.Released && e.Left > 0:
		e.State = Held
	case !f.Released:
		e.State = RanOut
	case e.Left > 0:
		e.State = Ending
	default:
		e.State = Released
	}
	return e
}

// Break ends the lease of somebody else. That holder is told by its next
// renewal, and may be applying until then and while it stops; so that never two
// hold it, nobody can take it before its life would have run out without that
// renewal. The Entry says how long that is. By and reason are kept in the
// record, and the token still grows.
func Break(ctx context.Context, s Store, account, cluster, by, reason string) (Entry, error) {
	if by == "" || reason == "" {
		return Entry{}, errors.New("a lease is ended by somebody, for a reason\nGive --reason TEXT")
	}
	for range turns {
		f, err := read(ctx, s, account, cluster)
		switch {
		case err != nil:
			return Entry{}, fmt.Errorf("the lease of %s could not be ended: %w", cluster, err)
		case f.version == "":
			return Entry{}, fmt.Errorf("nobody ever took a lease of %s in account %s: %w\nSee holdfast lease list for the names", cluster, account, fs.ErrNotExist)
		case f.Released && f.Broken != nil && f.left(f.age) > 0:
			return Entry{}, fmt.Errorf("the lease of %s was ended by %s already (%s)\nIt can be taken in %s", cluster, clean(f.Broken.By), clean(f.Broken.Reason), round(f.left(f.age)))
		case f.Released:
			return Entry{}, fmt.Errorf("nobody holds a lease of %s\nSee holdfast lease list", cluster)
		}
		r := f.record
		r.Released, r.Broken = true, &Broken{by, reason, max(0, r.TTL-f.age)}
		_, err = write(ctx, s, f, r)
		var other standing
		switch {
		case err == nil:
			f.record, f.age = r, 0
			return f.entry(), nil
		case !errors.As(err, &other):
			return Entry{}, fmt.Errorf("the lease of %s could not be ended: %w", cluster, err)
		}
	}
	return Entry{}, fmt.Errorf("the lease of %s kept changing while it was ended\nTry again", cluster)
}
