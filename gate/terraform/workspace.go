package terraform

import (
	"context"
	"strings"
)

func (t *Tool) workspaceArgv() []string { return append(t.global(), "workspace", "show") }

// Workspace returns the workspace that plan and apply work on, TF_WORKSPACE
// included.
func (t *Tool) Workspace(ctx context.Context) (string, error) {
	out, err := t.capture(ctx, t.workspaceArgv())
	// The last line is the answer; OpenTofu may print warnings before it.
	out = strings.TrimSpace(out)
	return out[strings.LastIndexByte(out, '\n')+1:], err
}
