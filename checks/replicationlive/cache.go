package replicationlive

import (
	"strings"

	"github.com/holdfast-gate/holdfast/gate"
)

// cache says what a change does to a cache that may be one of a global datastore.
// A node of a group has no peers outside it.
func cache(c gate.Change) []end {
	if !c.Action.Ends() {
		return nil
	}
	kind, id := gate.CacheOf(c)
	e := end{kind: kind, id: id, verb: deletes(c)}
	switch c.Type {
	case "aws_elasticache_replication_group":
		// The provider takes it out by itself, so nothing else stands in the way
		// (aws-semantics 1.2.10).
		e.what, e.sources = "replication group", []string{gate.SourceCaches, gate.SourceGlobalCaches}
		e.harm = only(gate.LinkGlobalCache, "the provider detaches it without asking, and the global datastore is one region short")
	case "aws_elasticache_global_replication_group":
		e.what, e.sources, e.harm = "global datastore", []string{gate.SourceGlobalCaches}, detached
	default:
		return nil
	}
	return []end{e}
}

// detached is what the end of a global datastore does to a member: the primary
// goes on as it was.
func detached(l gate.Link) string {
	if l.Kind != gate.LinkGlobalCache || strings.EqualFold(l.State, gate.GlobalPrimary) {
		return ""
	}
	return "it becomes a cache of its own, and takes writes"
}
