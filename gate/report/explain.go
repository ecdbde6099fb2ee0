package report

import (
	"io"
	"strings"

	"github.com/holdfast-gate/holdfast/gate"
)

// Explain writes what a check looks for, why, and how to pass it. The error is
// that of w.
func Explain(w io.Writer, c *gate.Check) error {
	p := newPage(w, Options{})
	heading, body, _ := strings.Cut(c.Doc, "\n")
	p.line(0, "%s: %s", c.Name, heading)
	if body = strings.TrimSpace(body); body != "" {
		p.blank()
		for line := range strings.SplitSeq(body, "\n") {
			p.line(0, "%s", line)
		}
	}
	p.blank()
	p.line(0, "It judges %s. The codes of its findings begin with %q.", judges(c), c.Name+".")
	if len(c.Needs) > 0 {
		p.line(0, "Without one of these sources it is blind, and blocks: %s.", strings.Join(c.Needs, ", "))
	}
	return p.flush()
}

func judges(c *gate.Check) string {
	if c.Plan {
		return "the plan as a whole"
	}
	return "each cluster by itself"
}

// Checks writes the catalogue: each check in one line. The error is that of w.
func Checks(w io.Writer, all []*gate.Check) error {
	p := newPage(w, Options{})
	rows := [][]string{{"CHECK", "LOOKS FOR", "JUDGES"}}
	for _, c := range all {
		heading, _, _ := strings.Cut(c.Doc, "\n")
		rows = append(rows, []string{c.Name, heading, judges(c)})
	}
	p.table(0, rows)
	return p.flush()
}
