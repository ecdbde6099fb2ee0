// Command mutate breaks the core and the checks in small ways, one at a time,
// and runs their tests on each: a mutant that no test notices is a rule that
// nobody holds. It changes no file; every mutant is an overlay of the build.
//
//	go run ./e2e/mutate [-files REGEXP] [-workers N]
//
// Survivors that are explained are listed in survivors.txt with the reason;
// any other makes it fail.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"
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
	var all []mutant
	for _, glob := range []string{"gate/*.go", "checks/*/*.go"} {
		paths, err := filepath.Glob(glob)
		if err != nil {
			return err
		}
		for _, p := range paths {
			if strings.HasSuffix(p, "_test.go") || !only.MatchString(p) {
				continue
			}
			ms, err := mutants(p)
			if err != nil {
				return err
			}
			all = append(all, ms...)
		}
	}
	if len(all) == 0 {
		return errors.New("nothing to mutate: run it at the root of the repository")
	}
	explained, err := explanations("e2e/mutate/survivors.txt")
	if err != nil {
		return err
	}
	return report(all, tested(all, workers), explained)
}

// fate is what became of a mutant.
type fate byte

const (
	killed fate = iota
	survived
	unviable // it does not compile
)

// tested runs the tests on every mutant and returns their fates in order.
func tested(all []mutant, workers int) []fate {
	fates := make([]fate, len(all))
	next := make(chan int)
	var wg sync.WaitGroup
	for range workers {
		wg.Go(func() {
			for i := range next {
				fates[i] = all[i].test()
				if fates[i] == survived {
					fmt.Println("survived:", all[i])
				}
			}
		})
	}
	for i := range all {
		next <- i
	}
	close(next)
	wg.Wait()
	return fates
}

// test builds the tests with the mutant laid over its file and runs them. A
// run that hangs has noticed the mutant.
func (m mutant) test() fate {
	dir, err := os.MkdirTemp("", "mutant")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	abs, err := filepath.Abs(m.file)
	if err != nil {
		panic(err)
	}
	changed, overlay := filepath.Join(dir, "mutant.go"), filepath.Join(dir, "overlay.json")
	b, err := json.Marshal(map[string]map[string]string{"Replace": {abs: changed}})
	if err != nil {
		panic(err)
	}
	if err := errors.Join(os.WriteFile(changed, m.source, 0o600), os.WriteFile(overlay, b, 0o600)); err != nil {
		panic(err)
	}
	if f := try(overlay, "./gate", "./checks"); f != survived {
		return f
	}
	return try(overlay, "./e2e/oracle", "-members", "2", "-worlds", "1000", "-seed", "1")
}

// try runs the tests of some packages over an overlay.
func try(overlay string, args ...string) fate {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	out, err := exec.CommandContext(ctx, "go", append([]string{"test", "-vet=off", "-failfast", "-overlay=" + overlay}, args...)...).CombinedOutput()
	switch {
	case err == nil:
		return survived
	case strings.Contains(string(out), "[build failed]"), strings.Contains(string(out), "[setup failed]"):
		return unviable
	}
	return killed
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
