// Command mutate breaks the core and the checks in small ways, one at a time,
// and runs their tests on each: a mutant that no test notices is a rule that
// nobody holds. It changes no file: the tests are built once, with all mutants
// laid over the source and asleep, and run once for each with one awake.
//
//	go run ./e2e/mutate [-files REGEXP] [-workers N]
//
// Survivors that are explained are listed in survivors.txt with the reason;
// any other makes it fail.
package main

import (
	"bufio"
	"errors"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
)

func main() {
	files := flag.String("files", `.`, "mutate only files whose path matches")
	workers := flag.Int("workers", 2, "mutants tested at once")
	flag.Parse()
	if err := run(*files, *workers); err != nil {
		fmt.Fprintln(os.Stderr, "mutate:", err)
		os.Exit(1)
	}
}

func run(pattern string, workers int) error {
	only, err := regexp.Compile(pattern)
	if err != nil {
		return err
	}
	explained, err := explanations("e2e/mutate/survivors.txt")
	if err != nil {
		return err
	}
	files, err := filepath.Glob("checks/*/*.go")
	if err != nil {
		return err
	}
	dirs := []string{"gate"}
	for _, f := range files {
		dirs = append(dirs, filepath.Dir(f))
	}
	var all []mutant
	overlay := map[string]string{}
	for _, dir := range slices.Compact(dirs) {
		ms, changed, err := mutants(dir, only, len(all)+1)
		if err != nil {
			return err
		}
		all = append(all, ms...)
		maps.Copy(overlay, changed)
	}
	if len(all) == 0 {
		return errors.New("nothing to mutate: run it at the root of the repository")
	}
	b, err := compile(overlay)
	if err != nil {
		return err
	}
	defer b.remove()
	if b.test(0) != survived {
		return errors.New("the tests fail with every mutant asleep")
	}
	return report(all, tested(b, all, workers), explained)
}

// fate is what became of a mutant.
type fate byte

const (
	killed fate = iota
	survived
	unviable // it does not compile
)

// tested runs the tests on every mutant and returns their fates in order.
func tested(b build, all []mutant, workers int) []fate {
	fates := make([]fate, len(all))
	next := make(chan int)
	var wg sync.WaitGroup
	for range workers {
		wg.Go(func() {
			for i := range next {
				fates[i] = all[i].fate(b)
				if fates[i] == survived {
					fmt.Println("survived:", all[i])
				}
			}
		})
	}
	for i := range all {
		if next <- i; i%100 == 99 {
			fmt.Println(i+1, "of", len(all))
		}
	}
	close(next)
	wg.Wait()
	return fates
}

// fate runs the tests with the mutant awake. One that cannot sleep is built by
// itself.
func (m mutant) fate(b build) fate {
	if m.source == "" {
		return b.test(m.id)
	}
	alone, err := compile(map[string]string{m.file: m.source})
	if err != nil {
		return unviable
	}
	defer alone.remove()
	return alone.test(0)
}

// explanations reads the survivors that are known, "FILE FUNC WHAT  # reason".
func explanations(path string) (map[string]string, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	out := map[string]string{}
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		if key, why, ok := strings.Cut(lines.Text(), "  # "); ok {
			out[strings.TrimSpace(key)] = why
		}
	}
	return out, lines.Err()
}

func report(all []mutant, fates []fate, explained map[string]string) error {
	n := map[fate]int{}
	var unexplained []string
	for i, m := range all {
		n[fates[i]]++
		if _, ok := explained[m.key()]; fates[i] == survived && !ok {
			unexplained = append(unexplained, m.key())
		}
	}
	slices.Sort(unexplained)
	fmt.Printf("%d mutants: %d killed, %d survived (%d explained), %d do not compile\n", len(all), n[killed], n[survived], n[survived]-len(unexplained), n[unviable])
	if len(unexplained) > 0 {
		return fmt.Errorf("nobody notices these, and survivors.txt does not explain them:\n%s", strings.Join(unexplained, "\n"))
	}
	return nil
}
