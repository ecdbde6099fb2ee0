package awssim

import (
	"cmp"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// A GroupSpec is what a human fills in to make an Auto Scaling group.
type GroupSpec struct {
	Region         string // empty: DefaultRegion
	Name           string
	Min            int
	Max            int // zero: as Desired
	Desired        int
	Zones          []string // empty: three zones
	Tags           map[string]string
	TargetGroups   []string // ARNs
	LaunchTemplate string   // id; empty: one is made, named as the group
	Type           string   // of the template that is made
	Image          string
	Policies       []string      // termination policies; empty: "Default"
	Protect        bool          // new members are protected from scale-in
	HealthType     string        // "EC2" (if empty) or "ELB"
	TerminateHook  time.Duration // hold members in Terminating:Wait this long; zero: no hook
	WarmPool       int           // stopped instances in a warm pool
	Settled        bool          // its members are in service already
	Age            time.Duration // of settled members; zero: a day
}

// CreateGroup makes an Auto Scaling group.
func (w *World) CreateGroup(s GroupSpec) {
	defer w.enter()()
	defer w.written()
	r := w.region(s.Region)
	if s.LaunchTemplate == "" {
		data := form{"InstanceType": {orElse(s.Type, "t3.micro")}, "ImageId": {orElse(s.Image, "ami-0123456789abcdef0")}}
		s.LaunchTemplate = w.newTemplate(r, s.Name, data).id
	}
	g := w.newGroup(r, s.Name)
	g.min, g.max, g.desired = s.Min, cmp.Or(s.Max, s.Desired), s.Desired
	made := w.byHand(r.name, "autoscaling", "CreateAutoScalingGroup", sized(g))
	g.zones, g.targets, g.templateID, g.templateVersion = s.Zones, s.TargetGroups, s.LaunchTemplate, "$Latest"
	if len(g.zones) == 0 {
		g.zones = r.zones()
	}
	for _, zone := range g.zones {
		g.subnets = append(g.subnets, SubnetID(zone))
	}
	if len(s.Policies) > 0 {
		g.policies = s.Policies
	}
	g.protectNew, g.healthType = s.Protect, orElse(s.HealthType, "EC2")
	for _, k := range keys(s.Tags) {
		g.tags = append(g.tags, groupTag{k, s.Tags[k], true})
	}
	if s.TerminateHook > 0 {
		g.hooks = append(g.hooks, hook{name: "terminate", transition: terminatingHook, timeout: s.TerminateHook, result: "ABANDON"})
	}
	w.fillWarmPool(g, s.WarmPool)
	if s.Settled {
		age := cmp.Or(s.Age, 24*time.Hour)
		made.at = made.at.Add(-age)
		w.settleGroup(g, age)
		return
	}
	w.reactLater(g)
}

func (w *World) newGroup(r *region, name string) *group {
	g := &group{
		name: name, region: r.name, created: w.clock.now,
		arn:       w.arn("autoscaling", r, "autoScalingGroup:"+w.uuid("group")+":autoScalingGroupName/"+name),
		suspended: map[string]string{}, policies: []string{"Default"}, cooldown: 300, grace: 300,
		healthType: "EC2", minHealthy: -1, maxHealthy: -1, deletionProtection: "none",
	}
	r.groups[name] = g
	return g
}

// settleGroup gives a group members that have long been in service.
func (w *World) settleGroup(g *group, age time.Duration) {
	r := w.region(g.region)
	for len(g.counted()) < g.desired {
		m := w.launchMember(g, g.emptiest(), w.cause("an instance was started in response to a difference between desired and actual capacity."))
		w.settle(r.instances[m.id], age)
		w.trail.events[len(w.trail.events)-1].at = w.clock.now.Add(-age)
		m.lifecycle, m.since = inService, w.clock.now.Add(-age)
		m.activity.start = w.clock.now.Add(-age)
		m.activity.set("Successful", 100)
		m.activity.end = m.activity.start.Add(w.timing.Pending)
		for _, arn := range g.targets {
			if t := r.targets[arn]; t != nil {
				t.put(m.id, 0, w.clock.now.Add(-age))
			}
		}
	}
}

func (w *World) fillWarmPool(g *group, n int) {
	for range n {
		in, m := w.launchFor(g, "")
		w.enterState(in, stopped, "", "", "")
		m.lifecycle = warmedStopped
		g.warm = append(g.warm, m)
	}
}

// SetDesired changes a group's desired capacity, which must lie within its
// limits. A group is named by its name, or by "region/name" where several
// regions have one of that name.
func (w *World) SetDesired(name string, n int) {
	w.actGroup(name, func(g *group) {
		if n < g.min || n > g.max {
			panic(fmt.Sprintf("awssim: the console refuses %d for group %q, which has from %d to %d", n, g.name, g.min, g.max))
		}
		w.explicitly(g, n)
		g.desired = n
		w.reactLater(g)
		w.byHand(g.region, "autoscaling", "UpdateAutoScalingGroup", sized(g))
	})
}

// SetLimits changes a group's minimum and maximum; the desired capacity
// follows them.
func (w *World) SetLimits(name string, minimum, maximum int) {
	w.actGroup(name, func(g *group) {
		g.min, g.max = minimum, maximum
		g.desired = min(max(g.desired, minimum), maximum)
		w.reactLater(g)
		w.byHand(g.region, "autoscaling", "UpdateAutoScalingGroup", sized(g))
	})
}

// SuspendProcess suspends processes of a group, such as "Terminate".
func (w *World) SuspendProcess(name string, processes ...string) {
	w.actGroup(name, func(g *group) {
		w.suspend(g, processes)
		w.byHand(g.region, "autoscaling", "SuspendProcesses", ofGroup(g, "ScalingProcesses", processes...))
	})
}

// ResumeProcess resumes processes of a group.
func (w *World) ResumeProcess(name string, processes ...string) {
	w.actGroup(name, func(g *group) {
		w.resume(g, processes)
		w.byHand(g.region, "autoscaling", "ResumeProcesses", ofGroup(g, "ScalingProcesses", processes...))
	})
}

// ProtectMember protects members from scale-in, or no longer.
func (w *World) ProtectMember(protected bool, ids ...string) {
	w.act(ids, func(in *instance) {
		if g, m := w.memberOf(in); m != nil {
			m.protected = protected
			params := ofGroup(g, "InstanceIds", in.id)
			params["ProtectedFromScaleIn"] = []string{strconv.FormatBool(protected)}
			w.byHand(g.region, "autoscaling", "SetInstanceProtection", params)
		}
	})
}

// SetWeight gives members of a group a weight in units of its capacity.
func (w *World) SetWeight(weight int, ids ...string) {
	w.act(ids, func(in *instance) {
		if _, m := w.memberOf(in); m != nil {
			m.weight = weight
		}
	})
}

// EnterStandby puts members of a group into Standby, lowering its desired
// capacity by as many.
func (w *World) EnterStandby(ids ...string) {
	w.act(ids, func(in *instance) {
		if g, m := w.memberOf(in); m != nil {
			w.enterStandby(g, m, true)
			w.byHand(g.region, "autoscaling", "EnterStandby", ofGroup(g, "InstanceIds", in.id))
		}
	})
}

// ExitStandby brings members back into service, raising the desired capacity.
func (w *World) ExitStandby(ids ...string) {
	w.act(ids, func(in *instance) {
		if g, m := w.memberOf(in); m != nil {
			w.exitStandby(g, m)
			w.byHand(g.region, "autoscaling", "ExitStandby", ofGroup(g, "InstanceIds", in.id))
		}
	})
}

// SetLifecycle puts a member into a lifecycle state and health that nothing
// leads to: for values that a program does not know. Empty leaves one as it is.
func (w *World) SetLifecycle(id, lifecycle, health string) {
	w.act([]string{id}, func(in *instance) {
		if _, m := w.memberOf(in); m != nil {
			m.lifecycle, m.health = orElse(lifecycle, m.lifecycle), orElse(health, m.health)
		}
	})
}

// AddActivity puts an activity of a status into a group's history, as begun
// now; it goes on unless its status is final.
func (w *World) AddActivity(name, status, cause string) {
	w.actGroup(name, func(g *group) {
		a := w.begin(g, "Launching a new EC2 instance", cause, 0)
		a.status = status
		if status == "Failed" || status == "Cancelled" || status == "Successful" {
			a.end = w.clock.now
		}
	})
}

// A Group is what is really there of an Auto Scaling group. It is a copy.
type Group struct {
	Name      string
	Region    string
	ARN       string
	Min       int
	Max       int
	Desired   int
	Suspended []string
	Template  string // id of the launch template
	Members   []Instance
}

// Groups returns the groups of a region, by name, their members by id.
func (w *World) Groups(region string) []Group {
	defer w.enter()()
	var list []Group
	for _, g := range sorted(w.region(region).groups) {
		list = append(list, Group{
			Name: g.name, Region: g.region, ARN: g.arn, Min: g.min, Max: g.max, Desired: g.desired,
			Suspended: keys(g.suspended), Template: g.templateID, Members: byID(w.show(g, g.members)),
		})
	}
	return list
}

func byID(list []Instance) []Instance {
	slices.SortFunc(list, func(a, b Instance) int { return cmp.Compare(a.ID, b.ID) })
	return list
}

// CreateTemplate makes a launch template and returns its id.
func (w *World) CreateTemplate(region, name, kind, image string) string {
	defer w.enter()()
	defer w.written()
	return w.newTemplate(w.region(region), name, form{"InstanceType": {kind}, "ImageId": {image}}).id
}

// CreateTargetGroup makes a target group that a load balancer uses, and
// returns its ARN.
func (w *World) CreateTargetGroup(region, name string) string {
	defer w.enter()()
	defer w.written()
	return w.newTargetGroup(w.region(region), name, form(url.Values{})).arn
}

// RegisterTarget registers instances with a target group.
func (w *World) RegisterTarget(arn string, ids ...string) {
	w.actTarget(arn, func(t *targetGroup) {
		for _, id := range ids {
			w.register(t, id, 0)
		}
		w.byHand(t.region, "elasticloadbalancing", "RegisterTargets", ofTargets(arn, ids))
	})
}

// DeregisterTarget lets instances drain out of a target group.
func (w *World) DeregisterTarget(arn string, ids ...string) {
	w.actTarget(arn, func(t *targetGroup) {
		for _, id := range ids {
			w.deregister(t, id, 0)
		}
		w.byHand(t.region, "elasticloadbalancing", "DeregisterTargets", ofTargets(arn, ids))
	})
}

// SetTargetHealth makes a target's health what it is told, such as
// "unhealthy" because of "Target.FailedHealthChecks"; an empty state leaves it
// to the clock again.
func (w *World) SetTargetHealth(arn, id, state, reason string) {
	w.actTarget(arn, func(t *targetGroup) {
		if t.find(id, 0) == nil {
			t.put(id, 0, w.clock.now)
		}
		t.find(id, 0).state, t.find(id, 0).reason = state, reason
		if in := w.region(t.region).instances[id]; in != nil {
			w.noticeLater(in)
		}
	})
}

func (w *World) actTarget(arn string, do func(*targetGroup)) {
	defer w.enter()()
	defer w.written()
	for _, r := range w.regions {
		if t := r.targets[arn]; t != nil {
			do(t)
			return
		}
	}
	panic(fmt.Sprintf("awssim: there is no target group %q", arn))
}

func (w *World) actGroup(name string, do func(*group)) {
	defer w.enter()()
	defer w.written()
	if g := w.findGroup(name); g != nil {
		do(g)
		return
	}
	panic(fmt.Sprintf("awssim: there is no group %q", name))
}

func (w *World) findGroup(name string) *group {
	if g := w.region("").groups[name]; g != nil {
		return g
	}
	for _, r := range sorted(w.regions) {
		if g := r.groups[name]; g != nil {
			return g
		}
		if g := r.groups[strings.TrimPrefix(name, r.name+"/")]; g != nil {
			return g
		}
	}
	return nil
}
