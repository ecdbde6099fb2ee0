package config

import (
	"github.com/hashicorp/go-version"
	"github.com/hashicorp/hcl/v2"
)

// checkVersion compares the running version with gate.required_version, and
// looks at nothing else of the file.
func checkVersion(body hcl.Body, running string) hcl.Diagnostics {
	var d decoder
	// The diagnostics of a partial look are found again by the full one.
	content, _, _ := body.PartialContent(&hcl.BodySchema{Blocks: []hcl.BlockHeaderSchema{{Type: "gate"}}})
	for _, block := range content.Blocks {
		inner, _, _ := block.Body.PartialContent(only("required_version"))
		attr := inner.Attributes["required_version"]
		if attr == nil {
			continue
		}
		if text, ok := d.text(attr.Expr, attr.Name); ok {
			d.require(attr, text, running)
		}
	}
	return d.diags
}

func (d *decoder) require(attr *hcl.Attribute, text, running string) {
	want, err := version.NewConstraint(text)
	if err != nil {
		d.fail(attr.Expr.Range(), "Invalid version constraint", `%q is not a version constraint. Write one like ">= 0.1" or "~> 1.2".`, text)
		return
	}
	have, err := version.NewVersion(running)
	if err != nil {
		// A build that cannot say its version cannot be shown to be one that
		// understands this file.
		d.fail(attr.Expr.Range(), "Version not known",
			"This config needs holdfast %s, and this build does not say which version it is (%q). Use a released build, or remove required_version.", text, running)
		return
	}
	// A pre-release understands what its release will.
	if !want.Check(have.Core()) {
		d.fail(attr.Expr.Range(), "Unsupported holdfast version",
			"This config needs holdfast %s, and this is %s. Install a version it accepts, or change required_version.", text, have)
	}
}
