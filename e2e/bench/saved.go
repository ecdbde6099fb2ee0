package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

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

// measureSaved reads one saved plan as holdfast does and through terraform show
// and its JSON, each with each provider that is there.
func measureSaved(ctx context.Context, rounds int, out, log io.Writer) ([]bar, error) {
	var bars []bar
	for _, official := range []bool{false, true} {
		b := bar{what: "CPU of terraform show against reading the plan file, 1,000, test provider", unit: "x", must: 100, stretch: 500, least: true, measured: math.NaN()}
		if official {
			b.what = "CPU of terraform show against reading the plan file, 1,000, official provider"
		}
		var err error
		b.measured, b.why, err = raceSaved(ctx, official, rounds, out, log)
		if err != nil {
			return nil, err
		}
		bars = append(bars, b)
	}
	return bars, nil
}

// raceSaved returns how many times the CPU time of reading the file terraform
// show and decoding its JSON take, or why that was not measured. The test
// provider runs in this process, so its share counts too.
func raceSaved(ctx context.Context, official bool, rounds int, out, log io.Writer) (times float64, why string, err error) {
	terraform, _, err := tool.Terraform(ctx, log)
	if err != nil {
		return math.NaN(), "there is no terraform", nil
	}
	s, err := stage.Simulated(awssim.New(time.Now().Add(-24*time.Hour)), 5*time.Second)
	if err != nil {
		return 0, "", err
	}
	defer s.Close()
	switch mirror := tool.Mirror(); {
	case !official:
		err = s.Attach()
	case mirror == "":
		fmt.Fprintf(log, "\n!!! NOT MEASURED WITH THE OFFICIAL PROVIDER: %s names no mirror that has it\n\n", tool.MirrorVariable)
		return math.NaN(), "the official provider is not here", nil
	default:
		err = s.UseMirror(mirror)
	}
	if err != nil {
		return 0, "", err
	}
	dir, err := os.MkdirTemp("", "holdfast-bench-saved-")
	if err != nil {
		return 0, "", err
	}
	defer os.RemoveAll(dir)
	if err := os.WriteFile(filepath.Join(dir, "main.tf"), fmt.Appendf(nil, savedConfig, savedSize), 0o600); err != nil {
		return 0, "", err
	}
	run := func(words ...string) *exec.Cmd {
		cmd := exec.CommandContext(ctx, terraform, words...)
		cmd.Dir, cmd.Env = dir, s.Env()
		return cmd
	}
	for _, words := range [][]string{{"init", "-input=false"}, {"plan", "-input=false", "-out=plan.tfplan"}} {
		if text, err := run(words...).CombinedOutput(); err != nil {
			return 0, "", fmt.Errorf("terraform %s: %w\n%.1000s", words[0], err, text)
		}
	}
	var own, shown []figures
	for range rounds {
		f, here, err := timed(func() (*gate.Plan, error) { return readSaved(filepath.Join(dir, "plan.tfplan")) })
		var unproven *planfile.Unproven
		if errors.As(err, &unproven) {
			return math.NaN(), "holdfast leaves the plan files of this terraform to it", nil
		}
		if err != nil {
			return 0, "", err
		}
		own = append(own, f)
		f, there, err := timed(func() (*gate.Plan, error) { return readShown(run("show", "-json", "plan.tfplan")) })
		if err != nil {
			return 0, "", err
		}
		shown = append(shown, f)
		if len(here.Changes) != savedSize || len(there.Changes) != savedSize {
			return 0, "", fmt.Errorf("the two readers found %d and %d changes, and there are %d", len(here.Changes), len(there.Changes), savedSize)
		}
	}
	fmt.Fprintf(out, "a saved plan of %d instances, official provider %t: read in %s ms (CPU %s), with terraform show in %s ms (CPU %s)\n\n", savedSize, official,
		number(best(own).wall.Seconds()*1000), number(best(own).cpu.Seconds()*1000), number(best(shown).wall.Seconds()*1000), number(best(shown).cpu.Seconds()*1000))
	return best(shown).cpu.Seconds() / best(own).cpu.Seconds(), "", nil
}

// timed measures what a reader takes in this process and in those it starts.
func timed(read func() (*gate.Plan, error)) (figures, *gate.Plan, error) {
	before, begin := spent(), time.Now()
	plan, err := read()
	return figures{wall: time.Since(begin), cpu: spent() - before}, plan, err
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
