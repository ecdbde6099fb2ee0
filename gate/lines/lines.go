// Package lines finds where in a Terraform configuration an address is written:
// file, line and column of its block, and of one attribute of it. It follows
// modules whose files are part of the configuration, knows that count and
// for_each make many addresses of one block, and reads .tf, .tf.json, .tofu and
// .tofu.json files and overrides of them, with hcl. It evaluates nothing,
// judges nothing and never fails: what it cannot find has no position, and a
// report goes on without it.
//
//	c := lines.Configuration{Dir: chdir, Base: root}
//	c.Block(`module.a["x"].aws_instance.node[0]`) // Position{"modules/a/main.tf", 3, 1}, true
//	c.Attribute("aws_autoscaling_group.search", "desired_capacity")
package lines

import (
	"os"
	"path/filepath"
	"strings"

	"github.com/hashicorp/hcl/v2"
)

// A Position is a place in a file. The zero value is no place.
type Position struct {
	File   string // relative to Configuration.Base, with slashes; begins with "../" if it lies outside
	Line   int    // from 1
	Column int    // from 1, in characters as a reader counts them
}

// A Configuration is a root module as it lies in its directory now. It reads a
// file when it first needs it, and once. Not for concurrent use.
type Configuration struct {
	Dir  string // of the root module; empty is the working directory
	Base string // what the files of positions are relative to; empty is the working directory
	Data string // what TF_DATA_DIR says, relative to Dir; empty is ".terraform"

	modules   map[string]*module // by directory
	installed map[string]string  // by key, "a.b": directories of installed modules
}

// Block returns where the block of a resource, data source or action begins,
// whatever its instance keys. Of something in a module that was downloaded it
// is the block that calls the module, as nobody can edit the rest. A resource
// that was removed from the configuration has no block; if a "removed" block
// says so, that is its place.
func (c *Configuration) Block(address string) (Position, bool) {
	a, ok := parse(address)
	if !ok {
		return Position{}, false
	}
	m, call := c.descend(a.modules)
	if m == nil {
		return c.position(call)
	}
	if b := m.find(a.kind, a.labels...); b != nil {
		return c.position(&b.DefRange)
	}
	return c.position(m.removed(a))
}

// Attribute returns where the block of an address sets an attribute, or has a
// nested block of that name, itself or in an override. False if it does not:
// then the value is a default, or comes from elsewhere.
func (c *Configuration) Attribute(address, name string) (Position, bool) {
	a, ok := parse(address)
	if !ok {
		return Position{}, false
	}
	m, _ := c.descend(a.modules)
	if m == nil {
		return Position{}, false
	}
	return c.position(m.attribute(a, name))
}

// Root returns the beginning of the first file of the root module, for what
// must have a place and has no block. False if there is no file.
func (c *Configuration) Root() (Position, bool) {
	m := c.module(c.Dir)
	if len(m.files) == 0 {
		return Position{}, false
	}
	return c.position(&hcl.Range{Filename: m.files[0].path, Start: hcl.InitialPos})
}

// descend goes down a path of module calls. Where it leaves the configuration
// it returns no module and the last call that is still in it, which is nil if
// there is none.
func (c *Configuration) descend(path []string) (*module, *hcl.Range) {
	m := c.module(c.Dir)
	for i, name := range path {
		call := m.find("module", name)
		if call == nil {
			return nil, nil
		}
		dir, ok := c.source(m, path[:i+1])
		if !ok {
			return nil, &call.DefRange
		}
		m = c.module(dir)
	}
	return m, nil
}

// source is the directory of the module at the end of path, which m calls. It
// is false for one whose files are not part of the configuration.
func (c *Configuration) source(m *module, path []string) (string, bool) {
	if source := m.source(path[len(path)-1]); local(source) {
		return filepath.Join(m.dir, filepath.FromSlash(source)), true
	}
	// A source that is not a plain word may still lead to a local module:
	// where terraform init found it is written down.
	dir, ok := c.manifest()[strings.Join(path, ".")]
	if !ok || within(c.data(), dir) {
		return "", false
	}
	return dir, true
}

func local(source string) bool {
	return strings.HasPrefix(source, "./") || strings.HasPrefix(source, "../")
}

// within reports whether a path is dir or below it.
func within(dir, path string) bool {
	rel, err := relative(dir, path)
	return err == nil && rel != ".." && !strings.HasPrefix(rel, "../")
}

// data is the directory in which terraform init keeps what it downloads.
func (c *Configuration) data() string {
	if c.Data == "" {
		return filepath.Join(c.Dir, ".terraform")
	}
	if filepath.IsAbs(c.Data) {
		return c.Data
	}
	return filepath.Join(c.Dir, c.Data)
}

// position is a range as a reader of the report finds it.
func (c *Configuration) position(r *hcl.Range) (Position, bool) {
	if r == nil {
		return Position{}, false
	}
	file, err := relative(c.Base, r.Filename)
	return Position{File: file, Line: r.Start.Line, Column: r.Start.Column}, err == nil
}

// relative is path relative to base, with slashes; both may be relative to the
// working directory.
func relative(base, path string) (string, error) {
	base, err := filepath.Abs(base)
	if err != nil {
		return "", err
	}
	if path, err = filepath.Abs(path); err != nil {
		return "", err
	}
	rel, err := filepath.Rel(base, path)
	return filepath.ToSlash(rel), err
}

// read returns what is in a file of a size that a person, or their generator,
// writes; nil for anything else.
func read(path string) []byte {
	const most = 16 << 20
	info, err := os.Stat(path)
	if err != nil || !info.Mode().IsRegular() || info.Size() > most {
		return nil
	}
	b, err := os.ReadFile(path)
	if err != nil {
		return nil
	}
	return b
}
