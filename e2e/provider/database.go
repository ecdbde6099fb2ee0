package provider

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/rds"
	rdstypes "github.com/aws/aws-sdk-go-v2/service/rds/types"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// databaseResource is aws_db_instance. Its id is the resource id, as it is since
// version 5 of hashicorp/aws.
type databaseResource struct{ base }

type database struct {
	ID         types.String `tfsdk:"id"`
	ARN        types.String `tfsdk:"arn"`
	Identifier types.String `tfsdk:"identifier"`
	ResourceID types.String `tfsdk:"resource_id"`
	Engine     types.String `tfsdk:"engine"`
	Class      types.String `tfsdk:"instance_class"`
	Storage    types.Int64  `tfsdk:"allocated_storage"`
	MultiAZ    types.Bool   `tfsdk:"multi_az"`
	Source     types.String `tfsdk:"replicate_source_db"`
	User       types.String `tfsdk:"username"`
	Password   types.String `tfsdk:"password"`
	Managed    types.Bool   `tfsdk:"manage_master_user_password"`
	Now        types.Bool   `tfsdk:"apply_immediately"`
	SkipFinal  types.Bool   `tfsdk:"skip_final_snapshot"`
	Final      types.String `tfsdk:"final_snapshot_identifier"`
	Protected  types.Bool   `tfsdk:"deletion_protection"`
	Tags       types.Map    `tfsdk:"tags"`
	TagsAll    types.Map    `tfsdk:"tags_all"`
}

func (*databaseResource) Metadata(_ context.Context, _ resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = "aws_db_instance"
}

func (*databaseResource) Schema(_ context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse) {
	flag := schema.BoolAttribute{Optional: true}
	resp.Schema = schema.Schema{Version: 2, Attributes: map[string]schema.Attribute{
		"id":                          computedText(),
		"arn":                         computedText(),
		"identifier":                  forcesNew(optionalText()),
		"resource_id":                 computedText(),
		"engine":                      forcesNew(optionalText()),
		"instance_class":              schema.StringAttribute{Required: true},
		"allocated_storage":           optionalNumber(),
		"multi_az":                    flag,
		"username":                    schema.StringAttribute{Optional: true},
		"password":                    schema.StringAttribute{Optional: true, Sensitive: true},
		"manage_master_user_password": flag,
		"replicate_source_db":         schema.StringAttribute{Optional: true},
		"apply_immediately":           flag,
		"skip_final_snapshot":         flag,
		"final_snapshot_identifier":   schema.StringAttribute{Optional: true},
		"deletion_protection":         flag,
		"tags":                        schema.MapAttribute{ElementType: types.StringType, Optional: true},
		"tags_all":                    schema.MapAttribute{ElementType: types.StringType, Computed: true},
	}}
}

func (*databaseResource) ModifyPlan(ctx context.Context, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse) {
	planTagsAll(ctx, req, resp)
}

func (r *databaseResource) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	var plan database
	if resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...); resp.Diagnostics.HasError() {
		return
	}
	id := plan.Identifier.ValueString()
	var err error
	if source := plan.Source.ValueString(); source != "" {
		_, err = r.databases.CreateDBInstanceReadReplica(ctx, &rds.CreateDBInstanceReadReplicaInput{DBInstanceIdentifier: &id, SourceDBInstanceIdentifier: &source, DBInstanceClass: plan.Class.ValueStringPointer(), Tags: dbTags(texts(plan.Tags))})
	} else {
		_, err = r.databases.CreateDBInstance(ctx, &rds.CreateDBInstanceInput{DBInstanceIdentifier: &id, DBInstanceClass: plan.Class.ValueStringPointer(), Engine: plan.Engine.ValueStringPointer(),
			MasterUsername: plan.User.ValueStringPointer(), ManageMasterUserPassword: plan.Managed.ValueBoolPointer(), AllocatedStorage: int32Of(plan.Storage), MultiAZ: plan.MultiAZ.ValueBoolPointer(), DeletionProtection: plan.Protected.ValueBoolPointer(), Tags: dbTags(texts(plan.Tags))})
	}
	if err == nil {
		resp.Diagnostics.Append(resp.State.SetAttribute(ctx, path.Root("identifier"), id)...)
		err = r.settled(ctx, &plan)
	}
	if err != nil {
		resp.Diagnostics.AddError("creating RDS DB Instance ("+id+")", err.Error())
		return
	}
	resp.Diagnostics.Append(resp.State.Set(ctx, &plan)...)
}

// settled waits until the instance is available, and reads it.
func (r *databaseResource) settled(ctx context.Context, d *database) error {
	id := d.Identifier.ValueString()
	return wait(ctx, id+" to be available", func(ctx context.Context) (bool, error) {
		live, err := r.findDatabase(ctx, id)
		if err != nil || live == nil || aws.ToString(live.DBInstanceStatus) != "available" {
			return false, err
		}
		r.read(d, live)
		return true, nil
	})
}

func (r *databaseResource) Read(ctx context.Context, req resource.ReadRequest, resp *resource.ReadResponse) {
	var state database
	if resp.Diagnostics.Append(req.State.Get(ctx, &state)...); resp.Diagnostics.HasError() {
		return
	}
	live, err := r.findDatabase(ctx, state.Identifier.ValueString())
	if err != nil {
		resp.Diagnostics.AddError("reading RDS DB Instance ("+state.Identifier.ValueString()+")", err.Error())
		return
	}
	if live == nil {
		resp.State.RemoveResource(ctx)
		return
	}
	r.read(&state, live)
	resp.Diagnostics.Append(resp.State.Set(ctx, &state)...)
}

func (r *databaseResource) Update(ctx context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse) {
	var plan, state database
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	if resp.Diagnostics.Append(req.State.Get(ctx, &state)...); resp.Diagnostics.HasError() {
		return
	}
	if err := r.change(ctx, &plan, state); err != nil {
		resp.Diagnostics.AddError("updating RDS DB Instance ("+state.Identifier.ValueString()+")", err.Error())
		return
	}
	resp.Diagnostics.Append(resp.State.Set(ctx, &plan)...)
}

func (r *databaseResource) change(ctx context.Context, plan *database, state database) error {
	id := state.Identifier.ValueStringPointer()
	if !plan.Tags.Equal(state.Tags) {
		if _, err := r.databases.AddTagsToResource(ctx, &rds.AddTagsToResourceInput{ResourceName: state.ARN.ValueStringPointer(), Tags: dbTags(texts(plan.Tags))}); err != nil {
			return err
		}
	}
	if state.Source.ValueString() != "" && plan.Source.ValueString() == "" {
		if _, err := r.databases.PromoteReadReplica(ctx, &rds.PromoteReadReplicaInput{DBInstanceIdentifier: id}); err != nil {
			return err
		}
	}
	in := &rds.ModifyDBInstanceInput{DBInstanceIdentifier: id, ApplyImmediately: plan.Now.ValueBoolPointer()}
	some := false
	if !plan.Class.Equal(state.Class) {
		in.DBInstanceClass, some = plan.Class.ValueStringPointer(), true
	}
	if !plan.Storage.Equal(state.Storage) {
		in.AllocatedStorage, some = int32Of(plan.Storage), true
	}
	if !plan.MultiAZ.Equal(state.MultiAZ) {
		in.MultiAZ, some = aws.Bool(plan.MultiAZ.ValueBool()), true
	}
	if !plan.Protected.Equal(state.Protected) {
		in.DeletionProtection, some = aws.Bool(plan.Protected.ValueBool()), true
	}
	if !some {
		return nil
	}
	if _, err := r.databases.ModifyDBInstance(ctx, in); err != nil {
		return err
	}
	return r.settled(ctx, plan)
}

func (r *databaseResource) Delete(ctx context.Context, req resource.DeleteRequest, resp *resource.DeleteResponse) {
	var state database
	if resp.Diagnostics.Append(req.State.Get(ctx, &state)...); resp.Diagnostics.HasError() {
		return
	}
	id := state.Identifier.ValueString()
	in := &rds.DeleteDBInstanceInput{DBInstanceIdentifier: &id, SkipFinalSnapshot: aws.Bool(state.SkipFinal.ValueBool())}
	if !state.SkipFinal.ValueBool() && state.Source.ValueString() == "" {
		in.FinalDBSnapshotIdentifier = state.Final.ValueStringPointer()
	}
	_, err := r.databases.DeleteDBInstance(ctx, in)
	if isCode(err, "DBInstanceNotFound") {
		return
	}
	if err == nil {
		err = wait(ctx, id+" to be gone", func(ctx context.Context) (bool, error) {
			live, err := r.findDatabase(ctx, id)
			return err == nil && live == nil, err
		})
	}
	if err != nil {
		resp.Diagnostics.AddError("deleting RDS DB Instance ("+id+")", err.Error())
	}
}

// findDatabase returns an instance, nil if there is none of that name.
func (c *clients) findDatabase(ctx context.Context, id string) (*rdstypes.DBInstance, error) {
	out, err := c.databases.DescribeDBInstances(ctx, &rds.DescribeDBInstancesInput{DBInstanceIdentifier: &id})
	if isCode(err, "DBInstanceNotFound") {
		return nil, nil
	}
	if err != nil || len(out.DBInstances) == 0 {
		return nil, err
	}
	return &out.DBInstances[0], nil
}

func (*databaseResource) read(d *database, live *rdstypes.DBInstance) {
	d.ID, d.ResourceID = types.StringPointerValue(live.DbiResourceId), types.StringPointerValue(live.DbiResourceId)
	d.ARN, d.Identifier = types.StringPointerValue(live.DBInstanceArn), types.StringPointerValue(live.DBInstanceIdentifier)
	d.Engine, d.Class = types.StringPointerValue(live.Engine), types.StringPointerValue(live.DBInstanceClass)
	if p := live.PendingModifiedValues; p != nil && p.DBInstanceClass != nil {
		d.Class = types.StringPointerValue(p.DBInstanceClass)
	}
	d.Storage = number(live.AllocatedStorage)
	if !d.MultiAZ.IsNull() || aws.ToBool(live.MultiAZ) {
		d.MultiAZ = types.BoolPointerValue(live.MultiAZ)
	}
	if !d.Protected.IsNull() || aws.ToBool(live.DeletionProtection) {
		d.Protected = types.BoolPointerValue(live.DeletionProtection)
	}
	if !d.Source.IsNull() || aws.ToString(live.ReadReplicaSourceDBInstanceIdentifier) != "" {
		d.Source = types.StringPointerValue(live.ReadReplicaSourceDBInstanceIdentifier)
	}
	tags := map[string]string{}
	for _, t := range live.TagList {
		tags[aws.ToString(t.Key)] = aws.ToString(t.Value)
	}
	d.Tags, d.TagsAll = readTags(d.Tags, tags)
}

func dbTags(tags map[string]string) []rdstypes.Tag {
	var out []rdstypes.Tag
	for k, v := range tags {
		out = append(out, rdstypes.Tag{Key: aws.String(k), Value: aws.String(v)})
	}
	return out
}
