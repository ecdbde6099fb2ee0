package terraform

import (
	"os"
	"os/exec"
	"syscall"
)

// Pass becomes the tool: words are the subcommand and everything after it. It
// returns only if that is not possible. Where the streams are not the
// process's own, which only tests do, it runs a child instead.
func (t *Tool) Pass(words []string) (int, error) {
	argv := append(t.global(), words...)
	if t.Stdin != os.Stdin || t.Stdout != os.Stdout || t.Stderr != os.Stderr {
		return t.run(argv, t.Env, nil)
	}
	err := syscall.Exec(t.Path, append([]string{t.Path}, argv...), t.Env)
	return 1, t.cannotRun(&exec.Error{Name: t.Path, Err: err})
}

// Ask runs any subcommand as a child with the user's streams and returns its
// exit status, for what holdfast adds something to.
func (t *Tool) Ask(words []string) (int, error) {
	return t.run(append(t.global(), words...), t.Env, nil)
}
