package change

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"os"

	"github.com/hashicorp/go-version"

	"github.com/holdfast-gate/holdfast/gate/terraform"
)

// A Terraform stands where terraform stands. Ends is its apply: it is handed the
// members that the plan ends, and returns the exit status. Makes writes a plan
// file; nil makes none.
type Terraform struct {
	Makes func(path string) error
	Ends  func(call terraform.ApplyCall, ids []string) int
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

// Plan implements pipeline.Terraform.
func (t Terraform) Plan(call terraform.PlanCall) (int, error) {
	if t.Makes == nil {
		return 1, errors.New("there is nothing to plan")
	}
	return 2, t.Makes(call.Out)
}

// Version implements pipeline.Terraform.
func (Terraform) Version(context.Context) (terraform.Version, error) {
	number, err := version.NewVersion("1.11.4")
	return terraform.Version{Product: "Terraform", Number: number}, err
}

// Apply implements pipeline.Terraform. A plan file that is not named by itself is
// the last word.
func (t Terraform) Apply(call terraform.ApplyCall) (int, error) {
	file := call.File
	if file == "" {
		file = call.Words[len(call.Words)-1]
	}
	data, err := os.ReadFile(file)
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
