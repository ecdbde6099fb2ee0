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
	var bars []bar
	for _, r := range all {
		b := bar{what: "CPU of terraform show against reading the plan file, 1,000, test provider", unit: "x", must: 100, stretch: 500, least: true, measured: math.NaN(), why: r.Why}
		if r.Official {
			b.what = "CPU of terraform show against reading the plan file, 1,000, official provider"
		}
		if len(r.Own) > 0 && len(r.Shown) > 0 {
			own, shown := measure.Best(r.Own), measure.Best(r.Shown)
			b.measured = measure.CPU(shown) / measure.CPU(own)
			fmt.Fprintf(out, "a saved plan of 1,000 instances, official provider %t: read in %s ms (CPU %s), with terraform show in %s ms (CPU %s)\n\n", r.Official,
				measure.Number(measure.Wall(own)*1000), measure.Number(measure.CPU(own)*1000), measure.Number(measure.Wall(shown)*1000), measure.Number(measure.CPU(shown)*1000))
		}
		bars = append(bars, b)
	}
	return bars, nil
}
