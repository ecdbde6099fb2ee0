package terraform

import "testing"

func TestOurRunsAreMarked(t *testing.T) {
	for before, want := range map[string]string{
		"":         "holdfast/1.2.3 (run 0a)",
		"team/web": "team/web holdfast/1.2.3 (run 0a)",
	} {
		env := []string{"A=b"}
		if before != "" {
			env = append(env, agentVariable+"="+before)
		}
		got := Marked(env, "1.2.3", "0a")
		if Getenv(got, agentVariable) != want || Getenv(got, "A") != "b" {
			t.Errorf("%q: %v, want %q", before, got, want)
		}
		if Getenv(env, agentVariable) != before {
			t.Errorf("%q: the environment given was changed", before)
		}
	}
}
