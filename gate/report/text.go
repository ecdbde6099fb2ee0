// Package report writes a verdict, the members of clusters and the checks for
// people and for programs. It decides nothing and leaves nothing out that a
// decision rests on: what is elided for people is counted, and is in the JSON.
package report

import (
	"io"
	"slices"
	"strings"

	"github.com/holdfast-gate/holdfast/gate"
)

// Options say how a verdict is written. The zero value is plain text, unwrapped,
// short and without places. What a format has no use for it passes over.
type Options struct {
	Color   bool   // colours the decision words and the cells, nothing else
	Width   int    // columns to wrap at; zero does not wrap
	Verbose bool   // every member, observation and cluster
	Observe bool   // nothing is refused: the first line says so, and the answer is what would have been
	Limit   int    // bytes of Markdown that may not be exceeded; zero is no limit
	Log     string // URL of the log of the job, for what a limit leaves out; empty is none

	Place func(address string) (Place, bool) // where an address is written; nil knows no place
	Root  Place                              // the beginning of the configuration, for findings that have no place; the zero value is none
}

// Text writes a verdict for people. Its first line is the answer, and what
// somebody let through stands right below; after a refusal follow all reasons
// with the way out, then each cluster concerned with its members, the plan's
// effects and the arithmetic, then what was read. The error is that of w.
func Text(w io.Writer, v gate.Verdict, o Options) error {
	p := newPage(w, o)
	p.brief = v.Decision.Permits() && !o.Verbose
	if o.Observe {
		p.decision("holdfast: ", gate.Warn, "OBSERVE MODE", observed(v.Decision))
	}
	p.findings(v, p.headline(v))
	if p.brief {
		p.blind(v)
		if len(v.Findings) > 0 {
			p.blank()
		}
		p.margins(v)
		p.foot(v)
		return p.flush()
	}
	if !v.Decision.Permits() && slices.ContainsFunc(v.Findings, let) {
		p.blank()
		p.overridden(v)
	}
	p.clusters(v)
	p.blind(v)
	p.blank()
	p.sources(v.Sources, v.At)
	p.trail(v.Trail)
	p.identity(v)
	return p.flush()
}

// observed says what a decision is worth where nothing is refused.
func observed(d gate.Decision) string {
	if d.Permits() {
		return "nothing is refused, and this would have been allowed"
	}
	return "nothing is refused, but this would have been blocked"
}

// headline writes the answer, and what was let through, and returns the index of the finding that it told,
// or -1.
func (p *page) headline(v gate.Verdict) int {
	if v.Decision.Permits() {
		said, sentence, _ := headline(v)
		p.decision("holdfast: ", v.Decision, said, sentence)
		p.overridden(v)
		return -1
	}
	said, sentence, i := headline(v)
	p.decision("holdfast: ", gate.Block, said, sentence)
	return i
}

// principal is the finding to begin with: one that has both numbers, else the
// first that blocks. What was never asked for is rarely the reason by itself:
// something else could not be read, and that is.
func principal(fs []gate.Finding) int {
	i := slices.IndexFunc(fs, func(f gate.Finding) bool { return blocks(f) && strings.HasSuffix(f.Code, ".breached") })
	if i < 0 {
		i = slices.IndexFunc(fs, func(f gate.Finding) bool { return blocks(f) && f.Code != "source."+string(gate.ProblemMissing) })
	}
	if i < 0 {
		i = slices.IndexFunc(fs, blocks)
	}
	return i
}

func blocks(f gate.Finding) bool { return !f.Decision.Permits() }

// allowed is the answer that permits, and what it comes with.
func allowed(fs []gate.Finding) string {
	word, warnings := "ALLOWED", 0
	for _, f := range fs {
		switch {
		case let(f):
			word = "ALLOWED BY OVERRIDE"
		case f.Decision == gate.Warn:
			warnings++
		}
	}
	if warnings > 0 {
		word += " with " + gate.Count(warnings, "warning")
	}
	return word
}
