package cli

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/testscript"

	"github.com/holdfast-gate/holdfast/gate"
	"github.com/holdfast-gate/holdfast/gate/live"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"holdfast": func() { os.Exit(Main()) },
	})
}

func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 filepath.Join("testdata", "script"),
		RequireExplicitExec: true,
		Setup: func(env *testscript.Env) error {
			env.Vars = append(env.Vars, "AWS_EC2_METADATA_DISABLED=true", "AWS_CONFIG_FILE=/dev/null", "AWS_SHARED_CREDENTIALS_FILE=/dev/null")
			return errors.Join(dated(env.WorkDir), huge(filepath.Join(env.WorkDir, "huge")))
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){"refuses": refuses},
	})
}

// dated gives the plans of a script the present as the time they were made.
func dated(dir string) error {
	files, err := filepath.Glob(filepath.Join(dir, "*.plan.json"))
	below, _ := filepath.Glob(filepath.Join(dir, "*", "*.plan.json"))
	files = append(files, below...)
	for _, file := range files {
		b, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		if err := os.WriteFile(file, bytes.ReplaceAll(b, []byte("NOW"), []byte(time.Now().UTC().Format(time.RFC3339))), 0o600); err != nil {
			return err
		}
	}
	return err
}

// huge makes a file of 2 GB that takes no room on the disk.
func huge(path string) error {
	if err := os.WriteFile(path, []byte("{"), 0o600); err != nil {
		return err
	}
	return os.Truncate(path, 2<<30)
}

// refuses runs holdfast check and wants exit status 1 and one sentence:
// refuses TEXT ARG...
func refuses(ts *testscript.TestScript, neg bool, args []string) {
	err := ts.Exec("holdfast", append([]string{"check"}, args[1:]...)...)
	if err == nil || !strings.Contains(err.Error(), "exit status 1") {
		ts.Fatalf("check %s: got %v, want exit status 1", strings.Join(args[1:], " "), err)
	}
	said := ts.ReadFile("stderr")
	if !strings.HasPrefix(said, "Error: ") || !strings.Contains(said, args[0]) {
		ts.Fatalf("check %s: it said %q, want an error with %q", strings.Join(args[1:], " "), said, args[0])
	}
	if ts.ReadFile("stdout") != "" || strings.Contains(said, "goroutine") || len(said) > 1500 {
		ts.Fatalf("check %s: it said more than a sentence", strings.Join(args[1:], " "))
	}
}

// factory is a world without a terminal, AWS or terraform.
func factory() (*Factory, *bytes.Buffer, *bytes.Buffer) {
	var out, err bytes.Buffer
	return &Factory{
		In: strings.NewReader(""), Out: &out, Err: &err,
		Now:       func() time.Time { return time.Date(2026, 11, 22, 8, 0, 0, 0, time.UTC) },
		Collector: func(context.Context, Reading) live.Collector { panic("AWS was asked") },
	}, &out, &err
}

func TestNormalise(t *testing.T) {
	tests := map[string]string{
		"-chdir=live plan -out=x":            "--chdir=live plan -out=x",
		"--wait 10m -chdir=live apply -v":    "--wait 10m --chdir=live apply -v",
		"-o json --wait=1m destroy -chdir=x": "-o json --wait=1m destroy -chdir=x",
		"-version":                           "version",
		"-chdir=x -version":                  "--chdir=x version",
		"-v":                                 "version",
		"-v plan":                            "-v plan",
		"-help":                              "--help",
		"-h":                                 "--help",
		"plan -help":                         "plan -help",
		"init -upgrade -chdir=x":             "init -upgrade -chdir=x",
		"--config plan apply":                "--config plan apply",
		"check -chdir=live -live=s p":        "check --chdir=live --live=s p",
		"snapshot -region eu-west-1 -out x":  "snapshot --region eu-west-1 --out x",
		"check -o json -":                    "check -o json -",
		"check -help":                        "check --help",
	}
	for words, want := range tests {
		f, _, _ := factory()
		got, err := normalise(newRoot(f), strings.Fields(words))
		if err != nil || strings.Join(got, " ") != want {
			t.Errorf("%s: got %q, %v; want %q", words, strings.Join(got, " "), err, want)
		}
	}
	f, _, _ := factory()
	if _, err := normalise(newRoot(f), []string{"-chdir", "live", "plan"}); err == nil {
		t.Error("-chdir without an equals sign: got no error")
	}
}

func TestOptions(t *testing.T) {
	f, _, _ := factory()
	g, root := newGlobalRoot(f)
	root.ResetCommands()
	var apply *applyOptions
	var check *checkOptions
	root.AddCommand(
		newApply(g, "apply", func(_ context.Context, o *applyOptions) error { apply = o; return nil }),
		newCheck(g, func(_ context.Context, o *checkOptions) error { check = o; return nil }),
	)
	root.SetArgs([]string{"--wait", "10m", "apply", "-var", "x=y", "--wait=1s", "tfplan"})
	if err := root.Execute(); err != nil {
		t.Fatal(err)
	}
	// What follows a verb of terraform is terraform's, even if it looks like ours.
	if diff := cmp.Diff([]string{"-var", "x=y", "--wait=1s", "tfplan"}, apply.words); diff != "" || apply.wait != 10*time.Minute {
		t.Errorf("wait %s, words (-want +got):\n%s", apply.wait, diff)
	}
	root.SetArgs([]string{"check", "p.json", "--live", "s.json", "--at", "now", "--output", "json"})
	if err := root.Execute(); err != nil {
		t.Fatal(err)
	}
	if check.plan != "p.json" || check.live != "s.json" || check.at != "now" || check.output != "json" {
		t.Errorf("got %q, %q, %q, %q", check.plan, check.live, check.at, check.output)
	}
}

func TestEnvironment(t *testing.T) {
	f, _, _ := factory()
	f.Env = []string{"HOLDFAST_WAIT=5m", "HOLDFAST_CONFIG=env.hcl", "HOLDFAST_NO_COLOR=true"}
	g, root := newGlobalRoot(f)
	if err := root.PersistentFlags().Parse([]string{"--config", "flag.hcl"}); err != nil {
		t.Fatal(err)
	}
	if err := g.complete(root.PersistentFlags()); err != nil {
		t.Fatal(err)
	}
	if g.config != "flag.hcl" || g.wait != 5*time.Minute || !g.noColor || g.timeout != 2*time.Minute {
		t.Errorf("got %q, %s, %v, %s; want the flag, then the environment, then the default", g.config, g.wait, g.noColor, g.timeout)
	}
}

func TestCompleteRefuses(t *testing.T) {
	for _, env := range []string{"HOLDFAST_WAIT=soon", "HOLDFAST_OUTPUT=xml", "HOLDFAST_COLOR=red", "HOLDFAST_TIMEOUT=0s", "HOLDFAST_WAIT=-1m"} {
		f, _, stderr := factory()
		f.Env = []string{env}
		if code := Run(t.Context(), f, []string{"explain"}); code != 1 || !strings.HasPrefix(stderr.String(), "Error: ") {
			t.Errorf("%s: got %d and %q; want 1 and an error", env, code, stderr.String())
		}
	}
}

func TestColored(t *testing.T) {
	tests := map[string]struct {
		g    global
		env  string
		want bool
	}{
		"not a terminal":             {want: false},
		"always":                     {g: global{color: "always"}, want: true},
		"always, whatever NO_COLOR":  {g: global{color: "always"}, env: "NO_COLOR=1", want: true},
		"always and --no-color":      {g: global{color: "always", noColor: true}, want: false},
		"never":                      {g: global{color: "never"}, want: false},
		"NO_COLOR is no truth value": {env: "NO_COLOR=0", want: false},
	}
	for name, test := range tests {
		test.g.Factory = &Factory{Env: []string{test.env}}
		if got := test.g.colored(io.Discard); got != test.want {
			t.Errorf("%s: got %v, want %v", name, got, test.want)
		}
		if test.env == "NO_COLOR=0" && !test.g.colorless() {
			t.Errorf("%s: got colour", name)
		}
	}
}

func TestStatusOf(t *testing.T) {
	finding := func(check, code string) gate.Finding {
		return gate.Finding{Check: check, Code: code, Cluster: "search", Decision: gate.Block}
	}
	verdict := func(fs ...gate.Finding) gate.Verdict {
		return gate.Verdict{Decision: gate.Block, Findings: fs, Runs: []gate.Run{{Check: "blinded", Cluster: "search", Outcome: gate.Blind, Decision: gate.Block}}}
	}
	tests := map[string]struct {
		verdict gate.Verdict
		want    int
	}{
		"allowed":                         {gate.Verdict{Decision: gate.Allow}, 0},
		"warned":                          {gate.Verdict{Decision: gate.Warn}, 0},
		"no decision at all":              {gate.Verdict{}, 1},
		"a source was not read":           {verdict(finding("source", "source.denied")), 1},
		"a check was blind":               {verdict(finding("blinded", "blinded.blind")), 1},
		"blocked":                         {verdict(finding("quorum", "quorum.lost")), 3},
		"blocked, and something not read": {verdict(finding("source", "source.denied"), finding("quorum", "quorum.lost")), 3},
	}
	for name, test := range tests {
		if got := statusOf(test.verdict); got != test.want {
			t.Errorf("%s: got %d, want %d", name, got, test.want)
		}
	}
}

func TestADefectIsOneSentence(t *testing.T) {
	f, _, stderr := factory()
	f.Now = func() time.Time { panic("index out of range") }
	plan := filepath.Join(t.TempDir(), "p.json")
	if err := os.WriteFile(plan, []byte(`{"format_version":"1.2","terraform_version":"1.11.4","resource_changes":[]}`), 0o600); err != nil {
		t.Fatal(err)
	}
	if code := Run(t.Context(), f, []string{"check", plan}); code != 1 {
		t.Errorf("exit status: got %d, want 1", code)
	}
	if !strings.HasPrefix(stderr.String(), "Error: holdfast has a defect") || strings.Contains(stderr.String(), "goroutine") {
		t.Errorf("got %q, want one sentence", stderr.String())
	}
}

func TestAnInterruptIsNoDecision(t *testing.T) {
	f, _, stderr := factory()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	plan := filepath.Join(t.TempDir(), "p.json")
	if err := os.WriteFile(plan, []byte(`{"format_version":"1.2","terraform_version":"1.11.4","resource_changes":[]}`), 0o600); err != nil {
		t.Fatal(err)
	}
	if code := Run(ctx, f, []string{"check", plan}); code != 130 || !strings.Contains(stderr.String(), "Interrupted") {
		t.Errorf("got %d and %q, want 130", code, stderr.String())
	}
}

func TestPrintError(t *testing.T) {
	var b bytes.Buffer
	printError(&b, errors.New("what is wrong\nhow to fix it"))
	if want := "Error: what is wrong\n  how to fix it\n"; b.String() != want {
		t.Errorf("got %q, want %q", b.String(), want)
	}
}

func TestFindConfig(t *testing.T) {
	root := t.TempDir()
	deep := filepath.Join(root, "repo", "live", "prod")
	if err := os.MkdirAll(deep, 0o755); err != nil {
		t.Fatal(err)
	}
	write := func(path string) {
		t.Helper()
		if err := os.WriteFile(path, nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want := func(want string) {
		t.Helper()
		if got, err := findConfig(deep); err != nil || got != want {
			t.Errorf("got %q, %v; want %q", got, err, want)
		}
	}
	write(filepath.Join(root, "holdfast.hcl"))
	want("") // outside of any repository nothing above is the project's
	if err := os.Mkdir(filepath.Join(root, "repo", ".git"), 0o755); err != nil {
		t.Fatal(err)
	}
	want("") // above the repository
	write(filepath.Join(root, "repo", "holdfast.hcl"))
	want(filepath.Join(root, "repo", "holdfast.hcl"))
	write(filepath.Join(deep, "holdfast.hcl"))
	want(filepath.Join(deep, "holdfast.hcl"))
}
