// Package gatetest runs checks on cases that a reviewer can read without the
// code: one txtar file with the world, the plan and the verdict. It does not
// read AWS or plan files; what a line of a case means is in case.go.
package gatetest

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"

	"github.com/holdfast-gate/holdfast/gate"
)

// Run evaluates every case in dir with the suite and compares the verdict with
// the case's want section. The file's name fixes the decision (allow_, warn_,
// block_, blind_), so that -update can change words and never a decision.
// Every case is evaluated again with everything shuffled and with an unrelated
// cluster added: the verdict must not move.
func Run(t *testing.T, dir string, suite []*gate.Check) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*.txtar"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no cases in %s: %v", dir, err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) { runCase(t, file, suite) })
	}
}

// Kinds reports which of the decisions the file names of dir cover.
func Kinds(t *testing.T, dir string) map[string]bool {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*.txtar"))
	if err != nil {
		t.Fatal(err)
	}
	kinds := map[string]bool{}
	for _, f := range files {
		kind, _, _ := strings.Cut(filepath.Base(f), "_")
		kinds[kind] = true
	}
	return kinds
}

func runCase(t *testing.T, file string, suite []*gate.Check) {
	ar, err := txtar.ParseFile(file)
	if err != nil {
		t.Fatal(err)
	}
	text, want := section(ar, "case"), section(ar, "want")
	in, err := Parse(text)
	if err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	Answer(&in, suite)
	v := gate.Evaluate(in, suite)
	kind, _, _ := strings.Cut(filepath.Base(file), "_")
	decided(t, kind, v)
	got := Summary(v)
	whole := written(t, v)
	if again := written(t, gate.Evaluate(shuffled(in), suite)); again != whole {
		t.Errorf("the order of the input matters: got\n%s\nshuffled\n%s", whole, again)
	}
	if later := written(t, gate.Evaluate(kept(t, in), suite)); later != whole {
		t.Errorf("a record does not replay byte for byte: got\n%s\nfrom the record\n%s", whole, later)
	}
	if beside := gate.Evaluate(withStranger(in), suite); beside.Decision != v.Decision {
		t.Errorf("an unrelated cluster moves the verdict from %s to %s", v.Decision, beside.Decision)
	}
	// A case with a verdict section holds every word of the verdict.
	wantWhole := section(ar, "verdict")
	if wantWhole == "" {
		whole = ""
	}
	if got == want && strings.TrimSpace(whole) == strings.TrimSpace(wantWhole) {
		return
	}
	if f := flag.Lookup("update"); f != nil && f.Value.String() == "true" {
		rewrite(t, file, ar, got, whole)
		return
	}
	t.Errorf("%s: got\n%s\nwant\n%s\nwhole, got\n%s\nwant\n%s", file, got, want, whole, wantWhole)
}

// decided fails unless the verdict is the one that the file's name promises.
func decided(t *testing.T, kind string, v gate.Verdict) {
	t.Helper()
	blind := slices.ContainsFunc(v.Runs, func(r gate.Run) bool { return r.Outcome == gate.Blind })
	ok := map[string]bool{
		"allow": v.Decision == gate.Allow,
		"warn":  v.Decision == gate.Warn,
		"block": v.Decision == gate.Block && !blind,
		"blind": v.Decision == gate.Block && blind,
	}[kind]
	if !ok {
		t.Errorf("%s_ case decided %s (blind: %v):\n%s", kind, v.Decision, blind, Summary(v))
	}
}

// Summary writes a verdict as the lines of a want section.
func Summary(v gate.Verdict) string {
	var b strings.Builder
	fmt.Fprintln(&b, v.Decision)
	for _, f := range v.Findings {
		fmt.Fprintf(&b, "%s %s: %s\n", f.Decision, f.Code, f.Message)
	}
	for _, r := range v.Runs {
		if r.Outcome != gate.Ran {
			fmt.Fprintf(&b, "%s %s %s: %s\n", r.Outcome, r.Check, r.Cluster, r.Reason)
		}
	}
	return b.String()
}

func section(ar *txtar.Archive, name string) string {
	for _, f := range ar.Files {
		if f.Name == name {
			return string(f.Data)
		}
	}
	return ""
}

// rewrite puts what was got in the place of what was wanted.
func rewrite(t *testing.T, file string, ar *txtar.Archive, got, whole string) {
	t.Helper()
	ar.Files = slices.DeleteFunc(ar.Files, func(f txtar.File) bool { return f.Name == "want" || f.Name == "verdict" })
	ar.Files = append(ar.Files, txtar.File{Name: "want", Data: []byte(got)})
	if whole != "" {
		ar.Files = append(ar.Files, txtar.File{Name: "verdict", Data: []byte(whole + "\n")})
	}
	if err := os.WriteFile(file, bytes.TrimLeft(txtar.Format(ar), "\n"), 0o644); err != nil {
		t.Fatal(err)
	}
}

// shuffled is the same input in reverse order.
func shuffled(in gate.Input) gate.Input {
	p, s := *in.Plan, *in.Snapshot
	p.Changes, p.Drift = slices.Clone(p.Changes), slices.Clone(p.Drift)
	s.Members, s.Groups, s.Sources = slices.Clone(s.Members), slices.Clone(s.Groups), slices.Clone(s.Sources)
	s.DataStores = slices.Clone(s.DataStores)
	slices.Reverse(s.DataStores)
	slices.Reverse(p.Changes)
	slices.Reverse(p.Drift)
	slices.Reverse(s.Members)
	slices.Reverse(s.Groups)
	slices.Reverse(s.Sources)
	in.Plan, in.Snapshot = &p, &s
	return in
}

// written is a verdict with everything in it.
func written(t *testing.T, v gate.Verdict) string {
	t.Helper()
	b, err := json.MarshalIndent(v, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// kept is the same input, written down and read again.
func kept(t *testing.T, in gate.Input) gate.Input {
	t.Helper()
	b, err := json.Marshal(in)
	if err != nil {
		t.Fatal(err)
	}
	var out gate.Input
	if err := json.Unmarshal(b, &out); err != nil {
		t.Fatal(err)
	}
	return out
}

// withStranger adds a cluster that the plan and the config know nothing of.
func withStranger(in gate.Input) gate.Input {
	s := *in.Snapshot
	m := gate.Member{ID: "i-stranger", Region: "us-east-1", Tags: map[string]string{"Cluster": "somebody-elses"}, Phase: gate.Leaving, Serving: gate.ServingNo}
	s.Members = append(slices.Clone(s.Members), m)
	in.Snapshot = &s
	return in
}
