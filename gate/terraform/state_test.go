package terraform

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// show is asked only where state pull gives nothing that can be read: it loads
// the schema of every provider.
func TestStateIsPulledAndShownOnlyWhereThatFails(t *testing.T) {
	strange := errors.New("strange")
	for _, tt := range []struct {
		part    string
		refused string // what read refuses
		want    string // the subcommands that read was handed the output of
		err     string
	}{
		{"state", "", "state", ""},
		{"state is not pulled", "", " show", ""},
		{"state", "state", "state show", ""},
		{"show fails", "", " ", "Failed to load plugin schemas"},
	} {
		tool, _ := fake(t, tt.part)
		var read []string
		err := tool.State(t.Context(), func(r io.Reader) error {
			text, err := io.ReadAll(r)
			word := strings.TrimSpace(string(text))
			read = append(read, word)
			if tt.refused != "" && word == tt.refused {
				return strange
			}
			return err
		})
		if got := strings.Join(read, " "); got != tt.want || (err == nil) != (tt.err == "") || err != nil && !strings.Contains(err.Error(), tt.err) {
			t.Errorf("%s: read %q and got %v, want %q and %q", tt.part, got, err, tt.want, tt.err)
		}
	}
}

// Terraform checks the packages of all providers before every call, and state
// pull starts none. Of show, which does, and of a provider that is debugged
// nothing may be pretended.
func TestStateIsPulledWithoutACheckOfProviders(t *testing.T) {
	const lock = `provider "registry.terraform.io/hashicorp/aws" {
  version = "5.100.0"
  hashes  = ["h1:edXOJWE4ORX8Fm+dpVpICzMZJat4AX0VRCAy/xkcOc0="]
}

provider "registry.terraform.io/hashicorp/random" {
  version = "3.7.2"
}
`
	const both = `{"registry.terraform.io/hashicorp/aws":{"Protocol":"grpc","ProtocolVersion":5,"Test":true,"Addr":{"Network":"unix","String":"/dev/null"}},` +
		`"registry.terraform.io/hashicorp/random":{"Protocol":"grpc","ProtocolVersion":5,"Test":true,"Addr":{"Network":"unix","String":"/dev/null"}}}`
	for name, tt := range map[string]struct{ lock, debugged, want string }{
		"two providers":          {lock, "", both},
		"no lock file":           {"", "", ""},
		"none in the lock file":  {"# nothing\n", "", ""},
		"a lock file of no kind": {"provider {", "", ""},
		"one is debugged":        {lock, "theirs", "theirs"},
	} {
		t.Run(name, func(t *testing.T) {
			tool, _ := fake(t, "state, and what runs already")
			tool.Chdir, tool.Env = t.TempDir(), Setenv(tool.Env, reattach, tt.debugged)
			if tt.lock != "" {
				if err := os.WriteFile(filepath.Join(tool.Chdir, ".terraform.lock.hcl"), []byte(tt.lock), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			var got []string
			err := tool.State(t.Context(), func(r io.Reader) error {
				text, err := io.ReadAll(r)
				got = append(got, strings.TrimSpace(string(text)))
				if len(got) == 1 {
					return errors.New("show it")
				}
				return err
			})
			if want := []string{strings.TrimSpace("state " + tt.want), strings.TrimSpace("show " + tt.debugged)}; err != nil || !slices.Equal(got, want) {
				t.Errorf("got %q, %v, want %q", got, err, want)
			}
		})
	}
}
