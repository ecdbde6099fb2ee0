package config

import "github.com/hashicorp/hcl/v2"

// The schema of a config, block by block. Nothing is marked as required here:
// what must be there is said by the decoder, with what to write.
var (
	fileSchema = &hcl.BodySchema{
		Attributes: attributes("workspaces"),
		Blocks: []hcl.BlockHeaderSchema{
			{Type: "gate"}, {Type: "aws"}, {Type: "scope"}, {Type: "freshness"},
			{Type: "cluster", LabelNames: []string{"name"}},
		},
	}
	gateSchema      = &hcl.BodySchema{Attributes: attributes("required_version")}
	awsSchema       = &hcl.BodySchema{Attributes: attributes("accounts", "regions")}
	scopeSchema     = &hcl.BodySchema{Attributes: attributes("clusters", "victims")}
	freshnessSchema = &hcl.BodySchema{Attributes: attributes("plan", "snapshot")}
	membersSchema   = &hcl.BodySchema{Attributes: attributes("tags", "groups", "addresses")}
	clusterSchema   = &hcl.BodySchema{
		Attributes: attributes(append([]string{"settle", "unmanaged"}, promises...)...),
		Blocks:     []hcl.BlockHeaderSchema{{Type: "members"}, {Type: "role", LabelNames: []string{"name"}}},
	}
	roleSchema = &hcl.BodySchema{
		Attributes: attributes(promises...),
		Blocks:     []hcl.BlockHeaderSchema{{Type: "members"}},
	}
)

// promises are what a role promises, or a cluster without roles.
var promises = []string{"size", "survivor_floor", "quorum", "budget", "zone_floor", "ready_after"}

func attributes(names ...string) []hcl.AttributeSchema {
	out := make([]hcl.AttributeSchema, len(names))
	for i, name := range names {
		out[i].Name = name
	}
	return out
}
