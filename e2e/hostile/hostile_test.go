// Package hostile gives the whole program plans, configs and snapshots that
// somebody made to break it, through the same Run as the binary: it must never
// say that a change is allowed, and never show a defect or a raw character. How
// each reader refuses what is its own is tested next to that reader.
package hostile

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/holdfast-gate/holdfast/checks"
	"github.com/holdfast-gate/holdfast/gate"
	"github.com/holdfast-gate/holdfast/gate/cli"
	"github.com/holdfast-gate/holdfast/gate/live"
)

var noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

// The exit statuses of check (README).
const (
	allowed   = 0
	undecided = 1
	blocked   = 3
)

// world is what one run is given. What is in it is well-formed, with name
// wherever somebody may write what he likes.
type world struct{ plan, config, snapshot string }

// made is a world of three instances, of which one plan deletes so many.
func made(t *testing.T, name string, deleted int) world {
	t.Helper()
	quoted := func(s string) string {
		b, err := json.Marshal(s)
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	s := &gate.Snapshot{Account: "123456789012", Started: noon, Finished: noon, Groups: []gate.Group{}}
	var changes []string
	for i := range 3 {
		id := fmt.Sprintf("i-%017x", i+1)
		tags := map[string]string{"Cluster": name, "Name": name, name: name}
		m := gate.Member{ID: id, Region: "us-east-1", Zone: "us-east-1a", Launched: noon.Add(-time.Hour), Tags: tags,
			Attrs: map[string]string{"instance_type": name, "state": "running"}}
		for _, source := range []string{gate.SourceInstances, gate.SourceStatus} {
			m.Observed = append(m.Observed, gate.Observation{Source: source, Field: "ec2.InstanceStateName", Raw: "running", Detail: name, Phase: gate.Steady, Serving: gate.ServingYes, Opinion: true})
		}
		m.Join()
		s.Members = append(s.Members, m)
		action := "no-op"
		values := fmt.Sprintf(`{"id":%q,"arn":"arn:aws:ec2:us-east-1:123456789012:instance/%s","instance_state":"running","instance_type":%s,"tags":{"Cluster":%s},"tags_all":{"Cluster":%[4]s}}`, id, id, quoted(name), quoted(name))
		after := values
		if i < deleted {
			action, after = "delete", "null"
		}
		changes = append(changes, fmt.Sprintf(`{"address":%s,"mode":"managed","type":"aws_instance","change":{"actions":[%q],"before":%s,"after":%s}}`, quoted(fmt.Sprintf("aws_instance.a[%q]", fmt.Sprint(name, i))), action, values, after))
	}
	for _, source := range []string{gate.SourceIdentity, gate.SourceInstances, gate.SourceStatus, gate.SourceGroups, gate.SourceActivities, gate.SourceRefreshes, gate.SourceWarmPools, gate.SourceTargets, gate.SourceVolumes, gate.SourceVolumeStatus, gate.SourceModifications} {
		s.Sources = append(s.Sources, gate.Source{Name: source, Region: "us-east-1", ReadAt: noon, Complete: true, Calls: 1})
	}
	slices.SortFunc(s.Sources, func(a, b gate.Source) int { return strings.Compare(a.Name, b.Name) })
	s.Digest = live.Digest(s)
	var saved bytes.Buffer
	if err := live.Save(&saved, s); err != nil {
		t.Fatal(err)
	}
	return world{
		plan: `{"format_version":"1.2","terraform_version":"1.11.4","timestamp":"2026-11-22T11:59:00Z","complete":true,"applyable":true,"errored":false,"resource_changes":[` +
			strings.Join(changes, ",") + `]}`,
		snapshot: saved.String(),
	}
}

// check runs holdfast check and holds what must be true of any run: an exit
// status of its own, no defect, and only characters that a terminal shows as
// they are.
func (w world) check(t *testing.T, flags ...string) (code int, said string) {
	t.Helper()
	dir := t.TempDir()
	words := append([]string{"-chdir=" + dir}, flags...)
	words = append(words, "check", "--live", filepath.Join(dir, "snapshot"), "--at", noon.Format(time.RFC3339), filepath.Join(dir, "plan"))
	files := map[string]string{"plan": w.plan, "snapshot": w.snapshot}
	if w.config != "" {
		files["holdfast.hcl"] = w.config
	}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	var stdout, stderr bytes.Buffer
	code = cli.Run(t.Context(), &cli.Factory{
		In: strings.NewReader(""), Out: &stdout, Err: &stderr, Env: []string{"HOME=" + dir}, Now: func() time.Time { return noon }, Suite: checks.Suite(),
		Sleep: func(ctx context.Context, _ time.Duration) error { return ctx.Err() },
	}, words)
	said = stdout.String() + stderr.String()
	if !slices.Contains([]int{allowed, undecided, blocked}, code) {
		t.Errorf("got exit status %d", code)
	}
	for _, word := range []string{"defect", "goroutine ", "panic", "runtime error", "%!", ".go:", "json:", "jsontext", "cty", "nil pointer"} {
		if strings.Contains(said, word) {
			t.Errorf("got %q in the output:\n%.2000s", word, said)
		}
	}
	if strings.ContainsFunc(said, func(r rune) bool { return r != '\n' && !unicode.IsPrint(r) }) {
		t.Errorf("got output with characters that do not show:\n%.2000q", said)
	}
	if strings.TrimSpace(said) == "" && !slices.Contains(flags, "--output-file") {
		t.Error("got no output: nobody knows why")
	}
	return code, said
}

// Without anything hostile in it the world is what the other tests think: one
// of three may go, all of them may not.
func TestWorld(t *testing.T) {
	for deleted, want := range map[int]int{1: allowed, 3: blocked} {
		if code, said := made(t, "search", deleted).check(t); code != want {
			t.Errorf("%d of 3 deleted: got exit status %d, want %d:\n%s", deleted, code, want, said)
		}
	}
}

// Whatever is wrong with one of the three files, there is no verdict, and the
// change that would be allowed is not.
func TestNeverAllowed(t *testing.T) {
	const deep = 100_000
	good := made(t, "search", 1)
	good.config = "cluster \"search\" {\n  members { tags = { Cluster = \"search\" } }\n  survivor_floor = 2\n}\n"
	if code, said := good.check(t); code != allowed {
		t.Fatalf("got exit status %d, want %d: nothing is tested:\n%s", code, allowed, said)
	}
	insert := func(text, member string) string { return strings.Replace(text, "{", "{"+member+",", 1) }
	twice := func(text string) string { return text + text }
	ways := map[string]func(string) string{
		"nothing":         func(string) string { return "" },
		"half":            func(s string) string { return s[:len(s)/2] },
		"without its end": func(s string) string { return strings.TrimRight(s, "}\n") },
		"arrays":          func(s string) string { return insert(s, `"x":`+strings.Repeat("[", deep)+strings.Repeat("]", deep)) },
		"objects": func(s string) string {
			return insert(s, `"x":`+strings.Repeat(`{"a":`, deep)+"1"+strings.Repeat("}", deep))
		},
		"brackets alone":   func(string) string { return strings.Repeat("[", deep) },
		"a name twice":     func(s string) string { return insert(s, `"format_version":"1"`) },
		"no UTF-8":         func(s string) string { return insert(s, "\"x\":\"\xff\"") },
		"a lone surrogate": func(s string) string { return insert(s, `"x":"\ud800"`) },
		"NUL":              func(s string) string { return s + "\x00" },
		"something after":  func(s string) string { return s + "}" },
		"itself after":     twice,
		"a wrong mark":     func(s string) string { return "\xff\xfe" + s },
		"two marks":        func(s string) string { return "\xef\xbb\xbf\xef\xbb\xbf" + s },
		"escapes before":   func(s string) string { return "\x1b[2J" + s },
		"names that draw":  func(s string) string { return insert(s, `"\u001b[2J\u202e\u200b":1, "\u001b[2J\u202e\u200b":1`) },
		"a version to draw": func(s string) string {
			return strings.Replace(s, `"format_version":`, `"format_version":"\u001b[2J","y":`, 1)
		},
		"a list": func(s string) string { return "[" + s + "]" },
		"null":   func(string) string { return "null" },
	}
	for way, spoil := range ways {
		t.Run("plan/"+way, func(t *testing.T) {
			w := good
			w.plan = spoil(good.plan)
			if code, said := w.check(t); code != undecided {
				t.Errorf("got exit status %d, want %d:\n%.2000s", code, undecided, said)
			}
		})
		t.Run("snapshot/"+way, func(t *testing.T) {
			w := good
			w.snapshot = spoil(good.snapshot)
			if code, said := w.check(t); code != undecided {
				t.Errorf("got exit status %d, want %d:\n%.2000s", code, undecided, said)
			}
		})
	}
	for name, config := range map[string]string{
		"half": good.config[:len(good.config)/2], "twice": twice(good.config), "no UTF-8": good.config + "# \xff", "NUL": good.config + "\x00", "escape": "# \x1b[2J\n" + good.config,
		"bidi": "# \u202e\n" + good.config, "zero width": strings.Replace(good.config, "search", "sea\u200brch", 1), "too long": good.config + strings.Repeat("# x\n", 1_000_000),
		"nested": "a = " + strings.Repeat("[", deep), "a floor twice": strings.Replace(good.config, "survivor_floor = 2", "survivor_floor = 2\nsurvivor_floor = 0", 1),
		"a long number": strings.Replace(good.config, "= 2", "= 0."+strings.Repeat("0", 10_000)+"2", 1), "huge exponent": strings.Replace(good.config, "= 2", "= 1e999999999", 1),
		"UTF-16": "\xff\xfec\x00", "JSON": `{"cluster":{}}`, "a function": strings.Replace(good.config, "= 2", `= file("/etc/passwd")`, 1),
	} {
		t.Run("config/"+name, func(t *testing.T) {
			w := good
			w.config = config
			if code, said := w.check(t); code != undecided {
				t.Errorf("got exit status %d, want %d:\n%.2000s", code, undecided, said)
			}
		})
	}
}

// Names that would draw on a terminal, in addresses, tags and attributes, are
// names: the verdict is that of any other name, and shows them escaped.
func TestNamesThatDraw(t *testing.T) {
	for what, name := range map[string]string{
		"colour": "\x1b[32mholdfast: ALLOWED\x1b[0m", "clear": "\x1b[2J\x1b[H", "lines": "x\r\nholdfast: ALLOWED", "a line": "x\n\nholdfast: ALLOWED", "bidi": "\u202eDEWOLLA\u2066", "zero width": "a\u200bb\u2060\ufeff",
		"NUL": "a\x00b", "C1": "\u009b31m", "tag characters": "a\U000e0041", "line separator": "a\u2028b", "title": "\x1b]0;owned\a", "link": "\x1b]8;;http://evil.example\x1b\\x", "marks": "a" + strings.Repeat("\u0301", 50), "long": strings.Repeat("a", 60_000),
	} {
		for _, flags := range [][]string{nil, {"--verbose"}, {"-o", "json"}} {
			t.Run(what+"/"+strings.Join(flags, " "), func(t *testing.T) {
				w := made(t, name, 3)
				if slices.Contains(flags, "json") {
					w.json(t, flags)
					return
				}
				code, said := w.check(t, flags...)
				if code != blocked {
					t.Errorf("got exit status %d, want %d:\n%.2000s", code, blocked, said)
				}
				for line := range strings.Lines(said) {
					if strings.HasPrefix(line, "holdfast: ALLOWED") {
						t.Errorf("a name made a line of its own:\n%.2000s", said)
					}
				}
			})
		}
	}
}

// json checks that the report for programs is JSON and says the same.
func (w world) json(t *testing.T, flags []string) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "verdict.json")
	code, _ := w.check(t, append(flags, "--output-file", file, "--verbose")...)
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var v struct {
		Decision string `json:"decision"`
	}
	if err := json.Unmarshal(text, &v); err != nil || v.Decision != gate.Block.String() {
		t.Errorf("got %v and decision %q, want JSON that says block:\n%.500s", err, v.Decision, text)
	}
	if code != blocked {
		t.Errorf("got exit status %d, want %d", code, blocked)
	}
}
