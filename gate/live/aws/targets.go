package aws

import (
	"context"
	"slices"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	elbtypes "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"

	"github.com/holdfast-gate/holdfast/gate"
	"github.com/holdfast-gate/holdfast/gate/live"
)

// targetsNamed returns the ARNs of target groups that were wanted or that a
// group that was found is attached to.
func (r *reading) targetsNamed(w live.Want) []string {
	arns := slices.Clone(w.TargetGroups)
	if w.Brief {
		return arns
	}
	for _, g := range r.asgs {
		arns = append(arns, targetsOf(g)...)
	}
	return arns
}

// readTargets reads the health of the targets of each group; the call has no
// pages. A target group that does not exist has no targets.
func (r *reading) readTargets(ctx context.Context, arns []string) {
	each(arns, func(arn string) {
		out, err := r.clients.elb().DescribeTargetHealth(r.targets.ctx(ctx), &elb.DescribeTargetHealthInput{TargetGroupArn: &arn})
		if code := codeOf(err); err != nil && code != "TargetGroupNotFound" && code != "TargetGroupNotFoundException" {
			r.targets.fail(explain(ctx, "elasticloadbalancing:DescribeTargetHealth", r.region, err))
			return
		}
		r.targets.got()
		byID := map[string][]elbtypes.TargetHealthDescription{}
		if err == nil {
			for _, d := range out.TargetHealthDescriptions {
				if d.Target != nil {
					byID[sdk.ToString(d.Target.Id)] = append(byID[sdk.ToString(d.Target.Id)], d)
				}
			}
		}
		r.mu.Lock()
		defer r.mu.Unlock()
		r.health[arn] = byID
	})
}

// targetPorts are the ports on which target groups send an instance traffic, by
// ARN. A target group that lets it go has none for it.
func (r *reading) targetPorts(arns []string, id string) map[string][]int {
	if len(arns) == 0 {
		return nil
	}
	out := map[string][]int{}
	for _, arn := range arns {
		out[arn] = []int{}
		for _, d := range r.health[arn][id] {
			if h := d.TargetHealth; h == nil || h.State != elbtypes.TargetHealthStateEnumDraining {
				out[arn] = append(out[arn], int(sdk.ToInt32(d.Target.Port)))
			}
		}
		slices.Sort(out[arn])
	}
	return out
}

// targetMeaning is what a target's health says. Unused and unavailable say
// nothing by themselves: their reason does.
func (s states) targetMeaning(h *elbtypes.TargetHealth) meaning {
	if h == nil {
		return unlisted()
	}
	switch h.State {
	case elbtypes.TargetHealthStateEnumUnused:
		return s.classify("elbv2.UnusedReason", string(h.Reason))
	case elbtypes.TargetHealthStateEnumUnavailable:
		return s.classify("elbv2.UnavailableReason", string(h.Reason))
	}
	return s.classify("elbv2.TargetHealthStateEnum", string(h.State))
}

// targetObservations is what the load balancers say about one instance. One
// registered on several ports is observed once for each.
func (r *reading) targetObservations(id string) (arns []string, out []gate.Observation) {
	for _, arn := range sortedKeys(r.health) {
		for _, d := range r.health[arn][id] {
			m := r.states.targetMeaning(d.TargetHealth)
			o := gate.Observation{Source: gate.SourceTargets, Field: "elbv2.TargetHealthStateEnum", Phase: m.phase, Serving: m.serving, Opinion: true}
			if h := d.TargetHealth; h != nil {
				o.Raw, o.Detail = string(h.State), joined(string(h.Reason), sdk.ToString(h.Description))
			}
			if m.phase == gate.Failed && !r.anyHealthy(arn) {
				// Without a healthy target a load balancer sends traffic to all of
				// them (aws-semantics 1.2.15), so this one may be serving.
				o.Serving, o.Detail = gate.ServingUnknown, joined(o.Detail, "no target is healthy")
			}
			arns, out = append(arns, arn), append(out, o)
		}
	}
	return slices.Compact(arns), out
}

// anyHealthy reports whether a target group has a healthy target.
func (r *reading) anyHealthy(arn string) bool {
	for _, ds := range r.health[arn] {
		if slices.ContainsFunc(ds, func(d elbtypes.TargetHealthDescription) bool {
			return d.TargetHealth != nil && d.TargetHealth.State == elbtypes.TargetHealthStateEnumHealthy
		}) {
			return true
		}
	}
	return false
}

// unregistered says of a member in service in a group which of the group's
// target groups do not know it, or could not be asked: no traffic is known to
// reach it from there, so it may not count.
func (r *reading) unregistered(groupName string, arns []string) []gate.Observation {
	var out []gate.Observation
	for _, arn := range targetsOf(r.asgs[groupName]) {
		if slices.Contains(arns, arn) {
			continue
		}
		o := gate.Observation{Source: gate.SourceTargets, Field: "elbv2.TargetHealthStateEnum", Raw: "not registered", Serving: gate.ServingNo, Opinion: true, Detail: arn}
		if _, read := r.health[arn]; !read {
			o.Raw = "not read"
		}
		out = append(out, o)
	}
	return out
}
