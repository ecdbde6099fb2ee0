package report

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/holdfast-gate/holdfast/gate"
)

// fewDeeds is how many are shown of one finding.
const fewDeeds = 6

// A deed is one event and all that it was done to.
type deed struct {
	gate.Attribution
	refs []string
}

// attributed says who did what a finding is about, each deed once on a page.
func (p *page) attributed(v gate.Verdict, f gate.Finding) []string {
	if p.told == nil {
		p.told = map[string]bool{}
	}
	return p.deeds(slices.DeleteFunc(v.About(f), func(a gate.Attribution) bool {
		key := strings.Join([]string{a.Region, a.Ref, a.Event, a.EventID, a.At.String()}, " ")
		told := p.told[key]
		p.told[key] = true
		return told
	}), v.At)
}

// doers says who did what a finding is about, where each finding stands by
// itself: each on a line of its own that begins with before, as Plain makes it.
func doers(v gate.Verdict, f gate.Finding, before string) string {
	var b strings.Builder
	for _, line := range newPage(io.Discard, Options{}).deeds(v.About(f), v.At) {
		b.WriteString(before + "Who: " + Plain(line))
	}
	return b.String()
}

// deeds says who did what, those first that changed something.
func (p *page) deeds(of []gate.Attribution, at time.Time) []string {
	var list []deed
	for _, a := range of {
		if i := slices.IndexFunc(list, func(d deed) bool { return same(d.Attribution, a) }); i >= 0 {
			list[i].refs = append(list[i].refs, a.Ref)
			continue
		}
		list = append(list, deed{a, []string{a.Ref}})
	}
	// What changed nothing explains least.
	slices.SortStableFunc(list, func(a, b deed) int { return strings.Compare(sign(a.Failed), sign(b.Failed)) })
	var out []string
	for i, d := range list {
		if i >= fewDeeds && !p.o.Verbose {
			return append(out, "and "+gate.Count(len(list)-i, "event")+" more, with -o json")
		}
		out = append(out, p.deed(d, at))
	}
	return out
}

func sign(failed string) string {
	if failed == "" {
		return "a"
	}
	return "b"
}

// same reports whether two attributions are of one act. AWS gives what it knows
// at once no id: what somebody did within a few seconds is one act there.
func same(a, b gate.Attribution) bool {
	if a.EventID != "" || b.EventID != "" {
		return a.EventID == b.EventID
	}
	return a.Source == b.Source && a.Event == b.Event && a.Means == b.Means && a.Who == b.Who && a.Detail == b.Detail && a.At.Sub(b.At).Abs() < 10*time.Second
}

func (p *page) deed(d deed, at time.Time) string {
	slices.Sort(d.refs)
	what := fmt.Sprintf("%s of %s", d.Event, p.some(d.refs, fewSubjects))
	if d.Detail != "" && d.Source != gate.SourceInstances {
		what += " (" + d.Detail + ")"
	}
	if d.Failed != "" {
		what += ", which failed (" + d.Failed + ")"
	}
	if s := ago(at, d.At); s != "" {
		what += ", " + s + " before"
	}
	from := d.Source
	if d.EventID != "" {
		from += " " + d.EventID
	}
	return doer(d.Attribution) + ": " + what + " (" + from + ")"
}

// doer is who did something and how.
func doer(a gate.Attribution) string {
	who := a.Who
	if who == "" {
		who = "somebody; AWS says no more yet"
	}
	how := map[gate.Means]string{
		gate.MeansConsole:    "in the console",
		gate.MeansConsoleCLI: "with the credentials of a console session, such as CloudShell",
		gate.MeansSSO:        "with the CLI, signed in through Identity Center",
		gate.MeansCLI:        "with the CLI or an SDK",
		gate.MeansTerraform:  "with terraform",
		gate.MeansHoldfast:   "with holdfast",
		gate.MeansService:    "by itself, a service of AWS",
		gate.MeansOwner:      "(a declared owner)",
	}[a.Means]
	if how != "" {
		who += " " + how
	}
	if a.Through != "" {
		who += " as " + a.Through
	}
	return who
}

// trail writes how far the history of calls was read.
func (p *page) trail(t *gate.Trail) {
	for _, line := range reached(t) {
		p.line(0, "%s", line)
	}
}

// reached says how far the history of calls was read, region by region. What it
// does not show was not done by nobody.
func reached(t *gate.Trail) []string {
	if t == nil {
		return nil
	}
	var out []string
	for _, r := range t.Reach {
		where := in(nonEmpty(r.Region))
		if r.Complete {
			out = append(out, fmt.Sprintf("Who did it%s: CloudTrail was read from %s to %s, in %s. What is later may not be there yet, and no event does not mean nobody.",
				where, clockTime(r.From), clockTime(r.Until), gate.Count(r.Calls, "call")))
			continue
		}
		out = append(out, fmt.Sprintf("Who did it%s: CloudTrail was read in part, %d of %d kinds of event from %s to %s, in %s: %s%s. No event does not mean nobody; nothing was decided by it.",
			where, len(r.Read), len(r.Read)+len(r.Unread), clockTime(r.From), clockTime(r.Until), gate.Count(r.Calls, "call"), orFailed(r.Problem), reason(r.Err)))
	}
	return out
}

func clockTime(t time.Time) string { return t.UTC().Format("2006-01-02 15:04 MST") }
