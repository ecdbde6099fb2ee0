package demo

import (
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// The widths of the table's columns and of the whole.
const (
	clockWidth = 10
	whatWidth  = 40
	width      = 96
	gap        = "   "
)

// show prints the table, what each program said, and the two outcomes.
func show(o Options, plain, gated *play) {
	w := &printer{out: o.Out, color: o.Color}
	w.line(w.paint(plain.legend) + "\n")
	w.table(plain, gated)
	w.title(plain.name)
	for line := range strings.Lines(plain.stdout) {
		if plain.story.shows(line) {
			w.folded("  " + strings.TrimSpace(line))
		}
	}
	w.title(gated.name)
	for line := range strings.Lines(reasons(gated.stderr)) {
		w.folded(strings.TrimRight(line, "\n"))
	}
	w.title("")
	for _, p := range []*play{plain, gated} {
		s := p.outcome()
		if p.refused() {
			s += ", refused"
		}
		w.line(fmt.Sprintf("%-16s  %s", p.name, s))
	}
}

// endings prints the table of all incidents.
func (w *printer) endings(rows []ending) {
	w.title("")
	all := [][]string{{"INCIDENT", "YEAR", "TERRAFORM LEFT", "HOLDFAST LEFT", "REFUSED FOR"}}
	for _, r := range rows {
		all = append(all, []string{r.story.name, strconv.Itoa(r.story.year), r.plain, r.gated, r.code})
	}
	widths := make([]int, len(all[0]))
	for _, row := range all {
		for i, cell := range row {
			widths[i] = max(widths[i], utf8.RuneCountInString(cell))
		}
	}
	for _, row := range all {
		for i, cell := range row {
			row[i] = pad(cell, widths[i])
		}
		w.line(strings.TrimRight(strings.Join(row, gap), " "))
	}
}

// shows reports whether a line of terraform's output is one of the few that
// say what it is about to do and what it did.
func (s story) shows(line string) bool {
	line = strings.TrimSpace(line)
	return slices.ContainsFunc(append([]string{"Plan:", "Apply complete!"}, s.tells...), func(start string) bool { return strings.HasPrefix(line, start) })
}

// codes are those of the findings in holdfast's report, in order.
func codes(report string) []string {
	var out []string
	for line := range strings.Lines(report) {
		if text, found := strings.CutPrefix(strings.TrimSpace(line), "code:"); found {
			code, _, _ := strings.Cut(strings.TrimSpace(text), " ")
			out = append(out, code)
		}
	}
	return out
}

// reasons is holdfast's report without its list of members and what was read:
// the members are in the table already.
func reasons(report string) string {
	before, _, cut := strings.Cut(report, "\n  MEMBER ")
	if !cut {
		return strings.TrimSpace(report)
	}
	return before + "\n  [each member as every source sees it, what was read and when, and the way out follow here]"
}

// printer prints the show.
type printer struct {
	out   io.Writer
	color bool
}

func (w *printer) line(s string) { fmt.Fprintln(w.out, s) }

// folded prints a line that may be longer than the show is wide.
func (w *printer) folded(s string) {
	indent := s[:len(s)-len(strings.TrimLeft(s, " "))]
	for len(s) > width {
		cut := strings.LastIndex(s[:width], " ")
		if cut <= len(indent) { // a word too long to be broken
			break
		}
		w.line(s[:cut])
		s = indent + "    " + s[cut+1:]
	}
	w.line(s)
}

func (w *printer) title(s string) {
	if s != "" {
		s = "── " + s + " "
	}
	fmt.Fprintf(w.out, "\n%s%s\n\n", s, strings.Repeat("─", width-utf8.RuneCountInString(s)))
}

// table prints what is at stake over time, side by side: first what was done in
// both worlds, then every change after the apply.
func (w *printer) table(plain, gated *play) {
	s := plain.story
	heads := []string{s.over(plain.stage.World), s.over(gated.stage.World)}
	world := utf8.RuneCountInString(plain.name)
	for _, cell := range append(heads, gated.name) {
		world = max(world, utf8.RuneCountInString(cell))
	}
	w.row("clock", "", plain.name, gated.name, world)
	w.row("(UTC)", "", heads[0], heads[1], world)
	for i, sc := range plain.scenes {
		w.row(clock(sc.at), sc.what, sc.state, gated.scenes[i].state, world)
	}
	for _, at := range changes(plain, gated) {
		w.row(clock(at), "", plain.history.at(at).state, gated.history.at(at).state, world)
	}
	w.row("", s.left, s.final(plain), s.final(gated), world)
}

// changes are the times after the last scene at which either world changed,
// and the end.
func changes(plain, gated *play) []time.Time {
	from := plain.scenes[len(plain.scenes)-1].at
	var times []time.Time
	for _, p := range []*play{plain, gated} {
		for _, m := range p.history.all() {
			if m.at.After(from) {
				times = append(times, m.at)
			}
		}
	}
	times = append(times, plain.now())
	slices.SortFunc(times, time.Time.Compare)
	return slices.CompactFunc(times, time.Time.Equal)
}

// row prints one line; the last two columns are of the two worlds.
func (w *printer) row(clock, what, plain, gated string, world int) {
	line := pad(clock, clockWidth) + pad(what, whatWidth) + gap + w.paint(pad(plain, world)) + gap + w.paint(gated)
	w.line(strings.TrimRight(line, " "))
}

func pad(s string, width int) string {
	return s + strings.Repeat(" ", max(0, width-utf8.RuneCountInString(s)))
}

// paint colours the signs.
func (w *printer) paint(s string) string {
	if !w.color {
		return s
	}
	return strings.NewReplacer(
		serves, "\x1b[32m"+serves+"\x1b[0m", arrives, "\x1b[33m"+arrives+"\x1b[0m",
		sick, "\x1b[31m"+sick+"\x1b[0m", diskless, "\x1b[33m"+diskless+"\x1b[0m",
		leaves, "\x1b[31m"+leaves+"\x1b[0m", gone, "\x1b[2m"+gone+"\x1b[0m").Replace(s)
}

func clock(t time.Time) string { return t.UTC().Format("15:04:05") }
