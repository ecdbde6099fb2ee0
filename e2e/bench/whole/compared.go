package main

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/holdfast-gate/holdfast/e2e/bench/measure"
)

// compared says what n instances took to be changed by one with terraform alone
// and through holdfast, where the latter goes, and what AWS was asked. Trials of the same index made the same change.
func compared(n int, plain, guarded []trial) (Result, error) {
	var out strings.Builder
	t := tabwriter.NewWriter(&out, 0, 0, 2, ' ', 0)
	fmt.Fprintf(t, "%d instances, one more or less, %d times each way\n", n, len(plain))
	fmt.Fprintln(t, "way\tbest wall s\tmedian wall s\tbest CPU s\tmedian CPU s\tpeak MiB\tcalls of AWS")
	for _, w := range []struct {
		name   string
		trials []trial
	}{{"terraform plan and apply", plain}, {"holdfast apply", guarded}} {
		runs := measure.Of(w.trials, trial.took)
		b := measure.Best(runs)
		fmt.Fprintf(t, "%s\t%.2f\t%.2f\t%.2f\t%.2f\t%.0f\t%.0f\n", w.name, measure.Wall(b), measure.Median(measure.Of(runs, measure.Wall)), measure.CPU(b), measure.Median(measure.Of(runs, measure.CPU)), measure.Peak(b)/(1<<20), measure.Median(measure.Of(w.trials, trial.asked)))
	}
	fmt.Fprintln(t, "\npart of holdfast apply\tcalls\tmedian wall s\tmedian CPU s\twall against plan and apply\tCPU against them")
	for _, name := range parts(guarded) {
		part := func(t trial) measure.Figures { return t.part(name) }
		share := func(f func(measure.Figures) float64) float64 {
			return 100 * measure.Median(measure.Of(guarded, func(t trial) float64 { return f(t.part(name)) / (f(t.part("plan")) + f(t.part("apply"))) }))
		}
		runs := measure.Of(guarded, part)
		fmt.Fprintf(t, "%s\t%d\t%.2f\t%.2f\t%.1f %%\t%.1f %%\n", cmp.Or(name, "holdfast itself"), guarded[0].times(name), measure.Median(measure.Of(runs, measure.Wall)), measure.Median(measure.Of(runs, measure.CPU)), share(measure.Wall), share(measure.CPU))
	}
	fmt.Fprintf(t, "\ncalls of AWS that holdfast makes in addition: %s\n\n", strings.Join(added(plain, guarded), ", "))
	alone, with := measure.Of(plain, trial.took), measure.Of(guarded, trial.took)
	err := t.Flush()
	return Result{Text: out.String(), CPU: measure.Ratio(with, alone, measure.CPU), Wall: measure.Ratio(with, alone, measure.Wall)}, err
}

// took is what a trial took.
func (t trial) took() measure.Figures { return t.Figures }

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
func (t trial) part(name string) measure.Figures {
	var f measure.Figures
	if name == "" {
		f = t.Figures
	}
	for _, l := range t.laps {
		switch name {
		case l.Call:
			f.Wall, f.CPU = f.Wall+l.Wall, f.CPU+l.CPU
		case "":
			f.Wall, f.CPU = f.Wall-l.Wall, f.CPU-l.CPU
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
		if more := measure.Median(measure.Of(some, count)) - measure.Median(measure.Of(others, count)); more > 0 {
			out = append(out, fmt.Sprintf("%.0f %s", more, action))
		}
	}
	return out
}
