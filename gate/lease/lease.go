// Package lease lets one change at a time happen in a cluster: a record in a
// store that everybody shares, which one holder may renew and others may take
// over when its life has run out. It does not fence, and is no promise beyond
// what follows.
//
// What it does not promise:
//
//   - That nothing reaches AWS after a lease is lost. Terraform's calls carry no
//     token that AWS could refuse, so a change that is already on its way is
//     done. Who loses a lease learns it before anybody else can take it, and can
//     stop; the token in the ledger shows afterwards who was late.
//   - Anything of a process that is paused, or a machine that is suspended. It
//     learns of the loss when it goes on, within a second, and not before.
//   - That two names are one cluster. Two configs that call the same members
//     by different names, or two stores, exclude nobody.
//   - That whoever changes the cluster without holdfast waits.
//
// Nobody compares the clocks of two machines. Whether a lease has run out is
// judged by how long ago the store says its record was written, plus a slack;
// its holder counts from before it sent that write, with its own clock, and
// ends sooner. A store whose clock is put forward by more than the slack while
// a lease is held breaks this, except that a holder on the same machine sees
// the same jump.
package lease

import (
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"sync"
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
	// not known whether it was.
	Swap(ctx context.Context, key, version string, data []byte) (next string, err error)
	// List returns all keys with a prefix, sorted.
	List(ctx context.Context, prefix string) ([]string, error)
}

// A Holder is who takes a lease. It is shown to whoever finds the cluster
// taken, and must hold no secrets.
type Holder struct {
	ID        string `json:"id"`                  // random, one per run
	Actor     string `json:"actor,omitempty"`     // ARN that STS gave for the credentials, or the user's name
	Host      string `json:"host,omitempty"`      // name of the machine
	Directory string `json:"directory,omitempty"` // where terraform is run
	Plan      string `json:"plan,omitempty"`      // SHA-256 of the plan file
	PID       int    `json:"pid,omitempty"`
	Run       string `json:"run,omitempty"` // address of the CI run; empty means none
}

// NewID returns an identity for the Holder of one run.
func NewID() string { return rand.Text() }

// The times of a lease.
const (
	DefaultTTL = 2 * time.Minute

	// slack is how much longer than its life a record must have been left alone,
	// by the store's clock, before another may take it: S3 tells times to the
	// second, rounded down, and its servers' clocks are not one.
	slack = 5 * time.Second
	// secondLook is how long somebody who finds a lease that has run out waits
	// before looking again, so that a holder that wakes up from a suspension, or
	// whose machine's clock was put forward, has seen it too.
	secondLook = 3 * time.Second
	// call is the longest that one call of the store may take, and back the
	// longest that giving a lease back may.
	call, back = 25 * time.Second, 15 * time.Second
	// poll is how often somebody who waits looks again, and news how often it is
	// said.
	poll, news = 3 * time.Second, 30 * time.Second
)

// A Keeper takes leases for one holder.
type Keeper struct {
	Store  Store
	Holder Holder                                     // its ID must not be empty
	TTL    time.Duration                              // life of a lease that is not renewed; zero means DefaultTTL
	Now    func() time.Time                           // the time that is shown and that Take's wait is counted by; nil means time.Now
	Sleep  func(context.Context, time.Duration) error // lets time pass while Take waits, or returns when the context ends; nil means a timer
	Log    io.Writer                                  // gets a line where there is something to wait for or to worry about, from several goroutines one at a time; nil means nobody listens

	clock func() time.Time // what the life of a lease is counted by; nil means time.Now
	mu    sync.Mutex       // held while writing to Log
}

func (k *Keeper) ttl() time.Duration {
	if k.TTL == 0 {
		return DefaultTTL
	}
	return k.TTL
}

// tick is how often a holder looks at its clock.
func (k *Keeper) tick() time.Duration { return min(time.Second, k.ttl()/30) }

// margin is how much before the end of a lease's life its holder counts it as
// lost: time to see it, and for what was asked for already to arrive.
func (k *Keeper) margin() time.Duration { return k.ttl() / 8 }

func (k *Keeper) now() time.Time {
	if k.Now == nil {
		return time.Now()
	}
	return k.Now()
}

func (k *Keeper) sleep(ctx context.Context, d time.Duration) error {
	if k.Sleep != nil {
		return k.Sleep(ctx, d)
	}
	return timer(ctx, d)
}

// timer lets time pass.
func timer(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}

func (k *Keeper) say(format string, args ...any) {
	if k.Log != nil {
		k.mu.Lock()
		defer k.mu.Unlock()
		// Nobody is left to tell that it cannot be told.
		_, _ = fmt.Fprintf(k.Log, format+"\n", args...)
	}
}

// instant is now, by the clock that the life of a lease is counted by.
func (k *Keeper) instant() time.Time {
	if k.clock == nil {
		return time.Now()
	}
	return k.clock()
}

// passed is how long ago an instant was: what the monotonic clock says or what
// the wall clock says, whichever is more. The first stands still while a
// machine is suspended (Go's is CLOCK_MONOTONIC), the second can be put back.
func (k *Keeper) passed(since time.Time) time.Duration {
	now := k.instant()
	return max(now.Sub(since), now.Round(0).Sub(since.Round(0)))
}

// A HeldError is a cluster that somebody else is changing.
type HeldError struct {
	Cluster string
	Holder  Holder
	Since   time.Time     // by the clock of whoever reads it
	Left    time.Duration // until it can be taken, if it is not renewed
	Broken  *Broken       // somebody has ended it; nil means nobody
}

func (e *HeldError) Error() string {
	if e.Broken != nil {
		return fmt.Sprintf("the lease of %s was ended by %s (%s), and %s may not have noticed yet: it can be taken in %s\nWait for it with --wait %s",
			e.Cluster, e.Broken.By, e.Broken.Reason, e.Holder.String(), round(e.Left), round(max(e.Left, time.Minute)))
	}
	return fmt.Sprintf("%s is being changed by %s since %s%s; the lease runs out in %s unless it is renewed\n"+
		"Wait for it with --wait 10m, look with holdfast lease list, or end it with holdfast lease release %s --reason TEXT if that run is dead",
		e.Cluster, e.Holder.String(), e.Since.UTC().Format("15:04:05 UTC"), e.Holder.from(), round(e.Left), quoted(e.Cluster))
}

// A Takeover is a lease that had run out and was taken from its holder.
type Takeover struct {
	Cluster string
	From    Holder        // whose it was
	Token   int64         // of theirs
	Silent  time.Duration // since the store last heard of it
}
