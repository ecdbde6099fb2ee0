package provider

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// launchConfigurationResource is aws_launch_configuration. AWS changes none:
// every change makes another.
type launchConfigurationResource struct{ base }

type launchConfiguration struct {
	ID    types.String `tfsdk:"id"`
	ARN   types.String `tfsdk:"arn"`
	Name  types.String `tfsdk:"name"`
	Image types.String `tfsdk:"image_id"`
	Type  types.String `tfsdk:"instance_type"`
}

func (*launchConfigurationResource) Metadata(_ context.Context, _ resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = "aws_launch_configuration"
}

func (*launchConfigurationResource) Schema(_ context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse) {
	resp.Schema = schema.Schema{Attributes: map[string]schema.Attribute{
		"id":            computedText(),
		"arn":           computedText(),
		"name":          forcesNew(optionalText()),
		"image_id":      forcesNew(optionalText()),
		"instance_type": forcesNew(optionalText()),
	}}
}

func (r *launchConfigurationResource) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	var plan launchConfiguration
	if resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...); resp.Diagnostics.HasError() {
		return
	}
	plan.ID = plan.Name
	_, err := r.groups.CreateLaunchConfiguration(ctx, &autoscaling.CreateLaunchConfigurationInput{
		LaunchConfigurationName: known(plan.Name), ImageId: known(plan.Image), InstanceType: known(plan.Type)})
	if err == nil {
		_, err = r.read(ctx, &plan)
	}
	if err != nil {
		resp.Diagnostics.AddError("creating Auto Scaling Launch Configuration ("+plan.Name.ValueString()+")", err.Error())
		return
	}
	resp.Diagnostics.Append(resp.State.Set(ctx, &plan)...)
}

// read refreshes a launch configuration.
func (r *launchConfigurationResource) read(ctx context.Context, c *launchConfiguration) (gone bool, err error) {
	out, err := r.groups.DescribeLaunchConfigurations(ctx, &autoscaling.DescribeLaunchConfigurationsInput{LaunchConfigurationNames: []string{c.ID.ValueString()}})
	if err != nil || len(out.LaunchConfigurations) == 0 {
		return err == nil, err
	}
	live := out.LaunchConfigurations[0]
	c.ARN, c.Name = types.StringPointerValue(live.LaunchConfigurationARN), types.StringPointerValue(live.LaunchConfigurationName)
	c.Image, c.Type = types.StringPointerValue(live.ImageId), types.StringPointerValue(live.InstanceType)
	return false, nil
}

func (r *launchConfigurationResource) Read(ctx context.Context, req resource.ReadRequest, resp *resource.ReadResponse) {
	var state launchConfiguration
	if resp.Diagnostics.Append(req.State.Get(ctx, &state)...); resp.Diagnostics.HasError() {
		return
	}
	gone, err := r.read(ctx, &state)
	switch {
	case err != nil:
		resp.Diagnostics.AddError("reading Auto Scaling Launch Configuration ("+state.ID.ValueString()+")", err.Error())
	case gone:
		resp.State.RemoveResource(ctx)
	default:
		resp.Diagnostics.Append(resp.State.Set(ctx, &state)...)
	}
}

// Update is never asked to change anything.
func (r *launchConfigurationResource) Update(ctx context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse) {
	var plan launchConfiguration
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	resp.Diagnostics.Append(resp.State.Set(ctx, &plan)...)
}

func (r *launchConfigurationResource) Delete(ctx context.Context, req resource.DeleteRequest, resp *resource.DeleteResponse) {
	var state launchConfiguration
	if resp.Diagnostics.Append(req.State.Get(ctx, &state)...); resp.Diagnostics.HasError() {
		return
	}
	if _, err := r.groups.DeleteLaunchConfiguration(ctx, &autoscaling.DeleteLaunchConfigurationInput{LaunchConfigurationName: state.ID.ValueStringPointer()}); err != nil {
		resp.Diagnostics.AddError("deleting Auto Scaling Launch Configuration ("+state.ID.ValueString()+")", err.Error())
	}
}
