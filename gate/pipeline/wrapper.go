package pipeline

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/holdfast-gate/holdfast/gate"
	"github.com/holdfast-gate/holdfast/gate/terraform"
)

// A Wrapper stands where terraform stands: it takes terraform's own words and
// returns terraform's own exit status, 1 where the gate blocks.
type Wrapper struct {
	*Gate
	Tool    *terraform.Tool
	Report  func(gate.Verdict) error // shows a verdict, away from terraform's stdout
	In      io.Reader                // the answer to the prompt
	Out     io.Writer                // where terraform prints its prompt
	NoColor bool                     // the user wants no colour: -no-color is added
}

// recheckAfter is how old a verdict may be when the change begins.
const recheckAfter = 5 * time.Second

// exited is the exit status of terraform where it ended the story.
type exited int

func (e exited) Error() string { return fmt.Sprintf("terraform ended with exit status %d", int(e)) }

// status turns the end of a story into an exit status.
func status(err error) (int, error) {
	var e exited
	if errors.As(err, &e) {
		return int(e), nil
	}
	return 1, err
}

// local is where a path of terraform's command line is for holdfast, which
// stays in the directory that -chdir leaves.
func (w *Wrapper) local(path string) string {
	if filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(w.Tool.Chdir, path)
}

// made reads the plan that terraform has just made with these words.
func (w *Wrapper) made(ctx context.Context, path string, args terraform.Args) (*gate.Plan, error) {
	plan, err := w.show(ctx, w.local(path))
	if err != nil {
		return nil, err
	}
	// OpenTofu does not write into a plan that a part was left out; here the
	// words are known that asked for it.
	if args.Partial && plan.Complete == gate.TriUnknown {
		plan.Complete = gate.No
	}
	return plan, nil
}

// hold proves the verdict again at the moment of the change: it must be about
// this very file, and about the world of a moment ago.
func (w *Wrapper) hold(ctx context.Context, path string, plan *gate.Plan, v gate.Verdict) (gate.Verdict, error) {
	digest, err := Digest(w.local(path))
	if err != nil {
		return v, err
	}
	if digest != plan.Digest {
		return v, fmt.Errorf("the plan file %s changed after it was judged\nPlan again", path)
	}
	if w.Now().Sub(v.At) > recheckAfter {
		v, err = w.judge(ctx, plan)
	}
	return v, err
}

// tempPlan makes an empty plan file that only this user can read, away from
// the checkout, and returns what removes it.
func tempPlan() (file string, remove func(), err error) {
	dir, err := os.MkdirTemp("", "holdfast-")
	if err != nil {
		return "", nil, fmt.Errorf("no private place for the plan: %v\nPoint TMPDIR at a directory you can write", err)
	}
	remove = func() { _ = os.RemoveAll(dir) }
	if dir, err = filepath.Abs(dir); err != nil {
		return "", remove, err
	}
	file = filepath.Join(dir, "plan")
	// Terraform truncates a file that exists and leaves its mode alone.
	return file, remove, os.WriteFile(file, nil, 0o600)
}
