package awssim

import "slices"

// processes returns every process a group can be told to suspend.
func processes() []string {
	return []string{
		"Launch", "Terminate", "AddToLoadBalancer", "AlarmNotification", "AZRebalance",
		"HealthCheck", "InstanceRefresh", "ReplaceUnhealthy", "ScheduledActions",
	}
}

// suspend stops processes of a group, all of them if none is named.
func (w *World) suspend(g *group, names []string) {
	if len(names) == 0 {
		names = processes()
	}
	for _, p := range names {
		g.suspended[p] = "User suspended at " + w.clock.now.Format("2006-01-02T15:04:05Z")
	}
}

// resume lets processes go on, and the group do at once what they would have
// done meanwhile.
func (w *World) resume(g *group, names []string) {
	if len(names) == 0 {
		names = processes()
	}
	for _, p := range names {
		delete(g.suspended, p)
	}
	if slices.Contains(names, "HealthCheck") {
		for _, m := range g.members {
			if in := w.region(g.region).instances[m.id]; in != nil {
				w.noticeLater(in)
			}
		}
	}
	w.reactLater(g)
}

// setDesired changes the desired capacity, which must lie within the limits.
func (w *World) setDesired(g *group, n int) error {
	if n < g.min {
		return failure("ValidationError", "New SetDesiredCapacity value %d is below min value %d for the AutoScalingGroup.", n, g.min)
	}
	if n > g.max {
		return failure("ValidationError", "New SetDesiredCapacity value %d is above max value %d for the AutoScalingGroup.", n, g.max)
	}
	w.explicitly(g, n)
	g.desired = n
	w.reactLater(g)
	return nil
}

// enterStandby takes a member out of service without ending it.
func (w *World) enterStandby(g *group, m *member, decrement bool) {
	if m.lifecycle != inService {
		return
	}
	w.enterLifecycle(m, standby)
	w.deregisterAll(g, m.id)
	w.finish(w.begin(g, "Moving EC2 instance to Standby: "+m.id, w.cause("instance %s was moved to standby in response to a user request.", m.id), 100), "Successful")
	if decrement {
		g.desired = max(g.min, g.desired-1)
	}
	w.reactLater(g)
}

// exitStandby brings a member back; the desired capacity rises with it.
func (w *World) exitStandby(g *group, m *member) {
	if m.lifecycle != standby {
		return
	}
	g.desired++
	m.activity = w.begin(g, "Moving EC2 instance out of Standby: "+m.id, w.cause("instance %s was moved out of standby in response to a user request.", m.id), 50)
	w.takeOn(g, m)
}

// detach lets an instance go on without the group.
func (w *World) detach(g *group, m *member, decrement bool) {
	w.deregisterAll(g, m.id)
	g.members = slices.DeleteFunc(g.members, func(o *member) bool { return o == m })
	if in := w.region(g.region).instances[m.id]; in != nil {
		in.group = ""
		delete(in.tags, "aws:autoscaling:groupName")
	}
	w.finish(w.begin(g, "Detaching EC2 instance: "+m.id, w.cause("instance %s was detached in response to a user request.", m.id), 100), "Successful")
	if decrement {
		g.desired = max(g.min, g.desired-1)
	}
	w.reactLater(g)
}

// deleteGroup ends a group; by force its members go with it, without hooks.
func (w *World) deleteGroup(r *region, g *group, force bool) error {
	if len(g.members) == 0 {
		delete(r.groups, g.name)
		return nil
	}
	if !force {
		return failure("ResourceInUse", "You cannot delete an AutoScalingGroup while there are instances or pending Spot instance request(s) still in the group.")
	}
	g.status = "Delete in progress"
	g.min, g.max, g.desired = 0, 0, 0
	for _, m := range slices.Clone(g.members) {
		w.endMember(g, m, w.cause("an instance was taken out of service in response to the deletion of its group."))
	}
	return nil
}
