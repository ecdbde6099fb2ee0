// Command saved measures what reading a saved plan costs, as holdfast does it and
// through terraform show and its JSON, each with each provider that is there. It
// prints the runs as JSON, for bench. It is a program of its own because the
// simulated AWS is in it: how large the program is that starts another counts in
// what that one takes.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/holdfast-gate/holdfast/e2e/bench/measure"
	"github.com/holdfast-gate/holdfast/e2e/stage"
	"github.com/holdfast-gate/holdfast/e2e/tool"
	"github.com/holdfast-gate/holdfast/gate"
	"github.com/holdfast-gate/holdfast/gate/awssim"
	"github.com/holdfast-gate/holdfast/gate/planfile"
	"github.com/holdfast-gate/holdfast/gate/tfplan"
)

// savedSize is how many instances the saved plan has.
const savedSize = 1000

// savedConfig makes that many, in clusters of six.
const savedConfig = `terraform {
  required_providers {
    aws = { source = "hashicorp/aws" }
  }
}

provider "aws" {
  region = "us-east-1"
}

resource "aws_instance" "search" {
  count         = %d
  ami           = "ami-12c6146b"
  instance_type = "t3.micro"
  tags          = { Cluster = "search-${floor(count.index / 6)}", Name = "search-${count.index}" }
}
`

// Runs is what both ways took, run by run, or why that was not measured.
type Runs struct {
	Official   bool
	Why        string
	Own, Shown []measure.Figures
}

func main() {
	rounds := flag.Int("rounds", 3, "runs of both ways")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	var all []Runs
	for _, official := range []bool{false, true} {
		r := Runs{Official: official}
		if err := r.race(ctx, *rounds, os.Stderr); err != nil {
			fmt.Fprintln(os.Stderr, "saved:", err)
			os.Exit(1)
		}
		all = append(all, r)
	}
	if err := json.NewEncoder(os.Stdout).Encode(all); err != nil {
		fmt.Fprintln(os.Stderr, "saved:", err)
		os.Exit(1)
	}
}

// race reads the file in both ways. The test provider runs in this process, so
// its share counts in what terraform show takes.
func (r *Runs) race(ctx context.Context, rounds int, log io.Writer) error {
	terraform, _, err := tool.Terraform(ctx, log)
	if err != nil {
		r.Why = "there is no terraform"
		return nil
	}
	s, err := stage.Simulated(awssim.New(time.Now().Add(-24*time.Hour)), 5*time.Second)
	if err != nil {
		return err
	}
	defer s.Close()
	switch mirror := tool.Mirror(); {
	case !r.Official:
		err = s.Attach()
	case mirror == "":
		fmt.Fprintf(log, "\n!!! NOT MEASURED WITH THE OFFICIAL PROVIDER: %s names no mirror that has it\n\n", tool.MirrorVariable)
		r.Why = "the official provider is not here"
		return nil
	default:
		err = s.UseMirror(mirror)
	}
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "holdfast-bench-saved-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	if err := os.WriteFile(filepath.Join(dir, "main.tf"), fmt.Appendf(nil, savedConfig, savedSize), 0o600); err != nil {
		return err
	}
	run := func(words ...string) *exec.Cmd {
		cmd := exec.CommandContext(ctx, terraform, words...)
		cmd.Dir, cmd.Env = dir, s.Env()
		return cmd
	}
	for _, words := range [][]string{{"init", "-input=false"}, {"plan", "-input=false", "-out=plan.tfplan"}} {
		if text, err := run(words...).CombinedOutput(); err != nil {
			return fmt.Errorf("terraform %s: %w\n%.1000s", words[0], err, text)
		}
	}
	for range rounds {
		f, here, err := timed(func() (*gate.Plan, error) { return readSaved(filepath.Join(dir, "plan.tfplan")) })
		var unproven *planfile.Unproven
		if errors.As(err, &unproven) {
			r.Why = "holdfast leaves the plan files of this terraform to it"
			return nil
		}
		if err != nil {
			return err
		}
		r.Own = append(r.Own, f)
		f, there, err := timed(func() (*gate.Plan, error) { return readShown(run("show", "-json", "plan.tfplan")) })
		if err != nil {
			return err
		}
		r.Shown = append(r.Shown, f)
		if len(here.Changes) != savedSize || len(there.Changes) != savedSize {
			return fmt.Errorf("the two readers found %d and %d changes, and there are %d", len(here.Changes), len(there.Changes), savedSize)
		}
	}
	return nil
}

// timed measures what a reader takes in this process and in those it starts.
func timed(read func() (*gate.Plan, error)) (measure.Figures, *gate.Plan, error) {
	before, begin := spent(), time.Now()
	plan, err := read()
	return measure.Figures{Wall: time.Since(begin), CPU: spent() - before}, plan, err
}

// spent is the CPU time of this process and of all that it started and that ended.
func spent() time.Duration {
	var total time.Duration
	for _, who := range []int{syscall.RUSAGE_SELF, syscall.RUSAGE_CHILDREN} {
		var u syscall.Rusage
		if err := syscall.Getrusage(who, &u); err == nil {
			total += time.Duration(u.Utime.Nano() + u.Stime.Nano())
		}
	}
	return total
}

// readSaved reads a plan file without terraform, as the gate does.
func readSaved(path string) (*gate.Plan, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return nil, err
	}
	r, w := io.Pipe()
	go func() {
		_, err := planfile.JSON(file, info.Size(), w)
		w.CloseWithError(err)
	}()
	return tfplan.Decode(r)
}

// readShown reads what a terraform show prints.
func readShown(show *exec.Cmd) (*gate.Plan, error) {
	var complaint strings.Builder
	show.Stderr = &complaint
	text, err := show.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := show.Start(); err != nil {
		return nil, err
	}
	plan, err := tfplan.Decode(text)
	if ended := show.Wait(); ended != nil {
		return nil, fmt.Errorf("terraform show: %w: %.300s", ended, complaint.String())
	}
	return plan, err
}
