package lines

import (
	"slices"

	"github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"
)

// Sets returns the number or text that the configuration gives an attribute of
// an address, where that is certain without evaluating anything: it is written
// as such, or is a variable of the root module whose default is. defaults says
// that nothing else gives variables their values. It is not certain where the
// configuration tells Terraform to ignore changes of the attribute.
func (c *Configuration) Sets(address, name string, defaults bool) (string, bool) {
	a, ok := parse(address)
	if !ok {
		return "", false
	}
	m, _ := c.descend(a.modules)
	if m == nil || m.ignores(a, name) {
		return "", false
	}
	expr := m.expression(name, a.kind, a.labels...)
	if expr == nil {
		return "", false
	}
	if v, ok := plain(expr); ok {
		return v, true
	}
	variable, diags := hcl.AbsTraversalForExpr(expr)
	if diags.HasErrors() || len(variable) != 2 || variable.RootName() != "var" || !defaults || len(a.modules) > 0 {
		return "", false
	}
	step, ok := variable[1].(hcl.TraverseAttr)
	if !ok {
		return "", false
	}
	if expr = m.expression("default", "variable", step.Name); expr == nil {
		return "", false
	}
	return plain(expr)
}

// plain is the value of an expression that is a number or a text as it stands.
func plain(expr hcl.Expression) (string, bool) {
	v, diags := expr.Value(nil)
	if diags.HasErrors() || v.IsNull() || !v.IsKnown() {
		return "", false
	}
	switch v.Type() {
	case cty.Number:
		return v.AsBigFloat().Text('f', -1), true
	case cty.String:
		return v.AsString(), true
	}
	return "", false
}

// expression is what a block sets an attribute to; nil if it does not.
func (m *module) expression(name, kind string, labels ...string) hcl.Expression {
	for _, b := range m.effective(kind, labels...) {
		content, _, _ := b.Body.PartialContent(&hcl.BodySchema{Attributes: []hcl.AttributeSchema{{Name: name}}})
		if a := content.Attributes[name]; a != nil {
			return a.Expr
		}
	}
	return nil
}

// ignores reports whether a block may tell Terraform to leave changes of an
// attribute alone.
func (m *module) ignores(a address, name string) bool {
	for _, b := range m.effective(a.kind, a.labels...) {
		content, _, _ := b.Body.PartialContent(&hcl.BodySchema{Blocks: []hcl.BlockHeaderSchema{{Type: "lifecycle"}}})
		for _, lifecycle := range content.Blocks {
			inner, _, _ := lifecycle.Body.PartialContent(&hcl.BodySchema{Attributes: []hcl.AttributeSchema{{Name: "ignore_changes"}}})
			ignored := inner.Attributes["ignore_changes"]
			if ignored == nil {
				continue
			}
			list, diags := hcl.ExprList(ignored.Expr)
			if diags.HasErrors() { // "all", or something else that is no list
				return true
			}
			if slices.ContainsFunc(list, func(e hcl.Expression) bool {
				t, diags := hcl.AbsTraversalForExpr(e)
				return diags.HasErrors() || t.RootName() == name
			}) {
				return true
			}
		}
	}
	return false
}
