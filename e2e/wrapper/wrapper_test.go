// Package wrapper tests that holdfast can stand where terraform stands: the
// same words, exit statuses, prompt, streams and signals, with the real
// terraform behind it. The configurations have nothing that needs AWS or a
// provider; what the gate says about members is tested elsewhere.
package wrapper

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/holdfast-gate/holdfast/e2e/tool"
	"github.com/holdfast-gate/holdfast/gate/cli"
)

func TestMain(m *testing.M) {
	// A script installs this binary under terraform's name.
	if filepath.Base(os.Args[0]) == "terraform" {
		os.Exit(cli.Main())
	}
	testscript.Main(m, map[string]func(){
		"holdfast": func() { os.Exit(cli.Main()) },
	})
}

func TestScripts(t *testing.T) {
	terraform, kind := find(t)
	testscript.Run(t, testscript.Params{
		Dir:                 filepath.Join("testdata", "script"),
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Condition:           func(name string) (bool, error) { return name == kind, nil },
		Cmds:                map[string]func(*testscript.TestScript, bool, []string){"exits": exits},
		Setup: func(env *testscript.Env) error {
			env.Vars = append(env.Vars, environment(terraform, env.WorkDir)...)
			holdfast, err := exec.LookPath("holdfast") // put on PATH by TestMain
			if err != nil {
				return err
			}
			env.Vars = append(env.Vars, "HOLDFAST="+holdfast)
			return os.Mkdir(filepath.Join(env.WorkDir, "tmp"), 0o700)
		},
	})
}

// exits runs a program and wants an exact exit status: exits 3 PROGRAM ARG...
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits STATUS PROGRAM ARG...")
	}
	got := 0
	var exit *exec.ExitError
	if err := ts.Exec(args[1], args[2:]...); errors.As(err, &exit) {
		got = exit.ExitCode()
	} else if err != nil {
		ts.Fatalf("%v", err)
	}
	if strconv.Itoa(got) != args[0] {
		ts.Fatalf("exit status of %s: got %d, want %s", strings.Join(args[1:], " "), got, args[0])
	}
}

// find returns the terraform or tofu to stand in front of.
func find(t *testing.T) (path, kind string) {
	t.Helper()
	path, kind, err := tool.Terraform(context.Background(), os.Stderr)
	if err != nil {
		t.Fatal(err)
	}
	return path, kind
}

// environment is what a script sees beside what testscript gives it: no AWS
// credentials, no network, and a place for temporary files that is looked at.
func environment(terraform, work string) []string {
	return []string{
		"HOLDFAST_TF_PATH=" + terraform,
		"REAL=" + terraform,
		"REALDIR=" + filepath.Dir(terraform),
		"HOME=" + work,
		"TMPDIR=" + filepath.Join(work, "tmp"),
		"CHECKPOINT_DISABLE=1",
		"TF_CLI_CONFIG_FILE=/dev/null", // that of whoever runs the tests may be anything
		"AWS_EC2_METADATA_DISABLED=true",
		"AWS_CONFIG_FILE=/dev/null",
		"AWS_SHARED_CREDENTIALS_FILE=/dev/null",
	}
}
