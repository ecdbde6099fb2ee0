package pipeline

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode"

	"github.com/holdfast-gate/holdfast/gate/terraform"
)

// A prompt is terraform's question before a change, in terraform's own words,
// which people and scripts know.
type prompt struct {
	title  string
	detail string
	denied string // what is said when the answer is not yes
}

// question returns the prompt that terraform would give. An empty workspace
// means it is not known, and is not named.
func question(product, workspace string, args terraform.Args) prompt {
	where, whose := "", ""
	if workspace != "" && workspace != "default" {
		where, whose = fmt.Sprintf(" in workspace %q", workspace), fmt.Sprintf(" for %q", workspace)
	}
	switch {
	case args.Destroy:
		return prompt{
			title: "Do you really want to destroy all resources" + where + "?",
			detail: "  " + product + " will destroy all your managed infrastructure, as shown above.\n" +
				"  There is no undo. Only 'yes' will be accepted to confirm.",
			denied: "Destroy cancelled.",
		}
	case args.RefreshOnly:
		return prompt{
			title: "Would you like to update the " + product + " state" + whose + " to reflect these detected changes?",
			detail: "  " + product + " will write these changes to the state without modifying any real infrastructure.\n" +
				"  There is no undo. Only 'yes' will be accepted to confirm.",
			denied: "Apply cancelled.",
		}
	}
	return prompt{
		title: "Do you want to perform these actions" + where + "?",
		detail: "  " + product + " will perform the actions described above.\n" +
			"  Only 'yes' will be accepted to approve.",
		denied: "Apply cancelled.",
	}
}

// confirm asks the question and returns 0 if the answer is yes.
func (w *Wrapper) confirm(ctx context.Context, q prompt, args terraform.Args) (int, error) {
	if off := terraform.Getenv(w.Env, "TF_INPUT"); args.NoInput || off == "0" || off == "false" {
		return 1, errors.New("nobody can be asked, because -input=false or TF_INPUT is set\nAdd -auto-approve, or apply a saved plan file; the gate still decides")
	}
	bold, reset := "\x1b[1m", "\x1b[0m"
	if args.NoColor || w.NoColor {
		bold, reset = "", ""
	}
	fmt.Fprintf(w.Out, "%s%s\n%s%s\n%s\n\n  %sEnter a value:%s %s", reset, bold, q.title, reset, q.detail, bold, reset, reset)
	answer, err := readLine(ctx, w.In)
	fmt.Fprintln(w.Out)
	if err != nil {
		return 1, fmt.Errorf("error asking for approval: %w\nAnswer yes, add -auto-approve, or apply a saved plan file", err)
	}
	if strings.TrimRightFunc(answer, unicode.IsSpace) != "yes" { // as terraform trims it
		fmt.Fprintln(w.Out, q.denied)
		return 1, nil
	}
	return 0, nil
}

// errInterrupted is an interrupt while the question stands.
var errInterrupted = errors.New("interrupted")

// readLine reads one line and not a byte more: what follows is for terraform.
// A read cannot be taken back, so one that is interrupted is left behind; the
// process ends then.
func readLine(ctx context.Context, in io.Reader) (string, error) {
	type result struct {
		line string
		err  error
	}
	done := make(chan result, 1)
	go func() {
		var line []byte
		var b [1]byte
		for {
			n, err := in.Read(b[:])
			if n == 1 && b[0] == '\n' {
				done <- result{string(line), nil}
				return
			}
			line = append(line, b[:n]...)
			if err != nil {
				done <- result{string(line), err}
				return
			}
		}
	}()
	select {
	case <-ctx.Done():
		return "", errInterrupted
	case r := <-done:
		return r.line, r.err
	}
}
