package awssim

import (
	"fmt"
	"maps"
	"slices"
)

// elasticache is ElastiCache; here is the part of it that is read: groups,
// clusters, global datastores and snapshots.
func (w *World) elasticache() service {
	s := service{
		namespace: "http://elasticache.amazonaws.com/doc/2015-02-02/",
		actions: map[string]action{
			"DescribeReplicationGroups":       describeCacheGroups,
			"DescribeCacheClusters":           describeCacheClusters,
			"DescribeGlobalReplicationGroups": describeGlobalCaches,
			"DescribeSnapshots":               describeCacheSnapshots,

			"DescribeServerlessCaches":         describeServerless,
			"DescribeServerlessCacheSnapshots": describeServerlessSnapshots,
		},
	}
	maps.Copy(s.actions, w.cacheChanges())
	maps.Copy(s.actions, w.globalChanges())
	return s
}

type cacheShardItem struct {
	NodeGroupID string `xml:"NodeGroupId"`
	Status      string
	Slots       string            `xml:",omitempty"`
	Members     []cacheMemberItem `xml:"NodeGroupMembers>NodeGroupMember"`
}

type cacheMemberItem struct {
	CacheClusterID            string `xml:"CacheClusterId"`
	CacheNodeID               string `xml:"CacheNodeId"`
	PreferredAvailabilityZone string
	CurrentRole               string `xml:",omitempty"`
}

type cacheGroupItem struct {
	ReplicationGroupID         string `xml:"ReplicationGroupId"`
	ARN                        string
	Description                string
	Status                     string
	Engine                     string
	CacheNodeType              string
	AutomaticFailover, MultiAZ string
	ClusterEnabled             bool
	SnapshotRetentionLimit     int
	ReplicationGroupCreateTime string
	Members                    []string         `xml:"MemberClusters>ClusterId"`
	Shards                     []cacheShardItem `xml:"NodeGroups>NodeGroup"`
	Global                     string           `xml:"GlobalReplicationGroupInfo>GlobalReplicationGroupId,omitempty"`
	GlobalRole                 string           `xml:"GlobalReplicationGroupInfo>GlobalReplicationGroupMemberRole,omitempty"`
}

// slots is how many slots the keys of a sharded group are spread over.
const slots = 16384

func (r *request) cacheGroupItem(g *cacheGroup) cacheGroupItem {
	item := cacheGroupItem{ReplicationGroupID: g.id, ARN: r.w.arn("elasticache", r.live, "replicationgroup:"+g.id), Description: orElse(g.description, g.id), Status: g.status, Engine: g.engine, CacheNodeType: g.class,
		AutomaticFailover: g.failover, MultiAZ: g.multiAZ, ClusterEnabled: g.sharded, SnapshotRetentionLimit: g.retention, ReplicationGroupCreateTime: stamp(g.created)}
	shards := r.seen.shardsOf(g.id)
	for i, shard := range shards {
		s := cacheShardItem{NodeGroupID: shard, Status: g.status}
		if g.sharded {
			s.Slots = fmt.Sprintf("%d-%d", i*slots/len(shards), (i+1)*slots/len(shards)-1)
		}
		for _, n := range r.seen.nodesOf(g.id) {
			if n.shard != shard {
				continue
			}
			item.Members = append(item.Members, n.id)
			m := cacheMemberItem{CacheClusterID: n.id, CacheNodeID: "0001", PreferredAvailabilityZone: n.zone}
			if !g.sharded { // ElastiCache says it of no other
				m.CurrentRole = map[bool]string{true: "primary", false: "replica"}[n.primary]
			}
			s.Members = append(s.Members, m)
		}
		item.Shards = append(item.Shards, s)
	}
	for _, global := range r.w.globalCaches {
		for _, m := range global.members {
			if m.region == r.live.name && m.group == g.id {
				item.Global, item.GlobalRole = global.id, m.role
			}
		}
	}
	return item
}

func describeCacheGroups(r *request) (any, error) {
	var all []cacheGroupItem
	one := r.str("ReplicationGroupId")
	if one != "" && r.seen.cacheGroups[one] == nil {
		return nil, noCacheGroup(one)
	}
	for _, g := range sorted(r.seen.cacheGroups) {
		if one == "" || one == g.id {
			all = append(all, r.cacheGroupItem(g))
		}
	}
	items, next, err := page(r, all, r.num("MaxRecords", 100))
	return struct {
		Marker string           `xml:",omitempty"`
		Groups []cacheGroupItem `xml:"ReplicationGroups>ReplicationGroup"`
	}{next, items}, err
}

type cacheNodeItem struct {
	CacheNodeID              string `xml:"CacheNodeId"`
	CacheNodeStatus          string
	CacheNodeCreateTime      string
	CustomerAvailabilityZone string
}

type cacheClusterItem struct {
	CacheClusterID         string `xml:"CacheClusterId"`
	ReplicationGroupID     string `xml:"ReplicationGroupId,omitempty"`
	ARN                    string
	CacheClusterStatus     string
	Engine                 string
	EngineVersion          string `xml:",omitempty"`
	CacheNodeType          string
	NumCacheNodes          int
	CacheClusterCreateTime string
	PendingClass           string          `xml:"PendingModifiedValues>CacheNodeType,omitempty"`
	Nodes                  []cacheNodeItem `xml:"CacheNodes>CacheNode,omitempty"`
}

func (r *request) cacheClusterItem(c *cacheCluster) cacheClusterItem {
	item := cacheClusterItem{CacheClusterID: c.id, ReplicationGroupID: c.group, ARN: r.w.arn("elasticache", r.live, "cluster:"+c.id), CacheClusterStatus: c.status, Engine: c.engine, EngineVersion: c.version, CacheNodeType: c.class,
		NumCacheNodes: c.nodes, CacheClusterCreateTime: stamp(c.created), PendingClass: c.pendingClass}
	if !r.flag("ShowCacheNodeInfo") {
		return item
	}
	status := c.status
	if status == "rebooting cluster nodes" {
		status = "rebooting"
	}
	if !slices.Contains([]string{"creating", "rebooting", "deleting"}, status) {
		status = "available" // the words of a node are fewer than those of its cluster
	}
	for n := range c.nodes {
		item.Nodes = append(item.Nodes, cacheNodeItem{fmt.Sprintf("%04d", n+1), status, stamp(c.created), c.zone})
	}
	return item
}

func describeCacheClusters(r *request) (any, error) {
	var all []cacheClusterItem
	one := r.str("CacheClusterId")
	if one != "" && r.seen.cacheClusters[one] == nil {
		return nil, noCacheCluster(one)
	}
	for _, c := range sorted(r.seen.cacheClusters) {
		if one == "" || one == c.id {
			all = append(all, r.cacheClusterItem(c))
		}
	}
	items, next, err := page(r, all, r.num("MaxRecords", 100))
	return struct {
		Marker   string             `xml:",omitempty"`
		Clusters []cacheClusterItem `xml:"CacheClusters>CacheCluster"`
	}{next, items}, err
}

type globalMemberItem struct {
	ReplicationGroupID     string `xml:"ReplicationGroupId"`
	ReplicationGroupRegion string
	Role, Status           string
	AutomaticFailover      string `xml:",omitempty"`
}

type globalShardItem struct {
	ID string `xml:"GlobalNodeGroupId"`
}

type globalCacheItem struct {
	GlobalReplicationGroupID string `xml:"GlobalReplicationGroupId"`
	Description              string `xml:"GlobalReplicationGroupDescription,omitempty"`
	ARN, Status              string
	Engine, EngineVersion    string
	CacheNodeType            string
	ClusterEnabled           bool
	Shards                   []globalShardItem  `xml:"GlobalNodeGroups>GlobalNodeGroup,omitempty"`
	Members                  []globalMemberItem `xml:"Members>GlobalReplicationGroupMember,omitempty"`
}

func (r *request) globalCacheItem(g *globalCache, members bool) globalCacheItem {
	item := globalCacheItem{GlobalReplicationGroupID: g.id, Description: g.description, ARN: "arn:aws:elasticache::" + r.w.account + ":globalreplicationgroup:" + g.id, Status: g.status}
	for _, m := range g.members {
		where := r.w.region(m.region)
		group := where.cacheGroups[m.group]
		if m.role == "PRIMARY" && group != nil {
			item.Engine, item.EngineVersion, item.CacheNodeType, item.ClusterEnabled = group.engine, group.version, group.class, group.sharded
			for _, shard := range where.shardsOf(group.id) {
				item.Shards = append(item.Shards, globalShardItem{g.id + "-" + shard})
			}
		}
		one := globalMemberItem{ReplicationGroupID: m.group, ReplicationGroupRegion: m.region, Role: m.role, Status: m.status}
		if group != nil {
			one.AutomaticFailover = group.failover
		}
		if members {
			item.Members = append(item.Members, one)
		}
	}
	return item
}

// describeGlobalCaches shows in a region the global datastores that have a
// member there, and one that is named in any.
func describeGlobalCaches(r *request) (any, error) {
	var all []globalCacheItem
	one := r.str("GlobalReplicationGroupId")
	if one != "" {
		if _, err := r.w.global(one); err != nil {
			return nil, err
		}
	}
	for _, g := range r.w.globalCaches {
		here := slices.ContainsFunc(g.members, func(m globalCacheMember) bool { return m.region == r.live.name })
		if one == g.id || one == "" && here {
			all = append(all, r.globalCacheItem(g, r.flag("ShowMemberInfo")))
		}
	}
	items, next, err := page(r, all, r.num("MaxRecords", 100))
	return struct {
		Marker  string            `xml:",omitempty"`
		Globals []globalCacheItem `xml:"GlobalReplicationGroups>GlobalReplicationGroup"`
	}{next, items}, err
}

type nodeSnapshotItem struct{ SnapshotCreateTime string }

type cacheSnapshotItem struct {
	SnapshotName, SnapshotSource, SnapshotStatus string
	ReplicationGroupID                           string             `xml:"ReplicationGroupId,omitempty"`
	CacheClusterID                               string             `xml:"CacheClusterId,omitempty"`
	Nodes                                        []nodeSnapshotItem `xml:"NodeSnapshots>NodeSnapshot"`
}

func (r *request) cacheSnapshotItem(s cacheSnapshot) cacheSnapshotItem {
	item := cacheSnapshotItem{SnapshotName: s.name, SnapshotSource: s.source, SnapshotStatus: s.status, Nodes: []nodeSnapshotItem{{stamp(s.made)}}}
	if item.CacheClusterID = s.of; r.seen.cacheGroups[s.of] != nil {
		item.ReplicationGroupID, item.CacheClusterID = s.of, ""
	}
	return item
}

func describeCacheSnapshots(r *request) (any, error) {
	group, cluster := r.str("ReplicationGroupId"), r.str("CacheClusterId")
	if group != "" && r.seen.cacheGroups[group] == nil {
		return nil, noCacheGroup(group)
	}
	if cluster != "" && r.seen.cacheClusters[cluster] == nil {
		return nil, noCacheCluster(cluster)
	}
	var all []cacheSnapshotItem
	for _, s := range r.seen.cacheSnapshots {
		if group != "" && s.of != group || cluster != "" && s.of != cluster {
			continue
		}
		all = append(all, r.cacheSnapshotItem(s))
	}
	items, next, err := page(r, all, r.num("MaxRecords", 50))
	return struct {
		Marker    string              `xml:",omitempty"`
		Snapshots []cacheSnapshotItem `xml:"Snapshots>Snapshot"`
	}{next, items}, err
}
