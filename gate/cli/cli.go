// Package cli is the command line of holdfast: it stands where terraform
// stands, one file per subcommand. It decides nothing; the gate does, and the
// pipeline puts the effects in order.
package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/holdfast-gate/holdfast/checks"
	"github.com/holdfast-gate/holdfast/gate"
	"github.com/holdfast-gate/holdfast/gate/live"
	"github.com/holdfast-gate/holdfast/gate/live/aws"
	"github.com/holdfast-gate/holdfast/gate/terraform"
)

// The exit statuses of holdfast's own verbs. 2 is never used: many tools take
// it for success, as terraform plan -detailed-exitcode means it.
const (
	exitAllowed     = 0
	exitUndecided   = 1 // could not decide; for plan and apply also: blocked
	exitBlocked     = 3
	exitInterrupted = 130
)

// Factory is the world a command runs in.
type Factory struct {
	In        io.Reader
	Out, Err  io.Writer
	Env       []string // the whole environment, "NAME=value"
	Self      string   // path of the running executable; empty where it is not known
	Now       func() time.Time
	Sleep     func(context.Context, time.Duration) error
	Suite     []*gate.Check
	Collector func(context.Context, Reading) live.Collector
}

// Reading says how live members are to be read.
type Reading struct {
	Now     func() time.Time
	Timeout time.Duration // longest that one region may take
}

// Main runs holdfast in the world of the process and returns its exit status.
func Main() int {
	ctx := context.Background()
	if list := terraform.Signals(); len(list) > 0 {
		var stop context.CancelFunc
		ctx, stop = signal.NotifyContext(ctx, list...)
		defer stop()
	}
	// A reader that went away is an error of the write, so that what must be
	// cleaned up is; the signal itself would end the process at once.
	signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE)
	return Run(ctx, system(), os.Args[1:])
}

// system is the world of the process.
func system() *Factory {
	self, _ := os.Executable()
	return &Factory{
		In: os.Stdin, Out: os.Stdout, Err: os.Stderr,
		Env:   os.Environ(),
		Self:  self,
		Now:   time.Now,
		Sleep: sleep,
		Suite: checks.Suite(),
		Collector: func(ctx context.Context, r Reading) live.Collector {
			return aws.New(ctx, aws.Options{Now: r.Now, Deadline: r.Timeout})
		},
	}
}

func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}

// exit is an exit status about which everything has been said.
type exit int

func (e exit) Error() string { return fmt.Sprintf("exit status %d", int(e)) }

// usageError is a mistake in the flags: the only one that usage helps with.
type usageError struct {
	error
	usage string
}

// Run runs holdfast with the words after its name and returns its exit status.
func Run(ctx context.Context, f *Factory, words []string) int {
	if forAtlantis(words, f.Env) {
		return runForAtlantis(ctx, f, words)
	}
	return run(ctx, f, words)
}

func run(ctx context.Context, f *Factory, words []string) (code int) {
	// A defect must neither let a change through nor show a stack trace.
	defer func() {
		if r := recover(); r != nil {
			fmt.Fprintf(f.Err, "Error: holdfast has a defect and decided nothing (%v)\n  Report it with the command you ran; do not apply this change unchecked.\n", r)
			code = exitUndecided
		}
	}()
	root := newRoot(f)
	words, err := normalise(root, words)
	if err == nil {
		root.SetArgs(words)
		err = root.ExecuteContext(ctx)
	}
	var status exit
	switch {
	case err == nil:
		return exitAllowed
	case errors.As(err, &status):
		return int(status)
	case errors.Is(err, context.Canceled):
		fmt.Fprintln(f.Err, "Interrupted: nothing was changed.")
		return exitInterrupted
	}
	printError(f.Err, err)
	return exitUndecided
}

// printError prints what is wrong on the first line and how to fix it, which
// is what an error says after its first line break, on the next.
func printError(w io.Writer, err error) {
	what, fix, _ := strings.Cut(strings.TrimSpace(err.Error()), "\n")
	fmt.Fprintln(w, "Error: "+what)
	for line := range strings.Lines(fix) {
		fmt.Fprintln(w, "  "+strings.TrimRight(line, "\n"))
	}
	var u usageError
	if errors.As(err, &u) {
		fmt.Fprint(w, "\n"+u.usage)
	}
}
