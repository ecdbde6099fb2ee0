package ledger

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/holdfast-gate/holdfast/gate"
)

func start() time.Time { return time.Date(2026, 11, 22, 8, 0, 0, 0, time.UTC) }

// over is a ledger over a store; time passes only by Sleep, in a bubble.
func over(s Store) *Ledger {
	return &Ledger{Store: s, Now: time.Now, Version: "v1.2.3", Sleep: func(ctx context.Context, d time.Duration) error {
		select {
		case <-ctx.Done():
		case <-time.After(d):
		}
		return ctx.Err()
	}}
}

func record(kind Kind, cluster, run string) Record {
	return Record{Kind: kind, Run: run, Account: "123456789012", Cluster: cluster, Note: "a test"}
}

func mustAppend(t *testing.T, l *Ledger, r Record) Ref {
	t.Helper()
	ref, err := l.Append(t.Context(), r)
	if err != nil {
		t.Fatal(err)
	}
	return ref
}

func intact(t *testing.T, s Store, want int) {
	t.Helper()
	faults, got, err := over(s).Verify(t.Context())
	if err != nil || len(faults) > 0 {
		t.Fatalf("got faults %v, error %v, want an intact ledger", faults, err)
	}
	if want >= 0 && got != want {
		t.Errorf("got %d records, want %d", got, want)
	}
}

func TestAppendCostsThreeCalls(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemory()
		l := over(m)
		for n := range 50 {
			before := m.ops
			ref := mustAppend(t, l, record(Refused, "search", NewRun()))
			if got := m.ops - before; got != 3 {
				t.Fatalf("append %d: got %d calls, want 3", n+1, got)
			}
			if want := fmt.Sprintf("123456789012/search/%d", n+1); ref.String() != want {
				t.Errorf("got %s, want %s", ref, want)
			}
		}
		intact(t, m, 50)
	})
}

func TestConcurrentAppendersMakeOneChain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemory()
		var all sync.WaitGroup
		for range 20 {
			all.Go(func() {
				l := over(m)
				for range 10 {
					if _, err := l.Append(t.Context(), record(Refused, "search", NewRun())); err != nil {
						t.Error(err)
					}
				}
			})
		}
		all.Wait()
		intact(t, m, 200)
	})
}

// TestKilledAnywhere stops the store for good at every operation, with and
// without that operation taking effect.
func TestKilledAnywhere(t *testing.T) {
	for _, effect := range []bool{false, true} {
		for stop := 1; ; stop++ {
			done := false
			synctest.Test(t, func(t *testing.T) {
				m := newMemory()
				m.stopAt, m.stopped = stop, func(string, string) bool { return effect }
				l := over(m)
				var written []Ref
				for n := range 4 {
					run := NewRun()
					for _, kind := range []Kind{Intent, Outcome, Refused} {
						ref, err := l.Append(t.Context(), record(kind, fmt.Sprint("c", n%2), run))
						if err != nil {
							break
						}
						written = append(written, ref)
					}
				}
				done = m.ops < stop
				again := m.copied()
				intact(t, again, -1)
				for _, ref := range written {
					if e, err := over(again).Find(t.Context(), ref.String()); err != nil || e.SHA256 != ref.SHA256 {
						t.Fatalf("stopped at %d: %s was acknowledged and is not there: %v", stop, ref, err)
					}
				}
				for n := range 4 {
					mustAppend(t, over(again), record(Intent, fmt.Sprint("c", n%2), NewRun()))
				}
				intact(t, again, -1)
			})
			if done {
				break
			}
		}
	}
}

// TestFlakyStore has every third operation fail, with and without effect: each
// record is there once.
func TestFlakyStore(t *testing.T) {
	for _, effect := range []bool{false, true} {
		for every := 2; every < 8; every++ {
			synctest.Test(t, func(t *testing.T) {
				m := newMemory()
				m.afterErr = effect
				m.disturb = func(_, _ string, n int) error {
					if n%every == 0 {
						return fmt.Errorf("503 slow down")
					}
					return nil
				}
				written := 0
				for range 20 {
					if _, err := over(m).Append(t.Context(), record(Refused, "search", NewRun())); err == nil {
						written++
					}
				}
				again := m.copied()
				faults, got, err := over(again).Verify(t.Context())
				if len(faults) > 0 || err != nil || got < written || got > 20 {
					t.Errorf("every %d: got %d records, faults %v, error %v; want at least the %d acknowledged and none twice", every, got, faults, err, written)
				}
			})
		}
	}
}

func TestAnIntentIsFenced(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := over(newMemory())
		first := record(Intent, "search", NewRun())
		first.Token = 7
		mustAppend(t, l, first)
		late := record(Intent, "search", NewRun())
		late.Token = 6
		if _, err := l.Append(t.Context(), late); err == nil || !strings.Contains(err.Error(), "taken over the lease") {
			t.Errorf("got error %v, want that somebody else has taken over", err)
		}
		late.Kind = Outcome // what happened is told, however late
		mustAppend(t, l, late)
	})
}

func TestChainNamesAreSafeAndDistinct(t *testing.T) {
	names := []string{"", "none", "~6eone", "search", "Search", "search.", ".search", "..", "a/b", "a~2fb", "käse", "x y", "\x1b[31m", "a_b", strings.Repeat("a", 99), strings.Repeat("a", 100), strings.Repeat("a", 101), strings.Repeat("a", 102), strings.Repeat("é", 80)}
	seen := map[string]string{}
	for _, name := range names {
		for _, account := range []string{"", "none", "123456789012"} {
			chain := Chain(account, name)
			whose := fmt.Sprintf("%q of %q", name, account)
			if other, ok := seen[strings.ToLower(chain)]; ok {
				t.Errorf("%s and %s share %s", whose, other, chain)
			}
			seen[strings.ToLower(chain)] = whose
			if strings.Trim(chain, "abcdefghijklmnopqrstuvwxyz0123456789-_.~/") != "" || strings.Count(chain, "/") != 1 || len(chain) > 2*maxName+1 {
				t.Errorf("%s: got %q, want a safe name", whose, chain)
			}
			if got, seq, ok := place(recordKey(chain, 42)); !ok || got != chain || seq != 42 {
				t.Errorf("%s: got %q, %d, %v back from its key", whose, got, seq, ok)
			}
		}
	}
}

func TestEachHoldsTheDecisionOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := over(newMemory())
		in := gate.Input{Now: start(), Plan: &gate.Plan{FormatVersion: "1.2"}}
		r := Record{Kind: Intent, Run: NewRun()}
		r.Judged(in, gate.Evaluate(in, nil))
		refs, err := l.Each(t.Context(), []string{"a", "b", "c"}, r)
		if err != nil || len(refs) != 3 {
			t.Fatalf("got %v, %v, want three places", refs, err)
		}
		for i, ref := range refs {
			e, err := l.Find(t.Context(), ref.String())
			if err != nil {
				t.Fatal(err)
			}
			if holds := len(e.verdict) > 0; holds != (i == 0) {
				t.Errorf("%s: holds the verdict: %v", ref, holds)
			}
			origin, err := l.Origin(t.Context(), e)
			if err != nil || origin.Ref != refs[0] {
				t.Errorf("%s: got origin %v, %v, want %v", ref, origin.Ref, err, refs[0])
			}
			if same, diff, err := Replay(origin, nil, "v1.2.3"); !same || err != nil {
				t.Errorf("replay: got %v, %q, %v", same, diff, err)
			}
		}
	})
}
