package gate_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/holdfast-gate/holdfast/gate"
)

// TestProjections holds the survivor arithmetic of every role.
func TestProjections(t *testing.T) {
	cases(t, "projections", func(in gate.Input) []string {
		var out []string
		for _, v := range gate.Clusters(in) {
			for _, p := range v.Roles {
				name := v.Cluster.Name
				if p.Role.Name != "" {
					name += "/" + p.Role.Name
				}
				out = append(out, name+": "+arithmetic(p))
			}
		}
		return out
	})
}

func arithmetic(p gate.Projection) string {
	out := []string{fmt.Sprintf("%d of %d serve", len(p.Serving), len(p.Buckets))}
	for _, part := range []struct {
		n    int
		word string
	}{{len(p.Victims), "named to end"}, {len(p.Stops), "named to stop"}, {p.Kills, "chosen"}, {p.Rolls, "out at once"}, {p.Doubtful, "doubtful"}, {p.Joins, "to come"}} {
		if part.n != 0 {
			out = append(out, fmt.Sprintf("%d %s", part.n, part.word))
		}
	}
	var floors []string
	for _, f := range p.Floors {
		floors = append(floors, fmt.Sprintf("%s %d", f.Promise, f.Needs))
	}
	return strings.Join(out, ", ") + fmt.Sprintf("; %d after, %d during, %d zones, %d voters; %s", p.After, p.During, p.Zones, p.Voters, strings.Join(floors, ", "))
}

// TestBreaches holds every word of what is said of a floor that a plan breaks,
// or that is broken already.
func TestBreaches(t *testing.T) {
	check := &gate.Check{Name: "floor", Run: func(p *gate.Pass) error {
		for _, promise := range []string{gate.PromiseSurvivorFloor, gate.PromiseQuorum, gate.PromiseBudget} {
			p.Breaches(promise, "floor")
		}
		return nil
	}}
	cases(t, "breaches", func(in gate.Input) []string {
		var out []string
		for _, f := range gate.Evaluate(in, []*gate.Check{check}).Findings {
			out = append(out, f.Message, "-> "+f.Remedy)
			if len(f.Subjects) > 0 {
				out = append(out, "about "+strings.Join(f.Subjects, ", "))
			}
			for _, e := range f.Evidence {
				out = append(out, strings.Join(slices.DeleteFunc([]string{"seen", e.Source, e.Ref, e.Field, e.Got}, func(s string) bool { return s == "" }), " "))
			}
		}
		return out
	})
}
