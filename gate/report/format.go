package report

import (
	"io"
	"slices"

	"github.com/holdfast-gate/holdfast/gate"
)

// A Format is one way to write a verdict. All say the same: the decision, what
// keeps the plan from being applied, and the clusters it is about.
type Format struct {
	Name  string // as -o has it
	Write func(io.Writer, gate.Verdict, Options) error
}

// Formats returns every format, the one for people first.
func Formats() []Format {
	return []Format{
		{"text", Text},
		{"json", JSON},
		{"markdown", Markdown},
		{"sarif", SARIF},
		{"junit", JUnit},
		{"github", GitHub},
		{"gitlab", CodeQuality},
		{"gitlab-terraform", TerraformReport},
		{"atlantis", Atlantis},
	}
}

// Find returns the format of a name, false if there is none.
func Find(name string) (Format, bool) {
	all := Formats()
	i := slices.IndexFunc(all, func(f Format) bool { return f.Name == name })
	if i < 0 {
		return Format{}, false
	}
	return all[i], true
}
