package lines

import (
	"cmp"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	hcljson "github.com/hashicorp/hcl/v2/json"
)

// A module is the files of one directory in the order in which they count:
// first those that declare, then those that override, then those that OpenTofu
// passes over for a file of the same name with its own ending.
type module struct {
	dir   string
	files []file
}

type file struct {
	path     string
	override bool
	blocks   hcl.Blocks
}

// module reads a directory; one that is not there has no files.
func (c *Configuration) module(dir string) *module {
	if m, ok := c.modules[dir]; ok {
		return m
	}
	m := &module{dir: dir}
	entries, _ := os.ReadDir(cmp.Or(dir, "."))
	var names []string
	for _, e := range entries {
		if _, suffix := ending(e.Name()); suffix != "" {
			names = append(names, e.Name())
		}
	}
	rank := func(name string) int {
		stem, suffix := ending(name)
		switch {
		case strings.HasPrefix(suffix, ".tf") && slices.Contains(names, stem+strings.Replace(suffix, ".tf", ".tofu", 1)):
			return 2
		case stem == "override" || strings.HasSuffix(stem, "_override"):
			return 1
		}
		return 0
	}
	slices.SortStableFunc(names, func(a, b string) int { return cmp.Compare(rank(a), rank(b)) })
	for _, name := range names {
		path := filepath.Join(dir, name)
		m.files = append(m.files, file{path: path, override: rank(name) == 1, blocks: blocks(path)})
	}
	if c.modules == nil {
		c.modules = map[string]*module{}
	}
	c.modules[dir] = m
	return m
}

// ending splits the name of a configuration file; the suffix is empty if it is
// none, or one that an editor left behind.
func ending(name string) (stem, suffix string) {
	if strings.HasPrefix(name, ".") || strings.HasPrefix(name, "#") {
		return name, ""
	}
	for _, suffix := range []string{".tf", ".tf.json", ".tofu", ".tofu.json"} {
		if stem, ok := strings.CutSuffix(name, suffix); ok {
			return stem, suffix
		}
	}
	return name, ""
}

// blocks reads the blocks that an address can lead to. Of a file with mistakes
// it is those before them.
func blocks(path string) hcl.Blocks {
	parse := func(src []byte) (*hcl.File, hcl.Diagnostics) {
		return hclsyntax.ParseConfig(src, path, hcl.InitialPos)
	}
	if strings.HasSuffix(path, ".json") {
		parse = func(src []byte) (*hcl.File, hcl.Diagnostics) { return hcljson.Parse(src, path) }
	}
	f, _ := parse(read(path))
	if f == nil || f.Body == nil {
		return nil
	}
	content, _, _ := f.Body.PartialContent(&hcl.BodySchema{Blocks: []hcl.BlockHeaderSchema{
		{Type: "resource", LabelNames: []string{"type", "name"}},
		{Type: "data", LabelNames: []string{"type", "name"}},
		{Type: "ephemeral", LabelNames: []string{"type", "name"}},
		{Type: "action", LabelNames: []string{"type", "name"}},
		{Type: "module", LabelNames: []string{"name"}},
		{Type: "removed"},
		{Type: "variable", LabelNames: []string{"name"}},
	}})
	return content.Blocks
}

// all returns the blocks of that kind and with those labels, in the order of
// the files.
func (m *module) all(kind string, labels ...string) (declared, overriding hcl.Blocks) {
	for _, f := range m.files {
		for _, b := range f.blocks {
			switch {
			case b.Type != kind || !slices.Equal(b.Labels, labels):
			case f.override:
				overriding = append(overriding, b)
			default:
				declared = append(declared, b)
			}
		}
	}
	return declared, overriding
}

// find returns the block that declares something; nil if none does.
func (m *module) find(kind string, labels ...string) *hcl.Block {
	declared, _ := m.all(kind, labels...)
	if len(declared) == 0 {
		return nil
	}
	return declared[0]
}

// effective returns the blocks that say what something is, the last word
// first.
func (m *module) effective(kind string, labels ...string) hcl.Blocks {
	declared, overriding := m.all(kind, labels...)
	slices.Reverse(overriding)
	if len(declared) == 0 {
		return nil
	}
	return append(overriding, declared[0])
}

// attribute is where an attribute or a nested block is written.
func (m *module) attribute(a address, name string) *hcl.Range {
	for _, b := range m.effective(a.kind, a.labels...) {
		if content, _, _ := b.Body.PartialContent(&hcl.BodySchema{Attributes: []hcl.AttributeSchema{{Name: name}}}); content.Attributes[name] != nil {
			return &content.Attributes[name].NameRange
		}
		content, _, _ := b.Body.PartialContent(&hcl.BodySchema{Blocks: []hcl.BlockHeaderSchema{{Type: name}, {Type: "dynamic", LabelNames: []string{"type"}}}})
		for _, nested := range content.Blocks {
			if nested.Type == name || slices.Equal(nested.Labels, []string{name}) {
				return &nested.DefRange
			}
		}
	}
	return nil
}

// source is what a module call names as its source; empty if it is not a plain
// string.
func (m *module) source(name string) string {
	for _, b := range m.effective("module", name) {
		content, _, _ := b.Body.PartialContent(&hcl.BodySchema{Attributes: []hcl.AttributeSchema{{Name: "source"}}})
		if a := content.Attributes["source"]; a != nil {
			v, diags := a.Expr.Value(nil)
			if diags.HasErrors() || v.IsNull() || !v.IsKnown() || v.Type().FriendlyName() != "string" {
				return ""
			}
			return v.AsString()
		}
	}
	return ""
}

// removed is the block that says that a resource is no longer there.
func (m *module) removed(gone address) *hcl.Range {
	for _, f := range m.files {
		for _, b := range f.blocks {
			if b.Type != "removed" {
				continue
			}
			content, _, _ := b.Body.PartialContent(&hcl.BodySchema{Attributes: []hcl.AttributeSchema{{Name: "from"}}})
			from := content.Attributes["from"]
			if from == nil {
				continue
			}
			traversal, diags := hcl.AbsTraversalForExpr(from.Expr)
			if a, ok := split(traversal); ok && !diags.HasErrors() && a.kind == gone.kind && slices.Equal(a.labels, gone.labels) && len(a.modules) == 0 {
				return &b.DefRange
			}
		}
	}
	return nil
}

// manifest is what terraform init wrote down of where modules lie.
func (c *Configuration) manifest() map[string]string {
	if c.installed != nil {
		return c.installed
	}
	c.installed = map[string]string{}
	var doc struct{ Modules []struct{ Key, Dir string } }
	if json.Unmarshal(read(filepath.Join(c.data(), "modules", "modules.json")), &doc) != nil {
		return c.installed
	}
	for _, m := range doc.Modules {
		if filepath.IsAbs(m.Dir) {
			c.installed[m.Key] = m.Dir
		} else {
			c.installed[m.Key] = filepath.Join(c.Dir, filepath.FromSlash(m.Dir))
		}
	}
	return c.installed
}
