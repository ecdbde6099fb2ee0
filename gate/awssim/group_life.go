package awssim

import (
	"fmt"
	"maps"
	"slices"
)

// reactLater lets a group act on a change of its numbers.
func (w *World) reactLater(g *group) {
	w.after(w.timing.React, func() { w.reconcile(g) })
}

// reconcile makes a group do all that it finds to do now: end unhealthy
// members first, then launch or end as many units as it differs from the
// desired capacity by, then see to its zones and to its instance refresh.
func (w *World) reconcile(g *group) {
	if w.region(g.region).groups[g.name] != g {
		return // deleted meanwhile
	}
	w.endUnhealthy(g)
	switch n := g.units() - g.desired; {
	case n > 0 && g.runs("Terminate"):
		w.scaleIn(g, n)
	case n < 0 && g.runs("Launch") && g.status == "":
		for range -n {
			w.launchMember(g, g.emptiest(), g.asked+w.cause("an instance was started in response to a difference between desired and actual capacity, increasing the capacity from %d to %d.", g.units(), g.desired))
		}
	case n == 0:
		g.asked = ""
		w.rebalance(g)
	}
	w.refreshOn(g)
}

func (w *World) cause(format string, args ...any) string {
	return "At " + w.clock.now.Format("2006-01-02T15:04:05Z") + " " + fmt.Sprintf(format, args...)
}

func (w *World) endUnhealthy(g *group) {
	if !g.runs("ReplaceUnhealthy") || !g.runs("Terminate") {
		return
	}
	for _, m := range slices.Clone(g.members) {
		if m.health == unhealthy && !m.leaving() && m.lifecycle != standby {
			w.endMember(g, m, w.cause("an instance was taken out of service in response to an EC2 health check indicating it has been terminated or stopped."))
		}
	}
}

func (w *World) scaleIn(g *group, n int) {
	from := g.units()
	for _, m := range w.victims(g, n) {
		w.endMember(g, m, g.asked+w.cause("an instance was taken out of service in response to a difference between desired and actual capacity, shrinking the capacity from %d to %d.  %s", from, g.desired, w.cause("instance %s was selected for termination.", m.id)))
	}
}

// rebalance launches a member in the emptiest zone if another has two more;
// the group then has one too many and ends one in the fullest.
func (w *World) rebalance(g *group) {
	n := slices.Collect(maps.Values(g.spread()))
	if len(n) < 2 || slices.Max(n)-slices.Min(n) < 2 {
		return
	}
	if !g.runs("AZRebalance") || !g.runs("Launch") || !g.runs("Terminate") {
		return
	}
	w.launchMember(g, g.emptiest(), w.cause("instances were launched to balance instances in zones."))
}

// launchFor makes an instance as a group makes its own, and the member it will
// be.
func (w *World) launchFor(g *group, zone string) (*instance, *member) {
	r := w.region(g.region)
	t, version := r.templateVersion(g.templateID, g.templateVersion)
	spec := InstanceSpec{Zone: zone, Tags: map[string]string{}}
	if t != nil {
		spec.Type, spec.Image = t.data.str("InstanceType"), t.data.str("ImageId")
		maps.Copy(spec.Tags, tagSpecification(t.data, "instance"))
		spec.Tags["aws:ec2launchtemplate:id"] = g.templateID
		spec.Tags["aws:ec2launchtemplate:version"] = fmt.Sprint(version)
	}
	if c, ok := r.configurations[g.configuration]; ok {
		spec.Type, spec.Image = c.data.str("InstanceType"), c.data.str("ImageId")
	}
	for _, tag := range g.tags {
		if tag.propagate {
			spec.Tags[tag.key] = tag.value
		}
	}
	spec.Tags["aws:autoscaling:groupName"] = g.name
	in := w.launch(r, spec)
	w.itself(g.region, "RunInstances", in.id)
	in.group, in.template, in.version = g.name, g.templateID, version
	return in, &member{
		id: in.id, zone: in.zone, health: healthy, kind: in.kind,
		protected: g.protectNew, template: g.templateID, version: version, configuration: g.configuration,
	}
}

// launchMember adds a new instance to a group.
func (w *World) launchMember(g *group, zone, cause string) *member {
	in, m := w.launchFor(g, zone)
	w.enterLifecycle(m, memberPending)
	m.activity = w.begin(g, "Launching a new EC2 instance: "+in.id, cause, 30)
	g.members = append(g.members, m)
	return m
}

// memberOf finds the group and the member an instance is.
func (w *World) memberOf(in *instance) (*group, *member) {
	g := w.region(in.region).groups[in.group]
	if g == nil {
		return nil, nil
	}
	return g, g.member(in.id)
}

// instanceRuns takes a member on that has reached running.
func (w *World) instanceRuns(in *instance) {
	g, m := w.memberOf(in)
	if m == nil || m.lifecycle != memberPending {
		return
	}
	if h, ok := g.hook(launching); ok {
		w.enterLifecycle(m, pendingWait)
		m.activity.set("MidLifecycleAction", 60)
		w.waitHook(m, h, func() { w.takeOn(g, m) })
		return
	}
	w.takeOn(g, m)
}

func (w *World) takeOn(g *group, m *member) {
	w.enterLifecycle(m, inService)
	w.finish(m.activity, "Successful")
	r := w.region(g.region)
	for _, arn := range g.targets {
		if t := r.targets[arn]; t != nil && g.runs("AddToLoadBalancer") {
			w.register(t, m.id, 0)
		}
	}
	w.reconcile(g)
	w.after(w.timing.Warmup, func() { w.refreshOn(g) })
}

// endMember takes a member out: off the load balancer, through the hook if
// there is one, then the instance is terminated.
func (w *World) endMember(g *group, m *member, cause string) {
	if m.leaving() {
		return
	}
	if m.lifecycle == memberPending || m.lifecycle == pendingWait {
		w.finish(m.activity, "Cancelled")
	}
	w.enterLifecycle(m, terminating)
	m.activity = w.begin(g, "Terminating EC2 instance: "+m.id, cause, 50)
	in := w.region(g.region).instances[m.id]
	if drains := w.deregisterAll(g, m.id); drains && in != nil && in.state == running {
		m.activity.set("WaitingForELBConnectionDraining", 50)
		w.after(w.timing.Draining, func() { w.hookOrEnd(g, m) })
		return
	}
	w.hookOrEnd(g, m)
}

func (w *World) hookOrEnd(g *group, m *member) {
	h, ok := g.hook(terminatingHook)
	// A forced deletion runs no hooks.
	if !ok || g.status != "" {
		w.endInstance(g, m)
		return
	}
	w.enterLifecycle(m, terminatingWait)
	m.activity.set("MidLifecycleAction", 60)
	w.waitHook(m, h, func() {
		w.enterLifecycle(m, terminatingGoesOn)
		w.endInstance(g, m)
	})
}

// endInstance terminates the instance of a member that is leaving. One that
// EC2 ended long ago leaves as soon as the group gets to it.
func (w *World) endInstance(g *group, m *member) {
	m.activity.set("InProgress", 75)
	in := w.region(g.region).instances[m.id]
	if in == nil || in.state == terminated {
		w.after(w.timing.React, func() { w.removeMember(g, m) })
		return
	}
	w.itself(g.region, "TerminateInstances", in.id)
	w.terminate(in)
}

// instanceEnded removes a leaving member once EC2 is done with it. A member
// the group still believes in stays: nobody has told the group.
func (w *World) instanceEnded(in *instance) {
	w.targetsForget(in)
	g, m := w.memberOf(in)
	if m != nil && (m.lifecycle == terminating || m.lifecycle == terminatingGoesOn) {
		w.removeMember(g, m)
	}
}

func (w *World) removeMember(g *group, m *member) {
	g.members = slices.DeleteFunc(g.members, func(o *member) bool { return o == m })
	w.finish(m.activity, "Successful")
	if g.status != "" && len(g.members) == 0 {
		delete(w.region(g.region).groups, g.name)
		return
	}
	w.reconcile(g)
}

// noticeLater lets the group of an instance look at its health, once its
// health checks come round to it.
func (w *World) noticeLater(in *instance) {
	if in.group != "" {
		w.after(w.timing.HealthCheck, func() { w.notice(in) })
	}
}

// notice is a health check of one member. Members in Standby have none.
func (w *World) notice(in *instance) {
	g, m := w.memberOf(in)
	if m == nil || !g.runs("HealthCheck") {
		return
	}
	if m.lifecycle != inService && m.lifecycle != memberPending && m.lifecycle != pendingWait {
		return
	}
	system, status := in.checks(w.clock.now)
	sick := in.state != running && in.state != pending || system == "impaired" || status == "impaired"
	if sick || g.healthType == "ELB" && w.failsTarget(g, in) {
		m.health = unhealthy
		w.reconcile(g)
	}
}
