package standby

import (
	"fmt"
	"slices"

	"github.com/holdfast-gate/holdfast/gate"
)

// global says what an update does to a global datastore: to all its members, in
// all their regions, and always at once (ElastiCache API,
// ModifyGlobalReplicationGroup). Its end is for another check.
func global(c gate.Change, t touch) []touch {
	idleGlobal := func(n string) bool {
		return idleCache(n) || n == "global_replication_group_description"
	}
	if c.Action != gate.Update || !slices.ContainsFunc(c.Changed, func(n string) bool { return !idleGlobal(n) }) {
		return nil
	}
	t.sources = []string{gate.SourceGlobalCaches, gate.SourceCaches, gate.SourceCacheClusters, gate.SourceCacheLag}
	t.now, t.rolling = true, true
	for _, n := range c.Changed {
		// Whatever is not known to leave the nodes alone may restart them.
		t.restarts = t.restarts || !idleGlobal(n) && !slices.Contains([]string{"num_node_groups", "automatic_failover_enabled"}, n)
	}
	resized(c, &t)
	return []touch{t}
}

// spread is a touch of each member of a global datastore, with the datastore
// itself, in which nothing of what it does is left but that it is changed. Of any
// other store it is the touch alone.
func spread(p *gate.Pass, c gate.Change, t touch) []touch {
	t.region = c.Region
	if t.kind != gate.KindGlobalCache {
		return []touch{t}
	}
	out := []touch{{kind: t.kind, id: t.id, region: c.Region}}
	store, there := p.Snapshot.DataStore(t.kind, c.Region, t.id)
	if there && len(store.Links) == 0 {
		// One whose members nobody names has some all the same.
		p.Report(gate.Finding{Code: "standby.member", Decision: gate.Block, Subjects: []string{c.Address},
			Message: fmt.Sprintf("the plan changes all members of global datastore %s at once, and which these are is not known", t.id), Remedy: "plan again in a minute; if it stays so, look at it in the console"})
	}
	for _, l := range store.Links {
		if _, there := p.Snapshot.DataStore(gate.KindCache, l.Region, l.Peer); !there {
			// Who was not read may be about to lose the last that could take over.
			p.Report(gate.Finding{Code: "standby.member", Decision: gate.Block, Subjects: []string{c.Address},
				Message: fmt.Sprintf("the plan changes all members of global datastore %s at once, and of one of them, %s in %s, nothing is known", t.id, l.Peer, l.Region), Remedy: "find out what became of it, and plan again"})
			continue
		}
		member := t
		member.kind, member.id, member.region, member.of = gate.KindCache, l.Peer, l.Region, t.id
		out = append(out, member)
	}
	return out
}
