package provider

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/elasticache"
	ectypes "github.com/aws/aws-sdk-go-v2/service/elasticache/types"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// cacheClusterResource is aws_elasticache_cluster: a cluster of its own, or one
// more replica of a group.
type cacheClusterResource struct{ base }

type cacheCluster struct {
	ID        types.String `tfsdk:"id"`
	ARN       types.String `tfsdk:"arn"`
	ClusterID types.String `tfsdk:"cluster_id"`
	Group     types.String `tfsdk:"replication_group_id"`
	Engine    types.String `tfsdk:"engine"`
	Class     types.String `tfsdk:"node_type"`
	Nodes     types.Int64  `tfsdk:"num_cache_nodes"`
	Now       types.Bool   `tfsdk:"apply_immediately"`
	Final     types.String `tfsdk:"final_snapshot_identifier"`
	Tags      types.Map    `tfsdk:"tags"`
	TagsAll   types.Map    `tfsdk:"tags_all"`
}

func (*cacheClusterResource) Metadata(_ context.Context, _ resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = "aws_elasticache_cluster"
}

func (*cacheClusterResource) Schema(_ context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse) {
	resp.Schema = schema.Schema{Attributes: map[string]schema.Attribute{
		"id":                        computedText(),
		"arn":                       computedText(),
		"cluster_id":                forcesNew(schema.StringAttribute{Required: true}),
		"replication_group_id":      forcesNew(optionalText()),
		"engine":                    forcesNew(optionalText()),
		"node_type":                 optionalText(),
		"num_cache_nodes":           optionalNumber(),
		"apply_immediately":         schema.BoolAttribute{Optional: true},
		"final_snapshot_identifier": schema.StringAttribute{Optional: true},
		"tags":                      schema.MapAttribute{ElementType: types.StringType, Optional: true},
		"tags_all":                  schema.MapAttribute{ElementType: types.StringType, Computed: true},
	}}
}

// ModifyPlan plans to replace Memcached that gets other nodes: its type cannot be
// changed in place.
func (*cacheClusterResource) ModifyPlan(ctx context.Context, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse) {
	planTagsAll(ctx, req, resp)
	if req.Plan.Raw.IsNull() || req.State.Raw.IsNull() || resp.Diagnostics.HasError() {
		return
	}
	var plan, state cacheCluster
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	if resp.Diagnostics.Append(req.State.Get(ctx, &state)...); resp.Diagnostics.HasError() {
		return
	}
	if state.Engine.ValueString() == "memcached" && !plan.Class.Equal(state.Class) {
		resp.RequiresReplace = append(resp.RequiresReplace, path.Root("node_type"))
	}
}

func (r *cacheClusterResource) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	var plan cacheCluster
	if resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...); resp.Diagnostics.HasError() {
		return
	}
	id := plan.ClusterID.ValueString()
	_, err := r.caches.CreateCacheCluster(ctx, &elasticache.CreateCacheClusterInput{CacheClusterId: &id, ReplicationGroupId: known(plan.Group), Engine: known(plan.Engine), CacheNodeType: known(plan.Class),
		NumCacheNodes: int32Of(plan.Nodes), Tags: cacheTags(texts(plan.Tags))})
	if err == nil {
		resp.Diagnostics.Append(resp.State.SetAttribute(ctx, path.Root("id"), id)...)
		err = r.settled(ctx, &plan, id)
	}
	if err != nil {
		resp.Diagnostics.AddError("creating ElastiCache Cluster ("+id+")", err.Error())
		return
	}
	resp.Diagnostics.Append(resp.State.Set(ctx, &plan)...)
}

func (r *cacheClusterResource) Read(ctx context.Context, req resource.ReadRequest, resp *resource.ReadResponse) {
	var state cacheCluster
	if resp.Diagnostics.Append(req.State.Get(ctx, &state)...); resp.Diagnostics.HasError() {
		return
	}
	live, err := r.find(ctx, state.ID.ValueString())
	if err == nil && live == nil {
		resp.State.RemoveResource(ctx)
		return
	}
	if err == nil {
		err = r.read(ctx, &state, live)
	}
	if err != nil {
		resp.Diagnostics.AddError("reading ElastiCache Cluster ("+state.ID.ValueString()+")", err.Error())
		return
	}
	resp.Diagnostics.Append(resp.State.Set(ctx, &state)...)
}

func (r *cacheClusterResource) Update(ctx context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse) {
	var plan, state cacheCluster
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	if resp.Diagnostics.Append(req.State.Get(ctx, &state)...); resp.Diagnostics.HasError() {
		return
	}
	id := state.ID.ValueString()
	var err error
	if !plan.Tags.Equal(state.Tags) {
		err = r.tagCache(ctx, state.ARN, plan.Tags)
	}
	if in, some := plan.modified(state); err == nil && some {
		_, err = r.caches.ModifyCacheCluster(ctx, in)
	}
	if err == nil {
		err = r.settled(ctx, &plan, id)
	}
	if err != nil {
		resp.Diagnostics.AddError("updating ElastiCache Cluster ("+id+")", err.Error())
		return
	}
	resp.Diagnostics.Append(resp.State.Set(ctx, &plan)...)
}

// modified is the request that makes what was what is planned, and whether it
// changes anything. The nodes that go are named by counting down from how many
// were recorded.
func (c cacheCluster) modified(was cacheCluster) (*elasticache.ModifyCacheClusterInput, bool) {
	in := &elasticache.ModifyCacheClusterInput{CacheClusterId: was.ID.ValueStringPointer(), ApplyImmediately: aws.Bool(c.Now.ValueBool())}
	some := false
	if !c.Class.Equal(was.Class) {
		in.CacheNodeType, some = known(c.Class), true
	}
	if !c.Nodes.Equal(was.Nodes) {
		in.NumCacheNodes, some = int32Of(c.Nodes), true
		for n := was.Nodes.ValueInt64(); n > c.Nodes.ValueInt64(); n-- {
			in.CacheNodeIdsToRemove = append(in.CacheNodeIdsToRemove, fmt.Sprintf("%04d", n))
		}
	}
	return in, some
}

func (r *cacheClusterResource) Delete(ctx context.Context, req resource.DeleteRequest, resp *resource.DeleteResponse) {
	var state cacheCluster
	if resp.Diagnostics.Append(req.State.Get(ctx, &state)...); resp.Diagnostics.HasError() {
		return
	}
	id := state.ID.ValueString()
	_, err := r.caches.DeleteCacheCluster(ctx, &elasticache.DeleteCacheClusterInput{CacheClusterId: &id, FinalSnapshotIdentifier: known(state.Final)})
	if isCode(err, "CacheClusterNotFound") {
		return
	}
	if err == nil {
		err = wait(ctx, id+" to be gone", func(ctx context.Context) (bool, error) {
			live, err := r.find(ctx, id)
			return err == nil && live == nil, err
		})
	}
	if err != nil {
		resp.Diagnostics.AddError("deleting ElastiCache Cluster ("+id+")", err.Error())
	}
}

// find returns a cluster, nil if there is none of that name.
func (r *cacheClusterResource) find(ctx context.Context, id string) (*ectypes.CacheCluster, error) {
	out, err := r.caches.DescribeCacheClusters(ctx, &elasticache.DescribeCacheClustersInput{CacheClusterId: &id, ShowCacheNodeInfo: aws.Bool(true)})
	if isCode(err, "CacheClusterNotFound") {
		return nil, nil
	}
	if err != nil || len(out.CacheClusters) == 0 {
		return nil, err
	}
	return &out.CacheClusters[0], nil
}

// settled waits until a cluster is available, and reads it.
func (r *cacheClusterResource) settled(ctx context.Context, c *cacheCluster, id string) error {
	return wait(ctx, id+" to be available", func(ctx context.Context) (bool, error) {
		live, err := r.find(ctx, id)
		if err != nil || live == nil || aws.ToString(live.CacheClusterStatus) != "available" {
			return false, err
		}
		return true, r.read(ctx, c, live)
	})
}

func (r *cacheClusterResource) read(ctx context.Context, c *cacheCluster, live *ectypes.CacheCluster) error {
	c.ID, c.ClusterID, c.ARN = types.StringPointerValue(live.CacheClusterId), types.StringPointerValue(live.CacheClusterId), types.StringPointerValue(live.ARN)
	c.Group, c.Engine, c.Nodes = types.StringValue(aws.ToString(live.ReplicationGroupId)), types.StringPointerValue(live.Engine), number(live.NumCacheNodes)
	c.Class = types.StringPointerValue(live.CacheNodeType)
	if p := live.PendingModifiedValues; p != nil && p.CacheNodeType != nil {
		c.Class = types.StringPointerValue(p.CacheNodeType)
	}
	var err error
	c.Tags, c.TagsAll, err = r.cacheTagsOf(ctx, live.ARN, c.Tags)
	return err
}
