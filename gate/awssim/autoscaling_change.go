package awssim

import (
	"slices"
	"strings"
	"time"
)

// changeGroup finds the group that a change names.
func changeGroup(do func(*request, *group) (any, error)) action {
	return func(r *request) (any, error) {
		g, err := namedGroup(r, r.live)
		if err != nil {
			return nil, err
		}
		return do(r, g)
	}
}

func createGroup(r *request) (any, error) {
	name := r.str("AutoScalingGroupName")
	if r.live.groups[name] != nil {
		return nil, failure("AlreadyExists", "AutoScalingGroup by this name already exists - A group with the name %s already exists", name)
	}
	if !r.has("MinSize") || !r.has("MaxSize") {
		return nil, failure("ValidationError", "MinSize and MaxSize are required.")
	}
	g := r.w.newGroup(r.live, name)
	if err := r.shape(g); err != nil {
		delete(r.live.groups, name)
		return nil, err
	}
	r.place(g)
	g.targets = r.strs("TargetGroupARNs.member")
	for _, t := range r.list("TrafficSources.member") {
		g.targets = append(g.targets, t.str("Identifier"))
	}
	for _, h := range r.list("LifecycleHookSpecificationList.member") {
		g.putHook(h)
	}
	for _, t := range r.list("Tags.member") {
		g.setTag(t)
	}
	r.w.reactLater(g)
	return empty{}, nil
}

// updateGroup changes what the request names and nothing else.
func updateGroup(r *request, g *group) (any, error) {
	if err := r.shape(g); err != nil {
		return nil, err
	}
	r.place(g)
	r.w.reactLater(g)
	return empty{}, nil
}

// shape takes a group's settings over from a request; a group is left as it
// was if they do not fit.
func (r *request) shape(g *group) error {
	if err := r.sizes(g); err != nil {
		return err
	}
	if spec := r.launchSpec(); len(spec) > 0 {
		t := r.live.template(spec.str("LaunchTemplateId"), spec.str("LaunchTemplateName"))
		if t == nil {
			return failure("ValidationError", "You must use a valid fully-formed launch template. The specified launch template does not exist.")
		}
		g.templateID, g.templateVersion, g.configuration = t.id, orElse(spec.str("Version"), "$Default"), ""
	}
	if r.has("LaunchConfigurationName") {
		if err := r.configure(g); err != nil {
			return err
		}
	}
	if g.templateID == "" && g.configuration == "" {
		return failure("ValidationError", "Valid requests must contain either LaunchTemplate, LaunchConfigurationName, InstanceId or MixedInstancesPolicy parameter.")
	}
	g.cooldown, g.grace = r.num("DefaultCooldown", g.cooldown), r.num("HealthCheckGracePeriod", g.grace)
	g.maxLifetime, g.warmup = r.num("MaxInstanceLifetime", g.maxLifetime), r.num("DefaultInstanceWarmup", g.warmup)
	g.minHealthy = r.num("InstanceMaintenancePolicy.MinHealthyPercentage", g.minHealthy)
	g.maxHealthy = r.num("InstanceMaintenancePolicy.MaxHealthyPercentage", g.maxHealthy)
	g.healthType = orElse(r.str("HealthCheckType"), g.healthType)
	g.context = orElse(r.str("Context"), g.context)
	g.deletionProtection = orElse(r.str("DeletionProtection"), g.deletionProtection)
	if r.has("NewInstancesProtectedFromScaleIn") {
		g.protectNew = r.flag("NewInstancesProtectedFromScaleIn")
	}
	if r.has("CapacityRebalance") {
		g.capacityRebalance = r.flag("CapacityRebalance")
	}
	if policies := r.strs("TerminationPolicies.member"); len(policies) > 0 {
		g.policies = policies
	}
	return nil
}

// launchSpec is the launch template of a request, be it within a mixed
// instances policy, of which the World honours nothing else.
func (r *request) launchSpec() form {
	if spec := r.sub("LaunchTemplate"); len(spec) > 0 {
		return spec
	}
	return r.sub("MixedInstancesPolicy.LaunchTemplate.LaunchTemplateSpecification")
}

// sizes changes the limits and the desired capacity. One that is not named
// follows the limits; one that is named must lie within them.
func (r *request) sizes(g *group) error {
	lowest, highest := r.num("MinSize", g.min), r.num("MaxSize", g.max)
	if lowest > highest {
		return failure("ValidationError", "Max bound, %d, must be greater than or equal to min bound, %d", highest, lowest)
	}
	desired := min(max(g.desired, lowest), highest)
	if r.has("DesiredCapacity") {
		desired = r.num("DesiredCapacity", desired)
	}
	if desired < lowest || desired > highest {
		return failure("ValidationError", "Desired capacity:%d must be between the specified min size:%d and max size:%d", desired, lowest, highest)
	}
	if desired != g.desired {
		g.asked = r.w.cause("a user request update of AutoScalingGroup constraints to min: %d, max: %d, desired: %d changing the desired capacity from %d to %d.  ", lowest, highest, desired, g.desired, desired)
	}
	g.min, g.max, g.desired = lowest, highest, desired
	return nil
}

// place sets the subnets and zones of a group. Members in a zone it loses are
// replaced.
func (r *request) place(g *group) {
	if ids := r.str("VPCZoneIdentifier"); ids != "" {
		g.subnets, g.zones = strings.Split(ids, ","), nil
		for _, id := range g.subnets {
			g.zones = append(g.zones, orElse(r.live.zoneOf(id), r.live.zones()[0]))
		}
	} else if zones := r.strs("AvailabilityZones.member"); len(zones) > 0 {
		g.zones, g.subnets = zones, nil
	}
	if len(g.zones) == 0 {
		g.zones = r.live.zones()[:1]
	}
	slices.Sort(g.zones)
	g.zones = slices.Compact(g.zones)
	for _, m := range g.members {
		if !slices.Contains(g.zones, m.zone) && !m.leaving() {
			r.w.endMember(g, m, r.w.cause("an instance was taken out of service in response to a change of zones."))
		}
	}
}

func deleteGroupAction(r *request, g *group) (any, error) {
	return empty{}, r.w.deleteGroup(r.live, g, r.flag("ForceDelete"))
}

func setDesiredCapacity(r *request, g *group) (any, error) {
	return empty{}, r.w.setDesired(g, r.num("DesiredCapacity", g.desired))
}

func (g *group) setTag(t form) {
	tag := groupTag{t.str("Key"), t.str("Value"), t.flag("PropagateAtLaunch")}
	g.tags = slices.DeleteFunc(g.tags, func(o groupTag) bool { return o.key == tag.key })
	g.tags = append(g.tags, tag)
	slices.SortFunc(g.tags, func(a, b groupTag) int { return strings.Compare(a.key, b.key) })
}

// eachTag lets do happen for each tag of a request, with the group it is for.
func eachTag(do func(*group, form)) action {
	return func(r *request) (any, error) {
		for _, t := range r.list("Tags.member") {
			g := r.live.groups[t.str("ResourceId")]
			if g == nil {
				return nil, failure("ValidationError", "AutoScalingGroup '%s' not found", t.str("ResourceId"))
			}
			do(g, t)
		}
		return empty{}, nil
	}
}

func (g *group) dropTag(t form) {
	g.tags = slices.DeleteFunc(g.tags, func(o groupTag) bool { return o.key == t.str("Key") })
}

func describeGroupTags(r *request) (any, error) {
	var all []groupTagItem
	for _, g := range sorted(r.seen.groups) {
		for _, t := range g.tags {
			item := groupTagItem{g.name, "auto-scaling-group", t.key, t.value, t.propagate}
			if item.passes(r) {
				all = append(all, item)
			}
		}
	}
	shown, next, err := pageRecords(r, all, 50, 100)
	return struct {
		Tags      []groupTagItem `xml:"Tags>member"`
		NextToken string         `xml:",omitempty"`
	}{shown, next}, err
}

func (t groupTagItem) passes(r *request) bool {
	for _, f := range r.list("Filters.member") {
		have := map[string]string{"auto-scaling-group": t.ResourceId, "key": t.Key, "value": t.Value}[f.str("Name")]
		if !slices.Contains(f.strs("Values.member"), have) {
			return false
		}
	}
	return true
}

func (g *group) putHook(f form) {
	h := hook{
		name: f.str("LifecycleHookName"), transition: f.str("LifecycleTransition"),
		result:   orElse(f.str("DefaultResult"), "ABANDON"),
		timeout:  time.Duration(f.num("HeartbeatTimeout", 3600)) * time.Second,
		metadata: f.str("NotificationMetadata"), target: f.str("NotificationTargetARN"), role: f.str("RoleARN"),
	}
	g.hooks = slices.DeleteFunc(g.hooks, func(o hook) bool { return o.name == h.name })
	g.hooks = append(g.hooks, h)
}
