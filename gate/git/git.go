// Package git reads what other commits of a repository hold, by asking git. It
// changes nothing and fetches nothing.
package git

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
)

// A Repository is a checkout.
type Repository struct {
	root string
}

// Open finds the checkout that a directory is in.
func Open(ctx context.Context, dir string) (*Repository, error) {
	if dir == "" {
		dir = "."
	}
	r := &Repository{dir}
	top, err := r.run(ctx, "rev-parse", "--show-toplevel")
	r.root = strings.TrimSuffix(string(top), "\n")
	return r, err
}

// Path is where something lies in the repository, with slashes; an error if it
// lies outside.
func (r *Repository) Path(path string) (string, error) {
	abs, err := filepath.Abs(path)
	if err != nil {
		return "", err
	}
	// Git names the root by its real path.
	if real, err := filepath.EvalSymlinks(abs); err == nil {
		abs = real
	}
	rel, err := filepath.Rel(r.root, abs)
	if err != nil || rel == ".." || strings.HasPrefix(rel, ".."+string(filepath.Separator)) {
		return "", fmt.Errorf("%s is outside of the repository %s", path, r.root)
	}
	return filepath.ToSlash(rel), nil
}

// Commit is the digest of the commit that a revision names.
func (r *Repository) Commit(ctx context.Context, revision string) (string, error) {
	out, err := r.run(ctx, "rev-parse", "--verify", "--quiet", "--end-of-options", revision+"^{commit}")
	return strings.TrimSpace(string(out)), err
}

// IsAt reports whether what is checked out is a commit, or the merge of it into
// another. It needs no history: a shallow clone knows the parents' digests.
func (r *Repository) IsAt(ctx context.Context, commit string) (bool, error) {
	head, err := r.Commit(ctx, "HEAD")
	if err != nil || head == commit {
		return err == nil, err
	}
	out, err := r.run(ctx, "cat-file", "commit", "HEAD")
	header, _, _ := strings.Cut(string(out), "\n\n")
	var parents []string
	for line := range strings.Lines(header) {
		if parent, ok := strings.CutPrefix(line, "parent "); ok {
			parents = append(parents, strings.TrimSpace(parent))
		}
	}
	return len(parents) == 2 && parents[1] == commit, err
}

// Files returns those of some paths that a commit has as files. Something else
// of that name, such as a symbolic link, is an error.
func (r *Repository) Files(ctx context.Context, commit string, paths []string) (map[string][]byte, error) {
	list, err := r.run(ctx, append([]string{"ls-tree", "-z", "--full-tree", "--end-of-options", commit, "--"}, paths...)...)
	if err != nil {
		return nil, err
	}
	files := map[string][]byte{}
	for entry := range strings.SplitSeq(strings.TrimSuffix(string(list), "\x00"), "\x00") {
		meta, path, _ := strings.Cut(entry, "\t")
		f := strings.Fields(meta)
		switch {
		case entry == "":
		case len(f) != 3 || !strings.HasPrefix(f[0], "100") || f[1] != "blob":
			return nil, fmt.Errorf("%s of %s is not a file", path, commit)
		default:
			if files[path], err = r.run(ctx, "cat-file", "blob", f[2]); err != nil {
				return nil, err
			}
		}
	}
	return files, nil
}

// Tracks reports whether a path, or what it leads to, is part of the commit
// that is checked out or of what would be the next.
func (r *Repository) Tracks(ctx context.Context, path string) (bool, error) {
	real, err := filepath.EvalSymlinks(path)
	if err != nil {
		return false, err
	}
	for _, p := range []string{path, real} {
		if p, err = filepath.Abs(p); err != nil {
			return false, err
		}
		// Every folder on the way may itself be a link that is tracked.
		for ; p != filepath.Dir(p); p = filepath.Dir(p) {
			rel, err := filepath.Rel(r.root, p)
			if err != nil || rel == "." || rel == ".." || strings.HasPrefix(rel, ".."+string(filepath.Separator)) {
				break
			}
			out, err := r.run(ctx, "ls-files", "-z", "--", ":(top,literal)"+filepath.ToSlash(rel))
			if err != nil {
				return false, err
			}
			if string(out) == filepath.ToSlash(rel)+"\x00" {
				return true, nil
			}
		}
	}
	return false, nil
}

// run asks git from the root of the checkout.
func (r *Repository) run(ctx context.Context, args ...string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, "git", append([]string{"-C", r.root}, args...)...)
	var out, said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &said
	err := cmd.Run()
	if errors.Is(err, exec.ErrNotFound) {
		return nil, errors.New("there is no git on PATH")
	}
	if err != nil {
		return nil, fmt.Errorf("git %s: %w %s", args[0], err, strings.Join(strings.Fields(said.String()), " "))
	}
	return out.Bytes(), nil
}
