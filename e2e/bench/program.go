package main

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/holdfast-gate/holdfast/e2e/bench/measure"
)

const module = "github.com/holdfast-gate/holdfast"

// measureProgram builds holdfast twice, the second time warm, starts it, and
// writes down what its largest parts are.
func measureProgram(ctx context.Context, dir string, out io.Writer) ([]bar, error) {
	binary := filepath.Join(dir, "holdfast")
	build := []string{"go", "build", "-o", binary, module + "/cmd/holdfast"}
	if _, _, err := measure.Run(ctx, nil, build...); err != nil {
		return nil, err
	}
	warm, _, err := measure.Run(ctx, nil, build...)
	if err != nil {
		return nil, err
	}
	empty, err := buildEmpty(ctx, dir)
	if err != nil {
		return nil, err
	}
	var starts, empties []measure.Figures
	for range 20 {
		for argv, to := range map[[2]string]*[]measure.Figures{{binary, "--help"}: &starts, {empty, ""}: &empties} {
			f, _, err := measure.Run(ctx, nil, argv[:]...)
			if err != nil {
				return nil, err
			}
			*to = append(*to, f)
		}
	}
	info, err := os.Stat(binary)
	if err != nil {
		return nil, err
	}
	parts, err := largest(ctx, binary)
	if err != nil {
		return nil, err
	}
	fmt.Fprintf(out, "holdfast is %.0f MB; its largest parts: %s\n", float64(info.Size())/1e6, parts)
	fmt.Fprintf(out, "it starts in %sx the time and %sx the CPU of a Go program that does nothing, which takes %s ms\n\n",
		measure.Number(measure.Ratio(starts, empties, measure.Wall)), measure.Number(measure.Ratio(starts, empties, measure.CPU)), measure.Number(measure.Best(empties).Wall.Seconds()*1000))
	return []bar{
		{"start-up", "ms", 15, 0, false, measure.Best(starts).Wall.Seconds() * 1000, ""},
		{"CPU of a start", "ms", 15, 0, false, measure.Best(starts).CPU.Seconds() * 1000, ""},
		{"build, warm", "s", 60, 0, false, warm.Wall.Seconds(), ""},
	}, nil
}

// buildEmpty builds a program that does nothing: no Go program starts sooner.
func buildEmpty(ctx context.Context, dir string) (string, error) {
	source, binary := filepath.Join(dir, "empty.go"), filepath.Join(dir, "empty")
	if err := os.WriteFile(source, []byte("package main\n\nfunc main() {}\n"), 0o600); err != nil {
		return "", err
	}
	_, _, err := measure.Run(ctx, nil, "go", "build", "-o", binary, source)
	return binary, err
}

// largest names the modules that most of a binary's code and data come from.
func largest(ctx context.Context, binary string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Minute)
	defer cancel()
	symbols, err := exec.CommandContext(ctx, "go", "tool", "nm", "-size", binary).Output()
	if err != nil {
		return "", fmt.Errorf("go tool nm: %w", err)
	}
	info, err := os.Stat(binary)
	if err != nil {
		return "", err
	}
	sizes := map[string]int{}
	lines := bufio.NewScanner(bytes.NewReader(symbols))
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		// address size type name; what is not initialised takes no room in the file.
		field := strings.Fields(lines.Text())
		if len(field) < 4 || strings.EqualFold(field[2], "b") {
			continue
		}
		// nm calls some of that data all the same: it is as large as the file itself.
		if n, err := strconv.Atoi(field[1]); err == nil && int64(n) < info.Size()/2 {
			sizes[part(field[3])] += n
		}
	}
	names := slices.SortedFunc(maps.Keys(sizes), func(a, b string) int { return cmp.Compare(sizes[b], sizes[a]) })
	var text []string
	for _, name := range names[:min(8, len(names))] {
		text = append(text, fmt.Sprintf("%s %.1f MB", name, float64(sizes[name])/1e6))
	}
	return strings.Join(text, ", "), lines.Err()
}

// part is what a symbol belongs to: a service of the AWS SDK, a module, or the
// standard library and what the linker adds.
func part(symbol string) string {
	path := strings.TrimLeft(symbol, "*(")
	if i := strings.LastIndex(path, ":"); i >= 0 && strings.HasPrefix(path, "type:") {
		path = path[i+1:]
	}
	step := strings.Split(path, "/")
	switch {
	case len(step) > 4 && step[1] == "aws" && step[3] == "service":
		return "AWS SDK " + strings.SplitN(step[4], ".", 2)[0]
	case len(step) > 2 && strings.Contains(step[0], "."):
		return step[1] + "/" + strings.SplitN(step[2], ".", 2)[0]
	}
	return "Go itself"
}
