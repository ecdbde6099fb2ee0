package lines

import (
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
)

// An address is a Terraform address without its instance keys.
type address struct {
	modules []string // names of the module calls, outermost first
	kind    string   // of the block: "resource", "data", "ephemeral" or "action"
	labels  []string // of the block
}

// parse reads an address as a plan or a finding has it, also that of a deposed
// object.
func parse(text string) (address, bool) {
	text, _, _ = strings.Cut(text, " (deposed ")
	traversal, diags := hclsyntax.ParseTraversalAbs([]byte(text), "", hcl.InitialPos)
	if diags.HasErrors() {
		return address{}, false
	}
	return split(traversal)
}

func split(traversal hcl.Traversal) (address, bool) {
	var words []string
	for _, step := range traversal {
		switch step := step.(type) {
		case hcl.TraverseRoot:
			words = append(words, step.Name)
		case hcl.TraverseAttr:
			words = append(words, step.Name)
		}
	}
	a := address{kind: "resource"}
	for len(words) > 1 && words[0] == "module" {
		a.modules, words = append(a.modules, words[1]), words[2:]
	}
	if len(words) == 3 {
		a.kind, words = words[0], words[1:]
	}
	a.labels = words
	return a, len(words) == 2 && (a.kind == "resource" || a.kind == "data" || a.kind == "ephemeral" || a.kind == "action")
}
