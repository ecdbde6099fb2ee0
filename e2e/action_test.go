package e2e

import (
	"crypto/sha256"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// The action installs a release whose digest is right, and no other, or builds
// what it is at.
func TestActionInstalls(t *testing.T) {
	text, err := os.ReadFile("../action.yml")
	if err != nil {
		t.Fatal(err)
	}
	script, err := stepOf(text, "install")
	if err != nil {
		t.Fatal(err)
	}
	source, err := filepath.Abs("..")
	if err != nil {
		t.Fatal(err)
	}
	releases := t.TempDir()
	name := "holdfast_1.2.3_" + runtime.GOOS + "_" + runtime.GOARCH + ".tar.gz"
	archive := released(t, name)
	sum := fmt.Sprintf("%x  %s\n", sha256.Sum256(archive), name)
	release := func(version, sums string) {
		dir := filepath.Join(releases, version)
		for file, content := range map[string]string{name: string(archive), "holdfast_1.2.3_checksums.txt": sums} {
			if err := os.MkdirAll(dir, 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(dir, file), []byte(content), 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	for what, c := range map[string]struct {
		version, sums, says string
	}{
		"a release":           {"v1.2.3", fmt.Sprintf("%x  other.tar.gz\n", sha256.Sum256(nil)) + sum, "this is the release"},
		"another digest":      {"v1.2.3", strings.Replace(sum, sum[:8], "00000000", 1), ""},
		"no digest":           {"v1.2.3", "", ""},
		"no such release":     {"v9.9.9", sum, ""},
		"what it is at":       {"", "", "survivorfloor"},
		"a name of a command": {"v1.2.3; touch owned", sum, ""},
	} {
		t.Run(what, func(t *testing.T) {
			temp := t.TempDir()
			release("v1.2.3", c.sums)
			cmd := exec.Command("bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script)
			cmd.Dir = temp
			cmd.Env = append(os.Environ(), "RUNNER_TEMP="+temp, "GITHUB_PATH="+filepath.Join(temp, "path.txt"), "HOLDFAST_INSTALL="+c.version, "HOLDFAST_SOURCE="+source, "HOLDFAST_RELEASES=file://"+filepath.ToSlash(releases))
			out, err := cmd.CombinedOutput()
			if (err == nil) != (c.says != "") {
				t.Fatalf("got %v\n%s", err, out)
			}
			path, _ := os.ReadFile(filepath.Join(temp, "path.txt"))
			if c.says == "" {
				if len(path) > 0 {
					t.Error("what was not installed is on PATH")
				}
				return
			}
			out, err = exec.Command(filepath.Join(strings.TrimSpace(string(path)), "holdfast"), "explain").CombinedOutput()
			if err != nil || !strings.Contains(string(out), c.says) {
				t.Errorf("got %v\n%s", err, out)
			}
			if _, err := os.Stat(filepath.Join(temp, "holdfast", "owned")); err == nil {
				t.Error("an input was run")
			}
		})
	}
}

// released is the archive of a release, whose holdfast says that it is one.
func released(t *testing.T, name string) []byte {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "holdfast"), []byte("#!/bin/sh\necho this is the release\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command("tar", "-C", dir, "-czf", filepath.Join(dir, name), "holdfast").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	b, err := os.ReadFile(filepath.Join(dir, name))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// No input is a part of a shell's text, every one is used, and every step says
// which shell it is for.
func TestActionIsWhatTheRunnerTakes(t *testing.T) {
	text, err := os.ReadFile("../action.yml")
	if err != nil {
		t.Fatal(err)
	}
	var a struct {
		Name, Description string
		Inputs            map[string]struct{ Description string }
		Outputs           map[string]struct{ Value string }
		Runs              struct {
			Using string
			Steps []struct {
				Name, ID, If, Shell, Run, Uses string
				Env                            map[string]string
			}
		}
	}
	if err := yaml.Unmarshal(text, &a); err != nil {
		t.Fatal(err)
	}
	if a.Name == "" || a.Description == "" || a.Runs.Using != "composite" || len(a.Runs.Steps) != 3 || a.Outputs["status"].Value != "${{ steps.review.outputs.status }}" {
		t.Errorf("got %+v", a)
	}
	for _, s := range a.Runs.Steps {
		if s.Shell != "bash" || s.Run == "" || s.Uses != "" || strings.Contains(s.Run, "${{") {
			t.Errorf("step %q is not a shell step without expressions", s.Name)
		}
	}
	for name, input := range a.Inputs {
		if input.Description == "" || !strings.Contains(string(text), "${{ inputs."+name+" }}") {
			t.Errorf("input %s is not used, or not described", name)
		}
	}
}
