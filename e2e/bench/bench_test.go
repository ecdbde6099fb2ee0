package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/holdfast-gate/holdfast/gate/tfplan"
)

// The test is its own contestant, as the program is.
func TestMain(m *testing.M) {
	if way := os.Getenv(child); way != "" && len(os.Args) == 2 {
		exit(contestant(way, os.Args[1]))
	}
	os.Exit(m.Run())
}

// shape lists every path in a value with the kind of what is there.
func shape(into map[string]bool, path string, v any) {
	switch v := v.(type) {
	case map[string]any:
		into[path+" object"] = true
		for name, member := range v {
			shape(into, path+"."+name, member)
		}
	case []any:
		into[path+" list"] = true
		for _, element := range v {
			shape(into, path+"[]", element)
		}
	default:
		into[fmt.Sprintf("%s %T", path, v)] = true
	}
}

func sections(t *testing.T, text []byte) map[string]json.RawMessage {
	t.Helper()
	var out map[string]json.RawMessage
	if err := json.Unmarshal(text, &out); err != nil {
		t.Fatal(err)
	}
	return out
}

// Section by section, a generated plan has the members and kinds of values that
// the official provider's has, no fewer and no more, and takes as much room.
func TestPlanIsLikeTheRealOne(t *testing.T) {
	real, err := os.ReadFile("../../gate/tfplan/testdata/plans/a03_6_to_3.json")
	if err != nil {
		t.Fatal(err)
	}
	const n = 1200
	var made bytes.Buffer
	if _, err := writePlan(&made, n); err != nil {
		t.Fatal(err)
	}
	want, got := sections(t, real), sections(t, made.Bytes())
	if w, g := slices.Sorted(maps.Keys(want)), slices.Sorted(maps.Keys(got)); !slices.Equal(w, g) {
		t.Fatalf("got sections %v, want %v", g, w)
	}
	for name := range want {
		is, should := shapes(t, name, got[name]), shapes(t, name, want[name])
		for path := range should {
			if !is[path] {
				t.Errorf("a real plan has %s, a generated one does not", path)
			}
		}
		for path := range is {
			if !should[path] {
				t.Errorf("a generated plan has %s, a real one does not", path)
			}
		}
	}
	per := func(text json.RawMessage, entries int) float64 { return float64(len(text)) / float64(entries) }
	if is, should := per(got["prior_state"], n), per(want["prior_state"], 6); math.Abs(is/should-1) > 0.05 {
		t.Errorf("an instance takes %.0f bytes of a generated state, and %.0f of a real one", is, should)
	}
}

func shapes(t *testing.T, name string, text []byte) map[string]bool {
	t.Helper()
	var v any
	if err := json.Unmarshal(text, &v); err != nil {
		t.Fatal(err)
	}
	out := map[string]bool{}
	shape(out, name, v)
	return out
}

// What the generator says of its plan is what the plan says.
func TestPlanEmptiesWhatItSays(t *testing.T) {
	for _, n := range []int{6, 100, 1200, 1201} {
		var text bytes.Buffer
		emptied, err := writePlan(&text, n)
		if err != nil {
			t.Fatal(err)
		}
		plan, err := tfplan.Decode(&text)
		if err != nil {
			t.Fatal(err)
		}
		ids := map[string]bool{}
		all := tally{}
		for _, c := range plan.Changes {
			ids[c.ID] = true
			all.add(c.Before.Tags()["Cluster"], c.Action.Ends())
		}
		if len(ids) != n || all.emptied() != emptied || emptied != 1 {
			t.Errorf("%d resources: got %d ids and %d clusters emptied, the generator says %d", n, len(ids), all.emptied(), emptied)
		}
	}
}

// The program runs at its smallest: all ways that are here give the right
// answer, and the table has a line for each way and each bar.
func TestBench(t *testing.T) {
	var out, log strings.Builder
	err := bench(t.Context(), []string{"-sizes=100", "-rounds=1", "-program=false", "-saved=false", "-conftest=" + filepath.Join(t.TempDir(), "none")}, &out, &log)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"holdfast", "json.Valid", "terraform-json", "jq", "conftest", "peak memory, 100,000", "NOT MEASURED"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("the table lacks %q:\n%s", want, &out)
		}
	}
	if !strings.Contains(log.String(), "!!! conftest IS NOT COMPARED WITH") {
		t.Errorf("got %q, want it to be loud about conftest", &log)
	}
}

// A way that answers wrongly ends the race.
func TestWrongAnswerIsNoResult(t *testing.T) {
	liar := way{name: "liar", most: 100, argv: func(string) []string { return []string{"echo", "2"} }, answer: func(string) (int, error) { return 2, nil }}
	if _, err := race(t.Context(), t.TempDir(), []way{liar}, []int{100}, 1, io.Discard); err == nil || !strings.Contains(err.Error(), "liar says") {
		t.Errorf("got %v, want the liar named", err)
	}
}

// A plan is read in about the CPU time that the standard library takes to see
// that it is JSON. The bar is 1.2; a machine that does other things at once is
// allowed for.
func TestReadingCostsWhatValidatingCosts(t *testing.T) {
	all, err := ways(t.Context(), t.TempDir(), "none", 0, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	r, err := race(t.Context(), t.TempDir(), all[:2], []int{3000}, 5, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	if got := cpu(best(r[3000]["holdfast"])) / cpu(best(r[3000]["json.Valid"])); got > 2 {
		t.Errorf("got %.2f times the CPU of json.Valid, want at most 1.2 on a quiet machine, and never 2", got)
	} else {
		t.Logf("%.2f times the CPU of json.Valid", got)
	}
}

func TestBarsAreMetOrNot(t *testing.T) {
	for _, tc := range []struct {
		bar  bar
		want string
	}{
		{bar{must: 1.2, stretch: 0.6, measured: 0.5}, "met, and the stretch"},
		{bar{must: 1.2, stretch: 0.6, measured: 1.2}, "met"},
		{bar{must: 1.2, stretch: 0.6, measured: 1.3}, "NOT MET"},
		{bar{must: 8, stretch: 15, least: true, measured: 16}, "met, and the stretch"},
		{bar{must: 8, stretch: 15, least: true, measured: 7}, "NOT MET"},
		{bar{must: 30, measured: 29}, "met"},
		{bar{must: 30, measured: math.NaN(), why: "no time"}, "NOT MEASURED: no time"},
	} {
		if got := tc.bar.met(); got != tc.want {
			t.Errorf("%+v: got %q, want %q", tc.bar, got, tc.want)
		}
	}
}
