// Package drifted holds the check that a cluster is as Terraform recorded it.
// It does not say who changed it.
package drifted

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/holdfast-gate/holdfast/gate"
)

// Check returns the check.
func Check() *gate.Check {
	return &gate.Check{Name: "drifted", Needs: gate.Live(), Run: run, Doc: `what was changed by hand must be named before a plan is judged

A plan that undoes somebody's change, or that takes members of a cluster that is
not what the state says, was made without knowing of it. Pass by recording what
is live (holdfast apply -refresh-only), by putting the change into the
configuration, or by undoing it; then plan again. Null against empty is no
drift, and a desired capacity that the plan leaves alone is only a warning:
scaling policies move it every day. So are members of mixed generations, and
whatever an ignore rule of holdfast.hcl accepts until its last day.`}
}

func run(p *gate.Pass) error {
	for _, d := range p.Cluster.Drift {
		recorded(p, d)
	}
	for _, c := range p.Cluster.Recorded {
		live(p, c)
	}
	brakes(p)
	absent(p)
	generations(p)
	targets(p)
	return nil
}

// generations names members that were not made alike. It only warns: the way
// out of a hybrid is a change that takes its old members, and every rollout is
// one for a while.
func generations(p *gate.Pass) {
	for _, mixed := range p.Cluster.Generations() {
		if len(p.Cluster.Recorded) == 0 {
			continue
		}
		var ids []string
		for _, g := range mixed {
			ids = append(ids, g.Members...)
		}
		p.Report(gate.Finding{Code: "drifted.generations", Decision: gate.Warn, Subjects: ids,
			Message: fmt.Sprintf("%s is of mixed generations: %s", p.Cluster.Cluster.Name, mixed),
			Remedy:  "finish the rollout: replace the members that were not made from what Terraform records"})
	}
}

// watched are the attributes of an instance or a group whose drift says
// something about members. What a stopped or replaced instance drags along
// (addresses, DNS names) does not.
func watched(resourceType string) []string {
	if resourceType == "aws_instance" {
		return []string{"instance_state", "instance_type", "ami", "subnet_id", "availability_zone", "launch_template"}
	}
	return []string{"desired_capacity", "min_size", "max_size", "launch_template", "launch_configuration", "mixed_instances_policy", "availability_zones",
		"vpc_zone_identifier", "suspended_processes", "target_group_arns", "load_balancers", "traffic_source"}
}

// recorded judges what Terraform's own refresh found.
func recorded(p *gate.Pass, d gate.Change) {
	name := p.Cluster.Cluster.Name
	if d.Action == gate.Delete {
		report(p, gate.Finding{Code: "drifted.gone", Subjects: []string{d.Address}, Decision: severity(p.Cluster.Costs()),
			Message: fmt.Sprintf("%s of %s is recorded as %s and is gone: somebody ended it outside Terraform", d.Address, name, d.ID)}, d)
		return
	}
	for _, attr := range d.Changed {
		selecting := attr == "tags" && !reflect.DeepEqual(selected(p, d.Before), selected(p, d.After))
		if !slices.Contains(watched(d.Type), attr) && !selecting {
			continue
		}
		undone := undoes(p, d.Address, attr) && !repairs(p, d)
		// Scaling policies move the desired capacity; the arithmetic uses the live
		// one. An attachment of its own adds to the group's load balancers.
		everyday := attr == "desired_capacity" || (kind(attr) == "attribute" && grows(d, attr))
		serious := undone || (p.Cluster.Costs() && !everyday)
		how := undoing(undone)
		if rule, ok := p.Config.Drift.Ignored(d.Address, attr, p.Now); ok {
			serious, how = false, fmt.Sprintf("%s, ignored until %s: %s", how, rule.Expires, rule.Reason)
		}
		report(p, gate.Finding{Code: "drifted." + kind(attr), Subjects: []string{d.Address}, Decision: severity(serious),
			Message: fmt.Sprintf("%s of %s in %s was changed outside Terraform from %s to %s%s", attr, d.Address, name, show(d.Before[attr]), show(d.After[attr]), how)}, d)
	}
}

// kind groups attributes into the few codes that people override.
func kind(attr string) string {
	switch attr {
	case "desired_capacity", "min_size", "max_size":
		return "size"
	case "launch_template", "launch_configuration", "mixed_instances_policy", "ami":
		return "template"
	case "instance_state":
		return "state"
	case "tags":
		return "membership"
	}
	return "attribute"
}

// undoes reports whether the plan changes the attribute that drifted.
func undoes(p *gate.Pass, address, attr string) bool {
	return slices.ContainsFunc(p.Cluster.Recorded, func(c gate.Change) bool {
		return c.Address == address && (slices.Contains(c.Changed, attr) || c.Action.Ends())
	})
}

// repairs reports whether the plan replaces the very member that drifted, and
// that member is known not to serve: a repair, not an undoing.
func repairs(p *gate.Pass, d gate.Change) bool {
	return slices.ContainsFunc(p.Cluster.Members, func(m gate.MemberView) bool {
		return m.ID == d.ID && m.Named && m.Serving == gate.ServingNo
	})
}

// grows reports whether a list only gained entries.
func grows(d gate.Change, attr string) bool {
	if attr != "target_group_arns" && attr != "load_balancers" {
		return false
	}
	after := d.After.Strings(attr)
	return !slices.ContainsFunc(d.Before.Strings(attr), func(s string) bool { return !slices.Contains(after, s) })
}

func undoing(undone bool) string {
	if undone {
		return ", and the plan undoes that"
	}
	return ""
}

// selected are the tags that make a resource a member.
func selected(p *gate.Pass, a gate.Attrs) map[string]string {
	out := map[string]string{}
	tags := a.Tags()
	keys := []string{"Cluster"}
	for k := range p.Cluster.Cluster.Members.Tags {
		keys = append(keys, k)
	}
	for _, r := range p.Cluster.Cluster.Roles {
		for k := range r.Members.Tags {
			keys = append(keys, k)
		}
	}
	for _, k := range keys {
		if v, ok := tags[k]; ok {
			out[k] = v
		}
	}
	return out
}

// live compares what the plan refreshed with what was read since.
func live(p *gate.Pass, c gate.Change) {
	i := slices.IndexFunc(p.Cluster.Groups, func(g gate.Group) bool {
		return g.Name == c.ID && !g.Absent && (c.Region == "" || c.Region == g.Region)
	})
	if i < 0 {
		return
	}
	g := p.Cluster.Groups[i]
	now := map[string]int{"desired_capacity": g.Desired, "min_size": g.Min, "max_size": g.Max}
	for _, attr := range slices.Sorted(maps.Keys(now)) {
		was, ok := c.Before.Int(attr)
		if !ok || was == now[attr] {
			continue
		}
		undone := slices.Contains(c.Changed, attr) || c.Action.Ends()
		report(p, gate.Finding{Code: "drifted.size", Subjects: []string{c.Address}, Decision: severity(undone || (p.Cluster.Costs() && attr != "desired_capacity")),
			Message: fmt.Sprintf("%s of %s in %s was %d when the plan was made and is %d now", attr, c.Address, p.Cluster.Cluster.Name, was, now[attr])}, c)
	}
	if was := template(c.Before); was != "" && g.Template != "" && was != g.Template {
		report(p, gate.Finding{Code: "drifted.template", Subjects: []string{c.Address}, Decision: severity(p.Cluster.Costs()),
			Message: fmt.Sprintf("the launch template of %s in %s was %s when the plan was made and is %s now", c.Address, p.Cluster.Cluster.Name, was, g.Template)}, c)
	}
}

// template is a group's recorded launch template as the live group names it.
func template(a gate.Attrs) string {
	t := a.Block("launch_template")
	if id := t.String("id"); id != "" {
		return id + ":" + t.String("version")
	}
	return a.String("launch_configuration")
}

// brakes judges processes that somebody suspended by hand: a plan that resumes
// them lets go of what they hold back, and says so nowhere.
func brakes(p *gate.Pass) {
	for _, e := range p.Cluster.Effects {
		if len(e.Brakes) > 0 {
			p.Report(gate.Finding{Code: "drifted.brake", Decision: gate.Block, Subjects: []string{e.Address},
				Message: fmt.Sprintf("the plan resumes %s of group %s of %s, which is suspended live, and could then end %s", strings.Join(e.Brakes, ", "), e.Group, p.Cluster.Cluster.Name, gate.Count(e.Kills, "unit")),
				Remedy:  "put the suspension into the configuration, or resume it by hand first and watch what happens"})
		}
	}
}

// absent judges recorded members and groups that no source has seen. If none
// was seen, the reads are most likely about another world.
func absent(p *gate.Pass) {
	var gone, lost []string
	known := 0
	for _, m := range p.Cluster.Members {
		if len(m.Addresses) > 0 {
			known++
		}
		if m.Absent {
			gone = append(gone, m.ID)
			if !m.Named {
				lost = append(lost, m.ID)
			}
		}
	}
	for _, g := range p.Cluster.Groups {
		if recordedGroup(p, g) {
			known++
		}
		if g.Absent {
			gone, lost = append(gone, g.Name), append(lost, g.Name)
		}
	}
	name := p.Cluster.Cluster.Name
	switch {
	case len(gone) > 0 && len(gone) == known:
		// An empty answer about a cluster that has members is no answer.
		p.Report(gate.Finding{Code: "drifted.empty", Decision: gate.Block, Subjects: gone, Message: fmt.Sprintf("the state records %d of %s and AWS shows none of them: %s", known, name, strings.Join(gone, ", ")),
			Remedy: "check that holdfast reads the account, region and endpoint that Terraform changes"})
	case len(lost) > 0:
		// A recorded member that nobody has seen may be anything.
		p.Report(gate.Finding{Code: "drifted.absent", Decision: severity(p.Cluster.Touched()), Subjects: lost, Message: fmt.Sprintf("the state records %d of %s that AWS does not show: %s", len(lost), name, strings.Join(lost, ", ")),
			Remedy: "plan again with a refresh"})
	}
}

func recordedGroup(p *gate.Pass, g gate.Group) bool {
	return slices.ContainsFunc(p.Cluster.Recorded, func(c gate.Change) bool { return c.ID == g.Name })
}

func report(p *gate.Pass, f gate.Finding, c gate.Change) {
	f.Remedy = "record what is live (holdfast apply -refresh-only) or put it into the configuration, then plan again"
	source := "plan"
	if c.Found != "" {
		source = c.Found
	}
	f.Evidence = []gate.Evidence{{Source: source, Ref: c.Address, Field: strings.Join(c.Changed, ", ")}}
	p.Report(f)
}

func severity(block bool) gate.Decision {
	if block {
		return gate.Block
	}
	return gate.Warn
}

// show writes an attribute's value on one line; the core keeps no sensitive one.
func show(v any) string {
	if v == nil {
		return "nothing"
	}
	b, err := json.Marshal(v)
	if err != nil {
		return "something"
	}
	return string(b)
}
