package report

import (
	"bufio"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/holdfast-gate/holdfast/gate"
)

// A page is text being written. Whatever is written goes through clean, so a
// name in a plan or a tag cannot draw on the reader's terminal. Colour is put
// on decision words and cells only, and only here.
type page struct {
	w     *bufio.Writer // keeps the first error, for flush
	o     Options
	brief bool // no sections of clusters follow
	now   bool // of what is running, without a plan

	told  map[string]bool // attributions that were written
	known known
}

func newPage(w io.Writer, o Options) *page { return &page{w: bufio.NewWriter(w), o: o} }

func (p *page) flush() error { return p.w.Flush() }

// line writes one paragraph, indented, and wrapped if there is a width.
func (p *page) line(indent int, format string, args ...any) {
	p.hang(strings.Repeat(" ", indent), strings.Repeat(" ", indent+2), fmt.Sprintf(format, args...))
}

// hang writes a paragraph whose first line begins with lead and the others
// with rest.
func (p *page) hang(lead, rest, text string) {
	for i, l := range wrap(clean(text), p.o.Width-utf8.RuneCountInString(rest)) {
		if i > 0 {
			lead = rest
		}
		p.w.WriteString(strings.TrimRight(lead+l, " ") + "\n")
	}
}

func (p *page) blank() { p.w.WriteString("\n") }

// decision writes a paragraph that begins with a decision word.
func (p *page) decision(lead string, d gate.Decision, word, text string) {
	plain := lead + word
	lines := wrap(clean(text), p.o.Width-utf8.RuneCountInString(plain)-2)
	p.w.WriteString(lead + p.paint(d, word))
	for i, l := range lines {
		switch {
		case i > 0:
			p.w.WriteString("\n" + strings.Repeat(" ", utf8.RuneCountInString(plain)+2))
		case l != "":
			p.w.WriteString("  ")
		}
		p.w.WriteString(l)
	}
	p.blank()
}

func (p *page) paint(d gate.Decision, word string) string {
	if !p.o.Color {
		return word
	}
	code := map[gate.Decision]string{gate.Allow: "32", gate.Warn: "33"}[d]
	if code == "" {
		code = "31"
	}
	return "\x1b[1;" + code + "m" + word + "\x1b[0m"
}

// table writes rows in aligned columns. Columns in which every row but the
// first, the heading, is empty are left out. Columns that do not fit into the
// width go on the next line, below those that do.
func (p *page) table(indent int, rows [][]string) {
	widths := make([]int, len(rows[0]))
	used := make([]bool, len(rows[0]))
	for i, row := range rows {
		for c := range row {
			row[c] = clean(row[c])
			widths[c] = max(widths[c], utf8.RuneCountInString(row[c]))
			used[c] = used[c] || (i > 0 && row[c] != "")
		}
	}
	breaks := p.fold(indent, widths, used)
	for _, row := range rows {
		var b strings.Builder
		b.WriteString(strings.Repeat(" ", indent))
		for c, cell := range row {
			if !used[c] {
				continue
			}
			if breaks[c] {
				p.rowLine(&b)
				b.WriteString(strings.Repeat(" ", indent+folded))
			}
			b.WriteString(cell + strings.Repeat(" ", widths[c]-utf8.RuneCountInString(cell)+2))
		}
		p.rowLine(&b)
	}
}

// folded is how much further in the second and later lines of a row begin.
const folded = 4

// rowLine writes one line of a row, if there is anything on it.
func (p *page) rowLine(b *strings.Builder) {
	if line := strings.TrimRight(b.String(), " "); line != "" {
		p.w.WriteString(line + "\n")
	}
	b.Reset()
}

// fold says before which columns a row goes on on the next line.
func (p *page) fold(indent int, widths []int, used []bool) []bool {
	out := make([]bool, len(widths))
	n := indent
	for c, w := range widths {
		if !used[c] {
			continue
		}
		if p.o.Width > 0 && n > indent+folded && n+w > p.o.Width {
			out[c], n = true, indent+folded
		}
		n += w + 2
	}
	return out
}

// wrap splits text at spaces so that no line is longer than width, if its
// words allow. A width under 20 is no width.
func wrap(text string, width int) []string {
	if width < 20 {
		return []string{text}
	}
	var lines []string
	line, n := "", 0
	for word := range strings.FieldsSeq(text) {
		w := utf8.RuneCountInString(word)
		if n > 0 && n+1+w > width {
			lines, line, n = append(lines, line), "", 0
		}
		if n > 0 {
			line, n = line+" ", n+1
		}
		line, n = line+word, n+w
	}
	return append(lines, line)
}
