package ledger

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

// listed are the places that Records gives, with "?" where one cannot be read.
func listed(t *testing.T, l *Ledger, cluster string) string {
	t.Helper()
	var got []string
	for e, err := range l.Records(context.Background(), cluster) {
		place := strings.TrimPrefix(e.Ref.String(), "123456789012/")
		if err != nil {
			place += "?"
		}
		got = append(got, place)
	}
	return strings.Join(got, " ")
}

func TestRecordsAreMergedByTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemory()
		l := over(m)
		for _, cluster := range []string{"a", "b", "b", "a", "c", "a"} {
			mustAppend(t, l, record(Refused, cluster, NewRun()))
			pass(t, time.Minute)
		}
		for cluster, want := range map[string]string{"": "a/3 c/1 a/2 b/2 b/1 a/1", "b": "b/2 b/1", "none": "", "d": ""} {
			if got := listed(t, l, cluster); got != want {
				t.Errorf("%q: got %q, want %q", cluster, got, want)
			}
		}
		for e := range l.Records(t.Context(), "") {
			if e.Record.Cluster != "a" || e.Record.At.IsZero() || len(e.Data) == 0 {
				t.Errorf("got %+v, want the newest record", e.Record)
			}
			break
		}
		delete(m.values, recordKey("123456789012/a", 2))
		m.put(recordKey("123456789012/b", 2), []byte("{"))
		if got, want := listed(t, l, ""), "b/2? a/3 a/2? c/1 b/1 a/1"; got != want {
			t.Errorf("got %q, want %q", got, want)
		}
		m.disturb = func(op, _ string, _ int) error { return map[string]error{"list": errStopped}[op] }
		for _, err := range l.Records(t.Context(), "") {
			if err == nil {
				t.Error("got no error of a store that cannot be listed")
			}
		}
	})
}

func TestFind(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemory()
		l := over(m)
		for _, place := range []string{"111111111111 search", "222222222222 search", "111111111111 Search in eu-west-1", "111111111111 a/b", "111111111111 ", " queue"} {
			account, cluster, _ := strings.Cut(place, " ")
			mustAppend(t, l, Record{Kind: Refused, Run: "a", Account: account, Cluster: cluster})
		}
		for where, want := range map[string]string{
			"111111111111/search/1":              "111111111111/search/1",
			"222222222222/search/1":              "222222222222/search/1",
			"Search in eu-west-1/1":              "111111111111/~53earch~20in~20eu-west-1/1",
			"111111111111/Search in eu-west-1/1": "111111111111/~53earch~20in~20eu-west-1/1",
			"~53earch~20in~20eu-west-1/1":        "111111111111/~53earch~20in~20eu-west-1/1",
			"a/b/1":                              "111111111111/a~2fb/1",
			"111111111111/a/b/1":                 "111111111111/a~2fb/1",
			"none/1":                             "111111111111/none/1",
			"queue/1":                            "none/queue/1",
			"none/queue/1":                       "none/queue/1",
		} {
			if e, err := l.Find(t.Context(), where); err != nil || e.Ref.String() != want {
				t.Errorf("%q: got %v, %v, want %s", where, e.Ref, err, want)
			}
		}
		for where, want := range map[string]string{
			"search/1":              "could be 111111111111/search or 222222222222/search\nGive the account",
			"queue/2":               "there is no record 2 of none/queue; the last is 1\n",
			"nobody/1":              "has no records of \"nobody\"\n",
			"333333333333/search/1": "has no records of",
			"search":                "is not the place of a record\n",
			"search/":               "is not the place of a record\n",
			"search/-1":             "is not the place of a record\n",
			"/1":                    "is not the place of a record\n",
		} {
			if _, err := l.Find(t.Context(), where); err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%q: got %v, want %q", where, err, want)
			}
		}
		m.put(recordKey("none/queue", 1), []byte("{}"))
		if _, err := l.Find(t.Context(), "queue/1"); err == nil || !strings.Contains(err.Error(), "Run holdfast record verify") {
			t.Errorf("got %v, want advice to verify", err)
		}
	})
}

func TestSafeNames(t *testing.T) {
	got := map[string]string{}
	for _, name := range []string{"", "none", "none2", "search-1_b.c", "az09", ".a", "a.", ".", "..", "A b/c", "é", "~"} {
		got[name] = safe(name)
	}
	want := map[string]string{"": "none", "none": "~6eone", "none2": "none2", "search-1_b.c": "search-1_b.c", "az09": "az09", ".a": "~2ea", "a.": "a~2e", ".": "~2e", "..": "~2e~2e",
		"A b/c": "~41~20b~2fc", "é": "~c3~a9", "~": "~7e"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if at, over := safe(strings.Repeat("a", maxName)), safe(strings.Repeat("a", maxName+1)); at != strings.Repeat("a", maxName) || len(over) > maxName+1 || !strings.Contains(over, "~~") {
		t.Errorf("got %q and %q, want the name, and its beginning with its digest", at, over)
	}
}

func TestHeads(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := small(t, "search", "queue")
		heads, err := over(m).Heads(t.Context())
		if err != nil || len(heads) != 2 || heads[0].String() != "123456789012/queue/5" || heads[1].Seq != 5 || len(heads[1].SHA256) != 64 {
			t.Errorf("got %v, %v, want where both chains end", heads, err)
		}
		edit(m, headKey("123456789012/search"))
		if _, err := over(m).Heads(t.Context()); err == nil {
			t.Error("got no error of a head that was edited")
		}
	})
}

func TestOriginOfWhatHoldsNoDecision(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := over(small(t, "search"))
		for _, place := range []string{"search/1", "search/2", "search/3", "search/5"} {
			e, err := l.Find(t.Context(), place)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := l.Origin(t.Context(), e); err == nil || !strings.Contains(err.Error(), "holds no decision\n") {
				t.Errorf("%s: got %v, want that it holds no decision", place, err)
			}
		}
	})
}
