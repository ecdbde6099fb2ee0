package report

import (
	"io"
	"strings"

	"github.com/holdfast-gate/holdfast/gate"
)

// policyWidth is how wide the lines of a policy are at most.
const policyWidth = 110

// Policy writes the IAM policy that allows what a suite of checks reads, and
// nothing else, as JSON: actions sorted, those of one service together. What is
// optional, which no check needs, is a statement of its own. The error is that
// of w.
func Policy(w io.Writer, suite []*gate.Check, optional []string) error {
	statements := []string{statement("HoldfastReads", gate.Actions(suite))}
	if len(optional) > 0 {
		statements = append(statements, statement("OptionalToSayWhoDidIt", optional))
	}
	_, err := io.WriteString(w, `{
  "Version": "2012-10-17",
  "Statement": [`+strings.Join(statements, ", ")+`]
}
`)
	return err
}

func statement(name string, actions []string) string {
	var lines []string
	service := ""
	for _, action := range actions {
		of, _, _ := strings.Cut(action, ":")
		quoted := `"` + action + `"`
		last := len(lines) - 1
		if of != service || len(lines[last])+len(quoted) > policyWidth {
			service, lines = of, append(lines, "      "+quoted)
			continue
		}
		lines[last] += ", " + quoted
	}
	return `{
    "Sid": "` + name + `", "Effect": "Allow", "Resource": "*",
    "Action": [
` + strings.Join(lines, ",\n") + `
    ]
  }`
}
