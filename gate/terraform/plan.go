package terraform

// A PlanCall is one call of plan.
type PlanCall struct {
	Words   []string // the user's, verbatim
	Out     string   // plan file to write; empty means the user's words say
	NoColor bool
	Detail  bool // exit status 2 where there is something to apply; -detailed-exitcode
	Bare    bool // the words are the whole command line: TF_CLI_ARGS was folded into them
}

// planArgv puts holdfast's own flags first: terraform stops reading flags at
// the first word that is none, and of two equal flags the last one wins.
func (t *Tool) planArgv(c PlanCall) []string {
	argv := append(t.global(), "plan")
	if c.Out != "" {
		argv = append(argv, "-out="+c.Out)
	}
	if c.NoColor {
		argv = append(argv, "-no-color")
	}
	if c.Detail {
		argv = append(argv, "-detailed-exitcode")
	}
	return append(argv, c.Words...)
}

// Plan runs plan with the user's terminal and returns its exit status.
func (t *Tool) Plan(c PlanCall) (int, error) {
	env := t.Env
	if c.Out != "" {
		// Terraform would tell the user to apply a file that is ours and is
		// gone in a moment; this is its own switch for saying nothing.
		env = Setenv(env, "TF_IN_AUTOMATION", "1")
	}
	return t.run(t.planArgv(c), bare(env, c.Bare), nil)
}

// bare takes away the variables whose words are already on the command line.
func bare(env []string, really bool) []string {
	if !really {
		return env
	}
	return Unsetenv(env, "TF_CLI_ARGS", "TF_CLI_ARGS_plan", "TF_CLI_ARGS_apply", "TF_CLI_ARGS_destroy")
}
