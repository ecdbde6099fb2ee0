package main

import (
	"context"
	"fmt"
	"io"
	"os/exec"
	"strconv"
	"strings"
	"time"

	"github.com/holdfast-gate/holdfast/e2e/bench/measure"
)

// measureLive reads five hundred clusters of a simulated AWS, whose calls are
// throttled as those of EC2 are. Two benchmarks of the collectors do it.
func measureLive(ctx context.Context, out io.Writer) ([]bar, error) {
	ctx, cancel := context.WithTimeout(ctx, 15*time.Minute)
	defer cancel()
	text, err := exec.CommandContext(ctx, "go", "test", "-run", "^$", "-bench", "ReadMany", "-benchtime", "3x", module+"/gate/live/aws").CombinedOutput()
	if err != nil {
		return nil, fmt.Errorf("reading many clusters: %w: %s", err, text)
	}
	figure, err := metrics(string(text), "calls", "calls-allowed", "stray-calls", "status-calls", "throttled-calls", "µs/member", "B-kept/member")
	if err != nil {
		return nil, err
	}
	fmt.Fprintf(out, "500 clusters of 2,000 members, all of them groups, are found with %.0f calls of AWS; %.0f more look for members that the groups let go, and %.0f for statuses;\n", figure["calls"], figure["stray-calls"], figure["status-calls"])
	fmt.Fprintf(out, "a member among 20,000 others takes %s µs to read and decode, and %s bytes are kept of it\n\n", measure.Number(figure["µs/member"]), measure.Number(figure["B-kept/member"]))
	return []bar{
		{"calls that find 500 clusters", "calls", figure["calls-allowed"], 0, false, figure["calls"], ""},
		{"throttled, of 100 calls at once and 20 a second", "calls", 0, 0, false, figure["throttled-calls"], ""},
	}, nil
}

// metrics reads the figures of these units from what go test prints of
// benchmarks, the last of each.
func metrics(text string, units ...string) (map[string]float64, error) {
	all := map[string]float64{}
	for line := range strings.Lines(text) {
		field := strings.Fields(line)
		if len(field) == 0 || !strings.HasPrefix(field[0], "Benchmark") {
			continue
		}
		for i := 2; i+1 < len(field); i += 2 {
			n, err := strconv.ParseFloat(field[i], 64)
			if err != nil {
				return nil, fmt.Errorf("a benchmark printed %q", line)
			}
			all[field[i+1]] = n
		}
	}
	for _, unit := range units {
		if _, found := all[unit]; !found {
			return nil, fmt.Errorf("no benchmark printed %s", unit)
		}
	}
	return all, nil
}
