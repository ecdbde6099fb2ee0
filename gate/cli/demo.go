package cli

import (
	"context"
	"errors"
	"strings"

	"github.com/spf13/cobra"

	"github.com/holdfast-gate/holdfast/e2e/demo"
)

// demoOptions is one run of demo.
type demoOptions struct {
	*global
	incident string // empty is the first
	all      bool
	official bool
}

func newDemo(g *global, runF func(context.Context, *demoOptions) error) *cobra.Command {
	o := &demoOptions{global: g}
	cmd := &cobra.Command{
		Use:   "demo [INCIDENT]",
		Short: "Play a real outage twice: under terraform apply, and under holdfast apply",
		Long: `Play an outage that happened in two identical simulated worlds: plain terraform
apply does the harm, holdfast apply refuses and says why.

The incidents are ` + strings.Join(demo.Incidents(), ", ") + `; without a
name the first is played.

It needs no AWS account and touches none. It runs the terraform or tofu on
PATH; where there is none, OpenTofu is built from its Go module, once.`,
		Args:      cobra.MaximumNArgs(1),
		ValidArgs: demo.Incidents(),
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 1 {
				o.incident = args[0]
			}
			if o.all && o.incident != "" {
				return errors.New("demo plays one incident or, with --all, every one: leave out either")
			}
			if runF != nil {
				return runF(cmd.Context(), o)
			}
			return runDemo(cmd.Context(), o)
		},
	}
	cmd.Flags().BoolVar(&o.all, "all", false, "play every incident, and end with a table of them")
	cmd.Flags().BoolVar(&o.official, "official", false, "use the official hashicorp/aws provider, from a plugin mirror or its registry; takes minutes")
	return cmd
}

func runDemo(ctx context.Context, o *demoOptions) error {
	how := demo.Options{Holdfast: o.Self, Official: o.official, Color: o.colored(o.Out), Out: o.Out, Log: o.Err}
	if o.all {
		return demo.RunAll(ctx, how)
	}
	if o.incident == "" {
		o.incident = demo.Incidents()[0]
	}
	return demo.Run(ctx, o.incident, how)
}
