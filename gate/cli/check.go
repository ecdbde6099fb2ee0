package cli

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/holdfast-gate/holdfast/gate"
)

// checkOptions is one run of check.
type checkOptions struct {
	*global
	plan string // plan file or JSON; "-" is JSON on stdin
	live string // snapshot file; empty means AWS is read
	at   string // instant to judge as of; empty means now
}

func newCheck(g *global, runF func(context.Context, *checkOptions) error) *cobra.Command {
	o := &checkOptions{global: g}
	cmd := &cobra.Command{
		Use:   "check PLAN",
		Short: "Judge a plan file, or its JSON",
		Long: `Judge a plan file that terraform plan wrote with -out, or the output of
terraform show -json for it ("-" reads that from stdin).

Exit status: 0 allowed, 1 could not decide, 3 blocked.`,
		Args: onePlan,
		RunE: func(cmd *cobra.Command, args []string) error {
			o.plan = args[0]
			if runF != nil {
				return runF(cmd.Context(), o)
			}
			return runCheck(cmd.Context(), o)
		},
	}
	cmd.Flags().StringVar(&o.live, "live", "", "judge against a snapshot that holdfast snapshot saved, not against AWS")
	cmd.Flags().StringVar(&o.at, "at", "", "judge as of this instant (RFC 3339), to replay a saved snapshot")
	return cmd
}

// onePlan wants exactly one plan.
func onePlan(cmd *cobra.Command, args []string) error {
	if len(args) == 1 {
		return nil
	}
	return usageError{fmt.Errorf("%s takes one plan and %d were given", cmd.Name(), len(args)), "Run '" + cmd.CommandPath() + " --help' for its arguments.\n"}
}

func runCheck(ctx context.Context, o *checkOptions) error {
	gt, err := o.gate()
	if err != nil {
		return err
	}
	if o.live != "" {
		gt.Wait, gt.Trail = 0, nil // what was saved does not settle, and is not of now
		if gt.Live, err = saved(o.live); err != nil {
			return err
		}
	}
	if o.at != "" {
		at, err := time.Parse(time.RFC3339, o.at)
		if err != nil {
			return fmt.Errorf("--at %q is not an instant\nWrite it as 2026-11-22T08:00:00Z", o.at)
		}
		// Members read now, judged as of another time, would prove nothing.
		if o.live == "" {
			return fmt.Errorf("--at needs a saved snapshot to go back to\nAdd --live FILE")
		}
		gt.Now = clock(at)
	}
	verdict, err := gt.Check(ctx, o.inDir(o.plan), o.In)
	if err != nil {
		return err
	}
	if err := o.reporter(o.Out)(verdict); err != nil {
		return err
	}
	if gt.Config.Observe {
		return nil // the report says what would have been, and who asks is not stopped
	}
	return ended(statusOf(verdict), nil)
}

// statusOf is the exit status of a verdict. A block only because something was
// not known is not the same as a block: somebody has to look again.
func statusOf(v gate.Verdict) int {
	if v.Decision.Permits() {
		return exitAllowed
	}
	for _, f := range v.Findings {
		if f.Decision != gate.Warn && !strings.HasPrefix(f.Code, "source.") && !unseen(v, f) {
			return exitBlocked
		}
	}
	return exitUndecided
}

// unseen reports whether a finding only says that its check was blind or
// failed.
func unseen(v gate.Verdict, f gate.Finding) bool {
	for _, r := range v.Runs {
		if r.Check == f.Check && r.Cluster == f.Cluster && (r.Outcome == gate.Blind || r.Outcome == gate.Errored) {
			return true
		}
	}
	return false
}
