package terraform

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"strings"
)

func (t *Tool) showArgv(file string) []string {
	return append(t.global(), "show", "-no-color", "-json", file)
}

// Show runs show -json on a plan file and hands its output to read while it is
// being written. terraform-exec is not used because it holds the whole output
// in memory, which for a large state is more than the machine may have.
func (t *Tool) Show(ctx context.Context, file string, read func(io.Reader) error) error {
	cmd := t.command(t.showArgv(file), t.quietEnv())
	out, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	said := &head{limit: 16 << 10}
	cmd.Stderr = said
	if err := cmd.Start(); err != nil {
		return t.cannotRun(err)
	}
	stop := context.AfterFunc(ctx, func() { _ = cmd.Process.Signal(os.Interrupt) })
	defer stop()
	in := bufio.NewReaderSize(out, 64<<10)
	skipWarnings(in)
	readErr := read(in)
	_, _ = io.Copy(io.Discard, out) // a reader that stopped early must not leave the child blocked
	if err := cmd.Wait(); err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		return fmt.Errorf("%s show could not read the plan %s: %s\n"+
			"Give a plan made by this %s with -out, in a directory where init has run", t.Name(), file, said.sentence(), t.Name())
	}
	return readErr
}

// skipWarnings drops the lines in front of the JSON: OpenTofu prints warnings
// about its own configuration to stdout. It looks no further than the buffer,
// and where there is no JSON it drops nothing.
func skipWarnings(in *bufio.Reader) {
	start, _ := in.Peek(1)
	if string(start) == "{" {
		return // the rule; waiting for a full buffer would only take time
	}
	head, _ := in.Peek(in.Size())
	if at := bytes.Index(head, []byte("\n{")); at >= 0 {
		_, _ = in.Discard(at + 1)
	}
}

// capture runs a call that only holdfast reads and returns its output.
func (t *Tool) capture(ctx context.Context, argv []string) (string, error) {
	cmd := t.command(argv, t.quietEnv())
	var out bytes.Buffer
	said := &head{limit: 16 << 10}
	cmd.Stdout, cmd.Stderr = &out, said
	if err := cmd.Start(); err != nil {
		return "", t.cannotRun(err)
	}
	stop := context.AfterFunc(ctx, func() { _ = cmd.Process.Signal(os.Interrupt) })
	defer stop()
	if err := cmd.Wait(); err != nil {
		if ctx.Err() != nil {
			return "", ctx.Err()
		}
		return "", fmt.Errorf("%s %s failed: %s\nRun it by hand to see why", t.Name(), strings.Join(argv, " "), said.sentence())
	}
	return out.String(), nil
}

// quietEnv is the environment for what only holdfast reads: without the user's
// extra words, which are for what the user runs, and without looking for news.
func (t *Tool) quietEnv() []string {
	return Setenv(Unsetenv(t.Env, "TF_CLI_ARGS", "TF_CLI_ARGS_show", "TF_CLI_ARGS_state", "TF_CLI_ARGS_state_pull", "TF_CLI_ARGS_version", "TF_CLI_ARGS_workspace", "TF_CLI_ARGS_workspace_show"),
		"CHECKPOINT_DISABLE", "1")
}

func (t *Tool) cannotRun(err error) error {
	return fmt.Errorf("%s could not be run: %v\nName a working terraform or tofu with --tf-path or HOLDFAST_TF_PATH", t.Path, err)
}

// head keeps the first limit bytes of what a child says on stderr.
type head struct {
	limit int
	bytes.Buffer
}

func (t *head) Write(p []byte) (int, error) {
	if room := t.limit - t.Len(); room > 0 {
		t.Buffer.Write(p[:min(room, len(p))])
	}
	return len(p), nil
}

// sentence returns terraform's error in one line: its summary, without the box
// it is drawn in.
func (t *head) sentence() string {
	first := ""
	for line := range strings.Lines(t.String()) {
		line = strings.TrimSpace(strings.Trim(strings.TrimSpace(line), "│╷╵"))
		if text, ok := strings.CutPrefix(line, "Error: "); ok {
			return text
		}
		if first == "" {
			first = line
		}
	}
	if first == "" {
		return "it gave no reason"
	}
	return first
}
