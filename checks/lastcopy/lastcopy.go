// Package lastcopy holds the check that no store is destroyed together with the
// last fresh copy of what it holds. Which change of which resource destroys a
// store is said in one file for each family of stores.
package lastcopy

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/holdfast-gate/holdfast/gate"
)

// Check returns the check.
func Check() *gate.Check {
	return &gate.Check{Name: "lastcopy", Plan: true, Asks: asks, May: may(), Run: run, Doc: `no store is destroyed without a fresh copy that outlives it

Automated backups go with their store, and point-in-time recovery with them; a
final snapshot is skipped where the configuration says so. What counts is a
complete copy outside the store's own fate, not older than backup_age, or a
final snapshot that the plan makes. A store that somebody has protected from
deletion, or that is another one than Terraform recorded, is not destroyed at
all. Pass by making a snapshot by hand and planning again.

A bucket has no snapshot: one that force_destroy would empty is destroyed only if
nothing is in it. Where a data block says that its backups lie in another bucket,
the replication to there does not end, and does not begin to carry deletions.`}
}

// A loss is a change after which a store is gone, or was put at risk.
type loss struct {
	kind, id string
	verb     string   // what the plan does, "delete"
	what     string   // what it is, "database"
	sources  []string // what must be read to know its copies
	identity string   // by which the plan knows it; empty where it knows none
	final    string   // id of the copy that the plan makes first; empty: none
	because  string   // why the copies that go with it are no help, as a clause; may be empty
	replaced string   // code where the store itself goes on; empty where it does not
	remedy   string   // what to do where no copy can be made; empty: make one
}

// families say of one change which stores it destroys: one file each.
func families() []func(gate.Change) []loss {
	return []func(gate.Change) []loss{database, table, volume, cache}
}

func losses(c gate.Change) []loss {
	var out []loss
	for _, family := range families() {
		out = append(out, family(c)...)
	}
	return out
}

// may are the sources of all families.
func may() []string {
	return []string{
		gate.SourceDatabases, gate.SourceDBSnapshots, gate.SourceDBClusters, gate.SourceClusterSnapshots,
		gate.SourceTables, gate.SourceTableReplicas, gate.SourceTableBackups, gate.SourceRecovery, gate.SourceVolumes, gate.SourceSnapshots,
		gate.SourceCaches, gate.SourceCacheClusters, gate.SourceCacheSnapshots, gate.SourceServerless, gate.SourceServerlessSnapshots, gate.SourceObjects, gate.SourceVersions, gate.SourceStorage,
	}
}

func asks(p *gate.Plan) []gate.Ask {
	var out []gate.Ask
	for _, c := range p.Changes {
		for _, l := range losses(c) {
			for _, s := range l.sources {
				out = append(out, gate.Ask{Source: s, Region: c.Region, About: []string{l.id}})
			}
		}
		out = append(out, asksOfReplicas(c)...)
		out = append(out, asksOfBucket(c)...)
	}
	return out
}

func run(p *gate.Pass) error {
	for _, c := range p.Plan.Changes {
		for _, l := range losses(c) {
			judge(p, c, l)
		}
		guarded(p, c)
		emptied(p, c)
		unfed(p, c)
	}
	for _, c := range p.Plan.Drift {
		adopted(p, c)
	}
	return nil
}

func judge(p *gate.Pass, c gate.Change, l loss) {
	store, there := p.Snapshot.DataStore(l.kind, c.Region, l.id)
	// What is gone already has nothing left to lose.
	if !there || store.Phase == gate.Gone {
		return
	}
	finding := func(code, message, remedy string) {
		p.Report(gate.Finding{Code: code, Decision: gate.Block, Subjects: []string{c.Address}, Evidence: evidence(store), Message: message, Remedy: remedy})
	}
	if l.identity != "" && store.Identity != "" && l.identity != store.Identity {
		finding("lastcopy.identity", fmt.Sprintf("the plan would %s %s %s, and that is another one than Terraform recorded: %s then, %s now", l.verb, l.what, l.id, l.identity, store.Identity),
			"find out who made it anew, import it or take the old one out of the state, and plan again")
		return
	}
	if l.replaced == "" && store.Facts["deletion_protection"] == "true" {
		// The provider switches a protection off that is not in its own state
		// (aws-semantics 1.2.8).
		finding("lastcopy.protected", fmt.Sprintf("the plan would %s %s %s, which is protected from deletion, and the provider may switch that off itself", l.verb, l.what, l.id),
			"have whoever protected it lift the protection, if it is to go")
		return
	}
	if elsewhere(p, store) {
		return
	}
	limit := p.Config.Promise(l.id, c.Address).BackupAge
	newest := outlives(store)
	if final(store, l) {
		return
	}
	if fresh(p.Now, newest, limit) {
		if also := ended(p.Plan); len(also) > 0 {
			// Which copy each of them is the plan does not say here, so it may be this one.
			finding("lastcopy.doomed", fmt.Sprintf("the plan would %s %s %s, and it also deletes %s, which may be the copy that is to outlive it, %s", l.verb, l.what, l.id, strings.Join(also, " and "), newest.ID),
				"delete copies in a plan of their own, after the store")
		}
		return
	}
	if l.final != "" {
		l.because = fmt.Sprintf(" and make the final snapshot %s, which cannot be made of what is %s, or is there already", l.final, word(store))
	}
	finding(cmp.Or(l.replaced, "lastcopy.none"), fmt.Sprintf("the plan would %s %s %s%s, and %s", l.verb, l.what, l.id, l.because, left(p.Now, store, newest, limit)),
		cmp.Or(l.remedy, "make a snapshot of it by hand, wait until it is complete, and plan again"))
}

// ended are the copies, and what keeps copies, that the plan deletes, sorted.
func ended(plan *gate.Plan) []string {
	keepers := []string{"aws_db_snapshot", "aws_db_cluster_snapshot", "aws_docdb_cluster_snapshot", "aws_neptune_cluster_snapshot", "aws_elasticache_snapshot", "aws_memorydb_snapshot",
		"aws_ebs_snapshot", "aws_backup_vault", "aws_backup_plan"}
	var out []string
	for _, c := range plan.Changes {
		if slices.Contains(keepers, c.Type) && c.Action.Ends() {
			out = append(out, c.Address)
		}
	}
	slices.Sort(out)
	return out
}

// elsewhere reports whether the data is in another store that the plan leaves
// alone: the source of a replica.
func elsewhere(p *gate.Pass, store gate.DataStore) bool {
	return slices.ContainsFunc(store.Links, func(l gate.Link) bool {
		if l.Kind != gate.LinkReadReplica || l.To != "store" || l.Active != gate.Yes {
			return false
		}
		return !slices.ContainsFunc(p.Plan.Changes, func(c gate.Change) bool {
			return slices.ContainsFunc(losses(c), func(o loss) bool { return o.replaced == "" && o.id == l.Name() })
		})
	})
}

// word is what the source says of a store's state.
func word(store gate.DataStore) string {
	for _, o := range store.Observed {
		if o.Opinion && o.Phase == store.Phase {
			return o.Raw
		}
	}
	return store.Phase.String()
}

// outlives is the newest complete copy that outlives its store; the zero Copy if
// there is none.
func outlives(store gate.DataStore) gate.Copy {
	for _, b := range store.Copies {
		if b.Survives == gate.Yes && b.Usable == gate.Yes {
			return b
		}
	}
	return gate.Copy{}
}

// fresh reports whether a copy is not older than the limit. One from the future,
// or of a time that is not known, is not.
func fresh(now time.Time, b gate.Copy, limit time.Duration) bool {
	age := now.Sub(b.At)
	return !b.At.IsZero() && age >= -time.Minute && age <= limit
}

// final reports whether the plan makes a last copy that can be made: none of
// that name is there yet, and the store is one that can be copied.
func final(store gate.DataStore, l loss) bool {
	taken := slices.ContainsFunc(store.Copies, func(b gate.Copy) bool { return b.ID == l.final })
	return l.final != "" && !taken && (store.Phase == gate.Steady || store.Phase == gate.Changing)
}

// left says what copies there are and why they are not enough.
func left(now time.Time, store gate.DataStore, newest gate.Copy, limit time.Duration) string {
	var with int
	for _, b := range store.Copies {
		if b.Survives != gate.Yes {
			with++
		}
	}
	words := []string{"no copy of it outlives it"}
	if newest.ID != "" {
		words[0] = fmt.Sprintf("the newest copy that outlives it, %s, is %s old, with %s allowed", newest.ID, gate.Span(now.Sub(newest.At)), gate.Span(limit))
		if ahead := newest.At.Sub(now); ahead > 0 {
			words[0] = fmt.Sprintf("the newest copy that outlives it, %s, is of %s from now, by this machine's clock", newest.ID, gate.Span(ahead))
		}
		if newest.At.IsZero() {
			words[0] = fmt.Sprintf("when the newest copy that outlives it, %s, was made is not known", newest.ID)
		}
	}
	if with > 0 {
		words = append(words, "with it "+map[bool]string{true: "goes", false: "go"}[with == 1]+" "+gate.Count(with, "backup"))
	}
	return strings.Join(words, "; ")
}

func evidence(store gate.DataStore) []gate.Evidence {
	var out []gate.Evidence
	for _, b := range store.Copies {
		out = append(out, gate.Evidence{Source: b.Kind, Ref: b.ID, Field: "state", Got: b.State, Since: b.At})
	}
	return out
}
