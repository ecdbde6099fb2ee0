package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"time"
)

// figures is what one run of a program took.
type figures struct {
	wall, cpu time.Duration
	peak      int64 // bytes: the most that was resident at once
}

// run runs a program to its end and returns what it wrote to stdout. Linux counts
// in what a child had resident that of its parent when it was made, so the parent
// holds no plan, and is a small program.
func run(ctx context.Context, env []string, argv ...string) (figures, string, error) {
	var out, complaint bytes.Buffer
	cmd := exec.CommandContext(ctx, argv[0], argv[1:]...)
	cmd.Stdout, cmd.Stderr, cmd.Env = &out, &complaint, env
	begin := time.Now()
	err := cmd.Run()
	f := figures{wall: time.Since(begin)}
	if cmd.ProcessState != nil {
		f.cpu = cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
		if u, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage); ok {
			f.peak = u.Maxrss << 10
		}
	}
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		err = fmt.Errorf("%s: %w: %.500s", argv[0], err, complaint.String()+out.String())
	}
	return f, strings.TrimSpace(out.String()), err
}

// of takes one figure from every run.
func of[R, T any](runs []R, f func(R) T) []T {
	var out []T
	for _, r := range runs {
		out = append(out, f(r))
	}
	return out
}

// best is what one way takes: the least time of its runs, in which others on the
// machine disturbed it least, and the most memory.
func best(runs []figures) figures {
	return figures{
		wall: slices.Min(of(runs, func(f figures) time.Duration { return f.wall })),
		cpu:  slices.Min(of(runs, func(f figures) time.Duration { return f.cpu })),
		peak: slices.Max(of(runs, func(f figures) int64 { return f.peak })),
	}
}

// ratio is the median, over the rounds, of what a took against what b took in
// the same round.
func ratio(a, b []figures, f func(figures) float64) float64 {
	var all []float64
	for i := range min(len(a), len(b)) {
		all = append(all, f(a[i])/f(b[i]))
	}
	if len(all) == 0 {
		return 0
	}
	return median(all)
}

// median is the one in the middle, of an even number the mean of the two there.
func median(of []float64) float64 {
	all := slices.Sorted(slices.Values(of))
	half := len(all) / 2
	if len(all)%2 == 0 {
		return (all[half-1] + all[half]) / 2
	}
	return all[half]
}

func cpu(f figures) float64  { return f.cpu.Seconds() }
func wall(f figures) float64 { return f.wall.Seconds() }
func peak(f figures) float64 { return float64(f.peak) }
