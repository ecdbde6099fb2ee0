package cli

import (
	"github.com/spf13/cobra"

	"github.com/holdfast-gate/holdfast/gate/report"
)

func newSchema(g *global) *cobra.Command {
	return &cobra.Command{
		Use:       "schema [verdict|status|drift]",
		Short:     "Print the JSON Schema of what -o json writes of a verdict, of status or of drift",
		Args:      cobra.MatchAll(cobra.MaximumNArgs(1), cobra.OnlyValidArgs),
		ValidArgs: []string{"verdict", "status", "drift"},
		RunE: func(_ *cobra.Command, args []string) error {
			schema := report.Schema()
			switch {
			case len(args) == 1 && args[0] == "status":
				schema = report.StatusSchema()
			case len(args) == 1 && args[0] == "drift":
				schema = report.DriftSchema()
			}
			_, err := g.Out.Write(schema)
			return err
		},
	}
}
