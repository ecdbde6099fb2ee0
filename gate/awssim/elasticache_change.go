package awssim

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// cacheChanges are the calls that change groups and clusters, as hashicorp/aws
// makes them.
func (w *World) cacheChanges() map[string]action {
	return map[string]action{
		"CreateReplicationGroup":                   w.createCacheGroup,
		"ModifyReplicationGroup":                   w.modifyCacheGroup,
		"DeleteReplicationGroup":                   w.deleteCacheGroup,
		"IncreaseReplicaCount":                     w.increaseReplicas,
		"DecreaseReplicaCount":                     w.decreaseReplicas,
		"ModifyReplicationGroupShardConfiguration": w.reshard,
		"TestFailover":                             w.testFailover,
		"CreateCacheCluster":                       w.createCacheCluster,
		"ModifyCacheCluster":                       w.modifyCacheCluster,
		"DeleteCacheCluster":                       w.deleteCacheCluster,
		"CreateSnapshot":                           w.createCacheSnapshot,
		"ListTagsForResource":                      listTagsOfCache,
		"AddTagsToResource":                        tagCache,
		"RemoveTagsFromResource":                   untagCache,
	}
}

type cacheGroupAnswer struct{ ReplicationGroup cacheGroupItem }

type cacheClusterAnswer struct{ CacheCluster cacheClusterItem }

func (r *request) answerGroup(g *cacheGroup) (any, error) {
	return cacheGroupAnswer{r.cacheGroupItem(g)}, nil
}

func noCacheGroup(id string) error {
	return &Failure{Code: "ReplicationGroupNotFoundFault", Message: "ReplicationGroup " + id + " not found.", Status: 404}
}

func noCacheCluster(id string) error {
	return &Failure{Code: "CacheClusterNotFound", Message: "CacheCluster not found: " + id, Status: 404}
}

func switchedOn(on bool) string {
	return map[bool]string{true: "enabled", false: "disabled"}[on]
}

// createCacheGroup makes a group, of which one in a global datastore takes engine
// and class from the primary there.
func (w *World) createCacheGroup(r *request) (any, error) {
	g := &cacheGroup{id: strings.ToLower(r.str("ReplicationGroupId")), description: r.str("ReplicationGroupDescription"), engine: orElse(r.str("Engine"), "redis"), version: orElse(r.str("EngineVersion"), "7.1"),
		class: r.str("CacheNodeType"), failover: switchedOn(r.flag("AutomaticFailoverEnabled")), multiAZ: switchedOn(r.flag("MultiAZEnabled")), retention: r.num("SnapshotRetentionLimit", 0), tags: r.dbTags()}
	if r.live.cacheGroups[g.id] != nil {
		return nil, failure("ReplicationGroupAlreadyExists", "Replication group %s already exists.", g.id)
	}
	shards, replicas := max(1, r.num("NumNodeGroups", 1)), r.num("ReplicasPerNodeGroup", 0)
	g.sharded = shards > 1 || r.str("ClusterMode") == "enabled"
	if n := r.num("NumCacheClusters", 0); n > 0 {
		replicas = n - 1
	}
	if g.failover == "enabled" && replicas == 0 && !g.sharded {
		return nil, failure("InvalidParameterValue", "Must have at least 2 cache clusters to enable automatic failover.")
	}
	if id := r.str("GlobalReplicationGroupId"); id != "" {
		if err := w.joinGlobal(r, g, id); err != nil {
			return nil, err
		}
	}
	var names []string
	for n := range shards {
		names = append(names, fmt.Sprintf("%04d", n+1))
	}
	w.makeGroup(r.live, g, names, replicas)
	return r.answerGroup(g)
}

// changingGroup finds a group that can be changed now.
func (r *request) changingGroup() (*cacheGroup, error) {
	g := r.live.cacheGroups[r.str("ReplicationGroupId")]
	switch {
	case g == nil:
		return nil, noCacheGroup(r.str("ReplicationGroupId"))
	case g.status != "available":
		return nil, failure("InvalidReplicationGroupState", "Replication group %s is not in available state: it is %s.", g.id, g.status)
	}
	return g, nil
}

func (w *World) modifyCacheGroup(r *request) (any, error) {
	g, err := r.changingGroup()
	if err != nil {
		return nil, err
	}
	nodes := r.live.nodesOf(g.id)
	if r.flag("AutomaticFailoverEnabled") && len(nodes) < 2 && !g.sharded {
		return nil, failure("InvalidParameterValue", "Must have at least 2 cache clusters to enable automatic failover.")
	}
	if r.has("ReplicationGroupDescription") {
		g.description = r.str("ReplicationGroupDescription")
	}
	g.retention = r.num("SnapshotRetentionLimit", g.retention)
	if r.has("MultiAZEnabled") {
		g.multiAZ = switchedOn(r.flag("MultiAZEnabled"))
	}
	if r.has("AutomaticFailoverEnabled") {
		w.switches(r.live, g, r.flag("AutomaticFailoverEnabled"))
	}
	class, version := orElse(r.str("CacheNodeType"), g.class), orElse(r.str("EngineVersion"), g.version)
	if class == g.class && version == g.version {
		return r.answerGroup(g)
	}
	if !r.flag("ApplyImmediately") {
		for _, n := range nodes {
			n.pendingClass = class
		}
		return r.answerGroup(g)
	}
	g.class, g.version = class, version
	w.roll(r.live, g, func(c *cacheCluster) { c.class, c.version, c.pendingClass = class, version, "" })
	return r.answerGroup(g)
}

func (w *World) deleteCacheGroup(r *request) (any, error) {
	g, err := r.changingGroup()
	if err != nil {
		return nil, err
	}
	if w.globalOf(r.live, g.id) != nil {
		return nil, failure("InvalidReplicationGroupState", "Cluster [%s] is part of a global replication group and cannot be deleted.", g.id)
	}
	if err := w.finalSnapshot(r, g.id); err != nil {
		return nil, err
	}
	w.endGroup(r.live, g)
	return r.answerGroup(g)
}

// finalSnapshot makes the copy that a deletion asks for.
func (w *World) finalSnapshot(r *request, of string) error {
	name := r.str("FinalSnapshotIdentifier")
	if name == "" {
		return nil
	}
	if r.live.hasCacheSnapshot(name) {
		return failure("SnapshotAlreadyExistsFault", "Snapshot %s already exists.", name)
	}
	w.snapshot(r.live, of, name, "manual")
	return nil
}

func (r *region) hasCacheSnapshot(name string) bool {
	return slices.ContainsFunc(r.cacheSnapshots, func(s cacheSnapshot) bool { return s.name == name })
}

// increaseReplicas adds replicas to every shard.
func (w *World) increaseReplicas(r *request) (any, error) {
	g, err := r.changingGroup()
	if err != nil {
		return nil, err
	}
	for _, shard := range r.live.shardsOf(g.id) {
		for n := len(r.live.nodesOfShard(g.id, shard)); n < 1+r.num("NewReplicaCount", 0); n++ {
			w.comes(r.live, g, w.newNode(r.live, g, shard))
		}
	}
	return r.answerGroup(g)
}

// decreaseReplicas ends replicas of every shard, which ones ElastiCache picks.
func (w *World) decreaseReplicas(r *request) (any, error) {
	g, err := r.changingGroup()
	if err != nil {
		return nil, err
	}
	keep := r.num("NewReplicaCount", 0)
	if keep < 1 && g.failover == "enabled" && !g.sharded {
		return nil, failure("InvalidParameterValue", "New replica count must be at least 1 while automatic failover is enabled.")
	}
	for _, shard := range r.live.shardsOf(g.id) {
		replicas := slices.DeleteFunc(r.live.nodesOfShard(g.id, shard), func(c *cacheCluster) bool { return c.primary })
		for _, c := range replicas[:max(0, len(replicas)-keep)] {
			w.endNode(r.live, g, c)
		}
	}
	return r.answerGroup(g)
}

// reshard adds shards like those that are there, or ends those that are named.
func (w *World) reshard(r *request) (any, error) {
	g, err := r.changingGroup()
	if err != nil {
		return nil, err
	}
	if err := w.shards(r.live, g, r.num("NodeGroupCount", 0), r.strs("NodeGroupsToRemove.NodeGroupToRemove")); err != nil {
		return nil, err
	}
	return r.answerGroup(g)
}

func (w *World) shards(r *region, g *cacheGroup, count int, remove []string) error {
	have := r.shardsOf(g.id)
	switch {
	case !g.sharded:
		return failure("InvalidParameterCombination", "Replication group %s is not in cluster mode.", g.id)
	case count < 1 || count < len(have) && len(have)-len(remove) != count:
		return failure("InvalidParameterCombination", "%d node groups are to stay of %d, and %d are to be removed.", count, len(have), len(remove))
	}
	for _, shard := range remove {
		for _, c := range r.nodesOfShard(g.id, shard) {
			w.endNode(r, g, c)
		}
	}
	replicas := len(r.nodesOfShard(g.id, have[0])) - 1
	for n := len(have); n < count; n++ {
		for range 1 + replicas {
			w.comes(r, g, w.newNode(r, g, fmt.Sprintf("%04d", n+1)))
		}
	}
	return nil
}

// testFailover lets a replica of a shard take over; the primary that was is out
// for a while.
func (w *World) testFailover(r *request) (any, error) {
	g, err := r.changingGroup()
	if err != nil {
		return nil, err
	}
	if g.failover != "enabled" {
		return nil, failure("InvalidReplicationGroupState", "Automatic failover of %s is %s.", g.id, g.failover)
	}
	for _, c := range r.live.nodesOfShard(g.id, r.str("NodeGroupId")) {
		if !c.primary {
			continue
		}
		if r.live.handOver(g, c); c.primary {
			return nil, failure("InvalidReplicationGroupState", "No replica of node group %s is available.", c.shard)
		}
		c.status = "rebooting cluster nodes"
		w.settles(r.live, g, c, cacheReturn)
		return r.answerGroup(g)
	}
	return nil, &Failure{Code: "NodeGroupNotFoundFault", Message: "There is no node group " + r.str("NodeGroupId") + ".", Status: 404}
}

// createCacheCluster makes a cluster of its own, or a replica of a group.
func (w *World) createCacheCluster(r *request) (any, error) {
	id := strings.ToLower(r.str("CacheClusterId"))
	if r.live.cacheClusters[id] != nil {
		return nil, failure("CacheClusterAlreadyExists", "Cache cluster %s already exists.", id)
	}
	c := &cacheCluster{id: id, engine: orElse(r.str("Engine"), "redis"), class: r.str("CacheNodeType"), version: r.str("EngineVersion"), nodes: r.num("NumCacheNodes", 1),
		zone: orElse(r.str("PreferredAvailabilityZone"), r.live.zones()[0]), status: "creating", created: w.clock.now, tags: r.dbTags()}
	if r.str("ReplicationGroupId") != "" {
		g, err := r.changingGroup()
		if err != nil {
			return nil, err
		}
		c.engine, c.version, c.class, c.group, c.shard = g.engine, g.version, g.class, g.id, r.live.shardsOf(g.id)[0]
		r.live.cacheClusters[id] = c
		w.comes(r.live, g, c)
		return cacheClusterAnswer{r.cacheClusterItem(c)}, nil
	}
	r.live.cacheClusters[id] = c
	w.after(cacheMake, func() { r.live.returns(c, "creating") })
	return cacheClusterAnswer{r.cacheClusterItem(c)}, nil
}

// returns lets a cluster be available that is still there and in a state.
func (r *region) returns(c *cacheCluster, from string) {
	if r.cacheClusters[c.id] == c && c.status == from {
		c.status = "available"
	}
}

// changingCluster finds a cluster that can be changed now.
func (r *request) changingCluster() (*cacheCluster, error) {
	c := r.live.cacheClusters[r.str("CacheClusterId")]
	switch {
	case c == nil:
		return nil, noCacheCluster(r.str("CacheClusterId"))
	case c.status != "available":
		return nil, failure("InvalidCacheClusterState", "Cache cluster %s is not in available state: it is %s.", c.id, c.status)
	}
	return c, nil
}

func (w *World) modifyCacheCluster(r *request) (any, error) {
	c, err := r.changingCluster()
	if err != nil {
		return nil, err
	}
	remove := r.strs("CacheNodeIdsToRemove.CacheNodeId")
	nodes := r.num("NumCacheNodes", c.nodes)
	if nodes < c.nodes && len(remove) != c.nodes-nodes {
		return nil, failure("InvalidParameterCombination", "%d cache nodes are to stay of %d, and %d are to be removed.", nodes, c.nodes, len(remove))
	}
	for _, id := range remove {
		if n, err := strconv.Atoi(id); err != nil || n > c.nodes {
			return nil, failure("InvalidParameterValue", "There is no cache node %s.", id)
		}
	}
	class := orElse(r.str("CacheNodeType"), c.class)
	if class != c.class && !r.flag("ApplyImmediately") {
		c.pendingClass = class
		class = c.class
	}
	if nodes == c.nodes && class == c.class {
		return cacheClusterAnswer{r.cacheClusterItem(c)}, nil
	}
	c.status = "modifying"
	w.after(cacheReturn, func() {
		c.nodes, c.class = nodes, class
		r.live.returns(c, "modifying")
	})
	return cacheClusterAnswer{r.cacheClusterItem(c)}, nil
}

func (w *World) deleteCacheCluster(r *request) (any, error) {
	c, err := r.changingCluster()
	if err != nil {
		return nil, err
	}
	if err := w.finalSnapshot(r, c.id); err != nil {
		return nil, err
	}
	if g := r.live.cacheGroups[c.group]; g != nil {
		w.endNode(r.live, g, c)
	} else {
		w.endCluster(r.live, c)
	}
	return cacheClusterAnswer{r.cacheClusterItem(c)}, nil
}

// createCacheSnapshot copies a group or a cluster, which is snapshotting meanwhile.
func (w *World) createCacheSnapshot(r *request) (any, error) {
	name := r.str("SnapshotName")
	if r.live.hasCacheSnapshot(name) {
		return nil, failure("SnapshotAlreadyExistsFault", "Snapshot %s already exists.", name)
	}
	if r.str("ReplicationGroupId") != "" {
		g, err := r.changingGroup()
		if err != nil {
			return nil, err
		}
		g.status = "snapshotting"
		w.after(cacheCopy, func() { r.live.rest(g) })
		return struct{ Snapshot cacheSnapshotItem }{r.cacheSnapshotItem(w.snapshot(r.live, g.id, name, "manual"))}, nil
	}
	c, err := r.changingCluster()
	if err != nil {
		return nil, err
	}
	c.status = "snapshotting"
	w.after(cacheCopy, func() { r.live.returns(c, "snapshotting") })
	return struct{ Snapshot cacheSnapshotItem }{r.cacheSnapshotItem(w.snapshot(r.live, c.id, name, "manual"))}, nil
}

// taggedCache finds the tags of what has an ARN.
func (r *request) taggedCache() (map[string]string, error) {
	arn := r.str("ResourceName")
	parts := strings.Split(arn, ":")
	id := parts[len(parts)-1]
	if g := r.live.cacheGroups[id]; g != nil && strings.Contains(arn, ":replicationgroup:") {
		if g.tags == nil {
			g.tags = map[string]string{}
		}
		return g.tags, nil
	}
	if c := r.live.cacheClusters[id]; c != nil && strings.Contains(arn, ":cluster:") {
		if c.tags == nil {
			c.tags = map[string]string{}
		}
		return c.tags, nil
	}
	return nil, &Failure{Code: "InvalidARN", Message: "ARN " + arn + " is invalid.", Status: 400}
}

type cacheTags struct {
	TagList []tagPair `xml:"TagList>Tag"`
}

func answerTags(tags map[string]string) cacheTags {
	var out cacheTags
	for _, k := range slices.Sorted(maps.Keys(tags)) {
		out.TagList = append(out.TagList, tagPair{k, tags[k]})
	}
	return out
}

func listTagsOfCache(r *request) (any, error) {
	tags, err := r.taggedCache()
	return answerTags(tags), err
}

func tagCache(r *request) (any, error) {
	tags, err := r.taggedCache()
	if err == nil {
		maps.Copy(tags, r.dbTags())
	}
	return answerTags(tags), err
}

func untagCache(r *request) (any, error) {
	tags, err := r.taggedCache()
	for _, k := range r.strs("TagKeys.member") {
		delete(tags, k)
	}
	return answerTags(tags), err
}
