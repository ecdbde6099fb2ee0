package demo

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/holdfast-gate/holdfast/e2e/stage"
	"github.com/holdfast-gate/holdfast/gate/awssim"
)

// The widths of the table's columns and of the whole.
const (
	clockWidth = 10
	whatWidth  = 40
	width      = 96
	gap        = "   "
)

// show prints the table, what each program said, and the two counts.
func show(o Options, plain, gated *play) {
	w := &printer{out: o.Out, color: o.Color}
	w.legend(stage.Now(plain.stage.World))
	w.table(plain, gated)
	w.title(plain.name)
	for line := range strings.Lines(plain.stdout) {
		if tells(line) {
			w.line("  " + strings.TrimSpace(line))
		}
	}
	w.title(gated.name)
	for line := range strings.Lines(reasons(gated.stderr)) {
		w.folded(strings.TrimRight(line, "\n"))
	}
	w.title("")
	for _, p := range []*play{plain, gated} {
		w.line(fmt.Sprintf("%-16s  %s", p.name, p.outcome()))
	}
}

// outcome is what the demo comes down to.
func (p *play) outcome() string {
	s := fmt.Sprintf("%d of %d serving", p.serving(), wanted)
	if p.refused() {
		s += ", refused"
	}
	return s
}

// tells reports whether a line of terraform's output is one of the few that
// say what it is about to do and what it did.
func tells(line string) bool {
	line = strings.TrimSpace(line)
	return strings.HasPrefix(line, "~ desired_capacity") || strings.HasPrefix(line, "Plan:") || strings.HasPrefix(line, "Apply complete!")
}

// reasons is holdfast's report without its list of members and what was read:
// the members are in the table already.
func reasons(report string) string {
	before, _, cut := strings.Cut(report, "\n  MEMBER ")
	if !cut {
		return strings.TrimSpace(report)
	}
	return before + "\n  [each member as every source sees it, and what was read and when, follow here]"
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

// legend names the members by letters, the oldest first.
func (w *printer) legend(m stage.Moment) {
	for i, member := range m.Members {
		fmt.Fprintf(w.out, "%c %s", 'a'+i, member.ID)
		if (i+1)%wanted == 0 || i == len(m.Members)-1 {
			w.line("")
		} else {
			fmt.Fprint(w.out, gap)
		}
	}
	w.line(w.paint("\n" + serves + " in service   " + arrives + " arriving   " + leaves + " shutting down   " + gone + " gone\n"))
}

// table prints the members over time, side by side: first what was done in both
// worlds, then every change after the apply.
func (w *printer) table(plain, gated *play) {
	columns := max(len(stage.Now(plain.stage.World).Members), len(stage.Now(gated.stage.World).Members))
	world := max(2*columns-1, len(plain.name), len(gated.name))
	w.row("clock", "", plain.name, gated.name, world)
	letters := make([]string, columns)
	for i := range letters {
		letters[i] = string(rune('a' + i))
	}
	names := strings.Join(letters, " ")
	w.row("(UTC)", "", names, names, world)
	for i, s := range plain.scenes {
		w.row(clock(s.at.At), s.what, cells(s.at, columns), cells(gated.scenes[i].at, columns), world)
	}
	for _, at := range w.changes(plain, gated) {
		a, b := plain.history.At(at), gated.history.At(at)
		w.row(clock(at), "", cells(a, columns), cells(b, columns), world)
	}
	w.row("", "in service", fmt.Sprint(plain.serving()), fmt.Sprint(gated.serving()), world)
}

// changes are the times after the last scene at which either world changed,
// and the end.
func (w *printer) changes(plain, gated *play) []time.Time {
	from := plain.scenes[len(plain.scenes)-1].at.At
	var times []time.Time
	for _, p := range []*play{plain, gated} {
		for _, m := range p.history.Moments() {
			if m.At.After(from) {
				times = append(times, m.At)
			}
		}
	}
	times = append(times, plain.now())
	slices.SortFunc(times, time.Time.Compare)
	return slices.CompactFunc(times, time.Time.Equal)
}

// row prints one line; the last two columns are members.
func (w *printer) row(clock, what, plain, gated string, world int) {
	line := pad(clock, clockWidth) + pad(what, whatWidth) + gap + w.paint(pad(plain, world)) + gap + w.paint(gated)
	w.line(strings.TrimRight(line, " "))
}

func pad(s string, width int) string {
	return s + strings.Repeat(" ", max(0, width-utf8.RuneCountInString(s)))
}

// The signs of members.
const (
	serves  = "●"
	arrives = "○"
	leaves  = "×"
	gone    = "·"
)

// cells are the members as one sign each.
func cells(m stage.Moment, columns int) string {
	out := slices.Repeat([]string{" "}, columns)
	for i, member := range m.Members {
		out[i] = sign(member)
	}
	return strings.Join(out, " ")
}

func sign(i awssim.Instance) string {
	switch {
	case i.InService:
		return serves
	case i.State == "terminated":
		return gone
	case i.State == "pending", i.State == "running" && !strings.HasPrefix(i.Lifecycle, "Terminating"):
		return arrives
	}
	return leaves
}

// paint colours the signs of members.
func (w *printer) paint(s string) string {
	if !w.color {
		return s
	}
	return strings.NewReplacer(
		serves, "\x1b[32m"+serves+"\x1b[0m", arrives, "\x1b[33m"+arrives+"\x1b[0m",
		leaves, "\x1b[31m"+leaves+"\x1b[0m", gone, "\x1b[2m"+gone+"\x1b[0m").Replace(s)
}

func clock(t time.Time) string { return t.UTC().Format("15:04:05") }
