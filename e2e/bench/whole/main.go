// Command whole changes a world by one instance of the official provider, with
// terraform alone and with holdfast in front of it. Package bench runs it: with
// all that it takes to have a world it is a large program, and what starts the
// readers of plans must be a small one.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/holdfast-gate/holdfast/e2e/bench/measure"
	"github.com/holdfast-gate/holdfast/e2e/stage"
	"github.com/holdfast-gate/holdfast/e2e/tool"
	"github.com/holdfast-gate/holdfast/gate/awssim"
)

// A Result is what the whole took, or why that was not measured.
type Result struct {
	Text      string
	CPU, Wall float64 // of holdfast apply, in those of terraform plan and apply
	Why       string
}

func main() {
	if os.Getenv(lapsFile) != "" {
		os.Exit(stopwatch(os.Args[1:]))
	}
	instances := flag.Int("instances", 1000, "instances in the world")
	rounds := flag.Int("rounds", 3, "how often each way adds one and takes one away")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	r, err := whole(ctx, *instances, *rounds, os.Stderr)
	if err == nil {
		err = json.NewEncoder(os.Stdout).Encode(r)
	}
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "whole:", err)
		os.Exit(1)
	}
}

// size is how many instances a cluster has, but the last.
const size = 6

// whole has terraform, and holdfast with the same terraform, change a world of n
// instances of the official provider by one.
func whole(ctx context.Context, n, rounds int, log io.Writer) (Result, error) {
	// One more would be a cluster of its own, whose only member the gate keeps.
	if n < size || n%size == 0 {
		return Result{}, fmt.Errorf("-instances: %d is less than %d or a multiple of it\nGive another number", n, size)
	}
	path, _, err := tool.Terraform(ctx, log)
	if err != nil {
		return Result{Why: "there is no terraform"}, nil
	}
	mirror := tool.Mirror()
	if mirror == "" {
		fmt.Fprintf(log, "\n!!! NOTHING WAS APPLIED WITH THE OFFICIAL PROVIDER: %s names no mirror that has it\n\n", tool.MirrorVariable)
		return Result{Why: "the official provider is not here"}, nil
	}
	dir, err := os.MkdirTemp("", "holdfast-bench-whole-")
	if err != nil {
		return Result{}, err
	}
	defer os.RemoveAll(dir)
	holdfast := filepath.Join(dir, "holdfast")
	if _, _, err := measure.Run(ctx, nil, "go", "build", "-o", holdfast, "github.com/holdfast-gate/holdfast/cmd/holdfast"); err != nil {
		return Result{}, err
	}
	w, err := newWorld(path, holdfast)
	if err != nil {
		return Result{}, err
	}
	defer w.Close()
	if err := w.UseMirror(mirror); err != nil {
		return Result{}, err
	}
	return w.race(ctx, n, rounds, log)
}

// config begins a configuration.
const config = `terraform {
  required_providers {
    aws = { source = "hashicorp/aws" }
  }
}

provider "aws" {
  region = "us-east-1"
}
`

// cluster is the resource of one cluster: its number, and how many instances.
const cluster = `
resource "aws_instance" "search_%[1]d" {
  count         = %[2]d
  ami           = "ami-12c6146b"
  instance_type = "t3.micro"
  tags          = { Cluster = "search-%[1]d", Name = "search-%[1]d-${count.index}" }
}
`

// A world is a simulated account, a configuration for it, and the programs that
// change it. Its clock is the real one, and what AWS does is done at once.
type world struct {
	*stage.Stage
	dir                 string   // of the configuration
	env                 []string // of the programs
	terraform, holdfast string
}

// newWorld opens an empty world for a terraform and a holdfast. All calls of the
// former go through the stopwatch.
func newWorld(terraform, holdfast string) (*world, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	sim := awssim.New(time.Now())
	sim.Run(1)
	timing := sim.Timing()
	timing.Pending, timing.Checks, timing.ShuttingDown = 0, 0, 0
	sim.SetTiming(timing)
	s, err := stage.Simulated(sim, 0)
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "holdfast-bench-world-")
	if err != nil {
		s.Close()
		return nil, err
	}
	w := &world{Stage: s, dir: dir, terraform: self, holdfast: holdfast}
	// Nobody has set how long holdfast may follow, or ask who did it.
	env := slices.DeleteFunc(s.Env(), func(pair string) bool {
		return strings.HasPrefix(pair, "HOLDFAST_FOLLOW=") || strings.HasPrefix(pair, "HOLDFAST_TRAIL_WAIT=")
	})
	w.env = append(env, lapsOf+"="+terraform, lapsFile+"="+w.file("laps"))
	return w, nil
}

func (w *world) file(name string) string { return filepath.Join(w.dir, name) }

// Close ends the world and removes its files.
func (w *world) Close() error {
	if err := w.Stage.Close(); err != nil {
		return err
	}
	return os.RemoveAll(w.dir)
}

// configure writes a configuration of n instances, each cluster a resource of its
// own.
func (w *world) configure(n int) error {
	text := []byte(config)
	for i := 0; i*size < n; i++ {
		text = fmt.Appendf(text, cluster, i, min(size, n-i*size))
	}
	return os.WriteFile(w.file("main.tf"), text, 0o600)
}

// running is how many instances there are.
func (w *world) running() int {
	n := 0
	for _, i := range w.World.Instances(stage.Region) {
		if i.State == "running" {
			n++
		}
	}
	return n
}

// A trial is one run of one way to change the world by one instance.
type trial struct {
	measure.Figures
	laps  []lap
	calls map[string]int // of AWS, by action
}

// try changes how many instances there are with these commands, one after the
// other. That another number runs afterwards is an error.
func (w *world) try(ctx context.Context, n int, commands ...[]string) (trial, error) {
	t := trial{calls: map[string]int{}}
	if err := w.configure(n); err != nil {
		return t, err
	}
	before := len(w.World.Calls())
	for _, argv := range commands {
		f, _, err := measure.Run(ctx, w.env, argv...)
		if err != nil {
			return t, err
		}
		t.Wall, t.CPU, t.Peak = t.Wall+f.Wall, t.CPU+f.CPU, max(t.Peak, f.Peak)
	}
	for _, c := range w.World.Calls()[before:] {
		t.calls[c.Service+" "+c.Action]++
	}
	var err error
	if t.laps, err = takeLaps(w.file("laps")); err != nil {
		return t, err
	}
	if got := w.running(); got != n {
		return t, fmt.Errorf("after %s %d instances run, not %d", filepath.Base(commands[0][0]), got, n)
	}
	return t, nil
}

// plain changes the world with terraform alone.
func (w *world) plain(ctx context.Context, n int) (trial, error) {
	plan := w.file("plan.tfplan")
	return w.try(ctx, n,
		[]string{w.terraform, "-chdir=" + w.dir, "plan", "-input=false", "-out=" + plan},
		[]string{w.terraform, "-chdir=" + w.dir, "apply", "-input=false", plan})
}

// guarded changes it with the same terraform through holdfast.
func (w *world) guarded(ctx context.Context, n int) (trial, error) {
	return w.try(ctx, n, []string{w.holdfast, "--tf-path=" + w.terraform, "-chdir=" + w.dir, "apply", "-input=false", "-auto-approve"})
}

// race makes n instances, has both ways add one and take it away again in every
// round, and prints what that took. Each way grows the world as often as the
// other, and comes after the other as often.
func (w *world) race(ctx context.Context, n, rounds int, log io.Writer) (Result, error) {
	fmt.Fprintf(log, "making %d instances\n", n)
	made, err := w.try(ctx, n,
		[]string{w.terraform, "-chdir=" + w.dir, "init", "-input=false"},
		[]string{w.terraform, "-chdir=" + w.dir, "apply", "-input=false", "-auto-approve", "-parallelism=100"})
	if err != nil {
		return Result{}, err
	}
	fmt.Fprintf(log, "made in %s s (CPU %s)\n", measure.Number(measure.Wall(made.Figures)), measure.Number(measure.CPU(made.Figures)))
	var plain, guarded [2][]trial // grown, shrunk
	for range rounds {
		for i, do := range []func(context.Context, int) (trial, error){w.plain, w.guarded, w.guarded, w.plain} {
			shrinks := i % 2
			t, err := do(ctx, n+1-shrinks)
			if err != nil {
				return Result{}, err
			}
			name, to := "terraform", &plain
			if i == 1 || i == 2 {
				name, to = "holdfast", &guarded
			}
			to[shrinks] = append(to[shrinks], t)
			fmt.Fprintf(log, "%s to %d: wall %.2f s, CPU %.2f s\n", name, n+1-shrinks, measure.Wall(t.Figures), measure.CPU(t.Figures))
		}
	}
	return compared(n, slices.Concat(plain[:]...), slices.Concat(guarded[:]...))
}
