package cli

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/holdfast-gate/holdfast/gate"
	"github.com/holdfast-gate/holdfast/gate/report"
)

// statusOptions is one run of status.
type statusOptions struct {
	*global
	plan    string   // clusters of this plan; empty means all of regions
	regions []string // clusters of these regions
}

func newStatus(g *global, runF func(context.Context, *statusOptions) error) *cobra.Command {
	o := &statusOptions{global: g}
	cmd := &cobra.Command{
		Use:   "status [PLAN]",
		Short: "Show the members of each cluster, now",
		Args:  cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 1 {
				o.plan = args[0]
			}
			if runF != nil {
				return runF(cmd.Context(), o)
			}
			return runStatus(cmd.Context(), o)
		},
	}
	cmd.Flags().StringSliceVar(&o.regions, "region", nil, "show every cluster of this region; repeatable")
	return cmd
}

// runStatus shows what was read; what could not be read is shown too, and
// makes the exit status 1.
func runStatus(ctx context.Context, o *statusOptions) error {
	gt, err := o.gate()
	if err != nil {
		return err
	}
	plan, snapshot, err := o.look(ctx, gt, o.plan, o.regions)
	if err != nil {
		return err
	}
	clusters := gate.Clusters(gate.Input{Now: o.Now(), Config: gt.Config, Plan: plan, Snapshot: snapshot})
	w, err := writeTo(o.outputFile, o.Out)
	if err != nil {
		return err
	}
	if o.output == "json" {
		err = report.StatusJSON(w, clusters, snapshot)
	} else {
		err = report.Status(w, clusters, snapshot, o.reportOptions(w))
	}
	if err != nil {
		return err
	}
	if err := w.Close(); err != nil {
		return err
	}
	return incomplete(snapshot)
}
