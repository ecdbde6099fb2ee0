package report

import (
	"bufio"
	"fmt"
	"io"
	"slices"

	"github.com/holdfast-gate/holdfast/gate"
)

// StepLimit is how many errors, and how many warnings, GitHub shows of one
// step (docs.github.com, "Usage limits for workflow annotations").
const StepLimit = 10

// GitHub writes a verdict for the log of a job: its annotations, then the text.
// The error is that of w.
func GitHub(w io.Writer, v gate.Verdict, o Options) error {
	if err := Annotations(w, v, o); err != nil {
		return err
	}
	return Text(w, v, o)
}

// A Note is a finding where it is shown beside the line it is about.
type Note struct {
	Place          // its file is "." where there is none in the repository
	Stops   bool   // an error; else a warning
	Title   string // one line
	Message string // the finding, on a second line the way out, and on more who did it
}

// Notes are the findings of a verdict for what shows them beside lines, those
// that stop first, each with who did what it is about. Their text is as Plain makes it.
func Notes(v gate.Verdict, o Options) []Note {
	known := knownTo(v)
	var stops, warns []Note
	for _, f := range reasons(v) {
		n := Note{Place: o.somewhere(v, known, f), Stops: o.stops(f), Title: "holdfast: " + Plain(code(f.Code, f.Cluster, f.Role)), Message: Plain(message(f))}
		n.File = Plain(n.File)
		if f.Remedy != "" {
			n.Message += "\nTo pass: " + Plain(f.Remedy)
		}
		n.Message += doers(v, f, "\n")
		if n.Stops {
			stops = append(stops, n)
		} else {
			warns = append(warns, n)
		}
	}
	return append(stops, warns...)
}

// Annotations writes the findings of a verdict as workflow commands, which need
// no token: errors for what blocks, warnings for the others, at the block of
// the address each is about. Of more than GitHub shows, the last says how many
// there are. The error is that of w.
func Annotations(w io.Writer, v gate.Verdict, o Options) error {
	b := bufio.NewWriter(w)
	notes := Notes(v, o)
	stops := slices.IndexFunc(notes, func(n Note) bool { return !n.Stops })
	if stops < 0 {
		stops = len(notes)
	}
	annotate(b, "error", notes[:stops])
	annotate(b, "warning", notes[stops:])
	return b.Flush()
}

func annotate(w io.Writer, command string, notes []Note) {
	for i, n := range notes {
		if i == StepLimit-1 && len(notes) > StepLimit {
			fmt.Fprintf(w, "::%s title=holdfast::and %s, in the log\n", command, gate.Count(len(notes)-i, "more finding"))
			return
		}
		at := ""
		if n.File != "." {
			at = fmt.Sprintf("file=%s,line=%d,col=%d,", commandProperty.Replace(n.File), n.Line, n.Column)
		}
		fmt.Fprintf(w, "::%s %stitle=%s::%s\n", command, at, commandProperty.Replace(n.Title), commandData.Replace(n.Message))
	}
}
