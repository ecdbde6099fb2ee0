package terraform

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
)

func (t *Tool) showStateArgv() []string { return append(t.global(), "show", "-no-color", "-json") }

func (t *Tool) pullStateArgv() []string { return append(t.global(), "state", "pull") }

// State hands the recorded state to read while it is being written: what state
// pull prints or, where that fails or read refuses it, what show -json says.
// That one loads the schemas of every provider first, which takes seconds, and
// is there for a state that none has written yet or that must be brought up to
// date. read may be called twice.
func (t *Tool) State(ctx context.Context, read func(io.Reader) error) error {
	first := t.pipe(ctx, t.pullStateArgv(), t.unchecked(t.quietEnv()), read)
	if first == nil || ctx.Err() != nil {
		return errors.Join(ctx.Err(), first)
	}
	if t.pipe(ctx, t.showStateArgv(), t.quietEnv(), read) == nil {
		return nil
	}
	return errors.Join(ctx.Err(), first)
}

// pipe runs a call that only holdfast reads and hands its output on.
func (t *Tool) pipe(ctx context.Context, argv, env []string, read func(io.Reader) error) error {
	cmd := t.command(argv, env)
	out, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	said := &head{limit: 16 << 10}
	cmd.Stderr = said
	if err := cmd.Start(); err != nil {
		return t.cannotRun(err)
	}
	stop := context.AfterFunc(ctx, func() { _ = cmd.Process.Signal(os.Interrupt) })
	defer stop()
	in := bufio.NewReaderSize(out, 64<<10)
	skipWarnings(in)
	readErr := read(in)
	_, _ = io.Copy(io.Discard, out) // a reader that stopped early must not leave the child blocked
	if err := cmd.Wait(); err != nil {
		return fmt.Errorf("%s could not show its state: %s\nRun %s init here, then try again", t.Name(), said.sentence(), t.Name())
	}
	return readErr
}
