package gate

import (
	"fmt"
	"math"
	"reflect"
	"slices"
	"strings"
)

// steadyGroupAttributes are the attributes of an aws_autoscaling_group whose change takes
// no member out of service, and those the provider computes. The others are
// handled one by one in groupUpdate (aws-semantics 2.4).
func steadyGroupAttributes() []string {
	return []string{"tag", "tags", "enabled_metrics", "metrics_granularity", "default_cooldown", "default_instance_warmup", "force_delete", "force_delete_warm_pool",
		"timeouts", "wait_for_capacity_timeout", "wait_for_elb_capacity", "min_elb_capacity", "termination_policies", "protect_from_scale_in", "service_linked_role_arn",
		"capacity_rebalance", "context", "health_check_grace_period", "ignore_failed_scaling_activities", "placement_group", "warm_pool", "warm_pool_size",
		"predicted_capacity", "instance_refresh", "capacity_reservation_specification", "availability_zone_distribution", "id", "arn", "region",
		"launch_template", "launch_configuration", "mixed_instances_policy", "instance_maintenance_policy"}
}

// groupEffect is what a change of one aws_autoscaling_group does.
func (v *View) groupEffect(c Change) Effect {
	name := c.ID
	g, live := v.group(c.Region, c.ID)
	switch {
	case c.Action == Create:
		n, _ := c.After.Int("desired_capacity")
		least, _ := c.After.Int("min_size")
		return Effect{Joins: max(n, least), Does: "makes group " + c.After.String("name")}
	case c.Action.Ends():
		// Deleting sets all sizes to 0 and removes scale-in protection first.
		ids := v.of(func(m MemberView) bool { return m.Group == name && (!live || m.Region == g.Region) })
		return Effect{Group: name, Ends: ids, Does: "ends group " + name + " with all its members"}
	case c.Action != Update:
		return Effect{}
	case !live || g.Absent:
		// The plan changes a group that was not seen: nothing is known of its
		// members, so all of them may go.
		return Effect{Group: name, Ends: v.of(func(m MemberView) bool { return m.Group == name }), Does: "changes group " + name, Guess: "the group was not found live"}
	}
	return v.groupUpdate(c, g)
}

// groupUpdate gathers everything one update does to a live group.
func (v *View) groupUpdate(c Change, g Group) Effect {
	e := Effect{Group: g.Name}
	var does, guess []string
	target := resize(c, g, v.counted(g), &e, &does)
	if r, why := rolls(c, g, target); why != "" {
		e.Rolls = v.rolled(g, r, target)
		does = append(does, why)
	}
	v.moveZones(c, g, target, &e, &does)
	if gone := removed(c, "target_group_arns", "load_balancers", "traffic_source"); len(gone) > 0 {
		e.Ends = v.inGroup(g)
		does = append(does, "takes the members of "+g.Name+" off "+strings.Join(gone, ", "))
	} else if len(c.changes("target_group_arns", "load_balancers", "traffic_source")) > 0 {
		does = append(does, "puts the members of "+g.Name+" on a load balancer")
	}
	handled := []string{"min_size", "max_size", "desired_capacity", "suspended_processes", "availability_zones", "vpc_zone_identifier",
		"target_group_arns", "load_balancers", "traffic_source", "max_instance_lifetime", "health_check_type"}
	if !v.Cluster.Implicit && v.Cluster.Members.selects(c.Before.Tags(), g.Name, []string{c.Address}) && !v.Cluster.Members.selects(c.After.Tags(), g.Name, []string{c.Address}) {
		e.Ends = v.inGroup(g)
		does = append(does, "takes the members of "+g.Name+" out of "+v.Cluster.Name+" by its tags")
	}
	if why := v.unproven(c, g); why != "" {
		guess = append(guess, why)
	}
	if names := c.unlisted(handled, steadyGroupAttributes()); len(names) > 0 {
		guess = append(guess, "what a change of "+strings.Join(names, ", ")+" does to members is not known")
	}
	// What this version cannot foresee may take every member.
	if len(guess) > 0 {
		e.Rolls = len(v.inGroup(g))
		does = append(does, "changes "+g.Name)
	}
	e.Does, e.Guess = strings.Join(does, "; "), strings.Join(guess, "; ")
	return e
}

// counted is the capacity the group itself sees, members that EC2 is already
// ending included: the group learns of those late.
func (v *View) counted(g Group) int {
	n := 0
	for _, m := range v.Members {
		if m.Group == g.Name && m.Region == g.Region && m.Counted {
			n += m.Units()
		}
	}
	return n
}

// rolled is how many members a refresh takes at once when it may take that
// many units: the lightest first of those that serve, or may. Where one member
// weighs as much as the whole group wants, AWS may replace all at once
// (aws-semantics 2.5).
func (v *View) rolled(g Group, units, target int) int {
	for _, m := range v.Members {
		if m.Group == g.Name && m.Region == g.Region && m.Units() > 1 && m.Units() >= target {
			units = math.MaxInt
		}
	}
	return cost(v.mayServe(g), units)
}

// mayServe are the members of a group that serve, or may, protected from
// nothing: what rolls a group may be set to take protected ones too.
func (v *View) mayServe(g Group) []MemberView {
	var out []MemberView
	for _, m := range v.Members {
		if m.Group == g.Name && m.Region == g.Region && m.Serving != ServingNo && m.Phase != Gone {
			m.Protected = false
			out = append(out, m)
		}
	}
	return out
}

// unproven says why a change may make the group end members that serve, where
// that depends on what is not known here; empty if it does not.
func (v *View) unproven(c Change, g Group) string {
	if slices.Contains(c.Changed, "health_check_type") && c.After.String("health_check_type") != "EC2" {
		if len(g.Targets) == 0 || len(c.changes("target_group_arns", "traffic_source", "load_balancers")) > 0 {
			return "whether members pass the health check that the group begins to heed is not known"
		}
	}
	if slices.Contains(c.Changed, "mixed_instances_policy") && (c.Hides("mixed_instances_policy") || !reflect.DeepEqual(weights(c.Before), weights(c.After))) {
		return "how many members the group wants once it weighs them anew is not known"
	}
	return ""
}

// weights are the weighted capacities of a group's overrides, in order.
func weights(a Attrs) []any {
	var out []any
	overrides, _ := a.Block("mixed_instances_policy").Block("launch_template")["override"].([]any)
	for _, o := range overrides {
		m, _ := o.(map[string]any)
		if w := m["weighted_capacity"]; w != nil && w != "" {
			out = append(out, m["instance_type"], w)
		}
	}
	return out
}

// resize works out how many units the group ends by itself. Its target is the
// desired capacity, sent or live, clamped to the sizes after the plan: a lower
// max_size lowers it without a word in the plan.
func resize(c Change, g Group, counted int, e *Effect, does *[]string) int {
	lo, hi := sent(c, "min_size", g.Min), sent(c, "max_size", g.Max)
	target := min(max(sent(c, "desired_capacity", g.Desired), lo), hi)
	now := max(counted, g.Desired)
	resized := len(c.changes("min_size", "max_size", "desired_capacity")) > 0
	e.Brakes = resumed(c, g)
	braked := slices.Contains(g.Suspended, "Terminate") && !slices.Contains(e.Brakes, "Terminate")
	if resized || len(e.Brakes) > 0 {
		e.Kills = max(0, now-target)
		e.Joins = max(0, target-now)
	}
	if braked {
		e.Kills, e.Pending = 0, e.Kills
	}
	switch {
	case e.Kills > 0 && counted > g.Desired:
		*does = append(*does, fmt.Sprintf("lowers %s from %d to %d while it counts %d", g.Name, g.Desired, target, counted))
	case e.Kills > 0 || e.Pending > 0:
		*does = append(*does, fmt.Sprintf("lowers %s from %d to %d", g.Name, now, target))
	case target > now:
		*does = append(*does, fmt.Sprintf("raises %s from %d to %d", g.Name, now, target))
	}
	if len(e.Brakes) > 0 {
		*does = append(*does, "resumes "+strings.Join(e.Brakes, ", ")+" of "+g.Name)
	}
	return target
}

// sent is the value of a size after the plan: what the update sends if it
// changes it, else what is live, because the provider sends changed fields only.
func sent(c Change, name string, live int) int {
	if !slices.Contains(c.Changed, name) {
		return live
	}
	// A size that is unknown until apply, or null, is the worst it could be.
	n, _ := c.After.Int(name)
	if c.Hides(name) {
		return 0
	}
	return n
}

// resumed are the processes that are suspended live and that the plan resumes
// without saying so: somebody's manual brake.
func resumed(c Change, g Group) []string {
	if !slices.Contains(c.Changed, "suspended_processes") {
		return nil
	}
	keeps := c.After.Strings("suspended_processes")
	var out []string
	for _, p := range g.Suspended {
		// An unknown list may keep none of them.
		if !slices.Contains(keeps, p) || c.Hides("suspended_processes") {
			out = append(out, p)
		}
	}
	return out
}

// rolls is the most members the group takes at once while it replaces them,
// and why it does.
func rolls(c Change, g Group, target int) (n int, why string) {
	refresh := c.After.Block("instance_refresh")
	lived := len(c.changes("max_instance_lifetime")) > 0
	watched := append([]string{"launch_template", "launch_configuration", "mixed_instances_policy"}, refresh.Strings("triggers")...)
	if c.Hides("instance_refresh") {
		// Triggers that are not known may be any attribute.
		watched = c.Changed
	}
	changed := c.changes(watched...)
	// A refresh block that is not known yet may be there.
	planned := refresh != nil || c.Hides("instance_refresh")
	switch {
	case len(changed) > 0 && planned:
		lo, hi := limits(c, g, refresh.Block("preferences"))
		return atOnce(target, lo, hi), fmt.Sprintf("replaces the members of %s, keeping %d%% of %d, because %s changes", g.Name, lo, target, strings.Join(changed, ", "))
	case lived:
		lo, hi := limits(c, g, nil)
		return atOnce(target, lo, hi), "replaces members of " + g.Name + " that are older than the new max_instance_lifetime"
	}
	return n, why
}

// limits are the healthy percentages that hold during a refresh: the refresh's
// own preferences, else the group's maintenance policy, else the provider's
// defaults of 90 and 100 (aws-semantics 2.5). Of two that could hold, the lower.
func limits(c Change, g Group, preferences Attrs) (int, int) {
	lo, hi := 90, 100
	if g.MinHealthy >= 0 {
		lo, hi = g.MinHealthy, max(100, g.MaxHealthy)
	}
	if n, ok := c.After.Block("instance_maintenance_policy").Int("min_healthy_percentage"); ok && n >= 0 {
		lo = min(lo, n)
		if len(c.changes("instance_maintenance_policy")) > 0 {
			hi = 100
		}
	}
	if c.Hides("instance_refresh") {
		// Preferences that are not known may keep none of them.
		return 0, hi
	}
	if n, ok := preferences.Int("min_healthy_percentage"); ok {
		lo = n
	}
	if n, ok := preferences.Int("max_healthy_percentage"); ok && n > 0 {
		hi = n
	}
	return lo, hi
}

// atOnce is how many of d members a refresh takes at once.
func atOnce(d, minHealthy, maxHealthy int) int {
	switch {
	case minHealthy <= 0:
		return d
	case minHealthy >= 100 && maxHealthy > 100: // launches before it terminates
		return 0
	default:
		return max(1, d-d*minHealthy/100)
	}
}

// moveZones adds what a change of zones or subnets does: members in a zone that
// goes are ended; a zone that comes, or may, lets the group rebalance a tenth
// at a time (aws-semantics 2.2, 2.5).
func (v *View) moveZones(c Change, g Group, target int, e *Effect, does *[]string) {
	names := c.changes("availability_zones", "vpc_zone_identifier")
	if len(names) == 0 {
		return
	}
	zones, subnets := c.After.Strings("availability_zones"), c.After.Strings("vpc_zone_identifier")
	// Where subnets are planned, or may be, the zones say nothing.
	byZone := len(subnets) == 0 && !c.Hides("vpc_zone_identifier")
	for _, id := range v.inGroup(g) {
		m, _ := v.member(id)
		// A zone or subnet that is not known yet may be any but this member's.
		if !slices.Contains(subnets, m.Subnet) && !(byZone && slices.Contains(zones, m.Zone)) {
			e.Ends = append(e.Ends, id)
		}
	}
	if len(e.Ends) > 0 {
		*does = append(*does, "ends the members of "+g.Name+" outside its new zones")
	}
	comes := slices.ContainsFunc(names, func(name string) bool {
		before := c.Before.Strings(name)
		return c.Hides(name) || slices.ContainsFunc(c.After.Strings(name), func(place string) bool { return !slices.Contains(before, place) })
	})
	if comes && target > 1 {
		e.Rolls += cost(v.mayServe(g), (target+9)/10)
		*does = append(*does, "lets "+g.Name+" rebalance over its new zones")
	}
}

// removed are the load balancer attachments a group loses.
func removed(c Change, names ...string) []string {
	var out []string
	for _, name := range c.changes(names...) {
		before, _ := c.Before[name].([]any)
		after, _ := c.After[name].([]any)
		lost := slices.ContainsFunc(before, func(had any) bool {
			return !slices.ContainsFunc(after, func(has any) bool { return reflect.DeepEqual(has, had) })
		})
		// A secret list may have lost any; one that is not known yet has none.
		if lost || slices.Contains(c.Sensitive, name) {
			out = append(out, name)
		}
	}
	return out
}
