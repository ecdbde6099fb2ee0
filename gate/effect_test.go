package gate_test

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"

	"github.com/holdfast-gate/holdfast/gate"
	"github.com/holdfast-gate/holdfast/gate/gatetest"
)

// TestEffects holds every word and number of what a plan does to each cluster.
func TestEffects(t *testing.T) {
	cases(t, "effects", func(in gate.Input) []string { return told(gate.Clusters(in)) })
}

// cases runs those of a folder. A case is the lines of gatetest; what it should
// come to stands after ">".
func cases(t *testing.T, dir string, tell func(gate.Input) []string) {
	t.Helper()
	files, err := filepath.Glob("testdata/" + dir + "/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("no cases in testdata/%s: %v", dir, err)
	}
	for _, file := range files {
		ar, err := txtar.ParseFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range ar.Files {
			t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar")+"/"+f.Name, func(t *testing.T) {
				var lines, want []string
				for line := range strings.Lines(string(f.Data)) {
					if w, ok := strings.CutPrefix(line, "> "); ok {
						want = append(want, strings.TrimSpace(w))
					} else {
						lines = append(lines, line)
					}
				}
				in, err := gatetest.Parse(strings.Join(lines, ""))
				if err != nil {
					t.Fatal(err)
				}
				if got := tell(in); !slices.Equal(got, want) {
					t.Errorf("got\n> %s\nwant\n> %s", strings.Join(got, "\n> "), strings.Join(want, "\n> "))
				}
			})
		}
	}
}

// told writes what a plan does to clusters, and what it records of them and
// leaves alone; a cluster's name goes first where there are several.
func told(clusters []*gate.View) []string {
	var out []string
	for _, v := range clusters {
		var lines []string
		for _, e := range v.Effects {
			lines = append(lines, e.Address+" "+e.Action.String()+": "+effect(e))
		}
		for _, c := range v.Recorded {
			if !slices.ContainsFunc(v.Effects, func(e gate.Effect) bool { return strings.HasPrefix(e.Address, c.Address) }) {
				lines = append(lines, c.Address+" "+c.Action.String()+": nothing")
			}
		}
		for _, d := range v.Drift {
			lines = append(lines, d.Address+" drifted")
		}
		for _, line := range lines {
			if len(clusters) > 1 {
				line = v.Cluster.Name + ": " + line
			}
			out = append(out, line)
		}
	}
	return out
}

func effect(e gate.Effect) string {
	var out []string
	for _, part := range []struct {
		word string
		of   []string
	}{{"ends", e.Ends}, {"stops", e.Stops}, {"resumes", e.Brakes}} {
		if len(part.of) > 0 {
			out = append(out, part.word+" "+strings.Join(part.of, ","))
		}
	}
	for _, part := range []struct {
		word string
		n    int
	}{{"kills", e.Kills}, {"rolls", e.Rolls}, {"joins", e.Joins}, {"pending", e.Pending}} {
		if part.n != 0 {
			out = append(out, fmt.Sprintf("%s %d", part.word, part.n))
		}
	}
	if len(out) == 0 {
		out = []string{"takes nobody"}
	}
	if e.Guess != "" {
		out = append(out, "because "+e.Guess)
	}
	return strings.Join(out, ", ") + " (" + e.Does + ")"
}
