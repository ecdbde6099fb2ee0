package report

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/holdfast-gate/holdfast/gate"
)

// foot is the one line under a verdict that permits.
func (p *page) foot(v gate.Verdict) {
	calls := 0
	for _, s := range v.Sources {
		calls += s.Calls
	}
	p.line(2, "%s, %s%s%s", digests(v), gate.Count(calls, "API call"), before(v.Sources, v.At), good(v))
}

// identity writes what the verdict is bound to.
func (p *page) identity(v gate.Verdict) { p.line(0, "%s", bindings(v)) }

// bindings are what a verdict is bound to: its time, its plan and what was read.
func bindings(v gate.Verdict) string {
	s := v.Plan
	text := ""
	for _, part := range []struct {
		n    int
		does string
	}{{s.Create, "create"}, {s.Update, "update"}, {s.Delete, "delete"}, {s.Replace, "replace"}, {s.Actions, "invoke"}, {s.Unjudged, "leave alone, of clusters that were not judged"}} {
		if part.n > 0 {
			text += fmt.Sprintf(", %d to %s", part.n, part.does)
		}
	}
	if t := ago(v.At, s.CreatedAt); t != "" {
		text += ", made " + t + " ago"
	}
	if s.Workspace != "" {
		text += ", workspace " + s.Workspace
	}
	when := "at a time that is not known"
	if !v.At.IsZero() {
		when = v.At.UTC().Format("2006-01-02 15:04:05 MST")
	}
	return fmt.Sprintf("Judged %s: %s%s%s", when, digests(v), text, good(v))
}

// good is how long a verdict that permits is leave to apply.
func good(v gate.Verdict) string {
	if !v.Decision.Permits() || v.Expires.IsZero() {
		return ""
	}
	return ", good until " + until(v.At, v.Expires)
}

func digests(v gate.Verdict) string {
	var parts []string
	for _, d := range []struct{ name, value string }{
		{"account", v.Account}, {"config", short(v.Config)}, {"snapshot", short(v.Snapshot)}, {"plan", short(v.Plan.Digest)},
	} {
		if d.value != "" {
			parts = append(parts, d.name+" "+d.value)
		}
	}
	if len(parts) == 0 {
		return "no digests"
	}
	return strings.Join(parts, ", ")
}

// before is how long before the decision the oldest source was read.
func before(sources []gate.Source, at time.Time) string {
	if len(sources) == 0 {
		return ""
	}
	oldest := slices.MinFunc(sources, func(a, b gate.Source) int { return a.ReadAt.Compare(b.ReadAt) })
	if s := ago(at, oldest.ReadAt); s != "" {
		return ", read " + s + " before"
	}
	return ""
}

// sources writes what was read, region by region, and each read that failed on
// a line of its own.
func (p *page) sources(all []gate.Source, at time.Time) {
	if len(all) == 0 {
		p.line(0, "Nothing was read from AWS.")
		return
	}
	var regions []string
	read, calls := map[string][]string{}, map[string]int{}
	p.unread(all)
	for _, s := range all {
		if !s.Complete {
			continue
		}
		if read[s.Region] == nil {
			regions = append(regions, s.Region)
		}
		read[s.Region] = append(read[s.Region], fmt.Sprintf("%s %d", s.Name, s.Calls))
		calls[s.Region] += s.Calls
	}
	for _, r := range regions {
		mine := slices.DeleteFunc(slices.Clone(all), func(s gate.Source) bool { return s.Region != r || !s.Complete })
		p.line(0, "Read%s%s, %s: %s", in(nonEmpty(r)), strings.TrimPrefix(before(mine, at), ", read"), gate.Count(calls[r], "call"), strings.Join(read[r], ", "))
	}
}

// unread writes what was not read.
func (p *page) unread(all []gate.Source) {
	for _, line := range notRead(all) {
		p.line(0, "%s", line)
	}
}

// notRead is what was not read, once for every reason.
func notRead(all []gate.Source) []string {
	var order []string
	names, calls := map[string][]string{}, map[string]int{}
	for _, s := range all {
		if s.Complete {
			continue
		}
		why := fmt.Sprintf("%s: %s%s", in(nonEmpty(s.Region)), orFailed(s.Problem), reason(s.Err))
		if names[why] == nil {
			order = append(order, why)
		}
		names[why] = append(names[why], s.Name)
		calls[why] += s.Calls
	}
	var out []string
	for _, why := range order {
		out = append(out, fmt.Sprintf("NOT READ %s%s, after %s", strings.Join(names[why], ", "), why, gate.Count(calls[why], "call")))
	}
	return out
}

func nonEmpty(s string) []string {
	if s == "" {
		return nil
	}
	return []string{s}
}

func reason(err string) string {
	if err == "" {
		return ""
	}
	return ", " + err
}

// orFailed names a source that is incomplete for no reason it gives.
func orFailed(problem gate.Problem) gate.Problem {
	if problem == gate.ProblemNone {
		return gate.ProblemFailed
	}
	return problem
}

// blind writes the checks that could not judge.
func (p *page) blind(v gate.Verdict) {
	for i, line := range unjudged(v.Runs) {
		if i == 0 {
			p.blank()
		}
		p.line(0, "%s", line)
	}
}

// unjudged is the checks that could not judge, by the reason they give.
func unjudged(all []gate.Run) []string {
	type kind struct{ so, why string }
	var order []kind
	checks := map[kind][]string{}
	for _, r := range all {
		if r.Outcome == gate.Ran {
			continue
		}
		so := "could not judge, and so block"
		if r.Outcome == gate.Blind && r.Decision == gate.Warn {
			so = "could not see all there is, and judged what was read because of an override"
		}
		key := kind{so, r.Outcome.String() + reason(r.Reason)}
		if checks[key] == nil {
			order = append(order, key)
		}
		if !slices.Contains(checks[key], r.Check) {
			checks[key] = append(checks[key], r.Check)
		}
	}
	var out []string
	for _, key := range order {
		out = append(out, fmt.Sprintf("%s %s: %s (%s)", gate.Count(len(checks[key]), "check"), key.so, strings.Join(checks[key], ", "), key.why))
	}
	return out
}
