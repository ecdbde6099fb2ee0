package provider

import (
	"context"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	astypes "github.com/aws/aws-sdk-go-v2/service/autoscaling/types"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// groupResource is aws_autoscaling_group.
type groupResource struct{ base }

func (*groupResource) Metadata(_ context.Context, _ resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = "aws_autoscaling_group"
}

func (r *groupResource) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	var plan group
	if resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...); resp.Diagnostics.HasError() {
		return
	}
	in := &autoscaling.CreateAutoScalingGroupInput{
		AutoScalingGroupName:             aws.String(first(plan.Name.ValueString(), "terraform-test")),
		MinSize:                          int32Of(plan.Min),
		MaxSize:                          int32Of(plan.Max),
		DesiredCapacity:                  int32Of(plan.Desired),
		AvailabilityZones:                members(plan.Zones),
		VPCZoneIdentifier:                joined(plan.Subnets),
		TargetGroupARNs:                  members(plan.Targets),
		LaunchTemplate:                   plan.template(),
		LaunchConfigurationName:          known(plan.Launch),
		HealthCheckGracePeriod:           int32Of(plan.Grace),
		HealthCheckType:                  known(plan.Health),
		TerminationPolicies:              elements(plan.Policies),
		NewInstancesProtectedFromScaleIn: plan.Protect.ValueBoolPointer(),
		Tags:                             plan.tags(),
	}
	if _, err := r.groups.CreateAutoScalingGroup(ctx, in); err != nil {
		resp.Diagnostics.AddError("creating Auto Scaling Group", err.Error())
		return
	}
	plan.Name = types.StringPointerValue(in.AutoScalingGroupName)
	plan.ID = plan.Name
	err := r.suspend(ctx, plan.ID.ValueString(), nil, members(plan.Suspended))
	if err == nil {
		err = r.waitForCapacity(ctx, plan)
	}
	if err == nil {
		_, err = r.read(ctx, &plan)
	}
	if err != nil {
		resp.Diagnostics.AddError("creating Auto Scaling Group ("+plan.ID.ValueString()+")", err.Error())
		return
	}
	resp.Diagnostics.Append(resp.State.Set(ctx, &plan)...)
}

func (r *groupResource) Read(ctx context.Context, req resource.ReadRequest, resp *resource.ReadResponse) {
	var state group
	if resp.Diagnostics.Append(req.State.Get(ctx, &state)...); resp.Diagnostics.HasError() {
		return
	}
	gone, err := r.read(ctx, &state)
	switch {
	case err != nil:
		resp.Diagnostics.AddError("reading Auto Scaling Group ("+state.ID.ValueString()+")", err.Error())
	case gone:
		resp.State.RemoveResource(ctx)
	default:
		resp.Diagnostics.Append(resp.State.Set(ctx, &state)...)
	}
}

// Update sends only what changed, then tags, then waits, and resumes or
// suspends processes last: the order is the real provider's (aws-semantics
// 2.4). A change of max_size alone is not waited for.
func (r *groupResource) Update(ctx context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse) {
	var plan, state group
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	if resp.Diagnostics.Append(req.State.Get(ctx, &state)...); resp.Diagnostics.HasError() {
		return
	}
	name := state.ID.ValueString()
	in, changed, waits := plan.changes(state)
	var err error
	if changed {
		_, err = r.groups.UpdateAutoScalingGroup(ctx, in)
	}
	if err == nil && !plan.Tags.Equal(state.Tags) {
		err = r.retagGroup(ctx, name, state.tags(), plan.tags())
	}
	if err == nil && waits {
		err = r.waitForCapacity(ctx, plan)
	}
	if err == nil && !plan.Suspended.Equal(state.Suspended) {
		err = r.suspend(ctx, name, members(state.Suspended), members(plan.Suspended))
	}
	if err != nil {
		resp.Diagnostics.AddError("updating Auto Scaling Group ("+name+")", err.Error())
		return
	}
	resp.Diagnostics.Append(resp.State.Set(ctx, &plan)...)
}

// Delete empties the group first and waits for that, unless force_delete says
// to end the members with the group.
func (r *groupResource) Delete(ctx context.Context, req resource.DeleteRequest, resp *resource.DeleteResponse) {
	var state group
	if resp.Diagnostics.Append(req.State.Get(ctx, &state)...); resp.Diagnostics.HasError() {
		return
	}
	name := state.ID.ValueString()
	err := r.empty(ctx, name, state.Force.ValueBool())
	if err == nil {
		_, err = r.groups.DeleteAutoScalingGroup(ctx, &autoscaling.DeleteAutoScalingGroupInput{
			AutoScalingGroupName: &name, ForceDelete: aws.Bool(state.Force.ValueBool()),
		})
	}
	if err == nil {
		err = wait(ctx, name+" to be deleted", func(ctx context.Context) (bool, error) {
			live, err := r.find(ctx, name)
			return live == nil, err
		})
	}
	if err != nil {
		resp.Diagnostics.AddError("deleting Auto Scaling Group ("+name+")", err.Error())
	}
}

func (r *groupResource) empty(ctx context.Context, name string, force bool) error {
	if force {
		return nil
	}
	zero := aws.Int32(0)
	_, err := r.groups.UpdateAutoScalingGroup(ctx, &autoscaling.UpdateAutoScalingGroupInput{
		AutoScalingGroupName: &name, MinSize: zero, MaxSize: zero, DesiredCapacity: zero,
	})
	if err != nil {
		return err
	}
	return wait(ctx, name+" to be empty", func(ctx context.Context) (bool, error) {
		live, err := r.find(ctx, name)
		return live == nil || len(live.Instances) == 0, err
	})
}

// find returns the group, nil if there is none.
func (r *groupResource) find(ctx context.Context, name string) (*astypes.AutoScalingGroup, error) {
	out, err := r.groups.DescribeAutoScalingGroups(ctx, &autoscaling.DescribeAutoScalingGroupsInput{AutoScalingGroupNames: []string{name}})
	if err != nil || len(out.AutoScalingGroups) == 0 {
		return nil, err
	}
	return &out.AutoScalingGroups[0], nil
}

// waitForCapacity waits until exactly the wanted number of members is healthy
// and in service, as the group sees it: members that EC2 is ending behind its
// back count.
func (r *groupResource) waitForCapacity(ctx context.Context, g group) error {
	limit, err := time.ParseDuration(g.Wait.ValueString())
	if err != nil || limit == 0 {
		return err
	}
	want := max(g.Min.ValueInt64(), g.Desired.ValueInt64())
	name := g.ID.ValueString()
	return wait(ctx, fmt.Sprintf("%s to have capacity %d", name, want), func(ctx context.Context) (bool, error) {
		live, err := r.find(ctx, name)
		if err != nil || live == nil {
			return false, err
		}
		healthy := int64(0)
		for _, m := range live.Instances {
			if aws.ToString(m.HealthStatus) == "Healthy" && m.LifecycleState == astypes.LifecycleStateInService {
				healthy++
			}
		}
		return healthy == want, nil
	})
}

// suspend makes the suspended processes what they should be.
func (r *groupResource) suspend(ctx context.Context, name string, before, after []string) error {
	if gone := without(before, after); len(gone) > 0 {
		if _, err := r.groups.ResumeProcesses(ctx, &autoscaling.ResumeProcessesInput{AutoScalingGroupName: &name, ScalingProcesses: gone}); err != nil {
			return err
		}
	}
	added := without(after, before)
	if len(added) == 0 {
		return nil
	}
	_, err := r.groups.SuspendProcesses(ctx, &autoscaling.SuspendProcessesInput{AutoScalingGroupName: &name, ScalingProcesses: added})
	return err
}

func (r *groupResource) retagGroup(ctx context.Context, name string, before, after []astypes.Tag) error {
	kept := map[string]bool{}
	for i := range after {
		after[i].ResourceId, after[i].ResourceType = &name, aws.String("auto-scaling-group")
		kept[aws.ToString(after[i].Key)] = true
	}
	var gone []astypes.Tag
	for _, t := range before {
		if !kept[aws.ToString(t.Key)] {
			t.ResourceId, t.ResourceType = &name, aws.String("auto-scaling-group")
			gone = append(gone, t)
		}
	}
	if len(gone) > 0 {
		if _, err := r.groups.DeleteTags(ctx, &autoscaling.DeleteTagsInput{Tags: gone}); err != nil {
			return err
		}
	}
	if len(after) == 0 {
		return nil
	}
	_, err := r.groups.CreateOrUpdateTags(ctx, &autoscaling.CreateOrUpdateTagsInput{Tags: after})
	return err
}
