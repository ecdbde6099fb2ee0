package config

import (
	"errors"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/tools/txtar"

	"github.com/holdfast-gate/holdfast/gate"
)

// FuzzParse: no bytes panic, no refusal carries a control character to the
// terminal, and what is accepted promises what a config may promise.
func FuzzParse(f *testing.F) {
	paths, _ := filepath.Glob("testdata/*.txtar")
	for _, path := range paths {
		ar, err := txtar.ParseFile(path)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(ar.Files[0].Data, strings.HasSuffix(ar.Files[0].Name, ".json"))
	}
	f.Fuzz(func(t *testing.T, src []byte, json bool) {
		name := FileName
		if json {
			name = JSONFileName
		}
		cfg, err := Parse(name, src, "1.2.3")
		if err != nil {
			var e *Error
			if errors.As(err, &e) && strings.ContainsFunc(err.Error(), func(r rune) bool { return r != '\n' && r != '\r' && hidden(r) }) {
				t.Errorf("a refusal holds a hidden character: %q", err)
			}
			return
		}
		if cfg.PlanAge < time.Second || cfg.SnapshotAge < time.Second {
			t.Errorf("got ages %s and %s", cfg.PlanAge, cfg.SnapshotAge)
		}
		if s := cfg.Store; cfg.VerdictAge < time.Second || s.Directory != "" && s != (gate.Store{Directory: s.Directory}) || s.Bucket == "" && s.Prefix+s.Region != "" || strings.Contains(s.Prefix, "..") ||
			cfg.Override.Approvals < 0 || cfg.Override.Longest < 0 || slices.Contains(cfg.Override.People, "") {
			t.Errorf("got a store or an override policy that cannot be meant: %+v, %+v", cfg.Store, cfg.Override)
		}
		for _, c := range cfg.Clusters {
			if c.Name == "" || c.Members.Empty() || len(c.Roles) == 0 {
				t.Errorf("got a cluster that promises nothing: %+v", c)
			}
			for _, r := range c.Roles {
				if r.Size > 0 && r.SurvivorFloor > r.Size || r.SurvivorFloor < 0 || r.Budget != nil && (*r.Budget < 0 || r.Size == 0) || r.Name != "" && r.Members.Empty() {
					t.Errorf("got a promise that cannot be meant: %+v", r)
				}
			}
		}
	})
}
