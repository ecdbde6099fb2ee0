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
	"github.com/holdfast-gate/holdfast/gate/lease"
	"github.com/holdfast-gate/holdfast/gate/ledger"
	"github.com/holdfast-gate/holdfast/gate/terraform"
)

// A Wrapper stands where terraform stands: it takes terraform's own words and
// returns terraform's own exit status, 1 where the gate blocks.
type Wrapper struct {
	*Gate
	Tool    Terraform
	Env     []string                 // terraform's whole environment
	Chdir   string                   // terraform's -chdir; empty means none was given
	Report  func(gate.Verdict) error // shows a verdict, away from terraform's stdout
	In      io.Reader                // the answer to the prompt
	Out     io.Writer                // where terraform prints its prompt
	NoColor bool                     // the user wants no colour: -no-color is added

	Leases    *lease.Keeper
	Ledger    *ledger.Ledger
	Actor     ledger.Actor                 // who runs this, without what STS says
	Product   string                       // what terraform is called here, for the records
	Reload    func() (*gate.Config, error) // reads the config again, right before the change
	Given     *gate.Verdict                // the verdict of an earlier check that is to be applied; nil is none
	Overrides []Ask                        // what the user overrides
	Follow    time.Duration                // longest that clusters are followed after the change; zero does not follow

	observed string // in observe mode: what the watch would have stopped terraform for

	told  []string             // changes that never ended, of which it was said
	alive map[string]time.Time // by lease name: when the holder whose lease we took over was last heard of
}

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
	return filepath.Join(w.Chdir, path)
}

// made reads the plan that terraform has just made with these words.
func (w *Wrapper) made(ctx context.Context, path string, args terraform.Args) (*gate.Plan, error) {
	plan, err := w.saved(ctx, w.local(path))
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
