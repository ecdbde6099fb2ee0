package ledger

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/holdfast-gate/holdfast/gate"
)

// late is a store in which the first write of a record is lost on its way.
type late struct {
	*memory
	lost []byte
}

func (s *late) Swap(ctx context.Context, key, version string, data []byte) (string, error) {
	if s.lost == nil && strings.HasPrefix(key, recordPrefix) {
		s.lost = data
		return "", errors.New("no answer")
	}
	return s.memory.Swap(ctx, key, version, data)
}

// TestAWriteInDoubt: a write whose answer was lost is in the ledger once,
// whatever became of it and whatever others did in the meantime.
func TestAWriteInDoubt(t *testing.T) {
	chain := Chain("123456789012", "search")
	key := recordKey(chain, 1)
	for name, then := range map[string]func(s *late){
		"it never came":                 func(*late) {},
		"it came late":                  func(s *late) { s.put(key, s.lost) },
		"it came, and others went on":   func(s *late) { s.put(key, s.lost); lead(s.memory, chain, 1); grow(s.memory, 3) },
		"it came, and one caught up":    func(s *late) { s.put(key, s.lost); lead(s.memory, chain, 1) },
		"another came first":            func(s *late) { grow(s.memory, 1) },
		"others came first":             func(s *late) { grow(s.memory, 3) },
		"another came and was killed":   func(s *late) { grow(s.memory, 1); delete(s.values, headKey(chain)) },
		"the store gives no answer yet": func(s *late) { s.put(key, s.lost); s.disturb = failOnce(headKey(chain)) },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := &late{memory: newMemory()}
				l := over(s)
				sleep, slept := l.Sleep, false
				l.Sleep = func(ctx context.Context, d time.Duration) error {
					if !slept {
						slept = true
						then(s)
					}
					return sleep(ctx, d)
				}
				r := record(Refused, "search", "ours")
				r.Note = "written by this test"
				ref, err := l.Append(t.Context(), r)
				if err != nil {
					t.Fatal(err)
				}
				again := s.memory.copied()
				intact(t, again, -1)
				n := 0
				for e, err := range over(again).Records(t.Context(), "") {
					if err != nil {
						t.Fatal(err)
					}
					if e.Record.Run == "ours" {
						n++
						if e.Ref != ref {
							t.Errorf("got %v, want the place that was returned, %v", e.Ref, ref)
						}
					}
				}
				if n != 1 {
					t.Errorf("the record is there %d times, want once", n)
				}
			})
		})
	}
}

// lead moves the head of a chain over its record of that number.
func lead(m *memory, chain string, seq int) {
	e, err := decode(chain, seq, m.values[recordKey(chain, seq)].data)
	if err != nil {
		panic(err)
	}
	data, _ := after(e.Record, e.SHA256).bytes()
	m.put(headKey(chain), data)
}

// failOnce has one operation on a key fail.
func failOnce(key string) func(op, key string, n int) error {
	done := false
	return func(_, k string, _ int) error {
		if done || k != key {
			return nil
		}
		done = true
		return errors.New("503 slow down")
	}
}

// TestAFailureIsSurvived has each operation of an append fail once, with and
// without effect.
func TestAFailureIsSurvived(t *testing.T) {
	for _, effect := range []bool{false, true} {
		for n := 1; n <= 3; n++ {
			synctest.Test(t, func(t *testing.T) {
				m := newMemory()
				mustAppend(t, over(m), record(Refused, "search", "a"))
				m.afterErr = effect
				at := m.ops + n
				m.disturb = func(_, _ string, op int) error {
					if op == at {
						return errors.New("503 slow down")
					}
					return nil
				}
				mustAppend(t, over(m), record(Refused, "search", "b"))
				intact(t, m.copied(), 2)
				if h, _, _ := over(m.copied()).head(t.Context(), Chain("123456789012", "search")); h.Seq != 2 {
					t.Errorf("operation %d, effect %v: got head at %d, want 2", n, effect, h.Seq)
				}
			})
		}
	}
}

// TestTheHeadIsMovedByAnother: whoever finds it further on is done.
func TestTheHeadIsMovedByAnother(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemory()
		chain := Chain("123456789012", "search")
		m.disturb = func(op, key string, _ int) error {
			if op == "swap" && key == headKey(chain) {
				m.disturb = nil
				lead(m, chain, 1)
				grow(m, 2)
			}
			return nil
		}
		ref := mustAppend(t, over(m), record(Refused, "search", "a"))
		if ref.Seq != 1 {
			t.Errorf("got %v, want record 1", ref)
		}
		intact(t, m, 3)
	})
}

// TestAStoreThatIsAway is given up on, in words for people.
func TestAStoreThatIsAway(t *testing.T) {
	for _, op := range []string{"read", "swap"} {
		synctest.Test(t, func(t *testing.T) {
			m := newMemory()
			m.disturb = func(o, _ string, _ int) error {
				if o == op {
					return errors.New("s3://team does not answer")
				}
				return nil
			}
			began := time.Now()
			_, err := over(m).Append(t.Context(), record(Intent, "search", "a"))
			if err == nil || !strings.HasPrefix(err.Error(), "the record of what is about to begin could not be written to the ledger, in 123456789012/search: s3://team does not answer\n") {
				t.Errorf("got %v, want what could not be written and why", err)
			}
			if waited := time.Since(began); waited < 10*time.Millisecond || waited > time.Second || m.ops > 3*failures {
				t.Errorf("got %d operations in %s, want %d turns with a pause between them", m.ops, waited, failures)
			}
		})
	}
}

// A store that hangs is given up on, too.
func TestAStoreThatHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		if _, err := over(hanging{}).Append(t.Context(), record(Outcome, "search", "a")); err == nil {
			t.Error("got no error")
		}
		if _, _, err := over(hanging{}).Recent(t.Context(), "123456789012", "search", time.Hour); err == nil {
			t.Error("got no error")
		}
		if waited := time.Since(began); waited > 5*time.Minute {
			t.Errorf("got an answer after %s", waited)
		}
	})
}

type hanging struct{ *memory }

func (hanging) Read(ctx context.Context, _ string) ([]byte, string, time.Duration, error) {
	<-ctx.Done()
	return nil, "", 0, ctx.Err()
}

func TestAnInterruptedAppend(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemory()
		ctx, cancel := context.WithCancel(t.Context())
		m.disturb = func(string, string, int) error { cancel(); return context.Canceled }
		_, err := over(m).Append(ctx, record(Intent, "search", "a"))
		if !errors.Is(err, context.Canceled) || m.ops != 1 {
			t.Errorf("got %v after %d operations, want the interrupt at once", err, m.ops)
		}
	})
}

func TestTokensAreEachOfItsOwnLease(t *testing.T) {
	for _, tc := range []struct {
		tokens map[string]int64
		want   string
	}{
		{nil, "5 0"},
		{map[string]int64{"a": 7, "b": 9}, "7 9"},
		{map[string]int64{"b": 9}, "5 9"},
	} {
		synctest.Test(t, func(t *testing.T) {
			l := over(newMemory())
			r := record(Intent, "", "a")
			r.Token, r.Tokens = 5, tc.tokens
			refs, err := l.Each(t.Context(), []string{"a", "b"}, r)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, ref := range refs {
				e, err := l.Find(t.Context(), ref.String())
				if err != nil {
					t.Fatal(err)
				}
				got = append(got, fmt.Sprint(e.Record.Token))
			}
			if strings.Join(got, " ") != tc.want {
				t.Errorf("%v: got %v, want %s", tc.tokens, got, tc.want)
			}
		})
	}
}

// A second intent under the same lease is no stranger's.
func TestTheSameTokenIsNotFenced(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := over(newMemory())
		for _, token := range []int64{3, 3, 0, 4, 1} {
			r := record(Intent, "search", NewRun())
			r.Token = token
			if _, err := l.Append(t.Context(), r); errors.Is(err, ErrFenced) != (token == 1) {
				t.Errorf("token %d: got %v", token, err)
			}
		}
	})
}

func TestEachEndsItsOwn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := over(newMemory())
		view := func(name, id string) *gate.View {
			return &gate.View{Cluster: gate.Cluster{Name: name}, Effects: []gate.Effect{{Ends: []string{id}}}}
		}
		r := record(Intent, "", "a")
		r.Judged(gate.Input{}, gate.Verdict{Account: "123456789012", Clusters: []*gate.View{view("a", "i-1"), view("b", "i-2")}})
		if _, err := l.Each(t.Context(), []string{"a", "b"}, r); err != nil {
			t.Fatal(err)
		}
		r.Kind, r.Input, r.Verdict = Outcome, nil, nil
		if _, err := l.Each(t.Context(), []string{"a", "b"}, r); err != nil {
			t.Fatal(err)
		}
		for cluster, want := range map[string]string{"a": "i-1", "b": "i-2"} {
			recent, _, err := l.Recent(t.Context(), "123456789012", cluster, time.Hour)
			if err != nil || len(recent) != 1 || len(recent[0].Ends) != 1 || recent[0].Ends[0] != want || recent[0].Open {
				t.Errorf("%s: got %+v, %v, want that %s was ended", cluster, recent, err, want)
			}
		}
		if _, err := l.Append(t.Context(), Record{Kind: Intent}); err == nil {
			t.Error("a record without a run: got no error")
		}
		if _, err := l.Append(t.Context(), Record{Run: "a"}); err == nil {
			t.Error("a record without a kind: got no error")
		}
	})
}

func TestBackoffGrows(t *testing.T) {
	for range 100 {
		if d := backoff(1); d < 10*time.Millisecond || d >= 20*time.Millisecond {
			t.Errorf("got %s for the first, want 10 to 20 ms", d)
		}
		if d := backoff(50); d < 320*time.Millisecond || d >= 640*time.Millisecond {
			t.Errorf("got %s for a late one, want 320 to 640 ms", d)
		}
	}
}
