package report

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/holdfast-gate/holdfast/gate"
)

// A seat is a member with what it counts as.
type seat struct {
	gate.MemberView
	bucket gate.Bucket
	label  string // what it counts as, in words
}

// seats are the members of a cluster, the ones to worry about first.
func (p *page) seats(c *gate.View) []seat {
	out := make([]seat, 0, len(c.Members))
	for _, m := range c.Members {
		b := bucket(c, m)
		out = append(out, seat{m, b, p.counted(c, m, b)})
	}
	slices.SortStableFunc(out, func(a, b seat) int {
		return cmp.Or(cmp.Compare(order(a.bucket), order(b.bucket)), cmp.Compare(a.label, b.label), cmp.Compare(a.ID, b.ID))
	})
	return out
}

// A cell is one member at a glance: a character for text, a picture for what
// is rendered, and how the text is coloured.
type cell struct {
	mark, picture string
	colour        gate.Decision
}

// cell is how a member is drawn. One that AWS may still end is half there.
func (s seat) cell() cell {
	switch s.bucket {
	case gate.BucketSurvivor:
		if s.label != gate.BucketSurvivor.String() && s.label != inService {
			return cell{"◐", "🟡", gate.Warn}
		}
		return cell{"●", "🟢", gate.Allow}
	case gate.BucketVictim:
		return cell{"⊗", "🔴", gate.Block}
	case gate.BucketLeaving:
		return cell{"×", "❌", gate.Block}
	case gate.BucketFailed:
		return cell{"!", "💥", gate.Block}
	case gate.BucketArriving:
		return cell{"○", "🔵", gate.Warn}
	case gate.BucketChanging:
		return cell{"◌", "🟣", gate.Warn}
	case gate.BucketOutOfService:
		return cell{"□", "⚪", gate.Warn}
	case gate.BucketGone:
		return cell{"·", "⚫", gate.Block}
	default: // not classified, or of a newer kind
		return cell{"?", "❓", gate.Block}
	}
}

// A run is members alike, next to each other.
type run struct {
	cell
	label string
	n     int
}

func runs(seats []seat) []run {
	var out []run
	for _, s := range seats {
		if len(out) == 0 || out[len(out)-1].label != s.label || out[len(out)-1].cell != s.cell() {
			out = append(out, run{cell: s.cell(), label: s.label})
		}
		out[len(out)-1].n++
	}
	return out
}

// words is how many members are alike, and what they count as.
func (r run) words() string {
	label := r.label
	if r.n > 1 && (label == "survivor" || label == "victim") {
		label += "s"
	}
	return fmt.Sprintf("%d %s", r.n, label)
}

// spaced and tens are how many cells stand apart on one line, and how many tens
// of them fit on a line where there are more.
const (
	spaced = 30
	tens   = 6
)

// cells draws every member of a cluster, and says what the marks mean.
func (p *page) cells(seats []seat, indent int) {
	if len(seats) == 0 {
		return
	}
	lead := strings.Repeat(" ", indent)
	p.w.WriteString(lead)
	for i, s := range seats {
		switch {
		case i == 0:
		case len(seats) <= spaced, i%(10*tens) != 0 && i%10 == 0:
			p.w.WriteString(" ")
		case i%(10*tens) == 0:
			p.w.WriteString("\n" + lead)
		}
		p.w.WriteString(p.paint(s.cell().colour, s.cell().mark))
	}
	p.blank()
	var legend []string
	for _, r := range runs(seats) {
		legend = append(legend, r.mark+" "+r.words())
	}
	p.line(indent, "%s: %s", gate.Count(len(seats), "member"), strings.Join(legend, "; "))
}
