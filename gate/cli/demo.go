package cli

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/holdfast-gate/holdfast/e2e/demo"
)

// demoOptions is one run of demo.
type demoOptions struct {
	*global
	official bool
}

func newDemo(g *global, runF func(context.Context, *demoOptions) error) *cobra.Command {
	o := &demoOptions{global: g}
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "Play a real outage twice: under terraform apply, and under holdfast apply",
		Long: `Play the Parakeet outage of 2018 in two identical simulated worlds: plain
terraform apply empties the cluster, holdfast apply refuses and says why.

It needs no AWS account and touches none. It runs the terraform or tofu on
PATH; where there is none, OpenTofu is built from its Go module, once.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if runF != nil {
				return runF(cmd.Context(), o)
			}
			return runDemo(cmd.Context(), o)
		},
	}
	cmd.Flags().BoolVar(&o.official, "official", false, "use the official hashicorp/aws provider, from a plugin mirror or its registry; takes minutes")
	return cmd
}

func runDemo(ctx context.Context, o *demoOptions) error {
	return demo.Run(ctx, demo.Options{Holdfast: o.Self, Official: o.official, Color: o.colored(o.Out), Out: o.Out, Log: o.Err})
}
