package checks

import (
	"flag"
	"os"
	"slices"
	"testing"

	"github.com/holdfast-gate/holdfast/gate"
	"github.com/holdfast-gate/holdfast/gate/gatetest"
)

var _ = flag.Bool("update", false, "rewrite the words of the want sections; a decision is fixed by the file's name")

// Every check has at least one case that it lets pass, one that it refuses and,
// if it needs a source, one in which it cannot see.
func TestCases(t *testing.T) {
	for _, c := range Suite() {
		t.Run(c.Name, func(t *testing.T) {
			dir := c.Name + "/testdata"
			kinds := gatetest.Kinds(t, dir)
			want := []string{"allow", "block"}
			if len(c.Needs) > 0 {
				want = append(want, "blind")
			}
			for _, k := range want {
				if !kinds[k] {
					t.Errorf("no %s_*.txtar case in %s", k, dir)
				}
			}
			gatetest.Run(t, dir, []*gate.Check{c})
		})
	}
}

// The vectors of the AWS reference that concern instances and groups, and
// other whole stories, are judged by the whole suite.
func TestStories(t *testing.T) { gatetest.Run(t, "testdata", Suite()) }

func TestEveryFolderIsInTheSuite(t *testing.T) {
	entries, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if e.IsDir() && e.Name() != "testdata" && !slices.ContainsFunc(Suite(), func(c *gate.Check) bool { return c.Name == e.Name() }) {
			t.Errorf("checks/%s is not in the Suite: list it there, or comment it out with the reason", e.Name())
		}
	}
	if err := gate.Validate(Suite()); err != nil {
		t.Error(err)
	}
}
