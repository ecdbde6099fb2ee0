package config

import (
	"errors"
	"fmt"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"unicode"
)

const mib = 1 << 20

// hostile parses and holds what must be true whatever was given: no panic, a
// config or an error that shows on any terminal as it is, and no more than so
// much allocated, of which what is held at once is a part.
func hostile(t *testing.T, name, src string, most int) error {
	t.Helper()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	cfg, err := Parse(name, []byte(src), "1.0.0")
	var text string
	if err != nil {
		text = err.Error()
	}
	runtime.ReadMemStats(&after)
	if got := int(after.TotalAlloc - before.TotalAlloc); got > most {
		t.Errorf("got %d MiB allocated, want at most %d", got/mib, most/mib)
	}
	if (cfg == nil) == (err == nil) {
		t.Fatalf("got config %v and error %v, want one of them", cfg != nil, err)
	}
	if strings.ContainsFunc(text, func(r rune) bool { return r != '\n' && r != '\t' && !unicode.IsPrint(r) }) || strings.Contains(text, "\t\n") {
		t.Errorf("got %.500q, want text that shows on any terminal as it is", text)
	}
	return err
}

// whole is a config of one cluster with this in it.
func whole(more string) string {
	return "cluster \"search\" {\n  members { tags = { Cluster = \"search\" } }\n" + more + "\n}\n"
}

// as is a config in HCL's JSON of one cluster with this in it.
func as(more string) string {
	return `{"cluster":{"search":{"members":{"tags":{"Cluster":"search"}}` + more + `}}}`
}

func TestHostileConfigs(t *testing.T) {
	const deep = 10_000 // what fits into MaxBytes
	digits := strings.Repeat("9", 100_000)
	var tags, clusters, keys strings.Builder
	for i := range 6_000 {
		fmt.Fprintf(&tags, "t%d = \"v\"\n", i)
		fmt.Fprintf(&keys, "k%d = 1\n", i)
	}
	for i := range 1_500 {
		fmt.Fprintf(&clusters, "cluster \"c%d\" {\n  members { tags = { C = \"%d\" } }\n}\n", i, i)
	}
	for _, tc := range []struct {
		name, hcl, json string // of each form; empty: there is none
		most            int
		says            string // empty: it is a config
	}{
		{"lists in lists", whole("size = " + strings.Repeat("[", deep) + strings.Repeat("]", deep)), as(`,"size":` + strings.Repeat("[", deep) + strings.Repeat("]", deep)), 64 * mib, "Nested too deeply"},
		{"maps in maps", whole("size = " + strings.Repeat("{a=", deep) + "1" + strings.Repeat("}", deep)), as(`,"size":` + strings.Repeat(`{"a":`, deep) + "1" + strings.Repeat("}", deep)), 64 * mib, "Nested too deeply"},
		{"blocks in blocks", strings.Repeat("a {\n", deep) + strings.Repeat("}\n", deep), "", 64 * mib, "Nested too deeply"},
		{"brackets", whole("size = " + strings.Repeat("(", deep) + "1" + strings.Repeat(")", deep)), "", 64 * mib, "Nested too deeply"},
		{"templates in templates", whole(`settle = "` + strings.Repeat(`${"`, deep)), "", 64 * mib, "Nested too deeply"},
		{"a long number", whole("size = " + digits), as(`,"size":` + digits), 64 * mib, "more than 32 digits"},
		{"a long fraction", whole("size = 3." + digits), as(`,"size":3.` + digits), 64 * mib, "more than 32 digits"},
		{"a huge exponent", whole("size = 1e99999"), as(`,"size":1e99999`), mib, "huge exponent"},
		{"a long string", whole(`settle = "` + strings.Repeat("1", 100_000) + `"`), as(`,"settle":"` + strings.Repeat("1", 100_000) + `"`), 64 * mib, "duration"},
		{"a long name", `cluster "` + strings.Repeat("a", 100_000) + `" {}`, `{"cluster":{"` + strings.Repeat("a", 100_000) + `":{}}}`, 64 * mib, ""},
		{"six thousand tags", "cluster \"search\" {\n members {\n tags = {\n" + tags.String() + "}\n}\n}\n", "", 64 * mib, ""},
		{"six thousand keys", keys.String(), "", 768 * mib, "more mistakes follow"},
		{"fifteen hundred clusters", clusters.String(), "", 512 * mib, ""},
		{"operators", whole("size = 1" + strings.Repeat(" + 1", deep)), "", 64 * mib, "Nested too deeply"},
		{"a heredoc without end", whole("settle = <<END\n" + strings.Repeat("a\n", deep)), "", 256 * mib, "Unterminated"},
		{"a comment without end", "/*" + strings.Repeat("a", deep), "", 64 * mib, "Error"},
	} {
		for name, src := range map[string]string{FileName: tc.hcl, JSONFileName: tc.json} {
			if src == "" {
				continue
			}
			t.Run(tc.name+"/"+name, func(t *testing.T) {
				if err := hostile(t, name, src, tc.most); tc.name != "a long name" && tc.says == "" && err != nil || tc.says != "" && (err == nil || !strings.Contains(err.Error(), tc.says)) {
					t.Errorf("got %.600v, want %q", err, tc.says)
				}
			})
		}
	}
}

// A file of any size takes as much memory as a small one.
func TestHugeConfigs(t *testing.T) {
	path := filepath.Join(t.TempDir(), FileName)
	write(t, path, strings.Repeat("# A comment, and many more.\n", 1_000_000))
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	_, err := Load(path, "1.0.0")
	runtime.ReadMemStats(&after)
	if err == nil || !strings.Contains(err.Error(), "is larger than 128 KiB") {
		t.Errorf("got %v, want it refused for its size", err)
	}
	if got := int(after.TotalAlloc - before.TotalAlloc); got > mib {
		t.Errorf("got %d bytes allocated for 28 MB, want at most a MiB", got)
	}
}

// What stands twice: the second could take back what the first promises.
func TestConfigsWithANameTwice(t *testing.T) {
	for name, tc := range map[string]struct{ hcl, json string }{
		"section":   {"scope {}\nscope {}\n", `{"scope":{},"scope":{}}`},
		"listed":    {"", `{"scope":[{},{}]}`},
		"attribute": {"scope {\n victims = 1\n victims = 9\n}\n", `{"scope":{"victims":1,"victims":9}}`},
		"top":       {"workspaces = [\"a\"]\nworkspaces = [\"b\"]\n", `{"workspaces":["a"],"workspaces":["b"]}`},
		"cluster":   {whole("") + whole(""), `{"cluster":{"search":{"members":{"groups":["a"]}},"search":{"members":{"groups":["a"]}}}}`},
		"clusters":  {"", `{"cluster":{"search":{"members":{"groups":["a"]}}},"cluster":{"search":{"members":{"groups":["a"]}}}}`},
		"members":   {whole("members { groups = [\"a\"] }"), as(`,"members":{"groups":["a"]}`)},
		"role":      {whole("role \"a\" {\n members { groups = [\"a\"] }\n}\nrole \"a\" {\n members { groups = [\"b\"] }\n}"), as(`,"role":{"a":{"members":{"groups":["a"]}},"a":{"members":{"groups":["b"]}}}`)},
		"promise":   {whole("survivor_floor = 3\nsurvivor_floor = 0"), as(`,"survivor_floor":3,"survivor_floor":0`)},
		"tag":       {"cluster \"a\" {\n members {\n tags = { C = \"a\", C = \"b\" }\n }\n}\n", `{"cluster":{"a":{"members":{"tags":{"C":"a","C":"b"}}}}}`},
		"escaped":   {"", `{"scope":{"victims":1,"\u0076ictims":9}}`},
	} {
		for file, src := range map[string]string{FileName: tc.hcl, JSONFileName: tc.json} {
			if src == "" {
				continue
			}
			if err := hostile(t, file, src, 4*mib); err == nil {
				t.Errorf("%s in %s: got a config, want it refused: %s", name, file, src)
			}
		}
	}
}

// Text that is no text, or does not show: in a name, in a value, in a comment,
// as it is and escaped.
func TestConfigsWithHiddenText(t *testing.T) {
	for name, text := range map[string]string{
		"no UTF-8": "\xff", "half a character": "\xe2\x82", "a surrogate in UTF-8": "\xed\xa0\x80", "NUL": "\x00", "escape": "\x1b[2J", "bell": "\a", "delete": "\x7f",
		"bidi": "\u202e", "isolate": "\u2066", "zero width": "\u200b", "word joiner": "\u2060", "byte order mark": "\ufeff", "soft hyphen": "\u00ad", "C1": "\u009b31m",
		"line separator": "\u2028", "paragraph separator": "\u2029", "tag character": "\U000e0041", "private use": "\ue000", "replacement": "\ufffd",
	} {
		for place, src := range map[string]string{
			"name": `cluster "a%s" {}`, "tag": `cluster "a" {` + "\n members {\n tags = { C = \"%s\" }\n }\n}\n", "comment": "# %s", "between": "scope {}\n%s\n", "begin": "%sscope {}\n", "end": "scope {}\n%s",
		} {
			if err := hostile(t, FileName, strings.Replace(src, "%s", text, 1), 4*mib); err == nil {
				t.Errorf("%s in a %s: got a config, want it refused", name, place)
			}
		}
		for place, src := range map[string]string{"name": `{"cluster":{"a%s":{}}}`, "tag": `{"cluster":{"a":{"members":{"tags":{"C":"%s"}}}}}`, "end": `{}%s`} {
			if err := hostile(t, JSONFileName, strings.Replace(src, "%s", text, 1), 4*mib); err == nil {
				t.Errorf("%s in a %s of JSON: got a config, want it refused", name, place)
			}
		}
	}
	for _, text := range []string{`\u001b[2J`, `\n`, `\t`, `\u0000`, `\u202e`, `\u200b`, `\u200d`, `\u00ad`, `\u2028`, `\ud800`, `\u009b`} {
		for place, src := range map[string]string{
			"name":  "cluster \"a%s\" {\n members { groups = [\"a\"] }\n}\n",
			"group": "cluster \"a\" {\n members { groups = [\"a%sb\"] }\n}\n",
			"tag":   "cluster \"a\" {\n members {\n tags = { C = \"a%sb\" }\n }\n}\n", "tag's name": "cluster \"a\" {\n members {\n tags = { \"a%sb\" = \"c\" }\n }\n}\n",
			"address": "cluster \"a\" {\n members { addresses = [\"aws_instance.a[\\\"%s\\\"]\"] }\n}\n",
		} {
			if err := hostile(t, FileName, strings.Replace(src, "%s", text, 1), 4*mib); err == nil {
				t.Errorf("%s in a %s: got a config, want it refused", text, place)
			}
		}
		for place, src := range map[string]string{"name": `{"cluster":{"a%sb":{"members":{"groups":["a"]}}}}`, "tag": `{"cluster":{"a":{"members":{"tags":{"C":"a%sb"}}}}}`} {
			if err := hostile(t, JSONFileName, strings.Replace(src, "%s", text, 1), 4*mib); err == nil {
				t.Errorf("%s in a %s of JSON: got a config, want it refused", text, place)
			}
		}
	}
	if err := hostile(t, FileName, "# \U0001f468\u200d\U0001f4bb keeps this\nscope {}\n", mib); err != nil {
		t.Errorf("a picture in a comment: got %v, want a config", err)
	}
}

// Cut anywhere, a config promises everything it did or is refused.
func TestConfigsCutAnywhere(t *testing.T) {
	for name, src := range map[string]string{
		FileName:     "cluster \"search\" {\n  members {\n    tags = { Cluster = \"search\" }\n  }\n  survivor_floor = 20\n}",
		JSONFileName: as(`,"survivor_floor":20`),
	} {
		for n := range len(src) {
			// Nothing at all is a config that declares nothing, and says so.
			if err := hostile(t, name, src[:n], 4*mib); err == nil && strings.TrimSpace(src[:n]) != "" {
				t.Errorf("%s, cut after %d of %d bytes: got a config, want it refused", name, n, len(src))
			}
		}
		if err := hostile(t, name, src, 4*mib); err != nil {
			t.Errorf("%s: got %v", name, err)
		}
		var mistakes *Error
		if err := hostile(t, name, src+"x", 4*mib); !errors.As(err, &mistakes) {
			t.Errorf("%s with more after it: got %v, want an *Error", name, err)
		}
	}
}
