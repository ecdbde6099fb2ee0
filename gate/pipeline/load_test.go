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

// Who reads a plan file is as the flag says: holdfast alone, terraform alone, or
// both, and then a difference is refused.
func TestLoadByEachReader(t *testing.T) {
	file := filepath.Join(t.TempDir(), "p")
	if err := os.WriteFile(file, []byte("PK\x03\x04…"), 0o600); err != nil {
		t.Fatal(err)
	}
	const deep = "module.a.module.b[0].aws_instance.c"
	for _, tc := range []struct {
		reader      PlanReader
		own, region string // what holdfast reads, and the region; empty: it cannot
		calls, fail string
	}{
		{reader: ReadAuto, own: "same", calls: ""},
		{reader: ReadAuto, own: "", calls: "show workspace"},
		{reader: ReadShow, own: "same", calls: "show workspace"},
		{reader: ReadCompare, own: "same", calls: "show workspace"},
		{reader: ReadCompare, own: deep, region: "us-east-1", calls: "show workspace"},
		{reader: ReadCompare, own: "same", region: "us-east-1", calls: "show workspace", fail: "another plan"},
		{reader: ReadCompare, own: "other", calls: "show workspace", fail: "another plan"},
		{reader: ReadCompare, own: "", calls: "show workspace", fail: "only terraform"},
	} {
		w := newWorld(t, "", allow())
		w.PlanReader = tc.reader
		w.Saved = func(_ io.ReaderAt, _ int64, to io.Writer) (string, error) {
			if tc.own == "" {
				return "", errors.New("not proved")
			}
			_, err := io.WriteString(to, tc.own)
			return "default", err
		}
		w.Decode = func(r io.Reader) (*gate.Plan, error) {
			text, err := io.ReadAll(r)
			c := gate.Change{Address: string(text)}
			switch c.Address {
			case tc.own:
				if c.Region = tc.region; c.Region != "" {
					return &gate.Plan{Changes: []gate.Change{c}, Regions: []string{c.Region}}, err
				}
			default: // what the fake terraform shows
				if c.Address = "same"; tc.own == deep {
					c.Address = deep
				}
			}
			return &gate.Plan{Changes: []gate.Change{c}}, err
		}
		_, err := w.Load(t.Context(), file, nil)
		if w.calls() != tc.calls || (tc.fail == "") != (err == nil) || err != nil && !strings.Contains(err.Error(), tc.fail) {
			t.Errorf("%s, holdfast reads %q in %q: got %v after %q, want %q after %q", tc.reader, tc.own, tc.region, err, w.calls(), tc.fail, tc.calls)
		}
	}
}
