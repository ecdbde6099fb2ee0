package provider

import (
	"context"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	astypes "github.com/aws/aws-sdk-go-v2/service/autoscaling/types"
	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/booldefault"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/int64default"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/setplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringdefault"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

type group struct {
	ID        types.String  `tfsdk:"id"`
	ARN       types.String  `tfsdk:"arn"`
	Name      types.String  `tfsdk:"name"`
	Min       types.Int64   `tfsdk:"min_size"`
	Max       types.Int64   `tfsdk:"max_size"`
	Desired   types.Int64   `tfsdk:"desired_capacity"`
	Zones     types.Set     `tfsdk:"availability_zones"`
	Subnets   types.Set     `tfsdk:"vpc_zone_identifier"`
	Targets   types.Set     `tfsdk:"target_group_arns"`
	Health    types.String  `tfsdk:"health_check_type"`
	Grace     types.Int64   `tfsdk:"health_check_grace_period"`
	Policies  types.List    `tfsdk:"termination_policies"`
	Suspended types.Set     `tfsdk:"suspended_processes"`
	Protect   types.Bool    `tfsdk:"protect_from_scale_in"`
	Force     types.Bool    `tfsdk:"force_delete"`
	Wait      types.String  `tfsdk:"wait_for_capacity_timeout"`
	Template  []templateRef `tfsdk:"launch_template"`
	Launch    types.String  `tfsdk:"launch_configuration"`
	Tags      types.Set     `tfsdk:"tag"`
}

type templateRef struct {
	ID      types.String `tfsdk:"id"`
	Name    types.String `tfsdk:"name"`
	Version types.String `tfsdk:"version"`
}

func (*groupResource) Schema(_ context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse) {
	texts := schema.SetAttribute{ElementType: types.StringType, Optional: true, Computed: true,
		PlanModifiers: []planmodifier.Set{setplanmodifier.UseStateForUnknown()}}
	off := schema.BoolAttribute{Optional: true, Computed: true, Default: booldefault.StaticBool(false)}
	text := schema.StringAttribute{Required: true}
	resp.Schema = schema.Schema{
		Version: 1,
		Attributes: map[string]schema.Attribute{
			"id":                        computedText(),
			"arn":                       computedText(),
			"name":                      forcesNew(optionalText()),
			"min_size":                  schema.Int64Attribute{Required: true},
			"max_size":                  schema.Int64Attribute{Required: true},
			"desired_capacity":          optionalNumber(),
			"availability_zones":        texts,
			"vpc_zone_identifier":       texts,
			"target_group_arns":         texts,
			"health_check_type":         optionalText(),
			"health_check_grace_period": schema.Int64Attribute{Optional: true, Computed: true, Default: int64default.StaticInt64(300)},
			"termination_policies":      schema.ListAttribute{ElementType: types.StringType, Optional: true},
			"suspended_processes":       schema.SetAttribute{ElementType: types.StringType, Optional: true},
			"protect_from_scale_in":     off,
			"force_delete":              off,
			"launch_configuration":      schema.StringAttribute{Optional: true},
			"wait_for_capacity_timeout": schema.StringAttribute{Optional: true, Computed: true, Default: stringdefault.StaticString("10m")},
		},
		Blocks: map[string]schema.Block{
			"launch_template": schema.ListNestedBlock{NestedObject: schema.NestedBlockObject{
				Attributes: map[string]schema.Attribute{"id": optionalText(), "name": optionalText(), "version": optionalText()},
			}},
			"tag": schema.SetNestedBlock{NestedObject: schema.NestedBlockObject{
				Attributes: map[string]schema.Attribute{"key": text, "value": text, "propagate_at_launch": schema.BoolAttribute{Required: true}},
			}},
		},
	}
}

// changes is the one request that an update sends: only what differs. The
// desired capacity is sent only if it is planned to change, so lowering
// max_size alone leaves it to AWS to clamp; and only some fields are waited
// for.
func (g group) changes(state group) (in *autoscaling.UpdateAutoScalingGroupInput, changed, waits bool) {
	in = &autoscaling.UpdateAutoScalingGroupInput{AutoScalingGroupName: state.ID.ValueStringPointer()}
	differs := func(after, before attr.Value) bool {
		d := !after.Equal(before)
		changed = changed || d
		return d
	}
	if differs(g.Desired, state.Desired) {
		in.DesiredCapacity, waits = int32Of(g.Desired), true
	}
	if differs(g.Min, state.Min) {
		in.MinSize, waits = int32Of(g.Min), true
	}
	if differs(g.Max, state.Max) {
		in.MaxSize = int32Of(g.Max)
	}
	if differs(g.Zones, state.Zones) {
		in.AvailabilityZones = members(g.Zones)
	}
	if differs(g.Subnets, state.Subnets) {
		in.VPCZoneIdentifier = joined(g.Subnets)
	}
	if differs(g.Health, state.Health) {
		in.HealthCheckType = known(g.Health)
	}
	if differs(g.Grace, state.Grace) {
		in.HealthCheckGracePeriod = int32Of(g.Grace)
	}
	if differs(g.Policies, state.Policies) {
		in.TerminationPolicies = elements(g.Policies)
	}
	if differs(g.Protect, state.Protect) {
		in.NewInstancesProtectedFromScaleIn = g.Protect.ValueBoolPointer()
	}
	if differs(g.Launch, state.Launch) {
		in.LaunchConfigurationName = known(g.Launch)
	}
	if !slices.Equal(g.Template, state.Template) {
		in.LaunchTemplate, changed = g.template(), true
	}
	return in, changed, waits
}

// template is the launch template that the group is told.
func (g group) template() *astypes.LaunchTemplateSpecification {
	if len(g.Template) == 0 {
		return nil
	}
	t := g.Template[0]
	s := &astypes.LaunchTemplateSpecification{LaunchTemplateId: known(t.ID), Version: known(t.Version)}
	if s.LaunchTemplateId == nil {
		s.LaunchTemplateName = known(t.Name)
	}
	return s
}

// tags are the tag blocks.
func (g group) tags() []astypes.Tag {
	var out []astypes.Tag
	for _, e := range g.Tags.Elements() {
		a := e.(types.Object).Attributes()
		out = append(out, astypes.Tag{
			Key:               a["key"].(types.String).ValueStringPointer(),
			Value:             a["value"].(types.String).ValueStringPointer(),
			PropagateAtLaunch: a["propagate_at_launch"].(types.Bool).ValueBoolPointer(),
		})
	}
	return out
}

// read refreshes the group.
func (r *groupResource) read(ctx context.Context, g *group) (gone bool, err error) {
	live, err := r.find(ctx, g.ID.ValueString())
	if err != nil || live == nil {
		return live == nil, err
	}
	g.Name = types.StringPointerValue(live.AutoScalingGroupName)
	g.ARN = types.StringPointerValue(live.AutoScalingGroupARN)
	g.Min, g.Max, g.Desired = number(live.MinSize), number(live.MaxSize), number(live.DesiredCapacity)
	g.Zones = set(live.AvailabilityZones)
	g.Subnets = set(split(aws.ToString(live.VPCZoneIdentifier)))
	g.Targets = set(live.TargetGroupARNs)
	g.Health = types.StringPointerValue(live.HealthCheckType)
	g.Grace = number(live.HealthCheckGracePeriod)
	g.Protect = types.BoolValue(aws.ToBool(live.NewInstancesProtectedFromScaleIn))
	var suspended []string
	for _, p := range live.SuspendedProcesses {
		suspended = append(suspended, aws.ToString(p.ProcessName))
	}
	if len(suspended) > 0 || !g.Suspended.IsNull() {
		g.Suspended = set(suspended)
	}
	g.Launch = types.StringPointerValue(live.LaunchConfigurationName)
	if g.Template = nil; live.LaunchTemplate != nil {
		t := live.LaunchTemplate
		g.Template = []templateRef{{types.StringPointerValue(t.LaunchTemplateId), types.StringPointerValue(t.LaunchTemplateName), types.StringPointerValue(t.Version)}}
	}
	g.Tags = tagBlocks(live.Tags)
	return false, nil
}

func tagBlocks(tags []astypes.TagDescription) types.Set {
	kinds := map[string]attr.Type{"key": types.StringType, "value": types.StringType, "propagate_at_launch": types.BoolType}
	var blocks []attr.Value
	for _, t := range tags {
		blocks = append(blocks, types.ObjectValueMust(kinds, map[string]attr.Value{
			"key":                 types.StringPointerValue(t.Key),
			"value":               types.StringPointerValue(t.Value),
			"propagate_at_launch": types.BoolValue(aws.ToBool(t.PropagateAtLaunch)),
		}))
	}
	return types.SetValueMust(types.ObjectType{AttrTypes: kinds}, blocks)
}

// without returns what is in a and not in b.
func without(a, b []string) []string {
	return slices.DeleteFunc(slices.Clone(a), func(s string) bool { return slices.Contains(b, s) })
}

func split(s string) []string {
	return strings.FieldsFunc(s, func(r rune) bool { return r == ',' })
}
