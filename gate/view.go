package gate

import (
	"cmp"
	"maps"
	"slices"
	"strings"
)

// world indexes one Input, so that every cluster is seen through the same join.
type world struct {
	plan     *Plan
	members  []MemberView      // live and recorded, sorted by ID
	groups   []Group           // live, and those the plan records but no source has seen
	recorded map[string]Change // group changes by key(region, name)
	counted  map[string]string // counted resources by the id of their instances
}

// newWorld joins what is live with what the plan records. Members are the
// union of both: tags fall off terminated instances, members made by hand are
// in no plan, and dying ones are the ones looked for. Changes of our own that
// the snapshot may not show yet are joined to both members and groups.
func newWorld(in Input) *world {
	p, s := in.Plan, in.Snapshot
	w := &world{plan: p, recorded: map[string]Change{}, counted: map[string]string{}}
	size := map[string]int{}
	byID := map[string]*MemberView{}
	for _, m := range s.Members {
		byID[m.ID] = &MemberView{Member: m}
	}
	for _, c := range p.Changes {
		switch c.Type {
		case "aws_instance":
			if c.ID != "" && c.Action != Create {
				w.record(byID, c, s)
				w.counted[c.ID] = Unkeyed(c.Address)
				size[Unkeyed(c.Address)]++
			}
		case "aws_autoscaling_group":
			if c.ID != "" {
				w.recorded[key(c.Region, c.ID)] = c
			}
		}
	}
	// One instance with a count of 0 or 1 is a switch, not a cluster.
	maps.DeleteFunc(w.counted, func(_, resource string) bool { return size[resource] < 2 })
	w.groups = slices.Clone(s.Groups)
	for _, c := range p.Changes {
		if c.Type == "aws_autoscaling_group" && c.ID != "" && !slices.ContainsFunc(s.Groups, func(g Group) bool { return g.Name == c.ID && (c.Region == "" || g.Region == c.Region) }) {
			// A group that the plan knows and no source has seen stays in view:
			// nothing is known of it, so nothing may be allowed about it.
			w.groups = append(w.groups, Group{Name: c.ID, Region: c.Region, Absent: true, Tags: c.Before.Tags(), MinHealthy: -1, MaxHealthy: -1})
		}
	}
	elsewhere := map[string]bool{}
	for _, c := range p.Others {
		if c.Type == "aws_instance" || c.Type == "aws_autoscaling_group" {
			elsewhere[key(c.Region, c.ID)] = true
		}
	}
	w.disks(byID)
	for id := range byID {
		m := byID[id]
		m.Managed = len(m.Addresses) > 0 || elsewhere[key(m.Region, m.ID)]
		if m.Group != "" {
			_, named := w.groupChange(m.Region, m.Group)
			m.Managed = m.Managed || named || elsewhere[key(m.Region, m.Group)]
			for _, g := range s.Groups {
				if g.Name == m.Group && g.Region == m.Region {
					m.Tags = fill(m.Tags, g.Tags)
				}
			}
		}
		slices.Sort(m.Addresses)
		for _, r := range in.Recent {
			r.observe(m, in.Now)
		}
		w.members = append(w.members, *m)
	}
	for i := range w.groups {
		for _, r := range in.Recent {
			r.await(&w.groups[i], in.Recent, in.Now)
		}
	}
	slices.SortFunc(w.groups, func(a, b Group) int {
		return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.Region, b.Region))
	})
	slices.SortFunc(w.members, func(a, b MemberView) int { return cmp.Compare(a.ID, b.ID) })
	return w
}

// record notes that the plan knows a member by an address. A recorded member
// that no source has seen is absent: it does not serve, and it is not known
// why. Where the instances were not all read, it is only not known.
func (w *world) record(byID map[string]*MemberView, c Change, s *Snapshot) {
	m := byID[c.ID]
	if m == nil {
		m = &MemberView{Absent: true, Member: Member{ID: c.ID, Region: c.Region, Phase: PhaseUnknown, Serving: ServingNo, Zone: c.Before.String("availability_zone")}}
		if src, ok := source(s, SourceInstances, c.Region); !ok || !src.Complete {
			m.Absent = false
			m.Observed = []Observation{{Source: SourceInstances, Raw: "not read", Opinion: true}}
		}
		byID[c.ID] = m
	}
	m.Addresses = append(m.Addresses, c.key())
	if c.Previous != "" {
		m.Former = append(m.Former, c.Previous)
	}
	// A live tag wins over the recorded one, and that over the configured one;
	// they stand in for a tag that is no longer there.
	m.Tags = fill(fill(m.Tags, c.Before.Tags()), c.After.Tags())
}

// groupChange is the plan's entry for a group; a change without a region
// stands for the group of that name in any.
func (w *world) groupChange(region, name string) (Change, bool) {
	c, ok := w.recorded[key(region, name)]
	if !ok {
		c, ok = w.recorded[key("", name)]
	}
	return c, ok
}

func key(region, name string) string { return region + "/" + name }

// key is a change's identity: its address, and the key of a deposed object.
func (c Change) key() string {
	if c.Deposed != "" {
		return c.Address + " (deposed " + c.Deposed + ")"
	}
	return c.Address
}

// fill adds to a copy of tags those of more whose keys it has not.
func fill(tags, more map[string]string) map[string]string {
	out := maps.Clone(tags)
	if out == nil {
		out = map[string]string{}
	}
	for k, v := range more {
		if _, ok := out[k]; !ok {
			out[k] = v
		}
	}
	return out
}

// views divides the world into clusters: first those the config declares, then
// one for every group, every set of instances tagged Cluster and every counted
// resource that no declared cluster claims. Two declared clusters that claim
// one member are a finding: neither promise can be trusted.
func views(in Input, w *world) ([]*View, []Finding) {
	var out []*View
	var overlaps []Finding
	for _, c := range in.Config.Clusters {
		out = append(out, &View{Cluster: c})
	}
	declared := len(out)
	implicit := map[origin]*View{}
	for _, m := range w.members {
		var claims []string
		for _, v := range out[:declared] {
			if v.Cluster.Members.selects(m.Tags, m.Group, m.known()) {
				claims = append(claims, v.Cluster.Name)
				v.Members = append(v.Members, m)
			}
		}
		if len(claims) > 1 {
			overlaps = append(overlaps, Finding{Check: "cluster", Code: "cluster.overlap", Decision: Block, Cluster: claims[0], Subjects: []string{m.ID},
				Message: m.ID + " is a member of " + strings.Join(claims, " and of ") + ": its loss would be counted against promises that do not know of each other",
				Remedy:  "narrow the members of one of the clusters in holdfast.hcl"})
		}
		if len(claims) == 0 {
			if from := w.implied(m); from.name != "" {
				v := claim(implicit, from)
				v.Members = append(v.Members, m)
			}
		}
	}
	for _, g := range w.groups {
		if !slices.ContainsFunc(out[:declared], func(v *View) bool { return v.hasGroup(g) }) {
			claim(implicit, origin{g.Region, "group", g.Name})
		}
	}
	out = append(out, named(out[:declared], implicit)...)
	for _, v := range out {
		for _, g := range w.groups {
			if v.hasGroup(g) {
				v.Groups = append(v.Groups, g)
			}
		}
		v.Regions = v.regions()
	}
	slices.SortFunc(out, func(a, b *View) int { return cmp.Compare(a.Cluster.Name, b.Cluster.Name) })
	return out, overlaps
}

// origin is where a cluster that nobody declared comes from.
type origin struct{ region, kind, name string }

// selector finds the members of an origin.
func (o origin) selector() Selector {
	switch o.kind {
	case "group":
		return Selector{Groups: []string{o.name}}
	case "tag":
		return Selector{Tags: map[string]string{"Cluster": o.name}}
	}
	return Selector{Addresses: []string{o.name}}
}

// implied is the cluster a member is in when the config claims it for none: its
// group's, else its Cluster tag's, else its resource's if that has more than
// one, in whatever modules. A lone instance is no cluster.
func (w *world) implied(m MemberView) origin {
	switch {
	case m.Group != "":
		return origin{m.Region, "group", m.Group}
	case m.Tags["Cluster"] != "":
		return origin{m.Region, "tag", m.Tags["Cluster"]}
	}
	return origin{m.Region, "resource", w.counted[m.ID]}
}

// claim returns the implicit cluster of an origin, made with a survivor floor
// of 1 when it is the first to ask.
func claim(implicit map[origin]*View, from origin) *View {
	v := implicit[from]
	if v == nil {
		v = &View{Regions: []string{from.region}, Cluster: Cluster{Name: from.name, Members: from.selector(), Settle: DefaultSettle, Implicit: true, Roles: []Role{{SurvivorFloor: 1}}}}
		implicit[from] = v
	}
	return v
}

// named gives implicit clusters their names, adding what they come from and
// the region where a name would stand twice.
func named(declared []*View, implicit map[origin]*View) []*View {
	taken, kinds := map[string]int{}, map[string]map[string]int{}
	for _, v := range declared {
		taken[v.Cluster.Name]++
	}
	for from := range implicit {
		taken[from.name]++
		if kinds[from.name] == nil {
			kinds[from.name] = map[string]int{}
		}
		kinds[from.name][from.kind]++
	}
	var out []*View
	for from, v := range implicit {
		if len(kinds[from.name]) > 1 {
			v.Cluster.Name = from.kind + " " + from.name
		}
		if taken[from.name] > 1 {
			v.Cluster.Name += " in " + from.region
		}
		out = append(out, v)
	}
	return out
}

// hasGroup reports whether a group's members are, or would be, in the cluster.
func (v *View) hasGroup(g Group) bool {
	if v.Cluster.Implicit && !slices.Contains(v.Regions, g.Region) {
		return false
	}
	return v.Cluster.Members.selects(g.Tags, g.Name, nil) ||
		slices.ContainsFunc(v.Members, func(m MemberView) bool { return m.Group == g.Name && m.Region == g.Region })
}

// known are the addresses a selector may name a member by.
func (m MemberView) known() []string { return slices.Concat(m.Addresses, m.Former) }

// group returns the live group of that name, in any region if region is empty.
func (v *View) group(region, name string) (Group, bool) {
	i := slices.IndexFunc(v.Groups, func(g Group) bool { return g.Name == name && (region == "" || g.Region == region) })
	if i < 0 {
		return Group{}, false
	}
	return v.Groups[i], true
}

// member returns the member with that id.
func (v *View) member(id string) (*MemberView, bool) {
	i, ok := slices.BinarySearchFunc(v.Members, id, func(m MemberView, id string) int { return cmp.Compare(m.ID, id) })
	if !ok {
		return nil, false
	}
	return &v.Members[i], true
}

// of returns the ids of the cluster's members that satisfy ok, sorted.
func (v *View) of(ok func(MemberView) bool) []string {
	var out []string
	for _, m := range v.Members {
		if ok(m) {
			out = append(out, m.ID)
		}
	}
	return out
}

// regions are those of the cluster's members and groups, sorted.
func (v *View) regions() []string {
	var out []string
	for _, m := range v.Members {
		out = append(out, m.Region)
	}
	for _, g := range v.Groups {
		out = append(out, g.Region)
	}
	slices.Sort(out)
	return slices.DeleteFunc(slices.Compact(out), func(r string) bool { return r == "" })
}

// Touched reports whether the plan does anything to the cluster's members or
// groups; a change of tags does not.
func (v *View) Touched() bool { return len(v.Effects) > 0 }

// Costs reports whether the plan can take a member that serves, or may.
func (v *View) Costs() bool { return slices.ContainsFunc(v.Roles, Projection.Costs) }

// Takes reports whether the plan can take a member out of service, serving or
// not.
func (v *View) Takes() bool { return slices.ContainsFunc(v.Effects, Effect.Takes) }

// selects reports whether a selector finds a member with these tags, group and
// addresses. The empty selector finds none.
func (s Selector) selects(tags map[string]string, group string, addresses []string) bool {
	if len(s.Tags) > 0 {
		all := true
		for k, want := range s.Tags {
			got, ok := tags[k]
			all = all && ok && (want == "*" || got == want)
		}
		if all {
			return true
		}
	}
	if group != "" && slices.Contains(s.Groups, group) {
		return true
	}
	return slices.ContainsFunc(addresses, func(a string) bool {
		return slices.ContainsFunc(s.Addresses, func(want string) bool { return a == want || resourceOf(a) == want || Unkeyed(a) == want })
	})
}

// resourceOf strips the last instance key, and the key of a deposed object,
// from an address.
func resourceOf(address string) string {
	address, _, _ = strings.Cut(address, " (deposed ")
	key := "["
	if strings.HasSuffix(address, `"]`) {
		key = `["` // the key itself may hold brackets
	}
	if i := strings.LastIndex(address, key); i > 0 && strings.HasSuffix(address, "]") {
		return address[:i]
	}
	return address
}

// Unkeyed strips every instance key from an address, those of modules too, and
// the key of a deposed object.
func Unkeyed(address string) string {
	address, _, _ = strings.Cut(address, " (deposed ")
	var out strings.Builder
	depth, quoted := 0, false
	for i := 0; i < len(address); i++ {
		switch c := address[i]; {
		case quoted:
			if c == '\\' {
				i++
			}
			quoted = c != '"'
		case c == '"':
			quoted = true
		case c == '[':
			depth++
		case c == ']':
			depth--
		case depth == 0:
			out.WriteByte(c)
		}
	}
	return out.String()
}
