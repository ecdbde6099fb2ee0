package report

import (
	"bufio"
	"fmt"
	"io"

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

// Annotations writes the findings of a verdict as workflow commands, which need
// no token: errors for what blocks, warnings for the others, at the block of
// the address each is about. Of more than GitHub shows, the last says how many
// there are. The error is that of w.
func Annotations(w io.Writer, v gate.Verdict, o Options) error {
	b := bufio.NewWriter(w)
	var stops, warns []gate.Finding
	for _, f := range reasons(v) {
		if o.stops(f) {
			stops = append(stops, f)
		} else {
			warns = append(warns, f)
		}
	}
	o.annotate(b, "error", v, stops)
	o.annotate(b, "warning", v, warns)
	return b.Flush()
}

func (o Options) annotate(w io.Writer, command string, v gate.Verdict, fs []gate.Finding) {
	known := knownTo(v)
	for i, f := range fs {
		if i == StepLimit-1 && len(fs) > StepLimit {
			fmt.Fprintf(w, "::%s title=holdfast::and %s, in the log\n", command, gate.Count(len(fs)-i, "more finding"))
			return
		}
		at := ""
		if p := o.somewhere(v, known, f); p.File != "." {
			at = fmt.Sprintf("file=%s,line=%d,col=%d,", commandProperty.Replace(Plain(p.File)), p.Line, p.Column)
		}
		text := Plain(message(f))
		if f.Remedy != "" {
			text += "\nTo pass: " + Plain(f.Remedy)
		}
		fmt.Fprintf(w, "::%s %stitle=%s::%s\n", command, at, commandProperty.Replace("holdfast: "+Plain(code(f.Code, f.Cluster, f.Role))), commandData.Replace(text))
	}
}
