package main

import (
	"context"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/holdfast-gate/holdfast/e2e/stage"
	"github.com/holdfast-gate/holdfast/e2e/tool"
	"github.com/holdfast-gate/holdfast/gate/awssim"
)

// applyBars are the promises about the whole with n instances, from how many times
// what terraform takes alone it takes with holdfast around it.
func applyBars(n int, cpu, wall float64, why string) []bar {
	what := fmt.Sprintf("holdfast apply over terraform plan and apply, %d, ", n)
	return []bar{
		{what + "CPU", "%", 3, 0, false, (cpu - 1) * 100, why},
		{what + "wall", "%", 3, 0, false, (wall - 1) * 100, why},
	}
}

// measureApply has terraform, and holdfast with the same terraform, change a
// world of n instances of the official provider by one.
func measureApply(ctx context.Context, dir string, n, rounds int, out, log io.Writer) ([]bar, error) {
	path, _, err := tool.Terraform(ctx, log)
	if err != nil {
		return applyBars(n, math.NaN(), math.NaN(), "there is no terraform"), nil
	}
	mirror := tool.Mirror()
	if mirror == "" {
		fmt.Fprintf(log, "\n!!! NOTHING WAS APPLIED WITH THE OFFICIAL PROVIDER: %s names no mirror that has it\n\n", tool.MirrorVariable)
		return applyBars(n, math.NaN(), math.NaN(), "the official provider is not here"), nil
	}
	holdfast := filepath.Join(dir, "holdfast")
	if _, _, err := run(ctx, nil, "go", "build", "-o", holdfast, module+"/cmd/holdfast"); err != nil {
		return nil, err
	}
	w, err := newWorld(path, holdfast)
	if err != nil {
		return nil, err
	}
	defer w.Close()
	if err := w.UseMirror(mirror); err != nil {
		return nil, err
	}
	return w.race(ctx, n, rounds, out, log)
}

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
	dir, err := os.MkdirTemp("", "holdfast-bench-apply-")
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

// configure writes a configuration of n instances.
func (w *world) configure(n int) error {
	return os.WriteFile(w.file("main.tf"), fmt.Appendf(nil, savedConfig, n), 0o600)
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
	figures
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
		f, _, err := run(ctx, w.env, argv...)
		if err != nil {
			return t, err
		}
		t.wall, t.cpu, t.peak = t.wall+f.wall, t.cpu+f.cpu, max(t.peak, f.peak)
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
func (w *world) race(ctx context.Context, n, rounds int, out, log io.Writer) ([]bar, error) {
	fmt.Fprintf(log, "making %d instances\n", n)
	made, err := w.try(ctx, n,
		[]string{w.terraform, "-chdir=" + w.dir, "init", "-input=false"},
		[]string{w.terraform, "-chdir=" + w.dir, "apply", "-input=false", "-auto-approve", "-parallelism=100"})
	if err != nil {
		return nil, err
	}
	fmt.Fprintf(log, "made in %s s (CPU %s)\n", number(wall(made.figures)), number(cpu(made.figures)))
	var plain, guarded [2][]trial // grown, shrunk
	for range rounds {
		for i, do := range []func(context.Context, int) (trial, error){w.plain, w.guarded, w.guarded, w.plain} {
			shrinks := i % 2
			t, err := do(ctx, n+1-shrinks)
			if err != nil {
				return nil, err
			}
			name, to := "terraform", &plain
			if i == 1 || i == 2 {
				name, to = "holdfast", &guarded
			}
			to[shrinks] = append(to[shrinks], t)
			fmt.Fprintf(log, "%s to %d: wall %.2f s, CPU %.2f s\n", name, n+1-shrinks, wall(t.figures), cpu(t.figures))
		}
	}
	return compared(n, slices.Concat(plain[:]...), slices.Concat(guarded[:]...), out)
}
