package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"strings"
	"time"
)

// What tells this program, in its environment, that it stands where terraform
// stands: the file of its laps, and the terraform that does the work.
const (
	lapsFile = "BENCH_LAPS"
	lapsOf   = "BENCH_TERRAFORM"
)

// A lap is one call of terraform.
type lap struct {
	Call      string // "plan", "state pull"
	Wall, CPU time.Duration
}

// stopwatch has terraform do what it was called for, writes down what that took,
// and returns the exit status.
func stopwatch(args []string) int {
	cmd := exec.Command(os.Getenv(lapsOf), args...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	begin := time.Now()
	err := cmd.Run()
	if cmd.ProcessState == nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		return 1
	}
	l := lap{Call: call(args), Wall: time.Since(begin), CPU: cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()}
	if err := l.append(os.Getenv(lapsFile)); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		return 1
	}
	return cmd.ProcessState.ExitCode()
}

// call is the subcommand among the words of a command line.
func call(args []string) string {
	var out []string
	for _, word := range args {
		if strings.HasPrefix(word, "-") {
			continue
		}
		out = append(out, word)
		if word != "state" && word != "workspace" {
			break
		}
	}
	return strings.Join(out, " ")
}

// append writes a lap as one line at the end of a file.
func (l lap) append(path string) error {
	line, err := json.Marshal(l)
	if err != nil {
		return err
	}
	file, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer file.Close()
	if _, err := file.Write(append(line, '\n')); err != nil {
		return err
	}
	return file.Close()
}

// takeLaps returns the laps in a file and removes it. No file means none.
func takeLaps(path string) ([]lap, error) {
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var out []lap
	for line := range strings.Lines(string(text)) {
		var l lap
		if err := json.Unmarshal([]byte(line), &l); err != nil {
			return nil, err
		}
		out = append(out, l)
	}
	return out, os.Remove(path)
}
