// Package terraform finds the user's terraform or tofu, takes its command line
// apart, builds argument vectors and runs them in the user's own environment.
// It does not read plans and decides nothing.
package terraform

import (
	"io"
	"os/exec"
	"slices"
	"strings"
)

// A Tool is one terraform or tofu binary and the world it runs in. Every
// method runs it once; argument vectors are built in the file of their
// subcommand.
type Tool struct {
	Path   string    // the binary, as Find returned it
	Chdir  string    // value of -chdir; empty means none was given
	Env    []string  // the whole environment of the child, "NAME=value"
	Stdin  io.Reader // handed to what the user drives, if it is a file
	Stdout io.Writer
	Stderr io.Writer
}

// command builds the process of one call. Nothing is set on it that would take
// the child out of the terminal's process group or kill it.
func (t *Tool) command(argv, env []string) *exec.Cmd {
	cmd := exec.Command(t.Path, argv...)
	cmd.Env = env
	return cmd
}

// global returns the options that stand before the subcommand.
func (t *Tool) global() []string {
	if t.Chdir == "" {
		return nil
	}
	return []string{"-chdir=" + t.Chdir}
}

// Getenv returns the value that name has in an environment, the last one if it
// is there twice, empty if it is not there.
func Getenv(env []string, name string) string {
	for _, e := range slices.Backward(env) {
		if v, ok := strings.CutPrefix(e, name+"="); ok {
			return v
		}
	}
	return ""
}

// Setenv returns the environment with name set to value, and Unsetenv the
// environment without the names; neither changes what it is given.
func Setenv(env []string, name, value string) []string {
	return append(Unsetenv(env, name), name+"="+value)
}

// Unsetenv returns the environment without the names.
func Unsetenv(env []string, names ...string) []string {
	return slices.DeleteFunc(slices.Clone(env), func(e string) bool {
		name, _, _ := strings.Cut(e, "=")
		return slices.Contains(names, name)
	})
}
