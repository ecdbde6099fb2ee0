//go:build broken

package oracle

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestABrokenProjectionIsCaught breaks the core in ways that a tired engineer
// might, one at a time, and runs the oracle on each: it must find an unsafe
// allow. The broken source is an overlay of the build; no file is changed.
//
//	go test -tags broken -run Broken ./e2e/oracle
func TestABrokenProjectionIsCaught(t *testing.T) {
	for name, b := range map[string]struct{ file, good, bad string }{
		"what a group chooses is not counted":           {"project.go", "killed := cost(members, units)", "killed := 0 * cost(members, units)"},
		"a refresh takes nobody":                        {"project.go", "rolls += e.Rolls", "rolls += 0 * e.Rolls"},
		"a stop and start takes nobody":                 {"project.go", "min(len(members)-killed, rolls+stopped)", "min(len(members)-killed, rolls)"},
		"named victims survive":                         {"project.go", "case ends[m.ID]:", "case ends[m.ID] && m.Absent:"},
		"whatever is not gone serves":                   {"project.go", "if m.Absent || m.Serving != ServingYes || (m.Phase != Steady && m.Phase != Changing) {", "if m.Phase == Gone {"},
		"a replacement is no end if it creates first":   {"plan.go", "a == Delete || a == ReplaceDeleteFirst || a == ReplaceCreateFirst", "a == Delete || a == ReplaceDeleteFirst"},
		"a group counts only members that serve":        {"effect_group.go", "now := max(counted, g.Desired)", "now := v0(counted, g.Desired)"},
		"the protected ones are chosen, the others not": {"project.go", "if !m.Protected {", "if m.Protected {"},
		"a lower maximum is only a number":              {"effect_group.go", "target := min(max(sent(c, \"desired_capacity\", g.Desired), lo), hi)", "target := max(sent(c, \"desired_capacity\", g.Desired), lo) + 0*hi"},
		"members to come make up for those that go":     {"project.go", "p.After, p.During = len(good)-p.Kills, during", "p.After, p.During = len(good)-p.Kills, during+v.coming()"},
		"the healthy percentage is rounded down":        {"effect_group.go", "max(1, d-d*minHealthy/100)", "max(1, d*(100-minHealthy)/100)"},
		"one too few is enough":                         {"floor.go", "r.During < f.Needs {", "r.During+1 < f.Needs {"},
		"no zone is ever emptied":                       {"project.go", "p.Zones = fewestZones(pools, stops)", "p.Zones = fewestZones(nil, stops) + 3"},
		"a deleted group keeps its members":             {"effect_group.go", "Effect{Group: name, Ends: ids,", "Effect{Group: name, Ends: ids[:0],"},
		"a zone that comes moves nobody":                {"effect_group.go", "if comes && target > 1 {", "if comes && target > 99 {"},
		"off the load balancer they serve on":           {"effect_group.go", "if lost || slices", "if lost && slices"},
		"a new instance type needs no stop":             {"effect_instance.go", "c.changes(restarts()...); len(names) > 0", "c.changes(restarts()...); len(names) > 9"},
	} {
		t.Run(name, func(t *testing.T) {
			out, err := oracleOn(t, b.file, b.good, b.bad)
			switch {
			case err == nil:
				t.Errorf("the oracle noticed nothing:\n%s", out)
			case !strings.Contains(out, "UNSAFE"):
				t.Errorf("the oracle failed, but not for an unsafe allow:\n%s", out)
			}
		})
	}
}

// extra are what some of the broken versions need to compile.
const extra = `
func v0(counted, desired int) int { return min(counted, desired) - 1 }

func (v *View) coming() (n int) {
	for _, e := range v.Effects {
		n += e.Joins
	}
	return n
}
`

// oracleOn runs the oracle over every small world with one file of the core
// broken.
func oracleOn(t *testing.T, file, good, bad string) (string, error) {
	t.Helper()
	path, err := filepath.Abs(filepath.Join("..", "..", "gate", file))
	if err != nil {
		t.Fatal(err)
	}
	src, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Count(string(src), good) != 1 {
		t.Fatalf("%s has %q %d times, want once: mend this test", file, good, strings.Count(string(src), good))
	}
	broken := strings.Replace(string(src), good, bad, 1)
	if strings.Contains(bad, "v0(") || strings.Contains(bad, "coming()") {
		broken += extra
	}
	dir := t.TempDir()
	changed, overlay := filepath.Join(dir, file), filepath.Join(dir, "overlay.json")
	b, err := json.Marshal(map[string]map[string]string{"Replace": {path: changed}})
	if err := errors.Join(err, os.WriteFile(changed, []byte(broken), 0o600), os.WriteFile(overlay, b, 0o600)); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	out, err := exec.CommandContext(ctx, "go", "test", "-vet=off", "-failfast", "-overlay="+overlay, ".", "-seed", "1").CombinedOutput()
	return string(out), err
}
