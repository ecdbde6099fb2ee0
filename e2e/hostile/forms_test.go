package hostile

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/holdfast-gate/holdfast/gate/report"
)

// forms writes a verdict about a world in every form there is.
func (w world) forms(t *testing.T, want int) map[string]string {
	t.Helper()
	out := map[string]string{}
	for _, f := range report.Formats() {
		file := filepath.Join(t.TempDir(), f.Name)
		if code, said := w.check(t, "--output", "text", "--output", f.Name+"="+file); code != want {
			t.Fatalf("%s: got exit status %d, want %d:\n%s", f.Name, code, want, said)
		}
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		out[f.Name] = string(b)
	}
	return out
}

// A sensitive value is in no form of report, even where a report would show it
// if it were not.
func TestSecretsAreInNoForm(t *testing.T) {
	const canary = "c4nary.large"
	w := made(t, "search", 3)
	w.plan = strings.ReplaceAll(w.plan, `"instance_type":"search"`, `"instance_type":"`+canary+`"`)
	shown := 0
	for _, text := range w.forms(t, blocked) {
		shown += strings.Count(text, canary)
	}
	if shown == 0 {
		t.Fatal("no form shows the value where it is not sensitive: nothing is tested")
	}
	w.plan = strings.ReplaceAll(w.plan, `"change":{`, `"change":{"before_sensitive":{"instance_type":true},"after_sensitive":{"instance_type":true},`)
	for form, text := range w.forms(t, blocked) {
		if strings.Contains(text, canary) {
			t.Errorf("%s has a sensitive value in it:\n%s", form, text)
		}
	}
}

// Names from a plan and from AWS act on nothing, in any form, through all that
// happens to them on the way there.
func TestHostileNamesInEveryForm(t *testing.T) {
	for _, name := range []string{"@sre", "a|b`c", "</details><h1>x</h1>", "::error::x", "##[error]x", "```\n# x", "[x](https://example.com)", "]]><x/>", "\x1b[2J\u202e"} {
		for form, text := range made(t, name, 3).forms(t, blocked) {
			if form == "markdown" {
				text = strings.NewReplacer("### 🔴", "", "#### Why", "").Replace(text)
			}
			for _, bad := range []string{"\x1b", "\u202e", "##", "\n::x", "\n::error::x", "<h1>"} {
				// In JSON and XML what is HTML is text, and in Markdown's code, too.
				if strings.Contains(text, bad) && (bad != "<h1>" || form == "junit") {
					t.Errorf("%q as %s: got %q in\n%s", name, form, bad, text)
				}
			}
		}
	}
}
