package cli

import (
	"encoding/json"
	"io"
	"os"

	"golang.org/x/term"

	"github.com/holdfast-gate/holdfast/gate"
	"github.com/holdfast-gate/holdfast/gate/terraform"
)

// reporter returns what shows a verdict: on the stream, or in the file of
// --output-file.
func (g *global) reporter(stream io.Writer) func(gate.Verdict) error {
	return func(v gate.Verdict) error {
		w, err := writeTo(g.outputFile, stream)
		if err != nil {
			return err
		}
		if err := g.render(w, v); err != nil {
			return err
		}
		return w.Close()
	}
}

func (g *global) render(w io.Writer, v gate.Verdict) error {
	return json.NewEncoder(w).Encode(v)
}

// colorless reports whether the user wants no colour at all. NO_COLOR counts
// with any value.
func (g *global) colorless() bool {
	return g.noColor || g.color == "never" || g.color != "always" && terraform.Getenv(g.Env, "NO_COLOR") != ""
}

// colored reports whether a report on this stream has colour: where the user
// insists, or where a terminal shows it.
func (g *global) colored(w io.Writer) bool {
	switch {
	case g.colorless():
		return false
	case g.color == "always":
		return true
	}
	file, ok := w.(*os.File)
	return ok && term.IsTerminal(int(file.Fd())) && terraform.Getenv(g.Env, "TERM") != "dumb"
}
