package cli

import (
	"context"
	"fmt"
	"runtime/debug"
	"strings"

	"github.com/spf13/cobra"
)

// versionOptions is one run of version.
type versionOptions struct {
	*global
	words []string
}

func newVersion(g *global, runF func(context.Context, *versionOptions) error) *cobra.Command {
	o := &versionOptions{global: g}
	return &cobra.Command{
		Use:                "version [terraform's version options]",
		Short:              "terraform's version, then holdfast's own",
		DisableFlagParsing: true,
		RunE: func(cmd *cobra.Command, words []string) error {
			o.words = words
			if runF != nil {
				return runF(cmd.Context(), o)
			}
			return runVersion(cmd.Context(), o)
		},
	}
}

// runVersion prints terraform's version first: wrappers such as Terragrunt read
// the first line. Any option asks for a form of terraform's own.
func runVersion(_ context.Context, o *versionOptions) error {
	if len(o.words) > 0 {
		return o.pass(append([]string{"version"}, o.words...))
	}
	tool, err := o.tool()
	if err != nil {
		fmt.Fprintln(o.Out, "Holdfast "+buildVersion())
		return err
	}
	if err := ended(tool.Ask([]string{"version"})); err != nil {
		return err
	}
	fmt.Fprintln(o.Out, "Holdfast "+buildVersion())
	return nil
}

// buildVersion is the version of the module this binary was built from, "dev"
// where the build does not know it.
func buildVersion() string {
	info, ok := debug.ReadBuildInfo()
	if !ok || info.Main.Version == "" || strings.HasPrefix(info.Main.Version, "(") {
		return "dev"
	}
	return info.Main.Version
}
