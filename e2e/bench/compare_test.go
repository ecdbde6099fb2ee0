package main

import (
	"flag"
	"io"
	"strings"
	"testing"

	"github.com/holdfast-gate/holdfast/e2e/bench/measure"
)

var (
	resources    = flag.Int("resources", 1000, "BenchmarkPlan: resources in the plan")
	withConftest = flag.String("conftest", "none", "BenchmarkPlan: a conftest that is there; without it, there is no comparison with it")
)

// BenchmarkPlan is the comparison of the command at one size: the table, and what
// the others take of what this takes. An iteration is one run of every way.
func BenchmarkPlan(b *testing.B) {
	all, err := ways(b.Context(), b.TempDir(), *withConftest, *resources, io.Discard)
	if err != nil {
		b.Fatal(err)
	}
	r, err := race(b.Context(), b.TempDir(), all, []int{*resources}, b.N, io.Discard)
	if err != nil {
		b.Fatal(err)
	}
	own := r[*resources]["holdfast"]
	for _, w := range all {
		if runs := r[*resources][w.name]; len(runs) > 0 && w.name != "holdfast" {
			b.ReportMetric(measure.Ratio(runs, own, measure.Wall), "wall:"+w.name)
			b.ReportMetric(measure.Ratio(runs, own, measure.CPU), "cpu:"+w.name)
			b.ReportMetric(measure.Ratio(runs, own, measure.Peak), "peak:"+w.name)
		}
	}
	b.ReportMetric(measure.Peak(measure.Best(own))/(1<<20), "peak-MiB")
	var table strings.Builder
	if err := r.write(&table, all, nil); err != nil {
		b.Fatal(err)
	}
	b.Log("\n" + table.String())
}
