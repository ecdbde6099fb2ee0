package aws

import (
	"cmp"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	asgtypes "github.com/aws/aws-sdk-go-v2/service/autoscaling/types"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/holdfast-gate/holdfast/gate"
	"github.com/holdfast-gate/holdfast/gate/lazy"
)

// members joins what all services said, by instance id. Whoever any of them
// knows is a member; an id that was only recorded, and that EC2 says does not
// exist, is not.
func (r *reading) members() []gate.Member {
	ids := map[string]bool{}
	for id := range r.ec2 {
		ids[id] = true
	}
	for id := range r.seats {
		ids[id] = true
	}
	for id := range r.unread {
		ids[id] = true
	}
	for _, targets := range r.health {
		for id := range targets {
			ids[id] = ids[id] || isInstance(id)
		}
	}
	var out []gate.Member
	for id, is := range ids {
		if is {
			out = append(out, r.member(id))
		}
	}
	return out
}

func (r *reading) member(id string) gate.Member {
	m := gate.Member{ID: id, Region: r.region}
	i, known := r.ec2[id]
	if known {
		r.fromEC2(&m, i)
	} else {
		// Somebody has named it and EC2 has not shown it: nothing is known of
		// it, so it may not count.
		m.Observed = append(m.Observed, r.absent(id))
	}
	s, seated := r.seats[id]
	if seated {
		r.fromGroup(&m, s)
	} else if m.Group != "" && !ending(i) {
		m.Observed = append(m.Observed, r.unlistedBy(m.Group))
	}
	m.Observed = append(m.Observed, r.endedBy(id)...)
	arns, health := r.targetObservations(id)
	m.Targets, m.Ports = arns, r.targetPorts(arns, id)
	if !r.brief {
		m.Observed = append(m.Observed, health...)
	}
	if seated && s.member.LifecycleState == asgtypes.LifecycleStateInService {
		m.Observed = append(m.Observed, r.unregistered(s.group, arns)...)
	}
	if r.unread[id] || known && stateOf(i) != string(ec2types.InstanceStateNameTerminated) {
		stillThere(m.Observed)
	}
	return m
}

// stillThere corrects what others say about an instance that EC2 still has, or
// could not be asked about: gone from a group or a target group is not gone,
// and a dying or stopped member must not pass for one that is settled. A group
// that has let go of it is ending or detaching it; a load balancer only sends
// it nothing.
func stillThere(observed []gate.Observation) {
	for i, o := range observed {
		if o.Phase != gate.Gone {
			continue
		}
		observed[i].Phase = gate.Leaving
		if o.Source == gate.SourceTargets {
			observed[i].Phase = gate.Steady
		}
	}
}

func (r *reading) absent(id string) gate.Observation {
	o := gate.Observation{Source: gate.SourceInstances, Field: "ec2.InstanceStateName", Raw: "not found", Serving: gate.ServingNo, Opinion: true}
	if r.unread[id] || !r.instances.whole() {
		o.Raw = "not read"
	}
	return o
}

// unlistedBy is what a group says about an instance that carries its tag and
// is not in its list: it was let go, or not taken in yet, or never asked about.
func (r *reading) unlistedBy(group string) gate.Observation {
	o := gate.Observation{Source: gate.SourceGroups, Field: "autoscaling.LifecycleState", Raw: "not listed", Serving: gate.ServingNo, Opinion: true, Detail: "group " + group}
	if _, read := r.asgs[group]; !read && !r.groups.whole() {
		o.Raw = "not read"
	}
	if r.pooled(group) && !r.told[group] {
		// It may wait in the warm pool, which was not asked for: it may not count,
		// and is not known to disturb anybody.
		o.Source, o.Raw, o.Benign = gate.SourceWarmPools, "not asked", true
	}
	return o
}

// ending reports whether EC2 itself says that an instance goes for good.
func ending(i ec2types.Instance) bool {
	s := stateOf(i)
	return s == string(ec2types.InstanceStateNameShuttingDown) || s == string(ec2types.InstanceStateNameTerminated)
}

// fromEC2 fills in what EC2 says about an instance: its state, and while it
// runs its status checks, and what is scheduled for it.
func (r *reading) fromEC2(m *gate.Member, i ec2types.Instance) {
	m.Tags = ec2Tags(i.Tags)
	m.Group = m.Tags[groupTag]
	m.Subnet = sdk.ToString(i.SubnetId)
	m.Launched = sdk.ToTime(i.LaunchTime).UTC()
	if i.Placement != nil {
		m.Zone = sdk.ToString(i.Placement.AvailabilityZone)
	}
	state := stateOf(i)
	m.Attrs = map[string]string{"instance_type": string(i.InstanceType), "ami": sdk.ToString(i.ImageId), "state": state}
	m.Attrs["instance_profile"] = ""
	if p := i.IamInstanceProfile; p != nil {
		m.Attrs["instance_profile"] = sdk.ToString(p.Arn)
	}
	if id := m.Tags["aws:ec2launchtemplate:id"]; id != "" {
		m.Attrs["launch_template"] = id + ":" + m.Tags["aws:ec2launchtemplate:version"]
	}
	o := r.observe(gate.SourceInstances, "ec2.InstanceStateName", state)
	o.Since = userInitiated(sdk.ToString(i.StateTransitionReason))
	if why := i.StateReason; why != nil {
		o.Detail = joined(sdk.ToString(why.Code), sdk.ToString(why.Message))
	}
	m.Observed = append(m.Observed, o)
	// Where answers of one service differ they come from replicas of different
	// age, or from moments between which it moved: the worst one holds.
	for _, other := range slices.Sorted(slices.Values(r.said[m.ID])) {
		if other != state {
			m.Observed = append(m.Observed, r.observe(gate.SourceInstances, "ec2.InstanceStateName", other))
		}
	}
	r.fromDevices(m, i)
	checks, read := r.checks[m.ID]
	if s := checks.InstanceState; s != nil && string(s.Name) != state {
		m.Observed = append(m.Observed, r.observe(gate.SourceStatus, "ec2.InstanceStateName", string(s.Name)))
	}
	if state == string(ec2types.InstanceStateNameRunning) {
		m.Observed = append(m.Observed, r.checkObservations(checks, read)...)
	}
	m.Observed = append(m.Observed, r.eventObservations(checks.Events)...)
}

// observe classes one value of one field; every value has an opinion.
func (r *reading) observe(source, field, raw string) gate.Observation {
	m := r.states.classify(field, raw)
	return gate.Observation{Source: source, Field: field, Raw: raw, Phase: m.phase, Serving: m.serving, Opinion: true}
}

// fromGroup fills in what its group says about an instance.
func (r *reading) fromGroup(m *gate.Member, s seat) {
	i := s.member
	m.Group = s.group
	m.Zone = cmp.Or(m.Zone, sdk.ToString(i.AvailabilityZone))
	m.Protected = sdk.ToBool(i.ProtectedFromScaleIn)
	// A weight that is not a number is not known; it counts as 1.
	m.Weight, _ = strconv.Atoi(sdk.ToString(i.WeightedCapacity))
	m.Counted = !s.warm && inCapacity(i.LifecycleState)
	if t := template(i.LaunchTemplate, i.LaunchConfigurationName); t != "" {
		if m.Attrs == nil {
			m.Attrs = map[string]string{}
		}
		m.Attrs["launch_template"] = t
	}
	source := gate.SourceGroups
	if s.warm {
		source = gate.SourceWarmPools
	}
	life := r.observe(source, "autoscaling.LifecycleState", string(i.LifecycleState))
	if s.warm {
		// Whatever it is called, who waits in a warm pool does not serve.
		life.Serving = gate.ServingNo
	}
	m.Observed = append(m.Observed, life, r.observe(source, "autoscaling.HealthStatus", sdk.ToString(i.HealthStatus)))
	for n := range m.Observed {
		// The short list of movements that disturb nobody: who waits in a warm
		// pool has never served.
		m.Observed[n].Benign = s.warm
	}
}

// inCapacity reports whether a group counts an instance in this state towards
// its desired capacity (aws-semantics 2.1).
func inCapacity(s asgtypes.LifecycleState) bool {
	switch s {
	case asgtypes.LifecycleStateInService, asgtypes.LifecycleStatePending, asgtypes.LifecycleStatePendingWait, asgtypes.LifecycleStatePendingProceed:
		return true
	}
	return false
}

// userInitiated reads the time out of "User initiated (2026-01-02 15:30:01
// GMT)". Other reasons carry none.
func userInitiated(reason string) time.Time {
	found := transition().FindStringSubmatch(reason)
	if found == nil {
		return time.Time{}
	}
	t, err := time.Parse("2006-01-02 15:04:05", found[1])
	if err != nil {
		return time.Time{}
	}
	return t
}

var transition = lazy.MustCompile(`\((\d{4}-\d\d-\d\d \d\d:\d\d:\d\d) (?:GMT|UTC)\)`)

func ec2Tags(tags []ec2types.Tag) map[string]string {
	out := map[string]string{}
	for _, t := range tags {
		out[sdk.ToString(t.Key)] = sdk.ToString(t.Value)
	}
	return out
}

// joined puts together the parts of a detail that are there.
func joined(parts ...string) string {
	return strings.Join(slices.DeleteFunc(parts, func(s string) bool { return s == "" }), "; ")
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
