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

// recorded returns the versions of which plan files are read here, each named by
// its product and number. Each was recorded with e2e/pairs in every way in which
// a plan can come about, and a test holds both readings equal on those files;
// nothing else puts one here, and nothing but Between stands beside it. The
// programs were built from the published modules, most without the backends and
// module sources of clouds.
//
// What a schema hides is no attribute that the gate keeps (gate.KeptAttributes),
// which is asked of hashicorp/aws in e2e. So of open versions the readings are
// equal in all that is kept.
//
// Any other version, the next patch of one included, has its plan files refused,
// and terraform is asked, which is slow and never wrong. That costs little where
// it matters, since the last patch of a line is what people stay on, and one is
// added by running e2e/pairs with it.
func recorded() map[string]version {
	return map[string]version{
		"terraform-1.5.7":  {silent: true, open: true},
		"terraform-1.6.6":  {silent: true, open: true},
		"terraform-1.7.5":  {silent: true, open: true},
		"terraform-1.8.5":  {},
		"terraform-1.9.8":  {},
		"terraform-1.10.5": {},
		"terraform-1.11.4": {},
		"terraform-1.12.2": {},
		"terraform-1.13.5": {},
		"terraform-1.14.3": {},
		"terraform-1.14.9": {},
		"terraform-1.15.0": {},
		"terraform-1.15.5": {},
		"tofu-1.6.3":       {silent: true, open: true},
		"tofu-1.8.11":      {silent: true},
		"tofu-1.9.4":       {silent: true},
		"tofu-1.10.10":     {silent: true},
		"tofu-1.11.6":      {silent: true},
		"tofu-1.12.6":      {silent: true},
	}
}

// Between names the versions whose plan files are read here because they lie
// between two recorded ones of their line, and these two. In all three the files
// that plan resources, write plan files and show them are the same, byte by byte,
// and so is the version of the package that writes values: "go run ./e2e/pairs
// -sources" compares them in the modules as they are published, and did before
// any of these was put here.
func Between() map[string][2]string {
	return map[string][2]string{
		"terraform-1.14.4": {"terraform-1.14.3", "terraform-1.14.9"},
		"terraform-1.14.5": {"terraform-1.14.3", "terraform-1.14.9"},
		"terraform-1.14.8": {"terraform-1.14.3", "terraform-1.14.9"},
		"terraform-1.15.3": {"terraform-1.15.0", "terraform-1.15.5"},
	}
}

// read is how a version writes plans, and whether its plan files are read here.
func read(name string) (version, bool) {
	if ends, ok := Between()[name]; ok {
		name = ends[0]
	}
	v, ok := recorded()[name]
	return v, ok
}

// Proved reports whether plan files of a version are read here, "terraform-1.11.4".
func Proved(version string) bool {
	_, ok := read(version)
	return ok
}

// Recorded names the versions that were recorded.
func Recorded() []string { return slices.Sorted(maps.Keys(recorded())) }
