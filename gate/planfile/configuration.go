package planfile

import (
	"archive/zip"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/hashicorp/hcl/v2/json"
	"github.com/zclconf/go-cty/cty"
)

// configuration is what the configuration in a plan file says of regions: the
// root module's provider blocks and variables.
type configuration struct {
	locals    map[string]string // local name of a provider -> its source, as it is written
	providers []provider
	variables map[string]variable
}

// provider is one provider block.
type provider struct {
	name, alias string
	region      hcl.Expression // nil where it has none
}

type variable struct {
	fallback  cty.Value // its default; cty.NilVal where it has none, or none that stands there as it is
	sensitive bool
}

// rootFolder is where the archive has the root module.
const rootFolder = "tfconfig/m-/"

// configure reads the root module. Of a configuration that is put together in a
// way that was not seen, no plan is read.
func configure(archive *zip.Reader) (*configuration, error) {
	c := &configuration{locals: map[string]string{}, variables: map[string]variable{}}
	for _, f := range archive.File {
		name, ok := strings.CutPrefix(f.Name, rootFolder)
		if ok && !strings.Contains(name, "/") && (strings.HasSuffix(name, ".tofu") || strings.HasSuffix(name, ".tofu.json")) {
			return nil, unproven("its configuration has a file that only OpenTofu reads")
		}
		if !ok || strings.Contains(name, "/") || !(strings.HasSuffix(name, ".tf") || strings.HasSuffix(name, ".tf.json")) {
			continue
		}
		stem := strings.TrimSuffix(strings.TrimSuffix(name, ".json"), ".tf")
		if stem == "override" || strings.HasSuffix(stem, "_override") {
			return nil, unproven("its configuration has a file of overrides")
		}
		src, err := part(archive, f.Name)
		if err != nil {
			return nil, err
		}
		if err := c.file(name, src); err != nil {
			return nil, err
		}
	}
	return c, nil
}

func (c *configuration) file(name string, src []byte) error {
	var file *hcl.File
	var problems hcl.Diagnostics
	if strings.HasSuffix(name, ".json") {
		file, problems = json.Parse(src, name)
	} else {
		file, problems = hclsyntax.ParseConfig(src, name, hcl.InitialPos)
	}
	if problems.HasErrors() {
		return unproven("its configuration cannot be read")
	}
	content, _, problems := file.Body.PartialContent(&hcl.BodySchema{Blocks: []hcl.BlockHeaderSchema{
		{Type: "terraform"}, {Type: "provider", LabelNames: []string{"name"}}, {Type: "variable", LabelNames: []string{"name"}},
	}})
	if problems.HasErrors() {
		return unproven("its configuration cannot be read")
	}
	for _, b := range content.Blocks {
		switch b.Type {
		case "terraform":
			c.required(b.Body)
		case "provider":
			p := provider{name: b.Labels[0], alias: constant(attribute(b.Body, "alias"))}
			p.region = attribute(b.Body, "region")
			c.providers = append(c.providers, p)
		case "variable":
			c.variables[b.Labels[0]] = declared(b.Body)
		}
	}
	return nil
}

// required reads the sources of providers.
func (c *configuration) required(body hcl.Body) {
	content, _, _ := body.PartialContent(&hcl.BodySchema{Blocks: []hcl.BlockHeaderSchema{{Type: "required_providers"}}})
	for _, b := range content.Blocks {
		attrs, _ := b.Body.JustAttributes()
		for name, a := range attrs {
			pairs, _ := hcl.ExprMap(a.Expr)
			for _, pair := range pairs {
				if key := hcl.ExprAsKeyword(pair.Key); key == "source" || constant(pair.Key) == "source" {
					c.locals[name] = constant(pair.Value)
				}
			}
		}
	}
}

func declared(body hcl.Body) variable {
	var v variable
	if e := attribute(body, "sensitive"); e != nil {
		// Whatever is not plainly false hides it.
		value, problems := e.Value(nil)
		v.sensitive = problems.HasErrors() || !value.RawEquals(cty.False)
	}
	if e := attribute(body, "default"); e != nil {
		if value, problems := e.Value(nil); !problems.HasErrors() {
			v.fallback = value
		}
	}
	return v
}

// attribute returns an attribute of a block, nil where there is none.
func attribute(body hcl.Body, name string) hcl.Expression {
	content, _, _ := body.PartialContent(&hcl.BodySchema{Attributes: []hcl.AttributeSchema{{Name: name}}})
	if content == nil || content.Attributes[name] == nil {
		return nil
	}
	return content.Attributes[name].Expr
}

// constant is the string an expression is without anything else, else empty.
func constant(e hcl.Expression) string {
	if e == nil {
		return ""
	}
	v, problems := e.Value(nil)
	if problems.HasErrors() {
		return ""
	}
	return word(v)
}

// template is constant for what terraform evaluates with variables: in JSON, a
// string is a template only then.
func template(e hcl.Expression) string {
	v, problems := e.Value(&hcl.EvalContext{})
	if problems.HasErrors() {
		return ""
	}
	return word(v)
}

// word is a known string, else empty.
func word(v cty.Value) string {
	if v.IsNull() || !v.IsKnown() || v.Type() != cty.String {
		return ""
	}
	return v.AsString()
}

// block is the provider block of the address of a provider's configuration.
func (c *configuration) block(address string) (provider, bool) {
	name, err := source(address)
	if err != nil {
		return provider{}, false
	}
	_, alias, _ := strings.Cut(address, `"]`)
	i := slices.IndexFunc(c.providers, func(p provider) bool {
		return p.alias == strings.TrimPrefix(alias, ".") && c.is(p.name, name)
	})
	if i < 0 {
		return provider{}, false
	}
	return c.providers[i], true
}

// is reports whether a local name stands for a provider.
func (c *configuration) is(local, provider string) bool {
	written := c.locals[local]
	if written == "" {
		written = "hashicorp/" + local
	}
	return written == provider || strings.HasSuffix(provider, "/"+written)
}

// configuration writes which resource is in which region as far as its provider
// block says it.
func (o *writer) configuration(p *plan, c *configuration, places map[string]string) (err error) {
	used := map[string]bool{}
	o.raw(`,"configuration":{"root_module":{"resources":[`)
	first := true
	for address, provider := range places {
		if strings.HasPrefix(provider, "module.") {
			return unproven("it has a provider block in a module")
		}
		_, kind, err := place(address)
		if err != nil {
			return err
		}
		if !first {
			o.raw(",")
		}
		first = false
		used[provider] = true
		for i, m := range [][2]string{{"address", address}, {"mode", "managed"}, {"type", kind}, {"provider_config_key", provider}} {
			before := ","
			if i == 0 {
				before = "{"
			}
			if err := o.member(before, m[0], m[1]); err != nil {
				return err
			}
		}
		o.raw("}")
		o.spill()
	}
	o.raw("]")
	variables := map[string]bool{}
	var blocks []byte
	for address := range used {
		block, ok := c.block(address)
		if !ok || block.region == nil {
			continue
		}
		if len(blocks) > 0 {
			blocks = append(blocks, ',')
		}
		if blocks, err = quote(blocks, []byte(address)); err != nil {
			return err
		}
		blocks = append(blocks, `:{"expressions":{"region":{`...)
		if region := template(block.region); region != "" {
			blocks = append(blocks, `"constant_value":`...)
			if blocks, err = quote(blocks, []byte(region)); err != nil {
				return err
			}
		} else if name := refers(block.region); name != "" {
			variables[name] = true
			blocks = append(blocks, `"references":[`...)
			if blocks, err = quote(blocks, []byte("var."+name)); err != nil {
				return err
			}
			blocks = append(blocks, ']')
		}
		blocks = append(blocks, "}}}"...)
	}
	if err := o.variables(c, variables); err != nil {
		return err
	}
	o.raw(`,"provider_config":{`)
	o.b = append(append(o.b, blocks...), "}}"...)
	return o.values(p, c, variables)
}

// refers is the root variable that an expression refers to and nothing else,
// empty where it is not of that form.
func refers(e hcl.Expression) string {
	all := e.Variables()
	if len(all) != 1 || len(all[0]) != 2 || all[0].RootName() != "var" {
		return ""
	}
	name, ok := all[0][1].(hcl.TraverseAttr)
	if !ok {
		return ""
	}
	return name.Name
}

// variables writes the declarations of variables and closes the root module.
func (o *writer) variables(c *configuration, names map[string]bool) (err error) {
	o.raw(`,"variables":{`)
	first := true
	for name := range names {
		if !first {
			o.raw(",")
		}
		first = false
		if o.b, err = quote(o.b, []byte(name)); err != nil {
			return err
		}
		o.raw(`:{`)
		if c.variables[name].sensitive {
			o.raw(`"sensitive":true`)
		}
		o.raw("}")
	}
	o.raw("}}")
	return nil
}

// values writes the values of variables that are not sensitive.
func (o *writer) values(p *plan, c *configuration, names map[string]bool) (err error) {
	o.raw(`,"variables":{`)
	first := true
	for name := range names {
		v := c.variables[name]
		if v.sensitive {
			continue
		}
		value := []byte("null")
		if raw, set := p.variables[name]; set {
			at := cursor{raw}
			if value, _, err = at.value(nil, 0); err != nil {
				return err
			}
		} else if v.fallback != cty.NilVal && !v.fallback.IsNull() && v.fallback.Type() == cty.String {
			if value, err = quote(nil, []byte(v.fallback.AsString())); err != nil {
				return err
			}
		}
		if !first {
			o.raw(",")
		}
		first = false
		if o.b, err = quote(o.b, []byte(name)); err != nil {
			return err
		}
		o.b = append(append(append(o.b, `:{"value":`...), value...), '}')
	}
	o.raw("}")
	return nil
}
