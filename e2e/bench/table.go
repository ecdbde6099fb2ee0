package main

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"
	"text/tabwriter"

	"github.com/holdfast-gate/holdfast/e2e/bench/measure"
)

// write prints the whole table.
func (r results) write(to io.Writer, ways []way, bars []bar) error {
	t := tabwriter.NewWriter(to, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "resources\tway\twall ms\tCPU ms\tpeak MiB\tCPU against json.Valid\twall against holdfast\tpeak against holdfast")
	for _, n := range slices.Sorted(maps.Keys(r)) {
		for _, w := range ways {
			runs := r[n][w.name]
			if len(runs) == 0 {
				fmt.Fprintf(t, "%d\t%s\tNOT RUN: %s\n", n, w.name, cmp.Or(w.missing, "-most is less"))
				continue
			}
			b, us := measure.Best(runs), r[n]["holdfast"]
			fmt.Fprintf(t, "%d\t%s\t%s\t%s\t%s\t%sx\t%sx\t%sx\n", n, w.name, measure.Number(measure.Wall(b)*1000), measure.Number(measure.CPU(b)*1000), measure.Number(measure.Peak(b)/(1<<20)),
				measure.Number(measure.Ratio(runs, r[n]["json.Valid"], measure.CPU)), measure.Number(measure.Ratio(runs, us, measure.Wall)), measure.Number(measure.Ratio(runs, us, measure.Peak)))
		}
	}
	fmt.Fprintln(t, "\nbar\tmust\tstretch\tmeasured\tmet?")
	for _, b := range bars {
		sign, stretch := "<=", ""
		if b.least {
			sign = ">="
		}
		if b.stretch != 0 {
			stretch = measure.Number(b.stretch)
		}
		fmt.Fprintf(t, "%s\t%s %s %s\t%s\t%s %s\t%s\n", b.what, sign, measure.Number(b.must), b.unit, stretch, measure.Number(b.measured), b.unit, b.met())
	}
	return t.Flush()
}
