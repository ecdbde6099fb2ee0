package gate

import (
	"iter"
	"maps"
	"slices"
)

// An Aside is no-ops of a large plan that its decoder holds apart from the
// changes, because they are many and few of them matter: of instances and of
// what is attached to them, which nothing happens to. Those of groups, launch
// templates and target groups are held apart as well, until the plan is judged.
type Aside interface {
	Len() int
	// All yields them in the order of the plan: those of these types, all when
	// none is named.
	All(types ...string) iter.Seq[Change]
}

// Focused returns the plan with those of Aside among its changes that a cluster
// has which is judged: one that the config declares, one that anything else in
// the plan is about, or may be. Of a plan that has set nothing aside it returns
// the plan itself. What is live can show that others matter too, see Misses.
func (p *Plan) Focused(c *Config) *Plan {
	if p.Aside == nil {
		return p
	}
	out := *p
	out.Changes, out.Unjudged = slices.Clip(p.Changes), 0
	had := held(p)
	take := func(needed func(Change) bool, types ...string) {
		for o := range p.Aside.All(types...) {
			switch {
			case had[o.key()]:
			case needed(o):
				out.Changes = append(out.Changes, o)
			default:
				out.Unjudged++
			}
		}
	}
	// Who has members that the plan does not name is judged whatever it is about.
	take(func(Change) bool { return true }, "aws_autoscaling_group", "aws_launch_template", "aws_lb_target_group", "aws_alb_target_group")
	f := newFocus(&out, c)
	if f.all {
		return p.Whole()
	}
	take(f.member, "aws_instance")
	for _, o := range out.Changes {
		if o.Type == "aws_instance" {
			f.ids[o.ID] = true
		}
	}
	take(f.attached, "aws_volume_attachment", "aws_lb_target_group_attachment", "aws_alb_target_group_attachment")
	for _, o := range out.Changes {
		if o.Type == "aws_volume_attachment" {
			f.volumes[o.Before.String("volume_id")] = true
		}
	}
	take(f.volume, "aws_ebs_volume")
	return &out
}

// Whole returns the plan with all that was set aside among its changes.
func (p *Plan) Whole() *Plan {
	if p.Aside == nil {
		return p
	}
	out := *p
	out.Changes, out.Unjudged, out.Aside = slices.Clip(p.Changes), 0, nil
	had := held(p)
	for o := range p.Aside.All() {
		if !had[o.key()] {
			out.Changes = append(out.Changes, o)
		}
	}
	return &out
}

// held are the no-ops that a plan has among its changes.
func held(p *Plan) map[string]bool {
	out := map[string]bool{}
	for _, c := range p.Changes {
		if c.Action == NoOp {
			out[c.key()] = true
		}
	}
	return out
}

// focus is what a plan is about, as far as the plan and the config tell.
type focus struct {
	clusters []Cluster       // that are declared
	names    map[string]bool // of implicit clusters: values of the tag Cluster, resources, groups
	ids      map[string]bool // of members
	volumes  map[string]bool
	all      bool // it cannot be told
}

func newFocus(p *Plan, c *Config) *focus {
	if c == nil {
		c = DefaultConfig()
	}
	f := &focus{clusters: c.Clusters, names: map[string]bool{}, ids: map[string]bool{}, volumes: map[string]bool{}}
	for _, c := range p.Changes {
		if c.Type == "aws_autoscaling_group" {
			// What two clusters are called depends on both, so nobody's namesake is left out.
			f.name(c.ID, c.After.String("name"))
		}
		if c.Action == NoOp || c.Action == Read {
			continue
		}
		f.about(c)
		f.all = f.all || liveOnly(c)
	}
	for _, c := range p.Drift {
		f.about(c)
	}
	for _, a := range p.Actions {
		for _, id := range a.Members {
			f.ids[id] = true
		}
	}
	// Of whom only the id is known, the clusters are told by what is recorded of it.
	unknown := maps.Clone(f.ids)
	for _, c := range p.Changes {
		if c.Type == "aws_instance" {
			delete(unknown, c.ID)
		}
	}
	if len(unknown) == 0 {
		return f
	}
	for o := range p.Aside.All("aws_instance") {
		if unknown[o.ID] {
			f.about(o)
		}
	}
	return f
}

// liveOnly reports whether only what is live tells whom a change is about: who
// has a volume, who is behind a target group. Who is not read is not seen there.
func liveOnly(c Change) bool {
	switch c.Type {
	case "aws_ebs_volume":
		return c.Action != Create
	case "aws_lb_target_group", "aws_alb_target_group":
		return c.Action.Ends()
	}
	return false
}

// about adds what one change is about.
func (f *focus) about(c Change) {
	for _, side := range []Attrs{c.Before, c.After} {
		f.ids[side.String("instance_id")] = true
		f.ids[side.String("target_id")] = true
		f.name(side.Tags()["Cluster"], side.String("autoscaling_group_name"))
	}
	if c.Type == "aws_instance" {
		f.ids[c.ID] = true
		f.name(Unkeyed(c.Address), Unkeyed(c.Previous))
	}
	delete(f.ids, "")
}

func (f *focus) name(names ...string) {
	for _, n := range names {
		if n != "" {
			f.names[n] = true
		}
	}
}

// member reports whether an instance is in a cluster that is judged.
func (f *focus) member(c Change) bool {
	if f.ids[c.ID] || f.names[Unkeyed(c.Address)] {
		return true
	}
	tags := c.Before.Tags()
	if f.names[tags["Cluster"]] {
		return true
	}
	return slices.ContainsFunc(f.clusters, func(o Cluster) bool { return o.Members.selects(tags, "", []string{c.key(), c.Previous}) })
}

// attached reports whether a change is about a member that is judged, or about
// one that it does not name.
func (f *focus) attached(c Change) bool {
	for _, name := range []string{"instance_id", "target_id"} {
		if id := c.Before.String(name); id != "" {
			return f.ids[id]
		}
	}
	return true
}

func (f *focus) volume(c Change) bool { return c.ID == "" || f.volumes[c.ID] }

// Misses reports whether a verdict on the plan lacks something that was set
// aside: what is live shows a member, or a tag, that puts it into a cluster that
// was judged. Then the whole plan has to be judged.
func (p *Plan) Misses(v Verdict) bool {
	if p.Aside == nil || p.Unjudged == 0 {
		return false
	}
	asked := map[string]bool{}
	for _, c := range slices.Concat(p.Changes, p.Drift) {
		asked[c.Before.Tags()["Cluster"]], asked[c.After.Tags()["Cluster"]] = true, true
	}
	f := &focus{names: map[string]bool{}, ids: map[string]bool{}, volumes: map[string]bool{}}
	for _, view := range v.Clusters {
		f.clusters = append(f.clusters, view.Cluster)
		for _, m := range view.Members {
			// Somebody has moved it to a cluster whose members were not looked for.
			if name := m.Tags["Cluster"]; name != "" && !asked[name] {
				return true
			}
			f.ids[m.ID] = true
			for _, a := range m.Volumes {
				f.volumes[a.Volume] = true
			}
		}
	}
	had := held(p)
	for o := range p.Aside.All() {
		if had[o.key()] {
			continue
		}
		missed := false
		switch o.Type {
		case "aws_instance":
			missed = f.member(o)
		case "aws_ebs_volume":
			missed = f.volume(o)
		default:
			missed = f.attached(o)
		}
		if missed {
			return true
		}
	}
	return false
}
