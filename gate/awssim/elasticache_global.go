package awssim

import (
	"slices"
	"time"
)

// globalChanges are the calls that change global datastores.
func (w *World) globalChanges() map[string]action {
	return map[string]action{
		"CreateGlobalReplicationGroup":               w.createGlobalCache,
		"ModifyGlobalReplicationGroup":               w.modifyGlobalCache,
		"DeleteGlobalReplicationGroup":               w.deleteGlobalCache,
		"DisassociateGlobalReplicationGroup":         w.disassociate,
		"FailoverGlobalReplicationGroup":             w.failoverGlobal,
		"IncreaseNodeGroupsInGlobalReplicationGroup": w.reshardGlobal,
		"DecreaseNodeGroupsInGlobalReplicationGroup": w.reshardGlobal,
	}
}

type globalCacheAnswer struct{ GlobalReplicationGroup globalCacheItem }

func (r *request) answerGlobal(g *globalCache) (any, error) {
	return globalCacheAnswer{r.globalCacheItem(g, true)}, nil
}

// global finds a global datastore by its id.
func (w *World) global(id string) (*globalCache, error) {
	i := slices.IndexFunc(w.globalCaches, func(g *globalCache) bool { return g.id == id })
	if i < 0 {
		return nil, &Failure{Code: "GlobalReplicationGroupNotFoundFault", Message: "Global replication group " + id + " does not exist.", Status: 404}
	}
	return w.globalCaches[i], nil
}

// globalOf is the global datastore that a group is in, nil if it is in none.
func (w *World) globalOf(r *region, group string) *globalCache {
	for _, g := range w.globalCaches {
		if g.member(r.name, group) >= 0 {
			return g
		}
	}
	return nil
}

func (g *globalCache) member(region, group string) int {
	return slices.IndexFunc(g.members, func(m globalCacheMember) bool { return m.region == region && m.group == group })
}

// changingGlobal finds a global datastore that can be changed now.
func (w *World) changingGlobal(r *request) (*globalCache, error) {
	g, err := w.global(r.str("GlobalReplicationGroupId"))
	if err == nil && g.status != "available" && g.status != "primary-only" {
		return nil, failure("InvalidGlobalReplicationGroupState", "Global replication group %s is not in a valid state: it is %s.", g.id, g.status)
	}
	return g, err
}

// over lets a global datastore be what it is at rest when d has passed.
func (w *World) over(g *globalCache, d time.Duration) {
	w.after(d, func() {
		if g.status == "deleting" {
			return
		}
		if g.status = "available"; len(g.members) == 1 {
			g.status = "primary-only"
		}
		for i := range g.members {
			g.members[i].status = "associated"
		}
	})
}

func (w *World) createGlobalCache(r *request) (any, error) {
	primary := r.live.cacheGroups[r.str("PrimaryReplicationGroupId")]
	id := "ldgnf-" + r.str("GlobalReplicationGroupIdSuffix")
	_, missing := w.global(id)
	switch {
	case primary == nil:
		return nil, noCacheGroup(r.str("PrimaryReplicationGroupId"))
	case missing == nil:
		return nil, failure("GlobalReplicationGroupAlreadyExistsFault", "Global replication group %s already exists.", id)
	case primary.status != "available" || w.globalOf(r.live, primary.id) != nil:
		return nil, failure("InvalidReplicationGroupState", "Replication group %s is %s, or part of another global replication group.", primary.id, primary.status)
	}
	g := &globalCache{id: id, status: "creating", description: r.str("GlobalReplicationGroupDescription"), members: []globalCacheMember{{r.live.name, primary.id, "PRIMARY", "associating"}}}
	w.globalCaches = append(w.globalCaches, g)
	w.over(g, cacheSwitch)
	return r.answerGlobal(g)
}

// joinGlobal makes a new group a secondary; engine and class are those of the
// primary.
func (w *World) joinGlobal(r *request, group *cacheGroup, id string) error {
	g, err := w.global(id)
	if err != nil {
		return err
	}
	if g.status != "available" && g.status != "primary-only" || g.member(r.live.name, group.id) >= 0 {
		return failure("InvalidGlobalReplicationGroupState", "Global replication group %s is %s, or has %s already.", g.id, g.status, group.id)
	}
	first := w.region(g.members[0].region).cacheGroups[g.members[0].group]
	group.engine, group.version, group.class, group.sharded = first.engine, first.version, first.class, first.sharded
	g.status, g.members = "modifying", append(g.members, globalCacheMember{r.live.name, group.id, "SECONDARY", "associating"})
	w.over(g, cacheMake)
	return nil
}

// modifyGlobalCache changes all members, in all their regions at once: such a
// change waits for no maintenance window (ElastiCache API,
// ModifyGlobalReplicationGroup).
func (w *World) modifyGlobalCache(r *request) (any, error) {
	g, err := w.changingGlobal(r)
	if err != nil {
		return nil, err
	}
	if r.has("GlobalReplicationGroupDescription") {
		g.description = r.str("GlobalReplicationGroupDescription")
	}
	busy := time.Duration(0)
	for _, m := range g.members {
		where := w.region(m.region)
		group := where.cacheGroups[m.group]
		if r.has("AutomaticFailoverEnabled") {
			busy = max(busy, cacheSwitch)
			w.switches(where, group, r.flag("AutomaticFailoverEnabled"))
		}
		class, version := orElse(r.str("CacheNodeType"), group.class), orElse(r.str("EngineVersion"), group.version)
		if class != group.class || version != group.version {
			busy = max(busy, time.Duration(len(where.nodesOf(group.id)))*cacheReturn)
			group.class, group.version = class, version
			w.roll(where, group, func(c *cacheCluster) { c.class, c.version = class, version })
		}
	}
	if busy > 0 {
		g.status = "modifying"
		w.over(g, busy)
	}
	return r.answerGlobal(g)
}

// deleteGlobalCache ends a global datastore that has its primary only, which goes
// on by itself.
func (w *World) deleteGlobalCache(r *request) (any, error) {
	g, err := w.changingGlobal(r)
	if err != nil {
		return nil, err
	}
	if len(g.members) > 1 {
		return nil, failure("InvalidGlobalReplicationGroupState", "Global replication group %s has secondary members; disassociate them first.", g.id)
	}
	g.status = "deleting"
	w.after(cacheSwitch, func() {
		w.globalCaches = slices.DeleteFunc(w.globalCaches, func(o *globalCache) bool { return o == g })
	})
	return r.answerGlobal(g)
}

// disassociate makes a secondary a group of its own, which takes writes.
func (w *World) disassociate(r *request) (any, error) {
	g, err := w.changingGlobal(r)
	if err != nil {
		return nil, err
	}
	i := g.member(r.str("ReplicationGroupRegion"), r.str("ReplicationGroupId"))
	switch {
	case i < 0:
		return nil, failure("InvalidParameterValue", "Replication Group %s is not associated with Global Replication Group %s.", r.str("ReplicationGroupId"), g.id)
	case g.members[i].role == "PRIMARY":
		return nil, failure("InvalidParameterValue", "Replication group %s is the primary of %s and cannot be disassociated.", g.members[i].group, g.id)
	}
	g.status, g.members[i].status = "modifying", "disassociating"
	one := g.members[i]
	w.after(cacheSwitch, func() {
		if i := g.member(one.region, one.group); i >= 0 {
			g.members = slices.Delete(g.members, i, i+1)
		}
	})
	w.over(g, cacheSwitch)
	return r.answerGlobal(g)
}

// failoverGlobal makes a secondary the primary.
func (w *World) failoverGlobal(r *request) (any, error) {
	g, err := w.changingGlobal(r)
	if err != nil {
		return nil, err
	}
	to := g.member(r.str("PrimaryRegion"), r.str("PrimaryReplicationGroupId"))
	if to < 0 {
		return nil, failure("InvalidParameterValue", "Replication group %s is not part of %s.", r.str("PrimaryReplicationGroupId"), g.id)
	}
	for i := range g.members {
		g.members[i].role = map[bool]string{true: "PRIMARY", false: "SECONDARY"}[i == to]
	}
	g.status = "modifying"
	w.over(g, cacheReturn)
	return r.answerGlobal(g)
}

// reshardGlobal changes the number of shards of all members.
func (w *World) reshardGlobal(r *request) (any, error) {
	g, err := w.changingGlobal(r)
	if err != nil {
		return nil, err
	}
	remove := r.strs("GlobalNodeGroupsToRemove.GlobalNodeGroupId")
	for i, id := range remove {
		remove[i] = id[max(0, len(id)-4):]
	}
	for _, m := range g.members {
		where := w.region(m.region)
		if err := w.shards(where, where.cacheGroups[m.group], r.num("NodeGroupCount", 0), remove); err != nil {
			return nil, err
		}
	}
	g.status = "modifying"
	w.over(g, cacheMake)
	return r.answerGlobal(g)
}
