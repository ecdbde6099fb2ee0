package drift

import (
	"fmt"
	"slices"
	"strings"

	"github.com/holdfast-gate/holdfast/gate"
)

// member compares a recorded instance with the live one.
func member(v *gate.View, s *gate.Snapshot, c gate.Change) []Difference {
	i := slices.IndexFunc(v.Members, func(m gate.MemberView) bool { return m.ID == c.ID })
	if i < 0 || c.ID == "" {
		return nil
	}
	m := v.Members[i]
	// Where the instances were not all read, the source says so, and nobody is
	// taken for gone.
	if !m.Absent && m.Attrs == nil {
		return nil
	}
	if m.Absent || m.Phase == gate.Gone {
		return gone(v, c, m)
	}
	var out []Difference
	if others := slices.DeleteFunc(slices.Clone(m.Addresses), func(a string) bool { return a == c.Address }); len(others) > 0 && c.Address < others[0] {
		out = append(out, Difference{Code: Twice, Region: m.Region, Address: c.Address, Ref: m.ID, Members: []string{m.ID}, Recorded: strings.Join(m.Addresses, ", "), Live: m.ID,
			Message: fmt.Sprintf("%s of %s is recorded twice, as %s: what one of them does, the other does not know", m.ID, v.Cluster.Name, strings.Join(m.Addresses, " and as "))})
	}
	if was := c.Before.String("instance_state"); was != "" && was != m.Attrs["state"] {
		out = append(out, Difference{Code: Stopped, Region: m.Region, Address: c.Address, Ref: m.ID, Attribute: "instance_state", Members: []string{m.ID}, Recorded: was, Live: m.Attrs["state"], value: m.Attrs["state"],
			Message: fmt.Sprintf("%s of %s, %s, is recorded as %s and is %s", c.Address, v.Cluster.Name, m.ID, was, m.Attrs["state"])})
	}
	out = append(out, compareAttribute(v, c, Template, "ami", m.Attrs["ami"])...)
	out = append(out, compareAttribute(v, c, Attribute, "instance_type", m.Attrs["instance_type"])...)
	out = append(out, compareAttribute(v, c, Attribute, "subnet_id", m.Subnet)...)
	if m.Phase == gate.Leaving {
		return out // its network and its tags fall off by themselves
	}
	// A view fills in from the record what fell off a member; the snapshot does not.
	live := slices.IndexFunc(s.Members, func(l gate.Member) bool { return l.ID == m.ID && l.Region == m.Region })
	return append(out, tags(v, c, s.Members[live].Tags)...)
}

// compareAttribute compares a text that may not be there on either side.
func compareAttribute(v *gate.View, c gate.Change, code, name, live string) []Difference {
	was := c.Before.String(name)
	if was == "" || live == "" {
		return nil
	}
	return differ(v, c, code, name, was, live)
}

// gone is a recorded member that is no longer there. An undeclared one with its
// name may have taken its place.
func gone(v *gate.View, c gate.Change, m gate.MemberView) []Difference {
	d := Difference{Code: Gone, Region: c.Region, Address: c.Address, Ref: c.ID, Members: []string{c.ID}, Recorded: c.ID, Live: "gone",
		Message: fmt.Sprintf("%s of %s is recorded as %s, which is gone", c.Address, v.Cluster.Name, c.ID)}
	name := c.Before.Tags()["Name"]
	var heirs []string
	for _, o := range v.Members {
		if name != "" && undeclaredMember(o) && o.Tags["Name"] == name {
			heirs = append(heirs, o.ID)
		}
	}
	if len(heirs) == 1 {
		d.Code, d.Live, d.Members = Renamed, heirs[0], []string{c.ID, heirs[0]}
		d.Message = fmt.Sprintf("%s of %s is recorded as %s, which is gone; %s has its name, %s, and no state knows it", c.Address, v.Cluster.Name, c.ID, heirs[0], name)
	}
	return []Difference{d}
}

func undeclaredMember(m gate.MemberView) bool {
	return !m.Managed && m.Phase != gate.Gone && m.Phase != gate.Leaving
}

// heirs are the members that have the names of others that are gone: they are
// told with those, and with one way out.
func heirs(ds []Difference) []string {
	var out []string
	for _, d := range ds {
		if d.Code == Renamed {
			out = append(out, d.Live)
		}
	}
	return out
}

// undeclared finds members that no state has an address for, but for those that
// are told already.
func undeclared(v *gate.View, told []string) []Difference {
	if v.Cluster.Unmanaged == gate.Allow {
		return nil
	}
	d := Difference{Code: Unmanaged, Recorded: "nothing"}
	for _, m := range v.Members {
		if undeclaredMember(m) && !slices.Contains(told, m.ID) {
			d.Members, d.Region = append(d.Members, m.ID), m.Region
		}
	}
	if len(d.Members) == 0 {
		return nil
	}
	d.Live = gate.Count(len(d.Members), "member")
	d.Message = fmt.Sprintf("%s has %s that no state knows: %s", v.Cluster.Name, d.Live, few(d.Members))
	return []Difference{d}
}

// generations finds members that were made from different images, or versions
// of one launch template.
func generations(v *gate.View) []Difference {
	var out []Difference
	for _, mixed := range v.Generations() {
		d := Difference{Code: Generations, Region: v.Regions[0], Recorded: "one generation", Live: mixed.String(), Message: fmt.Sprintf("%s is of mixed generations: %s", v.Cluster.Name, mixed)}
		for _, g := range mixed {
			d.Members = append(d.Members, g.Members...)
		}
		d.Ref = groupOf(v, d.Members)
		out = append(out, d)
	}
	return out
}

// groupOf is the group that all of some members are in; empty if there is none.
func groupOf(v *gate.View, ids []string) string {
	group := ""
	for _, m := range v.Members {
		if slices.Contains(ids, m.ID) {
			group = m.Group
		}
	}
	return group
}

func few(ids []string) string {
	const shown = 6
	ids = slices.Sorted(slices.Values(ids))
	if len(ids) > shown {
		return fmt.Sprintf("%s and %d more", strings.Join(ids[:shown], ", "), len(ids)-shown)
	}
	return strings.Join(ids, ", ")
}
