package terraform

// An ApplyCall is one call of apply, always of a plan file: holdfast never lets
// terraform apply a plan that was not judged.
type ApplyCall struct {
	Words   []string // the user's flags, verbatim
	File    string   // the plan file; empty means it is among the words
	NoColor bool
	Bare    bool // the words are the whole command line: TF_CLI_ARGS was folded into them

	Stop <-chan struct{} // closed to have terraform stop the way Ctrl-C does, once; nil never does
}

func (t *Tool) applyArgv(c ApplyCall) []string {
	argv := append(t.global(), "apply")
	if c.NoColor {
		argv = append(argv, "-no-color")
	}
	argv = append(argv, c.Words...)
	if c.File == "" {
		return argv
	}
	return append(argv, "--", c.File)
}

// Apply runs apply with the user's terminal and returns its exit status.
func (t *Tool) Apply(c ApplyCall) (int, error) {
	return t.run(t.applyArgv(c), bare(t.Env, c.Bare), c.Stop)
}
