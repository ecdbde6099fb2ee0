package awssim

import (
	"slices"
	"time"
)

func startRefresh(r *request, g *group) (any, error) {
	if f := g.refreshing(); f != nil {
		return nil, failure("InstanceRefreshInProgress", "An Instance Refresh is already in progress and blocks the execution of this Instance Refresh.")
	}
	p := r.sub("Preferences")
	f := &refresh{
		id: r.w.uuid("refresh"), status: "Pending", start: r.w.clock.now,
		minHealthy: p.num("MinHealthyPercentage", 90), skipMatching: p.flag("SkipMatching"),
		protected: orElse(p.str("ScaleInProtectedInstances"), "Wait"),
	}
	if spec := r.sub("DesiredConfiguration.LaunchTemplate"); len(spec) > 0 {
		if t := r.live.template(spec.str("LaunchTemplateId"), spec.str("LaunchTemplateName")); t != nil {
			g.templateID, g.templateVersion = t.id, orElse(spec.str("Version"), "$Default")
		}
	}
	_, version := r.live.templateVersion(g.templateID, g.templateVersion)
	for _, m := range g.counted() {
		if !f.skipMatching || m.version != version {
			f.todo = append(f.todo, m.id)
		}
	}
	f.total = len(f.todo)
	g.refreshes = slices.Insert(g.refreshes, 0, f)
	r.w.after(r.w.timing.React, func() { r.w.refreshOn(g) })
	return struct{ InstanceRefreshId string }{f.id}, nil
}

func cancelRefresh(r *request, g *group) (any, error) {
	f := g.refreshing()
	if f == nil {
		return nil, failure("ActiveInstanceRefreshNotFound", "No in progress or pending Instance Refresh found for Auto Scaling group %s", g.name)
	}
	r.w.cancelRefresh(g, f)
	return struct{ InstanceRefreshId string }{f.id}, nil
}

func putHook(r *request, g *group) (any, error) {
	g.putHook(r.form)
	return empty{}, nil
}

func deleteHook(r *request, g *group) (any, error) {
	g.hooks = slices.DeleteFunc(g.hooks, func(h hook) bool { return h.name == r.str("LifecycleHookName") })
	return empty{}, nil
}

// completeHook ends the wait of a member at once, whichever result is given.
func completeHook(r *request, g *group) (any, error) {
	m := g.member(r.str("InstanceId"))
	if m == nil || m.proceed == nil {
		return nil, failure("ValidationError", "No active Lifecycle Action found with instance ID %s", r.str("InstanceId"))
	}
	m.proceed()
	return empty{}, nil
}

func describeHooks(r *request) (any, error) {
	g, err := namedGroup(r, r.seen)
	if err != nil {
		return nil, err
	}
	type item struct {
		AutoScalingGroupName  string
		LifecycleHookName     string
		LifecycleTransition   string
		DefaultResult         string
		HeartbeatTimeout      int
		GlobalTimeout         int
		NotificationMetadata  string `xml:",omitempty"`
		NotificationTargetARN string `xml:",omitempty"`
		RoleARN               string `xml:",omitempty"`
	}
	names := r.strs("LifecycleHookNames.member")
	var answer struct {
		LifecycleHooks []item `xml:"LifecycleHooks>member"`
	}
	for _, h := range g.hooks {
		if len(names) == 0 || slices.Contains(names, h.name) {
			seconds := int(h.timeout / time.Second)
			answer.LifecycleHooks = append(answer.LifecycleHooks, item{g.name, h.name, h.transition, h.result, seconds, 100 * seconds, h.metadata, h.target, h.role})
		}
	}
	return answer, nil
}

func metrics(on bool) func(*request, *group) (any, error) {
	return func(r *request, g *group) (any, error) {
		names := r.strs("Metrics.member")
		g.metrics = slices.DeleteFunc(g.metrics, func(m string) bool { return len(names) == 0 || slices.Contains(names, m) })
		if on {
			g.metrics = append(g.metrics, names...)
		}
		return empty{}, nil
	}
}

// none answers a read of something the World never has.
func none(*request) (any, error) { return empty{}, nil }
