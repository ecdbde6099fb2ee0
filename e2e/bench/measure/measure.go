// Package measure runs programs and says what they took. It knows nothing of
// what they do, nor of promises.
package measure

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"time"
)

// Figures are what one run of a program took.
type Figures struct {
	Wall, CPU time.Duration
	Peak      int64 // bytes: the most that was resident at once
}

// Run runs a program to its end and returns what it wrote to stdout. Linux counts
// in what a child had resident that of its parent when it was made, so the parent
// holds no plan, and is a small program.
func Run(ctx context.Context, env []string, argv ...string) (Figures, string, error) {
	var out, complaint bytes.Buffer
	cmd := exec.CommandContext(ctx, argv[0], argv[1:]...)
	cmd.Stdout, cmd.Stderr, cmd.Env = &out, &complaint, env
	begin := time.Now()
	err := cmd.Run()
	f := Figures{Wall: time.Since(begin)}
	if cmd.ProcessState != nil {
		f.CPU = cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
		if u, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage); ok {
			f.Peak = u.Maxrss << 10
		}
	}
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		err = fmt.Errorf("%s: %w: %.500s", argv[0], err, complaint.String()+out.String())
	}
	return f, strings.TrimSpace(out.String()), err
}

// Of takes one figure from every run.
func Of[R, T any](runs []R, f func(R) T) []T {
	var out []T
	for _, r := range runs {
		out = append(out, f(r))
	}
	return out
}

// Best is what one way takes: the least time of its runs, in which others on the
// machine disturbed it least, and the most memory.
func Best(runs []Figures) Figures {
	return Figures{
		Wall: slices.Min(Of(runs, func(f Figures) time.Duration { return f.Wall })),
		CPU:  slices.Min(Of(runs, func(f Figures) time.Duration { return f.CPU })),
		Peak: slices.Max(Of(runs, func(f Figures) int64 { return f.Peak })),
	}
}

// Ratio is the median, over the rounds, of what a took against what b took in
// the same round.
func Ratio(a, b []Figures, f func(Figures) float64) float64 {
	var all []float64
	for i := range min(len(a), len(b)) {
		all = append(all, f(a[i])/f(b[i]))
	}
	if len(all) == 0 {
		return 0
	}
	return Median(all)
}

// Median is the one in the middle, of an even number the mean of the two there.
func Median(of []float64) float64 {
	all := slices.Sorted(slices.Values(of))
	half := len(all) / 2
	if len(all)%2 == 0 {
		return (all[half-1] + all[half]) / 2
	}
	return all[half]
}

// CPU is the seconds of the processors.
func CPU(f Figures) float64 { return f.CPU.Seconds() }

// Wall is the seconds on the clock.
func Wall(f Figures) float64 { return f.Wall.Seconds() }

// Peak is the bytes that were resident at once.
func Peak(f Figures) float64 { return float64(f.Peak) }

// Number writes a figure with as many digits as matter; "-" if there is none.
func Number(f float64) string {
	switch {
	case math.IsNaN(f):
		return "-"
	case f == 0:
		return "0"
	case math.Abs(f) < 10:
		return fmt.Sprintf("%.2f", f)
	}
	return fmt.Sprintf("%.0f", f)
}
