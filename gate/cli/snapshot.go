package cli

import (
	"context"
	"errors"

	"github.com/spf13/cobra"

	"github.com/holdfast-gate/holdfast/gate"
	"github.com/holdfast-gate/holdfast/gate/live"
	"github.com/holdfast-gate/holdfast/gate/pipeline"
)

// snapshotOptions is one run of snapshot.
type snapshotOptions struct {
	*global
	plan    string   // read what this plan is about; empty means regions says
	regions []string // read all of these regions
	out     string
}

func newSnapshot(g *global, runF func(context.Context, *snapshotOptions) error) *cobra.Command {
	o := &snapshotOptions{global: g}
	cmd := &cobra.Command{
		Use:   "snapshot [PLAN]",
		Short: "Save what is running, to judge against later",
		Args:  cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 1 {
				o.plan = args[0]
			}
			if runF != nil {
				return runF(cmd.Context(), o)
			}
			return runSnapshot(cmd.Context(), o)
		},
	}
	cmd.Flags().StringSliceVar(&o.regions, "region", nil, "read every group and cluster of this region; repeatable")
	cmd.Flags().StringVar(&o.out, "out", "", "write to this file, not to stdout")
	return cmd
}

// runSnapshot saves what could be read. A source that could not be read is in
// the snapshot too, and makes the exit status 1: whoever judges against it is
// told the same.
func runSnapshot(ctx context.Context, o *snapshotOptions) error {
	gt, err := o.gate()
	if err != nil {
		return err
	}
	_, snapshot, err := o.look(ctx, gt, o.plan, o.regions)
	if err != nil {
		return err
	}
	w, err := writeTo(o.out, o.Out)
	if err != nil {
		return err
	}
	if err := live.Save(w, snapshot); err != nil {
		return errors.New("the snapshot could not be written\nGive --out a file on a disk with room")
	}
	if err := w.Close(); err != nil {
		return err
	}
	return incomplete(snapshot)
}

// incomplete is the error about the first source that was not read in full.
func incomplete(snapshot *gate.Snapshot) error {
	for _, s := range snapshot.Sources {
		if !s.Complete {
			return errors.New(s.Name + " could not be read in full: " + s.Err + "\nCorrect that and run it again; a gate that uses this snapshot blocks")
		}
	}
	return nil
}

// look reads the live members that a plan is about, or of whole regions.
func (g *global) look(ctx context.Context, gt *pipeline.Gate, path string, regions []string) (plan *gate.Plan, snapshot *gate.Snapshot, err error) {
	if path != "" {
		if plan, err = gt.Load(ctx, g.inDir(path), g.In); err != nil {
			return nil, nil, errors.Join(err, ctx.Err())
		}
		plan = plan.Focused(gt.Config)
		wants, err := live.Wants(plan, gt.Config, gate.Asked(plan, g.Suite))
		if err != nil {
			return nil, nil, err
		}
		// Whoever looks wants to see what every group does, touched or not.
		return plan, g.read(ctx, wants, gt.Config), ctx.Err()
	}
	if len(regions) == 0 {
		regions = gt.Config.Regions
	}
	// The region in the environment may be another than the one that runs.
	if len(regions) == 0 {
		return nil, nil, errors.New("no region to look in\nGive a plan, or --region REGION, or name regions in holdfast.hcl")
	}
	// A plan of nothing in these regions asks for what the config selects.
	plan = &gate.Plan{Regions: regions}
	wants, err := live.Wants(plan, gt.Config, nil)
	if err != nil {
		return nil, nil, err
	}
	for region, w := range wants {
		w.All = true
		wants[region] = w
	}
	snapshot = g.read(ctx, wants, gt.Config)
	return plan, snapshot, ctx.Err()
}
