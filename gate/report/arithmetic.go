package report

import (
	"fmt"
	"slices"
	"strings"

	"github.com/holdfast-gate/holdfast/gate"
)

// sum is the arithmetic of one role, with its numbers.
func sum(r gate.Projection) string {
	return fmt.Sprintf("serving %d - victims %d - AWS may choose %d = %d after; - %d out at once = %d during",
		len(r.Serving), len(r.Victims), r.Kills, r.After, r.Rolls, r.During)
}

// holds reports whether a promise holds in the worst case, and the number it
// is held against.
func holds(r gate.Projection, f gate.Floor) (int, bool) {
	have := r.During
	if f.Promise == gate.PromiseZoneFloor {
		have = r.Zones
	}
	return have, have >= f.Needs
}

// floors says of each promise what it needs and whether that is left. What was
// counted from incomplete reads is never called enough.
func floors(r gate.Projection, seen bool) []string {
	var out []string
	for _, f := range r.Floors {
		have, ok := holds(r, f)
		word := "enough"
		switch {
		case !seen:
			word = "not certain, the reads are incomplete"
		case !ok && !r.Costs():
			word = "TOO FEW, and the plan takes none of them"
		case !ok:
			word = "TOO FEW"
		}
		out = append(out, fmt.Sprintf("%s needs %d (%s), %d left: %s", f.Promise, f.Needs, f.How, have, word))
	}
	return out
}

// seen reports whether every check could judge the cluster.
func seen(v gate.Verdict, cluster string) bool {
	return !slices.ContainsFunc(v.Runs, func(r gate.Run) bool { return r.Cluster == cluster && r.Outcome != gate.Ran })
}

// strictest is the promise that asks for the most serving members.
func strictest(r gate.Projection) (gate.Floor, bool) {
	for _, f := range r.Floors {
		if f.Promise != gate.PromiseZoneFloor {
			return f, true
		}
	}
	return gate.Floor{}, false
}

// keeps is one role's margin: both numbers.
func keeps(v *gate.View, r gate.Projection) string {
	text := fmt.Sprintf("%s keeps %d of %s serving", title(v.Cluster.Name, r.Role.Name), r.During, gate.Count(r.Of(), "member"))
	if !r.Costs() {
		return text + ", the plan takes none"
	}
	if f, ok := strictest(r); ok {
		text += fmt.Sprintf(", it needs %d", f.Needs)
		if f.Promise != gate.PromiseSurvivorFloor {
			text += " (" + f.Promise + ")"
		}
	}
	return text
}

// kept is the headline of a verdict that permits: the tightest of the roles
// that lose members, else of those the plan touches.
func kept(v gate.Verdict) string {
	tightest, margin, taken, n := "", 0, false, 0
	for _, c := range v.Clusters {
		if !c.Touched() {
			continue
		}
		for _, r := range c.Roles {
			n++
			f, _ := strictest(r)
			takes, left := r.Costs(), r.During-f.Needs
			if tightest == "" || takes && !taken || takes == taken && left < margin {
				tightest, margin, taken = keeps(c, r), left, takes
			}
		}
	}
	switch n {
	case 0:
		return "the plan touches no cluster"
	case 1:
		return tightest
	}
	return fmt.Sprintf("%s; the tightest of %d roles", tightest, n)
}

// margins writes one line for every role the plan touches, and who is in its
// cluster.
func (p *page) margins(v gate.Verdict) {
	for _, c := range v.Clusters {
		if !c.Touched() {
			continue
		}
		for _, r := range c.Roles {
			line := title(c.Cluster.Name, r.Role.Name) + ": " + sum(r)
			var needs []string
			for _, f := range r.Floors {
				needs = append(needs, fmt.Sprintf("%d (%s)", f.Needs, f.Promise))
			}
			if len(needs) > 0 {
				line += "; needs " + strings.Join(needs, ", ")
			}
			p.line(2, "%s", line)
		}
		p.cells(p.seats(c), 2)
	}
}
