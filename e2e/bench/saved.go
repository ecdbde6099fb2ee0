package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"os/exec"
	"strconv"

	"github.com/holdfast-gate/holdfast/e2e/bench/measure"
)

// measureSaved reads one saved plan of a thousand instances as holdfast does and
// through terraform show and its JSON. The command saved does it.
func measureSaved(ctx context.Context, rounds int, out, log io.Writer) ([]bar, error) {
	cmd := exec.CommandContext(ctx, "go", "run", module+"/e2e/bench/saved", "-rounds", strconv.Itoa(rounds))
	cmd.Stderr = log
	text, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("saved: %w", err)
	}
	var all []struct {
		Official   bool
		Why        string
		Own, Shown []measure.Figures
	}
	if err := json.Unmarshal(text, &all); err != nil {
		return nil, err
	}
	// What people run is the official provider, whose schemas terraform show
	// reads; that of the tests has next to none.
	b := bar{what: "CPU of terraform show against reading the plan file, 1,000", unit: "x", must: 100, stretch: 500, least: true, measured: math.NaN()}
	for _, r := range all {
		name := "the provider of the tests"
		if r.Official {
			name, b.why = "the official provider", r.Why
		}
		if len(r.Own) == 0 || len(r.Shown) == 0 {
			continue
		}
		own, shown := measure.Best(r.Own), measure.Best(r.Shown)
		times := measure.CPU(shown) / measure.CPU(own)
		if r.Official {
			b.measured = times
		}
		fmt.Fprintf(out, "a saved plan of 1,000 instances of %s: read in %s ms (CPU %s), with terraform show in %s ms (CPU %s, %sx)\n\n", name,
			measure.Number(measure.Wall(own)*1000), measure.Number(measure.CPU(own)*1000), measure.Number(measure.Wall(shown)*1000), measure.Number(measure.CPU(shown)*1000), measure.Number(times))
	}
	return []bar{b}, nil
}
