package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/holdfast-gate/holdfast/e2e/bench/measure"
)

// results is every run, by the number of resources and by the way.
type results map[int]map[string][]measure.Figures

// race runs all ways over plans of these sizes, one after the other in every
// round, so that whatever else the machine does meets all of them. A way that
// gives another answer than the generator knows is an error: what is not the
// same work is not compared.
func race(ctx context.Context, dir string, ways []way, sizes []int, rounds int, log io.Writer) (results, error) {
	out := results{}
	for _, n := range sizes {
		file := filepath.Join(dir, "plan.json")
		emptied, bytes, err := makePlan(file, n)
		if err != nil {
			return nil, err
		}
		fmt.Fprintf(log, "%d resources, %.1f MB\n", n, float64(bytes)/1e6)
		out[n] = map[string][]measure.Figures{}
		for range rounds {
			for _, w := range ways {
				if w.missing != "" || w.most < n {
					continue
				}
				f, err := w.run(ctx, file, emptied)
				if err != nil {
					return nil, err
				}
				out[n][w.name] = append(out[n][w.name], f)
			}
		}
		if err := os.Remove(file); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// run runs one way once and holds its answer against the right one.
func (w way) run(ctx context.Context, file string, emptied int) (measure.Figures, error) {
	f, text, err := measure.Run(ctx, w.env, w.argv(file)...)
	if err != nil || w.answer == nil {
		return f, err
	}
	got, err := w.answer(text)
	if err == nil && got != emptied {
		err = fmt.Errorf("%s says that %d clusters are emptied, and %d are", w.name, got, emptied)
	}
	return f, err
}

func makePlan(file string, n int) (emptied int, bytes int64, err error) {
	out, err := os.Create(file)
	if err != nil {
		return 0, 0, err
	}
	defer out.Close()
	if emptied, err = writePlan(out, n); err != nil {
		return 0, 0, err
	}
	info, err := out.Stat()
	if err != nil {
		return 0, 0, err
	}
	return emptied, info.Size(), out.Close()
}
