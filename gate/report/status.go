package report

import (
	"fmt"
	"io"
	"strings"

	"github.com/holdfast-gate/holdfast/gate"
)

// Status writes who is in each cluster now, for people, with times relative to
// the end of the snapshot. It says nothing about any plan. The error is that of
// w.
func Status(w io.Writer, views []*gate.View, s *gate.Snapshot, o Options) error {
	if s == nil {
		s = &gate.Snapshot{}
	}
	p := newPage(w, o)
	p.now = true
	if len(views) == 0 {
		p.line(0, "No clusters.")
	}
	for _, c := range views {
		p.line(0, "Cluster %s%s: %s", c.Cluster.Name, in(c.Regions), serving(c))
		p.groups(c, s.Finished)
		for _, r := range c.Roles {
			p.promises(r)
		}
		p.members(c, s.Finished)
		p.blank()
	}
	p.sources(s.Sources, s.Finished)
	return p.flush()
}

// promises says what a role promises, and whether it could lose anybody.
func (p *page) promises(r gate.Projection) {
	lead := ""
	if r.Role.Name != "" {
		lead = "role " + r.Role.Name + ": "
	}
	for _, f := range r.Floors {
		text := fmt.Sprintf("%s%s needs %d (%s)", lead, f.Promise, f.Needs, f.How)
		if f.Promise != gate.PromiseZoneFloor {
			word := fmt.Sprintf("%d to spare", len(r.Serving)-f.Needs)
			if len(r.Serving) < f.Needs {
				word = "TOO FEW"
			}
			text += fmt.Sprintf(", %d serving: %s", len(r.Serving), word)
		}
		p.line(2, "%s", text)
	}
}

// serving is how many members of each role serve.
func serving(c *gate.View) string {
	var out []string
	for _, r := range c.Roles {
		text := fmt.Sprintf("%d of %s serving", len(r.Serving), gate.Count(r.Of(), "member"))
		if r.Role.Name != "" {
			text = r.Role.Name + " " + text
		}
		out = append(out, text)
	}
	return strings.Join(out, ", ")
}
