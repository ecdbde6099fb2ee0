package lease

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// Whatever the store does, a Take ends in time: with the lease, or with a
// sentence and without it.
func TestAStoreInTrouble(t *testing.T) {
	tests := map[string]struct {
		network func(op, key string) trouble
		words   string // of the error; empty means that the lease is taken
	}{
		"slow": {func(string, string) trouble { return trouble{there: 9 * time.Second, back: 9 * time.Second} }, ""},
		"503":  {func(string, string) trouble { return trouble{err: errUnavailable, never: true} }, "the server answered 503"},
		"refuses connections": {func(string, string) trouble {
			return trouble{err: errors.New("S3 could not be reached\nCheck the network"), never: true}
		}, "S3 could not be reached"},
		"hangs":                {func(string, string) trouble { return trouble{there: time.Hour} }, "the store gave no answer in time"},
		"hangs on writes":      {on("swap", trouble{there: time.Hour}), "the store gave no answer in time"},
		"reads only":           {on("swap", trouble{err: errUnavailable, never: true}), "the server answered 503"},
		"writes, and says 503": {on("swap", trouble{err: errUnavailable}), ""},
		"writes, and says 412": {on("swap", trouble{err: fmt.Errorf("412: %w", fs.ErrExist)}), ""},
		"says 412 for ever":    {on("swap", trouble{err: fmt.Errorf("412: %w", fs.ErrExist), never: true}), "kept changing"},
		"answers too late":     {on("swap", trouble{back: 26 * time.Second}), ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T, s *sim) {
				s.disturb(test.network)
				began := time.Now()
				l, err := keeper(s, "alice", 0).Take(t.Context(), account, []string{"search"}, 0)
				if took := time.Since(began); took > 2*time.Minute {
					t.Errorf("it took %s", took)
				}
				s.disturb(nil)
				if test.words != "" {
					says(t, err, test.words)
					pass(2 * time.Hour)
				} else {
					ok(t, err)
					ok(t, l.Check(t.Context()))
					ok(t, l.Release(t.Context()))
				}
				// Nothing is left that keeps others out.
				ok(t, take(t, keeper(s, "bob", 0), "search").Release(t.Context()))
			})
		})
	}
}

// Somebody who has time to wait is not turned away because others were quicker
// many times.
func TestOthersAreQuicker(t *testing.T) {
	bubble(t, func(t *testing.T, s *sim) {
		var lost atomic.Int64
		s.disturb(func(op, _ string) trouble {
			if op == "swap" && lost.Add(1) <= 5*turns {
				return trouble{err: fmt.Errorf("412: %w", fs.ErrExist), never: true}
			}
			return trouble{}
		})
		k := keeper(s, "alice", 0)
		_, err := k.Take(t.Context(), account, []string{"search"}, poll)
		says(t, err, "the leases kept changing while they were taken")
		l, err := k.Take(t.Context(), account, []string{"search"}, time.Hour)
		ok(t, err)
		ok(t, l.Release(t.Context()))
	})
}

func on(op string, what trouble) func(op, key string) trouble {
	return func(o, _ string) trouble {
		if o == op {
			return what
		}
		return trouble{}
	}
}

func TestARenewalInTrouble(t *testing.T) {
	tests := map[string]struct {
		network trouble
		lost    bool
	}{
		"slow":                 {trouble{there: 10 * time.Second, back: 10 * time.Second}, false},
		"writes, and says 503": {trouble{err: errUnavailable}, false},
		"writes, and says 412": {trouble{err: fmt.Errorf("412: %w", fs.ErrExist)}, false},
		"503":                  {trouble{err: errUnavailable, never: true}, true},
		"hangs":                {trouble{there: time.Hour}, true},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T, s *sim) {
				k := keeper(s, "alice", 0)
				var log strings.Builder
				k.Log = &log
				l := take(t, k, "search")
				pass(time.Minute)
				s.disturb(on("swap", test.network))
				pass(DefaultTTL - k.margin() - 25*time.Second)
				if l.isLost() {
					t.Errorf("lost before its time: %v", l.Cause())
				}
				pass(10 * time.Minute)
				synctest.Wait() // what is said at this very instant is said
				if l.isLost() != test.lost {
					t.Errorf("lost is %v (%v), want %v", l.isLost(), l.Cause(), test.lost)
				}
				if said := strings.Contains(log.String(), "Warning: the lease of search could not be renewed ("); said != test.lost || strings.Contains(log.String(), "Try again") {
					t.Errorf("it said %q", log.String())
				}
				s.disturb(nil)
				ok(t, l.Release(t.Context()))
				pass(2 * time.Hour)
				ok(t, take(t, keeper(s, "bob", 0), "search").Release(t.Context()))
			})
		})
	}
}

func TestAReleaseInTrouble(t *testing.T) {
	bubble(t, func(t *testing.T, s *sim) {
		l := take(t, keeper(s, "alice", 0), "search", "web")
		s.disturb(func(string, string) trouble { return trouble{there: time.Hour} })
		began := time.Now()
		ctx, cancel := context.WithCancel(t.Context())
		cancel() // Ctrl-C has ended the run; what it held is given back all the same
		err := l.Release(ctx)
		says(t, err, "the lease of search could not be given back, so it runs out by itself in 2m5s: ")
		if took := time.Since(began); took > back+time.Second {
			t.Errorf("it took %s", took)
		}
		if again := l.Release(t.Context()); again != err {
			t.Errorf("again: got %v, want the same", again)
		}
	})
}

func TestACheckThatCannotRead(t *testing.T) {
	bubble(t, func(t *testing.T, s *sim) {
		l := take(t, keeper(s, "alice", 0), "search")
		s.disturb(on("read", trouble{err: errUnavailable, never: true}))
		says(t, l.Check(t.Context()), "it could not be proved that search is still leased: the server answered 503")
		if l.isLost() {
			t.Error("one read that fails is no loss")
		}
		s.disturb(nil)
		ok(t, l.Check(t.Context()))
		ok(t, l.Release(t.Context()))
	})
}

// A record that cannot be understood may be of somebody who is changing the
// cluster.
func TestARecordOfAnotherKind(t *testing.T) {
	for name, data := range map[string]string{
		"no JSON":         "{",
		"another version": `{"format_version":"2","account":"123456789012","cluster":"search","token":1,"ttl":1000000000,"released":true}`,
		"no token":        `{"format_version":"1","account":"123456789012","cluster":"search","ttl":1000000000,"released":true}`,
		"no life":         `{"format_version":"1","account":"123456789012","cluster":"search","token":1,"ttl":0}`,
		"another cluster": `{"format_version":"1","account":"123456789012","cluster":"web","token":1,"ttl":1000000000,"released":true}`,
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T, s *sim) {
				if _, err := s.Swap(t.Context(), key(account, "search"), "", []byte(data)); err != nil {
					t.Fatal(err)
				}
				_, err := keeper(s, "alice", 0).Take(t.Context(), account, []string{"search"}, time.Hour)
				says(t, err, "the lease of search could not be taken: the record leases/123456789012/search is ")
				list, err := List(t.Context(), s)
				if err != nil || len(list) != 1 || (list[0].State != Unreadable) == (name != "another cluster") {
					t.Errorf("listed %+v, %v", list, err)
				}
			})
		})
	}
}

func TestBreak(t *testing.T) {
	bubble(t, func(t *testing.T, s *sim) {
		ctx := t.Context()
		_, err := Break(ctx, s, account, "search", "carol", "gone")
		says(t, err, "nobody ever took a lease of search")
		l := take(t, keeper(s, "alice", 0), "search")
		bob := keeper(s, "bob", 0)
		_, err = Break(ctx, s, account, "search", "carol", "")
		says(t, err, "for a reason")
		pass(35 * time.Second)
		e, err := Break(ctx, s, account, "search", "carol", "laptop in the sea")
		ok(t, err)
		if e.State != Ending || e.Left > DefaultTTL || e.Left < time.Minute || e.Token != 1 {
			t.Errorf("got %+v", e)
		}
		_, err = Break(ctx, s, account, "search", "dave", "me too")
		says(t, err, "the lease of search was ended by carol already (laptop in the sea)")
		_, err = bob.Take(ctx, account, []string{"search"}, 0)
		says(t, err, "the lease of search was ended by carol (laptop in the sea), and alice on host-of-alice may not have noticed yet")
		<-l.Lost()
		says(t, l.Cause(), "the lease of search is lost: carol ended it (laptop in the sea)")
		ok(t, l.Release(ctx))
		if r := s.record(t, "search"); r.Broken == nil || r.Broken.By != "carol" || r.Broken.Reason != "laptop in the sea" || r.Holder.Actor != "alice" {
			t.Errorf("the record does not say who and why: %+v", r)
		}
		mine, err := bob.Take(ctx, account, []string{"search"}, 3*time.Minute)
		ok(t, err)
		if mine.Token("search") != 2 {
			t.Errorf("got token %d, want 2", mine.Token("search"))
		}
		ok(t, mine.Release(ctx))
		_, err = Break(ctx, s, account, "search", "carol", "again")
		says(t, err, "nobody holds a lease of search")
	})
}

func TestList(t *testing.T) {
	bubble(t, func(t *testing.T, s *sim) {
		ok(t, take(t, keeper(s, "alice", 0), "released").Release(t.Context()))
		take(t, keeper(s, "bob", 0), "ran out").kill()
		pass(3 * time.Minute)
		l := take(t, keeper(s, "carol", 0), "Held")
		pass(90 * time.Second)
		list, err := List(t.Context(), s)
		ok(t, err)
		var got []string
		for _, e := range list {
			got = append(got, fmt.Sprintf("%s %s %s %d: taken %s, silent %s, left %s", e.Cluster, e.State, e.Holder, e.Token, round(e.Taken), round(e.Silent), round(e.Left)))
		}
		want := "Held held carol on host-of-carol 1: taken 1m30s, silent 10s, left 1m55s\n" +
			"ran out ran out bob on host-of-bob 1: taken 4m30s, silent 4m30s, left 1s\n" +
			"released released alice on host-of-alice 1: taken 4m30s, silent 4m30s, left 1s"
		if strings.Join(got, "\n") != want {
			t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), want)
		}
		ok(t, l.Release(t.Context()))
	})
}

func TestKeysOfDifferentNamesDiffer(t *testing.T) {
	long := strings.Repeat("x", 300)
	names := []string{"search", "Search", "SEARCH", "se/arch", "se~2farch", "..", ".", ".search", "search.", "sea.rch", "se arch", "sé", "se\x00", "~", long, long + "y", strings.ToUpper(long), "a/../b"}
	seen := map[string]string{}
	for _, name := range names {
		k := key("1", name)
		if other, dup := seen[strings.ToLower(k)]; dup {
			t.Errorf("%q and %q share %s", name, other, k)
		}
		seen[strings.ToLower(k)] = name
		if strings.Count(k, "/") != 2 || len(k) > 200 || strings.Contains(k, "/.") || strings.HasSuffix(k, ".") {
			t.Errorf("%q is kept at %s", name, k)
		}
	}
	if got := key("123456789012", "search-prod_1.eu"); got != "leases/123456789012/search-prod_1.eu" {
		t.Errorf("got %s, want a name that can be read", got)
	}
}

// Names out of a shared store reach terminals.
func TestNothingActsOnATerminal(t *testing.T) {
	h := Holder{Actor: "al\x1b[2Jice", Host: "a\rb", Directory: "/srv\n", Run: "x\u202e"}
	for _, s := range []string{h.String() + h.from(), (&HeldError{Cluster: "a b'c", Holder: h, Broken: &Broken{By: "x", Reason: "y"}}).Error()} {
		if strings.ContainsAny(strings.ReplaceAll(s, "\nWait", ""), "\x1b\r\n\u202e") {
			t.Errorf("got %q", s)
		}
	}
}

// What is on its way when its sender gives up may arrive much later, and must
// neither hold a cluster for nobody for longer than a life, nor undo what came
// after.
func TestALateTaking(t *testing.T) {
	bubble(t, func(t *testing.T, s *sim) {
		var first atomic.Bool
		s.disturb(func(op, _ string) trouble {
			if op == "swap" && first.CompareAndSwap(false, true) {
				return trouble{there: 40 * time.Second}
			}
			return trouble{}
		})
		_, err := keeper(s, "alice", 0).Take(t.Context(), account, []string{"search"}, 0)
		says(t, err, "the store gave no answer in time")
		bob := take(t, keeper(s, "bob", 0), "search")
		pass(time.Minute)
		ok(t, bob.Check(t.Context()))
		ok(t, bob.Release(t.Context()))
	})
}

// All or none: the lease that was got before another could not be is given
// back at once.
func TestAllOrNone(t *testing.T) {
	bubble(t, func(t *testing.T, s *sim) {
		s.disturb(func(op, at string) trouble {
			if op == "swap" && at == key(account, "web") {
				return trouble{err: errUnavailable, never: true}
			}
			return trouble{}
		})
		_, err := keeper(s, "alice", 0).Take(t.Context(), account, []string{"web", "search"}, 0)
		says(t, err, "the lease of web could not be taken: the server answered 503")
		s.disturb(nil)
		if r := s.record(t, "search"); !r.Released {
			t.Error("search is still held")
		}
		ok(t, take(t, keeper(s, "bob", 0), "search", "web").Release(t.Context()))
	})
}

// Our own clock stands still, and the store knows better.
func TestACheckAsksTheStoresClock(t *testing.T) {
	bubble(t, func(t *testing.T, s *sim) {
		k := keeper(s, "alice", 0)
		began := time.Now()
		k.clock = func() time.Time { return began }
		l := take(t, k, "search")
		s.disturb(on("swap", trouble{err: errUnavailable, never: true}))
		pass(DefaultTTL + time.Second)
		says(t, l.Check(t.Context()), "the lease of search is lost: it was last renewed 2m1s ago")
		if !l.isLost() {
			t.Error("not closed")
		}
		l.kill()
	})
}
