package config

import (
	"slices"

	"github.com/hashicorp/hcl/v2"
)

// The schema of a config, block by block. Nothing is marked as required here:
// what must be there is said by the decoder, with what to write.

func fileSchema() *hcl.BodySchema {
	return &hcl.BodySchema{
		Attributes: attributes("workspaces", "mode", "humans"),
		Blocks: []hcl.BlockHeaderSchema{
			{Type: "gate"}, {Type: "aws"}, {Type: "scope"}, {Type: "freshness"}, {Type: "store"}, {Type: "override"}, {Type: "drift"},
			{Type: "cluster", LabelNames: []string{"name"}}, {Type: "data", LabelNames: []string{"name"}}, {Type: "owner", LabelNames: []string{"name"}},
		},
	}
}

func driftSchema() *hcl.BodySchema {
	return &hcl.BodySchema{
		Attributes: attributes("states"),
		Blocks:     []hcl.BlockHeaderSchema{{Type: "ignore", LabelNames: []string{"attribute"}}},
	}
}

func clusterSchema() *hcl.BodySchema {
	return &hcl.BodySchema{
		Attributes: attributes(slices.Concat([]string{"settle", "unmanaged"}, promises())...),
		Blocks:     []hcl.BlockHeaderSchema{{Type: "members"}, {Type: "role", LabelNames: []string{"name"}}},
	}
}

func roleSchema() *hcl.BodySchema {
	return &hcl.BodySchema{
		Attributes: attributes(promises()...),
		Blocks:     []hcl.BlockHeaderSchema{{Type: "members"}},
	}
}

// only is the schema of a block that holds nothing but these attributes.
func only(names ...string) *hcl.BodySchema {
	return &hcl.BodySchema{Attributes: attributes(names...)}
}

// promises are what a role promises, or a cluster without roles.
func promises() []string {
	return []string{"size", "survivor_floor", "quorum", "budget", "zone_floor", "ready_after"}
}

func attributes(names ...string) []hcl.AttributeSchema {
	out := make([]hcl.AttributeSchema, len(names))
	for i, name := range names {
		out[i].Name = name
	}
	return out
}
