package config

import (
	"fmt"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"

	"github.com/holdfast-gate/holdfast/gate"
)

// members reads the members block of a cluster or role. Selecting nothing is a
// mistake, never everything.
func (d *decoder) members(owner *hcl.Block, blocks hcl.Blocks) gate.Selector {
	b := d.single(blocks)
	if b == nil {
		d.fail(owner.DefRange, "No members", `This %s does not say who is in it. Add a block like: members { tags = { Cluster = "search" } }.`, owner.Type)
		return gate.Selector{}
	}
	content := d.content(b.Body, only("tags", "groups", "addresses"))
	var s gate.Selector
	if attr := content.Attributes["tags"]; attr != nil {
		s.Tags = d.tags(attr)
	}
	if attr := content.Attributes["groups"]; attr != nil {
		s.Groups = d.texts(attr, func(hcl.Range, string) bool { return true })
	}
	if attr := content.Attributes["addresses"]; attr != nil {
		s.Addresses = d.texts(attr, d.address)
	}
	if len(content.Attributes) == 0 {
		d.fail(b.DefRange, "Selects nothing", `This block selects nothing. Give it tags, groups or addresses, like tags = { Cluster = "search" }.`)
	}
	return s
}

// tags reads { Key = "value" }, entry by entry, so that a key that stands twice
// is reported rather than lost.
func (d *decoder) tags(attr *hcl.Attribute) map[string]string {
	pairs, diags := hcl.ExprMap(attr.Expr)
	if diags.HasErrors() {
		d.fail(attr.Expr.Range(), "Not a map", `%s must be a map of strings, like %s = { Cluster = "search" }.`, attr.Name, attr.Name)
		return nil
	}
	if len(pairs) == 0 {
		d.fail(attr.Expr.Range(), "Selects nothing", `%s names no tag, so it selects nothing. Name at least one, like tags = { Cluster = "search" }.`, attr.Name)
	}
	out := map[string]string{}
	for _, p := range pairs {
		key, ok := d.text(p.Key, "The name of a tag")
		if !ok {
			continue
		}
		if _, twice := out[key]; twice {
			d.fail(p.Key.Range(), "Duplicate tag", "The tag %q stands here twice. A member has one value of a tag; remove one of them.", key)
			continue
		}
		out[key], _ = d.tagValue(p.Value, key)
	}
	return out
}

func (d *decoder) tagValue(expr hcl.Expression, key string) (string, bool) {
	if v, diags := expr.Value(nil); !diags.HasErrors() && v.RawEquals(cty.StringVal("")) {
		d.fail(expr.Range(), "Empty tag value", `The tag %q has no value here. Write the value it must have, or "*" for any.`, key)
		return "", false
	}
	return d.text(expr, fmt.Sprintf("The value of the tag %q", key))
}

// address reports whether s can be the address of managed resources.
func (d *decoder) address(at hcl.Range, s string) bool {
	if strings.Contains(s, "*") {
		d.fail(at, "Invalid address", "%q holds a wildcard. To name all instances of a resource, leave its last [key] out.", s)
		return false
	}
	traversal, diags := hclsyntax.ParseTraversalAbs([]byte(s), "", hcl.InitialPos)
	if diags.HasErrors() || !managed(traversal) {
		d.fail(at, "Invalid address", `%q is not the address of a resource. Write it as Terraform prints it, like "aws_instance.node" or "module.search.aws_instance.node[0]".`, s)
		return false
	}
	return true
}

// managed reports whether a traversal reads TYPE.NAME, with or without a key,
// after any number of module.NAME.
func managed(t hcl.Traversal) bool {
	var names []string
	for i, step := range t {
		switch s := step.(type) {
		case hcl.TraverseRoot:
			names = append(names, s.Name)
		case hcl.TraverseAttr:
			names = append(names, s.Name)
		case hcl.TraverseIndex:
			// A key belongs to the name of a module or resource, and there is one.
			if _, again := t[i-1].(hcl.TraverseIndex); again || len(names)%2 != 0 {
				return false
			}
		default:
			return false
		}
	}
	for len(names) > 2 && names[0] == "module" {
		names = names[2:]
	}
	return len(names) == 2 && names[0] != "module" && names[0] != "data"
}
