package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"slices"

	"github.com/spf13/cobra"

	"github.com/holdfast-gate/holdfast/gate"
	"github.com/holdfast-gate/holdfast/gate/drift"
	"github.com/holdfast-gate/holdfast/gate/report"
)

// driftOptions is one run of drift.
type driftOptions struct {
	*global
	states   []string // files of more states
	baseline string   // file of differences that are known; empty is none
	write    bool     // write the baseline, and accept all that is there now
}

func newDrift(g *global, runF func(context.Context, *driftOptions) error) *cobra.Command {
	o := &driftOptions{global: g}
	cmd := &cobra.Command{
		Use:   "drift",
		Short: "Compare what Terraform recorded with what is live, without a plan",
		Long: `Compare the recorded state with the live members and groups of every cluster in
it, and show how to get out of each difference. No plan is made.

Exit status: 0 no drift, 1 could not be told, 3 drift. What a rule of
holdfast.hcl ignores, or a baseline holds, is shown and is no drift.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if runF != nil {
				return runF(cmd.Context(), o)
			}
			return runDrift(cmd.Context(), o)
		},
	}
	cmd.Flags().StringSliceVar(&o.states, "state", nil, "know members from this state too; repeatable")
	cmd.Flags().StringVar(&o.baseline, "baseline", "", "accept the differences that this file holds")
	cmd.Flags().BoolVar(&o.write, "write-baseline", false, "write every difference there is now into the file of --baseline")
	return cmd
}

func runDrift(ctx context.Context, o *driftOptions) error {
	if o.write && o.baseline == "" {
		return fmt.Errorf("--write-baseline needs a file to write\nAdd --baseline FILE")
	}
	gt, err := o.gate()
	if err != nil {
		return err
	}
	gt.Drift.Recorded = func(ctx context.Context) (*gate.State, []*gate.State, error) {
		return o.recorded(ctx, gt.Config, o.states)
	}
	c, err := gt.Compare(ctx)
	if err != nil {
		return err
	}
	if o.write {
		if err := writeBaseline(o.baseline, c.Differences); err != nil {
			return err
		}
	}
	if o.baseline != "" {
		if err := readBaseline(o.baseline, c.Differences); err != nil {
			return err
		}
	}
	if slices.ContainsFunc(c.Differences, func(d drift.Difference) bool { return !d.Accepted() }) {
		gt.Attribute(ctx, c)
	}
	d := o.driftReport(c, c.Differences)
	w, err := writeTo(o.outputFile, o.Out)
	if err != nil {
		return err
	}
	if o.output == "json" {
		err = report.DriftJSON(w, d)
	} else {
		err = report.Drift(w, d, o.reportOptions(w))
	}
	if err != nil {
		return err
	}
	if err := w.Close(); err != nil {
		return err
	}
	if d.Unaccepted() > 0 {
		return exit(exitBlocked)
	}
	return nil
}

// A baseline is the differences that a team knew when it began.
type baseline struct {
	FormatVersion string   `json:"format_version"`
	Known         []string `json:"known"` // keys of differences
}

const baselineVersion = "1.0"

func writeBaseline(path string, ds []drift.Difference) error {
	b := baseline{FormatVersion: baselineVersion, Known: []string{}}
	for _, d := range ds {
		b.Known = append(b.Known, d.Key())
	}
	return writeFile(path, func(w io.Writer) error {
		e := json.NewEncoder(w)
		e.SetEscapeHTML(false)
		e.SetIndent("", "  ")
		return e.Encode(b)
	})
}

// readBaseline accepts the differences that a baseline holds. One that cannot be
// read accepts nothing, and is an error.
func readBaseline(path string, ds []drift.Difference) error {
	data, err := os.ReadFile(path)
	var b baseline
	if err == nil {
		err = json.Unmarshal(data, &b)
	}
	if err != nil || b.FormatVersion != baselineVersion {
		return fmt.Errorf("the baseline %s could not be read\nWrite it with holdfast drift --baseline %s --write-baseline", path, path)
	}
	known := map[string]bool{}
	for _, key := range b.Known {
		known[key] = true
	}
	for i, d := range ds {
		ds[i].Baseline = known[d.Key()]
	}
	return nil
}
