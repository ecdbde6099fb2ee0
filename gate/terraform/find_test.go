package terraform

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// executable puts an executable file at a path below dir.
func executable(t *testing.T, dir string, parts ...string) string {
	t.Helper()
	path := filepath.Join(append([]string{dir}, parts...)...)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte("#!/bin/sh\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestFindOrder(t *testing.T) {
	dir := t.TempDir()
	named := executable(t, dir, "named", "tf")
	atlantis := executable(t, dir, "bin", "opentofu1.9.0")
	behind := executable(t, dir, "cli", "terraform-bin")
	tofuBehind := executable(t, dir, "tofucli", "tofu-bin")
	terraform := executable(t, dir, "bin", "terraform")
	tofu := executable(t, dir, "tofus", "tofu")

	env := []string{"PATH=" + filepath.Dir(tofu)}
	find := func(explicit, want string) {
		t.Helper()
		got, err := Find(explicit, "", env)
		if err != nil || got != want {
			t.Errorf("with %q: got %q, %v; want %q", env[len(env)-1], got, err, want)
		}
	}
	find("", tofu)
	env = append(env, "PATH="+filepath.Dir(tofu)+":"+filepath.Dir(terraform))
	find("", terraform)
	env = append(env, "TOFU_CLI_PATH="+filepath.Dir(tofuBehind))
	find("", tofuBehind)
	env = append(env, "TERRAFORM_CLI_PATH="+filepath.Dir(behind))
	find("", behind)
	env = append(env, "ATLANTIS_TERRAFORM_DISTRIBUTION=opentofu", "ATLANTIS_TERRAFORM_VERSION=1.9.0")
	find("", atlantis)
	find(named, named)
}

func TestFindNeverFindsItself(t *testing.T) {
	dir := t.TempDir()
	self := executable(t, dir, "holdfast")
	real := executable(t, dir, "bin", "terraform")
	shim := filepath.Join(dir, "shims", "terraform")
	if err := os.MkdirAll(filepath.Dir(shim), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(self, shim); err != nil {
		t.Fatal(err)
	}
	env := []string{"PATH=" + filepath.Dir(shim) + ":" + filepath.Dir(real)}
	if got, err := Find("", self, env); err != nil || got != real {
		t.Errorf("behind a shim: got %q, %v; want %q", got, err, real)
	}
	if got, err := Find(shim, self, env); err == nil {
		t.Errorf("the shim by its path: got %q, want an error", got)
	}
	if got, err := Find("", self, []string{"PATH=" + filepath.Dir(shim)}); err == nil {
		t.Errorf("nothing but the shim: got %q, want an error", got)
	}
}

func TestFindSkipsWhatCannotRun(t *testing.T) {
	dir := t.TempDir()
	plain := filepath.Join(dir, "terraform")
	if err := os.WriteFile(plain, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if got, err := Find("", "", []string{"PATH=" + dir}); err == nil {
		t.Errorf("a file without x: got %q, want an error", got)
	}
	if got, err := Find("missing-tool", "", []string{"PATH=" + dir}); err == nil || !strings.Contains(err.Error(), "missing-tool") {
		t.Errorf("an explicit tool that is not there: got %q, %v; want an error that names it", got, err)
	}
}

func TestDeeper(t *testing.T) {
	env := []string{"HOME=/"}
	for range maxDepth {
		var err error
		if env, err = Deeper(env); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := Deeper(env); err == nil {
		t.Error("one level too deep: got no error")
	}
}
