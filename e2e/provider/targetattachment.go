package provider

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	elbtypes "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/int64planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// targetAttachmentResource is aws_lb_target_group_attachment. As with
// hashicorp/aws a target that drains is gone, and nothing is waited for.
type targetAttachmentResource struct{ base }

type targetAttachment struct {
	ID     types.String `tfsdk:"id"`
	Group  types.String `tfsdk:"target_group_arn"`
	Target types.String `tfsdk:"target_id"`
	Port   types.Int64  `tfsdk:"port"`
}

func (*targetAttachmentResource) Metadata(_ context.Context, _ resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = "aws_lb_target_group_attachment"
}

func (*targetAttachmentResource) Schema(_ context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse) {
	resp.Schema = schema.Schema{Attributes: map[string]schema.Attribute{
		"id":               computedText(),
		"target_group_arn": forcesNew(schema.StringAttribute{Required: true}),
		"target_id":        forcesNew(schema.StringAttribute{Required: true}),
		"port":             schema.Int64Attribute{Optional: true, PlanModifiers: []planmodifier.Int64{int64planmodifier.RequiresReplace()}},
	}}
}

func (a targetAttachment) targets() []elbtypes.TargetDescription {
	return []elbtypes.TargetDescription{{Id: a.Target.ValueStringPointer(), Port: int32Of(a.Port)}}
}

func (r *targetAttachmentResource) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	var plan targetAttachment
	if resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...); resp.Diagnostics.HasError() {
		return
	}
	if _, err := r.balancers.RegisterTargets(ctx, &elb.RegisterTargetsInput{TargetGroupArn: plan.Group.ValueStringPointer(), Targets: plan.targets()}); err != nil {
		resp.Diagnostics.AddError("registering ELBv2 Target Group target", err.Error())
		return
	}
	plan.ID = types.StringValue(plan.Group.ValueString() + "-" + plan.Target.ValueString())
	resp.Diagnostics.Append(resp.State.Set(ctx, &plan)...)
}

func (r *targetAttachmentResource) Read(ctx context.Context, req resource.ReadRequest, resp *resource.ReadResponse) {
	var state targetAttachment
	if resp.Diagnostics.Append(req.State.Get(ctx, &state)...); resp.Diagnostics.HasError() {
		return
	}
	out, err := r.balancers.DescribeTargetHealth(ctx, &elb.DescribeTargetHealthInput{TargetGroupArn: state.Group.ValueStringPointer(), Targets: state.targets()})
	switch {
	case isCode(err, "TargetGroupNotFound"):
		resp.State.RemoveResource(ctx)
	case err != nil:
		resp.Diagnostics.AddError("reading ELBv2 Target Group Attachment", err.Error())
	case !there(out.TargetHealthDescriptions):
		resp.State.RemoveResource(ctx)
	default:
		resp.Diagnostics.Append(resp.State.Set(ctx, &state)...)
	}
}

func there(targets []elbtypes.TargetHealthDescription) bool {
	if len(targets) != 1 || targets[0].TargetHealth == nil {
		return false
	}
	why := targets[0].TargetHealth.Reason
	return why != elbtypes.TargetHealthReasonEnumNotRegistered && why != elbtypes.TargetHealthReasonEnumDeregistrationInProgress
}

// Update is never asked to change anything.
func (r *targetAttachmentResource) Update(ctx context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse) {
	var plan targetAttachment
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	resp.Diagnostics.Append(resp.State.Set(ctx, &plan)...)
}

func (r *targetAttachmentResource) Delete(ctx context.Context, req resource.DeleteRequest, resp *resource.DeleteResponse) {
	var state targetAttachment
	if resp.Diagnostics.Append(req.State.Get(ctx, &state)...); resp.Diagnostics.HasError() {
		return
	}
	_, err := r.balancers.DeregisterTargets(ctx, &elb.DeregisterTargetsInput{TargetGroupArn: aws.String(state.Group.ValueString()), Targets: state.targets()})
	if err != nil && !isCode(err, "TargetGroupNotFound") {
		resp.Diagnostics.AddError("deregistering ELBv2 Target Group target", err.Error())
	}
}
