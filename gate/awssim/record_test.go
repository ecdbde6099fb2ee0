//go:build moto && official

package awssim_test

import (
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/holdfast-gate/holdfast/e2e/emulator"
	"github.com/holdfast-gate/holdfast/e2e/tool"
)

// TestRecordProvider records what hashicorp/aws says to AWS, with moto as AWS,
// while terraform makes, refreshes, changes and destroys what provider.tf
// declares. The recording is kept:
//
//	go test -tags 'moto official' -run RecordProvider ./gate/awssim -record
//
// Without -record it checks that the provider still makes the same calls.
func TestRecordProvider(t *testing.T) {
	r := &recorder{endpoint: emulator.Start(t)}
	server := httptest.NewServer(r)
	t.Cleanup(server.Close)
	dir := t.TempDir()
	source, err := os.ReadFile("testdata/sessions/provider.tf")
	if err != nil {
		t.Fatal(err)
	}
	mirror := ""
	if m := tool.Mirror(); m != "" {
		mirror = "provider_installation {\n  filesystem_mirror {\n    path = \"" + filepath.ToSlash(m) + "\"\n  }\n}\n"
	}
	for name, text := range map[string]string{"main.tf": string(source), "terraformrc": mirror, "none": ""} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, words := range [][]string{
		{"init", "-input=false"},
		{"apply", "-auto-approve", "-input=false", "-parallelism=1"},
		{"plan", "-input=false", "-parallelism=1"},
		{"apply", "-auto-approve", "-input=false", "-parallelism=1", "-var=size=2", "-var=type=m5.xlarge", "-var=role=master"},
		{"destroy", "-auto-approve", "-input=false", "-parallelism=1", "-var=size=2", "-var=type=m5.xlarge", "-var=role=master"},
	} {
		cmd := exec.CommandContext(t.Context(), "terraform", append(words, "-no-color")...)
		cmd.Dir = dir
		cmd.Env = append(slices.DeleteFunc(os.Environ(), func(pair string) bool { return strings.HasPrefix(pair, "AWS_") || strings.HasPrefix(pair, "TF_") }),
			"AWS_ENDPOINT_URL="+server.URL, "AWS_ACCESS_KEY_ID=test", "AWS_SECRET_ACCESS_KEY=test", "AWS_EC2_METADATA_DISABLED=true", "CHECKPOINT_DISABLE=1",
			"AWS_CONFIG_FILE="+filepath.Join(dir, "none"), "AWS_SHARED_CREDENTIALS_FILE="+filepath.Join(dir, "none"), "TF_CLI_CONFIG_FILE="+filepath.Join(dir, "terraformrc"))
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("terraform %s: %v\n%s", words[0], err, out)
		}
	}
	r.keep(t, "provider")
}
