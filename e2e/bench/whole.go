package main

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"os/exec"
	"strconv"
)

// wholeBars are the promises about the whole with n instances, from how many times
// what terraform takes alone it takes with holdfast around it.
func wholeBars(n int, cpu, wall float64, why string) []bar {
	what := fmt.Sprintf("holdfast apply over terraform plan and apply, %d, ", n)
	return []bar{
		{what + "CPU", "%", 3, 0, false, (cpu - 1) * 100, why},
		{what + "wall", "%", 3, 0, false, (wall - 1) * 100, why},
	}
}

// measureWhole has terraform, and holdfast with the same terraform, change a
// world of n instances by one. The command whole does it.
func measureWhole(ctx context.Context, n, rounds int, out, log io.Writer) ([]bar, error) {
	cmd := exec.CommandContext(ctx, "go", "run", module+"/e2e/bench/whole", "-instances", strconv.Itoa(n), "-rounds", strconv.Itoa(rounds))
	cmd.Stderr = log
	text, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("whole: %w", err)
	}
	var r struct {
		Text, Why string
		CPU, Wall float64
	}
	if err := json.Unmarshal(text, &r); err != nil {
		return nil, err
	}
	fmt.Fprint(out, r.Text)
	return wholeBars(n, cmp.Or(r.CPU, math.NaN()), cmp.Or(r.Wall, math.NaN()), r.Why), nil
}
