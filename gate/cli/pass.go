package cli

// pass hands a subcommand that the gate does not judge to terraform, which
// takes the place of this process.
func (g *global) pass(words []string) error {
	tool, err := g.tool()
	if err != nil {
		return err
	}
	return ended(tool.Pass(words))
}
