package provider

import (
	"context"
	"errors"
	"strconv"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// launchTemplateResource is aws_launch_template.
type launchTemplateResource struct{ base }

type launchTemplate struct {
	ID       types.String `tfsdk:"id"`
	ARN      types.String `tfsdk:"arn"`
	Name     types.String `tfsdk:"name"`
	Image    types.String `tfsdk:"image_id"`
	Type     types.String `tfsdk:"instance_type"`
	Default  types.Int64  `tfsdk:"default_version"`
	Latest   types.Int64  `tfsdk:"latest_version"`
	Tags     types.Map    `tfsdk:"tags"`
	TagsAll  types.Map    `tfsdk:"tags_all"`
	TagSpecs []specTags   `tfsdk:"tag_specifications"`
}

type specTags struct {
	Kind types.String `tfsdk:"resource_type"`
	Tags types.Map    `tfsdk:"tags"`
}

func (*launchTemplateResource) Metadata(_ context.Context, _ resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = "aws_launch_template"
}

func (*launchTemplateResource) Schema(_ context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse) {
	tags := schema.MapAttribute{ElementType: types.StringType, Optional: true}
	resp.Schema = schema.Schema{
		Version: 1,
		Attributes: map[string]schema.Attribute{
			"id":              computedText(),
			"arn":             computedText(),
			"name":            forcesNew(optionalText()),
			"image_id":        schema.StringAttribute{Optional: true},
			"instance_type":   schema.StringAttribute{Optional: true},
			"default_version": optionalNumber(),
			"latest_version":  schema.Int64Attribute{Computed: true},
			"tags":            tags,
			"tags_all":        schema.MapAttribute{ElementType: types.StringType, Computed: true},
		},
		Blocks: map[string]schema.Block{
			"tag_specifications": schema.ListNestedBlock{NestedObject: schema.NestedBlockObject{
				Attributes: map[string]schema.Attribute{"resource_type": schema.StringAttribute{Optional: true}, "tags": tags},
			}},
		},
	}
}

// ModifyPlan plans latest_version: it is known unless this change makes a
// version.
func (r *launchTemplateResource) ModifyPlan(ctx context.Context, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse) {
	planTagsAll(ctx, req, resp)
	if req.Plan.Raw.IsNull() || req.State.Raw.IsNull() || resp.Diagnostics.HasError() {
		return
	}
	var plan, state launchTemplate
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	if resp.Diagnostics.Append(req.State.Get(ctx, &state)...); resp.Diagnostics.HasError() {
		return
	}
	latest := state.Latest
	if plan.needsVersion(state) {
		latest = types.Int64Unknown()
	}
	resp.Diagnostics.Append(resp.Plan.SetAttribute(ctx, path.Root("latest_version"), latest)...)
}

// needsVersion reports whether going from state to t makes a new version.
func (t launchTemplate) needsVersion(state launchTemplate) bool {
	if !t.Image.Equal(state.Image) || !t.Type.Equal(state.Type) || len(t.TagSpecs) != len(state.TagSpecs) {
		return true
	}
	for i, s := range t.TagSpecs {
		if !s.Kind.Equal(state.TagSpecs[i].Kind) || !s.Tags.Equal(state.TagSpecs[i].Tags) {
			return true
		}
	}
	return false
}

// data is what members are launched with.
func (t launchTemplate) data() *ec2types.RequestLaunchTemplateData {
	d := &ec2types.RequestLaunchTemplateData{
		ImageId:      t.Image.ValueStringPointer(),
		InstanceType: ec2types.InstanceType(t.Type.ValueString()),
	}
	for _, s := range t.TagSpecs {
		d.TagSpecifications = append(d.TagSpecifications, ec2types.LaunchTemplateTagSpecificationRequest{
			ResourceType: ec2types.ResourceType(s.Kind.ValueString()), Tags: ec2Tags(texts(s.Tags)),
		})
	}
	return d
}

func (r *launchTemplateResource) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	var plan launchTemplate
	if resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...); resp.Diagnostics.HasError() {
		return
	}
	name := first(plan.Name.ValueString(), "terraform-test")
	out, err := r.ec2.CreateLaunchTemplate(ctx, &ec2.CreateLaunchTemplateInput{
		LaunchTemplateName: &name,
		LaunchTemplateData: plan.data(),
		TagSpecifications:  tagSpec(ec2types.ResourceTypeLaunchTemplate, texts(plan.Tags)),
	})
	if err != nil {
		resp.Diagnostics.AddError("creating EC2 Launch Template ("+name+")", err.Error())
		return
	}
	plan.ID = types.StringPointerValue(out.LaunchTemplate.LaunchTemplateId)
	gone, err := r.read(ctx, &plan)
	if gone {
		err = errors.New("it is gone right after it was made")
	}
	if err != nil {
		resp.Diagnostics.AddError("reading EC2 Launch Template ("+name+")", err.Error())
		return
	}
	resp.Diagnostics.Append(resp.State.Set(ctx, &plan)...)
}

func (r *launchTemplateResource) Read(ctx context.Context, req resource.ReadRequest, resp *resource.ReadResponse) {
	var state launchTemplate
	if resp.Diagnostics.Append(req.State.Get(ctx, &state)...); resp.Diagnostics.HasError() {
		return
	}
	gone, err := r.read(ctx, &state)
	switch {
	case err != nil:
		resp.Diagnostics.AddError("reading EC2 Launch Template ("+state.ID.ValueString()+")", err.Error())
	case gone:
		resp.State.RemoveResource(ctx)
	default:
		resp.Diagnostics.Append(resp.State.Set(ctx, &state)...)
	}
}

func (r *launchTemplateResource) Update(ctx context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse) {
	var plan, state launchTemplate
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	if resp.Diagnostics.Append(req.State.Get(ctx, &state)...); resp.Diagnostics.HasError() {
		return
	}
	id := state.ID.ValueString()
	err := r.retag(ctx, id, texts(state.Tags), texts(plan.Tags))
	if err == nil && plan.needsVersion(state) {
		var out *ec2.CreateLaunchTemplateVersionOutput
		out, err = r.ec2.CreateLaunchTemplateVersion(ctx, &ec2.CreateLaunchTemplateVersionInput{LaunchTemplateId: &id, LaunchTemplateData: plan.data()})
		if err == nil {
			plan.Latest = types.Int64PointerValue(out.LaunchTemplateVersion.VersionNumber)
		}
	}
	if err == nil && !plan.Default.Equal(state.Default) {
		_, err = r.ec2.ModifyLaunchTemplate(ctx, &ec2.ModifyLaunchTemplateInput{
			LaunchTemplateId: &id, DefaultVersion: aws.String(strconv.FormatInt(plan.Default.ValueInt64(), 10)),
		})
	}
	if err != nil {
		resp.Diagnostics.AddError("updating EC2 Launch Template ("+id+")", err.Error())
		return
	}
	resp.Diagnostics.Append(resp.State.Set(ctx, &plan)...)
}

func (r *launchTemplateResource) Delete(ctx context.Context, req resource.DeleteRequest, resp *resource.DeleteResponse) {
	var state launchTemplate
	if resp.Diagnostics.Append(req.State.Get(ctx, &state)...); resp.Diagnostics.HasError() {
		return
	}
	_, err := r.ec2.DeleteLaunchTemplate(ctx, &ec2.DeleteLaunchTemplateInput{LaunchTemplateId: state.ID.ValueStringPointer()})
	if err != nil && !isCode(err, "InvalidLaunchTemplateId.NotFound") {
		resp.Diagnostics.AddError("deleting EC2 Launch Template ("+state.ID.ValueString()+")", err.Error())
	}
}

// read refreshes the template and its default version number; what the
// versions hold never changes, so it is left as recorded.
func (r *launchTemplateResource) read(ctx context.Context, t *launchTemplate) (gone bool, err error) {
	out, err := r.ec2.DescribeLaunchTemplates(ctx, &ec2.DescribeLaunchTemplatesInput{LaunchTemplateIds: []string{t.ID.ValueString()}})
	if isCode(err, "InvalidLaunchTemplateId.NotFound") || err == nil && len(out.LaunchTemplates) == 0 {
		return true, nil
	}
	if err != nil {
		return false, err
	}
	live := out.LaunchTemplates[0]
	t.Name = types.StringPointerValue(live.LaunchTemplateName)
	t.Default = types.Int64PointerValue(live.DefaultVersionNumber)
	t.Latest = types.Int64PointerValue(live.LatestVersionNumber)
	if t.ARN.ValueString() == "" {
		t.ARN = types.StringValue("arn:aws:ec2:" + r.region + ":" + r.account + ":launch-template/" + t.ID.ValueString())
	}
	t.Tags, t.TagsAll = readTags(t.Tags, liveTags(live.Tags))
	return false, nil
}
