package cli

import (
	"bytes"
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/holdfast-gate/holdfast/checks"
	"github.com/holdfast-gate/holdfast/gate"
)

// The README's policy is, to the letter, what explain --iam prints.
func TestTheReadmesPolicyIsWhatExplainPrints(t *testing.T) {
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	got := explained(t, "explain", "--iam")
	if !strings.Contains(string(readme), "```json\n"+got+"```\n") {
		t.Errorf("the README does not have this policy:\n%s", got)
	}
	var policy struct {
		Statement []struct {
			Sid    string
			Action []string
		}
	}
	if err := json.Unmarshal([]byte(got), &policy); err != nil {
		t.Fatal(err)
	}
	if want := gate.Actions(checks.Suite()); strings.Join(policy.Statement[0].Action, " ") != strings.Join(want, " ") {
		t.Errorf("got %v, want %v", policy.Statement[0].Action, want)
	}
	// Who did it decides nothing: whoever leaves that out loses no verdict.
	if len(policy.Statement) != 2 || strings.Join(policy.Statement[1].Action, " ") != "cloudtrail:LookupEvents" || !strings.HasPrefix(policy.Statement[1].Sid, "Optional") {
		t.Errorf("got %+v, want one more statement that is optional", policy.Statement[1:])
	}
}

func TestThePolicyOfOneCheck(t *testing.T) {
	got := explained(t, "explain", "--iam", "lastcopy.none")
	if !strings.Contains(got, `"ec2:DescribeSnapshots"`) || strings.Contains(got, `"autoscaling:`) || strings.Contains(got, "cloudtrail") {
		t.Errorf("got %s, want what lastcopy reads and nothing else", got)
	}
}

func explained(t *testing.T, args ...string) string {
	t.Helper()
	var stdout, stderr bytes.Buffer
	f := &Factory{Out: &stdout, Err: &stderr, Suite: checks.Suite()}
	if code := Run(t.Context(), f, args); code != 0 {
		t.Fatalf("exit status %d: %s", code, stderr.String())
	}
	return stdout.String()
}
