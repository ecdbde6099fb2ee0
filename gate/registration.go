package gate

import (
	"cmp"
	"slices"
	"strings"
)

// A Registration is a member's place in a target group, on one port.
type Registration struct {
	Address string `json:"address,omitempty"` // that records it; empty: none does
	Group   string `json:"group"`             // ARN of the target group
	Member  string `json:"member"`            // id
	Region  string `json:"region"`
	Port    int    `json:"port,omitempty"`   // zero: that of the target group, or not known
	Live    []int  `json:"live,omitempty"`   // ports that nobody declared, in place of a recorded one that is not there
	Undone  bool   `json:"undone,omitempty"` // the plan gives it back
}

// TargetGroup is the name of the target group, for people.
func (r Registration) TargetGroup() string {
	_, name, _ := strings.Cut(r.Group, ":targetgroup/")
	name, _, _ = strings.Cut(name, "/")
	return cmp.Or(name, r.Group)
}

// registrations is the places of members in target groups, as they were
// recorded and as they are.
type registrations struct {
	snapshot *Snapshot
	recorded map[string][]recordedTarget // by member
	declared map[[2]string][]int         // ports that the plan or another state has or will have, by target group and member; zero is any
	live     map[string][]Registration   // by target group
}

// A recordedTarget is an attachment as it was recorded, and what the plan does
// to it.
type recordedTarget struct {
	Change
	planned Action
}

// newRegistrations indexes one Input. A recorded attachment that the plan's
// refresh did not find any more is made again by the plan, or nobody wants it.
func newRegistrations(p *Plan, s *Snapshot) *registrations {
	r := &registrations{snapshot: s, recorded: map[string][]recordedTarget{}, declared: map[[2]string][]int{}, live: map[string][]Registration{}}
	again := map[string]bool{}
	for _, c := range p.Changes {
		if !attaches(c) {
			continue
		}
		again[c.Address] = c.Action == Create
		if c.Before != nil && c.Deposed == "" {
			r.record(c, c.Action)
		}
		r.declare(c.Before)
		r.declare(c.After)
	}
	for _, c := range p.Drift {
		if attaches(c) && c.Action == Delete && c.Before != nil && again[c.Address] {
			r.record(c, Create)
		}
	}
	for _, c := range p.Others {
		if attaches(c) {
			r.declare(c.Before)
		}
	}
	for _, m := range s.Members {
		for arn, ports := range m.Ports {
			for _, port := range ports {
				r.live[arn] = append(r.live[arn], Registration{Group: arn, Member: m.ID, Region: m.Region, Port: port})
			}
		}
	}
	return r
}

// attaches reports whether a change is about one target of a target group.
func attaches(c Change) bool {
	return c.Type == "aws_lb_target_group_attachment" || c.Type == "aws_alb_target_group_attachment"
}

func (r *registrations) record(c Change, planned Action) {
	id := c.Before.String("target_id")
	r.recorded[id] = append(r.recorded[id], recordedTarget{c, planned})
}

func (r *registrations) declare(a Attrs) {
	port, _ := a.Int("port")
	at := [2]string{a.String("target_group_arn"), a.String("target_id")}
	r.declared[at] = append(r.declared[at], port)
}

func (r *registrations) declares(group, member string, port int) bool {
	ports := r.declared[[2]string{group, member}]
	return slices.Contains(ports, port) || slices.Contains(ports, 0)
}

// addRegistrations finds what a cluster's members lost of their places in
// target groups, and who has one that nobody declared: neither the plan, nor
// another state, nor an Auto Scaling group that puts its members there. A
// cluster's target groups are those of its groups, and those that an attachment
// of a member names.
func (v *View) addRegistrations(r *registrations) {
	groups := map[string]bool{}
	for _, g := range v.Groups {
		for _, arn := range g.Targets {
			groups[arn] = true
		}
	}
	for i := range v.Members {
		for _, c := range r.recorded[v.Members[i].ID] {
			groups[c.Before.String("target_group_arn")] = true
			if lost, is := r.lost(&v.Members[i], c); is {
				v.Lost = append(v.Lost, lost)
			}
		}
	}
	// A port in place of another is told with the place that is lost.
	moved := func(o Registration) bool {
		return slices.ContainsFunc(v.Lost, func(l Registration) bool {
			return l.Group == o.Group && l.Member == o.Member && slices.Contains(l.Live, o.Port)
		})
	}
	for arn := range groups {
		for _, o := range r.live[arn] {
			if !r.declares(arn, o.Member, o.Port) && !moved(o) && r.counts(o) {
				v.Undeclared = append(v.Undeclared, o)
			}
		}
	}
	order := func(a, b Registration) int {
		return cmp.Or(cmp.Compare(a.Group, b.Group), cmp.Compare(a.Member, b.Member), cmp.Compare(a.Port, b.Port), cmp.Compare(a.Address, b.Address))
	}
	slices.SortFunc(v.Lost, order)
	slices.SortFunc(v.Undeclared, order)
}

// lost returns a recorded place that a member does not have any more, though it
// is there to have it. What the plan takes away itself is not lost.
func (r *registrations) lost(m *MemberView, c recordedTarget) (Registration, bool) {
	port, _ := c.Before.Int("port")
	out := Registration{Address: c.Address, Group: c.Before.String("target_group_arn"), Member: m.ID, Region: m.Region, Port: port, Undone: c.planned == Create}
	if out.Group == "" || m.Named || c.planned.Ends() || !m.stays() || !r.read(m.Region) || m.registered(out.Group, port) {
		return out, false
	}
	for _, live := range m.Ports[out.Group] {
		if !r.declares(out.Group, m.ID, live) {
			out.Live = append(out.Live, live)
		}
	}
	return out, true
}

// counts reports whether a place is that of somebody who stays, and whom no
// Auto Scaling group has put there.
func (r *registrations) counts(o Registration) bool {
	i := slices.IndexFunc(r.snapshot.Members, func(m Member) bool { return m.ID == o.Member && m.Region == o.Region })
	m := MemberView{Member: r.snapshot.Members[i]}
	return r.read(o.Region) && m.stays() && !slices.ContainsFunc(r.snapshot.Groups, func(g Group) bool {
		return m.Group != "" && g.Name == m.Group && g.Region == m.Region && slices.Contains(g.Targets, o.Group)
	})
}

// read reports whether the target groups of a region were read in full. Where
// they were not, the source says so, and nobody is taken for lost.
func (r *registrations) read(region string) bool {
	src, ok := source(r.snapshot, SourceTargets, region)
	return ok && src.Complete
}

// stays reports whether a member is there and not going for good, whatever its
// load balancers do with it.
func (m MemberView) stays() bool {
	return !m.Absent && m.Attrs != nil && !slices.ContainsFunc(m.Observed, func(o Observation) bool {
		return o.Source != SourceTargets && (o.Phase == Leaving || o.Phase == Gone)
	})
}

// registered reports whether a member has a place in a target group. A port
// that is not known is any, and so is the one of a snapshot without ports.
func (m Member) registered(group string, port int) bool {
	ports, known := m.Ports[group]
	if !known {
		return slices.Contains(m.Targets, group)
	}
	return len(ports) > 0 && (port == 0 || slices.Contains(ports, port))
}
