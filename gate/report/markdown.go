package report

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/holdfast-gate/holdfast/gate"
	"github.com/holdfast-gate/holdfast/gate/lazy"
)

// Markdown writes a verdict for a comment, a note or a summary: the answer,
// every member of the clusters concerned at a glance, the reasons with their way
// out, and folded away below what each cluster's answer rests on. Under a
// Limit whole sections are left out, the last first, and it says which. What
// is never left out is short: the answer, what it was about and when. The error
// is that of w.
func Markdown(w io.Writer, v gate.Verdict, o Options) error {
	m := &markdown{page: newPage(io.Discard, o), known: knownTo(v), v: v, o: o}
	m.answer()
	m.glance()
	m.why()
	for _, c := range v.Clusters {
		if o.Verbose || c.Touched() || c.Decision != gate.Allow {
			m.cluster(c)
		}
	}
	m.reads()
	_, err := io.WriteString(w, m.fit())
	return err
}

// A markdown is a report being written as sections.
type markdown struct {
	known    known
	page     *page // for what text and Markdown say alike
	v        gate.Verdict
	o        Options
	sections []section
}

// A section is a part of a report that is there as a whole or not at all.
type section struct {
	kind string // what is counted when it is left out, in the singular
	text string
	must bool // never left out
}

func (m *markdown) add(kind, format string, args ...any) {
	m.sections = append(m.sections, section{kind: kind, text: fmt.Sprintf(format, args...)})
}

func (m *markdown) must(format string, args ...any) {
	m.sections = append(m.sections, section{text: fmt.Sprintf(format, args...), must: true})
}

// fit puts the sections together. Where they exceed the limit the last go
// first.
func (m *markdown) fit() string {
	foot := m.foot()
	left := map[string]int{}
	var kinds []string
	size := 0
	for _, s := range m.sections {
		size += len(s.text)
	}
	for i := len(m.sections) - 1; i >= 0 && m.o.Limit > 0 && size+len(m.omitted(kinds, left))+len(foot) > m.o.Limit; i-- {
		s := m.sections[i]
		if s.must {
			continue
		}
		if left[s.kind]++; left[s.kind] == 1 {
			kinds = append(kinds, s.kind)
		}
		size -= len(s.text)
		m.sections = slices.Delete(m.sections, i, i+1)
	}
	var b strings.Builder
	for _, s := range m.sections {
		b.WriteString(s.text)
	}
	return b.String() + m.omitted(kinds, left) + foot
}

// omitted says what was left out for size, and where it is; empty if nothing
// was.
func (m *markdown) omitted(kinds []string, left map[string]int) string {
	if len(kinds) == 0 {
		return ""
	}
	var what []string
	for _, k := range slices.Backward(kinds) {
		what = append(what, gate.Count(left[k], k))
	}
	log := "the log of the job"
	if link().MatchString(m.o.Log) {
		log = "[" + log + "](<" + m.o.Log + ">)"
	}
	return "Left out, as there is no room for it here: " + strings.Join(what, ", ") + ". It is in " + log + ".\n\n"
}

// link is an address that can stand in a link of Markdown.
var link = lazy.MustCompile(`^https?://[0-9A-Za-z._~:/?#@!$&'*+,;=%-]+$`)

// longSentence and longName are how many bytes are shown of a sentence and of a
// name; the JSON has them whole.
const (
	longSentence = 600
	longName     = 200
)

func sentence(s string) string { return Sentence(shortened(s, longSentence)) }

func name(s string) string { return Code(shortened(s, longName)) }

func shortened(s string, most int) string {
	if s = barred(s); len(s) <= most {
		return s
	}
	for !utf8.RuneStart(s[most]) {
		most--
	}
	return s[:most] + "…"
}

// lamp is the answer as a picture.
func lamp(d gate.Decision) string {
	switch d {
	case gate.Allow:
		return "🟢"
	case gate.Warn:
		return "🟡"
	default: // a decision that is not known permits nothing
		return "🔴"
	}
}

// answer is the answer and its reason, and what was let through.
func (m *markdown) answer() {
	said, text, _ := headline(m.v)
	m.must("### %s holdfast: %s\n\n", lamp(m.v.Decision), said)
	if m.o.Observe {
		m.must("**Observe mode:** %s.\n\n", sentence(observed(m.v.Decision)))
	}
	m.must("%s.\n\n", sentence(text))
	if m.v.Decision.Permits() || slices.ContainsFunc(m.v.Findings, let) {
		for _, line := range excuses(m.v) {
			m.add("override", "- 🟠 **OVERRIDDEN** %s\n\n", sentence(line))
		}
	}
}

// glance is a table of the clusters concerned, with a cell for every member.
func (m *markdown) glance() {
	const most = 20
	var rows []string
	legend := map[string]run{}
	var order []string
	rest := 0
	for _, c := range m.v.Clusters {
		if !m.o.Verbose && !c.Touched() && c.Decision == gate.Allow {
			continue
		}
		if len(rows) >= most {
			rest++
			continue
		}
		seats := m.page.seats(c)
		for _, r := range runs(seats) {
			if _, ok := legend[r.picture+r.label]; !ok {
				order = append(order, r.picture+r.label)
			}
			r.n += legend[r.picture+r.label].n
			legend[r.picture+r.label] = r
		}
		rows = append(rows, m.rows(c, seats)...)
	}
	if len(rows) == 0 {
		return
	}
	var words []string
	for _, k := range order {
		words = append(words, legend[k].picture+" "+legend[k].words())
	}
	more := ""
	if rest > 0 {
		more = ", and " + gate.Count(rest, "cluster") + " more below"
	}
	m.add("table of clusters", "| | Cluster | Members | Serving now | In the worst case | Needs |\n|:-:|:--|:--|--:|--:|:--|\n%s\n<sub>%s%s</sub>\n\n", strings.Join(rows, ""), strings.Join(words, " · "), more)
}

// rows are the rows of a cluster: one for each role, and one for members in
// none.
func (m *markdown) rows(c *gate.View, seats []seat) []string {
	var out []string
	where := " in " + name(strings.Join(c.Regions, ", "))
	if len(c.Regions) == 0 {
		where = ""
	}
	one := func(role string, seats []seat, numbers string) {
		who := name(c.Cluster.Name)
		if role != "" {
			who += " / " + role
		}
		out = append(out, fmt.Sprintf("| %s | %s%s | %s | %s |\n", lamp(c.Decision), who, where, pictures(seats), numbers))
	}
	for _, r := range c.Roles {
		mine := seats
		if len(c.Roles) > 1 {
			mine = slices.DeleteFunc(slices.Clone(seats), func(s seat) bool { _, in := r.Buckets[s.ID]; return !in })
		}
		role := r.Role.Name
		if role != "" {
			role = name(role)
		}
		one(role, mine, m.numbers(c, r))
	}
	if stray := slices.DeleteFunc(slices.Clone(seats), func(s seat) bool { return len(s.Roles) > 0 }); len(c.Roles) > 1 && len(stray) > 0 {
		one("no role", stray, "| | ")
	}
	return out
}

// numbers are what serves, what is left in the worst case, and what must be.
func (m *markdown) numbers(c *gate.View, r gate.Projection) string {
	needs := ""
	if f, ok := strictest(r); ok {
		needs = fmt.Sprintf("%d (%s)", f.Needs, sentence(f.Promise))
	}
	worst := fmt.Sprintf("**%d**", r.During)
	if !seen(m.v, c.Cluster.Name) {
		worst = "not certain"
	}
	return fmt.Sprintf("%d | %s | %s", len(r.Serving), worst, needs)
}

// pictures draws every member; where there are very many, as numbers of those
// alike.
func pictures(seats []seat) string {
	const most = 200
	var out strings.Builder
	for _, r := range runs(seats) {
		if len(seats) > most {
			fmt.Fprintf(&out, "%s × %d ", r.picture, r.n)
			continue
		}
		out.WriteString(strings.Repeat(r.picture, r.n))
	}
	return strings.TrimSpace(out.String())
}

// why is the reasons, the one that the answer told first.
func (m *markdown) why() {
	fs := reasons(m.v)
	if len(fs) == 0 {
		return
	}
	_, _, told := headline(m.v)
	if told > 0 {
		f := fs[told]
		fs = slices.Insert(slices.Delete(fs, told, told+1), 0, f)
	}
	heading := "#### Why\n\n"
	for i, f := range fs {
		m.add("reason", "%s%s\n", heading, m.reason(f, told >= 0 && i == 0))
		heading = ""
	}
}

// reason is one finding as an item of a list.
func (m *markdown) reason(f gate.Finding, told bool) string {
	said, picture := "BLOCKED", lamp(gate.Block)
	switch {
	case let(f):
		said, picture = "OVERRIDDEN", "🟠"
	case !blocks(f):
		said, picture = "WARNING", lamp(gate.Warn)
	}
	head := name(f.Code)
	if f.Cluster != "" {
		head += " on " + name(title(f.Cluster, f.Role))
	}
	if at, ok := m.o.at(m.known, f); ok {
		head += " at " + name(at.String())
	}
	text := fmt.Sprintf("- %s **%s** %s", picture, said, head)
	if !told {
		text += "\\\n  " + sentence(f.Message)
	}
	for _, s := range f.Subjects {
		if !says(f.Message, s) && !m.page.listed(find(m.v.Clusters, f.Cluster), s) {
			text += "\\\n  about " + sentence(s)
			break
		}
	}
	for _, line := range m.page.attributed(m.v, f) {
		text += "\\\n  **Who:** " + sentence(line)
	}
	if f.Remedy != "" {
		text += "\\\n  **To pass:** " + sentence(f.Remedy)
	}
	return text + "\n"
}

// cluster is what the answer about a cluster rests on, folded away.
func (m *markdown) cluster(c *gate.View) {
	var b strings.Builder
	fmt.Fprintf(&b, "<details><summary>%s <b>%s</b>: %s, what the plan does to it, and the arithmetic</summary>\n\n", lamp(c.Decision), HTML(shortened(c.Cluster.Name, longName)), gate.Count(len(c.Members), "member"))
	if len(c.Effects) == 0 {
		b.WriteString("The plan leaves it alone.\n\n")
	} else {
		b.WriteString("| The plan | | does |\n|:--|:--|:--|\n")
		for _, e := range c.Effects {
			does := e.Does
			if e.Guess != "" {
				does += "; the worst is taken, as " + e.Guess
			}
			fmt.Fprintf(&b, "| %s | %s | %s |\n", name(e.Address), sentence(e.Action.String()), sentence(does))
		}
		b.WriteString("\n")
	}
	for _, r := range c.Roles {
		lead := ""
		if r.Role.Name != "" {
			lead = "role " + name(r.Role.Name) + ": "
		}
		fmt.Fprintf(&b, "- %s%s\n", lead, sentence(sum(r)))
		for _, f := range floors(r, seen(m.v, c.Cluster.Name)) {
			fmt.Fprintf(&b, "  - %s\n", sentence(f))
		}
	}
	for _, line := range m.page.set(c, m.v.At) {
		fmt.Fprintf(&b, "- %s\n", sentence(line))
	}
	b.WriteString("\n" + m.members(c) + "</details>\n\n")
	m.add("cluster", "%s", b.String())
}

// members is a table of who is in a cluster.
func (m *markdown) members(c *gate.View) string {
	if len(c.Members) == 0 {
		return "No members.\n\n"
	}
	var b strings.Builder
	b.WriteString("| | Member | Counts as | For | State | Zone | Terraform |\n|:-:|:--|:--|--:|:--|:--|:--|\n")
	counts, left := map[gate.Bucket]int{}, 0
	for _, s := range m.page.seats(c) {
		if counts[s.bucket]++; !m.o.Verbose && counts[s.bucket] > most(s.bucket) {
			left++
			continue
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s | %s | %s |\n", s.cell().picture, name(s.ID), s.label, ago(m.v.At, s.Since),
			sentence(m.page.state(s.MemberView, s.bucket)), sentence(s.Zone), sentence(m.page.address(c, s.MemberView)))
	}
	if left > 0 {
		fmt.Fprintf(&b, "\nand %d more\n", left)
	}
	return b.String() + "\n"
}

// reads is what could not be read, and the checks that could not judge.
func (m *markdown) reads() {
	var lines []string
	for _, text := range append(unjudged(m.v.Runs), notRead(m.v.Sources)...) {
		lines = append(lines, "- "+sentence(text)+"\n")
	}
	if len(lines) > 0 {
		m.add("list of reads that ended early", "<details><summary>What could not be read or judged</summary>\n\n%s\n</details>\n\n", strings.Join(lines, ""))
	}
	for _, line := range reached(m.v.Trail) {
		m.add("note on who did it", "<sub>%s</sub>\n\n", sentence(line))
	}
}

// foot is what the answer is about and when it was given.
func (m *markdown) foot() string {
	return "<sub>" + sentence(bindings(m.v)+before(m.v.Sources, m.v.At)) + ". It is about that plan and that moment: holdfast decides anew before it applies.</sub>\n"
}
