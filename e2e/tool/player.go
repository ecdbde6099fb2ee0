package tool

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
)

// The module of holdfast, and the program that plays the demo.
const (
	holdfastModule = "module github.com/holdfast-gate/holdfast\n"
	playerPackage  = "github.com/holdfast-gate/holdfast/cmd/holdfast-demo"
)

// Player returns the path of holdfast-demo: the one beside holdfast, as a
// release has it, else the one on PATH, else one built from the source that
// holdfast itself was built from, which takes a minute the first time. The error
// says what is wrong on its first line and what to do on the next.
func Player(ctx context.Context, holdfast string, log io.Writer) (string, error) {
	name := "holdfast-demo" + exe()
	if beside := filepath.Join(filepath.Dir(holdfast), name); holdfast != "" && isFile(beside) {
		return beside, nil
	}
	if path, err := exec.LookPath(name); err == nil {
		return filepath.Abs(path)
	}
	path, err := buildPlayer(ctx, name, log)
	if err != nil {
		return "", fmt.Errorf("there is no holdfast-demo beside holdfast or on PATH, and it could not be built: %w\nInstall it with: go install %s@latest", err, playerPackage)
	}
	return path, nil
}

// buildPlayer builds it anew each time: go does again only what has changed.
func buildPlayer(ctx context.Context, name string, log io.Writer) (string, error) {
	module, err := above(".", holdfastModule)
	if err != nil {
		return "", err
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", err
	}
	dir := filepath.Join(cache, "holdfast")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", err
	}
	path := filepath.Join(dir, name)
	if !isFile(path) {
		fmt.Fprintln(log, "Building holdfast-demo, which has the simulated AWS in it; this takes up to a minute, once")
	}
	// Two that build at once each rename a whole file.
	partial := fmt.Sprintf("%s.%d", path, os.Getpid())
	defer os.Remove(partial)
	// In the user's own settings go has built most of it already, as part of
	// holdfast.
	if err := goBuild(ctx, module, partial, playerPackage, nil); err != nil {
		return "", err
	}
	return path, os.Rename(partial, path)
}

func isFile(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular()
}
