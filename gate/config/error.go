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
const maxMistakes = 20

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

// hidden reports whether a character must not stand in a config: control
// characters, those that do not show, and those that reorder the text around
// them. The two joiners, which some scripts and pictures in a comment need, may.
func hidden(r rune) bool { return unseen(r) && r != '\u200c' && r != '\u200d' && r != '\t' }

// unseen reports whether a character must not stand in a name or a value: two
// that differ only in it look alike.
func unseen(r rune) bool {
	return unicode.In(r, unicode.C, unicode.Zl, unicode.Zp) || r == utf8.RuneError
}
