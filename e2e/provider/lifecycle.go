package provider

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	s3types "github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/booldefault"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringdefault"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// lifecycleResource is aws_s3_bucket_lifecycle_configuration, with filters by
// prefix and the expiration of current objects and of versions. Its rules have
// in a plan the shape that version 6 of hashicorp/aws gives them.
type lifecycleResource struct{ base }

type lifecycle struct {
	ID      types.String    `tfsdk:"id"`
	Bucket  types.String    `tfsdk:"bucket"`
	Minimum types.String    `tfsdk:"transition_default_minimum_object_size"`
	Rules   []lifecycleRule `tfsdk:"rule"`
}

type lifecycleRule struct {
	ID         types.String      `tfsdk:"id"`
	Status     types.String      `tfsdk:"status"`
	Prefix     types.String      `tfsdk:"prefix"`
	Filter     []lifecycleFilter `tfsdk:"filter"`
	Expiration []expiration      `tfsdk:"expiration"`
	Versions   []versionsExpire  `tfsdk:"noncurrent_version_expiration"`
	Transition []transition      `tfsdk:"transition"`
	Noncurrent []transition      `tfsdk:"noncurrent_version_transition"`
}

type lifecycleFilter struct {
	Prefix types.String `tfsdk:"prefix"`
}

type expiration struct {
	Days   types.Int64 `tfsdk:"days"`
	Marker types.Bool  `tfsdk:"expired_object_delete_marker"`
}

type versionsExpire struct {
	Days types.Int64 `tfsdk:"noncurrent_days"`
}

type transition struct {
	Class types.String `tfsdk:"storage_class"`
}

func (*lifecycleResource) Metadata(_ context.Context, _ resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = "aws_s3_bucket_lifecycle_configuration"
}

func (*lifecycleResource) Schema(_ context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse) {
	text := schema.StringAttribute{Required: true}
	empty := schema.StringAttribute{Optional: true, Computed: true, Default: stringdefault.StaticString("")}
	list := func(attributes map[string]schema.Attribute) schema.ListNestedBlock {
		return schema.ListNestedBlock{NestedObject: schema.NestedBlockObject{Attributes: attributes}}
	}
	moves := list(map[string]schema.Attribute{"storage_class": text})
	resp.Schema = schema.Schema{
		Version: 1,
		Attributes: map[string]schema.Attribute{
			"id":                                     computedText(),
			"bucket":                                 forcesNew(optionalText()),
			"transition_default_minimum_object_size": schema.StringAttribute{Computed: true, Default: stringdefault.StaticString("all_storage_classes_128K")},
		},
		Blocks: map[string]schema.Block{"rule": schema.ListNestedBlock{NestedObject: schema.NestedBlockObject{
			Attributes: map[string]schema.Attribute{"id": text, "status": text, "prefix": empty},
			Blocks: map[string]schema.Block{
				"filter": list(map[string]schema.Attribute{"prefix": empty}),
				"expiration": list(map[string]schema.Attribute{"days": schema.Int64Attribute{Optional: true},
					"expired_object_delete_marker": schema.BoolAttribute{Optional: true, Computed: true, Default: booldefault.StaticBool(false)}}),
				"noncurrent_version_expiration": list(map[string]schema.Attribute{"noncurrent_days": schema.Int64Attribute{Required: true}}),
				"transition":                    moves,
				"noncurrent_version_transition": moves,
			},
		}}},
	}
}

// put writes all rules: S3 keeps one configuration of a bucket.
func (r *lifecycleResource) put(ctx context.Context, plan *lifecycle) error {
	in := &s3.PutBucketLifecycleConfigurationInput{Bucket: plan.Bucket.ValueStringPointer(), LifecycleConfiguration: &s3types.BucketLifecycleConfiguration{}}
	for _, rule := range plan.Rules {
		// hashicorp/aws sends no filter as an empty one, which is about everything.
		out := s3types.LifecycleRule{ID: rule.ID.ValueStringPointer(), Status: s3types.ExpirationStatus(rule.Status.ValueString()), Filter: &s3types.LifecycleRuleFilter{}}
		if len(rule.Filter) > 0 {
			out.Filter.Prefix = rule.Filter[0].Prefix.ValueStringPointer()
		} else if p := rule.Prefix.ValueString(); p != "" {
			//lint:ignore SA1019 old rules have it, and it is what this is about
			out.Filter, out.Prefix = nil, &p
		}
		if len(rule.Expiration) > 0 {
			out.Expiration = &s3types.LifecycleExpiration{Days: int32Of(rule.Expiration[0].Days)}
		}
		if len(rule.Versions) > 0 {
			out.NoncurrentVersionExpiration = &s3types.NoncurrentVersionExpiration{NoncurrentDays: int32Of(rule.Versions[0].Days)}
		}
		in.LifecycleConfiguration.Rules = append(in.LifecycleConfiguration.Rules, out)
	}
	_, err := r.s3.PutBucketLifecycleConfiguration(ctx, in)
	plan.ID = plan.Bucket
	return err
}

func (r *lifecycleResource) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	var plan lifecycle
	if resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...); resp.Diagnostics.HasError() {
		return
	}
	if err := r.put(ctx, &plan); err != nil {
		resp.Diagnostics.AddError("creating S3 Bucket Lifecycle Configuration", err.Error())
		return
	}
	resp.Diagnostics.Append(resp.State.Set(ctx, &plan)...)
}

func (r *lifecycleResource) Read(ctx context.Context, req resource.ReadRequest, resp *resource.ReadResponse) {
	var state lifecycle
	if resp.Diagnostics.Append(req.State.Get(ctx, &state)...); resp.Diagnostics.HasError() {
		return
	}
	live, err := r.s3.GetBucketLifecycleConfiguration(ctx, &s3.GetBucketLifecycleConfigurationInput{Bucket: state.ID.ValueStringPointer()})
	switch {
	case isCode(err, "NoSuchLifecycleConfiguration"), isCode(err, "NoSuchBucket"):
		resp.State.RemoveResource(ctx)
		return
	case err != nil:
		resp.Diagnostics.AddError("reading S3 Bucket Lifecycle Configuration ("+state.ID.ValueString()+")", err.Error())
		return
	}
	var rules []lifecycleRule
	for i, l := range live.Rules {
		//lint:ignore SA1019 old rules have it, and it is what this is about
		rule := lifecycleRule{ID: types.StringPointerValue(l.ID), Status: types.StringValue(string(l.Status)), Prefix: types.StringValue(aws.ToString(l.Prefix))}
		// An empty filter may be none in the configuration.
		if l.Filter != nil && (l.Filter.Prefix != nil || i < len(state.Rules) && len(state.Rules[i].Filter) > 0) {
			rule.Filter = []lifecycleFilter{{types.StringValue(aws.ToString(l.Filter.Prefix))}}
		}
		if l.Expiration != nil {
			rule.Expiration = []expiration{{number(l.Expiration.Days), types.BoolValue(false)}}
		}
		if l.NoncurrentVersionExpiration != nil {
			rule.Versions = []versionsExpire{{number(l.NoncurrentVersionExpiration.NoncurrentDays)}}
		}
		rules = append(rules, rule)
	}
	state.Rules = rules
	resp.Diagnostics.Append(resp.State.Set(ctx, &state)...)
}

func (r *lifecycleResource) Update(ctx context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse) {
	var plan lifecycle
	if resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...); resp.Diagnostics.HasError() {
		return
	}
	if err := r.put(ctx, &plan); err != nil {
		resp.Diagnostics.AddError("updating S3 Bucket Lifecycle Configuration", err.Error())
		return
	}
	resp.Diagnostics.Append(resp.State.Set(ctx, &plan)...)
}

func (r *lifecycleResource) Delete(ctx context.Context, req resource.DeleteRequest, resp *resource.DeleteResponse) {
	var state lifecycle
	if resp.Diagnostics.Append(req.State.Get(ctx, &state)...); resp.Diagnostics.HasError() {
		return
	}
	if _, err := r.s3.DeleteBucketLifecycle(ctx, &s3.DeleteBucketLifecycleInput{Bucket: state.ID.ValueStringPointer()}); err != nil {
		resp.Diagnostics.AddError("deleting S3 Bucket Lifecycle Configuration ("+state.ID.ValueString()+")", err.Error())
	}
}
