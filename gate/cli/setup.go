package cli

import "github.com/spf13/cobra"

// newSetup makes what writes the configuration of the places where people run
// terraform.
func newSetup(g *global) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "setup",
		Short: "Write the configuration that puts holdfast where you run terraform",
		Args:  cobra.NoArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newSetupAtlantis(g, nil))
	return cmd
}
