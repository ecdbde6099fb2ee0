package report

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/holdfast-gate/holdfast/gate"
	"github.com/holdfast-gate/holdfast/gate/drift"
)

// DriftFormatVersion is the version of what DriftJSON writes.
const DriftFormatVersion = "1.1"

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
	ByHand gate.Tri     `json:"by_hand,omitempty"` // whether a human made it by hand, and neither AWS nor a program that is meant to; not known says nothing
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

// byHand counts those of them that are known to be made by hand.
func (d DriftReport) byHand() int {
	n := 0
	for _, x := range d.Differences {
		if !x.Accepted() && x.ByHand == gate.Yes {
			n++
		}
	}
	return n
}

// DriftJSON writes a report of drift for programs. The error is that of w.
func DriftJSON(w io.Writer, d DriftReport) error {
	d.FormatVersion, d.States, d.Differences, d.Sources = DriftFormatVersion, list(d.States), list(d.Differences), list(d.Sources)
	return write(w, d)
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
	if made := d.byHand(); made > 0 {
		told += fmt.Sprintf("; %d made by hand", made)
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
			p.who(x, d)
			for _, step := range x.Repair {
				p.step(step)
			}
		}
		p.line(2, "code: %s on %s", x.Code, x.Cluster)
	}
	if len(d.Sources) > 0 {
		p.blank()
		p.sources(d.Sources, d.At)
		p.trail(d.Trail)
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
func (p *page) who(x Drifted, d DriftReport) {
	if d.Trail == nil || x.Code == drift.Generations {
		return
	}
	lines := p.deeds(x.Who(*d.Trail), d.At)
	if len(lines) == 0 && len(d.Trail.Reach) > 0 {
		lines = []string{"no event was found, which does not mean that nobody did it"}
	}
	for _, line := range lines {
		p.line(2, "who: %s", line)
	}
}
