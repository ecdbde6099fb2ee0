package demo

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"strings"
	"time"

	"github.com/holdfast-gate/holdfast/e2e/stage"
	"github.com/holdfast-gate/holdfast/e2e/tool"
	"github.com/holdfast-gate/holdfast/examples"
	"github.com/holdfast-gate/holdfast/gate/awssim"
)

// A play is a story in one world, up to the apply by one program.
type play struct {
	story     story
	name      string // of the apply, for people
	terraform string // makes what the story begins with
	program   string // does the apply that matters
	official  bool
	dir       string
	start     time.Time

	stage   *stage.Stage
	history *history
	scenes  []scene
	legend  string // as it was right before the apply
	stdout  string // of the apply
	stderr  string
	status  int
	writes  []string // what the apply changed
}

// A scene is the world right after something happened.
type scene struct {
	what string
	moment
}

func (p *play) run(ctx context.Context) error {
	if err := p.set(ctx); err != nil {
		return err
	}
	if err := p.story.before(ctx, p); err != nil {
		return err
	}
	p.legend = p.story.legend(p.stage.World)
	return p.apply(ctx)
}

// set builds the stage and the working directory.
func (p *play) set(ctx context.Context) error {
	// Each question of the official provider comes seconds after the one before.
	step := 5 * time.Second
	if p.official {
		step = 10 * time.Second
	}
	s, err := stage.Simulated(awssim.New(p.start), step)
	if err != nil {
		return err
	}
	p.stage, p.history = s, &history{world: s.World, state: p.story.state}
	s.Watch(p.history.look)
	if err := p.copyExample(); err != nil {
		return err
	}
	if !p.official {
		return s.Attach()
	}
	if err := s.UseMirror(tool.Mirror()); err != nil {
		return err
	}
	if out, err := p.command(ctx, p.terraform, "init", "-input=false", "-no-color").CombinedOutput(); err != nil {
		return fmt.Errorf("hashicorp/aws could not be installed: %w: %s\nName a filesystem mirror that has it in %s, or run the demo without --official", err, firstError(out), tool.MirrorVariable)
	}
	return nil
}

func (p *play) copyExample() error {
	if err := os.MkdirAll(p.dir, 0o700); err != nil {
		return err
	}
	for _, name := range []string{"main.tf", "holdfast.hcl"} {
		text, err := fs.ReadFile(examples.Files, path.Join(p.story.name, p.story.example, name))
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(p.dir, name), text, 0o600); err != nil {
			return err
		}
	}
	return nil
}

// terraformApply is an apply by plain terraform in the past of the story.
func (p *play) terraformApply(ctx context.Context, args ...string) error {
	defer p.stage.Act()()
	out, err := p.command(ctx, p.terraform, applying(args)...).CombinedOutput()
	if err != nil {
		return fmt.Errorf("%s could not make what the story begins with: %w: %s", filepath.Base(p.terraform), err, firstError(out))
	}
	return nil
}

// applying are the arguments of an apply that asks nobody.
func applying(args []string) []string {
	return append([]string{"apply", "-auto-approve", "-input=false", "-no-color"}, args...)
}

// apply is the act that the story is about.
func (p *play) apply(ctx context.Context) error {
	end := p.stage.Act()
	defer end()
	cmd := p.command(ctx, p.program, applying(p.story.args)...)
	if p.program != p.terraform {
		cmd.Args[0] = "holdfast"
	}
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) || ctx.Err() != nil {
		return errors.Join(ctx.Err(), err)
	}
	p.stdout, p.stderr, p.status, p.writes = stdout.String(), stderr.String(), cmd.ProcessState.ExitCode(), p.stage.Writes()
	return nil
}

// command is a program in the play's directory that uses its stage.
func (p *play) command(ctx context.Context, path string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, path, args...)
	cmd.Dir = p.dir
	cmd.Env = append(p.stage.Env(), "HOLDFAST_TF_PATH="+p.terraform)
	// Ctrl-C reaches terraform by itself; it is given time to end well.
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = 10 * time.Second
	return cmd
}

// at moves the clock to so long before the present, in which holdfast judges.
func (p *play) at(offset time.Duration) {
	world := p.stage.World
	world.Advance(max(0, time.Until(world.Now().Add(-offset))*-1))
}

func (p *play) now() time.Time { return p.stage.World.Now() }

// mark makes a scene of the present.
func (p *play) mark(what string) {
	p.scenes = append(p.scenes, scene{what, moment{p.now(), p.story.state(p.stage.World)}})
}

// finish lets the world go on until the given time.
func (p *play) finish(end time.Time) {
	p.stage.World.Advance(end.Sub(p.now()))
	p.history.look()
}

// outcome is what is left in the end.
func (p *play) outcome() string { return p.story.outcome(p) }

// refused reports whether the apply failed without changing anything.
func (p *play) refused() bool { return p.status != 0 && len(p.writes) == 0 }

func (p *play) close() {
	if p.stage != nil {
		// What is left are files in the temporary directory; the show is over.
		_ = p.stage.Close()
	}
}

// firstError is the line of terraform's output that says what went wrong.
func firstError(out []byte) string {
	for line := range strings.Lines(string(out)) {
		if _, text, found := strings.Cut(line, "Error: "); found {
			return strings.TrimSpace(text)
		}
	}
	return "it says nothing"
}
