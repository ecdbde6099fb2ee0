package cli

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/holdfast-gate/holdfast/checks"
)

// repos is the part of a server-side repos.yaml that matters to a gate.
type repos struct {
	Repos []struct {
		ID                   string
		Workflow             string
		ApplyRequirements    []string `yaml:"apply_requirements"`
		AllowedOverrides     []string `yaml:"allowed_overrides"`
		AllowCustomWorkflows bool     `yaml:"allow_custom_workflows"`
		PolicyCheck          bool     `yaml:"policy_check"`
		CustomPolicyCheck    bool     `yaml:"custom_policy_check"`
	}
	Policies struct {
		Owners     struct{ Users []string }
		PolicySets []struct{ Name, Path, Source string } `yaml:"policy_sets"`
	}
	Workflows map[string]map[string]struct{ Steps []any }
}

func setUp(t *testing.T, words ...string) (string, int) {
	t.Helper()
	f, out, errs := factory()
	f.Now, f.Suite = time.Now, checks.Suite()
	code := Run(context.Background(), f, words)
	return out.String() + errs.String(), code
}

// What is written is what keeps the gate closed: nothing of it can be changed by
// a pull request, there is a policy set, and its commands are holdfast's.
func TestSetupAtlantis(t *testing.T) {
	text, code := setUp(t, "setup", "atlantis", "--owner", "ann", "--owner", "bob")
	if code != 0 {
		t.Fatal(text)
	}
	var doc repos
	d := yaml.NewDecoder(strings.NewReader(text))
	d.KnownFields(true)
	if err := d.Decode(&doc); err != nil {
		t.Fatal(err)
	}
	r := doc.Repos[0]
	if r.ID != "/.*/" || r.Workflow != "holdfast" || r.AllowCustomWorkflows || r.AllowedOverrides == nil || len(r.AllowedOverrides) > 0 || !r.PolicyCheck || !r.CustomPolicyCheck || len(r.ApplyRequirements) != 3 {
		t.Errorf("got %+v", r)
	}
	if len(doc.Policies.PolicySets) != 1 || strings.Join(doc.Policies.Owners.Users, " ") != "ann bob" {
		t.Errorf("got %+v", doc.Policies)
	}
	apply := doc.Workflows["holdfast"]["apply"].Steps
	if len(apply) != 2 || apply[1] != "apply" {
		t.Errorf("got %v: the check must stand right before the apply of Atlantis", apply)
	}
}

// The commands that are written run, on a plan and with a config that is there:
// one answers by its text, the other by its exit status, and both fail closed
// where the config is missing.
func TestSetupAtlantisCommandsRun(t *testing.T) {
	dir := t.TempDir()
	hcl, plan, bad := filepath.Join(dir, "holdfast.hcl"), filepath.Join(dir, "empty.json"), filepath.Join(dir, "bad.json")
	empty := `{"format_version":"1.2","terraform_version":"1.11.4","timestamp":"` + time.Now().UTC().Format(time.RFC3339) + `","complete":true,"applyable":false,"errored":false,"resource_changes":[]}`
	for path, text := range map[string]string{hcl: "", plan: empty, bad: "{}"} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	text, _ := setUp(t, "setup", "atlantis", "--owner", "ann", "--config", hcl)
	var doc repos
	if err := yaml.Unmarshal([]byte(text), &doc); err != nil {
		t.Fatal(err)
	}
	command := func(stage, plan string) (string, int) {
		for _, s := range doc.Workflows["holdfast"][stage].Steps {
			if m, ok := s.(map[string]any); ok {
				return setUp(t, strings.Fields(strings.ReplaceAll(m["run"].(string), `"$PLANFILE"`, plan))[1:]...)
			}
		}
		t.Fatalf("%s runs nothing", stage)
		return "", 0
	}
	for _, tt := range []struct {
		stage, plan string
		code        int
		text        string
	}{
		{"policy_check", plan, 0, "OK - "},
		{"policy_check", bad, 0, "FAIL - "},
		{"apply", plan, 0, "holdfast: ALLOWED"},
		{"apply", bad, 1, "Error: "},
	} {
		if text, code := command(tt.stage, tt.plan); code != tt.code || !strings.HasPrefix(text, tt.text) {
			t.Errorf("%s of %s: got exit status %d and %q", tt.stage, filepath.Base(tt.plan), code, text)
		}
	}
	if err := os.Remove(hcl); err != nil {
		t.Fatal(err)
	}
	for stage, want := range map[string]int{"policy_check": 0, "apply": 1} {
		if text, code := command(stage, plan); code != want || strings.HasPrefix(text, "OK") || strings.Contains(text, "ALLOWED") {
			t.Errorf("%s without its config: got exit status %d and %q", stage, code, text)
		}
	}
}

func TestSetupAtlantisRefuses(t *testing.T) {
	for words, want := range map[string]string{
		"setup atlantis":                                   "no owner",
		"setup atlantis --owner ann,b[b":                   "is not the name of a user",
		"setup atlantis --owner ann --config holdfast.hcl": "is not the path of a file on the server",
		"setup atlantis --owner ann --config /a;b":         "is not the path of a file on the server",
		"setup atlantis --owner ann --repo a'b":            "is not an id of repositories",
		"setup atlantis --owner ann --settle-wait -1s":     "must not be negative",
	} {
		if text, code := setUp(t, strings.Fields(words)...); code != 1 || !strings.Contains(text, want) {
			t.Errorf("%s: got exit status %d and %q", words, code, text)
		}
	}
}

// The example is what the command writes.
func TestSetupAtlantisIsTheExample(t *testing.T) {
	want, err := os.ReadFile("../../examples/atlantis/repos.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if got, code := setUp(t, "setup", "atlantis", "--owner", "sre-lead"); code != 0 || got != string(want) {
		t.Errorf("examples/atlantis/repos.yaml is not what holdfast setup atlantis --owner sre-lead writes:\n%s", got)
	}
}
