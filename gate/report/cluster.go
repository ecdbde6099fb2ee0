package report

import (
	"fmt"
	"strings"
	"time"

	"github.com/holdfast-gate/holdfast/gate"
)

// clusters writes a section for every cluster that the plan touches or that a
// finding is about, and counts the others.
func (p *page) clusters(v gate.Verdict) {
	rest := 0
	for _, c := range v.Clusters {
		if !p.o.Verbose && !c.Touched() && c.Decision == gate.Allow {
			rest++
			continue
		}
		p.blank()
		p.decision(clean("Cluster "+c.Cluster.Name+in(c.Regions))+": ", c.Decision, word(c.Decision), "")
		p.effects(c)
		p.groups(c, v.At)
		for _, r := range c.Roles {
			p.arithmetic(r, seen(v, c.Cluster.Name))
		}
		p.members(c, v.At)
	}
	if rest > 0 {
		p.blank()
		p.line(0, "The plan leaves %s alone.", gate.Count(rest, "other cluster"))
	}
}

// word is how a decision about a plan is written for people.
func word(d gate.Decision) string {
	switch d {
	case gate.Allow:
		return "ALLOWED"
	case gate.Warn:
		return "WARNING"
	default: // a decision that is not known permits nothing
		return "BLOCKED"
	}
}

func in(regions []string) string {
	if len(regions) == 0 {
		return ""
	}
	return " in " + strings.Join(regions, ", ")
}

// effects writes what the plan does to the cluster, and what a refresh found.
func (p *page) effects(c *gate.View) {
	if len(c.Effects) == 0 {
		p.line(2, "the plan leaves it alone")
	} else {
		rows := [][]string{{"THE PLAN", "", "DOES"}}
		for _, e := range c.Effects {
			does := e.Does
			if e.Guess != "" {
				does += "; the worst is taken, as " + e.Guess
			}
			rows = append(rows, []string{e.Address, e.Action.String(), does})
		}
		p.table(2, rows)
	}
	if len(c.Drift) == 0 {
		return
	}
	var found []string
	for _, d := range c.Drift {
		found = append(found, d.Address+" ("+strings.Join(append([]string{d.Action.String()}, d.Changed...), " ")+")")
	}
	p.line(2, "refresh found changed: %s", p.some(found, fewSubjects))
}

// groups writes what the live groups are set to and doing.
func (p *page) groups(c *gate.View, at time.Time) {
	for _, line := range p.set(c, at) {
		p.line(2, "%s", line)
	}
}

// set is what the live groups are set to and doing.
func (p *page) set(c *gate.View, at time.Time) []string {
	var out []string
	for _, g := range c.Groups {
		if g.Absent {
			out = append(out, fmt.Sprintf("group %s: recorded, and no source has seen it", g.Name))
			continue
		}
		text := fmt.Sprintf("group %s: wants %d (min %d, max %d)", g.Name, g.Desired, g.Min, g.Max)
		if len(g.Suspended) > 0 {
			text += ", suspended: " + strings.Join(g.Suspended, " ")
		}
		if g.WarmPool > 0 {
			text += fmt.Sprintf(", %d more in the warm pool", g.WarmPool)
		}
		for i, o := range g.Operations {
			if i == 0 || o.Phase.Transitional() || p.o.Verbose {
				text += "; " + operation(o, at)
			}
		}
		out = append(out, text)
	}
	return out
}

func operation(o gate.Operation, at time.Time) string {
	text := o.Kind + " " + o.Raw
	switch ended, began := ago(at, o.End), ago(at, o.Start); {
	case ended != "":
		text += " " + ended + " ago"
	case began != "":
		text += " for " + began
	}
	if o.Detail != "" {
		text += " (" + cut(o.Detail) + ")"
	}
	return text
}

// arithmetic writes the sum of one role and what it is held against.
func (p *page) arithmetic(r gate.Projection, seen bool) {
	lead := ""
	if r.Role.Name != "" {
		lead = "role " + r.Role.Name + ": "
	}
	p.line(2, "%s%s", lead, sum(r))
	for _, f := range floors(r, seen) {
		p.line(4, "%s", f)
	}
	if r.Joins > 0 {
		p.line(4, "%s to be added: not counted before they serve", gate.Count(r.Joins, "member"))
	}
}
