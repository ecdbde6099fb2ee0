package standby

import (
	"fmt"
	"slices"

	"github.com/holdfast-gate/holdfast/gate"
)

// cache says what a change does to the nodes of a cache.
func cache(c gate.Change) []touch {
	kind, id := gate.CacheOf(c)
	t := touch{kind: kind, id: id}
	switch {
	case c.Action == gate.Create || kind == "":
		return nil
	case kind == gate.KindGlobalCache:
		return global(c, t)
	case kind == gate.KindServerless:
		return serverless(c, t)
	case c.Action.Ends() && (c.Type == "aws_elasticache_replication_group" || kind == gate.KindCacheCluster):
		t.whole = true
		return []touch{t}
	case c.Action == gate.Update && !slices.ContainsFunc(c.Changed, func(n string) bool { return !idleCache(n) }):
		return nil
	case kind == gate.KindCache:
		t.sources = []string{gate.SourceCaches, gate.SourceCacheClusters, gate.SourceCacheLag}
	default:
		t.sources = []string{gate.SourceCacheClusters}
	}
	if c.Action == gate.Update {
		t.restart(c, restartsCache)
	}
	switch {
	case c.Type == "aws_elasticache_replication_group":
		t.rolling = true
		resized(c, &t)
	case kind == gate.KindCache:
		t.node, t.ends = c.Before.String("cluster_id"), c.Action.Ends()
	default:
		return append(fewer(c, t), t)
	}
	return []touch{t}
}

// idleCache are attributes whose change does nothing to what runs.
func idleCache(name string) bool {
	return idle(name) || slices.Contains([]string{"description", "notification_topic_arn", "snapshot_retention_limit", "snapshot_window", "auto_minor_version_upgrade", "log_delivery_configuration", "member_clusters"}, name)
}

// restartsCache are attributes whose change replaces or restarts the nodes one
// after the other, the primary last (ElastiCache User Guide, "Version
// management", "Scaling").
func restartsCache(name string) bool {
	return slices.Contains([]string{"node_type", "engine", "engine_version", "parameter_group_name", "transit_encryption_enabled", "transit_encryption_mode", "cluster_mode"}, name)
}

// resized says how many nodes and shards a group keeps. These changes are always
// applied at once, and where the number of shards or of replicas changes, that of
// all nodes only follows from it (aws-semantics 1.2.10).
func resized(c gate.Change, t *touch) {
	if c.Action != gate.Update {
		return
	}
	t.had = nodesOfShard(c.Before)
	switch {
	case c.Does("replicas_per_node_group", "node_group_configuration"):
		t.keeps = keeps(c, "replicas_per_node_group", 0) + 1
	case c.Does("num_cache_clusters") && (!c.Does("num_node_groups") || c.Hides("num_node_groups")):
		t.keeps = keeps(c, "num_cache_clusters", 1)
	}
	was, known := c.Before.Int("num_node_groups")
	if after := keeps(c, "num_node_groups", 1); c.Does("num_node_groups") && (!known || after < was) {
		t.shards, t.hadShards = after, was
	}
	off := func(name string) bool {
		// What it was may be hidden, and what it will be not known.
		return c.Does(name) && c.Before[name] != false && c.After[name] != true
	}
	if off("automatic_failover_enabled") {
		t.unguards = append(t.unguards, "automatic failover of %s off, and then no standby takes over by itself")
	}
	if off("multi_az_enabled") {
		t.unguards = append(t.unguards, "Multi-AZ of %s off, and then a standby may be in the zone of its primary")
	}
}

// keeps is the number that an attribute will be. What is not known before apply
// may be the fewest there can be.
func keeps(c gate.Change, name string, fewest int) int {
	if n, known := c.After.Int(name); known && !c.Hides(name) && !c.Does("node_group_configuration") {
		return n
	}
	return fewest
}

// nodesOfShard is how many nodes a shard has as recorded, zero if that is not
// known, or not the same of each.
func nodesOfShard(a gate.Attrs) int {
	shards, _ := a["node_group_configuration"].([]any)
	for _, v := range shards {
		block, _ := v.(map[string]any)
		if n, known := gate.Attrs(block).Int("replica_count"); known && len(shards) > 1 && float64(n) != a["replicas_per_node_group"] {
			return 0
		}
	}
	if n, known := a.Int("replicas_per_node_group"); known {
		return n + 1
	}
	if n, known := a.Int("num_node_groups"); known && n > 1 {
		return 0
	}
	n, _ := a.Int("num_cache_clusters")
	return n
}

// fewer are the nodes of Memcached that an update takes: the provider names them
// by counting down from the number that was (aws-semantics 1.2.10).
func fewer(c gate.Change, t touch) []touch {
	if c.Action != gate.Update || !c.Does("num_cache_nodes") {
		return nil
	}
	was, _ := c.Before.Int("num_cache_nodes")
	var out []touch
	for n := was; n > keeps(c, "num_cache_nodes", 1); n-- {
		out = append(out, touch{kind: t.kind, id: t.id, node: fmt.Sprintf("%04d", n), ends: true})
	}
	return out
}
