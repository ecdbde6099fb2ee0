package report

import (
	"io"

	"github.com/holdfast-gate/holdfast/gate"
)

// CodeQuality writes a verdict as GitLab's Code Quality report
// (docs.gitlab.com, "Code Quality report format"): one entry for every finding,
// on the line of the block it is about, with a fingerprint that stays the same.
// The error is that of w.
func CodeQuality(w io.Writer, v gate.Verdict, o Options) error {
	type entry struct {
		Description string `json:"description"`
		CheckName   string `json:"check_name"`
		Fingerprint string `json:"fingerprint"`
		Severity    string `json:"severity"`
		Location    struct {
			Path  string `json:"path"`
			Lines struct {
				Begin int `json:"begin"`
			} `json:"lines"`
		} `json:"location"`
	}
	fs := reasons(v)
	out := make([]entry, 0, len(fs))
	known := knownTo(v)
	for i, print := range fingerprints(known, fs) {
		f := fs[i]
		e := entry{Description: Plain(message(f)), CheckName: Plain(code(f.Code, f.Cluster, f.Role)), Fingerprint: print, Severity: "minor"}
		switch {
		case o.stops(f):
			e.Severity = "blocker"
		case blocks(f) || let(f):
			e.Severity = "major"
		}
		if f.Remedy != "" {
			e.Description += ". To pass: " + Plain(f.Remedy)
		}
		e.Description += doers(v, f, ". ")
		at := o.somewhere(v, known, f)
		e.Location.Path, e.Location.Lines.Begin = at.File, at.Line
		out = append(out, e)
	}
	return write(w, out)
}

// TerraformReport writes how many resources the plan touches, as GitLab's
// report for the widget of a merge request (docs.gitlab.com,
// "artifacts:reports:terraform"): a replacement is a creation and a deletion.
// It says nothing of the decision. The error is that of w.
func TerraformReport(w io.Writer, v gate.Verdict, _ Options) error {
	s := v.Plan
	return write(w, struct {
		Create int `json:"create"`
		Update int `json:"update"`
		Delete int `json:"delete"`
	}{s.Create + s.Replace, s.Update, s.Delete + s.Replace})
}
