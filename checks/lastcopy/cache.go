package lastcopy

import "github.com/holdfast-gate/holdfast/gate"

// cache says what a change does to a cache. That of a node of a group takes
// nothing the group has not, and a global datastore leaves its primary with all
// its data. Of a serverless cache the provider never makes a final snapshot.
func cache(c gate.Change) []loss {
	kind, id := gate.CacheOf(c)
	l := loss{kind: kind, id: id, what: "replication group", verb: "delete", sources: []string{gate.SourceCaches, gate.SourceCacheSnapshots}}
	switch {
	case !c.Action.Ends() || kind == "" || kind == gate.KindGlobalCache || kind == gate.KindCache && c.Type == "aws_elasticache_cluster":
		return nil
	case kind == gate.KindCacheCluster:
		l.what, l.sources = "cache cluster", []string{gate.SourceCacheClusters, gate.SourceCacheSnapshots}
	case kind == gate.KindServerless:
		l.what, l.sources = "serverless cache", []string{gate.SourceServerless, gate.SourceServerlessSnapshots}
	}
	if c.Action != gate.Delete {
		l.verb = "replace"
	}
	if l.final = c.Before.String("final_snapshot_identifier"); l.final == "" {
		l.because = " without a final snapshot"
	}
	if c.Before.String("engine") == "memcached" && kind != gate.KindServerless {
		// A change of its node type replaces it, and then it is empty (aws-semantics
		// 1.2.10).
		l.sources, l.final = []string{gate.SourceCacheClusters}, ""
		l.because = ", of which no copy can be made (Memcached)"
		l.remedy = "fill another one first, and let this one go when nobody reads it (holdfast --override lastcopy.none)"
	}
	return []loss{l}
}
