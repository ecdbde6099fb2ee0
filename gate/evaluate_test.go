package gate_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/holdfast-gate/holdfast/gate"
	"github.com/holdfast-gate/holdfast/gate/gatetest"
)

func parsed(t *testing.T, text string) gate.Input {
	t.Helper()
	in, err := gatetest.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return in
}

// TestFindings holds what the core itself finds, before any check: misspelt
// clusters and roles, members of several clusters, sources that were not read.
func TestFindings(t *testing.T) {
	look := &gate.Check{Name: "look", Needs: []string{gate.SourceInstances, gate.SourceGroups}, Run: func(*gate.Pass) error { return nil }}
	who := &gate.Check{Name: "who", Plan: true, Needs: []string{gate.SourceIdentity}, Run: func(*gate.Pass) error { return nil }}
	cases(t, "findings", func(in gate.Input) []string {
		v := gate.Evaluate(in, []*gate.Check{look, who})
		var out []string
		for _, f := range v.Findings {
			where := strings.Join(slices.DeleteFunc([]string{f.Cluster, f.Role}, func(s string) bool { return s == "" }), "/")
			out = append(out, strings.TrimSpace(f.Code+" "+where)+": "+f.Message, "-> "+f.Remedy)
			if len(f.Subjects) > 0 {
				out = append(out, "about "+strings.Join(f.Subjects, ", "))
			}
			for _, e := range f.Evidence {
				out = append(out, strings.Join([]string{"seen", e.Source, e.Ref, e.Got}, " "))
			}
		}
		for _, r := range v.Runs {
			if r.Outcome != gate.Ran {
				out = append(out, strings.TrimSpace(r.Check+" "+r.Cluster)+" is "+r.Outcome.String()+": "+r.Reason)
			}
		}
		for _, c := range v.Clusters {
			out = append(out, c.Cluster.Name+" in "+regions(c.Regions)+": "+c.Decision.String())
		}
		return out
	})
}

func TestAPlanIsSummedUp(t *testing.T) {
	p := &gate.Plan{FormatVersion: "1.2", Actions: []gate.ActionCall{{}, {}}}
	for _, a := range []gate.Action{gate.NoOp, gate.Read, gate.Forget, gate.Create, gate.Update, gate.Update, gate.Delete, gate.Delete, gate.Delete,
		gate.ReplaceCreateFirst, gate.ReplaceCreateFirst, gate.ReplaceDeleteFirst, gate.ForgetReplace} {
		p.Changes = append(p.Changes, gate.Change{Type: "null_resource", Action: a})
	}
	got := gate.Evaluate(gate.Input{Plan: p}, nil).Plan
	if want := (gate.Summary{Create: 1, Update: 2, Delete: 3, Replace: 4, Actions: 2}); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

func TestNothingPermitsWithoutAPlanOrWithoutChecks(t *testing.T) {
	v := gate.Evaluate(gate.Input{}, nil)
	if len(v.Findings) != 1 || v.Findings[0].Code != "plan.missing" || v.Decision != gate.Block {
		t.Errorf("without a plan: got %s, %+v", v.Decision, v.Findings)
	}
	v = gate.Evaluate(gate.Input{Plan: &gate.Plan{FormatVersion: "1.2"}}, nil)
	if len(v.Findings) != 0 || v.Decision != gate.Block {
		t.Errorf("without checks: got %s, %+v", v.Decision, v.Findings)
	}
}

// A check that fails says why, and keeps what it had found before.
func TestACheckThatFailsSaysWhy(t *testing.T) {
	for name, end := range map[string]func() error{
		"it gives up": func() error { return errors.New("out of fingers") },
		"it panics":   func() error { panic("out of fingers") },
	} {
		t.Run(name, func(t *testing.T) {
			check := &gate.Check{Name: "count", Run: func(p *gate.Pass) error {
				p.Report(gate.Finding{Code: "count.odd", Decision: gate.Warn, Message: "odd"})
				return end()
			}}
			v := gate.Evaluate(parsed(t, "cluster web\nmember i-1 in-service addr=aws_instance.web"), []*gate.Check{check})
			var got []string
			for _, f := range v.Findings {
				got = append(got, f.Decision.String()+" "+f.Cluster+" "+f.Code+": "+f.Message)
			}
			want := []string{"block web count.broken: the check count failed and judged nothing: out of fingers", "warn web count.odd: odd"}
			if !slices.Equal(got, want) {
				t.Errorf("got %q, want %q", got, want)
			}
			if r := v.Runs[0]; r.Outcome != gate.Errored || r.Decision != gate.Block || r.Reason != "out of fingers" || v.Decision != gate.Block {
				t.Errorf("got %s, %+v", v.Decision, r)
			}
		})
	}
}

// A finding can only warn or block, whatever the check says.
func TestAFindingThatSaysNothingBlocks(t *testing.T) {
	for _, d := range []gate.Decision{gate.Undecided, gate.Allow, gate.Block, gate.Decision(9)} {
		check := &gate.Check{Name: "say", Plan: true, Run: func(p *gate.Pass) error {
			p.Report(gate.Finding{Code: "say.it", Decision: d, Subjects: []string{"b", "a"}})
			return nil
		}}
		v := gate.Evaluate(gate.Input{Plan: &gate.Plan{FormatVersion: "1.2"}}, []*gate.Check{check})
		if got := v.Findings[0].Decision; got != gate.Block || v.Decision != gate.Block || v.Runs[0].Decision != gate.Block {
			t.Errorf("%s: got %s, the run %s, the verdict %s; want block", d, got, v.Runs[0].Decision, v.Decision)
		}
		if !slices.IsSorted(v.Findings[0].Subjects) {
			t.Errorf("subjects are not sorted: %v", v.Findings[0].Subjects)
		}
	}
}

func TestASourceIsStaleOnceItIsOlderThanItMayBe(t *testing.T) {
	now := time.Date(2018, 1, 2, 20, 37, 0, 0, time.UTC)
	for name, test := range map[string]struct {
		read time.Time
		want bool
	}{
		"just now":                  {now, false},
		"exactly as old as allowed": {now.Add(-time.Minute), false},
		"a moment older":            {now.Add(-time.Minute - 1), true},
		"by a clock a little ahead": {now.Add(time.Minute), false},
		"by a clock too far ahead":  {now.Add(time.Minute + 1), true},
		"nobody knows when":         {time.Time{}, true},
	} {
		if got := (gate.Source{ReadAt: test.read}).Stale(now, time.Minute); got != test.want {
			t.Errorf("%s: got %v, want %v", name, got, test.want)
		}
	}
}
