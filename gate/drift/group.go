package drift

import (
	"fmt"
	"maps"
	"slices"

	"github.com/holdfast-gate/holdfast/gate"
)

// protection says whether new members of a group are protected from a scale-in.
const protection = "protect_from_scale_in"

// group compares a recorded group with the live one.
func group(v *gate.View, c gate.Change) []Difference {
	i := slices.IndexFunc(v.Groups, func(g gate.Group) bool { return g.Name == c.ID && (c.Region == "" || g.Region == c.Region) })
	if i < 0 || v.Groups[i].Absent {
		return []Difference{{Code: Gone, Region: c.Region, Address: c.Address, Ref: c.ID, Message: fmt.Sprintf("%s of %s is recorded as %s, and there is no such group", c.Address, v.Cluster.Name, c.ID)}}
	}
	g := v.Groups[i]
	var out []Difference
	for _, size := range []struct {
		name string
		live int
	}{{"desired_capacity", g.Desired}, {"max_size", g.Max}, {"min_size", g.Min}} {
		if was, ok := c.Before.Int(size.name); ok {
			out = append(out, differ(v, c, Size, size.name, float64(was), float64(size.live))...)
		}
	}
	out = append(out, surplus(v, c, g)...)
	if t := c.Before.Block("launch_template"); t != nil {
		id := t.String("id")
		if id == "" {
			id = t.String("name")
		}
		if was := id + ":" + t.String("version"); was != g.Template {
			d := differ(v, c, Template, "launch_template", was, g.Template)
			d[0].value = templateBlock(t, g.Template)
			out = append(out, d...)
		}
	} else if was := c.Before.String("launch_configuration"); was != "" {
		out = append(out, differ(v, c, Template, "launch_configuration", was, g.Template)...)
	}
	for _, set := range []struct {
		name string
		live []string
	}{{"availability_zones", g.Zones}, {"suspended_processes", g.Suspended}, {"target_group_arns", g.Targets}, {"vpc_zone_identifier", g.Subnets}} {
		_, kept := c.Before[set.name]
		switch {
		case set.name == "target_group_arns" && attached(v, c.ID): // an attachment of its own puts them there, too
		case set.name == "availability_zones" && len(c.Before.Strings("vpc_zone_identifier")) > 0: // they are those of the subnets
		case kept:
			out = append(out, differ(v, c, Attribute, set.name, list(c.Before.Strings(set.name)), list(set.live))...)
		}
	}
	if was, ok := c.Before[protection].(bool); ok {
		out = append(out, differ(v, c, Attribute, protection, was, g.ProtectNew)...)
	}
	return append(out, tags(v, propagated(c), g.Tags)...)
}

// propagated is a recorded group with only those of its tags that its members
// get: of the others a snapshot says nothing.
func propagated(c gate.Change) gate.Change {
	blocks, _ := c.Before["tag"].([]any)
	before := maps.Clone(c.Before)
	before["tag"] = slices.DeleteFunc(slices.Clone(blocks), func(b any) bool {
		m, _ := b.(map[string]any)
		passed, said := m["propagate_at_launch"].(bool)
		return said && !passed
	})
	c.Before = before
	return c
}

// attached reports whether an attachment of its own is recorded for a group.
func attached(v *gate.View, name string) bool {
	return slices.ContainsFunc(v.Recorded, func(c gate.Change) bool { return c.Before.String("autoscaling_group_name") == name })
}

// templateBlock is a live template as the block has it.
func templateBlock(recorded gate.Attrs, live string) any {
	out := map[string]any{}
	for k, v := range recorded {
		out[k] = v
	}
	for i := len(live) - 1; i >= 0; i-- {
		if live[i] == ':' {
			out["id"], out["version"] = live[:i], live[i+1:]
			break
		}
	}
	return []any{out}
}

// surplus finds members beyond the recorded size of a group: nobody told
// Terraform of them. Which of them those are, no source says for certain; the
// youngest are named.
func surplus(v *gate.View, c gate.Change, g gate.Group) []Difference {
	was, ok := c.Before.Int("desired_capacity")
	if !ok || g.Desired <= was {
		return nil
	}
	var in []gate.MemberView
	for _, m := range v.Members {
		if m.Group == g.Name && m.Region == g.Region && m.Phase != gate.Gone {
			in = append(in, m)
		}
	}
	slices.SortStableFunc(in, func(a, b gate.MemberView) int { return a.Launched.Compare(b.Launched) })
	if len(in) <= was {
		return nil
	}
	d := Difference{Code: Surplus, Region: g.Region, Address: c.Address, Ref: g.Name,
		Recorded: gate.Count(was, "member"), Live: gate.Count(len(in), "member")}
	for _, m := range in[was:] {
		d.Members = append(d.Members, m.ID)
	}
	d.Message = fmt.Sprintf("group %s of %s has %s and %d are recorded: %d that no state knows, the youngest are %s",
		g.Name, v.Cluster.Name, gate.Count(len(in), "member"), was, len(d.Members), few(d.Members))
	return []Difference{d}
}
