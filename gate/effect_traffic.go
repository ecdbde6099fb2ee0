package gate

import (
	"slices"
	"strings"
)

// groupAttachmentEffect is what an attachment of a whole group to a load
// balancer does. Removing one drains every member; a replacement is a window
// without targets (aws-semantics 1.2.4).
func (v *View) groupAttachmentEffect(c Change) (Effect, bool) {
	name := c.Before.String("autoscaling_group_name")
	if c.Before == nil {
		name = c.After.String("autoscaling_group_name")
	}
	g, ok := v.group(c.Region, name)
	if !ok {
		return Effect{}, false
	}
	switch {
	case c.Action.Ends():
		return Effect{Ends: v.inGroup(g), Does: "takes the members of " + name + " off their load balancer"}, true
	case c.Action == Create:
		return Effect{Does: "puts the members of " + name + " on a load balancer"}, true
	}
	return Effect{}, true
}

// targetEffect is what registering or deregistering one target does. Delete
// does not wait for draining; create re-registers a target that somebody is
// draining (aws-semantics 0.4, 1.2.15).
func (v *View) targetEffect(c Change) (Effect, bool) {
	id := c.Before.String("target_id")
	if c.Before == nil {
		id = c.After.String("target_id")
	}
	if _, ok := v.member(id); !ok {
		return Effect{}, false
	}
	switch {
	case c.Action.Ends():
		return Effect{Ends: []string{id}, Does: "takes " + id + " off its load balancer"}, true
	case c.Action == Create:
		return Effect{Does: "registers " + id + " with a load balancer"}, true
	}
	return Effect{}, true
}

// targetGroupEffect is what removing or replacing a target group does: none of
// its targets gets traffic from it any more.
func (v *View) targetGroupEffect(c Change) (Effect, bool) {
	ids := v.of(func(m MemberView) bool { return slices.Contains(m.Targets, c.ID) })
	if c.ID == "" || len(ids) == 0 {
		return Effect{}, false
	}
	if c.Action.Ends() {
		return Effect{Ends: ids, Does: "takes every target off " + c.ID}, true
	}
	return Effect{}, true
}

// templateEffect is what a launch template's end does: members live on, but a
// group cannot launch another.
func (v *View) templateEffect(c Change) (Effect, bool) {
	i := slices.IndexFunc(v.Groups, func(g Group) bool {
		id, _, _ := strings.Cut(g.Template, ":")
		return c.ID != "" && id == c.ID
	})
	if i < 0 {
		return Effect{}, false
	}
	if c.Action.Ends() {
		return Effect{Does: "removes the launch template of " + v.Groups[i].Name + ", which can then replace nobody"}, true
	}
	return Effect{}, true
}

// inGroup returns the ids of a group's members, sorted.
func (v *View) inGroup(g Group) []string {
	return v.of(func(m MemberView) bool { return m.Group == g.Name && m.Region == g.Region })
}
