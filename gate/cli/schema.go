package cli

import (
	"github.com/spf13/cobra"

	"github.com/holdfast-gate/holdfast/gate/report"
)

func newSchema(g *global) *cobra.Command {
	return &cobra.Command{
		Use:       "schema [verdict|status]",
		Short:     "Print the JSON Schema of what -o json writes of a verdict, or of status",
		Args:      cobra.MatchAll(cobra.MaximumNArgs(1), cobra.OnlyValidArgs),
		ValidArgs: []string{"verdict", "status"},
		RunE: func(_ *cobra.Command, args []string) error {
			schema := report.Schema()
			if len(args) == 1 && args[0] == "status" {
				schema = report.StatusSchema()
			}
			_, err := g.Out.Write(schema)
			return err
		},
	}
}
