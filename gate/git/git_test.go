package git

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// checkout is a repository with one commit on main and a branch of it.
func checkout(t *testing.T) (dir string, do func(args ...string)) {
	t.Helper()
	dir = t.TempDir()
	do = func(args ...string) {
		t.Helper()
		cmd := exec.Command("git", append([]string{"-C", dir, "-c", "user.name=t", "-c", "user.email=t@example.com", "-c", "init.defaultBranch=main"}, args...)...)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("git %v: %v\n%s", args, err, out)
		}
	}
	do("init", "-q")
	write(t, dir, "holdfast.hcl", "base")
	do("add", ".")
	do("commit", "-qm", "base")
	do("checkout", "-qb", "change")
	write(t, dir, "holdfast.hcl", "change")
	do("commit", "-qam", "change")
	return dir, do
}

func write(t *testing.T, dir, name, text string) {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func open(t *testing.T, dir string) *Repository {
	t.Helper()
	r, err := Open(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestFilesOfAnotherCommit(t *testing.T) {
	dir, do := checkout(t)
	write(t, dir, ".gitattributes", "*.hcl diff=evil")
	do("config", "diff.evil.textconv", "false")
	r := open(t, dir)
	commit, err := r.Commit(t.Context(), "main")
	if err != nil {
		t.Fatal(err)
	}
	files, err := r.Files(t.Context(), commit, []string{"holdfast.hcl", "infra/holdfast.hcl"})
	if err != nil || len(files) != 1 || string(files["holdfast.hcl"]) != "base" {
		t.Errorf("got %q, %v", files, err)
	}
	for _, revision := range []string{"refs/remotes/origin/main", "--help", "HEAD:holdfast.hcl"} {
		if got, err := r.Commit(t.Context(), revision); err == nil {
			t.Errorf("%s: got %s", revision, got)
		}
	}
}

// A link in place of the file would be followed to what the branch has.
func TestALinkIsNoFile(t *testing.T) {
	dir, do := checkout(t)
	if err := os.Remove(filepath.Join(dir, "holdfast.hcl")); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("other.hcl", filepath.Join(dir, "holdfast.hcl")); err != nil {
		t.Fatal(err)
	}
	do("commit", "-qam", "link")
	if files, err := open(t, dir).Files(t.Context(), "HEAD", []string{"holdfast.hcl"}); err == nil {
		t.Errorf("got %q", files)
	}
}

func TestIsAt(t *testing.T) {
	dir, do := checkout(t)
	r := open(t, dir)
	at := func(revision string) bool {
		t.Helper()
		commit, err := r.Commit(t.Context(), revision)
		if err != nil {
			t.Fatal(err)
		}
		ok, err := r.IsAt(t.Context(), commit)
		if err != nil {
			t.Fatal(err)
		}
		return ok
	}
	if !at("change") || at("main") {
		t.Error("the branch is checked out")
	}
	do("checkout", "-q", "main")
	do("commit", "-q", "--allow-empty", "-m", "more")
	do("merge", "-q", "--no-edit", "change")
	if !at("change") || at("main~1") || !at("main") {
		t.Error("the merge of the branch into main is checked out")
	}
}

func TestTracks(t *testing.T) {
	dir, do := checkout(t)
	outside := t.TempDir()
	write(t, outside, "policy.hcl", "given")
	write(t, dir, "given/policy.hcl", "given")
	if err := os.Symlink(outside, filepath.Join(dir, "link")); err != nil {
		t.Fatal(err)
	}
	do("add", "link")
	if err := os.Symlink(filepath.Join(dir, "holdfast.hcl"), filepath.Join(outside, "back.hcl")); err != nil {
		t.Fatal(err)
	}
	r := open(t, dir)
	for path, want := range map[string]bool{
		filepath.Join(dir, "holdfast.hcl"):       true,
		filepath.Join(dir, "link/policy.hcl"):    true,
		filepath.Join(outside, "back.hcl"):       true,
		filepath.Join(dir, "given/policy.hcl"):   false,
		filepath.Join(outside, "policy.hcl"):     false,
		filepath.Join(dir, "given/missing.hcl"):  false,
		filepath.Join(outside, "../missing.hcl"): false,
	} {
		got, err := r.Tracks(t.Context(), path)
		if missing := filepath.Base(path) == "missing.hcl"; got != want || (err != nil) != missing {
			t.Errorf("%s: got %v, %v", path, got, err)
		}
	}
}

func TestPath(t *testing.T) {
	dir, _ := checkout(t)
	write(t, dir, "infra/main.tf", "")
	r := open(t, filepath.Join(dir, "infra"))
	for path, want := range map[string]string{dir: ".", filepath.Join(dir, "infra"): "infra", t.TempDir(): ""} {
		if got, err := r.Path(path); got != want || (err != nil) != (want == "") {
			t.Errorf("%s: got %q, %v", path, got, err)
		}
	}
	if _, err := Open(t.Context(), t.TempDir()); err == nil {
		t.Error("a folder that is in no repository was opened")
	}
}
