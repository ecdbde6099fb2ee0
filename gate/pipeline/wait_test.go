package pipeline

import (
	"strings"
	"testing"
	"time"

	"github.com/holdfast-gate/holdfast/gate"
)

func TestWaitPlansAgainOnceSettled(t *testing.T) {
	w := newWorld(t, "", moving(clock), moving(clock), moving(clock), touching(allow()))
	w.Wait = 10 * time.Minute
	code, err := w.Apply(t.Context(), "apply", []string{"-auto-approve"})
	if want := "plan show workspace plan show workspace apply"; code != 0 || err != nil || w.calls() != want {
		t.Errorf("got %d, %v after %q; want 0 after %q", code, err, w.calls(), want)
	}
	for _, line := range []string{
		"Still waiting… search: i-0abc shutting-down for 1m20s [0s elapsed]\n",
		"Still waiting… search: quiet, but not for long enough yet [30s elapsed]\n",
		"Settled after 1m30s.\n", // it moved for half a minute, and its settle time is a minute
	} {
		if !strings.Contains(w.log.String(), line) {
			t.Errorf("progress: got %q, want %q in it", w.log.String(), line)
		}
	}
}

// A cluster at rest is looked at twice, a settle time apart, and the plan is
// as good as it was.
func TestWaitLooksTwice(t *testing.T) {
	w := newWorld(t, "", touching(allow()))
	w.Wait = 10 * time.Minute
	if code, err := w.Apply(t.Context(), "apply", []string{"-auto-approve"}); code != 0 || err != nil || w.calls() != "plan show workspace apply" {
		t.Errorf("got %d, %v after %q", code, err, w.calls())
	}
	if waited := w.now.Sub(clock); waited != time.Minute {
		t.Errorf("waited %s, want its settle time", waited)
	}
}

func TestWaitBeginsAnewWhenSomethingHasChanged(t *testing.T) {
	other := touching(allow())
	other.Clusters = []*gate.View{{Cluster: other.Clusters[0].Cluster, Effects: other.Clusters[0].Effects, Members: []gate.MemberView{{Member: gate.Member{ID: "i-new"}}}}}
	w := newWorld(t, "", touching(allow()), touching(allow()), touching(allow()), touching(allow()), other)
	w.Wait = 10 * time.Minute
	if code, err := w.Apply(t.Context(), "apply", []string{"-auto-approve"}); code != 0 || err != nil {
		t.Errorf("got %d, %v", code, err)
	}
	if waited := w.now.Sub(clock); waited != 100*time.Second {
		t.Errorf("waited %s, want 40s to the change and a minute from there", waited)
	}
}

// Where the user waits for less than the settle time, the first look stands, as
// it does without --wait.
func TestWaitShorterThanTheSettleTime(t *testing.T) {
	w := newWorld(t, "", touching(allow()))
	w.Wait = 17 * time.Second
	if code, err := w.Apply(t.Context(), "apply", []string{"-auto-approve"}); code != 0 || err != nil || !strings.Contains(w.log.String(), "seen for 17s only") {
		t.Errorf("got %d, %v, %q", code, err, w.log.String())
	}
}

func TestWaitEnds(t *testing.T) {
	w := newWorld(t, "", moving(clock))
	w.Wait = 27 * time.Second
	code, err := w.Apply(t.Context(), "apply", []string{"-auto-approve"})
	if code != 1 || err != nil || strings.Contains(w.calls(), "apply") {
		t.Errorf("got %d, %v after %q; want 1 and no apply", code, err, w.calls())
	}
	if !strings.Contains(w.log.String(), "search did not settle within 27s.\n") || w.now.Sub(clock) != w.Wait {
		t.Errorf("got %q after %s; want an end after 27s that says so", w.log.String(), w.now.Sub(clock))
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

// Of a group that nobody asked it is not known that it is at rest.
func TestAGroupThatWasNotAskedIsNotAtRest(t *testing.T) {
	for name, test := range map[string]struct {
		group gate.Group
		want  string
	}{
		"asked":     {gate.Group{Name: "search", Asked: true}, ""},
		"not asked": {gate.Group{Name: "search"}, "search: search was not asked what it does"},
		"not there": {gate.Group{Name: "search", Absent: true}, ""},
	} {
		view := &gate.View{Cluster: gate.Cluster{Name: "search"}, Groups: []gate.Group{test.group}}
		if got := moves([]*gate.View{view}, clock); got != test.want {
			t.Errorf("%s: got %q, want %q", name, got, test.want)
		}
	}
}
