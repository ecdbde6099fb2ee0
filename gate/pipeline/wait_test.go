package pipeline

import (
	"strings"
	"testing"
	"time"

	"github.com/holdfast-gate/holdfast/gate"
)

func TestWaitPlansAgainOnceSettled(t *testing.T) {
	w := newWorld(t, "")
	w.verdicts = []gate.Verdict{moving(w.now), moving(w.now), moving(w.now), allow(), allow()}
	w.Wait = 10 * time.Minute
	code, err := w.Apply(t.Context(), "apply", []string{"-auto-approve"})
	if want := "plan show workspace plan show workspace version apply"; code != 0 || err != nil || w.calls() != want {
		t.Errorf("got %d, %v after %q; want 0 after %q", code, err, w.calls(), want)
	}
	want := "Still waiting… search: i-0abc shutting-down for 1m20s [0s elapsed]\n"
	if !strings.HasPrefix(w.log.String(), want) || !strings.HasSuffix(w.log.String(), "Settled after 30s.\n") {
		t.Errorf("progress: got %q, want it to begin with %q", w.log.String(), want)
	}
}

func TestWaitEnds(t *testing.T) {
	w := newWorld(t, "")
	w.verdicts = []gate.Verdict{moving(w.now)}
	w.Wait = 27 * time.Second
	began := w.now
	code, err := w.Apply(t.Context(), "apply", []string{"-auto-approve"})
	if code != 1 || err != nil || strings.Contains(w.calls(), "apply") {
		t.Errorf("got %d, %v after %q; want 1 and no apply", code, err, w.calls())
	}
	if !strings.HasSuffix(w.log.String(), "search did not settle within 27s.\n") || w.now.Sub(began) != w.Wait {
		t.Errorf("got %q after %s; want an end after 27s that says so", w.log.String(), w.now.Sub(began))
	}
}

func TestWaitOnlyForWhatTimeHeals(t *testing.T) {
	wrong := moving(time.Time{})
	wrong.Findings = append(wrong.Findings, gate.Finding{Code: "target.account", Decision: gate.Block})
	byHand := moving(time.Time{})
	byHand.Findings = append(byHand.Findings, gate.Finding{Code: "drifted.size", Decision: gate.Block})
	stopped := moving(time.Time{})
	stopped.Findings = append(stopped.Findings, gate.Finding{Code: "drifted.state", Decision: gate.Block})
	for name, test := range map[string]struct {
		verdict gate.Verdict
		want    bool
	}{
		"moving":                         {moving(time.Time{}), true},
		"moving, in the wrong account":   {wrong, false},
		"moving, and resized by hand":    {byHand, false},
		"moving, as refresh found":       {stopped, true},
		"at rest, and too few":           {block("survivorfloor.breached"), false},
		"allowed":                        {allow(), false},
		"a decision nobody gave a value": {gate.Verdict{Findings: []gate.Finding{{Code: "settled.members"}}}, true},
	} {
		if got := settles(test.verdict); got != test.want {
			t.Errorf("%s: got %v, want %v", name, got, test.want)
		}
	}
}
