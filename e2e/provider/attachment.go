package provider

import (
	"context"
	"crypto/sha256"
	"encoding/hex"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// attachmentResource is aws_volume_attachment. It waits until EC2 has attached
// the volume; what the instance does meanwhile, it does without.
type attachmentResource struct{ base }

type attachment struct {
	ID       types.String `tfsdk:"id"`
	Device   types.String `tfsdk:"device_name"`
	Instance types.String `tfsdk:"instance_id"`
	Volume   types.String `tfsdk:"volume_id"`
	Force    types.Bool   `tfsdk:"force_detach"`
	Skip     types.Bool   `tfsdk:"skip_destroy"`
	Stop     types.Bool   `tfsdk:"stop_instance_before_detaching"`
}

func (*attachmentResource) Metadata(_ context.Context, _ resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = "aws_volume_attachment"
}

func (*attachmentResource) Schema(_ context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse) {
	flag := schema.BoolAttribute{Optional: true}
	resp.Schema = schema.Schema{Attributes: map[string]schema.Attribute{
		"id":                             computedText(),
		"device_name":                    forcesNew(optionalText()),
		"instance_id":                    forcesNew(optionalText()),
		"volume_id":                      forcesNew(optionalText()),
		"force_detach":                   flag,
		"skip_destroy":                   flag,
		"stop_instance_before_detaching": flag,
	}}
}

func (r *attachmentResource) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	var plan attachment
	if resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...); resp.Diagnostics.HasError() {
		return
	}
	_, err := r.ec2.AttachVolume(ctx, &ec2.AttachVolumeInput{VolumeId: plan.Volume.ValueStringPointer(), InstanceId: plan.Instance.ValueStringPointer(), Device: plan.Device.ValueStringPointer()})
	if err == nil {
		_, err = r.volumeIs(ctx, plan.Volume.ValueString(), func(v *ec2types.Volume) bool {
			a := plan.of(v)
			return a != nil && a.State == ec2types.VolumeAttachmentStateAttached
		})
	}
	if err != nil {
		resp.Diagnostics.AddError("attaching EBS Volume ("+plan.Volume.ValueString()+") to EC2 Instance ("+plan.Instance.ValueString()+")", err.Error())
		return
	}
	sum := sha256.Sum256([]byte(plan.Device.ValueString() + "-" + plan.Instance.ValueString() + "-" + plan.Volume.ValueString() + "-"))
	plan.ID = types.StringValue("vai-" + hex.EncodeToString(sum[:])[:10])
	resp.Diagnostics.Append(resp.State.Set(ctx, &plan)...)
}

// of is the attachment as a volume shows it, nil if it does not.
func (a attachment) of(v *ec2types.Volume) *ec2types.VolumeAttachment {
	if v == nil {
		return nil
	}
	for _, live := range v.Attachments {
		if aws.ToString(live.InstanceId) == a.Instance.ValueString() {
			return &live
		}
	}
	return nil
}

func (r *attachmentResource) Read(ctx context.Context, req resource.ReadRequest, resp *resource.ReadResponse) {
	var state attachment
	if resp.Diagnostics.Append(req.State.Get(ctx, &state)...); resp.Diagnostics.HasError() {
		return
	}
	live, err := r.findVolume(ctx, state.Volume.ValueString())
	if err != nil {
		resp.Diagnostics.AddError("reading EBS Volume Attachment", err.Error())
		return
	}
	if state.of(live) == nil {
		resp.State.RemoveResource(ctx)
	}
}

// Update changes only what matters when it is destroyed.
func (r *attachmentResource) Update(ctx context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse) {
	var plan attachment
	if resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...); resp.Diagnostics.HasError() {
		return
	}
	resp.Diagnostics.Append(resp.State.Set(ctx, &plan)...)
}

func (r *attachmentResource) Delete(ctx context.Context, req resource.DeleteRequest, resp *resource.DeleteResponse) {
	var state attachment
	if resp.Diagnostics.Append(req.State.Get(ctx, &state)...); resp.Diagnostics.HasError() {
		return
	}
	if state.Skip.ValueBool() {
		return
	}
	if err := r.detach(ctx, state); err != nil {
		resp.Diagnostics.AddError("detaching EBS Volume ("+state.Volume.ValueString()+")", err.Error())
	}
}

func (r *attachmentResource) detach(ctx context.Context, state attachment) error {
	if state.Stop.ValueBool() {
		if err := r.halt(ctx, state.Instance.ValueString()); err != nil {
			return err
		}
	}
	_, err := r.ec2.DetachVolume(ctx, &ec2.DetachVolumeInput{VolumeId: state.Volume.ValueStringPointer(), InstanceId: state.Instance.ValueStringPointer(), Device: state.Device.ValueStringPointer(), Force: state.Force.ValueBoolPointer()})
	if isCode(err, "IncorrectState") || isCode(err, "InvalidVolume.NotFound") {
		return nil // it is detached already
	}
	if err != nil {
		return err
	}
	_, err = r.volumeIs(ctx, state.Volume.ValueString(), func(v *ec2types.Volume) bool { return state.of(v) == nil })
	return err
}

// halt stops an instance and leaves it stopped, as hashicorp/aws does.
func (r *attachmentResource) halt(ctx context.Context, id string) error {
	if _, err := r.ec2.StopInstances(ctx, &ec2.StopInstancesInput{InstanceIds: []string{id}}); err != nil {
		return err
	}
	_, err := (&instanceResource{r.base}).waitFor(ctx, id, ec2types.InstanceStateNameStopped)
	return err
}
