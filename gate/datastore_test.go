package gate

import (
	"slices"
	"testing"
	"time"
)

// What a check asks for because of the plan blinds that check, and no other,
// where it was not read; and it is asked for only where the plan says so.
func TestAsksBlindOnlyWhoAsks(t *testing.T) {
	now := time.Date(2026, 11, 28, 9, 0, 0, 0, time.UTC)
	asks := func(p *Plan) []Ask {
		var out []Ask
		for _, c := range p.Changes {
			if c.Action.Ends() {
				out = append(out, Ask{Source: "s3.lifecycle", Region: c.Region, About: []string{c.ID}})
			}
		}
		return out
	}
	quiet := func(*Pass) error { return nil }
	suite := []*Check{{Name: "asker", Plan: true, Asks: asks, Run: quiet}, {Name: "other", Plan: true, Run: quiet}}
	plan := func(a Action) *Plan {
		return &Plan{FormatVersion: "1.2", Changes: []Change{{Address: "x", Type: "aws_s3_bucket", ID: "b", Region: "eu-west-1", Action: a}}}
	}
	whole := []Source{{Name: "s3.lifecycle", Region: "eu-west-1", ReadAt: now, Complete: true}}
	for name, tt := range map[string]struct {
		action  Action
		sources []Source
		want    Outcome
		code    string
	}{
		"not asked for":    {NoOp, nil, Ran, ""},
		"read":             {Delete, whole, Ran, ""},
		"never read":       {Delete, nil, Blind, "source.missing"},
		"denied":           {Delete, []Source{{Name: "s3.lifecycle", Region: "eu-west-1", ReadAt: now, Problem: ProblemDenied, Err: "no"}}, Blind, "source.denied"},
		"read elsewhere":   {Delete, []Source{{Name: "s3.lifecycle", Region: "us-east-1", ReadAt: now, Complete: true}}, Blind, "source.missing"},
		"read an hour ago": {Delete, []Source{{Name: "s3.lifecycle", Region: "eu-west-1", ReadAt: now.Add(-time.Hour), Complete: true}}, Blind, ""},
	} {
		t.Run(name, func(t *testing.T) {
			v := Evaluate(Input{Now: now, Plan: plan(tt.action), Snapshot: &Snapshot{Sources: tt.sources}}, suite)
			if got := v.Runs[0].Outcome; got != tt.want {
				t.Errorf("asker: got %v, want %v", got, tt.want)
			}
			if got := v.Runs[1].Outcome; got != Ran {
				t.Errorf("other: got %v, want it to run", got)
			}
			if got := slices.ContainsFunc(v.Findings, func(f Finding) bool { return f.Code == tt.code }); tt.code != "" && !got {
				t.Errorf("findings: got %+v, want %s", v.Findings, tt.code)
			}
			if allowed := v.Decision.Permits(); allowed != (tt.want == Ran) {
				t.Errorf("got %v", v.Decision)
			}
		})
	}
}
