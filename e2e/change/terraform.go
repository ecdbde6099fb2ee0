package change

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"os"

	"github.com/holdfast-gate/holdfast/gate/terraform"
)

// A Terraform stands where terraform stands. Ends is its apply: it is handed the
// members that the plan ends, and returns the exit status.
type Terraform struct {
	Ends func(call terraform.ApplyCall, ids []string) int
}

// Show implements pipeline.Shower.
func (Terraform) Show(_ context.Context, path string, read func(io.Reader) error) error {
	data, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	return read(bytes.NewReader(bytes.TrimPrefix(data, []byte(magic))))
}

// Workspace implements pipeline.Shower.
func (Terraform) Workspace(context.Context) (string, error) { return "default", nil }

// Plan implements pipeline.Terraform. Every plan here was made before.
func (Terraform) Plan(terraform.PlanCall) (int, error) { return 1, errors.New("there is nothing to plan") }

// Version implements pipeline.Terraform.
func (Terraform) Version(context.Context) (terraform.Version, error) { return terraform.Version{}, nil }

// Apply implements pipeline.Terraform. The plan file is the last word.
func (t Terraform) Apply(call terraform.ApplyCall) (int, error) {
	data, err := os.ReadFile(call.Words[len(call.Words)-1])
	if err != nil {
		return 1, err
	}
	var plan struct {
		Changes []struct {
			Change struct {
				Before struct {
					ID string `json:"id"`
				} `json:"before"`
			} `json:"change"`
		} `json:"resource_changes"`
	}
	if err := json.Unmarshal(bytes.TrimPrefix(data, []byte(magic)), &plan); err != nil {
		return 1, err
	}
	var ids []string
	for _, c := range plan.Changes {
		ids = append(ids, c.Change.Before.ID)
	}
	return t.Ends(call, ids), nil
}
