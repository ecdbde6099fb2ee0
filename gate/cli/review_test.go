package cli

import (
	"io"
	"strings"
	"testing"

	"github.com/holdfast-gate/holdfast/gate"
	"github.com/holdfast-gate/holdfast/gate/forge"
)

// A status passes for what is permitted, and where nothing is refused.
func TestOutcomeOf(t *testing.T) {
	blocked := gate.Verdict{Decision: gate.Block, Findings: []gate.Finding{{Check: "survivorfloor", Code: "survivorfloor.breached", Decision: gate.Block, Cluster: "search", Message: "too few"}}}
	blind := blocked
	blind.Runs = []gate.Run{{Check: "survivorfloor", Cluster: "search", Outcome: gate.Blind}}
	for name, c := range map[string]struct {
		verdict  gate.Verdict
		observe  bool
		want     forge.Outcome
		observed bool
	}{
		"allowed":            {gate.Verdict{Decision: gate.Allow}, false, forge.Allowed, false},
		"a warning":          {gate.Verdict{Decision: gate.Warn}, false, forge.Allowed, false},
		"blocked":            {blocked, false, forge.Blocked, false},
		"blind":              {blind, false, forge.Undecided, false},
		"no verdict":         {gate.Verdict{}, false, forge.Undecided, false},
		"blocked, observing": {blocked, true, forge.Allowed, true},
	} {
		if got := outcomeOf(c.verdict, c.observe); got != c.want {
			t.Errorf("%s: got %d, want %d", name, got, c.want)
		}
		if got := title(c.verdict, c.observe); strings.HasPrefix(got, "observe mode, nothing is refused: ") != c.observed {
			t.Errorf("%s: got title %q", name, got)
		}
	}
}

// Elsewhere than on a forge there is nowhere to say a review.
func TestReviewNeedsAForge(t *testing.T) {
	for _, env := range [][]string{nil, {"GITHUB_ACTIONS=true"}, {"GITLAB_CI=true"}} {
		o := &reviewOptions{global: &global{Factory: &Factory{Env: env, Out: io.Discard, Err: io.Discard}}}
		if _, _, err := o.host(t.Context(), nil); err == nil {
			t.Errorf("%v: got no error", env)
		}
	}
}

// A defect is an error like any other, so that the status does not stay
// pending.
func TestADefectIsSaidInTheReview(t *testing.T) {
	var log strings.Builder
	r := &reviewing{reviewOptions: &reviewOptions{global: &global{Factory: &Factory{Err: &log}}}} // without a repository
	_, err := r.judge(t.Context())
	if err == nil || !strings.HasPrefix(err.Error(), "holdfast has a defect and decided nothing\n") || strings.Contains(err.Error(), "nil pointer") {
		t.Errorf("got %v, want one that tells of a defect and nothing of what it met", err)
	}
	if !strings.Contains(log.String(), "nil pointer") {
		t.Errorf("log: got %q, want what the defect was", log.String())
	}
}
