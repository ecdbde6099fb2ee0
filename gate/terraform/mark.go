package terraform

import "strings"

// agentVariable is what the AWS provider appends to its user agent
// (aws-sdk-go-base, constants.go), and CloudTrail records.
const agentVariable = "TF_APPEND_USER_AGENT"

// Marked returns the environment for a terraform whose calls of AWS can be told
// from others: they name holdfast, its version and the run. What the user
// appends himself stays in front.
func Marked(env []string, version, run string) []string {
	mark := "holdfast/" + version + " (run " + run + ")"
	return Setenv(env, agentVariable, strings.TrimSpace(Getenv(env, agentVariable)+" "+mark))
}
