package cli

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/holdfast-gate/holdfast/e2e/tool"
)

// demoOptions is one run of demo.
type demoOptions struct {
	*global
	words []string // for the player
}

func newDemo(g *global, runF func(context.Context, *demoOptions) error) *cobra.Command {
	o := &demoOptions{global: g}
	return &cobra.Command{
		Use:                "demo [INCIDENT]",
		Short:              "Play a real outage twice: under terraform apply, and under holdfast apply",
		DisableFlagParsing: true, // they are the player's, and so is the help
		RunE: func(cmd *cobra.Command, words []string) error {
			o.words = words
			if runF != nil {
				return runF(cmd.Context(), o)
			}
			return runDemo(cmd.Context(), o)
		},
	}
}

// playerLeave is how long the player may take to tidy up when interrupted.
const playerLeave = 10 * time.Second

// runDemo hands the show to holdfast-demo, which carries the test equipment that
// holdfast does not.
func runDemo(ctx context.Context, o *demoOptions) error {
	player, err := tool.Player(ctx, o.Self, o.Err)
	if err != nil {
		return err
	}
	cmd := exec.CommandContext(ctx, player, append([]string{"--holdfast=" + o.Self, "--color=" + strconv.FormatBool(o.colored(o.Out))}, o.words...)...)
	cmd.Env, cmd.Stdin, cmd.Stdout, cmd.Stderr = o.Env, o.In, o.Out, o.Err
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = playerLeave
	var ended *exec.ExitError
	switch err := cmd.Run(); {
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.As(err, &ended):
		return exit(exitUndecided)
	default:
		return err
	}
}
