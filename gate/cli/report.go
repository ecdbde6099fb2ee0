package cli

import (
	"errors"
	"io"
	"os"
	"slices"

	"golang.org/x/term"

	"github.com/holdfast-gate/holdfast/gate"
	"github.com/holdfast-gate/holdfast/gate/report"
	"github.com/holdfast-gate/holdfast/gate/terraform"
)

// reporter returns what shows a verdict: on the stream, or in the file of
// --output-file.
func (g *global) reporter(stream io.Writer) func(gate.Verdict) error {
	return func(v gate.Verdict) error {
		if err := errors.Join(g.copy(v), g.summarise(v)); err != nil {
			return err
		}
		// A file always holds the last verdict: an old one must not outlive it.
		if g.quiet && g.output == "text" && v.Decision.Permits() && g.outputFile == "" && !overridden(v) {
			return nil
		}
		w, err := writeTo(g.outputFile, stream)
		if err != nil {
			return err
		}
		if err := g.write(w, g.output, v); err != nil {
			return err
		}
		return w.Close()
	}
}

// overridden reports whether somebody let something through: that is never
// kept quiet.
func overridden(v gate.Verdict) bool {
	return slices.ContainsFunc(v.Findings, func(f gate.Finding) bool { return len(f.Overrides) > 0 })
}

// reportOptions says how to write for people on w.
func (g *global) reportOptions(w io.Writer) report.Options {
	o := report.Options{Color: g.colored(w), Verbose: g.verbose, Observe: g.observe}
	if file, ok := terminal(w); ok {
		o.Width, _, _ = term.GetSize(int(file.Fd())) // zero, where it is not known, does not wrap
	}
	return o
}

// terminal returns the terminal that w writes to, if it does.
func terminal(w io.Writer) (*os.File, bool) {
	if c, ok := w.(nopCloser); ok {
		w = c.Writer
	}
	file, ok := w.(*os.File)
	return file, ok && term.IsTerminal(int(file.Fd()))
}

// colorless reports whether the user wants no colour at all. NO_COLOR counts
// with any value.
func (g *global) colorless() bool {
	return g.noColor || g.color == "never" || g.color != "always" && terraform.Getenv(g.Env, "NO_COLOR") != ""
}

// colored reports whether what is written to w has colour: where the user
// insists, or where a terminal shows it.
func (g *global) colored(w io.Writer) bool {
	if g.colorless() || g.color == "always" {
		return !g.colorless()
	}
	_, ok := terminal(w)
	return ok && terraform.Getenv(g.Env, "TERM") != "dumb"
}
