package lease

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"time"
	"unicode"
)

const formatVersion = "1"

// record is a lease as the store keeps it. It is never deleted, so that the
// token only grows. No two writes have the same bytes: Token, Writes and
// Released tell them apart.
type record struct {
	FormatVersion string        `json:"format_version"`
	Account       string        `json:"account"`
	Cluster       string        `json:"cluster"`
	Token         int64         `json:"token"`    // grows by one with every taking
	Holder        Holder        `json:"holder"`   // who has it, or had it last
	TTL           time.Duration `json:"ttl"`      // nanoseconds of life after each write
	Writes        int           `json:"writes"`   // tries of the holder to write it, since it was taken
	Held          time.Duration `json:"held"`     // nanoseconds from its taking to this write
	Released      bool          `json:"released"` // nobody has it
	Broken        *Broken       `json:"broken,omitempty"`
	Before        *Before       `json:"before,omitempty"`
}

// Broken is the end that somebody else gave a lease.
type Broken struct {
	By     string        `json:"by"`
	Reason string        `json:"reason"`
	Left   time.Duration `json:"left"` // nanoseconds its life still had; nobody can take it sooner
}

// Before is whose a lease was that had run out when it was taken.
type Before struct {
	Holder Holder `json:"holder"`
	Token  int64  `json:"token"`
}

// left is how long it takes until a record of that age can be taken; not
// positive means that it can be. Each record brings its own life along: those
// who share a store need not agree about it.
func (r record) left(age time.Duration) time.Duration {
	switch {
	case r.Released && r.Broken == nil:
		return 0
	case r.Released:
		return r.Broken.Left + slack - age
	}
	return r.TTL + slack - age
}

// of reports whether a record is of this very taking, and not released.
func (r record) of(other record) bool {
	return r.Holder.ID == other.Holder.ID && r.Token == other.Token && !r.Released
}

// same reports whether a record is what one write wrote.
func (r record) same(w record) bool {
	return r.Holder.ID == w.Holder.ID && r.Token == w.Token && r.Writes == w.Writes && r.Released == w.Released && (r.Broken == nil) == (w.Broken == nil)
}

// found is a record as it was read.
type found struct {
	record
	key     string
	version string // empty means that there is none yet
	age     time.Duration
}

// read reads a lease. One that nobody ever took is the zero record, released.
func read(ctx context.Context, s Store, account, cluster string) (found, error) {
	f, err := readKey(ctx, s, key(account, cluster))
	if errors.Is(err, fs.ErrNotExist) {
		return found{key: f.key, record: record{FormatVersion: formatVersion, Account: account, Cluster: cluster, Released: true}}, nil
	}
	if err == nil && (f.Account != account || f.Cluster != cluster) {
		// Fail closed: whose it is is not known.
		err = fmt.Errorf("the record %s is about %s of %s\nSee who else writes to this store", f.key, clean(f.Cluster), clean(f.Account))
	}
	return f, err
}

func readKey(ctx context.Context, s Store, key string) (found, error) {
	type answer struct {
		data    []byte
		version string
		age     time.Duration
	}
	a, err := within(ctx, func(ctx context.Context) (a answer, err error) {
		a.data, a.version, a.age, err = s.Read(ctx, key)
		return a, err
	})
	if err != nil {
		return found{key: key}, err
	}
	f := found{key: key, version: a.version, age: a.age}
	if err := json.Unmarshal(a.data, &f.record); err != nil || f.FormatVersion != formatVersion || f.Token < 1 || f.TTL <= 0 || f.Cluster == "" {
		// Fail closed: a record that cannot be understood may be of somebody who is
		// changing the cluster.
		return found{key: key}, fmt.Errorf("the record %s is not one that this version of holdfast understands\nUse the version that wrote it; if nobody changes that cluster, remove the object", key)
	}
	return f, nil
}

// standing is the error of a write in whose way another record stands.
type standing struct{ found }

func (s standing) Error() string { return "another record of " + s.Cluster + " was written first" }

// write puts a record in the place of the version that was read. Where the
// store does not say whether it did, what is there now does: if it is what was
// written, all is well, even if it was written by a try that seemed to fail.
func write(ctx context.Context, s Store, f found, r record) (version string, err error) {
	data, err := json.Marshal(r)
	if err != nil {
		return "", err
	}
	version, err = within(ctx, func(ctx context.Context) (string, error) { return s.Swap(ctx, f.key, f.version, data) })
	if err == nil {
		return version, nil
	}
	now, readErr := readKey(ctx, s, f.key)
	switch {
	case readErr == nil && now.same(r):
		return now.version, nil
	case readErr == nil && (now.version != f.version || errors.Is(err, fs.ErrExist)):
		return "", standing{now}
	case errors.Is(readErr, fs.ErrNotExist) && errors.Is(err, fs.ErrExist):
		return "", standing{found{key: f.key}}
	case readErr != nil && errors.Is(err, fs.ErrExist):
		return "", readErr
	}
	return "", err
}

// within bounds one call of the store, also of one that does not heed its
// context: a hanging network file system does not. Such a call is left behind,
// and shares nothing with who made it.
func within[T any](ctx context.Context, f func(context.Context) (T, error)) (T, error) {
	var none T
	if ctx.Err() != nil {
		return none, ctx.Err()
	}
	ctx, cancel := context.WithTimeout(ctx, call)
	defer cancel()
	type answer struct {
		value T
		err   error
	}
	done := make(chan answer, 1)
	go func() {
		value, err := f(ctx)
		done <- answer{value, err}
	}()
	select {
	case a := <-done:
		return a.value, a.err
	case <-ctx.Done():
	}
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return none, errors.New("the store gave no answer in time\nSee whether it can be reached, and try again")
	}
	return none, ctx.Err()
}

// String names a holder in a sentence, without what acts on a terminal.
func (h Holder) String() string {
	who := clean(h.Actor)
	if who == "" {
		who = "somebody"
	}
	if h.Host != "" {
		who += " on " + clean(h.Host)
	}
	return who
}

// from says where a holder runs.
func (h Holder) from() string {
	out := ""
	if h.Directory != "" {
		out += " from " + clean(h.Directory)
	}
	if h.Run != "" {
		out += " (" + clean(h.Run) + ")"
	}
	return out
}

// clean makes what stands in a shared store fit for a terminal.
func clean(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return '?'
	}, s)
}

// quoted is a name as a word of a shell.
func quoted(name string) string {
	if name != "" && strings.Trim(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./:") == "" {
		return name
	}
	return "'" + strings.ReplaceAll(clean(name), "'", `'\''`) + "'"
}

func round(d time.Duration) time.Duration { return max(d, time.Second).Round(time.Second) }
