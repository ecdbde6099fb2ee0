package provider

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/hashicorp/terraform-plugin-framework/action"
	"github.com/hashicorp/terraform-plugin-framework/action/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// stopAction is the action aws_ec2_stop_instance, which Terraform invokes since
// 1.14: it stops an instance without a change of any resource.
type stopAction struct{ *clients }

func (*stopAction) Metadata(_ context.Context, _ action.MetadataRequest, resp *action.MetadataResponse) {
	resp.TypeName = "aws_ec2_stop_instance"
}

func (*stopAction) Schema(_ context.Context, _ action.SchemaRequest, resp *action.SchemaResponse) {
	resp.Schema = schema.Schema{Attributes: map[string]schema.Attribute{
		"instance_id": schema.StringAttribute{Required: true},
		"force":       schema.BoolAttribute{Optional: true},
	}}
}

func (a *stopAction) Configure(_ context.Context, req action.ConfigureRequest, _ *action.ConfigureResponse) {
	// Terraform validates before it configures; then there is nothing yet.
	a.clients, _ = req.ProviderData.(*clients)
}

func (a *stopAction) Invoke(ctx context.Context, req action.InvokeRequest, resp *action.InvokeResponse) {
	var config struct {
		ID    types.String `tfsdk:"instance_id"`
		Force types.Bool   `tfsdk:"force"`
	}
	if resp.Diagnostics.Append(req.Config.Get(ctx, &config)...); resp.Diagnostics.HasError() {
		return
	}
	_, err := a.ec2.StopInstances(ctx, &ec2.StopInstancesInput{
		InstanceIds: []string{config.ID.ValueString()}, Force: config.Force.ValueBoolPointer(),
	})
	if err != nil {
		resp.Diagnostics.AddError("stopping EC2 Instance ("+config.ID.ValueString()+")", err.Error())
	}
}
