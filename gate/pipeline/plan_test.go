package pipeline

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/holdfast-gate/holdfast/gate"
)

func TestPlan(t *testing.T) {
	tests := map[string]struct {
		verdict gate.Verdict
		exits   string // of terraform plan
		code    int
		calls   string
	}{
		"allowed":                               {allow(), "0", 0, "plan show workspace"},
		"allowed, with -detailed-exitcode":      {allow(), "2", 2, "plan show workspace"},
		"blocked":                               {block("quorum.lost"), "0", 1, "plan show workspace"},
		"blocked, with -detailed-exitcode":      {block("quorum.lost"), "2", 1, "plan show workspace"},
		"terraform fails, nothing is judged":    {allow(), "1", 1, "plan"},
		"terraform is ended, nothing is judged": {allow(), "9", 9, "plan"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, "", test.verdict)
			w.planExits(test.exits)
			code, err := w.Plan(t.Context(), nil)
			if code != test.code || err != nil || w.calls() != test.calls {
				t.Errorf("got %d, %v after %q; want %d after %q", code, err, w.calls(), test.code, test.calls)
			}
		})
	}
}

func TestPlanKeepsTheUsersOwnFile(t *testing.T) {
	for _, given := range []string{"command line", "environment"} {
		w := newWorld(t, "", allow())
		out := filepath.Join(t.TempDir(), "own")
		words := []string{"-out=" + out}
		if given == "environment" {
			// The fake terraform does not read it; that nothing was added is what matters.
			w.Env = append(w.Env, "TF_CLI_ARGS_plan=-out="+savedPlan(t))
			words = nil
		}
		code, err := w.Plan(t.Context(), words)
		if first, _, _ := strings.Cut(w.lines(), "\n"); code != 0 || err != nil || first != strings.TrimSpace("plan "+strings.Join(words, " ")) {
			t.Errorf("%s: got %d, %v, %q; want the words unchanged", given, code, err, first)
		}
	}
}
