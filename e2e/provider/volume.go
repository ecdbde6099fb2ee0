package provider

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// volumeResource is aws_ebs_volume.
type volumeResource struct{ base }

type volume struct {
	ID            types.String `tfsdk:"id"`
	ARN           types.String `tfsdk:"arn"`
	Zone          types.String `tfsdk:"availability_zone"`
	Size          types.Int64  `tfsdk:"size"`
	Type          types.String `tfsdk:"type"`
	IOPS          types.Int64  `tfsdk:"iops"`
	Throughput    types.Int64  `tfsdk:"throughput"`
	FinalSnapshot types.Bool   `tfsdk:"final_snapshot"`
	Tags          types.Map    `tfsdk:"tags"`
	TagsAll       types.Map    `tfsdk:"tags_all"`
}

func (*volumeResource) Metadata(_ context.Context, _ resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = "aws_ebs_volume"
}

func (*volumeResource) Schema(_ context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse) {
	resp.Schema = schema.Schema{Attributes: map[string]schema.Attribute{
		"id":                computedText(),
		"arn":               computedText(),
		"availability_zone": forcesNew(optionalText()),
		"size":              optionalNumber(),
		"type":              optionalText(),
		"iops":              optionalNumber(),
		"throughput":        optionalNumber(),
		"final_snapshot":    schema.BoolAttribute{Optional: true},
		"tags":              schema.MapAttribute{ElementType: types.StringType, Optional: true},
		"tags_all":          schema.MapAttribute{ElementType: types.StringType, Computed: true},
	}}
}

func (*volumeResource) ModifyPlan(ctx context.Context, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse) {
	planTagsAll(ctx, req, resp)
}

func (r *volumeResource) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	var plan volume
	if resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...); resp.Diagnostics.HasError() {
		return
	}
	out, err := r.ec2.CreateVolume(ctx, &ec2.CreateVolumeInput{
		AvailabilityZone: plan.Zone.ValueStringPointer(), Size: int32Of(plan.Size), VolumeType: ec2types.VolumeType(plan.Type.ValueString()),
		Iops: int32Of(plan.IOPS), Throughput: int32Of(plan.Throughput), TagSpecifications: tagSpec(ec2types.ResourceTypeVolume, texts(plan.Tags)),
	})
	if err != nil {
		resp.Diagnostics.AddError("creating EBS Volume", err.Error())
		return
	}
	resp.Diagnostics.Append(resp.State.SetAttribute(ctx, path.Root("id"), aws.ToString(out.VolumeId))...)
	live, err := r.volumeIs(ctx, aws.ToString(out.VolumeId), func(v *ec2types.Volume) bool { return v != nil && v.State == ec2types.VolumeStateAvailable })
	if err != nil {
		resp.Diagnostics.AddError("creating EBS Volume", err.Error())
		return
	}
	r.read(&plan, live)
	resp.Diagnostics.Append(resp.State.Set(ctx, &plan)...)
}

func (r *volumeResource) Read(ctx context.Context, req resource.ReadRequest, resp *resource.ReadResponse) {
	var state volume
	if resp.Diagnostics.Append(req.State.Get(ctx, &state)...); resp.Diagnostics.HasError() {
		return
	}
	live, err := r.findVolume(ctx, state.ID.ValueString())
	if err != nil {
		resp.Diagnostics.AddError("reading EBS Volume ("+state.ID.ValueString()+")", err.Error())
		return
	}
	if live == nil {
		resp.State.RemoveResource(ctx)
		return
	}
	r.read(&state, live)
	resp.Diagnostics.Append(resp.State.Set(ctx, &state)...)
}

// Update modifies the volume in place and waits until AWS optimizes it, which
// is when hashicorp/aws takes it for done too (aws-semantics 1.2.16).
func (r *volumeResource) Update(ctx context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse) {
	var plan, state volume
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	if resp.Diagnostics.Append(req.State.Get(ctx, &state)...); resp.Diagnostics.HasError() {
		return
	}
	id := state.ID.ValueString()
	err := r.retag(ctx, id, texts(state.Tags), texts(plan.Tags))
	if err == nil && !(plan.Size.Equal(state.Size) && plan.Type.Equal(state.Type) && plan.IOPS.Equal(state.IOPS) && plan.Throughput.Equal(state.Throughput)) {
		err = r.modify(ctx, id, plan)
	}
	if err != nil {
		resp.Diagnostics.AddError("updating EBS Volume ("+id+")", err.Error())
		return
	}
	resp.Diagnostics.Append(resp.State.Set(ctx, &plan)...)
}

func (r *volumeResource) modify(ctx context.Context, id string, plan volume) error {
	_, err := r.ec2.ModifyVolume(ctx, &ec2.ModifyVolumeInput{VolumeId: &id, Size: int32Of(plan.Size), Iops: int32Of(plan.IOPS), Throughput: int32Of(plan.Throughput), VolumeType: ec2types.VolumeType(plan.Type.ValueString())})
	if err != nil {
		return err
	}
	return wait(ctx, id+" to be modified", func(ctx context.Context) (bool, error) {
		out, err := r.ec2.DescribeVolumesModifications(ctx, &ec2.DescribeVolumesModificationsInput{VolumeIds: []string{id}})
		if err != nil || len(out.VolumesModifications) == 0 {
			return false, err
		}
		s := out.VolumesModifications[0].ModificationState
		return s == ec2types.VolumeModificationStateOptimizing || s == ec2types.VolumeModificationStateCompleted, nil
	})
}

func (r *volumeResource) Delete(ctx context.Context, req resource.DeleteRequest, resp *resource.DeleteResponse) {
	var state volume
	if resp.Diagnostics.Append(req.State.Get(ctx, &state)...); resp.Diagnostics.HasError() {
		return
	}
	id := state.ID.ValueString()
	var err error
	if state.FinalSnapshot.ValueBool() {
		_, err = r.ec2.CreateSnapshot(ctx, &ec2.CreateSnapshotInput{VolumeId: &id})
	}
	if err == nil {
		_, err = r.ec2.DeleteVolume(ctx, &ec2.DeleteVolumeInput{VolumeId: &id})
	}
	if isCode(err, "InvalidVolume.NotFound") {
		return
	}
	if err == nil {
		_, err = r.volumeIs(ctx, id, func(v *ec2types.Volume) bool { return v == nil })
	}
	if err != nil {
		resp.Diagnostics.AddError("deleting EBS Volume ("+id+")", err.Error())
	}
}

// findVolume returns a volume, nil if there is none of that id.
func (c *clients) findVolume(ctx context.Context, id string) (*ec2types.Volume, error) {
	out, err := c.ec2.DescribeVolumes(ctx, &ec2.DescribeVolumesInput{VolumeIds: []string{id}})
	if isCode(err, "InvalidVolume.NotFound") {
		return nil, nil
	}
	if err != nil || len(out.Volumes) == 0 {
		return nil, err
	}
	return &out.Volumes[0], nil
}

// volumeIs polls until a volume is as it should be.
func (c *clients) volumeIs(ctx context.Context, id string, so func(*ec2types.Volume) bool) (*ec2types.Volume, error) {
	var live *ec2types.Volume
	err := wait(ctx, id, func(ctx context.Context) (bool, error) {
		var err error
		live, err = c.findVolume(ctx, id)
		return err == nil && so(live), err
	})
	return live, err
}

func (r *volumeResource) read(v *volume, live *ec2types.Volume) {
	v.ID = types.StringPointerValue(live.VolumeId)
	v.ARN = types.StringValue("arn:aws:ec2:" + r.region + ":" + r.account + ":volume/" + v.ID.ValueString())
	v.Zone = types.StringPointerValue(live.AvailabilityZone)
	v.Size, v.IOPS, v.Throughput = number(live.Size), number(live.Iops), number(live.Throughput)
	v.Type = types.StringValue(string(live.VolumeType))
	v.Tags, v.TagsAll = readTags(v.Tags, liveTags(live.Tags))
}
