package report

import (
	"bytes"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/holdfast-gate/holdfast/gate"
)

// fails says how versions of Atlantis tell that a custom policy check failed
// (server/events/project_command_runner.go), by the last version that does.
func fails() map[string]func(string) bool {
	// v0.39.0 to v0.47.1
	now := regexp.MustCompile(`([1-9][0-9]* failure|failures": \[)`)
	return map[string]func(string) bool{
		"0.26 to 0.38":   func(s string) bool { return strings.Contains(strings.ToLower(s), "fail") },
		"0.39 to 0.47.1": func(s string) bool { return now.MatchString(s) || strings.HasPrefix(strings.TrimSpace(s), "FAIL") },
	}
}

// What Atlantis finds in the text of a stage (server/events/models/models.go):
// the summaries of plans, which it adds up, and the counts of conftest.
var (
	planSummary = regexp.MustCompile(`Plan: \d+ to add|No changes\. (?:Infrastructure is up-to-date|Your infrastructure matches the configuration)|Note: Objects have changed outside of Terraform`)
	conftest    = regexp.MustCompile(`\d+ tests?, \d+ passed, \d+ warnings?, \d+ failures?, \d+ exceptions?`)
)

func TestAtlantisTellsPassFromFail(t *testing.T) {
	all := verdicts()
	for _, s := range append(nasty(), "failover", "FAIL", "3 failures", `failures": [`, "Plan: 1 to add, 1 to change, 9 to destroy.", "No changes. Your infrastructure matches the configuration.", "Note: Objects have changed outside of Terraform") {
		all["blocked "+s] = hostile(s)
		v := hostile(s)
		for i := range v.Findings {
			v.Findings[i].Decision = gate.Warn
		}
		v.Decision = gate.Warn
		all["allowed "+s] = v
	}
	for name, v := range all {
		for _, observe := range []bool{false, true} {
			got := written(t, "atlantis", v, Options{Observe: observe})
			for versions, failed := range fails() {
				if failed(got) == (v.Decision.Permits() || observe) {
					t.Errorf("%s, observing %v: Atlantis %s takes it for the opposite:\n%s", name, observe, versions, got)
				}
			}
			if strings.TrimSpace(got) == "" {
				t.Errorf("%s: got nothing, which is an error of the check", name)
			}
			if strings.Contains(got, "```") {
				t.Errorf("%s: got the end of a fence:\n%s", name, got)
			}
			if m := planSummary.FindString(got); m != "" {
				t.Errorf("%s: got %q, which is counted as a plan", name, m)
			}
			if n := len(conftest.FindAllString(got, -1)); !v.Decision.Permits() && !observe && n != 1 {
				t.Errorf("%s: got %d counts", name, n)
			}
		}
	}
}

// The lines that approvals are kept by have no time, number or member in them.
func TestAtlantisLinesStayTheSame(t *testing.T) {
	lines := func(v gate.Verdict) string {
		return strings.Join(regexp.MustCompile(`(?m)^FAIL.*`).FindAllString(written(t, "atlantis", v, Options{}), -1), "\n")
	}
	v := parakeet()
	before := lines(v)
	v.At = v.At.Add(1e11)
	for i := range v.Findings {
		v.Findings[i].Message += " for 41s"
		v.Findings[i].Subjects = append([]string{"i-new"}, v.Findings[i].Subjects...)
	}
	if after := lines(v); after != before {
		t.Errorf("got\n%s\nhad\n%s", after, before)
	}
	if want := "FAIL - drifted.size on search: aws_autoscaling_group.search\nFAIL - survivorfloor.breached on search: aws_autoscaling_group.search"; before != want {
		t.Errorf("got\n%s\nwant\n%s", before, want)
	}
}

// Where there is no verdict the check has failed too, in every version.
func TestAtlantisUndecided(t *testing.T) {
	for _, why := range append(nasty(), "the plan x could not be opened\nGive a plan file") {
		got := Undecided(why)
		for versions, failed := range fails() {
			if !failed(got) {
				t.Errorf("%q: Atlantis %s takes it for passed:\n%s", why, versions, got)
			}
		}
		if strings.Contains(got, "```") || len(conftest.FindAllString(got, -1)) != 1 {
			t.Errorf("%q: got\n%s", why, got)
		}
	}
}

// The first lines, which Atlantis shows unfolded, have the answer.
func TestAtlantisBeginsWithTheAnswer(t *testing.T) {
	for name, v := range verdicts() {
		first, _, _ := strings.Cut(written(t, "atlantis", v, Options{}), "\n")
		if want := map[bool]string{true: "OK - ", false: "FAIL - "}[v.Decision.Permits()]; !strings.HasPrefix(first, want) {
			t.Errorf("%s: got %q", name, first)
		}
	}
	b, err := os.ReadFile("testdata/parakeet.atlantis")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.HasPrefix(b, []byte("FAIL - ")) {
		t.Errorf("got\n%s", b)
	}
}
