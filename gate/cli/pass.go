package cli

// pass hands a subcommand that the gate does not judge to terraform, which
// takes the place of this process. Of terraform's verbs only plan, apply and
// destroy change what runs by a plan; state, import, taint and their like
// change what is recorded, and the next plan is judged against that.
func (g *global) pass(words []string) error {
	tool, err := g.tool()
	if err != nil {
		return err
	}
	return ended(tool.Pass(words))
}
