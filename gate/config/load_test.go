package config

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestFind(t *testing.T) {
	dir := t.TempDir()
	if got, err := Find(dir); got != "" || err != nil {
		t.Errorf("an empty directory: got %q, %v; want none", got, err)
	}
	write(t, filepath.Join(dir, JSONFileName), "{}")
	if got, err := Find(dir); got != filepath.Join(dir, JSONFileName) || err != nil {
		t.Errorf("got %q, %v; want the JSON file", got, err)
	}
	write(t, filepath.Join(dir, FileName), "")
	if got, err := Find(dir); err == nil || !strings.Contains(err.Error(), "keep one of them") {
		t.Errorf("two configs: got %q, %v; want an error", got, err)
	}
	file := filepath.Join(dir, FileName)
	if got, err := Find(file); err == nil {
		t.Errorf("a directory that is a file: got %q; want an error", got)
	}
}

// A config that is there but cannot be read is found, so that Load fails:
// running without it would drop its promises.
func TestFindKeepsABrokenLink(t *testing.T) {
	dir := t.TempDir()
	if err := os.Symlink("nowhere", filepath.Join(dir, FileName)); err != nil {
		t.Fatal(err)
	}
	path, err := Find(dir)
	if err != nil || path == "" {
		t.Fatalf("got %q, %v; want the link", path, err)
	}
	if _, err := Load(path, "1.0.0"); err == nil || !strings.Contains(err.Error(), "no such file") {
		t.Errorf("got %v; want an error", err)
	}
}

func TestLoad(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, FileName)
	write(t, path, "scope {\n  clusters = 1\n}\n")
	cfg, err := Load(path, "1.0.0")
	if err != nil || *cfg.MaxClusters != 1 {
		t.Fatalf("got %+v, %v", cfg, err)
	}
	if want := "d444f7596c71dde69b944af09b6a7ae7bbbdb3be1978b2e7d9ec67417c4b3d6c"; cfg.Digest != want {
		t.Errorf("got digest %s; want %s", cfg.Digest, want)
	}
	for name, tt := range map[string]struct{ path, want string }{
		"missing":   {filepath.Join(dir, "none.hcl"), "no such file"},
		"directory": {dir, "is a directory"},
		"huge":      {huge(t, dir), "is larger than 128 KiB"},
	} {
		_, err := Load(tt.path, "1.0.0")
		if err == nil || !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: got %v; want one sentence with %q", name, err, tt.want)
		}
	}
}

func huge(t *testing.T, dir string) string {
	t.Helper()
	path := filepath.Join(dir, "huge.hcl")
	write(t, path, strings.Repeat("#", MaxBytes+1))
	return path
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestRequiredVersion(t *testing.T) {
	for _, tt := range []struct {
		want, have string
		ok         bool
	}{
		{">= 0.1", "0.1.0", true},
		{">= 0.2", "0.1.9", false},
		{"~> 1.2", "1.9.0", true},
		{"~> 1.2", "2.0.0", false},
		{">= 0.2", "0.2.0-dev", true}, // a pre-release of what is required
		{">= 0.2", "v0.2.0", true},
		{">= 0.1", "", false},
		{">= 0.1", "(devel)", false},
	} {
		_, err := Parse("h.hcl", []byte("gate {\n required_version = \""+tt.want+"\"\n}\n"), tt.have)
		if (err == nil) != tt.ok {
			t.Errorf("%s, running %q: got %v", tt.want, tt.have, err)
		}
	}
	if _, err := Parse("h.hcl", nil, ""); err != nil {
		t.Errorf("no requirement and no version: got %v", err)
	}
}

// What would exhaust the parser is refused before it is parsed.
func TestUnfit(t *testing.T) {
	half := MaxBytes / 2
	for _, tt := range []struct{ name, file, src, want string }{
		{"lists", "h.hcl", "a = " + strings.Repeat("[", half), "Nested too deeply"},
		{"maps", "h.json", strings.Repeat(`{"a":`, half/5), "Nested too deeply"},
		{"closing brackets in strings", "h.hcl", "a = " + strings.Repeat(`["]",`, half/5), "Nested too deeply"},
		{"negations", "h.hcl", "a = " + strings.Repeat("!", half), "Nested too deeply"},
		{"conditions", "h.hcl", "a = " + strings.Repeat("b?c:", half/4), "Nested too deeply"},
		{"templates", "h.hcl", "a = " + strings.Repeat(`"${`, half/3), "Nested too deeply"},
		{"huge exponent", "h.hcl", "scope {\n victims = 1e999999999\n}", "line 2"},
		{"huge exponent", "h.json", `{"scope": {"victims": 1E-999999999}}`, "huge exponent"},
		{"hidden in a template", "h.json", `{"scope": {"victims": "${1e999999999}"}}`, "Template not allowed"},
		{"escape", "h.hcl", "# \x1b[2J", "U+001B"},
		{"carriage return", "h.hcl", "# a\rb", "U+000D"},
		{"not UTF-8", "h.hcl", "# \xff", "U+FFFD"},
		{"binary", "h.hcl", "\x7fELF\x00", "Hidden character"},
	} {
		_, err := Parse(tt.file, []byte(tt.src), "1.0.0")
		if err == nil || !strings.Contains(err.Error(), tt.want) || len(err.Error()) > 400 {
			t.Errorf("%s in %s: got %.400v; want %q", tt.name, tt.file, err, tt.want)
		}
	}
	if _, err := Parse("h.hcl", []byte("# lines end as on Windows\r\nscope {}\r\n"), "1.0.0"); err != nil {
		t.Errorf("got %v", err)
	}
}

func TestManyMistakes(t *testing.T) {
	_, err := Parse("h.hcl", []byte(strings.Repeat("a = 1\n", 1000)), "1.0.0")
	if err == nil || strings.Count(err.Error(), "Error: ") != maxMistakes || !strings.Contains(err.Error(), "more mistakes follow") {
		t.Errorf("got %.300v; want %d mistakes and the number of the others", err, maxMistakes)
	}
}

func TestWriteWrapsAndColours(t *testing.T) {
	_, err := Parse("h.hcl", []byte("cluster \"a\" {\n}\n"), "1.0.0")
	var e *Error
	if !errors.As(err, &e) {
		t.Fatalf("got %v", err)
	}
	var b bytes.Buffer
	if err := e.Write(&b, 40, true); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(b.String(), "\x1b[31mError\x1b[0m") {
		t.Errorf("got no colour:\n%s", b.String())
	}
	for line := range strings.Lines(b.String()) {
		if len(line) > 60 {
			t.Errorf("got a line of %d bytes; want it wrapped: %q", len(line), line)
		}
	}
	if strings.Contains(err.Error(), "\x1b") {
		t.Error("the text of the error has colour")
	}
}
