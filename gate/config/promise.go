package config

import (
	"github.com/hashicorp/hcl/v2"

	"github.com/holdfast-gate/holdfast/gate"
)

// promises reads what a role promises. A survivor floor that is left out is 1,
// so that a cluster that says nothing cannot be emptied; only an explicit 0
// permits that.
func (d *decoder) promises(attrs hcl.Attributes) gate.Role {
	r := gate.Role{SurvivorFloor: 1}
	if attr := attrs["size"]; attr != nil {
		r.Size, _ = d.number(attr, 1)
	}
	if attr := attrs["survivor_floor"]; attr != nil {
		if a, ok := d.sized(attr, attrs["size"], r.Size); ok {
			r.SurvivorFloor = a.floor(r.Size)
			d.within(attr, r.SurvivorFloor, r.Size)
		}
	}
	if attr := attrs["quorum"]; attr != nil {
		r.Quorum = d.flag(attr)
		if r.Quorum && attrs["size"] == nil {
			d.fail(attr.Range, "Quorum without size", "A majority is of the voters that are configured, not of those that are up. Declare how many there are, like size = 3.")
		}
	}
	if attr := attrs["budget"]; attr != nil {
		r.Budget = d.budget(attr, attrs["size"], r.Size)
	}
	if attr := attrs["zone_floor"]; attr != nil {
		r.ZoneFloor, _ = d.number(attr, 0)
		d.within(attr, r.ZoneFloor, r.Size)
	}
	if attr := attrs["ready_after"]; attr != nil {
		r.ReadyAfter, _ = d.duration(attr, 0)
	}
	return r
}

func (d *decoder) budget(attr, sizeAttr *hcl.Attribute, size int) *int {
	a, ok := d.sized(attr, sizeAttr, size)
	if !ok {
		return nil
	}
	if !a.percent && sizeAttr == nil {
		d.fail(attr.Range, "Budget without size", "A budget counts the members that are out, so it needs to know how many there should be. Declare it, like size = 3.")
		return nil
	}
	n := a.budget(size)
	d.within(attr, n, size)
	return &n
}

// sized reads an amount, and reports a percentage of a size nobody declared.
// The live count is never its base: a percentage of what is left shrinks with
// what is lost.
func (d *decoder) sized(attr, sizeAttr *hcl.Attribute, size int) (amount, bool) {
	a, ok := d.amount(attr)
	if !ok {
		return a, false
	}
	if a.percent && sizeAttr == nil {
		d.fail(attr.Range, "Percentage without size", "%s is a percentage of the declared size, and no size is declared. Add one, like size = 3, or write a number of members.", attr.Name)
		return a, false
	}
	// A size that is declared and wrong has its own diagnostic.
	return a, !a.percent || size > 0
}

// within reports a number above the declared size, if one is declared.
func (d *decoder) within(attr *hcl.Attribute, n, size int) {
	if size > 0 && n > size {
		d.fail(attr.Range, "More than the size", "%s is %d, and the declared size is %d. Lower %s to at most %d, or correct the size.", attr.Name, n, size, attr.Name, size)
	}
}
