package main

import (
	"math"

	"github.com/holdfast-gate/holdfast/e2e/bench/measure"
)

// A bar is a promise about speed: what must be, what would be better, and what
// was measured.
type bar struct {
	what          string
	unit          string
	must, stretch float64 // stretch is 0 where there is none
	least         bool    // the measured value is to be at least that; else at most
	measured      float64 // NaN if it was not measured
	why           string  // why it was not measured
}

// met says how a bar came out.
func (b bar) met() string {
	within := func(limit float64) bool { return b.least && b.measured >= limit || !b.least && b.measured <= limit }
	switch {
	case math.IsNaN(b.measured):
		return "NOT MEASURED: " + b.why
	case b.stretch != 0 && within(b.stretch):
		return "met, and the stretch"
	case within(b.must):
		return "met"
	}
	return "NOT MET"
}

// bars holds the races against what the gate promises of reading plans.
func (r results) bars() []bar {
	const mib = 1 << 20
	at := func(n int, name string, f func(measure.Figures) float64) float64 {
		if len(r[n][name]) == 0 {
			return math.NaN()
		}
		return f(measure.Best(r[n][name]))
	}
	against := func(n int, a, b string, f func(measure.Figures) float64) float64 {
		if len(r[n][a]) == 0 || len(r[n][b]) == 0 {
			return math.NaN()
		}
		return measure.Ratio(r[n][a], r[n][b], f)
	}
	small, large := at(10_000, "holdfast", measure.Peak)/mib, at(100_000, "holdfast", measure.Peak)/mib
	const why = "it did not run at this size"
	return []bar{
		{"CPU against json.Valid, 10,000", "x", 1.2, 0.6, false, against(10_000, "holdfast", "json.Valid", measure.CPU), why},
		{"CPU against json.Valid, 100,000", "x", 1.2, 0.6, false, against(100_000, "holdfast", "json.Valid", measure.CPU), why},
		{"faster than conftest, 10,000", "x", 8, 15, true, against(10_000, "conftest", "holdfast", measure.Wall), why},
		{"faster than terraform-json, 10,000", "x", 5, 12, true, against(10_000, "terraform-json", "holdfast", measure.Wall), why},
		{"peak memory, 10,000", "MiB", 32, 0, false, small, why},
		{"peak memory, 100,000", "MiB", 32, 0, false, large, why},
		{"growth of it from 10,000 to 100,000", "MiB", 8, 0, false, large - small, why},
		{"a plan of 100 resources, its process included", "ms", 30, 0, false, at(100, "holdfast", measure.Wall) * 1000, why},
	}
}
