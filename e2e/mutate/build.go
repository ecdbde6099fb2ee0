package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"time"
)

// build is a folder with the compiled tests.
type build string

// compile builds the tests with some files laid over those of the repository.
func compile(files map[string]string) (build, error) {
	dir, err := os.MkdirTemp("", "mutants")
	if err != nil {
		return "", err
	}
	b := build(dir)
	replace := map[string]string{}
	for name, source := range files {
		abs, err := filepath.Abs(name)
		if err != nil {
			return b, err
		}
		replace[abs] = filepath.Join(dir, strconv.Itoa(len(replace))+".go")
		if err := os.WriteFile(replace[abs], []byte(source), 0o600); err != nil {
			return b, err
		}
	}
	text, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		return b, err
	}
	overlay := filepath.Join(dir, "overlay.json")
	if err := os.WriteFile(overlay, text, 0o600); err != nil {
		return b, err
	}
	out, err := exec.Command("go", "test", "-c", "-vet=off", "-overlay="+overlay, "-o", dir+string(filepath.Separator), "./gate", "./checks", "./e2e/oracle").CombinedOutput()
	if err != nil {
		b.remove()
		return b, fmt.Errorf("%w\n%s", err, out)
	}
	return b, nil
}

func (b build) remove() { os.RemoveAll(string(b)) }

// test runs the tests, the quickest first, with one mutant awake; none if it is
// 0. A run that hangs has noticed it.
func (b build) test(mutant int) fate {
	for _, args := range [][]string{
		{"gate", "gate.test", "-test.timeout=20s"},
		{"checks", "checks.test", "-test.timeout=20s", "-rapid.seed=1", "-rapid.nofailfile"},
		{"e2e/oracle", "oracle.test", "-test.timeout=2m", "-members=2", "-worlds=1000", "-seed=1"},
	} {
		ctx, cancel := context.WithTimeout(context.Background(), 3*time.Minute)
		c := exec.CommandContext(ctx, filepath.Join(string(b), args[1]), append(args[2:], "-test.failfast")...)
		c.Dir, c.Env = args[0], append(os.Environ(), "MUTANT="+strconv.Itoa(mutant))
		err := c.Run()
		cancel()
		if err != nil {
			return killed
		}
	}
	return survived
}
