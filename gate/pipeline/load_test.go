package pipeline

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/holdfast-gate/holdfast/gate"
)

func TestLoadTellsPlanFilesFromJSON(t *testing.T) {
	for text, calls := range map[string]string{
		"{}":          "",
		"PK\x03\x04…": "show workspace",
		`{"remote_plan_format":1,"run_id":"run-1"}`: "show workspace",
	} {
		w := newWorld(t, "", allow())
		file := filepath.Join(t.TempDir(), "p")
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		plan, err := w.Load(t.Context(), file, nil)
		if err != nil || w.calls() != calls {
			t.Errorf("%q: got %v after %q; want %q", text, err, w.calls(), calls)
			continue
		}
		if want, _ := Digest(file); plan.Digest != want {
			t.Errorf("%q: digest %q, want the file's own, %q", text, plan.Digest, want)
		}
	}
}

func TestLoadDigestsTheWholeOfStdin(t *testing.T) {
	w := newWorld(t, "", allow())
	w.Decode = func(r io.Reader) (*gate.Plan, error) { // one that stops early
		_, err := io.ReadFull(r, make([]byte, 2))
		return &gate.Plan{}, err
	}
	one, err := w.Load(t.Context(), "-", strings.NewReader("{} a"))
	if err != nil {
		t.Fatal(err)
	}
	two, err := w.Load(t.Context(), "-", strings.NewReader("{} b"))
	if err != nil || one.Digest == two.Digest {
		t.Errorf("got %v and equal digests; want two that differ", err)
	}
}

func TestLoadRefuses(t *testing.T) {
	dir := t.TempDir()
	bad := filepath.Join(dir, "bad")
	if err := os.WriteFile(bad, []byte("hello"), 0o600); err != nil {
		t.Fatal(err)
	}
	w := newWorld(t, "", allow())
	w.Decode = func(io.Reader) (*gate.Plan, error) { return nil, errors.New("this is no plan") }
	for path, want := range map[string]string{
		filepath.Join(dir, "missing"): "no such file",
		dir:                           "it is a directory",
		bad:                           bad + ": this is no plan",
	} {
		if _, err := w.Load(t.Context(), path, nil); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %q", path, err, want)
		}
	}
	if _, err := w.Load(t.Context(), "-", strings.NewReader("PK\x03\x04")); err == nil {
		t.Error("a plan file on stdin: got no error")
	}
}
