package awssim

import "slices"

// membersOf returns the members of a group that a request names.
func (r *request) membersOf(g *group) ([]*member, error) {
	var list []*member
	for _, id := range r.strs("InstanceIds.member") {
		m := g.member(id)
		if m == nil {
			return nil, failure("ValidationError", "The instance %s is not part of Auto Scaling group %s.", id, g.name)
		}
		list = append(list, m)
	}
	return list, nil
}

func setProtection(r *request, g *group) (any, error) {
	list, err := r.membersOf(g)
	for _, m := range list {
		m.protected = r.flag("ProtectedFromScaleIn")
	}
	return empty{}, err
}

func suspendProcesses(r *request, g *group) (any, error) {
	r.w.suspend(g, r.strs("ScalingProcesses.member"))
	return empty{}, nil
}

func resumeProcesses(r *request, g *group) (any, error) {
	r.w.resume(g, r.strs("ScalingProcesses.member"))
	return empty{}, nil
}

type activitiesItem struct {
	Activities []activityItem `xml:"Activities>member"`
}

// move lets do happen to the members a request names, and answers with the
// activities that began.
func move(do func(r *request, g *group, m *member)) func(*request, *group) (any, error) {
	return func(r *request, g *group) (any, error) {
		list, err := r.membersOf(g)
		if err != nil {
			return nil, err
		}
		known := len(g.activities)
		for _, m := range list {
			do(r, g, m)
		}
		var answer activitiesItem
		for _, a := range g.activities[:len(g.activities)-known] {
			answer.Activities = append(answer.Activities, g.activityItem(a))
		}
		return answer, nil
	}
}

func moveToStandby(r *request, g *group, m *member) {
	r.w.enterStandby(g, m, r.flag("ShouldDecrementDesiredCapacity"))
}

func moveFromStandby(r *request, g *group, m *member) { r.w.exitStandby(g, m) }

func moveOut(r *request, g *group, m *member) {
	r.w.detach(g, m, r.flag("ShouldDecrementDesiredCapacity"))
}

// terminateMember ends one member by the group's own hand, so that the group
// knows of it at once.
func terminateMember(r *request) (any, error) {
	id := r.str("InstanceId")
	in := r.live.instances[id]
	if in == nil {
		return nil, failure("ValidationError", "Instance Id not found - No managed instance found for instance ID %s", id)
	}
	g, m := r.w.memberOf(in)
	if m == nil {
		return nil, failure("ValidationError", "Instance Id not found - No managed instance found for instance ID %s", id)
	}
	if r.flag("ShouldDecrementDesiredCapacity") {
		if g.desired-1 < g.min {
			return nil, failure("ValidationError", "Currently, desiredSize equals minSize (%d). Terminating instance without replacement will violate group's min size constraint.", g.min)
		}
		g.desired--
	}
	r.w.endMember(g, m, r.w.cause("instance %s was taken out of service in response to a user request.", id))
	r.w.reactLater(g)
	return struct{ Activity activityItem }{g.activityItem(m.activity)}, nil
}

func setHealth(r *request) (any, error) {
	id := r.str("InstanceId")
	in := r.live.instances[id]
	if in == nil {
		return nil, failure("ValidationError", "Instance Id not found - No managed instance found for instance ID %s", id)
	}
	if g, m := r.w.memberOf(in); m != nil {
		m.health = r.str("HealthStatus")
		r.w.reactLater(g)
	}
	return empty{}, nil
}

// attachTargets attaches or detaches target groups; the members follow.
func attachTargets(list func(*request) []string, on bool) func(*request, *group) (any, error) {
	return func(r *request, g *group) (any, error) {
		for _, arn := range list(r) {
			t := r.live.targets[arn]
			if t == nil {
				return nil, failure("ValidationError", "Provided Target Groups may not be valid. Please ensure they exist and try again.")
			}
			g.targets = slices.DeleteFunc(g.targets, func(o string) bool { return o == arn })
			if on {
				g.targets = append(g.targets, arn)
			}
			for _, m := range g.members {
				if !on {
					r.w.deregister(t, m.id, 0)
				} else if m.lifecycle == inService {
					r.w.register(t, m.id, 0)
				}
			}
		}
		return empty{}, nil
	}
}

func targetARNs(r *request) []string { return r.strs("TargetGroupARNs.member") }

func trafficSources(r *request) []string {
	var list []string
	for _, t := range r.list("TrafficSources.member") {
		list = append(list, t.str("Identifier"))
	}
	return list
}
