// Package replicationlive holds the check that no store is taken away while
// changes still flow between it and another. Which change of which resource
// takes a store away is said in one file for each family of stores.
package replicationlive

import (
	"fmt"
	"slices"
	"strings"

	"github.com/holdfast-gate/holdfast/gate"
)

// Check returns the check.
func Check() *gate.Check {
	return &gate.Check{Name: "replicationlive", Plan: true, Asks: asks, May: may(), Run: run, Doc: `no store is deleted, replaced, emptied or promoted while it still replicates

What happens to a store is carried on by whatever replicates it: the deletions
of a cleanup reach the new store, a table takes its replicas with it, a promoted
replica parts from its source. Pass by ending the replication first, by itself,
and planning again when it is over. To end it in the same plan is not enough:
Terraform orders only what one resource says of another, and what has been read
from the old store is still delivered.`}
}

// An end is a change after which a store is no longer what its peers take it
// for.
type end struct {
	kind, id string                      // of the store, as Snapshot.DataStore knows it
	verb     string                      // what the plan does, "delete"
	what     string                      // what it is, "table"
	sources  []string                    // what must be read to know with whom it replicates
	harm     func(gate.Link) string      // what it does to the other end of a link, as a clause; empty: nothing; nil: that every link breaks off
	spare    int                         // this many harmed links that flow are few; with more, one less is no harm
	tally    func(gate.DataStore) string // what the harm adds up to, as a further clause; nil: nothing
}

// families say of one change which stores it ends: one file each.
func families() []func(gate.Change) []end {
	return []func(gate.Change) []end{table, database, cache, bucket}
}

func ends(c gate.Change) []end {
	var out []end
	for _, family := range families() {
		out = append(out, family(c)...)
	}
	return out
}

// may are the sources of all families.
func may() []string {
	return []string{
		gate.SourceDatabases, gate.SourceDBClusters, gate.SourceGlobalDatabases, gate.SourceBlueGreen,
		gate.SourceEndpoints, gate.SourceTasks, gate.SourceReplications, gate.SourceReplicationConfigs,
		gate.SourceTables, gate.SourceTableStreams, gate.SourceMappings, gate.SourcePipes,
		gate.SourceCaches, gate.SourceGlobalCaches, gate.SourceReplicas, gate.SourceBuckets,
	}
}

func asks(p *gate.Plan) []gate.Ask {
	var out []gate.Ask
	for _, c := range p.Changes {
		for _, e := range ends(c) {
			for _, s := range e.sources {
				out = append(out, gate.Ask{Source: s, Region: c.Region, About: []string{e.id}})
			}
		}
	}
	return out
}

func run(p *gate.Pass) error {
	for _, c := range p.Plan.Changes {
		for _, e := range ends(c) {
			judge(p, c, e)
		}
	}
	return nil
}

// judge looks at every link of one store. A store that is not there has none.
func judge(p *gate.Pass, c gate.Change, e end) {
	store, there := p.Snapshot.DataStore(e.kind, c.Region, e.id)
	if !there {
		return
	}
	var live []string
	var evidence []gate.Evidence
	sure := false
	for _, l := range store.Links {
		harm := "the link breaks off"
		if e.harm != nil {
			harm = e.harm(l)
		}
		if l.Active == gate.No || harm == "" {
			continue
		}
		// Whether changes flow is not known, so they may.
		sure = sure || l.Active == gate.Yes
		live = append(live, describe(l)+": "+harm)
		evidence = append(evidence, gate.Evidence{Source: l.Kind, Ref: l.Peer, Field: "state", Got: l.State})
	}
	if len(live) == 0 || (e.spare > 0 && len(live) > e.spare) {
		return
	}
	f := gate.Finding{Code: "replicationlive.active", Decision: gate.Block, Subjects: []string{c.Address}, Evidence: evidence, Remedy: "end the replication by itself, wait until it is over, and plan again",
		Message: fmt.Sprintf("the plan would %s %s %s, which still replicates: %s", e.verb, e.what, e.id, strings.Join(live, "; "))}
	if !sure {
		f.Code = "replicationlive.unsure"
		f.Message = fmt.Sprintf("the plan would %s %s %s, and whether it still replicates cannot be told: %s", e.verb, e.what, e.id, strings.Join(live, "; "))
		f.Remedy = "look at what is named, end it or make it readable, and plan again"
	}
	if e.tally != nil {
		f.Message += e.tally(store)
	}
	if also := quits(p.Plan); len(also) > 0 {
		f.Message += fmt.Sprintf("; that the plan also changes %s does not help, for nothing says that it is over before", strings.Join(also, " and "))
	}
	p.Report(f)
}

func describe(l gate.Link) string {
	at := l.Peer
	if l.Region != "" {
		at += " in " + l.Region
	}
	words := []string{l.Kind}
	if l.State != "" {
		words = append(words, l.State)
	}
	if l.Detail != "" {
		words = append(words, l.Detail)
	}
	way := map[string]string{"peer": "to ", "store": "from "}[l.To]
	if way == "" {
		// One whose direction is not known may go both ways.
		way = "with "
	}
	return fmt.Sprintf("%s%s (%s)", way, at, strings.Join(words, ", "))
}

// quits are the changes of a plan that may be meant to end a replication,
// sorted.
func quits(p *gate.Plan) []string {
	carriers := []string{"aws_lambda_event_source_mapping", "aws_pipes_pipe", "aws_dynamodb_kinesis_streaming_destination",
		"aws_dms_replication_task", "aws_dms_replication_config", "aws_s3_bucket_replication_configuration"}
	var out []string
	for _, c := range p.Changes {
		if slices.Contains(carriers, c.Type) && (c.Action.Ends() || c.Action == gate.Update) {
			out = append(out, c.Address)
		}
	}
	slices.Sort(out)
	return out
}

// deletes is the verb for a change that ends its object.
func deletes(c gate.Change) string {
	if c.Action == gate.Delete {
		return "delete"
	}
	return "replace"
}
