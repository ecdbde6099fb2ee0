// Command bench measures what reading a plan costs, here and with others, and
// holds every promise about speed against the figures. All ways read the same
// files one after the other, so what counts is the ratios.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"math"
	"os"
	"os/signal"
	"strconv"
	"strings"
)

func main() {
	if way := os.Getenv(child); way != "" && len(os.Args) == 2 {
		exit(contestant(way, os.Args[1]))
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	exit(bench(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

func exit(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
	os.Exit(0)
}

// bench runs everything and prints the table.
func bench(ctx context.Context, args []string, out, log io.Writer) error {
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	flags.SetOutput(log)
	list := flags.String("sizes", "100,1000,10000,100000", "resources in the plans; none if empty")
	rounds := flags.Int("rounds", 3, "runs of every way over each plan")
	conftest := flags.String("conftest", "", "a conftest that is there already; without it, it is built from its module")
	most := flags.Int("most", 100_000, "resources in the largest plan that terraform-json, jq and conftest read; for 100,000 they need up to 7 GB")
	program := flags.Bool("program", true, "measure the binary too: its size, its build and its start-up")
	saved := flags.Bool("saved", true, "measure reading a saved plan too, against terraform show")
	read := flags.Bool("live", true, "measure the live read too: the calls that 500 clusters take")
	apply := flags.Bool("apply", false, "measure the whole too: holdfast apply against terraform plan and apply of one instance more or less, with hashicorp/aws from the mirror that HOLDFAST_PLUGIN_MIRROR names; each of -rounds is two runs of either, and for 1,000 instances takes minutes")
	instances := flags.Int("instances", 1000, "instances in the world of -apply, in clusters of six, the last one of fewer")
	if err := flags.Parse(args); err != nil {
		return err
	}
	var sizes []int
	for word := range strings.FieldsFuncSeq(*list, func(r rune) bool { return r == ',' }) {
		n, err := strconv.Atoi(word)
		if err != nil || n < whole {
			return fmt.Errorf("-sizes: %q is not a number of resources, of which a cluster has %d", word, whole)
		}
		sizes = append(sizes, n)
	}
	dir, err := os.MkdirTemp("", "holdfast-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	var all []way
	if len(sizes) > 0 {
		if all, err = ways(ctx, dir, *conftest, *most, log); err != nil {
			return err
		}
	}
	for _, w := range all {
		if w.missing != "" {
			fmt.Fprintf(log, "\n!!! %s IS NOT COMPARED WITH: %s\n\n", w.name, w.missing)
		}
	}
	r, err := race(ctx, dir, all, sizes, *rounds, log)
	if err != nil {
		return err
	}
	bars := r.bars()
	if *program {
		own, err := measureProgram(ctx, dir, out)
		if err != nil {
			return err
		}
		bars = append(bars, own...)
	}
	if *saved {
		own, err := measureSaved(ctx, *rounds, out, log)
		if err != nil {
			return err
		}
		bars = append(bars, own...)
	}
	if *read {
		own, err := measureLive(ctx, out)
		if err != nil {
			return err
		}
		bars = append(bars, own...)
	}
	entire := wholeBars(*instances, math.NaN(), math.NaN(), "-apply was not given")
	if *apply {
		if entire, err = measureWhole(ctx, *instances, *rounds, out, log); err != nil {
			return err
		}
	}
	return r.write(out, all, append(bars, entire...))
}
