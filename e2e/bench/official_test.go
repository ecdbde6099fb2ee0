//go:build official

package main

import (
	"strings"
	"testing"
)

// The whole, at its smallest: both ways change the same world, and holdfast has
// terraform do nothing that takes its providers but plan and apply.
func TestOfficialApply(t *testing.T) {
	var out, log strings.Builder
	if err := bench(t.Context(), []string{"-sizes=", "-program=false", "-saved=false", "-live=false", "-apply", "-instances=8", "-rounds=1"}, &out, &log); err != nil {
		t.Fatalf("%v\n%s", err, &log)
	}
	for _, want := range []string{"holdfast itself", "plan", "apply", "state pull"} {
		if line(out.String(), want) == "" {
			t.Errorf("there is no row of %s:\n%s", want, &out)
		}
	}
	for _, not := range []string{"show", "version"} {
		if line(out.String(), not) != "" {
			t.Errorf("there is a row of %s:\n%s", not, &out)
		}
	}
	if bar := line(out.String(), "holdfast apply over"); !strings.Contains(out.String(), "DescribeInstances") || !strings.Contains(strings.ToUpper(bar), "MET") || strings.Contains(bar, "NOT MEASURED") {
		t.Errorf("got %q, want it measured:\n%s%s", bar, &out, &log)
	}
}

// line is the first line of a text that begins so.
func line(text, begin string) string {
	for l := range strings.Lines(text) {
		if strings.HasPrefix(l, begin) {
			return l
		}
	}
	return ""
}
