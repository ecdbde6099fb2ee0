package report

import (
	"slices"
	"strings"
	"time"

	"github.com/holdfast-gate/holdfast/gate"
)

// fewSubjects and fewEvidence are how many are shown of one finding.
const (
	fewSubjects = 10
	fewEvidence = 10
)

// findings writes every finding: the one the headline told without its message,
// then the others, worst first. Findings that differ only in their message
// share the way out.
func (p *page) findings(v gate.Verdict, first int) {
	told := first >= 0
	p.known = knownTo(v)
	for i, same := range grouped(v.Findings, first) {
		headline := told && i == 0
		if !headline {
			p.blank()
		}
		for k, f := range same {
			if !headline || k > 0 {
				d, said := gate.Block, word(gate.Block)
				switch {
				case let(f):
					said = "OVERRIDDEN"
				case !blocks(f):
					d, said = gate.Warn, word(gate.Warn)
				}
				p.decision("", d, said, f.Message)
			}
			p.shown(v, f)
		}
		p.reason(v, same[0], headline)
	}
}

// grouped puts findings that are alike together, those like the first told
// before all others, which keep their order.
func grouped(fs []gate.Finding, first int) [][]gate.Finding {
	var out [][]gate.Finding
	if first >= 0 {
		out = append(out, []gate.Finding{fs[first]})
	}
	for i, f := range fs {
		if i == first {
			continue
		}
		k := slices.IndexFunc(out, func(g []gate.Finding) bool { return alike(g[0], f) })
		if k < 0 {
			out = append(out, []gate.Finding{f})
			continue
		}
		out[k] = append(out[k], f)
	}
	return out
}

// alike reports whether two findings are the same thing said of different
// subjects.
func alike(a, b gate.Finding) bool {
	return a.Code == b.Code && a.Remedy == b.Remedy && a.Decision == b.Decision && a.Cluster == b.Cluster && a.Role == b.Role
}

// reason writes the way out and the code.
func (p *page) reason(v gate.Verdict, f gate.Finding, told bool) {
	if f.Remedy != "" {
		p.field("to pass", f.Remedy)
	}
	code := code(f.Code, f.Cluster, f.Role)
	if told && slices.ContainsFunc(v.Runs, func(r gate.Run) bool { return r.Check == f.Check }) {
		code += " (holdfast explain " + f.Check + " says more)"
	}
	p.field("code", code)
}

func (p *page) field(name, text string) {
	lead := "  " + name + ":" + strings.Repeat(" ", max(1, 9-len(name)))
	p.hang(lead, strings.Repeat(" ", len(lead)), text)
}

func title(cluster, role string) string {
	if role == "" {
		return cluster
	}
	return cluster + "/" + role
}

// shown writes what a finding is about and rests on, where the message and the
// cluster's own section below do not say it.
func (p *page) shown(v gate.Verdict, f gate.Finding) {
	view := find(v.Clusters, f.Cluster)
	var about []string
	for _, s := range f.Subjects {
		if p.o.Verbose || !says(f.Message, s) && !p.listed(view, s) {
			about = append(about, s)
		}
	}
	if len(about) > 0 {
		p.field("about", p.some(about, fewSubjects))
	}
	if at, ok := p.o.at(p.known, f); ok {
		p.field("at", at.String())
	}
	left := 0
	for i, e := range p.unsaid(view, f) {
		if i >= fewEvidence && !p.o.Verbose {
			left++
			continue
		}
		p.field("seen", evidence(e, v.At))
	}
	if left > 0 {
		p.field("seen", "and "+gate.Count(left, "observation")+" more, with -o json")
	}
	for _, line := range p.attributed(v, f) {
		p.field("who", line)
	}
}

// says reports whether a message has every word of what it is about.
func says(message, subject string) bool {
	for word := range strings.FieldsSeq(subject) {
		if !strings.Contains(message, word) {
			return false
		}
	}
	return true
}

// unsaid is the evidence that neither the message nor the cluster's section
// shows.
func (p *page) unsaid(view *gate.View, f gate.Finding) []gate.Evidence {
	var out []gate.Evidence
	for _, e := range f.Evidence {
		told := says(f.Message, e.Ref) && (strings.Contains(f.Message, e.Got) || strings.HasSuffix(f.Code, "."+e.Got))
		if p.o.Verbose || e.Want != "" || !told && !p.listed(view, e.Ref) {
			out = append(out, e)
		}
	}
	return out
}

func find(views []*gate.View, name string) *gate.View {
	i := slices.IndexFunc(views, func(v *gate.View) bool { return v.Cluster.Name == name })
	if i < 0 {
		return nil
	}
	return views[i]
}

// listed reports whether the section of a cluster shows a member or an address.
func (p *page) listed(v *gate.View, ref string) bool {
	return v != nil && !p.brief && (slices.ContainsFunc(v.Members, func(m gate.MemberView) bool { return m.ID == ref }) ||
		slices.ContainsFunc(v.Effects, func(e gate.Effect) bool { return e.Address == ref }))
}

func evidence(e gate.Evidence, at time.Time) string {
	text := e.Ref
	if e.Field != "" {
		text += " " + e.Field
	}
	if e.Got != "" {
		text += ": " + e.Got
	}
	if e.Want != "" {
		text += ", not " + e.Want
	}
	if s := ago(at, e.Since); s != "" {
		text += " for " + s
	}
	from := e.Source
	if s := ago(at, e.ReadAt); s != "" {
		from += ", read " + s + " before"
	}
	return text + " (" + from + ")"
}

// some lists the first few, and counts the others.
func (p *page) some(list []string, few int) string {
	if p.o.Verbose || len(list) <= few {
		return strings.Join(list, ", ")
	}
	return strings.Join(list[:few], ", ") + " and " + gate.Count(len(list)-few, "other")
}
