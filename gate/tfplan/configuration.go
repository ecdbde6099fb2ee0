package tfplan

import (
	"hash/maphash"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/holdfast-gate/holdfast/gate"
)

// configuration is what little of a plan's configuration the regions of
// resources are found with.
type configuration struct {
	buckets   map[string]string // address without instance keys -> that of the aws_s3_bucket it takes its bucket from
	seed      maphash.Seed
	keys      map[uint64]string     // hash of the address without instance keys -> provider_config key, of known types
	providers map[string]expression // provider_config key -> its region
	variables map[string]string     // root variables whose value is a region's name
	sensitive map[string]bool       // root variables that must not be shown
}

// expression is a value in the configuration: a constant, or what it refers to.
type expression struct {
	Constant   jsontext.Value `json:"constant_value"`
	References []string       `json:"references"`
}

func newConfiguration() *configuration {
	return &configuration{
		buckets:   map[string]string{},
		seed:      maphash.MakeSeed(),
		keys:      map[uint64]string{},
		providers: map[string]expression{},
		variables: map[string]string{},
		sensitive: map[string]bool{},
	}
}

// region is the region of the provider block that manages a resource, empty
// when that cannot be told. A reference to a root variable is taken for the
// variable itself: the plan does not say more, and only a value that is a
// region's name is believed.
func (c *configuration) region(address string) string {
	region, ok := c.providers[c.keys[maphash.String(c.seed, stripKeys(address))]]
	if !ok {
		return ""
	}
	var text string
	if json.Unmarshal(orNull(region.Constant), &text) == nil && isRegion(text) {
		return text
	}
	if len(region.References) != 1 {
		return ""
	}
	name, ok := strings.CutPrefix(region.References[0], "var.")
	if !ok || c.sensitive[name] {
		return ""
	}
	return c.variables[name]
}

// configuration reads the provider blocks and which resource uses which.
func (d *decoder) configuration() error {
	return d.object(func(name string) error {
		switch name {
		case "provider_config":
			return d.object(d.providerConfig)
		case "root_module":
			return d.module("")
		}
		return d.skip()
	})
}

func (d *decoder) providerConfig(key string) error {
	var raw struct {
		Module      string `json:"module_address"`
		Expressions struct {
			Region expression `json:"region"`
		} `json:"expressions"`
	}
	if err := d.value(&raw); err != nil {
		return err
	}
	region := raw.Expressions.Region
	if raw.Module != "" {
		// A variable of a child module is not in the plan.
		region.References = nil
	}
	d.config.providers[key] = region
	return nil
}

// module reads one module of the configuration; path is its address with a dot
// after it, empty for the root.
func (d *decoder) module(path string) error {
	return d.object(func(name string) error {
		switch {
		case name == "resources":
			return d.array(func(int) error { return d.configResource(path) })
		case name == "module_calls":
			return d.object(func(call string) error { return d.moduleCall(path + "module." + call + ".") })
		case name == "variables" && path == "":
			return d.object(d.declaration)
		}
		return d.skip()
	})
}

func (d *decoder) moduleCall(path string) error {
	return d.object(func(name string) error {
		if name == "module" {
			return d.module(path)
		}
		return d.skip()
	})
}

func (d *decoder) configResource(path string) error {
	var raw struct {
		Address string         `json:"address"` // within its module
		Mode    string         `json:"mode"`
		Type    string         `json:"type"`
		Key     string         `json:"provider_config_key"`
		Values  jsontext.Value `json:"expressions"`
	}
	if err := d.value(&raw); err != nil {
		return err
	}
	if raw.Mode != "data" && gate.KeptAttributes(raw.Type) != nil {
		d.config.keys[maphash.String(d.config.seed, path+raw.Address)] = d.names.of(raw.Key)
		if name := bucketOf(raw.Values); name != "" {
			d.config.buckets[path+raw.Address] = path + name
		}
	}
	return nil
}

// bucketOf is the bucket, a resource of the same module, that the attribute
// bucket of a resource is taken from; empty when it may be another. A new
// bucket has no name before it is made, and what it will be known by must not
// be taken for one that is there.
func bucketOf(expressions jsontext.Value) string {
	var raw struct {
		Bucket expression `json:"bucket"`
	}
	if json.Unmarshal(orNull(expressions), &raw) != nil {
		return ""
	}
	found := ""
	for _, ref := range raw.Bucket.References {
		if ref == "each.key" || ref == "count.index" {
			continue
		}
		parts := strings.SplitN(stripKeys(ref), ".", 3)
		if len(parts) < 2 || parts[0] != "aws_s3_bucket" || (len(parts) == 3 && parts[2] != "id" && parts[2] != "bucket") {
			return ""
		}
		name := parts[0] + "." + parts[1]
		if found != "" && found != name {
			return ""
		}
		found = name
	}
	return found
}

// declaration reads the declaration of a root variable.
func (d *decoder) declaration(name string) error {
	var raw struct {
		Sensitive bool `json:"sensitive"`
	}
	if err := d.value(&raw); err != nil {
		return err
	}
	if raw.Sensitive {
		d.config.sensitive[name] = true
	}
	return nil
}

// variable reads the value of a root variable and keeps it only if it is the
// name of a region.
func (d *decoder) variable(name string) error {
	var raw struct {
		Value jsontext.Value `json:"value"`
	}
	if err := d.value(&raw); err != nil {
		return err
	}
	var text string
	if json.Unmarshal(orNull(raw.Value), &text) == nil && isRegion(text) {
		d.config.variables[name] = text
	}
	return nil
}
