package planfile

import (
	"slices"
)

// version is how one version of Terraform or OpenTofu writes and shows plans.
type version struct {
	product string // as e2e/pairs names it
	format  string // of the JSON
	silent  bool   // neither file nor JSON says whether the plan is complete or applyable
}

// proven returns the versions of which plan files are read here, by number. Each
// was recorded with e2e/pairs in every way in which a plan can come about, and a
// test holds both readings equal on those files; nothing else puts one here.
//
// A version between two of them, or the next patch of one, is not here: its
// plan files are refused, and terraform is asked, which is slow and never wrong.
// That costs little where it matters, since the last patch of a line is what
// people stay on, and one is added by running e2e/pairs with it.
//
// OpenTofu numbers its versions as Terraform does, and its plan files do not say
// which of the two made them. Those of OpenTofu are silent, those of Terraform
// since 1.8 are not: a file that is the other way round than its number says is
// not read.
func proven() map[string]version {
	return map[string]version{
		"1.9.8":  {product: "terraform", format: "1.2"},
		"1.11.4": {product: "terraform", format: "1.2"},
		"1.14.3": {product: "terraform", format: "1.2"},
		"1.12.6": {product: "tofu", format: "1.2", silent: true},
	}
}

// Proved reports whether plan files of a version of Terraform or OpenTofu are
// read here.
func Proved(number string) bool {
	_, ok := proven()[number]
	return ok
}

// Versions names the versions whose plan files are read here, "terraform-1.11.4".
func Versions() []string {
	var out []string
	for number, v := range proven() {
		out = append(out, v.product+"-"+number)
	}
	return slices.Sorted(slices.Values(out))
}
