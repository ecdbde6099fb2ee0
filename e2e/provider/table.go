package provider

import (
	"context"
	"errors"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	ddbtypes "github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/booldefault"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringdefault"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// tableResource is aws_dynamodb_table.
type tableResource struct{ base }

type table struct {
	ID         types.String  `tfsdk:"id"`
	ARN        types.String  `tfsdk:"arn"`
	Name       types.String  `tfsdk:"name"`
	Billing    types.String  `tfsdk:"billing_mode"`
	HashKey    types.String  `tfsdk:"hash_key"`
	Protected  types.Bool    `tfsdk:"deletion_protection_enabled"`
	Stream     types.Bool    `tfsdk:"stream_enabled"`
	StreamView types.String  `tfsdk:"stream_view_type"`
	StreamARN  types.String  `tfsdk:"stream_arn"`
	Tags       types.Map     `tfsdk:"tags"`
	TagsAll    types.Map     `tfsdk:"tags_all"`
	Attributes []attribute   `tfsdk:"attribute"`
	TTL        []ttl         `tfsdk:"ttl"`
	Recovery   []recovery    `tfsdk:"point_in_time_recovery"`
	Replicas   []replicaSpec `tfsdk:"replica"`
}

type attribute struct {
	Name types.String `tfsdk:"name"`
	Type types.String `tfsdk:"type"`
}

type ttl struct {
	Attribute types.String `tfsdk:"attribute_name"`
	Enabled   types.Bool   `tfsdk:"enabled"`
}

type recovery struct {
	Enabled types.Bool `tfsdk:"enabled"`
}

type replicaSpec struct {
	Region types.String `tfsdk:"region_name"`
}

func (*tableResource) Metadata(_ context.Context, _ resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = "aws_dynamodb_table"
}

func (*tableResource) Schema(_ context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse) {
	text, flag := schema.StringAttribute{Optional: true}, schema.BoolAttribute{Optional: true}
	resp.Schema = schema.Schema{
		Version: 1,
		Attributes: map[string]schema.Attribute{
			"id":                          computedText(),
			"arn":                         computedText(),
			"name":                        forcesNew(schema.StringAttribute{Required: true}),
			"billing_mode":                schema.StringAttribute{Optional: true, Computed: true, Default: stringdefault.StaticString("PROVISIONED")},
			"hash_key":                    forcesNew(schema.StringAttribute{Optional: true}),
			"deletion_protection_enabled": schema.BoolAttribute{Optional: true, Computed: true, Default: booldefault.StaticBool(false)},
			"stream_enabled":              flag,
			"stream_view_type":            optionalText(),
			"stream_arn":                  computedText(),
			"tags":                        schema.MapAttribute{ElementType: types.StringType, Optional: true},
			"tags_all":                    schema.MapAttribute{ElementType: types.StringType, Computed: true},
		},
		Blocks: map[string]schema.Block{
			"attribute":              schema.SetNestedBlock{NestedObject: schema.NestedBlockObject{Attributes: map[string]schema.Attribute{"name": text, "type": text}}},
			"ttl":                    schema.ListNestedBlock{NestedObject: schema.NestedBlockObject{Attributes: map[string]schema.Attribute{"attribute_name": text, "enabled": flag}}},
			"point_in_time_recovery": schema.ListNestedBlock{NestedObject: schema.NestedBlockObject{Attributes: map[string]schema.Attribute{"enabled": flag}}},
			"replica":                schema.SetNestedBlock{NestedObject: schema.NestedBlockObject{Attributes: map[string]schema.Attribute{"region_name": text}}},
		},
	}
}

// ModifyPlan plans tags_all, and that a stream that is opened has an ARN that
// nobody knows yet.
func (*tableResource) ModifyPlan(ctx context.Context, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse) {
	planTagsAll(ctx, req, resp)
	if req.Plan.Raw.IsNull() || req.State.Raw.IsNull() || resp.Diagnostics.HasError() {
		return
	}
	var plan, state table
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	if resp.Diagnostics.Append(req.State.Get(ctx, &state)...); resp.Diagnostics.HasError() {
		return
	}
	if !plan.Stream.Equal(state.Stream) || !plan.StreamView.Equal(state.StreamView) {
		resp.Diagnostics.Append(resp.Plan.SetAttribute(ctx, path.Root("stream_arn"), types.StringUnknown())...)
	}
}

func (t table) expiry() ttl {
	if len(t.TTL) == 0 {
		return ttl{}
	}
	return t.TTL[0]
}

func (t table) recovers() bool { return len(t.Recovery) > 0 && t.Recovery[0].Enabled.ValueBool() }

func (t table) stream() *ddbtypes.StreamSpecification {
	s := &ddbtypes.StreamSpecification{StreamEnabled: aws.Bool(t.Stream.ValueBool())}
	if t.Stream.ValueBool() {
		s.StreamViewType = ddbtypes.StreamViewType(t.StreamView.ValueString())
	}
	return s
}

func (r *tableResource) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	var plan table
	if resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...); resp.Diagnostics.HasError() {
		return
	}
	in := &dynamodb.CreateTableInput{
		TableName: plan.Name.ValueStringPointer(), BillingMode: ddbtypes.BillingMode(plan.Billing.ValueString()), DeletionProtectionEnabled: plan.Protected.ValueBoolPointer(),
		KeySchema: []ddbtypes.KeySchemaElement{{AttributeName: plan.HashKey.ValueStringPointer(), KeyType: ddbtypes.KeyTypeHash}},
	}
	for _, a := range plan.Attributes {
		in.AttributeDefinitions = append(in.AttributeDefinitions, ddbtypes.AttributeDefinition{AttributeName: a.Name.ValueStringPointer(), AttributeType: ddbtypes.ScalarAttributeType(a.Type.ValueString())})
	}
	if plan.Stream.ValueBool() {
		in.StreamSpecification = plan.stream()
	}
	for k, v := range texts(plan.Tags) {
		in.Tags = append(in.Tags, ddbtypes.Tag{Key: &k, Value: &v})
	}
	_, err := r.tables.CreateTable(ctx, in)
	plan.ID = plan.Name
	if err == nil {
		err = r.wait(ctx, plan.ID.ValueString())
	}
	if err == nil {
		err = r.change(ctx, table{}, plan)
	}
	if r.finish(ctx, &plan, err, "creating", &resp.Diagnostics) {
		resp.Diagnostics.Append(resp.State.Set(ctx, &plan)...)
	}
}

func (r *tableResource) Read(ctx context.Context, req resource.ReadRequest, resp *resource.ReadResponse) {
	var state table
	if resp.Diagnostics.Append(req.State.Get(ctx, &state)...); resp.Diagnostics.HasError() {
		return
	}
	gone, err := r.read(ctx, &state)
	switch {
	case err != nil:
		resp.Diagnostics.AddError("reading DynamoDB Table ("+state.ID.ValueString()+")", err.Error())
	case gone:
		resp.State.RemoveResource(ctx)
	default:
		resp.Diagnostics.Append(resp.State.Set(ctx, &state)...)
	}
}

func (r *tableResource) Update(ctx context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse) {
	var plan, state table
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	if resp.Diagnostics.Append(req.State.Get(ctx, &state)...); resp.Diagnostics.HasError() {
		return
	}
	name := state.ID.ValueString()
	var err error
	if !plan.Stream.Equal(state.Stream) || !plan.StreamView.Equal(state.StreamView) {
		// A stream of another kind is the old one disabled and a new one enabled.
		if state.Stream.ValueBool() {
			err = r.update(ctx, &dynamodb.UpdateTableInput{TableName: &name, StreamSpecification: &ddbtypes.StreamSpecification{StreamEnabled: aws.Bool(false)}})
		}
		if err == nil && plan.Stream.ValueBool() {
			err = r.update(ctx, &dynamodb.UpdateTableInput{TableName: &name, StreamSpecification: plan.stream()})
		}
	}
	if err == nil && (!plan.Billing.Equal(state.Billing) || !plan.Protected.Equal(state.Protected)) {
		err = r.update(ctx, &dynamodb.UpdateTableInput{TableName: &name, BillingMode: ddbtypes.BillingMode(plan.Billing.ValueString()), DeletionProtectionEnabled: plan.Protected.ValueBoolPointer()})
	}
	if err == nil && !plan.Tags.Equal(state.Tags) {
		var tags []ddbtypes.Tag
		for k, v := range texts(plan.Tags) {
			tags = append(tags, ddbtypes.Tag{Key: &k, Value: &v})
		}
		_, err = r.tables.TagResource(ctx, &dynamodb.TagResourceInput{ResourceArn: state.ARN.ValueStringPointer(), Tags: tags})
	}
	if err == nil {
		err = r.change(ctx, state, plan)
	}
	if r.finish(ctx, &plan, err, "updating", &resp.Diagnostics) {
		resp.Diagnostics.Append(resp.State.Set(ctx, &plan)...)
	}
}

// finish reads what a change has led to, or says why there is nothing to read.
func (r *tableResource) finish(ctx context.Context, plan *table, err error, doing string, diags *diag.Diagnostics) bool {
	gone := false
	if err == nil {
		gone, err = r.read(ctx, plan)
	}
	if gone {
		err = errors.New("it is gone right after")
	}
	if err != nil {
		diags.AddError(doing+" DynamoDB Table ("+plan.Name.ValueString()+")", err.Error())
	}
	return err == nil
}

// wait waits until a table and its replicas are active, waitGone until it is
// gone.
func (r *tableResource) wait(ctx context.Context, name string) error {
	return wait(ctx, "table "+name, func(ctx context.Context) (bool, error) {
		out, err := r.tables.DescribeTable(ctx, &dynamodb.DescribeTableInput{TableName: &name})
		if err != nil {
			return false, err
		}
		for _, s := range out.Table.Replicas {
			if s.ReplicaStatus != ddbtypes.ReplicaStatusActive {
				return false, nil
			}
		}
		return out.Table.TableStatus == ddbtypes.TableStatusActive, nil
	})
}

func (r *tableResource) waitGone(ctx context.Context, name string) error {
	return wait(ctx, "the end of table "+name, func(ctx context.Context) (bool, error) {
		_, err := r.tables.DescribeTable(ctx, &dynamodb.DescribeTableInput{TableName: &name})
		if isCode(err, "ResourceNotFoundException") {
			return true, nil
		}
		return false, err
	})
}

// change makes what a table does not get when it is made.
func (r *tableResource) change(ctx context.Context, from, to table) error {
	name := to.Name.ValueString()
	had := map[string]bool{}
	for _, s := range from.Replicas {
		had[s.Region.ValueString()] = true
	}
	for _, s := range to.Replicas {
		if !had[s.Region.ValueString()] {
			if err := r.replica(ctx, name, ddbtypes.ReplicationGroupUpdate{Create: &ddbtypes.CreateReplicationGroupMemberAction{RegionName: s.Region.ValueStringPointer()}}); err != nil {
				return err
			}
		}
		delete(had, s.Region.ValueString())
	}
	for region := range had {
		if err := r.replica(ctx, name, ddbtypes.ReplicationGroupUpdate{Delete: &ddbtypes.DeleteReplicationGroupMemberAction{RegionName: &region}}); err != nil {
			return err
		}
	}
	if was, is := from.expiry(), to.expiry(); was.Enabled.ValueBool() != is.Enabled.ValueBool() {
		by := first(is.Attribute.ValueString(), was.Attribute.ValueString())
		if _, err := r.tables.UpdateTimeToLive(ctx, &dynamodb.UpdateTimeToLiveInput{TableName: &name, TimeToLiveSpecification: &ddbtypes.TimeToLiveSpecification{AttributeName: &by, Enabled: aws.Bool(is.Enabled.ValueBool())}}); err != nil {
			return err
		}
	}
	if from.recovers() != to.recovers() {
		in := &dynamodb.UpdateContinuousBackupsInput{TableName: &name, PointInTimeRecoverySpecification: &ddbtypes.PointInTimeRecoverySpecification{PointInTimeRecoveryEnabled: aws.Bool(to.recovers())}}
		if _, err := r.tables.UpdateContinuousBackups(ctx, in); err != nil {
			return err
		}
	}
	return nil
}

func (r *tableResource) replica(ctx context.Context, name string, u ddbtypes.ReplicationGroupUpdate) error {
	return r.update(ctx, &dynamodb.UpdateTableInput{TableName: &name, ReplicaUpdates: []ddbtypes.ReplicationGroupUpdate{u}})
}

func (r *tableResource) update(ctx context.Context, in *dynamodb.UpdateTableInput) error {
	if _, err := r.tables.UpdateTable(ctx, in); err != nil {
		return err
	}
	return r.wait(ctx, *in.TableName)
}

// Delete deletes the replicas first, all that the last refresh saw, as
// hashicorp/aws does.
func (r *tableResource) Delete(ctx context.Context, req resource.DeleteRequest, resp *resource.DeleteResponse) {
	var state table
	if resp.Diagnostics.Append(req.State.Get(ctx, &state)...); resp.Diagnostics.HasError() {
		return
	}
	err := r.change(ctx, table{Replicas: state.Replicas}, table{Name: state.Name})
	if err == nil {
		_, err = r.tables.DeleteTable(ctx, &dynamodb.DeleteTableInput{TableName: state.ID.ValueStringPointer()})
	}
	if err == nil {
		err = r.waitGone(ctx, state.ID.ValueString())
	}
	var none *ddbtypes.ResourceNotFoundException
	if err != nil && !errors.As(err, &none) {
		resp.Diagnostics.AddError("deleting DynamoDB Table ("+state.ID.ValueString()+")", err.Error())
	}
}

// read fills in what AWS says of a table.
func (r *tableResource) read(ctx context.Context, t *table) (gone bool, err error) {
	name := t.ID.ValueString()
	out, err := r.tables.DescribeTable(ctx, &dynamodb.DescribeTableInput{TableName: &name})
	var none *ddbtypes.ResourceNotFoundException
	if errors.As(err, &none) {
		return true, nil
	}
	if err != nil {
		return false, err
	}
	d := out.Table
	t.Name, t.ARN = types.StringValue(name), types.StringPointerValue(d.TableArn)
	t.Protected, t.StreamARN = types.BoolValue(aws.ToBool(d.DeletionProtectionEnabled)), types.StringValue(aws.ToString(d.LatestStreamArn))
	if d.BillingModeSummary != nil && d.BillingModeSummary.BillingMode != "" {
		t.Billing = types.StringValue(string(d.BillingModeSummary.BillingMode))
	}
	t.StreamView = types.StringValue("")
	if d.StreamSpecification != nil {
		t.StreamView = types.StringValue(string(d.StreamSpecification.StreamViewType))
	}
	// Those that were made in the console are here too.
	t.Replicas = nil
	for _, s := range d.Replicas {
		if s.ReplicaStatus != ddbtypes.ReplicaStatusDeleting {
			t.Replicas = append(t.Replicas, replicaSpec{types.StringPointerValue(s.RegionName)})
		}
	}
	tags, err := r.tables.ListTagsOfResource(ctx, &dynamodb.ListTagsOfResourceInput{ResourceArn: d.TableArn})
	if err != nil {
		return false, err
	}
	all := map[string]string{}
	for _, tag := range tags.Tags {
		all[aws.ToString(tag.Key)] = aws.ToString(tag.Value)
	}
	t.TagsAll = textMap(all)
	if len(all) > 0 || !t.Tags.IsNull() {
		t.Tags = textMap(all)
	}
	return false, nil
}
