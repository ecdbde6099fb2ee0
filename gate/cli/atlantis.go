package cli

import (
	"bytes"
	"context"
	"io"
	"slices"
	"strings"

	"github.com/holdfast-gate/holdfast/gate/report"
	"github.com/holdfast-gate/holdfast/gate/terraform"
)

// forAtlantis reports whether check is to answer a custom policy check of
// Atlantis, as far as the words tell before they are understood.
func forAtlantis(words, env []string) bool {
	if !slices.Contains(words, "check") {
		return false
	}
	for i, word := range words {
		name, value, joined := strings.Cut(word, "=")
		if name = strings.TrimLeft(name, "-"); !strings.HasPrefix(word, "-") || name != "o" && name != "output" {
			if word == "-oatlantis" {
				return true
			}
			continue
		}
		if !joined && i+1 < len(words) {
			value = words[i+1]
		}
		return value == "atlantis"
	}
	return terraform.Getenv(env, "HOLDFAST_OUTPUT") == "atlantis"
}

// runForAtlantis runs check for Atlantis, which loses what a policy check says
// when it does not exit with 0, and may take it for passed: whatever happens is
// said, and the exit status is 0. The answer comes first, then the log.
func runForAtlantis(ctx context.Context, f *Factory, words []string) int {
	inner := *f
	var out, log bytes.Buffer
	inner.Out, inner.Err = &out, &log
	code := run(ctx, &inner, words)
	text := out.String()
	if text == "" || code != exitAllowed && !strings.HasPrefix(text, "FAIL") {
		// Without a verdict nothing was checked.
		text = report.Undecided(log.String())
		log.Reset()
	}
	if _, err := io.WriteString(f.Out, text); err != nil {
		return exitUndecided
	}
	_, _ = f.Err.Write(log.Bytes())
	return exitAllowed
}
