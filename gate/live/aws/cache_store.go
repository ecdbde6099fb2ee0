package aws

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"time"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	ectypes "github.com/aws/aws-sdk-go-v2/service/elasticache/types"

	"github.com/holdfast-gate/holdfast/gate"
)

// said is what a status word of a cache means. To snapshot disturbs nobody
// (aws-semantics 0.3).
func (c *caches) said(source, field, raw string) gate.Observation {
	o := c.observe(source, field, raw)
	o.Benign = o.Phase == gate.Changing && fold(raw) == "snapshotting"
	return o
}

func (c *caches) group(g ectypes.ReplicationGroup) gate.DataStore {
	id := sdk.ToString(g.ReplicationGroupId)
	out := gate.DataStore{Kind: gate.KindCache, ID: id, Region: c.region, ARN: sdk.ToString(g.ARN),
		Observed: []gate.Observation{c.said(gate.SourceCaches, "elasticache.ReplicationGroupStatus", sdk.ToString(g.Status)), c.said(gate.SourceCaches, "elasticache.AutomaticFailoverStatus", string(g.AutomaticFailover))},
		Facts: map[string]string{"engine": sdk.ToString(g.Engine), "class": sdk.ToString(g.CacheNodeType), "automatic_failover": string(g.AutomaticFailover), "multi_az": string(g.MultiAZ),
			"cluster_mode": strconv.FormatBool(sdk.ToBool(g.ClusterEnabled)), "pending": c.pending(g)}}
	placed := map[string]bool{}
	for _, shard := range g.NodeGroups {
		out.Observed = append(out.Observed, c.said(gate.SourceCaches, "elasticache.ReplicationGroupStatus", sdk.ToString(shard.Status)))
		for _, m := range shard.NodeGroupMembers {
			placed[sdk.ToString(m.CacheClusterId)] = true
			out.Nodes = append(out.Nodes, c.node(m, shard))
		}
	}
	for _, member := range c.unplaced(g, placed) {
		n := gate.Node{ID: member, Version: sdk.ToString(c.clusters[member].EngineVersion), Observed: c.status(member)}
		if len(g.NodeGroups) == 1 {
			n.Shard = sdk.ToString(g.NodeGroups[0].NodeGroupId)
		}
		out.Nodes = append(out.Nodes, n)
	}
	out.Links = c.memberships(g)
	for _, of := range append([]string{id}, g.MemberClusters...) {
		out.Copies = append(out.Copies, c.copies(of, sdk.ToTime(g.ReplicationGroupCreateTime), out.Copies)...)
	}
	return out
}

// unplaced are the nodes that are in no shard yet, sorted.
func (c *caches) unplaced(g ectypes.ReplicationGroup, placed map[string]bool) []string {
	all := map[string]bool{}
	for _, id := range g.MemberClusters {
		all[id] = !placed[id]
	}
	for id, one := range c.clusters {
		if sdk.ToString(one.ReplicationGroupId) == sdk.ToString(g.ReplicationGroupId) {
			all[id] = !placed[id]
		}
	}
	return slices.DeleteFunc(sortedKeys(all), func(id string) bool { return !all[id] })
}

// node is a node of a shard.
func (c *caches) node(m ectypes.NodeGroupMember, shard ectypes.NodeGroup) gate.Node {
	id := sdk.ToString(m.CacheClusterId)
	n := gate.Node{ID: id, Shard: sdk.ToString(shard.NodeGroupId), Zone: sdk.ToString(m.PreferredAvailabilityZone), Role: fold(sdk.ToString(m.CurrentRole)), Version: sdk.ToString(c.clusters[id].EngineVersion), Observed: c.status(id)}
	if n.Role != "primary" && n.Role != "replica" {
		n.Role = c.role(id, shard)
	}
	if l, known := c.lags[id]; known {
		behind := time.Duration(l)
		n.Lag = &behind
	}
	return n
}

// role is what CloudWatch says a node is, where ElastiCache does not. It is not
// known while none of the shard, or more than one, last said to be the primary.
func (c *caches) role(id string, shard ectypes.NodeGroup) string {
	primaries := 0
	for _, m := range shard.NodeGroupMembers {
		if c.primary[sdk.ToString(m.CacheClusterId)] {
			primaries++
		}
	}
	switch {
	case len(shard.NodeGroupMembers) == 1:
		return "primary"
	case primaries != 1:
		return ""
	case c.primary[id]:
		return "primary"
	}
	return "replica"
}

// status is what a cluster, and the nodes in it, say of themselves.
func (c *caches) status(id string) []gate.Observation {
	one, read := c.clusters[id]
	if !read {
		// Its group names it, and it was not read: nothing is known of it.
		return []gate.Observation{{Source: gate.SourceCacheClusters, Field: "elasticache.CacheClusterStatus", Raw: "not read", Serving: gate.ServingNo, Opinion: true}}
	}
	out := []gate.Observation{c.said(gate.SourceCacheClusters, "elasticache.CacheClusterStatus", sdk.ToString(one.CacheClusterStatus))}
	for _, n := range one.CacheNodes {
		out = append(out, c.said(gate.SourceCacheClusters, "elasticache.CacheNodeStatus", sdk.ToString(n.CacheNodeStatus)))
	}
	return out
}

// memberships are the global datastores that a group is in, by its own word and
// by theirs.
func (c *caches) memberships(g ectypes.ReplicationGroup) []gate.Link {
	link := func(id, role, status string) gate.Link {
		return gate.Link{To: "both", Kind: gate.LinkGlobalCache, Peer: id, State: role, Detail: status, Active: gate.Yes}
	}
	var out []gate.Link
	for _, global := range c.globals {
		for _, m := range global.Members {
			if sdk.ToString(m.ReplicationGroupRegion) == c.region && sdk.ToString(m.ReplicationGroupId) == sdk.ToString(g.ReplicationGroupId) {
				out = append(out, link(sdk.ToString(global.GlobalReplicationGroupId), sdk.ToString(m.Role), sdk.ToString(m.Status)))
			}
		}
	}
	if info := g.GlobalReplicationGroupInfo; info != nil && sdk.ToString(info.GlobalReplicationGroupId) != "" {
		id := sdk.ToString(info.GlobalReplicationGroupId)
		if !slices.ContainsFunc(out, func(l gate.Link) bool { return l.Peer == id }) {
			out = append(out, link(id, sdk.ToString(info.GlobalReplicationGroupMemberRole), ""))
		}
	}
	return out
}

// copies are the snapshots kept under a name that are not in have. One that is
// older than the cache is of another that had its name.
func (c *caches) copies(of string, made time.Time, have []gate.Copy) []gate.Copy {
	var out []gate.Copy
	for _, s := range c.snapshots[of] {
		b := gate.Copy{Kind: sdk.ToString(s.SnapshotSource), ID: sdk.ToString(s.SnapshotName), At: heldSince(s), State: sdk.ToString(s.SnapshotStatus), Survives: gate.No, Usable: gate.No}
		// Those that ElastiCache makes by itself go with the cache.
		if b.Kind == "manual" {
			b.Survives = gate.Yes
		}
		if b.State == "available" {
			b.Usable = gate.Yes
		}
		if !b.At.IsZero() && b.At.Before(made) || slices.ContainsFunc(have, func(h gate.Copy) bool { return h.ID == b.ID }) {
			continue
		}
		out = append(out, b)
	}
	return out
}

// heldSince is the time whose data all of a snapshot holds: that of its oldest
// part. It is zero where a part has none.
func heldSince(s ectypes.Snapshot) time.Time {
	var oldest time.Time
	for i, part := range s.NodeSnapshots {
		at := sdk.ToTime(part.SnapshotCreateTime).UTC()
		if i == 0 || at.Before(oldest) {
			oldest = at
		}
	}
	return oldest
}

// alone is a cluster that is in no group. The nodes of Memcached share nothing:
// each is the only one that has what it has.
func (c *caches) alone(one ectypes.CacheCluster) gate.DataStore {
	id := sdk.ToString(one.CacheClusterId)
	out := gate.DataStore{Kind: gate.KindCacheCluster, ID: id, Region: c.region, ARN: sdk.ToString(one.ARN),
		Observed: []gate.Observation{c.said(gate.SourceCacheClusters, "elasticache.CacheClusterStatus", sdk.ToString(one.CacheClusterStatus))},
		Facts:    map[string]string{"engine": sdk.ToString(one.Engine), "class": sdk.ToString(one.CacheNodeType), "pending": strings.Join(pendingOf(one), ",")},
		Copies:   c.copies(id, sdk.ToTime(one.CacheClusterCreateTime), nil)}
	for _, n := range one.CacheNodes {
		out.Nodes = append(out.Nodes, gate.Node{ID: sdk.ToString(n.CacheNodeId), Role: "primary", Zone: sdk.ToString(n.CustomerAvailabilityZone),
			Observed: []gate.Observation{c.said(gate.SourceCacheClusters, "elasticache.CacheNodeStatus", sdk.ToString(n.CacheNodeStatus))}})
	}
	return out
}

func (c *caches) global(g ectypes.GlobalReplicationGroup) gate.DataStore {
	out := gate.DataStore{Kind: gate.KindGlobalCache, ID: sdk.ToString(g.GlobalReplicationGroupId), Region: c.region, ARN: sdk.ToString(g.ARN),
		Observed: []gate.Observation{c.said(gate.SourceGlobalCaches, "elasticache.GlobalReplicationGroupStatus", sdk.ToString(g.Status))},
		Facts:    map[string]string{"engine": sdk.ToString(g.Engine), "class": sdk.ToString(g.CacheNodeType)}}
	for _, m := range g.Members {
		out.Links = append(out.Links, gate.Link{To: "peer", Kind: gate.LinkGlobalCache, Peer: sdk.ToString(m.ReplicationGroupId), Region: sdk.ToString(m.ReplicationGroupRegion), State: sdk.ToString(m.Role), Detail: sdk.ToString(m.Status), Active: gate.Yes})
	}
	return out
}

// pending names the changes that wait, of a group and of its nodes, by their
// names in the API. No value is in it: one of them is a password.
func (c *caches) pending(g ectypes.ReplicationGroup) string {
	var out []string
	if p := g.PendingModifiedValues; p != nil {
		out = waits([]waiting{{"AutomaticFailoverStatus", p.AutomaticFailoverStatus != ""}, {"AuthTokenStatus", p.AuthTokenStatus != ""}, {"ClusterMode", p.ClusterMode != ""}, {"PrimaryClusterId", p.PrimaryClusterId != nil},
			{"Resharding", p.Resharding != nil}, {"TransitEncryptionEnabled", p.TransitEncryptionEnabled != nil}, {"TransitEncryptionMode", p.TransitEncryptionMode != ""}, {"UserGroups", p.UserGroups != nil}})
	}
	for _, id := range g.MemberClusters {
		out = append(out, pendingOf(c.clusters[id])...)
	}
	slices.SortFunc(out, cmp.Compare[string])
	return strings.Join(slices.Compact(out), ",")
}

// pendingOf names the changes of a cluster that wait.
func pendingOf(one ectypes.CacheCluster) []string {
	p := one.PendingModifiedValues
	if p == nil {
		return nil
	}
	return waits([]waiting{{"AuthTokenStatus", p.AuthTokenStatus != ""}, {"CacheNodeIdsToRemove", len(p.CacheNodeIdsToRemove) > 0}, {"CacheNodeType", p.CacheNodeType != nil}, {"EngineVersion", p.EngineVersion != nil},
		{"NumCacheNodes", p.NumCacheNodes != nil}, {"TransitEncryptionEnabled", p.TransitEncryptionEnabled != nil}, {"TransitEncryptionMode", p.TransitEncryptionMode != ""}})
}

// waiting is one kind of change, and whether it waits.
type waiting struct {
	name string
	does bool
}

func waits(all []waiting) []string {
	var out []string
	for _, w := range all {
		if w.does {
			out = append(out, w.name)
		}
	}
	return out
}
