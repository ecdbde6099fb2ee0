// Command pairs records plan files, each with what terraform show prints of it,
// for every way in which a plan can come about:
//
//	go run ./e2e/pairs -terraform BINARY
//
// or compares the sources of versions that were not recorded with those of
// versions that were:
//
//	go run ./e2e/pairs -sources
//
// Plan files go to gate/planfile/testdata, in a folder that is named after the product
// and its version, and a test there holds both readings equal. A version of
// Terraform or OpenTofu has its plan files read without its help only once that
// test passes with its folder, or with those of a version before and one after it
// that are alike in all that makes a plan file; nothing else proves one.
package main

import (
	"context"
	"embed"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path"
	"path/filepath"
	"strings"

	"github.com/rogpeppe/go-internal/txtar"
)

//go:embed stories/*.txtar
var stories embed.FS

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	binary := flag.String("terraform", "terraform", "terraform or tofu")
	out := flag.String("to", filepath.Join("gate", "planfile", "testdata"), "where the folder of the version is made")
	only := flag.String("only", "", "the one story to record")
	compare := flag.Bool("sources", false, "compare sources and record nothing")
	flag.Parse()
	do := func() error { return record(ctx, *binary, *out, *only) }
	if *compare {
		do = func() error { return sources(ctx) }
	}
	if err := do(); err != nil {
		fmt.Fprintln(os.Stderr, "pairs:", err)
		os.Exit(1)
	}
}

// record plays every story with a terraform.
func record(ctx context.Context, binary, out, only string) error {
	binary, err := exec.LookPath(binary)
	if err != nil {
		return err
	}
	if binary, err = filepath.Abs(binary); err != nil {
		return err
	}
	is, err := identify(ctx, binary)
	if err != nil {
		return err
	}
	dir := filepath.Join(out, is.String())
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	names, err := stories.ReadDir("stories")
	if err != nil {
		return err
	}
	for _, f := range names {
		name := strings.TrimSuffix(f.Name(), ".txtar")
		if only != "" && name != only {
			continue
		}
		text, err := stories.ReadFile(path.Join("stories", f.Name()))
		if err != nil {
			return err
		}
		err = play(ctx, is, txtar.Parse(text), filepath.Join(dir, name))
		switch {
		case errors.Is(err, errNotInVersion):
			fmt.Printf("%s %s: this version has none\n", is, name)
		case err != nil:
			return fmt.Errorf("%s: %w", name, err)
		default:
			fmt.Printf("%s %s\n", is, name)
		}
	}
	return nil
}

// program is a terraform or a tofu.
type program struct{ path, product, version string }

func (p program) String() string { return p.product + "-" + p.version }

// identify asks a program what it is. OpenTofu names its version as Terraform
// does.
func identify(ctx context.Context, binary string) (program, error) {
	is := program{path: binary}
	line, err := exec.CommandContext(ctx, binary, "version").Output()
	if err != nil {
		return is, fmt.Errorf("%s version: %w", binary, err)
	}
	is.product = "terraform"
	if strings.Contains(string(line), "OpenTofu v") {
		is.product = "tofu"
	}
	text, err := exec.CommandContext(ctx, binary, "version", "-json").Output()
	if err != nil {
		return is, fmt.Errorf("%s version -json: %w", binary, err)
	}
	var v struct {
		Version string `json:"terraform_version"`
	}
	err = json.Unmarshal(text, &v)
	is.version = v.Version
	return is, err
}
