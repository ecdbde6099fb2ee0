package awssim

import (
	"maps"
	"slices"
	"time"
)

// targetGroup is one target group of a load balancer.
type targetGroup struct {
	name, arn, region string
	protocol          string
	port              int
	attributes        map[string]string
	settings          form               // of CreateTargetGroup, as it was called
	targets           map[string]*target // by place
}

// target is an instance registered with a target group.
type target struct {
	id            string
	port          int
	healthyAt     time.Time
	draining      bool
	state, reason string // as a human set them; empty: as time passes
}

func (t *targetGroup) clone() *targetGroup {
	c := *t
	c.attributes = maps.Clone(t.attributes)
	c.targets = make(map[string]*target, len(t.targets))
	for place, v := range t.targets {
		copied := *v
		c.targets[place] = &copied
	}
	return &c
}

func (w *World) newTargetGroup(r *region, name string, settings form) *targetGroup {
	t := &targetGroup{
		name: name, region: r.name, settings: settings,
		arn:      w.arn("elasticloadbalancing", r, "targetgroup/"+name+"/"+digest("tg/"+name, 0)[:16]),
		protocol: orElse(settings.str("Protocol"), "HTTP"), port: settings.num("Port", 80),
		attributes: map[string]string{
			"deregistration_delay.timeout_seconds":                                           "300",
			"stickiness.enabled":                                                             "false",
			"stickiness.type":                                                                "lb_cookie",
			"stickiness.lb_cookie.duration_seconds":                                          "86400",
			"stickiness.app_cookie.duration_seconds":                                         "86400",
			"stickiness.app_cookie.cookie_name":                                              "",
			"slow_start.duration_seconds":                                                    "0",
			"load_balancing.algorithm.type":                                                  "round_robin",
			"load_balancing.algorithm.anomaly_mitigation":                                    "off",
			"load_balancing.cross_zone.enabled":                                              "use_load_balancer_configuration",
			"target_group_health.dns_failover.minimum_healthy_targets.count":                 "1",
			"target_group_health.dns_failover.minimum_healthy_targets.percentage":            "off",
			"target_group_health.unhealthy_state_routing.minimum_healthy_targets.count":      "1",
			"target_group_health.unhealthy_state_routing.minimum_healthy_targets.percentage": "off",
		},
		targets: map[string]*target{},
	}
	r.targets[t.arn] = t
	return t
}

// place is where a target is: an instance may be there on several ports. None
// is the port of the target group.
func (t *targetGroup) place(id string, port int) string {
	if port == 0 {
		port = t.port
	}
	return id + ":" + itoa(port)
}

// find returns a target, nil if it is not registered.
func (t *targetGroup) find(id string, port int) *target { return t.targets[t.place(id, port)] }

// put adds a target that is healthy from a time on.
func (t *targetGroup) put(id string, port int, healthyAt time.Time) {
	if port == 0 {
		port = t.port
	}
	t.targets[t.place(id, port)] = &target{id: id, port: port, healthyAt: healthyAt}
}

// register adds a target; it is healthy after a while.
func (w *World) register(t *targetGroup, id string, port int) {
	if old := t.find(id, port); old == nil || old.draining {
		t.put(id, port, w.clock.now.Add(w.timing.Initial))
	}
}

// deregister lets a target drain and then go. It reports whether it was there.
func (w *World) deregister(t *targetGroup, id string, port int) bool {
	old := t.find(id, port)
	if old == nil || old.draining {
		return old != nil
	}
	old.draining, old.state, old.reason = true, "", ""
	w.after(w.timing.Draining, func() {
		if t.find(id, port) == old {
			delete(t.targets, t.place(id, port))
		}
	})
	return true
}

func (w *World) deregisterAll(g *group, id string) bool {
	drains := false
	for _, arn := range g.targets {
		if t := w.region(g.region).targets[arn]; t != nil && w.deregister(t, id, 0) {
			drains = true
		}
	}
	return drains
}

// targetsForget drops a terminated instance from every target group.
func (w *World) targetsForget(in *instance) {
	for _, t := range w.region(in.region).targets {
		maps.DeleteFunc(t.targets, func(_ string, v *target) bool { return v.id == in.id })
	}
}

// health is what DescribeTargetHealth says of a target at a time.
func (t *target) health(r *region, at time.Time) (state, reason, description string) {
	in := r.instances[t.id]
	switch {
	case t.draining:
		return "draining", "Target.DeregistrationInProgress", "Target deregistration is in progress"
	case in == nil || in.state != running && in.state != pending:
		state, reason, description = "unused", "Target.InvalidState", "Target is in an invalid state"
	case at.Before(t.healthyAt) || in.state == pending:
		state, reason, description = "initial", "Elb.RegistrationInProgress", "Target registration is in progress"
	default:
		state = "healthy"
	}
	if t.state != "" {
		return t.state, t.reason, ""
	}
	return state, reason, description
}

// failsTarget reports whether a group whose health type is ELB must replace a
// member because of its targets.
func (w *World) failsTarget(g *group, in *instance) bool {
	r := w.region(g.region)
	return slices.ContainsFunc(g.targets, func(arn string) bool {
		t := r.targets[arn]
		if t == nil || t.find(in.id, 0) == nil {
			return false
		}
		state, _, _ := t.find(in.id, 0).health(r, w.clock.now)
		return state == "unhealthy"
	})
}
