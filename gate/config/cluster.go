package config

import (
	"strings"

	"github.com/hashicorp/hcl/v2"

	"github.com/holdfast-gate/holdfast/gate"
)

// A declared cluster keeps its place in the file, for messages about two.
type declared struct {
	gate.Cluster
	at  hcl.Range
	bad bool // its members block has a mistake, so it is not what was meant
}

func (d *decoder) clusters(blocks hcl.Blocks) []gate.Cluster {
	d.unique(blocks)
	all := make([]declared, 0, len(blocks))
	for _, b := range blocks {
		all = append(all, d.cluster(b))
	}
	d.overlaps(all)
	out := make([]gate.Cluster, 0, len(all))
	for _, c := range all {
		out = append(out, c.Cluster)
	}
	return out
}

// unique reports labels that are used twice, or that cannot be a name.
func (d *decoder) unique(blocks hcl.Blocks) {
	first := map[string]hcl.Range{}
	for _, b := range blocks {
		name := b.Labels[0]
		if name == "" || name != strings.TrimSpace(name) || strings.ContainsFunc(name, unseen) {
			d.fail(b.LabelRanges[0], "Invalid name", "The name of a %s must not be empty, begin or end with a space, or hold characters that do not show; got %q.", b.Type, name)
		}
		if at, ok := first[name]; ok {
			d.fail(b.DefRange, "Duplicate "+b.Type, "There is a %s %q already, at %s. Give one of them another name, or join the two.", b.Type, name, place(at))
			continue
		}
		first[name] = b.DefRange
	}
}

func (d *decoder) cluster(b *hcl.Block) declared {
	c := declared{Cluster: gate.Cluster{Name: b.Labels[0], Settle: gate.DefaultSettle}, at: b.DefRange}
	content := d.content(b.Body, clusterSchema())
	blocks := content.Blocks.ByType()
	before := len(d.diags)
	c.Members = d.members(b, blocks["members"])
	c.bad = len(d.diags) > before
	if attr := content.Attributes["settle"]; attr != nil {
		c.Settle, _ = d.duration(attr, 0)
	}
	if attr := content.Attributes["unmanaged"]; attr != nil {
		c.Unmanaged = d.decision(attr)
	}
	roles := blocks["role"]
	if len(roles) == 0 {
		c.Roles = []gate.Role{d.promises(content.Attributes)}
		return c
	}
	for _, name := range promises() {
		if attr := content.Attributes[name]; attr != nil {
			d.fail(attr.NameRange, "Promise beside roles",
				"This cluster has roles, the first at %s, so its promises are theirs. Move %s into each role that it holds for.", place(roles[0].DefRange), name)
		}
	}
	d.unique(roles)
	for _, r := range roles {
		c.Roles = append(c.Roles, d.role(r))
	}
	return c
}

func (d *decoder) role(b *hcl.Block) gate.Role {
	content := d.content(b.Body, roleSchema())
	r := d.promises(content.Attributes)
	r.Name = b.Labels[0]
	r.Members = d.members(b, content.Blocks)
	return r
}

// decision reads the most that the unmanaged check may say.
func (d *decoder) decision(attr *hcl.Attribute) gate.Decision {
	s, ok := d.text(attr.Expr, attr.Name)
	if !ok {
		return gate.Undecided
	}
	switch s {
	case "allow":
		return gate.Allow
	case "warn":
		return gate.Warn
	case "block":
		return gate.Block
	}
	d.fail(attr.Expr.Range(), "Invalid decision", `%s: %q is not a decision. Write "allow", "warn" or "block".`, attr.Name, s)
	return gate.Undecided
}
