package ledger

import (
	"context"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/holdfast-gate/holdfast/gate"
)

// story appends to the chain of search: a word is a kind and a run ("intent a"),
// a duration lets time pass.
func story(t *testing.T, l *Ledger, text string) {
	t.Helper()
	for line := range strings.FieldsFuncSeq(text, func(r rune) bool { return r == ',' }) {
		words := strings.Fields(line)
		if d, err := time.ParseDuration(words[0]); err == nil {
			pass(t, d)
			continue
		}
		var k Kind
		if _ = k.UnmarshalText([]byte(words[0])); k == KindUnknown {
			t.Fatalf("no kind %q", words[0])
		}
		r := record(k, "search", words[1])
		if k == Intent {
			r.Ends = []string{"i-" + words[1]}
		}
		r.Idle = len(words) > 2
		mustAppend(t, l, r)
	}
}

// pass lets time pass, in a bubble.
func pass(t *testing.T, d time.Duration) {
	t.Helper()
	<-time.After(d)
}

func TestRecent(t *testing.T) {
	for _, tc := range []struct{ name, story, want, open string }{
		{"nothing", "", "", ""},
		{"ended a while ago", "intent a, 1m, outcome a, 1m", "a", ""},
		{"ended long ago", "intent a, 1m, outcome a, 10m", "", ""},
		{"began long before it ended", "intent a, 2h, outcome a, 1m", "a", ""},
		{"refused since", "intent a, outcome a, 10m, refused b, refused c", "", ""},
		{"never ended", "intent a, 1m", "a?", "a"},
		{"never ended, long ago", "intent a, 48h", "a?", "a"},
		{"never ended, refused since, and again", "intent a, 1h, refused b, 1h, refused c, 1h", "a?", "a"},
		{"never ended twice", "intent a, 1h, intent b, 1h", "b? a?", "a b"},
		{"never ended, a later one did", "intent a, 1h, intent b, outcome b, 1m", "b", ""},
		{"never ended a moment ago, a later one did", "intent a, 1m, intent b, outcome b, 1m", "b a?", ""},
		{"never ended, a later one did long ago", "intent a, 1h, intent b, outcome b, 1h", "", ""},
		{"ended out of turn", "intent a, intent b, outcome a, 1h", "b?", "b"},
		{"not started", "intent a, outcome a idle, 1m", "", ""},
		{"not started, and an earlier one never ended", "intent a, 1h, intent b, outcome b idle, 1h", "a?", "a"},
		{"the outcome was not recorded, how it settled was", "intent a, 1h, settled a, 1h", "", ""},
		{"twice in one run", "intent a, intent a, outcome a, 1h", "", ""},
		{"settled", "intent a, outcome a, 1m, settled a, 1m", "a", ""},
		{"two", "intent a, outcome a, 1m, intent b, outcome b, 1m", "b a", ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := over(newMemory())
				story(t, l, tc.story)
				recent, open, err := l.Recent(t.Context(), "123456789012", "search", 5*time.Minute)
				if err != nil {
					t.Fatal(err)
				}
				var got, gotOpen []string
				for _, r := range recent {
					who := strings.TrimPrefix(r.Ends[0], "i-")
					if r.Open {
						who += "?"
					}
					got = append(got, who)
					if !strings.HasPrefix(r.Record, "123456789012/search/") || r.At.IsZero() || r.At.After(time.Now()) {
						t.Errorf("got %s at %s, want a place in the ledger and a time that has been", r.Record, r.At)
					}
				}
				for _, r := range open {
					gotOpen = append(gotOpen, r.Run)
				}
				if strings.Join(got, " ") != tc.want || strings.Join(gotOpen, " ") != tc.open {
					t.Errorf("got %v, open %v, want %q, open %q", got, gotOpen, tc.want, tc.open)
				}
			})
		})
	}
}

// TestRecentReadsLittle: a long past costs nothing, and a crash of long ago one
// record.
func TestRecentReadsLittle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemory()
		l := over(m)
		story(t, l, "intent a, 1h")
		for range 100 {
			mustAppend(t, l, record(Refused, "search", "b"))
		}
		pass(t, time.Hour)
		m.calls = map[string]int{}
		recent, _, err := l.Recent(t.Context(), "123456789012", "search", 5*time.Minute)
		if err != nil || len(recent) != 1 {
			t.Fatalf("got %v, %v, want the change that never ended", recent, err)
		}
		if m.calls["read"] > 4 || m.calls["list"] > 0 {
			t.Errorf("got %v calls, want at most 4 reads", m.calls)
		}
	})
}

// TestManyUnfinished: a hundred changes that were killed one after the other
// leave marks of the last ones.
func TestManyUnfinished(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := over(newMemory())
		given := record(Overridden, "search", "y")
		given.Override = &gate.Override{Code: "budget.breached", Plan: "aa", Expires: time.Now().Add(1000 * time.Hour)}
		mustAppend(t, l, given)
		for range 100 {
			story(t, l, "intent a, 1h")
		}
		_, open, err := l.Recent(t.Context(), "123456789012", "search", time.Minute)
		if err != nil || len(open) != mostOpen || open[0].Seq != 102-mostOpen || open[mostOpen-1].Seq != 101 {
			t.Errorf("got %d open, %v, want the last %d", len(open), err, mostOpen)
		}
		if given, err := l.Overrides(t.Context(), "123456789012", "search", "aa"); err != nil || len(given) != 1 {
			t.Errorf("got %v, %v, want the override", given, err)
		}
		intact(t, l.Store, 101)
	})
}

// A machine whose clock is wrong by ten minutes, either way, hides nothing from
// one whose clock is right, nor from one whose clock is wrong the other way.
func TestRecentWithClocksThatDiffer(t *testing.T) {
	for _, writer := range []time.Duration{-10 * time.Minute, 0, 10 * time.Minute} {
		for _, reader := range []time.Duration{-10 * time.Minute, 0, 10 * time.Minute} {
			synctest.Test(t, func(t *testing.T) {
				m := newMemory()
				w, r := over(m), over(m)
				w.Now = func() time.Time { return time.Now().Add(writer) }
				r.Now = func() time.Time { return time.Now().Add(reader) }
				story(t, w, "intent a, 1m, outcome a, 4m")
				recent, _, err := r.Recent(t.Context(), "123456789012", "search", 5*time.Minute)
				if err != nil || len(recent) != 1 || r.Now().Sub(recent[0].At) > 5*time.Minute || recent[0].At.After(r.Now()) {
					t.Errorf("writer %s, reader %s: got %v, %v, want the change of four minutes ago", writer, reader, recent, err)
				}
				pass(t, 30*time.Minute)
				if recent, _, _ := r.Recent(t.Context(), "123456789012", "search", 5*time.Minute); len(recent) > 0 {
					t.Errorf("writer %s, reader %s: got %v half an hour later, want nothing", writer, reader, recent)
				}
			})
		}
	}
}

// A head that lags behind the last record hides nothing.
func TestRecentBehindALaggingHead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemory()
		l := over(m)
		mustAppend(t, l, record(Refused, "search", "x"))
		given := record(Overridden, "search", "y")
		given.Override = &gate.Override{Code: "budget.breached", Plan: "aa", Expires: time.Now().Add(time.Hour)}
		mustAppend(t, l, given)
		story(t, l, "intent a")
		rewind(t, m, 2)
		recent, open, err := l.Recent(t.Context(), "123456789012", "search", time.Minute)
		if err != nil || len(recent) != 1 || len(open) != 1 {
			t.Errorf("got %v, %v, %v, want the intent", recent, open, err)
		}
		if given, err := l.Overrides(t.Context(), "123456789012", "search", "aa"); err != nil || len(given) != 1 {
			t.Errorf("got %v, %v, want the override", given, err)
		}
		// A record that does not follow from what the head names is no record.
		e, _ := decode("123456789012/search", 3, m.values[recordKey("123456789012/search", 3)].data)
		m.put(recordKey("123456789012/search", 3), []byte(strings.Replace(string(e.Data), e.Record.Previous, strings.Repeat("0", 64), 1)))
		if _, _, err := l.Recent(t.Context(), "123456789012", "search", time.Minute); err == nil || !strings.Contains(err.Error(), "record verify") {
			t.Errorf("got %v, want that the chain is damaged", err)
		}
		if given, err := l.Overrides(t.Context(), "123456789012", "search", "aa"); err == nil {
			t.Errorf("got %v and no error", given)
		}
	})
}

func TestOverridesThatCannotBeRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for n := 1; n <= 4; n++ {
			m := small(t, "search").copied()
			m.stopAt = n
			if given, err := over(m).Overrides(t.Context(), "123456789012", "search", "aa"); err == nil {
				t.Errorf("stopped at %d: got %v and no error", n, given)
			}
		}
		m := small(t, "search")
		edit(m, recordKey(Chain("123456789012", "search"), 3))
		if given, err := over(m).Overrides(t.Context(), "123456789012", "search", "aa"); err == nil {
			t.Errorf("edited: got %v and no error", given)
		}
	})
}

// What cannot be read is never "nothing happened".
func TestRecentFailsClosed(t *testing.T) {
	chain := Chain("123456789012", "search")
	for what, change := range map[string]func(*memory){
		"the last record cut":      func(m *memory) { delete(m.values, recordKey(chain, 5)) },
		"the last record edited":   func(m *memory) { edit(m, recordKey(chain, 5)) },
		"an intent edited":         func(m *memory) { edit(m, recordKey(chain, 4)) },
		"an older record edited":   func(m *memory) { edit(m, recordKey(chain, 1)) },
		"the head edited":          func(m *memory) { edit(m, headKey(chain)) },
		"the head set back":        func(m *memory) { rewind(t, m, 2) },
		"the head removed":         func(m *memory) { delete(m.values, headKey(chain)) },
		"something put behind":     func(m *memory) { m.values[recordKey(chain, 6)] = m.values[recordKey(chain, 5)] },
		"the first operation gone": func(m *memory) { m.stopAt = 1 },
		"the second":               func(m *memory) { m.stopAt = 2 },
		"the third":                func(m *memory) { m.stopAt = 3 },
		"the fourth":               func(m *memory) { m.stopAt = 4 },
	} {
		synctest.Test(t, func(t *testing.T) {
			m := small(t, "search")
			change(m)
			recent, _, err := over(m).Recent(t.Context(), "123456789012", "search", time.Hour)
			if err == nil {
				t.Errorf("%s: got %v, want an error", what, recent)
			}
		})
	}
}

func edit(m *memory, key string) {
	data := slices.Clone(m.values[key].data)
	m.put(key, []byte(strings.Replace(string(data), "1", "2", 2)))
}

func TestOverrides(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := over(newMemory())
		give := func(plan, by string, life time.Duration) {
			r := record(Overridden, "search", NewRun())
			r.Override = &gate.Override{Code: "budget.breached", Cluster: "search", Plan: plan, Reason: "the disk is full", By: by, At: time.Now().UTC(), Expires: time.Now().UTC().Add(life)}
			mustAppend(t, l, r)
		}
		give("aa", "first", time.Hour)
		give("bb", "other plan", time.Hour)
		give("aa", "second", 2*time.Hour)
		for range 30 {
			mustAppend(t, l, record(Refused, "search", NewRun()))
		}
		check := func(plan string, want ...string) {
			t.Helper()
			given, err := l.Overrides(context.Background(), "123456789012", "search", plan)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, o := range given {
				got = append(got, o.Record+" "+o.By)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("plan %q (-want +got):\n%s", plan, diff)
			}
		}
		check("aa", "123456789012/search/1 first", "123456789012/search/3 second")
		check("bb", "123456789012/search/2 other plan")
		check("")
		check("cc")
		pass(t, time.Hour)
		check("aa", "123456789012/search/3 second")
		pass(t, 3*time.Hour)
		mustAppend(t, l, record(Refused, "search", NewRun()))
		check("aa")
		intact(t, l.Store, 34)
		if h, _, _ := l.head(t.Context(), Chain("123456789012", "search")); len(h.Marks) > 0 {
			t.Errorf("got marks %v, want none of what has expired", h.Marks)
		}
	})
}
