package config

import (
	"encoding/json"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"

	"github.com/holdfast-gate/holdfast/gate"
)

var update = flag.Bool("update", false, "rewrite the want section of testdata")

// Each case is a config and the exact diagnostics or the exact Config. Its name
// says which: -update cannot turn a refusal into an acceptance.
func TestCases(t *testing.T) {
	paths, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(paths) == 0 {
		t.Fatalf("no cases: %v", err)
	}
	for _, path := range paths {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".txtar"), func(t *testing.T) {
			ar, err := txtar.ParseFile(path)
			if err != nil || len(ar.Files) != 2 {
				t.Fatalf("got %v; want a config and a section want", err)
			}
			cfg, err := Parse(ar.Files[0].Name, ar.Files[0].Data, "1.2.3")
			if wantErr := strings.HasPrefix(filepath.Base(path), "bad_"); (err != nil) != wantErr {
				t.Fatalf("got error %v; the name of the case wants an error: %v", err, wantErr)
			}
			got := render(t, cfg, err)
			if *update {
				ar.Files[1].Data = []byte(got)
				if err := os.WriteFile(path, txtar.Format(ar), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			if diff := cmp.Diff(string(ar.Files[1].Data), got); diff != "" {
				t.Errorf("want -, got +:\n%s", diff)
			}
		})
	}
}

func render(t *testing.T, cfg *gate.Config, err error) string {
	t.Helper()
	if err != nil {
		var e *Error
		if !errors.As(err, &e) {
			t.Fatalf("got %T; want an *Error", err)
		}
		return err.Error() + "\n"
	}
	cfg.Digest = ""
	b, err := json.MarshalIndent(cfg, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	return string(b) + "\n"
}
