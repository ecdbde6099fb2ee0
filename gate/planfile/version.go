package planfile

import (
	"maps"
	"slices"
)

// version is how one version of Terraform or OpenTofu writes plans.
type version struct {
	silent bool // neither file nor JSON says whether the plan is complete or applyable
	open   bool // the file does not say what the provider's schema hides, which show knows from the provider
}

// proven returns the versions of which plan files are read here, each named by
// its product and number. Each was recorded with e2e/pairs in every way in which
// a plan can come about, and a test holds both readings equal on those files;
// nothing else puts one here.
//
// What a schema hides is no attribute that the gate keeps (gate.KeptAttributes),
// which is asked of hashicorp/aws in e2e. So of open versions the readings are
// equal in all that is kept.
//
// A version between two of them, or the next patch of one, is not here: its
// plan files are refused, and terraform is asked, which is slow and never wrong.
// That costs little where it matters, since the last patch of a line is what
// people stay on, and one is added by running e2e/pairs with it.
func proven() map[string]version {
	return map[string]version{
		"terraform-1.5.7":  {silent: true, open: true},
		"terraform-1.9.8":  {},
		"terraform-1.11.4": {},
		"terraform-1.13.5": {},
		"terraform-1.14.3": {},
		"terraform-1.15.5": {},
		"tofu-1.12.6":      {silent: true},
	}
}

// Proved reports whether plan files of a version are read here, "terraform-1.11.4".
func Proved(version string) bool {
	_, ok := proven()[version]
	return ok
}

// Versions names the versions whose plan files are read here.
func Versions() []string { return slices.Sorted(maps.Keys(proven())) }
