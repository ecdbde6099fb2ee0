package main

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"
)

// compared prints what n instances took to be changed by one with terraform alone
// and through holdfast, where the latter goes, and what AWS was asked; and holds
// it against the bars. Trials of the same index made the same change.
func compared(n int, plain, guarded []trial, out io.Writer) ([]bar, error) {
	t := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintf(t, "%d instances, one more or less, %d times each way\n", n, len(plain))
	fmt.Fprintln(t, "way\tbest wall s\tmedian wall s\tbest CPU s\tmedian CPU s\tpeak MiB\tcalls of AWS")
	for _, w := range []struct {
		name   string
		trials []trial
	}{{"terraform plan and apply", plain}, {"holdfast apply", guarded}} {
		runs := of(w.trials, trial.took)
		b := best(runs)
		fmt.Fprintf(t, "%s\t%.2f\t%.2f\t%.2f\t%.2f\t%.0f\t%.0f\n", w.name, wall(b), median(of(runs, wall)), cpu(b), median(of(runs, cpu)), peak(b)/(1<<20), median(of(w.trials, trial.asked)))
	}
	fmt.Fprintln(t, "\npart of holdfast apply\tcalls\tmedian wall s\tmedian CPU s\twall against plan and apply\tCPU against them")
	for _, name := range parts(guarded) {
		part := func(t trial) figures { return t.part(name) }
		share := func(f func(figures) float64) float64 {
			return 100 * median(of(guarded, func(t trial) float64 { return f(t.part(name)) / (f(t.part("plan")) + f(t.part("apply"))) }))
		}
		runs := of(guarded, part)
		fmt.Fprintf(t, "%s\t%d\t%.2f\t%.2f\t%.1f %%\t%.1f %%\n", cmp.Or(name, "holdfast itself"), guarded[0].times(name), median(of(runs, wall)), median(of(runs, cpu)), share(wall), share(cpu))
	}
	fmt.Fprintf(t, "\ncalls of AWS that holdfast makes in addition: %s\n\n", strings.Join(added(plain, guarded), ", "))
	alone, with := of(plain, trial.took), of(guarded, trial.took)
	return applyBars(n, ratio(with, alone, cpu), ratio(with, alone, wall), ""), t.Flush()
}

// took is what a trial took.
func (t trial) took() figures { return t.figures }

// asked is how many calls of AWS it made.
func (t trial) asked() float64 {
	n := 0
	for _, count := range t.calls {
		n += count
	}
	return float64(n)
}

// part is what all calls of one subcommand of terraform took together; without a
// name, what is left without any.
func (t trial) part(name string) figures {
	var f figures
	if name == "" {
		f = t.figures
	}
	for _, l := range t.laps {
		switch name {
		case l.Call:
			f.wall, f.cpu = f.wall+l.Wall, f.cpu+l.CPU
		case "":
			f.wall, f.cpu = f.wall-l.Wall, f.cpu-l.CPU
		}
	}
	return f
}

// times is how often a subcommand was called.
func (t trial) times(name string) int {
	n := 0
	for _, l := range t.laps {
		if l.Call == name {
			n++
		}
	}
	return n
}

// parts are the subcommands that trials called, and what is left: no name.
func parts(trials []trial) []string {
	names := map[string]bool{"": true}
	for _, t := range trials {
		for _, l := range t.laps {
			names[l.Call] = true
		}
	}
	return slices.Sorted(maps.Keys(names))
}

// added lists the calls of AWS that a median trial of some makes and one of
// others does not.
func added(others, some []trial) []string {
	actions := map[string]bool{}
	for _, t := range some {
		for action := range t.calls {
			actions[action] = true
		}
	}
	var out []string
	for _, action := range slices.Sorted(maps.Keys(actions)) {
		count := func(t trial) float64 { return float64(t.calls[action]) }
		if more := median(of(some, count)) - median(of(others, count)); more > 0 {
			out = append(out, fmt.Sprintf("%.0f %s", more, action))
		}
	}
	return out
}
