package cli

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/holdfast-gate/holdfast/gate"
	"github.com/holdfast-gate/holdfast/gate/report"
)

// explainOptions is one run of explain.
type explainOptions struct {
	*global
	name string // a check or a finding's code; empty lists the checks
	iam  bool   // print the policy instead
}

func newExplain(g *global, runF func(context.Context, *explainOptions) error) *cobra.Command {
	o := &explainOptions{global: g}
	cmd := &cobra.Command{
		Use:   "explain [CHECK | CODE]",
		Short: "Say what a check looks for and why, or list the checks",
		Args:  cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 1 {
				o.name = args[0]
			}
			if runF != nil {
				return runF(cmd.Context(), o)
			}
			return runExplain(cmd.Context(), o)
		},
	}
	cmd.Flags().BoolVar(&o.iam, "iam", false, "print the least IAM policy for the checks, or for the one that is named")
	return cmd
}

func runExplain(_ context.Context, o *explainOptions) error {
	if o.name == "" && o.iam {
		return report.Policy(o.Out, o.Suite, gate.Permissions(gate.SourceTrail))
	}
	if o.name == "" {
		return report.Checks(o.Out, o.Suite)
	}
	name, _, _ := strings.Cut(o.name, ".")
	i := slices.IndexFunc(o.Suite, func(c *gate.Check) bool { return c.Name == name })
	if i >= 0 && o.iam {
		return report.Policy(o.Out, o.Suite[i:i+1], nil)
	}
	if i >= 0 {
		return report.Explain(o.Out, o.Suite[i])
	}
	if text := core(name); text != "" && !o.iam {
		fmt.Fprintln(o.Out, text)
		return nil
	}
	return fmt.Errorf("there is no check %q\nRun holdfast explain for the list", name)
}

// core says what the findings mean that no check makes but the gate itself.
func core(name string) string {
	switch name {
	case "source":
		return `source: something that a check needs could not be read in full

Holdfast counts only members it has seen. A read that was denied, throttled,
cut short or too long ago is never "fewer members": it blocks, and the last
part of the code says what went wrong (denied, credentials, throttled,
partial, timeout, stale, missing, failed).`
	case "cluster":
		return `cluster: holdfast.hcl and what is running do not fit together

A cluster or role that selects nobody protects nobody, and a member in two
clusters would be counted twice. Correct the members in holdfast.hcl.`
	case "plan":
		return `plan: there is no plan to judge

Give a file made by terraform plan -out, or the output of terraform show -json
for it.`
	}
	return ""
}
