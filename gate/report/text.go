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

// Options say how text is written. The zero value is plain text, unwrapped and
// short.
type Options struct {
	Color   bool // colours the decision words, nothing else
	Width   int  // columns to wrap sentences at; zero does not wrap. Tables are never wrapped
	Verbose bool // every member, observation and cluster
}

// Text writes a verdict for people. Its first line is the answer; after a
// refusal follow all reasons with the way out, then each cluster concerned
// with its members, the plan's effects and the arithmetic, then what was read.
// The error is that of w.
func Text(w io.Writer, v gate.Verdict, o Options) error {
	p := newPage(w, o)
	p.brief = v.Decision.Permits() && !o.Verbose
	p.findings(v, p.headline(v))
	if p.brief {
		if len(v.Findings) > 0 {
			p.blank()
		}
		p.margins(v)
		p.foot(v)
		return p.flush()
	}
	p.clusters(v)
	p.blind(v)
	p.blank()
	p.sources(v.Sources, v.At)
	p.identity(v)
	return p.flush()
}

// headline writes the answer and returns the index of the finding that it told,
// or -1.
func (p *page) headline(v gate.Verdict) int {
	if v.Decision.Permits() {
		word := "ALLOWED"
		if n := count(v.Findings, gate.Warn); n > 0 {
			word += " with " + gate.Count(n, "warning")
		}
		p.decision("holdfast: ", v.Decision, word, kept(v))
		return -1
	}
	i := principal(v.Findings)
	if i >= 0 {
		p.decision("holdfast: ", gate.Block, "BLOCKED", v.Findings[i].Message)
		return i
	}
	// A verdict without a reason permits nothing either.
	why := "nothing was decided"
	if k := slices.IndexFunc(v.Runs, func(r gate.Run) bool { return r.Outcome != gate.Ran }); k >= 0 {
		why = "the check " + v.Runs[k].Check + " could not judge: " + v.Runs[k].Reason
	}
	p.decision("holdfast: ", gate.Block, "BLOCKED", why)
	return -1
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

func count(fs []gate.Finding, d gate.Decision) int {
	n := 0
	for _, f := range fs {
		if f.Decision == d {
			n++
		}
	}
	return n
}
