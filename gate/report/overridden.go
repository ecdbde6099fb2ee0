package report

import (
	"fmt"
	"slices"
	"time"

	"github.com/holdfast-gate/holdfast/gate"
)

// overridden writes who let what through: nobody should have to look for it.
func (p *page) overridden(v gate.Verdict) {
	for _, line := range excuses(v) {
		p.decision("", gate.Block, "OVERRIDDEN", line)
	}
}

// excuses are one line for every code that somebody let through, and for each
// who did.
func excuses(v gate.Verdict) []string {
	type told struct{ code, cluster string }
	var said []told
	var out []string
	for _, f := range v.Findings {
		if k := (told{f.Code, f.Cluster}); len(f.Overrides) > 0 && !slices.Contains(said, k) {
			said = append(said, k)
			for _, o := range f.Overrides {
				out = append(out, fmt.Sprintf("by %s: %s, until %s: %q", o.By, code(f.Code, f.Cluster, ""), until(v.At, o.Expires), o.Reason))
			}
		}
	}
	return out
}

// let reports whether a finding blocked and somebody let it through.
func let(f gate.Finding) bool { return !blocks(f) && len(f.Overrides) > 0 }

// code is a finding's code and what it is about.
func code(code, cluster, role string) string {
	if cluster != "" {
		code += " on " + title(cluster, role)
	}
	return code
}

// until is an instant as people say it who live in the same day.
func until(at, t time.Time) string {
	at, t = at.UTC(), t.UTC()
	if at.Format(time.DateOnly) != t.Format(time.DateOnly) {
		return t.Format("2006-01-02 15:04Z")
	}
	return t.Format("15:04Z")
}
