package provider

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/elasticache"
	ectypes "github.com/aws/aws-sdk-go-v2/service/elasticache/types"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/setplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// cacheGroupResource is aws_elasticache_replication_group.
type cacheGroupResource struct{ base }

type cacheGroup struct {
	ID          types.String `tfsdk:"id"`
	ARN         types.String `tfsdk:"arn"`
	GroupID     types.String `tfsdk:"replication_group_id"`
	Global      types.String `tfsdk:"global_replication_group_id"`
	Description types.String `tfsdk:"description"`
	Engine      types.String `tfsdk:"engine"`
	Class       types.String `tfsdk:"node_type"`
	Clusters    types.Int64  `tfsdk:"num_cache_clusters"`
	Shards      types.Int64  `tfsdk:"num_node_groups"`
	Replicas    types.Int64  `tfsdk:"replicas_per_node_group"`
	Failover    types.Bool   `tfsdk:"automatic_failover_enabled"`
	MultiAZ     types.Bool   `tfsdk:"multi_az_enabled"`
	Retention   types.Int64  `tfsdk:"snapshot_retention_limit"`
	Now         types.Bool   `tfsdk:"apply_immediately"`
	Final       types.String `tfsdk:"final_snapshot_identifier"`
	Members     types.Set    `tfsdk:"member_clusters"`
	Tags        types.Map    `tfsdk:"tags"`
	TagsAll     types.Map    `tfsdk:"tags_all"`
}

func (*cacheGroupResource) Metadata(_ context.Context, _ resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = "aws_elasticache_replication_group"
}

func (*cacheGroupResource) Schema(_ context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse) {
	flag := schema.BoolAttribute{Optional: true}
	resp.Schema = schema.Schema{Version: 2, Attributes: map[string]schema.Attribute{
		"id":                          computedText(),
		"arn":                         computedText(),
		"replication_group_id":        forcesNew(schema.StringAttribute{Required: true}),
		"global_replication_group_id": forcesNew(optionalText()),
		"description":                 schema.StringAttribute{Required: true},
		"engine":                      optionalText(),
		"node_type":                   optionalText(),
		"num_cache_clusters":          optionalNumber(),
		"num_node_groups":             optionalNumber(),
		"replicas_per_node_group":     optionalNumber(),
		"automatic_failover_enabled":  flag,
		"multi_az_enabled":            flag,
		"snapshot_retention_limit":    schema.Int64Attribute{Optional: true},
		"apply_immediately":           flag,
		"final_snapshot_identifier":   schema.StringAttribute{Optional: true},
		"member_clusters":             schema.SetAttribute{ElementType: types.StringType, Computed: true, PlanModifiers: []planmodifier.Set{setplanmodifier.UseStateForUnknown()}},
		"tags":                        schema.MapAttribute{ElementType: types.StringType, Optional: true},
		"tags_all":                    schema.MapAttribute{ElementType: types.StringType, Computed: true},
	}}
}

// ModifyPlan plans that who the nodes are is not known where their number
// changes. The other numbers keep what they were, though they follow from it, as
// with hashicorp/aws.
func (*cacheGroupResource) ModifyPlan(ctx context.Context, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse) {
	planTagsAll(ctx, req, resp)
	if req.Plan.Raw.IsNull() || req.State.Raw.IsNull() || resp.Diagnostics.HasError() {
		return
	}
	var plan, state cacheGroup
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	if resp.Diagnostics.Append(req.State.Get(ctx, &state)...); resp.Diagnostics.HasError() {
		return
	}
	if !plan.Clusters.Equal(state.Clusters) || !plan.Shards.Equal(state.Shards) || !plan.Replicas.Equal(state.Replicas) {
		resp.Diagnostics.Append(resp.Plan.SetAttribute(ctx, path.Root("member_clusters"), types.SetUnknown(types.StringType))...)
	}
}

func (r *cacheGroupResource) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	var plan cacheGroup
	if resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...); resp.Diagnostics.HasError() {
		return
	}
	id := plan.GroupID.ValueString()
	_, err := r.caches.CreateReplicationGroup(ctx, &elasticache.CreateReplicationGroupInput{ReplicationGroupId: &id, ReplicationGroupDescription: plan.Description.ValueStringPointer(), GlobalReplicationGroupId: known(plan.Global),
		Engine: known(plan.Engine), CacheNodeType: known(plan.Class), NumCacheClusters: int32Of(plan.Clusters), NumNodeGroups: int32Of(plan.Shards), ReplicasPerNodeGroup: int32Of(plan.Replicas),
		AutomaticFailoverEnabled: plan.Failover.ValueBoolPointer(), MultiAZEnabled: plan.MultiAZ.ValueBoolPointer(), SnapshotRetentionLimit: int32Of(plan.Retention), Tags: cacheTags(texts(plan.Tags))})
	if err == nil {
		resp.Diagnostics.Append(resp.State.SetAttribute(ctx, path.Root("id"), id)...)
		resp.Diagnostics.Append(resp.State.SetAttribute(ctx, path.Root("replication_group_id"), id)...)
		err = r.waitGroup(ctx, id)
	}
	if err == nil && known(plan.Global) != nil {
		err = r.waitGlobal(ctx, plan.Global.ValueString())
	}
	if r.finish(ctx, &plan, id, err, "creating", &resp.Diagnostics) {
		resp.Diagnostics.Append(resp.State.Set(ctx, &plan)...)
	}
}

func (r *cacheGroupResource) Read(ctx context.Context, req resource.ReadRequest, resp *resource.ReadResponse) {
	var state cacheGroup
	if resp.Diagnostics.Append(req.State.Get(ctx, &state)...); resp.Diagnostics.HasError() {
		return
	}
	gone, err := r.read(ctx, &state, state.ID.ValueString())
	switch {
	case err != nil:
		resp.Diagnostics.AddError("reading ElastiCache Replication Group ("+state.ID.ValueString()+")", err.Error())
	case gone:
		resp.State.RemoveResource(ctx)
	default:
		resp.Diagnostics.Append(resp.State.Set(ctx, &state)...)
	}
}

func (r *cacheGroupResource) Update(ctx context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse) {
	var plan, state cacheGroup
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	if resp.Diagnostics.Append(req.State.Get(ctx, &state)...); resp.Diagnostics.HasError() {
		return
	}
	id := state.ID.ValueString()
	said := plan
	err := r.change(ctx, id, plan, state)
	if r.finish(ctx, &plan, id, err, "updating", &resp.Diagnostics) {
		// Terraform holds this provider, not that of HashiCorp, to what was planned;
		// the next refresh sees what follows from it.
		plan.Clusters, plan.Shards, plan.Replicas = said.Clusters, said.Shards, said.Replicas
		resp.Diagnostics.Append(resp.State.Set(ctx, &plan)...)
	}
}

// change does one thing after the other in the order of hashicorp/aws: shards,
// more replicas, the rest, fewer replicas. Shards and replicas are changed at
// once, whatever apply_immediately says.
func (r *cacheGroupResource) change(ctx context.Context, id string, plan, state cacheGroup) error {
	if !plan.Tags.Equal(state.Tags) {
		if err := r.tagCache(ctx, state.ARN, plan.Tags); err != nil {
			return err
		}
	}
	if n := int32Of(plan.Shards); n != nil && !plan.Shards.Equal(state.Shards) {
		if err := r.reshard(ctx, id, *n); err != nil {
			return err
		}
	}
	replicas := func(g cacheGroup) *int32 {
		if !plan.Clusters.Equal(state.Clusters) {
			return aws.Int32(int32(g.Clusters.ValueInt64()) - 1)
		}
		return int32Of(g.Replicas)
	}
	was, is := replicas(state), replicas(plan)
	if is != nil && was != nil && *is > *was {
		_, err := r.caches.IncreaseReplicaCount(ctx, &elasticache.IncreaseReplicaCountInput{ReplicationGroupId: &id, NewReplicaCount: is, ApplyImmediately: aws.Bool(true)})
		if err = r.settledGroup(ctx, id, err); err != nil {
			return err
		}
	}
	if in, some := plan.modified(state); some {
		_, err := r.caches.ModifyReplicationGroup(ctx, in)
		if err = r.settledGroup(ctx, id, err); err != nil {
			return err
		}
	}
	if is != nil && was != nil && *is < *was {
		_, err := r.caches.DecreaseReplicaCount(ctx, &elasticache.DecreaseReplicaCountInput{ReplicationGroupId: &id, NewReplicaCount: is, ApplyImmediately: aws.Bool(true)})
		return r.settledGroup(ctx, id, err)
	}
	return nil
}

// modified is the request for what is no number of nodes, and whether there is
// any.
func (g cacheGroup) modified(was cacheGroup) (*elasticache.ModifyReplicationGroupInput, bool) {
	in := &elasticache.ModifyReplicationGroupInput{ReplicationGroupId: was.ID.ValueStringPointer(), ApplyImmediately: aws.Bool(g.Now.ValueBool())}
	some := false
	if !g.Description.Equal(was.Description) {
		in.ReplicationGroupDescription, some = g.Description.ValueStringPointer(), true
	}
	if !g.Class.Equal(was.Class) {
		in.CacheNodeType, some = known(g.Class), true
	}
	if g.Failover.ValueBool() != was.Failover.ValueBool() {
		in.AutomaticFailoverEnabled, some = aws.Bool(g.Failover.ValueBool()), true
	}
	if g.MultiAZ.ValueBool() != was.MultiAZ.ValueBool() {
		in.MultiAZEnabled, some = aws.Bool(g.MultiAZ.ValueBool()), true
	}
	if !g.Retention.Equal(was.Retention) {
		in.SnapshotRetentionLimit, some = aws.Int32(int32(g.Retention.ValueInt64())), true
	}
	return in, some
}

// reshard changes the number of shards; those with the highest ids go.
func (r *cacheGroupResource) reshard(ctx context.Context, id string, to int32) error {
	live, err := r.findGroup(ctx, id)
	if err != nil || live == nil {
		return err
	}
	in := &elasticache.ModifyReplicationGroupShardConfigurationInput{ReplicationGroupId: &id, NodeGroupCount: &to, ApplyImmediately: aws.Bool(true)}
	var shards []string
	for _, shard := range live.NodeGroups {
		shards = append(shards, aws.ToString(shard.NodeGroupId))
	}
	slices.Sort(shards)
	if n := int(to); n < len(shards) {
		in.NodeGroupsToRemove = shards[n:]
	}
	_, err = r.caches.ModifyReplicationGroupShardConfiguration(ctx, in)
	return r.settledGroup(ctx, id, err)
}

// Delete takes the group out of its global datastore first, without asking, as
// hashicorp/aws does.
func (r *cacheGroupResource) Delete(ctx context.Context, req resource.DeleteRequest, resp *resource.DeleteResponse) {
	var state cacheGroup
	if resp.Diagnostics.Append(req.State.Get(ctx, &state)...); resp.Diagnostics.HasError() {
		return
	}
	id := state.ID.ValueString()
	var err error
	if known(state.Global) != nil {
		err = r.leave(ctx, state.Global.ValueString(), id)
	}
	if err == nil {
		_, err = r.caches.DeleteReplicationGroup(ctx, &elasticache.DeleteReplicationGroupInput{ReplicationGroupId: &id, FinalSnapshotIdentifier: known(state.Final)})
	}
	if isCode(err, "ReplicationGroupNotFoundFault") {
		return
	}
	if err == nil {
		err = wait(ctx, id+" to be gone", func(ctx context.Context) (bool, error) {
			live, err := r.findGroup(ctx, id)
			return err == nil && live == nil, err
		})
	}
	if err != nil {
		resp.Diagnostics.AddError("deleting ElastiCache Replication Group ("+id+")", err.Error())
	}
}

// leave takes a group out of a global datastore, and waits until it is.
func (r *cacheGroupResource) leave(ctx context.Context, global, id string) error {
	_, err := r.caches.DisassociateGlobalReplicationGroup(ctx, &elasticache.DisassociateGlobalReplicationGroupInput{GlobalReplicationGroupId: &global, ReplicationGroupId: &id, ReplicationGroupRegion: &r.region})
	switch {
	case isCode(err, "GlobalReplicationGroupNotFoundFault"), err != nil && strings.Contains(err.Error(), "is not associated with Global Replication Group"):
		return nil
	case err != nil:
		return err
	}
	return r.waitGlobal(ctx, global)
}

// finish reads what a change has led to, or says why there is nothing to read.
func (r *cacheGroupResource) finish(ctx context.Context, plan *cacheGroup, id string, err error, doing string, diags *diag.Diagnostics) bool {
	gone := false
	if err == nil {
		gone, err = r.read(ctx, plan, id)
	}
	if gone {
		err = errors.New("it is gone right after")
	}
	if err != nil {
		diags.AddError(doing+" ElastiCache Replication Group ("+id+")", err.Error())
	}
	return err == nil
}

// read fills in what AWS says of a group. One that is being deleted is gone.
func (r *cacheGroupResource) read(ctx context.Context, g *cacheGroup, id string) (gone bool, err error) {
	live, err := r.findGroup(ctx, id)
	if err != nil || live == nil || aws.ToString(live.Status) == "deleting" {
		return err == nil, err
	}
	g.ID, g.GroupID, g.ARN = types.StringValue(id), types.StringValue(id), types.StringPointerValue(live.ARN)
	g.Description, g.Engine, g.Class = types.StringPointerValue(live.Description), types.StringPointerValue(live.Engine), types.StringPointerValue(live.CacheNodeType)
	// One that has left is told so by nothing, as with hashicorp/aws.
	g.Global = types.StringValue(g.Global.ValueString())
	if in := live.GlobalReplicationGroupInfo; in != nil {
		g.Global = types.StringValue(aws.ToString(in.GlobalReplicationGroupId))
	}
	g.Clusters, g.Shards, g.Members = types.Int64Value(int64(len(live.MemberClusters))), types.Int64Value(int64(len(live.NodeGroups))), set(live.MemberClusters)
	if len(live.NodeGroups) > 0 {
		g.Replicas = types.Int64Value(int64(len(live.NodeGroups[0].NodeGroupMembers)) - 1)
	}
	on := func(was types.Bool, is bool) types.Bool {
		if was.IsNull() && !is {
			return was
		}
		return types.BoolValue(is)
	}
	g.Failover = on(g.Failover, live.AutomaticFailover == ectypes.AutomaticFailoverStatusEnabled || live.AutomaticFailover == ectypes.AutomaticFailoverStatusEnabling)
	g.MultiAZ = on(g.MultiAZ, live.MultiAZ == ectypes.MultiAZStatusEnabled)
	if n := aws.ToInt32(live.SnapshotRetentionLimit); n > 0 || !g.Retention.IsNull() {
		g.Retention = types.Int64Value(int64(n))
	}
	g.Tags, g.TagsAll, err = r.cacheTagsOf(ctx, live.ARN, g.Tags)
	return false, err
}
