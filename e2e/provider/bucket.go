package provider

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/booldefault"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// bucketResource is aws_s3_bucket. It does not empty a bucket: AWS refuses to
// delete one that holds anything.
type bucketResource struct{ base }

type bucket struct {
	ID     types.String `tfsdk:"id"`
	ARN    types.String `tfsdk:"arn"`
	Bucket types.String `tfsdk:"bucket"`
	Region types.String `tfsdk:"region"`
	Force  types.Bool   `tfsdk:"force_destroy"`
}

func (*bucketResource) Metadata(_ context.Context, _ resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = "aws_s3_bucket"
}

func (*bucketResource) Schema(_ context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse) {
	resp.Schema = schema.Schema{Attributes: map[string]schema.Attribute{
		"id":            computedText(),
		"arn":           computedText(),
		"bucket":        forcesNew(optionalText()),
		"region":        computedText(),
		"force_destroy": schema.BoolAttribute{Optional: true, Computed: true, Default: booldefault.StaticBool(false)},
	}}
}

func (r *bucketResource) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	var plan bucket
	if resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...); resp.Diagnostics.HasError() {
		return
	}
	if _, err := r.s3.CreateBucket(ctx, &s3.CreateBucketInput{Bucket: plan.Bucket.ValueStringPointer()}); err != nil {
		resp.Diagnostics.AddError("creating S3 Bucket", err.Error())
		return
	}
	plan.ID, plan.Region = plan.Bucket, types.StringValue(r.region)
	plan.ARN = types.StringValue("arn:aws:s3:::" + plan.Bucket.ValueString())
	resp.Diagnostics.Append(resp.State.Set(ctx, &plan)...)
}

func (r *bucketResource) Read(ctx context.Context, req resource.ReadRequest, resp *resource.ReadResponse) {
	var state bucket
	if resp.Diagnostics.Append(req.State.Get(ctx, &state)...); resp.Diagnostics.HasError() {
		return
	}
	_, err := r.s3.HeadBucket(ctx, &s3.HeadBucketInput{Bucket: state.ID.ValueStringPointer()})
	switch {
	case isCode(err, "NotFound"):
		resp.State.RemoveResource(ctx)
	case err != nil:
		resp.Diagnostics.AddError("reading S3 Bucket ("+state.ID.ValueString()+")", err.Error())
	default:
		resp.Diagnostics.Append(resp.State.Set(ctx, &state)...)
	}
}

func (r *bucketResource) Update(ctx context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse) {
	var plan bucket
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	resp.Diagnostics.Append(resp.State.Set(ctx, &plan)...)
}

func (r *bucketResource) Delete(ctx context.Context, req resource.DeleteRequest, resp *resource.DeleteResponse) {
	var state bucket
	if resp.Diagnostics.Append(req.State.Get(ctx, &state)...); resp.Diagnostics.HasError() {
		return
	}
	if _, err := r.s3.DeleteBucket(ctx, &s3.DeleteBucketInput{Bucket: state.ID.ValueStringPointer()}); err != nil {
		resp.Diagnostics.AddError("deleting S3 Bucket ("+state.ID.ValueString()+")", err.Error())
	}
}
