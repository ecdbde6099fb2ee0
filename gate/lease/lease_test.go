package lease

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

// bubble runs a test in fake time, with a store.
func bubble(t *testing.T, test func(*testing.T, *sim)) {
	synctest.Test(t, func(t *testing.T) {
		test(t, newSim())
		pass(2 * time.Hour) // what is on its way arrives
	})
}

func TestOneAtATime(t *testing.T) {
	bubble(t, func(t *testing.T, s *sim) {
		alice, bob := keeper(s, "alice", 0), keeper(s, "bob", 0)
		first := take(t, alice, "search")
		pass(time.Minute)
		_, err := bob.Take(t.Context(), account, []string{"search"}, 0)
		h := held(t, err)
		if h.Cluster != "search" || h.Holder.Actor != "alice" || h.Since.Sub(time.Now().Add(-time.Minute)).Abs() > time.Second {
			t.Errorf("got %+v", h)
		}
		want := "search is being changed by alice on host-of-alice since 00:00:00 UTC from /srv/alice; the lease runs out in 1m45s unless it is renewed\n" +
			"Wait for it with --wait 10m, look with holdfast lease list, or end it with holdfast lease release search --reason TEXT if that run is dead"
		if err.Error() != want {
			t.Errorf("got  %s\nwant %s", err, want)
		}
		if err := first.Check(t.Context()); err != nil {
			t.Error(err)
		}
		ok(t, first.Release(t.Context()))
		second := take(t, bob, "search")
		if first.Token("search") != 1 || second.Token("search") != 2 || second.Token("other") != 0 || len(second.TookOver()) != 0 {
			t.Errorf("got tokens %d and %d, taken over %v", first.Token("search"), second.Token("search"), second.TookOver())
		}
		ok(t, second.Release(t.Context()))
		if r := s.record(t, "search"); !r.Released || r.Token != 2 || r.Holder.Actor != "bob" {
			t.Errorf("left behind: %+v", r)
		}
	})
}

func ok(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestNoClusters(t *testing.T) {
	bubble(t, func(t *testing.T, s *sim) {
		l := take(t, keeper(s, "alice", 0))
		ok(t, l.Check(t.Context()))
		ok(t, l.Release(t.Context()))
		if s.writes != 0 {
			t.Errorf("got %d writes, want none", s.writes)
		}
	})
}

func TestWhatCannotBeLeased(t *testing.T) {
	bubble(t, func(t *testing.T, s *sim) {
		_, err := keeper(s, "alice", 0).Take(t.Context(), "", []string{"search"}, 0)
		says(t, err, "not known which account")
		_, err = keeper(s, "alice", 0).Take(t.Context(), account, []string{""}, 0)
		says(t, err, "the names of clusters")
		_, err = (&Keeper{Store: s}).Take(t.Context(), account, []string{"search"}, 0)
		says(t, err, "needs a holder")
	})
}

// It is held for as long as terraform takes, and nobody else gets it.
func TestRenewedForHours(t *testing.T) {
	bubble(t, func(t *testing.T, s *sim) {
		l := take(t, keeper(s, "alice", 0), "search")
		bob := keeper(s, "bob", 0)
		for range 600 {
			pass(17 * time.Second)
			_, err := bob.Take(t.Context(), account, []string{"search"}, 0)
			held(t, err)
		}
		if l.isLost() || l.Check(t.Context()) != nil {
			t.Errorf("lost: %v", l.Cause())
		}
		ok(t, l.Release(t.Context()))
	})
}

// The clocks of the machines and of the store may say what they like.
func TestTakenOverWhenItHasRunOut(t *testing.T) {
	for _, skew := range []time.Duration{-10 * time.Minute, 0, 10 * time.Minute} {
		for _, storeSkew := range []time.Duration{-10 * time.Minute, 437 * time.Millisecond, 10 * time.Minute} {
			bubble(t, func(t *testing.T, s *sim) {
				s.skew = storeSkew
				alice, bob := keeper(s, "alice", skew), keeper(s, "bob", -skew)
				dead := take(t, alice, "search")
				pass(30 * time.Second)
				dead.kill()
				lost := DefaultTTL - alice.margin()
				for at := 30 * time.Second; at < DefaultTTL; at += time.Second {
					if _, err := bob.Take(t.Context(), account, []string{"search"}, 0); err == nil {
						t.Fatalf("skew %s: taken %s after it was last written, and its holder gives up after %s", skew, at, lost)
					}
					pass(time.Second)
				}
				pass(slack + time.Second)
				l := take(t, bob, "search")
				over := l.TookOver()
				if l.Token("search") != 2 || len(over) != 1 || over[0].Cluster != "search" || over[0].From.Actor != "alice" || over[0].Token != 1 || over[0].Silent < DefaultTTL {
					t.Errorf("skew %s: token %d, taken over %+v", skew, l.Token("search"), over)
				}
				if r := s.record(t, "search"); r.Before == nil || r.Before.Token != 1 || r.Before.Holder.ID != "run-alice" {
					t.Errorf("the record does not say whose it was: %+v", r)
				}
				ok(t, l.Release(t.Context()))
			})
		}
	}
}

func TestReleaseFreesOnlyOnesOwn(t *testing.T) {
	bubble(t, func(t *testing.T, s *sim) {
		alice := take(t, keeper(s, "alice", 0), "search")
		s.disturb(func(string, string) trouble { return trouble{err: errUnavailable, never: true} })
		pass(DefaultTTL + 2*slack)
		if !alice.isLost() {
			t.Fatal("not lost without a store")
		}
		says(t, alice.Cause(), "the store has not confirmed it for 1m")
		alice.stop() // what follows is about Release alone
		alice.work.Wait()
		synctest.Wait() // and the call that was left behind is made in the same trouble
		s.disturb(nil)
		bob := take(t, keeper(s, "bob", 0), "search")
		ok(t, alice.Release(t.Context()))
		ok(t, bob.Check(t.Context()))
		if r := s.record(t, "search"); r.Released || r.Holder.Actor != "bob" || r.Token != 2 {
			t.Errorf("got %+v, want bob's", r)
		}
		ok(t, bob.Release(t.Context()))
	})
}

// Terraform is still being stopped when the store comes back: whoever waits
// must go on waiting.
func TestKeptAfterItIsLost(t *testing.T) {
	bubble(t, func(t *testing.T, s *sim) {
		l := take(t, keeper(s, "alice", 0), "search")
		pass(41 * time.Second) // renewed once
		s.disturb(func(string, string) trouble { return trouble{err: errUnavailable, never: true} })
		pass(DefaultTTL - 10*time.Second)
		if !l.isLost() {
			t.Fatal("not lost without a store")
		}
		s.disturb(nil)
		pass(time.Hour)
		_, err := keeper(s, "bob", 0).Take(t.Context(), account, []string{"search"}, 0)
		held(t, err)
		says(t, l.Check(t.Context()), "the store has not confirmed it")
		ok(t, l.Release(t.Context()))
		ok(t, take(t, keeper(s, "bob", 0), "search").Release(t.Context()))
	})
}

func TestLostWhenSomebodyElseHasIt(t *testing.T) {
	for name, prove := range map[string]func(*Lease) error{
		"by a renewal": func(l *Lease) error { <-l.Lost(); return l.Cause() },
		"by a check":   func(l *Lease) error { return l.Check(context.Background()) },
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T, s *sim) {
				l := take(t, keeper(s, "alice", 0), "search", "web")
				f, err := read(t.Context(), s, account, "search")
				ok(t, err)
				// What must not happen: a store that was put back from a copy, say.
				bob := keeper(s, "bob", 0).claim(f)
				ok(t, bob.take(t.Context()))
				says(t, prove(l), "the lease of search is lost: bob on host-of-bob took it over from /srv/bob")
				if !l.isLost() {
					t.Error("not closed")
				}
				ok(t, l.Release(t.Context()))
				if r := s.record(t, "search"); r.Released {
					t.Error("another's lease was released")
				}
				if r := s.record(t, "web"); !r.Released {
					t.Error("our other lease was not released")
				}
			})
		})
	}
}

func TestAWaitIsSeenAndBounded(t *testing.T) {
	bubble(t, func(t *testing.T, s *sim) {
		l := take(t, keeper(s, "alice", 0), "search")
		bob := keeper(s, "bob", 0)
		var log strings.Builder
		bob.Log = &log
		began := time.Now()
		_, err := bob.Take(t.Context(), account, []string{"web", "search"}, 70*time.Second)
		held(t, err)
		if waited := time.Since(began); waited < 70*time.Second || waited > 75*time.Second {
			t.Errorf("waited %s, want 70 s", waited)
		}
		want := "search is being changed by alice on host-of-alice since 00:00:00 UTC from /srv/alice. Waiting up to 1m10s.\n" +
			"Still waiting… search is being changed by alice on host-of-alice [30s elapsed]\n" +
			"Still waiting… search is being changed by alice on host-of-alice [1m0s elapsed]\n"
		if diff := cmp.Diff(want, log.String()); diff != "" {
			t.Errorf("log (-want +got):\n%s", diff)
		}
		if _, _, _, err := s.Read(t.Context(), key(account, "web")); err == nil {
			t.Error("web was taken while search was held")
		}
		time.AfterFunc(time.Minute, func() { _ = l.Release(context.Background()) })
		got, err := bob.Take(t.Context(), account, []string{"web", "search"}, time.Hour)
		ok(t, err)
		ok(t, got.Release(t.Context()))
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		l = take(t, keeper(s, "alice", 0), "search")
		_, err = bob.Take(ctx, account, []string{"search"}, time.Hour)
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("interrupted: got %v", err)
		}
		ok(t, l.Release(t.Context()))
	})
}

// Twenty who want several clusters in every order all get their turn, and
// never two at once.
func TestSeveralClustersInEveryOrder(t *testing.T) {
	bubble(t, func(t *testing.T, s *sim) {
		s.disturb(func(string, string) trouble {
			return trouble{there: 20 * time.Millisecond, back: 30 * time.Millisecond}
		})
		orders := [][]string{{"a", "b"}, {"b", "a"}, {"c", "a"}, {"b", "c"}, {"c", "b", "a"}}
		var mu sync.Mutex
		inside := map[string]int{}
		var all sync.WaitGroup
		for i := range 20 {
			all.Go(func() {
				k := keeper(s, string(rune('a'+i)), time.Duration(i-10)*time.Minute)
				clusters := orders[i%len(orders)]
				l, err := k.Take(t.Context(), account, clusters, 3*time.Hour)
				if err != nil {
					t.Error(err)
					return
				}
				enter := func(by int) {
					mu.Lock()
					defer mu.Unlock()
					for _, c := range clusters {
						if inside[c] += by; inside[c] > 1 {
							t.Errorf("two are changing %s", c)
						}
					}
				}
				enter(1)
				pass(3 * time.Minute)
				enter(-1)
				if err := l.Release(t.Context()); err != nil || l.isLost() {
					t.Errorf("%v, %v", err, l.Cause())
				}
			})
		}
		all.Wait()
	})
}

// A machine wakes up from a suspension: its monotonic clock has stood still.
func TestAClockThatJumps(t *testing.T) {
	for _, jump := range []time.Duration{10 * time.Minute, -10 * time.Minute} {
		bubble(t, func(t *testing.T, s *sim) {
			k := keeper(s, "alice", 0)
			var mu sync.Mutex
			var off time.Duration
			k.clock = func() time.Time {
				mu.Lock()
				defer mu.Unlock()
				return time.Now().Round(0).Add(off)
			}
			l := take(t, k, "search")
			mu.Lock()
			off = jump
			mu.Unlock()
			pass(2 * time.Second)
			if l.isLost() != (jump > 0) {
				t.Errorf("jump of %s: lost is %v", jump, l.isLost())
			}
			ok(t, l.Release(t.Context()))
		})
	}
}

// The clock of the machine is put forward, that of the store with it: its
// holder must have noticed before somebody else takes what seems to have run
// out.
func TestTheStoresClockJumps(t *testing.T) {
	bubble(t, func(t *testing.T, s *sim) {
		alice := keeper(s, "alice", 0)
		var mu sync.Mutex
		var off time.Duration
		alice.clock = func() time.Time {
			mu.Lock()
			defer mu.Unlock()
			return time.Now().Round(0).Add(off)
		}
		l := take(t, alice, "search")
		s.wrote = func(_, after record) {
			if after.Token == 2 && !l.isLost() {
				t.Error("taken over from a holder that had not noticed")
			}
		}
		mu.Lock()
		off = 10 * time.Minute
		mu.Unlock()
		s.skew += 10 * time.Minute
		bob := take(t, keeper(s, "bob", 0), "search")
		if bob.Token("search") != 2 {
			t.Errorf("got token %d, want 2", bob.Token("search"))
		}
		ok(t, l.Release(t.Context()))
		ok(t, bob.Release(t.Context()))
	})
}

// The life of a lease counts from before the write was sent, however long the
// answer took.
func TestLifeCountsFromBeforeTheWrite(t *testing.T) {
	for _, slow := range []string{"the taking", "a renewal"} {
		bubble(t, func(t *testing.T, s *sim) {
			k := keeper(s, "alice", 0)
			late := on("swap", trouble{back: 24 * time.Second})
			if slow == "the taking" {
				s.disturb(late)
			}
			l := take(t, k, "search")
			if slow == "a renewal" {
				pass(30 * time.Second)
				s.disturb(late)
				pass(38 * time.Second) // it was sent at 40 s, and is answered at 64 s
			}
			s.disturb(func(string, string) trouble { return trouble{err: errUnavailable, never: true} })
			sent := map[string]time.Duration{"the taking": 24 * time.Second, "a renewal": 28 * time.Second}[slow]
			pass(DefaultTTL - k.margin() + time.Second - sent)
			if !l.isLost() {
				t.Errorf("%s: its holder counts from the answer", slow)
			}
			l.kill()
		})
	}
}

// One run takes a cluster twice: its first lease has run out, and says nothing
// about the second.
func TestTwoLeasesOfOneRun(t *testing.T) {
	bubble(t, func(t *testing.T, s *sim) {
		k := keeper(s, "alice", 0)
		first := take(t, k, "search")
		_, err := k.Take(t.Context(), account, []string{"search"}, 0)
		held(t, err)
		first.stop()
		first.work.Wait()
		pass(DefaultTTL + 2*slack)
		second := take(t, k, "search")
		says(t, first.Check(t.Context()), "the lease of search is lost")
		ok(t, first.Release(t.Context()))
		ok(t, second.Check(t.Context()))
		ok(t, second.Release(t.Context()))
	})
}
