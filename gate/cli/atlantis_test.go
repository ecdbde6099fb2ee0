package cli

import (
	"context"
	"io"
	"strings"
	"testing"
)

// The standard input of a step of Atlantis is a pipe that is never closed: it
// is never read.
func TestAtlantisIsNeverAsked(t *testing.T) {
	for _, words := range [][]string{{"check", "missing", "-o", "atlantis"}, {"-o", "atlantis", "check", "missing"}, {"check", "missing"}} {
		f, out, _ := factory()
		in, keep := io.Pipe()
		defer keep.Close()
		f.In = in
		f.Env = append(f.Env, "HOLDFAST_OUTPUT=atlantis")
		if code := Run(context.Background(), f, words); code != 0 || !strings.HasPrefix(out.String(), "FAIL") {
			t.Errorf("%q: got exit status %d and %q", words, code, out)
		}
	}
}

// Only check answers a policy check: what changes something keeps its exit
// status.
func TestForAtlantis(t *testing.T) {
	for words, want := range map[string]bool{
		"check -o atlantis p": true, "-o atlantis check p": true, "check --output=atlantis p": true, "check -output atlantis p": true, "check -oatlantis p": true,
		"check p": false, "check -o text p": false, "check -o atlantis=f p": false, "apply -o atlantis": false, "plan": false, "check -o": false,
	} {
		if got := forAtlantis(strings.Fields(words), nil); got != want {
			t.Errorf("%q: got %v", words, got)
		}
	}
	if !forAtlantis([]string{"check", "p"}, []string{"HOLDFAST_OUTPUT=atlantis"}) || forAtlantis([]string{"check", "-o", "json", "p"}, []string{"HOLDFAST_OUTPUT=atlantis"}) {
		t.Error("the environment is asked where there is no flag, and only there")
	}
}
