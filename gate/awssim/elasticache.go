package awssim

import (
	"fmt"
	"slices"
)

// elasticache is the part of ElastiCache that is read: groups, clusters, global
// datastores and snapshots.
func (w *World) elasticache() service {
	return service{
		namespace: "http://elasticache.amazonaws.com/doc/2015-02-02/",
		actions: map[string]action{
			"DescribeReplicationGroups":       describeCacheGroups,
			"DescribeCacheClusters":           describeCacheClusters,
			"DescribeGlobalReplicationGroups": describeGlobalCaches,
			"DescribeSnapshots":               describeCacheSnapshots,
		},
	}
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
	ReplicationGroupCreateTime string
	Members                    []string         `xml:"MemberClusters>ClusterId"`
	Shards                     []cacheShardItem `xml:"NodeGroups>NodeGroup"`
	Global                     string           `xml:"GlobalReplicationGroupInfo>GlobalReplicationGroupId,omitempty"`
	GlobalRole                 string           `xml:"GlobalReplicationGroupInfo>GlobalReplicationGroupMemberRole,omitempty"`
}

// slots is how many slots the keys of a sharded group are spread over.
const slots = 16384

func (r *request) cacheGroupItem(g *cacheGroup) cacheGroupItem {
	item := cacheGroupItem{ReplicationGroupID: g.id, ARN: r.w.arn("elasticache", r.live, "replicationgroup:"+g.id), Description: g.id, Status: g.status, Engine: g.engine, CacheNodeType: g.class,
		AutomaticFailover: g.failover, MultiAZ: g.multiAZ, ClusterEnabled: g.sharded, ReplicationGroupCreateTime: stamp(g.created)}
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
		return nil, &Failure{Code: "ReplicationGroupNotFoundFault", Message: "ReplicationGroup " + one + " not found.", Status: 404}
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
	CacheNodeType          string
	NumCacheNodes          int
	CacheClusterCreateTime string
	PendingClass           string          `xml:"PendingModifiedValues>CacheNodeType,omitempty"`
	Nodes                  []cacheNodeItem `xml:"CacheNodes>CacheNode,omitempty"`
}

func (r *request) cacheClusterItem(c *cacheCluster) cacheClusterItem {
	item := cacheClusterItem{CacheClusterID: c.id, ReplicationGroupID: c.group, ARN: r.w.arn("elasticache", r.live, "cluster:"+c.id), CacheClusterStatus: c.status, Engine: c.engine, CacheNodeType: c.class,
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
		return nil, &Failure{Code: "CacheClusterNotFound", Message: "CacheCluster not found: " + one, Status: 404}
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
}

type globalCacheItem struct {
	GlobalReplicationGroupID string `xml:"GlobalReplicationGroupId"`
	ARN, Status              string
	Members                  []globalMemberItem `xml:"Members>GlobalReplicationGroupMember,omitempty"`
}

// describeGlobalCaches shows in a region the global datastores that have a
// member there.
func describeGlobalCaches(r *request) (any, error) {
	var all []globalCacheItem
	for _, g := range r.w.globalCaches {
		if !slices.ContainsFunc(g.members, func(m globalCacheMember) bool { return m.region == r.live.name }) {
			continue
		}
		item := globalCacheItem{GlobalReplicationGroupID: g.id, ARN: "arn:aws:elasticache::" + r.w.account + ":globalreplicationgroup:" + g.id, Status: g.status}
		for _, m := range g.members {
			if r.flag("ShowMemberInfo") {
				item.Members = append(item.Members, globalMemberItem{m.group, m.region, m.role, "associated"})
			}
		}
		all = append(all, item)
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

func describeCacheSnapshots(r *request) (any, error) {
	group, cluster := r.str("ReplicationGroupId"), r.str("CacheClusterId")
	if group != "" && r.seen.cacheGroups[group] == nil {
		return nil, &Failure{Code: "ReplicationGroupNotFoundFault", Message: "ReplicationGroup " + group + " not found.", Status: 404}
	}
	if cluster != "" && r.seen.cacheClusters[cluster] == nil {
		return nil, &Failure{Code: "CacheClusterNotFound", Message: "CacheCluster not found: " + cluster, Status: 404}
	}
	var all []cacheSnapshotItem
	for _, s := range r.seen.cacheSnapshots {
		if group != "" && s.of != group || cluster != "" && s.of != cluster {
			continue
		}
		item := cacheSnapshotItem{SnapshotName: s.name, SnapshotSource: s.source, SnapshotStatus: s.status, Nodes: []nodeSnapshotItem{{stamp(s.made)}}}
		if item.CacheClusterID = s.of; r.seen.cacheGroups[s.of] != nil {
			item.ReplicationGroupID, item.CacheClusterID = s.of, ""
		}
		all = append(all, item)
	}
	items, next, err := page(r, all, r.num("MaxRecords", 50))
	return struct {
		Marker    string              `xml:",omitempty"`
		Snapshots []cacheSnapshotItem `xml:"Snapshots>Snapshot"`
	}{next, items}, err
}
