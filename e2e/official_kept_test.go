//go:build official

package e2e

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/holdfast-gate/holdfast/e2e/tool"
	"github.com/holdfast-gate/holdfast/gate"
)

// schemaBlock is a block of a schema as terraform providers schema prints it.
type schemaBlock struct {
	Attributes map[string]schemaAttribute             `json:"attributes"`
	Blocks     map[string]struct{ Block schemaBlock } `json:"block_types"`
}

type schemaAttribute struct {
	Sensitive bool        `json:"sensitive"`
	Nested    schemaBlock `json:"nested_type"`
}

// hides reports whether a part of the block is sensitive by its schema.
func (b schemaBlock) hides() bool {
	for _, a := range b.Attributes {
		if a.Sensitive || a.Nested.hides() {
			return true
		}
	}
	for _, inner := range b.Blocks {
		if inner.Block.hides() {
			return true
		}
	}
	return false
}

// Plan files of some versions do not say what the provider's schema hides
// (gate/planfile), so nothing that the gate keeps may be hidden by it.
func TestOfficialHidesNothingThatIsKept(t *testing.T) {
	terraform, _, err := tool.Terraform(t.Context(), os.Stderr)
	if err != nil {
		t.Fatal(err)
	}
	s, err := official(simulated(time.Second))
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "main.tf"), []byte(`terraform {
  required_providers {
    aws = { source = "hashicorp/aws" }
  }
}
`), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := install(s, terraform, dir); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(terraform, "providers", "schema", "-json")
	cmd.Dir, cmd.Env = dir, s.Env()
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	var printed struct {
		Providers map[string]struct {
			Resources map[string]struct{ Block schemaBlock } `json:"resource_schemas"`
		} `json:"provider_schemas"`
	}
	if err := json.Unmarshal(out, &printed); err != nil {
		t.Fatal(err)
	}
	looked := 0
	for _, p := range printed.Providers {
		if !p.Resources["aws_db_instance"].Block.hides() {
			t.Error("the password of aws_db_instance is not hidden: the test sees nothing")
		}
		for kind, r := range p.Resources {
			for _, name := range gate.KeptAttributes(kind) {
				looked++
				if a := r.Block.Attributes[name]; a.Sensitive || a.Nested.hides() || r.Block.Blocks[name].Block.hides() {
					t.Errorf("%s: %s is kept, and the schema hides it", kind, name)
				}
			}
		}
	}
	if looked < 200 {
		t.Errorf("looked at %d kept attributes, want all", looked)
	}
}
