package config

import (
	"strings"

	"github.com/hashicorp/hcl/v2"

	"github.com/holdfast-gate/holdfast/gate"
)

// owners reads the programs that change members by themselves. A name may stand
// once.
func (d *decoder) owners(blocks hcl.Blocks) []gate.Owner {
	var out []gate.Owner
	at := map[string]hcl.Range{}
	for _, b := range blocks {
		name := b.Labels[0]
		if first, ok := at[name]; ok {
			d.fail(b.DefRange, "Duplicate owner", "There is an owner %q already, at %s. Put all its roles into that one.", name, place(first))
			continue
		}
		at[name] = b.DefRange
		content := d.content(b.Body, only("roles"))
		o := gate.Owner{Name: name}
		if attr := content.Attributes["roles"]; attr != nil {
			o.Roles = d.texts(attr, d.roleARN)
		} else {
			d.fail(b.DefRange, "No roles", `This owner does not say whom it is known by. Write roles = ["arn:aws:iam::*:role/cluster-autoscaler-*"].`)
		}
		out = append(out, o)
	}
	return out
}

// roleARN checks the pattern of a role's ARN. One that could be anybody's would
// call everybody's changes the owner's.
func (d *decoder) roleARN(at hcl.Range, s string) bool {
	_, name, ok := strings.Cut(s, ":role/")
	ok = ok && strings.HasPrefix(s, "arn:") && strings.Trim(name, "*/") != ""
	if !ok {
		d.fail(at, "Invalid role", `%q is not the ARN of a role. Write it in full, like "arn:aws:iam::123456789012:role/karpenter"; a * in it stands for anything, but not for the whole name.`, s)
	}
	return ok
}

// human checks the pattern of a name. One that is only a * would call every
// program a human.
func (d *decoder) human(at hcl.Range, s string) bool {
	ok := strings.Trim(s, "*") != ""
	if !ok {
		d.fail(at, "Invalid name", `%q would take every program for a human. Write what only the names of humans have, like "*@example.com".`, s)
	}
	return ok
}
