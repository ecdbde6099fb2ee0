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
	sdk, err := clients(ctx)
	if err != nil {
		return nil, err
	}
	empty, err := buildIdle(ctx, dir, "empty")
	if err != nil {
		return nil, err
	}
	idle, err := buildIdle(ctx, dir, "idle", sdk...)
	if err != nil {
		return nil, err
	}
	var starts, empties, idles []measure.Figures
	for range 20 {
		for argv, to := range map[[2]string]*[]measure.Figures{{binary, "--help"}: &starts, {empty, ""}: &empties, {idle, ""}: &idles} {
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
	fmt.Fprintf(out, "it starts in %sx the time and %sx the CPU of a Go program that does nothing, which takes %s ms;\n",
		measure.Number(measure.Ratio(starts, empties, measure.Wall)), measure.Number(measure.Ratio(starts, empties, measure.CPU)), milliseconds(empties))
	fmt.Fprintf(out, "one that does nothing and has the %d packages of the AWS SDK that holdfast has takes %sx, %s ms\n\n",
		len(sdk), measure.Number(measure.Ratio(idles, empties, measure.Wall)), milliseconds(idles))
	return []bar{
		{"start-up", "ms", 15, 0, false, measure.Best(starts).Wall.Seconds() * 1000, ""},
		{"CPU of a start", "ms", 15, 0, false, measure.Best(starts).CPU.Seconds() * 1000, ""},
		{"build, warm", "s", 60, 0, false, warm.Wall.Seconds(), ""},
	}, nil
}

// milliseconds is the shortest time of several runs.
func milliseconds(runs []measure.Figures) string {
	return measure.Number(measure.Best(runs).Wall.Seconds() * 1000)
}

// clients are the packages of the AWS SDK that holdfast's own import: its
// start cannot take less than theirs.
func clients(ctx context.Context) ([]string, error) {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Minute)
	defer cancel()
	list := `{{with .Module}}{{if .Main}}{{range $.Imports}}{{println .}}{{end}}{{end}}{{end}}`
	own, err := exec.CommandContext(ctx, "go", "list", "-deps", "-f", list, module+"/cmd/holdfast").Output()
	if err != nil {
		return nil, fmt.Errorf("go list: %w", err)
	}
	var sdk []string
	for path := range strings.FieldsSeq(string(own)) {
		if strings.HasPrefix(path, "github.com/aws/aws-sdk-go-v2") && !slices.Contains(sdk, path) {
			sdk = append(sdk, path)
		}
	}
	slices.Sort(sdk)
	return sdk, nil
}

// buildIdle builds a program that does nothing: no Go program with these
// packages starts sooner.
func buildIdle(ctx context.Context, dir, name string, packages ...string) (string, error) {
	var source strings.Builder
	source.WriteString("package main\n\n")
	for _, path := range packages {
		fmt.Fprintf(&source, "import _ %q\n", path)
	}
	source.WriteString("\nfunc main() {}\n")
	file, binary := filepath.Join(dir, name+".go"), filepath.Join(dir, name)
	if err := os.WriteFile(file, []byte(source.String()), 0o600); err != nil {
		return "", err
	}
	_, _, err := measure.Run(ctx, nil, "go", "build", "-o", binary, file)
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
