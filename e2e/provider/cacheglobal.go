package provider

import (
	"context"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/elasticache"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// cacheGlobalResource is aws_elasticache_global_replication_group.
type cacheGlobalResource struct{ base }

type cacheGlobal struct {
	ID          types.String `tfsdk:"id"`
	ARN         types.String `tfsdk:"arn"`
	GlobalID    types.String `tfsdk:"global_replication_group_id"`
	Suffix      types.String `tfsdk:"global_replication_group_id_suffix"`
	Description types.String `tfsdk:"global_replication_group_description"`
	Primary     types.String `tfsdk:"primary_replication_group_id"`
	Class       types.String `tfsdk:"cache_node_type"`
	Shards      types.Int64  `tfsdk:"num_node_groups"`
	Failover    types.Bool   `tfsdk:"automatic_failover_enabled"`
}

func (*cacheGlobalResource) Metadata(_ context.Context, _ resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = "aws_elasticache_global_replication_group"
}

func (*cacheGlobalResource) Schema(_ context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse) {
	resp.Schema = schema.Schema{Attributes: map[string]schema.Attribute{
		"id":                                   computedText(),
		"arn":                                  computedText(),
		"global_replication_group_id":          computedText(),
		"global_replication_group_id_suffix":   forcesNew(schema.StringAttribute{Required: true}),
		"global_replication_group_description": schema.StringAttribute{Optional: true},
		"primary_replication_group_id":         forcesNew(schema.StringAttribute{Required: true}),
		"cache_node_type":                      optionalText(),
		"num_node_groups":                      optionalNumber(),
		"automatic_failover_enabled":           schema.BoolAttribute{Optional: true},
	}}
}

func (r *cacheGlobalResource) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	var plan cacheGlobal
	if resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...); resp.Diagnostics.HasError() {
		return
	}
	out, err := r.caches.CreateGlobalReplicationGroup(ctx, &elasticache.CreateGlobalReplicationGroupInput{GlobalReplicationGroupIdSuffix: plan.Suffix.ValueStringPointer(),
		PrimaryReplicationGroupId: plan.Primary.ValueStringPointer(), GlobalReplicationGroupDescription: known(plan.Description)})
	if err == nil {
		id := aws.ToString(out.GlobalReplicationGroup.GlobalReplicationGroupId)
		plan.ID = types.StringValue(id)
		resp.Diagnostics.Append(resp.State.SetAttribute(ctx, path.Root("id"), id)...)
		if err = r.waitGlobal(ctx, id); err == nil {
			err = r.read(ctx, &plan)
		}
	}
	if err != nil {
		resp.Diagnostics.AddError("creating ElastiCache Global Replication Group ("+plan.Suffix.ValueString()+")", err.Error())
		return
	}
	resp.Diagnostics.Append(resp.State.Set(ctx, &plan)...)
}

func (r *cacheGlobalResource) Read(ctx context.Context, req resource.ReadRequest, resp *resource.ReadResponse) {
	var state cacheGlobal
	if resp.Diagnostics.Append(req.State.Get(ctx, &state)...); resp.Diagnostics.HasError() {
		return
	}
	live, err := r.findGlobal(ctx, state.ID.ValueString())
	if err == nil && (live == nil || slices.Contains([]string{"deleting", "deleted"}, aws.ToString(live.Status))) {
		resp.State.RemoveResource(ctx)
		return
	}
	if err == nil {
		err = r.read(ctx, &state)
	}
	if err != nil {
		resp.Diagnostics.AddError("reading ElastiCache Global Replication Group ("+state.ID.ValueString()+")", err.Error())
		return
	}
	resp.Diagnostics.Append(resp.State.Set(ctx, &state)...)
}

// Update changes one thing per request, as the API wants it, each at once.
func (r *cacheGlobalResource) Update(ctx context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse) {
	var plan, state cacheGlobal
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	if resp.Diagnostics.Append(req.State.Get(ctx, &state)...); resp.Diagnostics.HasError() {
		return
	}
	var changes []elasticache.ModifyGlobalReplicationGroupInput
	if !plan.Class.Equal(state.Class) {
		changes = append(changes, elasticache.ModifyGlobalReplicationGroupInput{CacheNodeType: known(plan.Class)})
	}
	if plan.Failover.ValueBool() != state.Failover.ValueBool() {
		changes = append(changes, elasticache.ModifyGlobalReplicationGroupInput{AutomaticFailoverEnabled: aws.Bool(plan.Failover.ValueBool())})
	}
	if !plan.Description.Equal(state.Description) {
		changes = append(changes, elasticache.ModifyGlobalReplicationGroupInput{GlobalReplicationGroupDescription: aws.String(plan.Description.ValueString())})
	}
	id := state.ID.ValueString()
	var err error
	for _, in := range changes {
		in.GlobalReplicationGroupId, in.ApplyImmediately = &id, aws.Bool(true)
		if err == nil {
			if _, err = r.caches.ModifyGlobalReplicationGroup(ctx, &in); err == nil {
				err = r.waitGlobal(ctx, id)
			}
		}
	}
	if err == nil {
		err = r.reshard(ctx, id, plan, state)
	}
	if err == nil {
		err = r.read(ctx, &plan)
	}
	if err != nil {
		resp.Diagnostics.AddError("updating ElastiCache Global Replication Group ("+id+")", err.Error())
		return
	}
	resp.Diagnostics.Append(resp.State.Set(ctx, &plan)...)
}

// reshard changes the number of shards of every member; those with the highest
// ids go.
func (r *cacheGlobalResource) reshard(ctx context.Context, id string, plan, state cacheGlobal) error {
	to := int32Of(plan.Shards)
	if to == nil || plan.Shards.Equal(state.Shards) {
		return nil
	}
	live, err := r.findGlobal(ctx, id)
	if err != nil || live == nil {
		return err
	}
	var shards []string
	for _, shard := range live.GlobalNodeGroups {
		shards = append(shards, aws.ToString(shard.GlobalNodeGroupId))
	}
	slices.Sort(shards)
	if n := int(*to); n < len(shards) {
		_, err = r.caches.DecreaseNodeGroupsInGlobalReplicationGroup(ctx, &elasticache.DecreaseNodeGroupsInGlobalReplicationGroupInput{GlobalReplicationGroupId: &id, NodeGroupCount: to, GlobalNodeGroupsToRemove: shards[n:], ApplyImmediately: aws.Bool(true)})
	} else {
		_, err = r.caches.IncreaseNodeGroupsInGlobalReplicationGroup(ctx, &elasticache.IncreaseNodeGroupsInGlobalReplicationGroupInput{GlobalReplicationGroupId: &id, NodeGroupCount: to, ApplyImmediately: aws.Bool(true)})
	}
	if err != nil {
		return err
	}
	return r.waitGlobal(ctx, id)
}

// Delete leaves the primary as it is.
func (r *cacheGlobalResource) Delete(ctx context.Context, req resource.DeleteRequest, resp *resource.DeleteResponse) {
	var state cacheGlobal
	if resp.Diagnostics.Append(req.State.Get(ctx, &state)...); resp.Diagnostics.HasError() {
		return
	}
	id := state.ID.ValueString()
	_, err := r.caches.DeleteGlobalReplicationGroup(ctx, &elasticache.DeleteGlobalReplicationGroupInput{GlobalReplicationGroupId: &id, RetainPrimaryReplicationGroup: aws.Bool(true)})
	if isCode(err, "GlobalReplicationGroupNotFoundFault") {
		return
	}
	if err == nil {
		err = wait(ctx, id+" to be gone", func(ctx context.Context) (bool, error) {
			live, err := r.findGlobal(ctx, id)
			return err == nil && live == nil, err
		})
	}
	if err != nil {
		resp.Diagnostics.AddError("deleting ElastiCache Global Replication Group ("+id+")", err.Error())
	}
}

func (r *cacheGlobalResource) read(ctx context.Context, g *cacheGlobal) error {
	live, err := r.findGlobal(ctx, g.ID.ValueString())
	if err != nil || live == nil {
		return err
	}
	g.ARN, g.GlobalID, g.Class = types.StringPointerValue(live.ARN), types.StringPointerValue(live.GlobalReplicationGroupId), types.StringPointerValue(live.CacheNodeType)
	g.Shards = types.Int64Value(int64(len(live.GlobalNodeGroups)))
	if text := aws.ToString(live.GlobalReplicationGroupDescription); text != "" || !g.Description.IsNull() {
		g.Description = types.StringValue(text)
	}
	failover := false
	for _, m := range live.Members {
		if aws.ToString(m.Role) == "PRIMARY" {
			g.Primary = types.StringPointerValue(m.ReplicationGroupId)
			failover = m.AutomaticFailover == "enabled" || m.AutomaticFailover == "enabling"
		}
	}
	if !g.Failover.IsNull() {
		g.Failover = types.BoolValue(failover)
	}
	return nil
}
