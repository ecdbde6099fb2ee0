package report

import (
	"bytes"
	"fmt"
	"io"
	"strings"

	"github.com/holdfast-gate/holdfast/gate"
	"github.com/holdfast-gate/holdfast/gate/lazy"
)

// Atlantis writes a verdict for a custom policy check of Atlantis, which tells
// by this text, and by nothing else, whether the check failed:
//
//   - 0.26 to 0.38: if it has "fail" in it, in any case;
//   - from 0.39: if it begins with "FAIL", or has "N failures" in it with an N
//     above zero.
//
// So one that does not permit begins with a line "FAIL - CODE on CLUSTER" for
// every finding that blocks, which stays the same as long as the same is found
// (approvals are kept by these lines), and ends with the counts that Atlantis
// takes from conftest. One that permits begins with "OK" and has no "fail" in
// it. Neither is ever empty, has a code fence in it, or a line that Atlantis
// takes for the summary of a plan. The error is that of w.
func Atlantis(w io.Writer, v gate.Verdict, o Options) error {
	fs, known := reasons(v), knownTo(v)
	var b bytes.Buffer
	failures, warnings, passed := 0, 0, 0
	for _, f := range fs {
		if o.stops(f) {
			failures++
			line := "FAIL - " + clean(code(f.Code, f.Cluster, f.Role))
			if about := known.of(f); len(about) > 0 {
				line += ": " + clean(strings.Join(about, ", "))
			}
			fmt.Fprintln(&b, line)
		} else {
			warnings++
		}
	}
	for _, r := range v.Runs {
		if r.Outcome == gate.Ran && r.Decision == gate.Allow {
			passed++
		}
	}
	if o.permits(v) {
		said, sentence := Headline(v)
		if !v.Decision.Permits() {
			said, sentence = "OBSERVE MODE", observed(v.Decision)+": "+sentence
		}
		fmt.Fprintf(&b, "OK - %s: %s\n", said, clean(sentence))
	}
	b.WriteString("\n")
	plain := Options{Verbose: o.Verbose, Observe: o.Observe, Place: o.Place}
	if err := Text(&b, v, plain); err != nil {
		return err
	}
	text := unfenced(b.String())
	text = summary().ReplaceAllStringFunc(text, func(s string) string { return shown(s[0]) + s[1:] })
	if o.permits(v) {
		text = fail().ReplaceAllStringFunc(text, func(s string) string { return s[:1] + shown(s[1]) + s[2:] })
	} else {
		text += fmt.Sprintf("\n%d tests, %d passed, %d warnings, %d failures, 0 exceptions\n", passed+warnings+failures, passed, warnings, failures)
	}
	_, err := io.WriteString(w, text)
	return err
}

// Undecided is what Atlantis is told where there is no verdict: that the check
// failed, and why. An exit status would be lost there, and a check without text
// may pass.
func Undecided(why string) string {
	lines := []string{"FAIL - holdfast could not decide", ""}
	for line := range strings.Lines(why) {
		lines = append(lines, clean(strings.TrimRight(line, "\n")))
	}
	lines = append(lines, "", "1 test, 0 passed, 0 warnings, 1 failure, 0 exceptions", "")
	return unfenced(strings.Join(lines, "\n"))
}

// What Atlantis acts on wherever it stands: the end of the fence it puts text
// in, the summaries of a plan, and, in a check that passes, the word itself.
var (
	fences  = lazy.MustCompile("`{3,}")
	summary = lazy.MustCompile(`Plan: [0-9]|No changes\. |Note: Objects have changed|Changes to Outputs`)
	fail    = lazy.MustCompile(`(?i)fail`)
)

// unfenced is text without anything that ends a code fence.
func unfenced(s string) string {
	return fences().ReplaceAllStringFunc(s, func(run string) string { return strings.Repeat(shown('`'), len(run)) })
}
