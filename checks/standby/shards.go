package standby

import (
	"fmt"
	"slices"
	"strings"

	"github.com/holdfast-gate/holdfast/gate"
)

// shardIDs are the shards of a store, sorted; none where it has no shards.
func (s *set) shardIDs() []string {
	var out []string
	for _, n := range s.Nodes {
		if n.Shard != "" {
			out = append(out, n.Shard)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// parts are what must keep a standby each: the shards that stay, or the store
// itself where it has none. Nobody in one shard stands by for another.
func (s *set) parts() []*set {
	shards := s.shardIDs()
	if len(shards) == 0 {
		return []*set{s}
	}
	if s.shards > 0 && s.shards < len(shards) {
		shards = shards[:s.shards]
	}
	var out []*set
	for _, shard := range shards {
		part := *s
		part.shard, part.Nodes = shard, slices.DeleteFunc(slices.Clone(s.Nodes), func(n gate.Node) bool { return n.Shard != shard })
		out = append(out, &part)
	}
	return out
}

// name is what a message calls the store, or the part of it.
func (s *set) name() string {
	if s.shard == "" || s.single {
		return s.title()
	}
	return "shard " + s.shard + " of " + s.title()
}

// title is what a message calls the store as a whole; members of a global
// datastore often have one name in all regions.
func (s *set) title() string {
	if s.of == "" {
		return s.ID
	}
	return fmt.Sprintf("%s in %s (of global datastore %s)", s.ID, s.Region, s.of)
}

// resharded says of a plan that takes shards away why it may not. Their keys move
// to those that stay, which takes every node of every shard.
func (s *set) resharded(p *gate.Pass) {
	if s.shards == 0 {
		return
	}
	live := s.shardIDs()
	why := s.unready()
	switch {
	case len(live) != s.hadShards:
		// Which go is said by their number, so with another number others go.
		s.report(p, "standby.shards", fmt.Sprintf("the plan leaves %d of the %d shards that %s had when it was made, and it has %d now: %s", s.shards, s.hadShards, s.title(), len(live), strings.Join(live, ", ")),
			"plan again with a refresh, when nobody else changes it")
	case why != "":
		s.report(p, "standby.notready", fmt.Sprintf("the plan takes %s from %s, whose keys move to the others, and not all of it is ready for that%s", gate.Count(len(live)-s.shards, "shard"), s.title(), why),
			"wait until every standby is ready, and plan again")
	}
}

// unguarded refuses to leave standbys that do not take over by themselves, and to
// restart a primary that none of them takes over from.
func (s *set) unguarded(p *gate.Pass) {
	if !s.replicated() {
		return
	}
	declare := fmt.Sprintf("or declare that nobody need take over (data %q { ids = [%q], standbys = 0 })", s.ID, s.ID)
	for _, what := range s.unguards {
		s.report(p, "standby.unguarded", "the plan switches "+fmt.Sprintf(what, s.title()), "leave it on, "+declare)
	}
	if word, kept := s.Facts[failoverFact]; kept && s.all && word != "enabled" {
		// Whether anybody takes over is not known, or known not to be so.
		s.report(p, "standby.unguarded", fmt.Sprintf("the plan restarts the primary of %s, whose automatic failover is %s, so that no standby takes over by itself", s.title(), word), "switch automatic failover on first, "+declare)
	}
}

// failoverFact says whether a standby of a cache takes over by itself.
const failoverFact = "automatic_failover"

// picked is how many nodes the service takes from a part, in its own choice: what
// it counts, whatever their state, without what is to be left.
func (s *set) picked() int {
	if s.keeps == 0 {
		return 0
	}
	counted := 0
	for _, n := range s.Nodes {
		if n.Phase != gate.Gone {
			counted++
		}
	}
	return max(0, counted-s.keeps)
}

// missing is how many nodes a part lacks of what was recorded.
func (s *set) missing() int {
	if s.shard == "" {
		return 0
	}
	return max(0, s.had-len(s.Nodes))
}
