package cli

import (
	"github.com/spf13/cobra"

	"github.com/holdfast-gate/holdfast/gate/report"
)

func newSchema(g *global) *cobra.Command {
	return &cobra.Command{
		Use:   "schema",
		Short: "Print the JSON Schema of the report that -o json writes",
		Args:  cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			_, err := g.Out.Write(report.Schema())
			return err
		},
	}
}
