package cli

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/holdfast-gate/holdfast/gate/terraform"
)

// planOptions is one run of plan.
type planOptions struct {
	*global
	words []string // terraform's, verbatim
}

func newPlan(g *global, runF func(context.Context, *planOptions) error) *cobra.Command {
	o := &planOptions{global: g}
	return &cobra.Command{
		Use:                "plan [terraform's plan options]",
		Short:              "terraform plan, and what the gate says to it",
		DisableFlagParsing: true,
		RunE: func(cmd *cobra.Command, words []string) error {
			o.words = words
			if runF != nil {
				return runF(cmd.Context(), o)
			}
			return runPlan(cmd.Context(), o)
		},
	}
}

func runPlan(ctx context.Context, o *planOptions) error {
	args, err := terraform.ParsePlan(o.words)
	if err != nil {
		return err
	}
	if args.Help {
		return o.pass(append([]string{"plan"}, o.words...))
	}
	w, err := o.wrapper()
	if err != nil {
		return err
	}
	return ended(w.Plan(ctx, o.words))
}

// ended turns an exit status of terraform into one of holdfast.
func ended(code int, err error) error {
	if err == nil && code != 0 {
		return exit(code)
	}
	return err
}
