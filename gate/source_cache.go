package gate

import "cmp"

// The sources about caches. They are read only when a check asks for them.
const (
	SourceCaches         = "elasticache.groups"    // replication groups, their shards and nodes
	SourceCacheClusters  = "elasticache.clusters"  // clusters: a node of a group each, or one of their own
	SourceGlobalCaches   = "elasticache.globals"   // global datastores
	SourceCacheSnapshots = "elasticache.snapshots" // of groups and of clusters
	SourceCacheLag       = "elasticache.lag"       // which nodes are primaries, and how far the others are behind

	SourceServerless          = "elasticache.serverless"          // serverless caches
	SourceServerlessSnapshots = "elasticache.serverlesssnapshots" // of those
)

// LinkGlobalCache is membership in a global datastore.
const LinkGlobalCache = "elasticache.global"

// The roles of members of a global datastore, as the state of their links.
const (
	GlobalPrimary   = "PRIMARY"
	GlobalSecondary = "SECONDARY"
)

// CacheOf returns the kind and the live id of the cache that a change of its
// type is about, empty for other types. A cluster that is a node of a group is
// about its group.
func CacheOf(c Change) (kind, id string) {
	switch c.Type {
	case "aws_elasticache_replication_group":
		return KindCache, cmp.Or(c.either("replication_group_id"), c.ID)
	case "aws_elasticache_cluster":
		if group := c.either("replication_group_id"); group != "" {
			return KindCache, group
		}
		return KindCacheCluster, cmp.Or(c.either("cluster_id"), c.ID)
	case "aws_elasticache_global_replication_group":
		return KindGlobalCache, cmp.Or(c.either("global_replication_group_id"), c.ID)
	case "aws_elasticache_serverless_cache":
		return KindServerless, cmp.Or(c.either("name"), c.ID)
	}
	return "", ""
}
