package lines

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"
)

// Every archive in testdata is a configuration, with a file "want" in its root:
// an address, perhaps an attribute, and where it is. The root module is the
// folder "root", if there is one.
func TestPositions(t *testing.T) {
	paths, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(paths) == 0 {
		t.Fatalf("got %d archives, %v", len(paths), err)
	}
	for _, path := range paths {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".txtar"), func(t *testing.T) {
			c := unpack(t, path)
			want, err := os.ReadFile(filepath.Join(c.Base, "want"))
			if err != nil {
				t.Fatal(err)
			}
			n := 0
			for line := range strings.Lines(string(want)) {
				if line = strings.TrimSpace(line); line == "" {
					continue
				}
				n++
				question, place, ok := strings.Cut(line, " => ")
				if !ok {
					t.Fatalf("no place in %q", line)
				}
				if got := answer(c, question); got != place {
					t.Errorf("%s: got %s; want %s", question, got, place)
				}
			}
			if n == 0 {
				t.Error("nothing is asked")
			}
		})
	}
}

func unpack(t *testing.T, path string) *Configuration {
	t.Helper()
	archive, err := txtar.ParseFile(path)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for _, f := range archive.Files {
		name := filepath.Join(dir, f.Name)
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, f.Data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	c := &Configuration{Dir: dir, Base: dir}
	if root := filepath.Join(dir, "root"); dirExists(root) {
		c.Dir = root
	}
	return c
}

func dirExists(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}

// answer answers "ADDRESS", "ADDRESS . ATTRIBUTE" or "root".
func answer(c *Configuration, question string) string {
	var p Position
	var ok bool
	if address, name, attribute := strings.Cut(question, " . "); attribute {
		p, ok = c.Attribute(address, name)
	} else if question == "root" {
		p, ok = c.Root()
	} else {
		p, ok = c.Block(question)
	}
	if !ok {
		return "nowhere"
	}
	return fmt.Sprintf("%s:%d:%d", p.File, p.Line, p.Column)
}

// What is not a configuration has no positions, and nothing goes wrong.
func TestNothingThere(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	for _, dir := range []string{t.TempDir(), file, filepath.Join(file, "x"), "/dev/null"} {
		c := &Configuration{Dir: dir}
		for _, q := range []string{"aws_instance.node", "module.a.aws_instance.node", "aws_instance.node . ami", "root"} {
			if got := answer(c, q); got != "nowhere" {
				t.Errorf("%s, %s: got %s", dir, q, got)
			}
		}
	}
}

// Whatever an address is made of, asking is safe.
func FuzzBlock(f *testing.F) {
	for _, s := range []string{"", "a", "a.b", "module", "module.a", "module.a.b", "data.a.b", "module.module.module", "a.b[", "a.b[0].c", "a[*].b", `a.b["\u202e"]`, "a.b (deposed 00)", "....", "local.x"} {
		f.Add(s, "x")
	}
	dir := f.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "main.tf"), []byte("resource \"a\" \"b\" {\n x = 1\n}\nmodule \"a\" {\n source = \"./\"\n}\n"), 0o644); err != nil {
		f.Fatal(err)
	}
	c := &Configuration{Dir: dir, Base: dir}
	f.Fuzz(func(t *testing.T, address, name string) {
		for _, ask := range []func() (Position, bool){
			func() (Position, bool) { return c.Block(address) },
			func() (Position, bool) { return c.Attribute(address, name) },
		} {
			if p, ok := ask(); ok != (p != Position{}) || ok && (p.File != "main.tf" || p.Line < 1 || p.Column < 1) {
				t.Errorf("got %+v, %v", p, ok)
			}
		}
	})
}

// Positions are relative to where the reader stands, also outside of it; and
// where TF_DATA_DIR says otherwise, what is below it is not the user's.
func TestBaseAndData(t *testing.T) {
	c := unpack(t, "testdata/modules.txtar")
	c.Base = c.Dir
	if got := answer(c, "module.shared.aws_instance.node[0]"); got != "../shared/main.tf:1:1" {
		t.Errorf("got %s", got)
	}
	if err := os.Rename(filepath.Join(c.Dir, ".terraform"), filepath.Join(c.Dir, "cache")); err != nil {
		t.Fatal(err)
	}
	for data, want := range map[string]string{"": "main.tf:15:1", "cache": "../linked/main.tf:1:1", filepath.Join(c.Dir, "cache"): "../linked/main.tf:1:1"} {
		c := &Configuration{Dir: c.Dir, Base: c.Base, Data: data}
		if got := answer(c, "module.linked.aws_instance.node"); got != want {
			t.Errorf("Data %q: got %s; want %s", data, got, want)
		}
	}
}
