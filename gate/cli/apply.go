package cli

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/holdfast-gate/holdfast/gate/terraform"
)

// applyOptions is one run of apply or destroy.
type applyOptions struct {
	*global
	verb  string
	words []string // terraform's, verbatim
}

func newApply(g *global, verb string, runF func(context.Context, *applyOptions) error) *cobra.Command {
	o := &applyOptions{global: g, verb: verb}
	return &cobra.Command{
		Use:                verb + " [terraform's " + verb + " options]",
		Short:              "terraform " + verb + ", if the gate allows it",
		DisableFlagParsing: true,
		RunE: func(cmd *cobra.Command, words []string) error {
			o.words = words
			if runF != nil {
				return runF(cmd.Context(), o)
			}
			return runApply(cmd.Context(), o)
		},
	}
}

func runApply(ctx context.Context, o *applyOptions) error {
	args, err := terraform.ParseApply(o.verb, o.words)
	if err != nil {
		return err
	}
	if args.Help {
		return o.pass(append([]string{o.verb}, o.words...))
	}
	w, err := o.guarded(ctx)
	if err != nil {
		return err
	}
	return ended(w.Apply(ctx, o.verb, o.words))
}
