package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/holdfast-gate/holdfast/e2e/bench/measure"
	"github.com/holdfast-gate/holdfast/gate/tfplan"
)

// The test is its own contestant, as the program is.
func TestMain(m *testing.M) {
	if way := os.Getenv(child); way != "" && len(os.Args) == 2 {
		exit(contestant(way, os.Args[1]))
	}
	os.Exit(m.Run())
}

// shape is what a plan consists of: every path with the kind of what is there,
// where each resource is called by its type and by what happens to it, and how
// many bytes such a resource takes.
type shape struct {
	sections []string // in their order
	paths    map[string]bool
	sizes    map[string][]int
}

func shapeOf(t *testing.T, text []byte) shape {
	t.Helper()
	s := shape{paths: map[string]bool{}, sizes: map[string][]int{}}
	d := json.NewDecoder(bytes.NewReader(text))
	if _, err := d.Token(); err != nil {
		t.Fatal(err)
	}
	for d.More() {
		name, err := d.Token()
		if err != nil {
			t.Fatal(err)
		}
		var v any
		if err := d.Decode(&v); err != nil {
			t.Fatal(err)
		}
		s.sections = append(s.sections, fmt.Sprint(name))
		s.add(fmt.Sprint(name), v)
	}
	return s
}

func (s *shape) add(path string, v any) {
	switch v := v.(type) {
	case map[string]any:
		if kind, _ := v["type"].(string); v["address"] != nil && kind != "" {
			path += " " + kind
			if change, ok := v["change"].(map[string]any); ok {
				path += fmt.Sprint(" ", change["actions"], v["action_reason"])
			}
			// What is to be made takes less room: much of it is not known.
			if values, ok := v["values"].(map[string]any); ok && values["id"] == nil {
				path += " new"
			}
			text, _ := json.Marshal(v) // it was JSON before
			s.sizes[path] = append(s.sizes[path], len(text))
		}
		s.paths[path+" object"] = true
		for name, member := range v {
			if strings.HasPrefix(name, "search-") {
				name = "CLUSTER"
			}
			s.add(path+"."+name, member)
		}
	case []any:
		s.paths[path+" list"] = true
		for _, element := range v {
			s.add(path+"[]", element)
		}
	default:
		s.paths[fmt.Sprintf("%s %T", path, v)] = true
	}
}

// size is how many bytes such a resource takes on the average.
func (s *shape) size(path string) float64 {
	sum := 0
	for _, n := range s.sizes[path] {
		sum += n
	}
	return float64(sum) / float64(len(s.sizes[path]))
}

func recorded(t *testing.T, file string) shape {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return shapeOf(t, text)
}

func generated(t *testing.T, n int) shape {
	t.Helper()
	var text bytes.Buffer
	if _, err := writePlan(&text, n); err != nil {
		t.Fatal(err)
	}
	return shapeOf(t, text.Bytes())
}

// A generated plan has the sections that the official provider's has, in their
// order, and in each of them, of every type and for everything that happens to
// it, the members and kinds of values, no fewer and no more. A resource takes as
// much room. See testdata/README.md.
func TestPlanIsLikeTheRealOne(t *testing.T) {
	want, got := recorded(t, "testdata/clusters.json"), generated(t, 1200)
	if !slices.Equal(want.sections, got.sections) {
		t.Errorf("got sections %v, want %v", got.sections, want.sections)
	}
	for path := range want.paths {
		if !got.paths[path] {
			t.Errorf("a real plan has %s, a generated one does not", path)
		}
	}
	for path := range got.paths {
		if !want.paths[path] {
			t.Errorf("a generated plan has %s, a real one does not", path)
		}
	}
	for path := range want.sizes {
		if is, should := got.size(path), want.size(path); math.IsNaN(is) || math.Abs(is/should-1) > 0.03 {
			t.Errorf("%s: got %.0f bytes for each, and %.0f in a real plan", path, is, should)
		}
	}
}

// attribute is where an attribute of an object that is there is named.
var attribute = regexp.MustCompile(`^(prior_state|resource_changes|resource_drift)\S*\[\] (aws_[a-z_]+)(?: [^.]*)?\.(?:values|change\.before)\.(\w+)`)

// attributes are the names of those, by section and type, without these.
func (s *shape) attributes(without ...string) map[string][]string {
	out := map[string][]string{}
	for path := range s.paths {
		if m := attribute.FindStringSubmatch(path); m != nil && !slices.Contains(without, m[3]) {
			out[m[1]+" "+m[2]] = append(out[m[1]+" "+m[2]], m[3])
		}
	}
	for at, names := range out {
		slices.Sort(names)
		out[at] = slices.Compact(names)
	}
	return out
}

// Version 6 of the provider, which made the plans that the decoder is tested
// with, has a few attributes more and four less; all else is in a generated plan,
// in all sections.
func TestPlanIsLikeThoseOfVersion6(t *testing.T) {
	made := generated(t, 1200)
	got := made.attributes("cpu_core_count", "cpu_threads_per_core", "elastic_gpu_specifications", "elastic_inference_accelerator")
	files, err := filepath.Glob("../../gate/tfplan/testdata/plans/[a-f]*.json")
	if err != nil || len(files) < 14 {
		t.Fatalf("got %d plans, want 14 (%v)", len(files), err)
	}
	compared := map[string]bool{}
	for _, file := range files {
		real := recorded(t, file)
		for _, name := range real.sections {
			if !slices.Contains(made.sections, name) {
				t.Errorf("%s has %s, a generated plan does not", file, name)
			}
		}
		for at, want := range real.attributes("region", "force_destroy", "placement_group_id", "primary_network_interface", "secondary_network_interface", "network_performance_options", "secondary_interfaces") {
			if got[at] == nil {
				continue // a type that is not generated
			}
			compared[at] = true
			if diff := cmp.Diff(want, got[at]); diff != "" {
				t.Errorf("%s: %s (-real +generated):\n%s", file, at, diff)
			}
		}
	}
	if len(compared) < 7 {
		t.Errorf("compared %v, want instances, groups and templates in each section", compared)
	}
}

// What the generator says of its plan is what the plan says.
func TestPlanEmptiesWhatItSays(t *testing.T) {
	for _, n := range []int{whole, 100, 1200, 1201} {
		var text bytes.Buffer
		says, err := writePlan(&text, n)
		if err != nil {
			t.Fatal(err)
		}
		plan, err := tfplan.Decode(&text)
		if err != nil {
			t.Fatal(err)
		}
		addresses := map[string]bool{}
		for _, c := range plan.Whole().Changes {
			addresses[c.Address] = true
		}
		if got := emptied(plan); len(addresses) != n || got != says || says != 1 {
			t.Errorf("%d resources: got %d and %d clusters emptied, the generator says %d", n, len(addresses), got, says)
		}
	}
}

// The program runs at its smallest: all ways that are here give the right
// answer, and the table has a line for each way and each bar.
func TestBench(t *testing.T) {
	var out, log strings.Builder
	err := bench(t.Context(), []string{"-sizes=100", "-rounds=1", "-program=false", "-saved=false", "-live=false", "-conftest=" + filepath.Join(t.TempDir(), "none")}, &out, &log)
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
	if got := measure.CPU(measure.Best(r[3000]["holdfast"])) / measure.CPU(measure.Best(r[3000]["json.Valid"])); got > 2 {
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

// Figures are read by their units, and one that is missing is no zero.
func TestMetrics(t *testing.T) {
	const text = "goos: linux\nBenchmarkMany-2 \t 3\t 180516858 ns/op\t 8.000 calls\t 0 throttled-calls\nPASS\nok  \tx\t5.9s\n"
	got, err := metrics(text, "calls", "throttled-calls")
	if err != nil || got["calls"] != 8 || got["throttled-calls"] != 0 || got["ns/op"] != 180516858 {
		t.Errorf("got %v and %v, want 8 calls of which none was throttled", got, err)
	}
	if _, err := metrics(text, "calls", "status-calls"); err == nil {
		t.Error("a figure that nobody printed was read")
	}
	if _, err := metrics(strings.Replace(text, "8.000", "many", 1), "calls"); err == nil {
		t.Error("a figure that is no number was read")
	}
}
