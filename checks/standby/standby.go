// Package standby holds the check that a database, or another replicated store,
// keeps somebody who can take over. What a change does to such a store is said
// in one file for each family of stores. It does not judge what is deleted as a
// whole: lastcopy and replicationlive do.
package standby

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/holdfast-gate/holdfast/gate"
)

// Check returns the check.
func Check() *gate.Check {
	return &gate.Check{Name: "standby", Plan: true, Asks: asks, May: may(), Run: run, Doc: `a replicated store keeps a standby that is ready to take over

A standby that is missing, being made, behind or not replicating cannot take
over, and one that a plan takes or restarts cannot either. A change that
restarts the primary, or ends it, is a failover onto whoever is ready: with
nobody ready it is an outage. Where a store has standbys, or the config promises
some (data "NAME" { standbys = 1, lag = "1m" }), one must be ready throughout,
in each shard of a cache. Pass by waiting until a standby is ready, by adding one
first, or by declaring standbys = 0. Removing what has failed already is always
allowed.

A global datastore is judged member by member, in every region. A serverless
cache has nobody to wait for, but room to lose: limits that a plan lowers are
refused, for how much is in it is not read.`}
}

// A touch is what one change does to the nodes of one store. At most one of its
// lists names a node.
type touch struct {
	kind, id string   // of the store
	node     string   // id of the node it is about; empty is all of them at once
	ends     bool     // the node leaves the store
	restarts bool     // the node is out for a while
	single   bool     // the node's hidden standby goes
	whole    bool     // the store itself goes
	now      bool     // applied at once, with all that is pending
	later    []string // attributes that restart it in the next maintenance window
	sources  []string // what must be read to judge it
	region   string   // where the store is
	of       string   // the global datastore that it is a member of, where that is what is changed

	refused   []refusal
	rolling   bool     // what restarts all of it does so one node after the other
	keeps     int      // nodes that each shard keeps, the service picks which go; zero is all
	shards    int      // shards that it keeps, those with the lowest ids; zero is all
	had       int      // nodes that each shard had as recorded; zero is not known
	hadShards int      // shards that it had as recorded, where some go
	unguards  []string // what is switched off that lets a standby take over, as clauses with a gap for the store
}

// A refusal is what is wrong with an update whatever the nodes are like; message
// has a gap for the store.
type refusal struct{ code, message, remedy string }

// families say of one change what it touches: one file each.
func families() []func(gate.Change) []touch {
	return []func(gate.Change) []touch{database, cache}
}

func touches(c gate.Change) []touch {
	if c.Action == gate.NoOp || c.Action == gate.Read || c.Action == gate.Forget {
		return nil
	}
	var out []touch
	for _, family := range families() {
		out = append(out, family(c)...)
	}
	return out
}

// may are the sources of all families.
func may() []string {
	return []string{gate.SourceDatabases, gate.SourceDBClusters, gate.SourceLag, gate.SourceCaches, gate.SourceCacheClusters, gate.SourceCacheLag,
		gate.SourceGlobalCaches, gate.SourceServerless}
}

func asks(p *gate.Plan) []gate.Ask {
	var out []gate.Ask
	for _, c := range p.Changes {
		for _, t := range touches(c) {
			for _, s := range t.sources {
				out = append(out, gate.Ask{Source: s, Region: c.Region, About: []string{t.id}})
			}
		}
	}
	return out
}

// A set is one replicated store, and all that the plan does to it at once.
type set struct {
	gate.DataStore
	addresses []string
	taken     map[string]bool // nodes that leave it
	restarted map[string]bool
	all       bool // it is restarted as a whole
	whole     bool // it goes as a whole
	now       bool // something is applied at once
	later     []string
	promise   gate.DataPromise

	rolling   bool
	refused   []refusal
	of        string // the global datastore that it is judged as a member of
	keeps     int
	had       int
	shards    int
	hadShards int
	unguards  []string
	single    bool   // it has one shard
	shard     string // of a part; empty is all of it
}

func run(p *gate.Pass) error {
	for _, s := range sets(p) {
		if !s.whole {
			s.judge(p)
		}
	}
	return nil
}

// sets gathers what the plan does by store; a replica is part of its source.
func sets(p *gate.Pass) []*set {
	var out []*set
	for _, c := range p.Plan.Changes {
		var all []touch
		for _, t := range touches(c) {
			all = append(all, spread(p, c, t)...)
		}
		for _, t := range all {
			store, there := p.Snapshot.DataStore(t.kind, t.region, t.id)
			if !there {
				continue // gone already, or not made yet
			}
			store = source(p.Snapshot, store)
			i := slices.IndexFunc(out, func(s *set) bool { return s.Kind == store.Kind && s.Region == store.Region && s.ID == store.ID })
			if i < 0 {
				out = append(out, &set{DataStore: store, taken: map[string]bool{}, restarted: map[string]bool{}, promise: p.Config.Promise(store.ID, c.Address)})
				i = len(out) - 1
			}
			if promise := p.Config.Promise(store.ID, c.Address); out[i].promise.Name == "" {
				out[i].promise = promise
			}
			out[i].add(c, t)
		}
	}
	return out
}

// source is the store that a replica replicates, or the store itself.
func source(s *gate.Snapshot, store gate.DataStore) gate.DataStore {
	for _, l := range store.Links {
		if l.Kind == gate.LinkReadReplica && l.To == "store" {
			if up, there := s.DataStore(store.Kind, store.Region, l.Name()); there && slices.ContainsFunc(up.Nodes, func(n gate.Node) bool { return n.ID == store.ID }) {
				return up
			}
		}
	}
	return store
}

func (s *set) add(c gate.Change, t touch) {
	if !slices.Contains(s.addresses, c.Address) {
		s.addresses = append(s.addresses, c.Address)
	}
	s.resize(t)
	if s.of == "" {
		s.of = t.of
	}
	s.refused = append(s.refused, t.refused...)
	s.whole = s.whole || t.whole && t.id == s.ID
	s.now = s.now || t.now
	s.later = append(s.later, t.later...)
	if t.node == "" {
		s.all = s.all || t.restarts || t.now && s.pendingRestarts()
		return
	}
	for _, n := range s.Nodes {
		mine := n.ID == t.node
		hidden := n.Role == "standby" && n.ID == gate.HiddenStandby(t.node)
		s.taken[n.ID] = s.taken[n.ID] || mine && t.ends || hidden && (t.ends || t.single)
		s.restarted[n.ID] = s.restarted[n.ID] || mine && (t.restarts || t.now && s.pendingRestarts())
	}
}

// resize takes in what a change does to the store as a whole.
func (s *set) resize(t touch) {
	least := func(a, b int) int {
		if a == 0 || b == 0 {
			return max(a, b)
		}
		return min(a, b)
	}
	s.keeps, s.shards = least(s.keeps, t.keeps), least(s.shards, t.shards)
	s.had, s.hadShards = max(s.had, t.had), max(s.hadShards, t.hadShards)
	s.rolling = s.rolling || t.rolling
	s.unguards = append(s.unguards, t.unguards...)
}

// judge says what is wrong with a plan that does this to the store.
func (s *set) judge(p *gate.Pass) {
	s.moving(p)
	s.pending(p)
	for _, r := range s.refused {
		s.report(p, r.code, fmt.Sprintf(r.message, s.ID), r.remedy)
	}
	s.resharded(p)
	s.unguarded(p)
	parts := s.parts()
	for _, part := range parts {
		part.single = len(parts) == 1
		part.judgePart(p)
	}
	s.warn(p)
}

// judgePart says what is wrong with what the plan leaves of one part.
func (s *set) judgePart(p *gate.Pass) {
	lost, left := s.counts()
	switch primary, known := s.primary(); {
	case s.serving(func(gate.Node) bool { return true }) > 0 && s.serving(func(n gate.Node) bool { return !s.taken[n.ID] }) == 0:
		s.report(p, "standby.emptied", fmt.Sprintf("%s would keep 0 of %s serving: the plan takes %s%s", s.name(), gate.Count(len(s.Nodes), "node"), s.names(s.taken), s.unready()),
			"leave one that serves, and plan again")
	case known && s.out(primary) && s.need() > left && s.replicated():
		s.report(p, "standby.notready", fmt.Sprintf("the plan %s the primary of %s, %s, and %s of its %s would be ready to take over, with %d needed%s", s.does(primary), s.name(), primary.ID, fmt.Sprint(left), gate.Count(len(s.rest()), "standby"), s.need(), s.unready()),
			"wait until a standby is ready, or add one first, and plan again")
	case s.all && (s.unready() != "" || left < s.need()):
		s.report(p, "standby.notready", fmt.Sprintf("the plan restarts all of %s %s, and not all of it is ready for that%s", s.name(), s.pace(), cmp.Or(s.unready(), fmt.Sprintf("; it also takes %s, and %d of the %d needed would be ready to take over", s.victims(), left, s.need()))),
			"wait until every standby is ready, and plan again")
	case known && !s.out(primary) && !well(primary) && lost > 0 && left == 0:
		s.report(p, "standby.rescue", fmt.Sprintf("the primary of %s, %s, is %s, and the plan takes or restarts %s, the last that could take over", s.name(), primary.ID, word(primary), s.victims()),
			"fail over first, or wait until the primary is well, and plan again")
	case lost > 0 && left < s.need():
		s.report(p, "standby.lost", fmt.Sprintf("%s would keep %s of its %s ready to take over, it needs %d: the plan takes or restarts %s%s", s.name(), fmt.Sprint(left), gate.Count(len(s.rest()), "standby"), s.need(), s.victims(), s.unready()),
			fmt.Sprintf("add a standby and wait until it is ready first, or promise fewer (data %q { ids = [%q], standbys = 0 })", s.ID, s.ID))
	}
}

// warn says of a plan that is let through what it does all the same.
func (s *set) warn(p *gate.Pass) {
	if s.all {
		p.Report(gate.Finding{Code: "standby.restart", Decision: gate.Warn, Subjects: slices.Clone(s.addresses), Message: fmt.Sprintf("the plan restarts all %s of %s %s", gate.Count(len(s.Nodes), "node"), s.title(), s.pace()),
			Remedy: "do it when it may be out for a minute"})
	}
	if len(s.later) > 0 {
		slices.Sort(s.later)
		p.Report(gate.Finding{Code: "standby.later", Decision: gate.Warn, Subjects: s.addresses, Message: fmt.Sprintf("%s restarts %s in its next maintenance window, with whoever is ready then", strings.Join(slices.Compact(s.later), ", "), s.title()),
			Remedy: "look at its standbys before the window"})
	}
}

func (s *set) report(p *gate.Pass, code, message, remedy string) {
	var evidence []gate.Evidence
	for _, n := range s.Nodes {
		for _, o := range n.Observed {
			evidence = append(evidence, gate.Evidence{Source: o.Source, Ref: n.ID, Field: o.Field, Got: o.Raw, Since: o.Since})
		}
	}
	p.Report(gate.Finding{Code: code, Decision: gate.Block, Subjects: slices.Clone(s.addresses), Evidence: evidence, Message: message, Remedy: remedy})
}

// primary is the node that takes writes; false where it is not known which.
func (s *set) primary() (gate.Node, bool) {
	i := slices.IndexFunc(s.Nodes, func(n gate.Node) bool { return n.Role == "writer" || n.Role == "primary" })
	if i < 0 {
		return gate.Node{}, false
	}
	return s.Nodes[i], true
}

// rest are the nodes that stand by.
func (s *set) rest() []gate.Node {
	return slices.DeleteFunc(slices.Clone(s.Nodes), func(n gate.Node) bool { return n.Role == "writer" || n.Role == "primary" })
}

// need is how many standbys must be ready throughout: as promised, else one
// where there are any.
func (s *set) need() int {
	if s.promise.Standbys != nil {
		return *s.promise.Standbys
	}
	return min(1, len(s.rest()))
}

// replicated reports whether anybody is meant to take over.
func (s *set) replicated() bool { return s.need() > 0 }

// counts is how many standbys the plan takes or restarts, without the broken,
// and how many are ready now and left alone.
func (s *set) counts() (lost, left int) {
	for _, n := range s.rest() {
		switch {
		case s.out(n):
			if n.Phase != gate.Failed && n.Phase != gate.Gone && n.Phase != gate.Leaving {
				lost++
			}
		case s.ready(n) == "":
			left++
		}
	}
	// Of those that the service picks, every one may be ready now.
	k := s.picked()
	return lost + k, max(0, left-k)
}

// victims names whom the plan takes or restarts, and how many that it does not
// name.
func (s *set) victims() string {
	var out []string
	if names := s.names(s.either()); names != "" {
		out = append(out, names)
	}
	if k := s.picked(); k > 0 {
		out = append(out, gate.Count(k, "standby")+" that AWS picks")
	}
	return strings.Join(out, " and ")
}

// ready says why a standby could not take over now, empty if it could.
func (s *set) ready(n gate.Node) string {
	switch {
	case !well(n):
		return n.ID + " is " + word(n)
	case n.Role == "":
		// Nobody says which of them takes the writes.
		return "whether " + n.ID + " is the primary is not known"
	case n.Lag == nil:
		// A standby whose lag nobody knows may lack hours.
		return "how far " + n.ID + " is behind is not known"
	case *n.Lag < 0:
		return n.ID + " does not replicate"
	case *n.Lag > s.promise.Lag:
		return fmt.Sprintf("%s is %s behind, with %s allowed", n.ID, gate.Span(*n.Lag), gate.Span(s.promise.Lag))
	}
	return ""
}

// unready says of the standbys that are left alone why they are not ready, as a
// further clause.
func (s *set) unready() string {
	var why []string
	if n := s.missing(); n > 0 {
		why = append(why, fmt.Sprintf("%d of the %s that it had %s missing", n, gate.Count(s.had, "node"), map[bool]string{true: "is", false: "are"}[n == 1]))
	}
	for _, n := range s.rest() {
		if reason := s.ready(n); reason != "" && !s.taken[n.ID] {
			why = append(why, reason)
		}
	}
	if len(why) == 0 {
		return ""
	}
	return "; " + strings.Join(why, ", ")
}

// pace is how all of a store is restarted.
func (s *set) pace() string {
	if s.rolling && len(s.Nodes) > 1 {
		return "one after the other"
	}
	return "at once"
}

func (s *set) out(n gate.Node) bool { return s.taken[n.ID] || s.restarted[n.ID] }

func (s *set) does(n gate.Node) string {
	if s.taken[n.ID] {
		return "ends"
	}
	return "restarts"
}

func (s *set) either() map[string]bool {
	out := map[string]bool{}
	for _, n := range s.rest() {
		out[n.ID] = s.out(n)
	}
	return out
}

func (s *set) names(which map[string]bool) string {
	var out []string
	for _, n := range s.Nodes {
		if which[n.ID] {
			out = append(out, n.ID)
		}
	}
	return strings.Join(out, ", ")
}

func (s *set) serving(of func(gate.Node) bool) int {
	count := 0
	for _, n := range s.Nodes {
		// A hidden standby answers nobody.
		if of(n) && well(n) && n.Role != "standby" {
			count++
		}
	}
	return count
}

// well reports whether a node serves and nothing moves it but what disturbs
// nobody.
func well(n gate.Node) bool {
	return n.Serving == gate.ServingYes && (n.Phase == gate.Steady || n.Phase == gate.Changing && calm(n.Observed))
}

// calm reports whether every movement that was observed is on the list of those
// that disturb nobody (aws-semantics 0.3).
func calm(observed []gate.Observation) bool {
	for _, o := range observed {
		if o.Opinion && o.Phase.Transitional() && !o.Benign {
			return false
		}
	}
	return true
}

// moving refuses to touch a store while it, or a node that the plan leaves
// there, is on the move.
func (s *set) moving(p *gate.Pass) {
	var what []string
	if s.Phase.Transitional() && !calm(s.Observed) {
		what = append(what, s.title()+" is "+phrase(s.Observed, s.Phase))
	}
	for _, n := range s.Nodes {
		if n.Phase.Transitional() && !calm(n.Observed) && !s.taken[n.ID] {
			what = append(what, n.ID+" is "+word(n))
		}
	}
	slices.Sort(what)
	if what = slices.Compact(what); len(what) > 0 && len(s.addresses) > 0 {
		s.report(p, "standby.moving", fmt.Sprintf("%s is moving, and the plan changes it: %s", s.title(), strings.Join(what, ", ")), "wait until it is at rest, then plan again")
	}
}

func word(n gate.Node) string { return phrase(n.Observed, n.Phase) }

// phrase is a source's own word for a phase.
func phrase(observed []gate.Observation, phase gate.Phase) string {
	for _, o := range observed {
		if o.Opinion && o.Phase == phase {
			return o.Raw
		}
	}
	return phase.String()
}
