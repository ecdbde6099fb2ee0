package config

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/hashicorp/hcl/v2"
)

// An Error is everything that is wrong with one config file.
type Error struct {
	diags hcl.Diagnostics
	files map[string]*hcl.File // nil where the source must not be shown
}

// Error returns every mistake with its place, its lines of source and what to
// write instead, without colour and unwrapped.
func (e *Error) Error() string {
	var b strings.Builder
	// A strings.Builder does not fail.
	_ = e.Write(&b, 0, false)
	return strings.TrimRight(b.String(), "\n")
}

// maxMistakes is how many are shown: a file with more is not a config, and
// each is rendered by going through the whole source.
const maxMistakes = 50

// Write writes what Error returns, in the order of the file. Text is wrapped at
// width columns; zero does not wrap.
func (e *Error) Write(w io.Writer, width uint, color bool) error {
	diags := slices.Clone(e.diags)
	slices.SortStableFunc(diags, func(a, b *hcl.Diagnostic) int { return cmp.Compare(start(a), start(b)) })
	more := max(0, len(diags)-maxMistakes)
	err := hcl.NewDiagnosticTextWriter(w, e.files, width, color).WriteDiagnostics(diags[:len(diags)-more])
	if err == nil && more > 0 {
		_, err = fmt.Fprintf(w, "%d more mistakes follow; check that this is a %s.\n\n", more, FileName)
	}
	return err
}

func start(d *hcl.Diagnostic) int {
	if d.Subject == nil {
		return 0
	}
	return d.Subject.Start.Byte
}

// hidden reports whether a character must not stand in a config or in a name:
// control characters, and those that reorder the text around them.
func hidden(r rune) bool {
	return r != '\t' && unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) || r == utf8.RuneError || r == '\uFEFF'
}
