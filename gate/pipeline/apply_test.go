package pipeline

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/holdfast-gate/holdfast/gate"
	"github.com/holdfast-gate/holdfast/gate/lease"
)

func TestApply(t *testing.T) {
	const unasked = "plan show workspace"
	const made = unasked + " version" // for the words of the question
	tests := map[string]struct {
		verb    string
		words   string
		answer  string
		verdict gate.Verdict
		code    int
		fails   string // text of the error; empty means none
		calls   string
		out     string // text in terraform's stdout
	}{
		"allowed and confirmed": {answer: "yes\n", verdict: allow(), calls: made + " apply", out: "Do you want to perform these actions?"},
		"allowed and declined":  {answer: "no\n", verdict: allow(), code: 1, calls: made, out: "Apply cancelled."},
		"nobody there to ask":   {verdict: allow(), code: 1, fails: "error asking for approval: EOF", calls: made},
		"blocked":               {answer: "yes\n", verdict: block("survivorfloor.breached"), code: 1, calls: made},
		"undecided is no leave": {answer: "yes\n", verdict: gate.Verdict{}, code: 1, calls: made},
		"approved beforehand":   {words: "-auto-approve", verdict: allow(), calls: unasked + " apply"},
		"with a variable":       {words: "-auto-approve -var=a=b", verdict: allow(), calls: made + " apply"},
		"approval does not skip the gate": {
			words: "-auto-approve", verdict: block("quorum.lost"), code: 1, calls: unasked},
		"destroy":         {verb: "destroy", answer: "yes\n", verdict: allow(), calls: made + " apply", out: "Do you really want to destroy all resources?"},
		"refresh only":    {words: "-refresh-only", answer: "yes\n", verdict: allow(), calls: made + " apply", out: "Would you like to update the Terraform state to reflect"},
		"input forbidden": {words: "-input=false", answer: "yes\n", verdict: allow(), code: 1, fails: "-input=false", calls: made},
		"json needs approval beforehand": {
			words: "-json", answer: "yes\n", verdict: allow(), code: 1, fails: "auto-approve required"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, test.answer, test.verdict)
			verb := test.verb
			if verb == "" {
				verb = "apply"
			}
			code, err := w.Apply(t.Context(), verb, strings.Fields(test.words))
			if code != test.code {
				t.Errorf("exit status: got %d, want %d", code, test.code)
			}
			if (err == nil) != (test.fails == "") || err != nil && !strings.Contains(err.Error(), test.fails) {
				t.Errorf("error: got %v, want %q", err, test.fails)
			}
			if got := w.calls(); got != test.calls {
				t.Errorf("calls: got %q, want %q", got, test.calls)
			}
			if !strings.Contains(w.out.String(), test.out) {
				t.Errorf("stdout: got %q, want %q in it", w.out.String(), test.out)
			}
		})
	}
}

// The plan file says who made it, and no process is started to ask, unless it
// does not.
func TestWhoMadeThePlanIsReadFromIt(t *testing.T) {
	plan := gate.Plan{Applyable: gate.Yes, TerraformVersion: "1.12.6"}
	for name, c := range map[string]struct {
		maker    string
		err      error
		number   string
		asks, is string
	}{
		"it says so":       {maker: "OpenTofu", number: "1.12.6", is: "OpenTofu"},
		"it does not":      {err: errors.New("no lock file"), number: "1.12.6", asks: " version", is: "Terraform"},
		"not which number": {maker: "OpenTofu", number: "x", asks: " version", is: "Terraform"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, "yes\n", allow())
			p := plan
			p.TerraformVersion = c.number
			w.Decode = decoded(&p)
			w.Maker = func(io.ReaderAt, int64) (string, error) { return c.maker, c.err }
			if code, err := w.Apply(t.Context(), "apply", nil); code != 0 || err != nil {
				t.Fatalf("got %d, %v", code, err)
			}
			if got, want := w.calls(), "plan show workspace"+c.asks+" apply"; got != want {
				t.Errorf("calls: got %q, want %q", got, want)
			}
			if want := "  " + c.is + " will perform the actions"; !strings.Contains(w.out.String(), want) {
				t.Errorf("got %q, want %q in it", w.out.String(), want)
			}
		})
	}
}

func TestThePlanIsPrivate(t *testing.T) {
	w := newWorld(t, "", allow())
	if code, err := w.Apply(t.Context(), "apply", []string{"-auto-approve"}); code != 0 || err != nil {
		t.Fatalf("got %d, %v", code, err)
	}
	if !strings.Contains(w.lines(), "  out -rw------- drwx------\n") {
		t.Errorf("got %q, want a file of mode 0600 in a directory of mode 0700", w.lines())
	}
}

func TestWordsOfTheEnvironmentGoWhereTheyBelong(t *testing.T) {
	w := newWorld(t, "", allow())
	w.Env = append(w.Env, "TF_CLI_ARGS_apply=-auto-approve -var-file=prod.tfvars -parallelism=3 -backup=-", "TF_CLI_ARGS=-lock=false", "TF_CLI_ARGS_plan=-out=elsewhere")
	if code, err := w.Apply(t.Context(), "apply", []string{"-target=a.b"}); code != 0 || err != nil {
		t.Fatalf("got %d, %v", code, err)
	}
	lines := strings.Split(w.lines(), "\n")
	if plan := lines[0]; !strings.HasSuffix(plan, " -var-file=prod.tfvars -parallelism=3 -lock=false -target=a.b") {
		t.Errorf("plan: got %q", plan)
	}
	apply := lines[len(lines)-2]
	if !strings.HasPrefix(apply, "apply -parallelism=3 -backup=- -lock=false -var-file=prod.tfvars -- ") {
		t.Errorf("apply: got %q", apply)
	}
}

func TestApplyOfAPlanWithoutChangesAsksNothing(t *testing.T) {
	create := []gate.Change{{Action: gate.Create}}
	tests := map[string]struct {
		plan  gate.Plan
		exits string
		asks  bool
	}{
		"the plan says so":                        {gate.Plan{Applyable: gate.No}, "2", false},
		"the plan says otherwise":                 {gate.Plan{Applyable: gate.Yes}, "0", true},
		"only the exit status says so":            {gate.Plan{}, "0", false},
		"the exit status says otherwise":          {gate.Plan{}, "2", true},
		"a wrapper has swallowed the exit status": {gate.Plan{Changes: create}, "0", true},
	}
	for name, test := range tests {
		w := newWorld(t, "yes\n", allow())
		w.Decode = decoded(&test.plan)
		w.planExits(test.exits)
		if code, err := w.Apply(t.Context(), "apply", nil); code != 0 || err != nil || !strings.HasSuffix(w.calls(), "apply") {
			t.Errorf("%s: got %d, %v after %q; want an apply", name, code, err, w.calls())
		}
		if asked := strings.Contains(w.out.String(), "yes"); asked != test.asks {
			t.Errorf("%s: asked %v, want %v", name, asked, test.asks)
		}
	}
}

func TestAPartOfTheConfigurationIsNoCompletePlan(t *testing.T) {
	for words, want := range map[string]gate.Tri{"-auto-approve -target=a.b": gate.No, "-auto-approve -exclude a.b": gate.No, "-auto-approve": gate.TriUnknown} {
		w := newWorld(t, "", allow())
		evaluate := w.Evaluate
		var got gate.Tri
		w.Evaluate = func(in gate.Input) gate.Verdict { got = in.Plan.Complete; return evaluate(in) }
		if code, err := w.Apply(t.Context(), "apply", strings.Fields(words)); code != 0 || err != nil || got != want {
			t.Errorf("%s: got %d, %v, complete %s; want %s", words, code, err, got, want)
		}
	}
}

func TestApplySaved(t *testing.T) {
	w := newWorld(t, "", allow())
	file := savedPlan(t)
	if code, err := w.Apply(t.Context(), "apply", []string{"-no-color", file}); code != 0 || err != nil {
		t.Fatalf("got %d, %v", code, err)
	}
	if got, want := w.lines(), "apply -no-color "+file+"\n"; !strings.HasSuffix(got, want) {
		t.Errorf("got %q, want the user's own words, %q, last", got, want)
	}

	w = newWorld(t, "", block("quorum.lost"))
	if code, _ := w.Apply(t.Context(), "apply", []string{file}); code != 1 || w.calls() != "show workspace" {
		t.Errorf("blocked: got %d after %q; want 1 and no apply", code, w.calls())
	}
}

func TestApplySavedRefusesWhatThePlanAnswered(t *testing.T) {
	file := savedPlan(t)
	for _, flag := range []string{"-target=a.b", "-replace=a.b", "-var=n=1", "-refresh-only", "-destroy", "-refresh=false", "-var-file=x"} {
		w := newWorld(t, "", allow())
		code, err := w.Apply(t.Context(), "apply", []string{flag, file})
		if code != 1 || err == nil || w.calls() != "" {
			t.Errorf("%s: got %d, %v after %q; want a refusal before anything runs", flag, code, err, w.calls())
		}
	}
}

func TestWhatChangesAfterTheVerdictIsNotApplied(t *testing.T) {
	tests := map[string]struct {
		between func(w *world, file string)
		code    string
	}{
		"the plan file": {func(w *world, file string) {
			if err := os.WriteFile(file, []byte("another plan"), 0o600); err != nil {
				w.t.Error(err)
			}
		}, "bound.plan"},
		"the config":  {func(w *world, _ string) { w.Reload = func() (*gate.Config, error) { return loosened(), nil } }, "bound.config"},
		"the time":    {func(w *world, _ string) { w.now = w.now.Add(2 * time.Hour) }, "bound.expired"},
		"the members": {func(w *world, _ string) { w.verdicts = []gate.Verdict{block("settled.transitional")} }, "settled.transitional"},
		"the config, to nonsense": {func(w *world, _ string) {
			w.Reload = func() (*gate.Config, error) { return nil, errors.New("no number") }
		}, "no number"},
		"the plan file, to nothing":   {func(w *world, file string) { _ = os.Remove(file) }, "could not be opened"},
		"the ledger cannot be told":   {func(w *world, _ string) { w.kept.fails = errors.New("away") }, "away"},
		"somebody else has the lease": {func(w *world, _ string) { w.leased() }, "lease.held"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			file := savedPlan(t)
			w := newWorld(t, "", touching(allow()))
			report := w.Report
			w.Report = func(v gate.Verdict) error {
				if len(w.reports) == 0 {
					test.between(w, file)
				}
				return report(v)
			}
			code, err := w.Apply(t.Context(), "apply", []string{file})
			said := fmt.Sprint(err, w.last)
			if code != 1 || !strings.Contains(said, test.code) || strings.Contains(w.calls(), "apply") {
				t.Errorf("got %d, %s after %q; want a refusal that says %s", code, said, w.calls(), test.code)
			}
		})
	}
}

// leased has somebody else hold the cluster.
func (w *world) leased() {
	w.t.Helper()
	other := &lease.Keeper{Store: w.kept, Holder: lease.Holder{ID: "another", Actor: "somebody else"}}
	l, err := other.Take(w.t.Context(), "123456789012", []string{"search"}, 0)
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { _ = l.Release(context.Background()) })
}

func loosened() *gate.Config {
	c := gate.DefaultConfig()
	c.Digest = "another"
	return c
}

func TestAnInterruptedPlanIsNotApplied(t *testing.T) {
	w := newWorld(t, "", allow())
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := w.Apply(ctx, "apply", []string{"-auto-approve"})
	if !errors.Is(err, context.Canceled) || w.calls() != "plan" {
		t.Errorf("got %v after %q; want nothing after the plan", err, w.calls())
	}
}

func TestAReadThatFailsAppliesNothing(t *testing.T) {
	w := newWorld(t, "", allow())
	w.Live = func(context.Context, *gate.Plan) (*gate.Snapshot, error) { return nil, errors.New("no region") }
	if code, err := w.Apply(t.Context(), "apply", []string{"-auto-approve"}); code != 1 || err == nil || strings.Contains(w.calls(), "apply") {
		t.Errorf("got %d, %v after %q; want 1, an error and no apply", code, err, w.calls())
	}
}

func TestAPlanThatFailsEndsThere(t *testing.T) {
	w := newWorld(t, "", allow())
	w.planExits("1")
	if code, err := w.Apply(t.Context(), "apply", nil); code != 1 || err != nil || w.calls() != "plan" {
		t.Errorf("got %d, %v after %q; want terraform's 1 and nothing more", code, err, w.calls())
	}
}

func (w *world) planExits(code string) {
	w.t.Helper()
	if err := os.WriteFile(filepath.Join(w.dir, "plan-exit"), []byte(code), 0o600); err != nil {
		w.t.Fatal(err)
	}
}

// decoded is a Decode that finds this plan in anything.
func decoded(plan *gate.Plan) func(io.Reader) (*gate.Plan, error) {
	return func(r io.Reader) (*gate.Plan, error) {
		_, err := io.Copy(io.Discard, r)
		return plan, err
	}
}

func savedPlan(t *testing.T) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "saved")
	if err := os.WriteFile(file, []byte("PK\x03\x04"), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}
