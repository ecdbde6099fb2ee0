package provider

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// instanceResource is aws_instance.
type instanceResource struct{ base }

type instance struct {
	ID       types.String `tfsdk:"id"`
	ARN      types.String `tfsdk:"arn"`
	AMI      types.String `tfsdk:"ami"`
	Type     types.String `tfsdk:"instance_type"`
	Zone     types.String `tfsdk:"availability_zone"`
	Subnet   types.String `tfsdk:"subnet_id"`
	PublicIP types.Bool   `tfsdk:"associate_public_ip_address"`
	IP       types.String `tfsdk:"private_ip"`
	State    types.String `tfsdk:"instance_state"`
	Tags     types.Map    `tfsdk:"tags"`
	TagsAll  types.Map    `tfsdk:"tags_all"`
}

func (*instanceResource) Metadata(_ context.Context, _ resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = "aws_instance"
}

func (*instanceResource) Schema(_ context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse) {
	resp.Schema = schema.Schema{Version: 2, Attributes: map[string]schema.Attribute{
		"id":                          computedText(),
		"arn":                         computedText(),
		"ami":                         forcesNew(optionalText()),
		"instance_type":               optionalText(),
		"availability_zone":           forcesNew(optionalText()),
		"subnet_id":                   forcesNew(optionalText()),
		"associate_public_ip_address": forcesNewFlag(),
		"private_ip":                  computedText(),
		"instance_state":              computedText(),
		"tags":                        schema.MapAttribute{ElementType: types.StringType, Optional: true},
		"tags_all":                    schema.MapAttribute{ElementType: types.StringType, Computed: true},
	}}
}

func (*instanceResource) ImportState(ctx context.Context, req resource.ImportStateRequest, resp *resource.ImportStateResponse) {
	resource.ImportStatePassthroughWithIdentity(ctx, path.Root("id"), path.Root("id"), req, resp)
}

func (*instanceResource) ModifyPlan(ctx context.Context, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse) {
	planTagsAll(ctx, req, resp)
}

func (r *instanceResource) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	var plan instance
	if resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...); resp.Diagnostics.HasError() {
		return
	}
	in := &ec2.RunInstancesInput{
		ImageId:           plan.AMI.ValueStringPointer(),
		InstanceType:      ec2types.InstanceType(plan.Type.ValueString()),
		MinCount:          aws.Int32(1),
		MaxCount:          aws.Int32(1),
		TagSpecifications: tagSpec(ec2types.ResourceTypeInstance, texts(plan.Tags)),
	}
	if z := plan.Zone.ValueString(); z != "" {
		in.Placement = &ec2types.Placement{AvailabilityZone: &z}
	}
	if s := plan.Subnet.ValueString(); s != "" {
		in.SubnetId = &s
	}
	out, err := r.ec2.RunInstances(ctx, in)
	if err == nil && len(out.Instances) != 1 {
		err = fmt.Errorf("RunInstances made %d instances, not one", len(out.Instances))
	}
	if err != nil {
		resp.Diagnostics.AddError("creating EC2 Instance", err.Error())
		return
	}
	id := aws.ToString(out.Instances[0].InstanceId)
	// The id is written down first, as the real provider does: a wait that fails
	// must leave a tainted instance behind, not one that nobody knows.
	resp.Diagnostics.Append(resp.State.SetAttribute(ctx, path.Root("id"), id)...)
	resp.Diagnostics.Append(r.identify(ctx, id, resp.Identity)...)
	live, err := r.waitFor(ctx, id, ec2types.InstanceStateNameRunning)
	if err != nil {
		resp.Diagnostics.AddError("creating EC2 Instance", err.Error())
		return
	}
	r.read(&plan, live)
	resp.Diagnostics.Append(resp.State.Set(ctx, &plan)...)
}

// Read keeps an instance that is shutting-down, stopping or stopped: for
// hashicorp/aws only a terminated one is gone (aws-semantics 0.4).
func (r *instanceResource) Read(ctx context.Context, req resource.ReadRequest, resp *resource.ReadResponse) {
	var state instance
	if resp.Diagnostics.Append(req.State.Get(ctx, &state)...); resp.Diagnostics.HasError() {
		return
	}
	live, err := r.find(ctx, state.ID.ValueString())
	if err != nil {
		resp.Diagnostics.AddError("reading EC2 Instance ("+state.ID.ValueString()+")", err.Error())
		return
	}
	resp.Diagnostics.Append(r.identify(ctx, state.ID.ValueString(), resp.Identity)...)
	if live == nil {
		resp.State.RemoveResource(ctx)
		return
	}
	r.read(&state, live)
	resp.Diagnostics.Append(resp.State.Set(ctx, &state)...)
}

func (r *instanceResource) Update(ctx context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse) {
	var plan, state instance
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	if resp.Diagnostics.Append(req.State.Get(ctx, &state)...); resp.Diagnostics.HasError() {
		return
	}
	id := state.ID.ValueString()
	err := r.retag(ctx, id, texts(state.Tags), texts(plan.Tags))
	if err == nil && !plan.Type.Equal(state.Type) {
		err = r.resize(ctx, id, plan.Type.ValueString())
	}
	if err != nil {
		resp.Diagnostics.AddError("updating EC2 Instance ("+id+")", err.Error())
		return
	}
	resp.Diagnostics.Append(r.identify(ctx, id, resp.Identity)...)
	resp.Diagnostics.Append(resp.State.Set(ctx, &plan)...)
}

// resize changes the instance type as the real provider does: stop, modify,
// start, with no health check and no regard for the other members.
func (r *instanceResource) resize(ctx context.Context, id, kind string) error {
	if _, err := r.ec2.StopInstances(ctx, &ec2.StopInstancesInput{InstanceIds: []string{id}}); err != nil {
		return err
	}
	if _, err := r.waitFor(ctx, id, ec2types.InstanceStateNameStopped); err != nil {
		return err
	}
	_, err := r.ec2.ModifyInstanceAttribute(ctx, &ec2.ModifyInstanceAttributeInput{
		InstanceId: &id, InstanceType: &ec2types.AttributeValue{Value: &kind},
	})
	if err != nil {
		return err
	}
	if _, err := r.ec2.StartInstances(ctx, &ec2.StartInstancesInput{InstanceIds: []string{id}}); err != nil {
		return err
	}
	_, err = r.waitFor(ctx, id, ec2types.InstanceStateNameRunning)
	return err
}

func (r *instanceResource) Delete(ctx context.Context, req resource.DeleteRequest, resp *resource.DeleteResponse) {
	var state instance
	if resp.Diagnostics.Append(req.State.Get(ctx, &state)...); resp.Diagnostics.HasError() {
		return
	}
	id := state.ID.ValueString()
	_, err := r.ec2.TerminateInstances(ctx, &ec2.TerminateInstancesInput{InstanceIds: []string{id}})
	if isCode(err, "InvalidInstanceID.NotFound") {
		return
	}
	if err == nil {
		_, err = r.waitFor(ctx, id, ec2types.InstanceStateNameTerminated)
	}
	if err != nil {
		resp.Diagnostics.AddError("terminating EC2 Instance ("+id+")", err.Error())
	}
}

// find returns the instance, nil if it is terminated or unknown.
func (r *instanceResource) find(ctx context.Context, id string) (*ec2types.Instance, error) {
	out, err := r.ec2.DescribeInstances(ctx, &ec2.DescribeInstancesInput{InstanceIds: []string{id}})
	if isCode(err, "InvalidInstanceID.NotFound") {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	for _, reservation := range out.Reservations {
		for _, i := range reservation.Instances {
			if i.State != nil && i.State.Name != ec2types.InstanceStateNameTerminated {
				return &i, nil
			}
		}
	}
	return nil, nil
}

// waitFor polls until the instance is in the state. An instance that ends
// instead is an error.
func (r *instanceResource) waitFor(ctx context.Context, id string, state ec2types.InstanceStateName) (*ec2types.Instance, error) {
	var live *ec2types.Instance
	err := wait(ctx, id+" to be "+string(state), func(ctx context.Context) (bool, error) {
		var err error
		live, err = r.find(ctx, id)
		switch {
		case err != nil:
			return false, err
		case live == nil && state == ec2types.InstanceStateNameTerminated:
			return true, nil
		case live == nil:
			return false, fmt.Errorf("%s is terminated", id)
		}
		return live.State.Name == state, nil
	})
	return live, err
}

// read copies what is live into the attributes. A dying instance loses its
// network first, and then subnet_id is read as "": with a subnet in the
// configuration that forces a replacement, as with the real provider.
func (r *instanceResource) read(i *instance, live *ec2types.Instance) {
	i.ID = types.StringPointerValue(live.InstanceId)
	i.AMI = types.StringPointerValue(live.ImageId)
	i.Type = types.StringValue(string(live.InstanceType))
	i.Subnet = types.StringValue(aws.ToString(live.SubnetId))
	i.IP = types.StringValue(aws.ToString(live.PrivateIpAddress))
	i.PublicIP = types.BoolValue(aws.ToString(live.PublicIpAddress) != "")
	i.State = types.StringValue(string(live.State.Name))
	i.Zone = types.StringValue("")
	if live.Placement != nil {
		i.Zone = types.StringValue(aws.ToString(live.Placement.AvailabilityZone))
	}
	if i.ARN.ValueString() == "" {
		i.ARN = types.StringValue("arn:aws:ec2:" + r.region + ":" + r.account + ":instance/" + i.ID.ValueString())
	}
	i.Tags, i.TagsAll = readTags(i.Tags, liveTags(live.Tags))
}
