package report

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/holdfast-gate/holdfast/gate"
	"github.com/holdfast-gate/holdfast/gate/drift"
)

// DriftFormatVersion is the version of what DriftJSON writes.
const DriftFormatVersion = "1.0"

// A DriftReport is every difference between what was recorded and what is live,
// with the way out of each.
type DriftReport struct {
	FormatVersion string        `json:"format_version"`
	At            time.Time     `json:"at"`
	States        []string      `json:"states"`      // where the recorded states were read
	Recorded      int           `json:"recorded"`    // how many objects they hold of the types the gate knows
	Differences   []Drifted     `json:"differences"` // sorted by cluster, code and address
	Sources       []gate.Source `json:"sources"`
	Trail         *gate.Trail   `json:"trail,omitempty"` // who did it, as far as is known
}

// A Drifted is a difference and the way out of it.
type Drifted struct {
	drift.Difference
	Repair []drift.Step `json:"repair,omitempty"`
}

// Unaccepted counts the differences that neither a rule nor a baseline accepts.
func (d DriftReport) Unaccepted() int {
	n := 0
	for _, x := range d.Differences {
		if !x.Accepted() {
			n++
		}
	}
	return n
}

// DriftJSON writes a report of drift for programs. The error is that of w.
func DriftJSON(w io.Writer, d DriftReport) error {
	d.FormatVersion = DriftFormatVersion
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	return e.Encode(d)
}

// Drift writes a report of drift for people. What is to be pasted is never
// wrapped. The error is that of w.
func Drift(w io.Writer, d DriftReport, o Options) error {
	p := newPage(w, o)
	n := d.Unaccepted()
	told := fmt.Sprintf("%s between what is recorded and what is live", gate.Count(n, "difference"))
	if accepted := len(d.Differences) - n; accepted > 0 {
		told += fmt.Sprintf(", and %d accepted", accepted)
	}
	decision, word := gate.Block, "DRIFT"
	if n == 0 {
		decision, word = gate.Allow, "NO DRIFT"
	}
	p.decision("holdfast: ", decision, word, told)
	for _, x := range d.Differences {
		p.blank()
		p.line(0, "%s", x.Message)
		switch {
		case x.Baseline:
			p.line(2, "accepted: it is in the baseline")
		case x.Accepted():
			p.line(2, "ignored until %s: %s", x.Until, x.Ignored)
		default:
			p.who(x, d.Trail)
			for _, step := range x.Repair {
				p.step(step)
			}
		}
		p.line(2, "code: %s on %s", x.Code, x.Cluster)
	}
	if len(d.Sources) > 0 {
		p.blank()
		p.sources(d.Sources, d.At)
	}
	return p.flush()
}

// step writes one part of a way out.
func (p *page) step(s drift.Step) {
	p.line(2, "%s:", strings.TrimSuffix(s.Why, "."))
	for line := range strings.Lines(s.Text) {
		p.w.WriteString("      " + clean(strings.TrimRight(line, "\n")) + "\n")
	}
}

// who says who did it, as far as somebody recorded it.
func (p *page) who(x Drifted, trail *gate.Trail) {
	if trail == nil {
		return
	}
	found := false
	for _, a := range trail.Attributions {
		if a.Failed != "" || a.Ref != x.Ref && !slices.Contains(x.Members, a.Ref) {
			continue
		}
		found = true
		p.line(2, "who: %s by %s (%s) at %s; %s", a.Event, who(a), a.Means, a.At.UTC().Format(time.RFC3339), a.Source)
	}
	if !found {
		p.line(2, "who: no event was found, which does not mean that nobody did it")
	}
}

func who(a gate.Attribution) string {
	if a.Who == "" {
		return "somebody"
	}
	return a.Who
}
