package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
)

// conftestVersion is the release that is compared with.
const conftestVersion = "v0.71.1"

// child tells this program, in its environment, that it is one of the ways
// itself.
const child = "HOLDFAST_BENCH_WAY"

// The rule of this benchmark for jq and for conftest.
const (
	jqRule = `[.resource_changes[] | select(.type == "aws_instance" and .change.before != null)
  | {c: .change.before.tags.Cluster, d: (.change.actions == ["delete"])}]
  | group_by(.c) | map(select(all(.[]; .d))) | length`
	regoRule = `package main

import rego.v1

members contains r if {
	some r in input.resource_changes
	r.type == "aws_instance"
	r.change.before
}

clusters contains r.change.before.tags.Cluster if some r in members

kept contains r.change.before.tags.Cluster if {
	some r in members
	r.change.actions != ["delete"]
}

deny contains c if some c in clusters - kept
`
)

// A way reads a plan and applies the rule to it.
type way struct {
	name    string
	missing string // why it does not run; empty when it does
	most    int    // resources that it is given
	argv    func(file string) []string
	env     []string
	answer  func(out string) (int, error) // nil if it answers nothing
}

// ways are all of them: this one, the one it is measured by, and the others.
// dir is for what has to be built; plans of more than most resources are only for
// the two that need no gigabytes of memory for them.
func ways(ctx context.Context, dir, conftest string, most int, log io.Writer) ([]way, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	var out []way
	for _, name := range []string{"holdfast", "json.Valid", "terraform-json"} {
		w := way{name: name, argv: func(file string) []string { return []string{self, file} }, env: append(os.Environ(), child+"="+name), most: math.MaxInt, answer: strconv.Atoi}
		switch name {
		case "json.Valid":
			w.answer = nil
		case "terraform-json":
			w.most = most
		}
		out = append(out, w)
	}
	jq := way{name: "jq", most: most, answer: strconv.Atoi}
	if path, err := exec.LookPath("jq"); err != nil {
		jq.missing = "there is none on PATH"
	} else {
		jq.argv = func(file string) []string { return []string{path, jqRule, file} }
	}
	policy := filepath.Join(dir, "policy")
	if err := os.MkdirAll(policy, 0o700); err != nil {
		return nil, err
	}
	if err := os.WriteFile(filepath.Join(policy, "emptied.rego"), []byte(regoRule), 0o600); err != nil {
		return nil, err
	}
	rego := way{name: "conftest", most: most, answer: failures}
	if conftest == "" {
		conftest, err = install(ctx, dir, log)
	} else {
		_, err = os.Stat(conftest)
	}
	if err != nil {
		rego.missing = err.Error()
	} else {
		rego.argv = func(file string) []string {
			return []string{conftest, "test", "--no-fail", "--no-color", "-o", "json", "--parser", "json", "-p", policy, file}
		}
	}
	return append(out, jq, rego), nil
}

// install builds conftest from its module and returns its path.
func install(ctx context.Context, dir string, log io.Writer) (string, error) {
	module := "github.com/open-policy-agent/conftest@" + conftestVersion
	fmt.Fprintf(log, "building %s, which takes minutes; -conftest FILE uses one that is there\n", module)
	cmd := exec.CommandContext(ctx, "go", "install", module)
	cmd.Dir, cmd.Env = dir, append(os.Environ(), "GOBIN="+dir, "GOFLAGS=")
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("go install %s: %w: %.300s", module, err, out)
	}
	return filepath.Join(dir, "conftest"), nil
}

// failures counts what conftest denies.
func failures(out string) (int, error) {
	var files []struct {
		Failures []struct{} `json:"failures"`
	}
	if err := json.Unmarshal([]byte(out), &files); err != nil {
		return 0, err
	}
	n := 0
	for _, f := range files {
		n += len(f.Failures)
	}
	return n, nil
}
