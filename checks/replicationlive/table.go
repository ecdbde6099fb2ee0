package replicationlive

import (
	"cmp"
	"fmt"

	"github.com/holdfast-gate/holdfast/gate"
)

// table says what a change does to a DynamoDB table that may have peers.
func table(c gate.Change) []end {
	switch c.Type {
	case "aws_dynamodb_table":
		return ofTable(c)
	case "aws_dynamodb_table_replica":
		if c.Action.Ends() {
			return []end{{kind: gate.KindTable, id: lastField(c.Before.String("global_table_arn"), '/'), verb: deletes(c), what: "the replica in " + c.Region + " of table", sources: []string{gate.SourceTables}, spare: 1,
				harm: only(gate.LinkReplica, "it is one copy less")}}
		}
	case "aws_dynamodb_global_table":
		if c.Action.Ends() || (c.Action == gate.Update && c.Does("replica")) {
			return []end{{kind: gate.KindTable, id: cmp.Or(c.Before.String("name"), c.ID), verb: "take apart", what: "global table", sources: []string{gate.SourceTables}, harm: replicaOf}}
		}
	}
	return nil
}

func ofTable(c gate.Change) []end {
	e := end{kind: gate.KindTable, id: cmp.Or(c.Before.String("name"), c.ID), what: "table"}
	if c.Action.Ends() {
		e.verb, e.harm, e.tally, e.sources = deletes(c), deleted, tally, carriers()
		return []end{e}
	}
	if c.Action != gate.Update {
		return nil
	}
	var out []end
	if gone := replicasEnded(c); gone != nil {
		out = append(out, end{kind: e.kind, id: e.id, verb: "delete replicas of", what: e.what, sources: []string{gate.SourceTables}, harm: gone})
	}
	if c.Does("stream_enabled", "stream_view_type") {
		out = append(out, end{kind: e.kind, id: e.id, verb: "close the stream of", what: e.what, harm: streamClosed, sources: []string{gate.SourceTables, gate.SourceMappings, gate.SourcePipes}})
	}
	if expires(c) {
		out = append(out, end{kind: e.kind, id: e.id, verb: "let items expire from", what: e.what, harm: emptied, sources: carriers()})
	}
	return out
}

// carriers are all that can carry changes to or from a table.
func carriers() []string {
	return append([]string{gate.SourceTables, gate.SourceTableStreams, gate.SourceMappings, gate.SourcePipes}, hostCarriers()...)
}

// deleted is what the end of a table does to a peer. The provider deletes the
// replicas first, those made in the console too (aws-semantics 1.2.14).
func deleted(l gate.Link) string {
	switch l.Kind {
	case gate.LinkReplica:
		return replicaOf(l)
	case gate.LinkMapping, gate.LinkPipe, gate.LinkKinesis:
		return "it takes what is still in the stream, and then nothing more"
	}
	return "it reads or writes a table that is gone"
}

func replicaOf(l gate.Link) string {
	if l.Kind != gate.LinkReplica {
		return ""
	}
	return "the replica goes with all its items"
}

func only(kind, harm string) func(gate.Link) string {
	return func(l gate.Link) string {
		if l.Kind != kind {
			return ""
		}
		return harm
	}
}

func tally(store gate.DataStore) string {
	regions := map[string]bool{store.Region: true}
	for _, l := range store.Links {
		if l.Kind == gate.LinkReplica && l.Active != gate.No {
			regions[l.Region] = true
		}
	}
	if len(regions) == 1 {
		return ""
	}
	return fmt.Sprintf("; in all that deletes %d tables in %d regions", len(regions), len(regions))
}

// streamClosed: the provider disables the stream and enables another, with
// another ARN that nobody reads.
func streamClosed(l gate.Link) string {
	if l.Kind != gate.LinkMapping && l.Kind != gate.LinkPipe {
		return ""
	}
	return "it goes on reading the old stream, into which nothing comes any more"
}

// emptied is what the expiry of items does to whoever gets the table's
// changes. The replicas of a global table are the same table: there it is what
// was asked for.
func emptied(l gate.Link) string {
	if l.Kind == gate.LinkReplica || l.To == "store" {
		return ""
	}
	return "every item that expires reaches it as a deletion"
}

// expires reports whether an update begins to delete items by a time that they
// carry, or may.
func expires(c gate.Change) bool {
	if !c.Does("ttl") {
		return false
	}
	if c.Hides("ttl") {
		// What will be known only at apply, or is hidden, may be anything.
		return true
	}
	after := c.After.Block("ttl")
	if on, _ := after["enabled"].(bool); !on {
		return false
	}
	before := c.Before.Block("ttl")
	was, _ := before["enabled"].(bool)
	return !was || before.String("attribute_name") != after.String("attribute_name")
}

// replicasEnded says which replicas an update deletes. One that is dropped while
// another stays as it was leaves the data where it was twice.
func replicasEnded(c gate.Change) func(gate.Link) string {
	ended, known := gate.ReplicasEnded(c)
	if !known {
		return replicaOf
	}
	// With a spare one nothing is lost.
	if len(ended) == 0 || len(ended) < len(gate.Replicas(c.Before)) {
		return nil
	}
	return func(l gate.Link) string {
		anew, gone := ended[l.Region]
		switch {
		case l.Kind != gate.LinkReplica || !gone:
			return ""
		case anew:
			return "the replica is deleted and made anew"
		}
		return "the replica goes with all its items"
	}
}

func lastField(s string, by byte) string {
	for i := len(s) - 1; i >= 0; i-- {
		if s[i] == by {
			return s[i+1:]
		}
	}
	return s
}
