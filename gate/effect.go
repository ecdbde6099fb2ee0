package gate

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// addEffects works out what the whole plan does to one cluster. Terraform runs
// up to ten changes at once and orders nothing between the instances of one
// resource, so everything is taken as simultaneous.
func (v *View) addEffects(w *world) {
	for _, c := range w.plan.Changes {
		e, mine := v.effect(c)
		if !mine {
			continue
		}
		v.Recorded = append(v.Recorded, c)
		if e.Does == "" {
			continue
		}
		e.Address, e.Action = c.key(), c.Action
		v.Effects = append(v.Effects, e)
	}
	for _, a := range w.plan.Actions {
		if ids := v.of(func(m MemberView) bool { return slices.Contains(a.Members, m.ID) }); len(ids) > 0 {
			v.Effects = append(v.Effects, Effect{Address: a.Address, Action: Update, Ends: ids, Does: "runs " + a.Type + " on " + list(ids)})
		}
	}
	for _, c := range w.plan.Drift {
		if v.owns(c) {
			v.Drift = append(v.Drift, c)
		}
	}
	for _, e := range v.Effects {
		for _, id := range slices.Concat(e.Ends, e.Stops) {
			if m, ok := v.member(id); ok {
				m.Named = true
			}
		}
	}
	slices.SortFunc(v.Effects, func(a, b Effect) int { return cmp.Compare(a.Address, b.Address) })
	slices.SortFunc(v.Recorded, func(a, b Change) int { return cmp.Compare(a.key(), b.key()) })
	slices.SortFunc(v.Drift, func(a, b Change) int { return cmp.Compare(a.key(), b.key()) })
}

// effect is what one change does to this cluster, and whether the change is
// about the cluster at all. An Effect without Does is a change that disturbs
// nobody.
func (v *View) effect(c Change) (Effect, bool) {
	switch c.Type {
	case "aws_instance":
		return v.instanceEffect(c), v.owns(c)
	case "aws_autoscaling_group":
		if !v.owns(c) {
			return Effect{}, false
		}
		return v.groupEffect(c), true
	case "aws_launch_template":
		return v.templateEffect(c)
	case "aws_autoscaling_attachment", "aws_autoscaling_traffic_source_attachment":
		return v.groupAttachmentEffect(c)
	case "aws_lb_target_group_attachment", "aws_alb_target_group_attachment":
		return v.targetEffect(c)
	case "aws_lb_target_group", "aws_alb_target_group":
		return v.targetGroupEffect(c)
	case "aws_ec2_instance_state":
		return v.instanceStateEffect(c)
	case "aws_volume_attachment":
		return v.attachmentEffect(c)
	case "aws_ebs_volume":
		return v.volumeEffect(c)
	}
	return Effect{}, false
}

// owns reports whether an instance or a group of the plan is, was or would be
// in this cluster.
func (v *View) owns(c Change) bool {
	switch c.Type {
	case "aws_instance":
		if _, ok := v.member(c.ID); ok && c.ID != "" {
			return true
		}
		if v.Cluster.Implicit && c.Region != "" && !slices.Contains(v.Regions, c.Region) {
			return false
		}
		if c.Action == Create {
			return v.Cluster.Members.selects(c.After.Tags(), "", []string{c.Address, c.Previous})
		}
		// What refresh found deleted is in no list of members any more.
		return c.Action == Delete && v.Cluster.Members.selects(c.Before.Tags(), "", []string{c.Address, c.Previous})
	case "aws_autoscaling_group":
		if _, ok := v.group(c.Region, c.ID); ok && c.ID != "" {
			return true
		}
		if v.Cluster.Implicit && c.Region != "" && !slices.Contains(v.Regions, c.Region) {
			return false
		}
		name := cmp.Or(c.ID, c.After.String("name"))
		return v.Cluster.Members.selects(fill(c.Before.Tags(), c.After.Tags()), name, []string{c.Address, c.Previous})
	}
	return false
}

// Count says how many of what, for messages: "1 member", "3 members".
func Count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// list names a few and counts the rest.
func list(ids []string) string {
	const shown = 4
	if len(ids) <= shown {
		return strings.Join(ids, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(ids[:shown], ", "), len(ids)-shown)
}

// changes returns those of the names that an update changes.
func (c Change) changes(names ...string) []string {
	var out []string
	for _, n := range names {
		if slices.Contains(c.Changed, n) {
			out = append(out, n)
		}
	}
	return out
}

// unlisted returns the attributes an update changes that none of the lists
// knows.
func (c Change) unlisted(lists ...[]string) []string {
	var out []string
	for _, n := range c.Changed {
		if !slices.ContainsFunc(lists, func(l []string) bool { return slices.Contains(l, n) }) {
			out = append(out, n)
		}
	}
	return out
}

// Hides reports whether the value of an attribute after the plan is not
// known here: it will be only after apply, or it is sensitive and was dropped.
func (c Change) Hides(name string) bool {
	return slices.Contains(c.Unknown, name) || slices.Contains(c.Sensitive, name)
}
