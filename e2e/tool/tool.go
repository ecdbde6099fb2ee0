// Package tool finds the terraform or tofu that the tests and the demo run,
// and builds OpenTofu from its Go module where there is none. It downloads no
// binary and changes nothing outside the user's cache directory.
package tool

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/rogpeppe/go-internal/lockedfile"
)

// tofuPackage is what is built.
const tofuPackage = "github.com/opentofu/opentofu/cmd/tofu"

// Terraform returns the path of terraform or tofu and which of the two it is:
// the first on PATH, terraform before tofu; else OpenTofu, built once from the
// module in e2e/tofu and kept in the user's cache directory. A build says so
// on log, since it takes minutes. The error says what is wrong on its first
// line and what to install on the next.
func Terraform(ctx context.Context, log io.Writer) (path, kind string, err error) {
	for _, kind := range []string{"terraform", "tofu"} {
		if path, err := exec.LookPath(kind); err == nil {
			path, err = filepath.Abs(path)
			return path, kind, err
		}
	}
	path, err = build(ctx, log)
	if err != nil {
		return "", "", fmt.Errorf("there is no terraform or tofu on PATH, and OpenTofu could not be built: %w\nInstall terraform or OpenTofu", err)
	}
	return path, "tofu", nil
}

// build returns the built tofu and builds it first if nobody has yet. Two
// processes that ask at the same time build once.
func build(ctx context.Context, log io.Writer) (string, error) {
	module, err := moduleDir()
	if err != nil {
		return "", err
	}
	sums, err := os.ReadFile(filepath.Join(module, "go.sum"))
	if err != nil {
		return "", err
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", err
	}
	// The sums name every version that goes into the binary.
	dir := filepath.Join(cache, "holdfast", fmt.Sprintf("tofu-%x", sha256.Sum256(sums))[:len("tofu-")+12])
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", err
	}
	unlock, err := lockedfile.MutexAt(filepath.Join(dir, "lock")).Lock()
	if err != nil {
		return "", err
	}
	defer unlock()
	path := filepath.Join(dir, "tofu"+exe())
	if _, err := os.Stat(path); err == nil {
		return path, nil
	}
	fmt.Fprintln(log, "No terraform or tofu on PATH: building OpenTofu from its Go module; this takes about five minutes, once")
	return path, compile(ctx, module, path)
}

// compile builds tofu beside path and renames it, so that path is whole or not
// there.
func compile(ctx context.Context, module, path string) error {
	partial := path + ".partial"
	// Flags and a workspace that the user set are meant for other modules.
	env := []string{"GOFLAGS=", "GOWORK=off", "CGO_ENABLED=0"}
	if err := goBuild(ctx, module, partial, tofuPackage, env, "-trimpath", "-ldflags=-s -w -X github.com/opentofu/opentofu/version.dev=no"); err != nil {
		return err
	}
	return os.Rename(partial, path)
}

// goBuild builds a package of the module in a directory.
func goBuild(ctx context.Context, dir, path, pkg string, env []string, flags ...string) error {
	if _, err := exec.LookPath("go"); err != nil {
		return errors.New("there is no go on PATH either")
	}
	cmd := exec.CommandContext(ctx, "go", append(append([]string{"build"}, flags...), "-o", path, pkg)...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), env...)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("go build: %w %s", err, lastLine(string(out)))
	}
	return nil
}

// moduleDir finds the module that pins OpenTofu.
func moduleDir() (string, error) {
	return above(filepath.Join("e2e", "tofu"), tofuPackage)
}

// above finds a module of holdfast's source, by its folder and by a word of its
// go.mod: below a directory that contains the working directory, else where this
// source file was compiled.
func above(folder, word string) (string, error) {
	var starts []string
	if wd, err := os.Getwd(); err == nil {
		starts = append(starts, wd)
	}
	if _, file, _, ok := runtime.Caller(0); ok && filepath.IsAbs(file) {
		starts = append(starts, filepath.Dir(file))
	}
	for _, dir := range starts {
		for {
			module := filepath.Join(dir, folder)
			if text, err := os.ReadFile(filepath.Join(module, "go.mod")); err == nil && strings.Contains(string(text), word) {
				return module, nil
			}
			parent := filepath.Dir(dir)
			if parent == dir {
				break
			}
			dir = parent
		}
	}
	return "", errors.New("its module is part of holdfast's source, which is not here")
}

func exe() string {
	if runtime.GOOS == "windows" {
		return ".exe"
	}
	return ""
}

func lastLine(s string) string {
	s = strings.TrimSpace(s)
	return s[strings.LastIndexByte(s, '\n')+1:]
}
