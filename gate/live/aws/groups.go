package aws

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	asgtypes "github.com/aws/aws-sdk-go-v2/service/autoscaling/types"

	"github.com/holdfast-gate/holdfast/gate"
	"github.com/holdfast-gate/holdfast/gate/live"
)

const (
	callGroups = "autoscaling:DescribeAutoScalingGroups"
	pageGroups = 100 // most that MaxRecords allows; it is also the most names that may be asked for, if it is given (Auto Scaling API)
	fewNames   = 50  // most names, if MaxRecords is fewer (Auto Scaling API)
	pageWarm   = 50  // most that MaxRecords of DescribeWarmPool allows
)

// groupsByTag finds groups by the wanted tags, or all there are.
func (r *reading) groupsByTag(ctx context.Context, w live.Want) {
	if w.All {
		r.readGroups(ctx, &autoscaling.DescribeAutoScalingGroupsInput{})
		return
	}
	var filters []asgtypes.Filter
	for _, t := range w.Tags {
		if t.Any() {
			filters = append(filters, asgtypes.Filter{Name: sdk.String("tag-key"), Values: []string{t.Key}})
			continue
		}
		for values := range slices.Chunk(t.Values, batchValues) {
			filters = append(filters, asgtypes.Filter{Name: sdk.String("tag:" + t.Key), Values: values})
		}
	}
	each(filters, func(f asgtypes.Filter) {
		r.readGroups(ctx, &autoscaling.DescribeAutoScalingGroupsInput{Filters: []asgtypes.Filter{f}})
	})
}

// groupsByName reads groups by name. A name without a group is no failure: the
// core sees that it is missing.
func (r *reading) groupsByName(ctx context.Context, names []string) {
	names = slices.DeleteFunc(slices.Clone(names), func(n string) bool { _, known := r.group(n); return known })
	each(slices.Collect(slices.Chunk(names, r.batchNames())), func(some []string) {
		r.readGroups(ctx, &autoscaling.DescribeAutoScalingGroupsInput{AutoScalingGroupNames: some})
	})
}

// batchNames is how many names, or values, to ask for at once.
func (r *reading) batchNames() int { return max(fewNames, int(*r.pageSize(pageGroups))) }

func (r *reading) group(name string) (asgtypes.AutoScalingGroup, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	g, ok := r.asgs[name]
	return g, ok
}

func (r *reading) readGroups(ctx context.Context, in *autoscaling.DescribeAutoScalingGroupsInput) {
	in.MaxRecords, in.IncludeInstances = r.pageSize(pageGroups), sdk.Bool(true)
	p := autoscaling.NewDescribeAutoScalingGroupsPaginator(r.clients.asg(), in)
	page, err := pages(ctx, &r.groups, p.HasMorePages,
		func(ctx context.Context) (*autoscaling.DescribeAutoScalingGroupsOutput, error) {
			return p.NextPage(ctx)
		},
		func(out *autoscaling.DescribeAutoScalingGroupsOutput) *string {
			r.mu.Lock()
			defer r.mu.Unlock()
			for _, g := range out.AutoScalingGroups {
				name := sdk.ToString(g.AutoScalingGroupName)
				if r.groupElsewhere(g) {
					r.groups.fail(misplaced(callGroups, r.region, name+" in another region"))
				}
				if old, twice := r.asgs[name]; twice && !sameSizes(old, g) {
					r.groups.fail(fault{gate.ProblemPartial, fmt.Sprintf("%s in %s gave two answers about %s that differ in its sizes, so that one of them is old: try again in a minute", callGroups, r.region, name)})
				}
				r.asgs[name] = g
				r.tagged[name] = r.tagged[name] || len(in.Filters) > 0
				r.seat(name, false, g.Instances)
			}
			return out.NextToken
		})
	if err != nil {
		r.groups.fail(onPage(page, explain(ctx, callGroups, r.region, err)))
	}
}

// sameSizes reports whether two answers about a group agree on how many members
// it wants and how many it may have.
func sameSizes(a, b asgtypes.AutoScalingGroup) bool {
	same := func(x, y *int32) bool { return sdk.ToInt32(x) == sdk.ToInt32(y) }
	return same(a.DesiredCapacity, b.DesiredCapacity) && same(a.MinSize, b.MinSize) && same(a.MaxSize, b.MaxSize)
}

// seat notes who is where. The caller holds r.mu. A place in the group itself
// outranks one in its warm pool: an instance on its way between them may be
// listed in both.
func (r *reading) seat(group string, warm bool, instances []asgtypes.Instance) {
	for _, i := range instances {
		id := sdk.ToString(i.InstanceId)
		if _, taken := r.seats[id]; taken && warm {
			continue
		}
		r.seats[id] = seat{group: group, warm: warm, member: i}
	}
}

// groupsNamed returns the names of groups that were wanted, that were found, or
// that own an instance that was found.
func (r *reading) groupsNamed(w live.Want) []string {
	names := slices.Concat(w.Groups, slices.Collect(maps.Keys(r.asgs)))
	for _, i := range r.ec2 {
		names = append(names, ec2Tags(i.Tags)[groupTag])
	}
	return names
}

// pooled reports whether a group has a warm pool.
func (r *reading) pooled(name string) bool {
	g, _ := r.group(name)
	return g.WarmPoolConfiguration != nil || sdk.ToInt32(g.WarmPoolSize) > 0
}

// readWarmPools reads who waits in the warm pools of those groups that have one.
func (r *reading) readWarmPools(ctx context.Context, names []string) {
	pooled := slices.DeleteFunc(slices.Clone(names), func(n string) bool { return !r.pooled(n) })
	each(pooled, func(name string) {
		p := autoscaling.NewDescribeWarmPoolPaginator(r.clients.asg(), &autoscaling.DescribeWarmPoolInput{AutoScalingGroupName: &name, MaxRecords: r.pageSize(pageWarm)})
		page, err := pages(ctx, &r.warmpools, p.HasMorePages,
			func(ctx context.Context) (*autoscaling.DescribeWarmPoolOutput, error) { return p.NextPage(ctx) },
			func(out *autoscaling.DescribeWarmPoolOutput) *string {
				r.mu.Lock()
				defer r.mu.Unlock()
				r.warm[name] += len(out.Instances)
				r.seat(name, true, out.Instances)
				return out.NextToken
			})
		if err != nil {
			r.warmpools.fail(onPage(page, explain(ctx, "autoscaling:DescribeWarmPool", r.region, err)))
		}
	})
	var hidden []string // from the search by tag
	for _, id := range sortedKeys(r.seats) {
		if _, known := r.ec2[id]; r.seats[id].warm && !known {
			hidden = append(hidden, id)
		}
	}
	r.instancesByID(ctx, hidden)
}

// liveGroups is the groups that were read, in the words of the gate.
func (r *reading) liveGroups() []gate.Group {
	var out []gate.Group
	for name, g := range r.asgs {
		out = append(out, gate.Group{
			Name: name, ARN: sdk.ToString(g.AutoScalingGroupARN), Region: r.region, Tags: groupTags(g.Tags),
			Desired: int(sdk.ToInt32(g.DesiredCapacity)), Min: int(sdk.ToInt32(g.MinSize)), Max: int(sdk.ToInt32(g.MaxSize)),
			Suspended: suspended(g), Zones: sorted(g.AvailabilityZones), Subnets: sorted(strings.Split(sdk.ToString(g.VPCZoneIdentifier), ",")),
			Targets: targetsOf(g), Template: templateOf(g), ProtectNew: sdk.ToBool(g.NewInstancesProtectedFromScaleIn),
			MinHealthy: percent(g.InstanceMaintenancePolicy, false), MaxHealthy: percent(g.InstanceMaintenancePolicy, true),
			WarmPool: r.warm[name], Deletion: string(g.DeletionProtection), Asked: r.told[name], Operations: r.operations(g),
		})
	}
	return out
}

// operations are what the group does and did, newest first. A status is there
// only while the group is being deleted (Auto Scaling API).
func (r *reading) operations(g asgtypes.AutoScalingGroup) []gate.Operation {
	name := sdk.ToString(g.AutoScalingGroupName)
	ops := slices.Clone(r.ops[name])
	slices.SortFunc(ops, func(a, b gate.Operation) int {
		return cmp.Or(b.Start.Compare(a.Start), cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.ID, b.ID))
	})
	status := sdk.ToString(g.Status)
	if status == "" {
		return ops
	}
	op := gate.Operation{Kind: "status", ID: name, Raw: status}
	if fold(status) == "delete in progress" {
		op.Phase = gate.Leaving
	}
	return append([]gate.Operation{op}, ops...)
}

func suspended(g asgtypes.AutoScalingGroup) []string {
	var out []string
	for _, p := range g.SuspendedProcesses {
		out = append(out, sdk.ToString(p.ProcessName))
	}
	return sorted(out)
}

// targetsOf returns the ARNs of the target groups attached. They are traffic
// sources too, and an older API lists only one of the two.
func targetsOf(g asgtypes.AutoScalingGroup) []string {
	out := slices.Clone(g.TargetGroupARNs)
	for _, s := range g.TrafficSources {
		if id := sdk.ToString(s.Identifier); strings.Contains(id, ":elasticloadbalancing:") && strings.Contains(id, ":targetgroup/") {
			out = append(out, id)
		}
	}
	return sorted(out)
}

func templateOf(g asgtypes.AutoScalingGroup) string {
	if p := g.MixedInstancesPolicy; p != nil && p.LaunchTemplate != nil {
		return template(p.LaunchTemplate.LaunchTemplateSpecification, g.LaunchConfigurationName)
	}
	return template(g.LaunchTemplate, g.LaunchConfigurationName)
}

// template names a launch template with its version, "lt-0abc:3", or else a
// launch configuration.
func template(t *asgtypes.LaunchTemplateSpecification, configuration *string) string {
	if t == nil {
		return sdk.ToString(configuration)
	}
	return cmp.Or(sdk.ToString(t.LaunchTemplateId), sdk.ToString(t.LaunchTemplateName)) + ":" + sdk.ToString(t.Version)
}

// percent returns one side of a maintenance policy, -1 where there is none.
func percent(p *asgtypes.InstanceMaintenancePolicy, most bool) int {
	if p == nil {
		return -1
	}
	v := p.MinHealthyPercentage
	if most {
		v = p.MaxHealthyPercentage
	}
	if v == nil {
		return -1
	}
	return int(*v)
}

func groupTags(tags []asgtypes.TagDescription) map[string]string {
	out := map[string]string{}
	for _, t := range tags {
		out[sdk.ToString(t.Key)] = sdk.ToString(t.Value)
	}
	return out
}

// sorted returns the values in order, once each, without empty ones.
func sorted(values []string) []string {
	var out []string
	for _, v := range values {
		if v = strings.TrimSpace(v); v != "" {
			out = append(out, v)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}
