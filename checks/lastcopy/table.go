package lastcopy

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/holdfast-gate/holdfast/gate"
)

// table says what a change does to a DynamoDB table. Point-in-time recovery goes
// with the table. Of one that had it, DynamoDB makes a copy when it is deleted
// and keeps it 35 days; that one cannot be seen before, so it does not count.
func table(c gate.Change) []loss {
	if c.Type != "aws_dynamodb_table" || !c.Action.Ends() {
		return nil
	}
	l := loss{kind: gate.KindTable, id: cmp.Or(c.Before.String("name"), c.ID), verb: "delete", what: "table",
		sources: []string{gate.SourceTables, gate.SourceTableBackups, gate.SourceRecovery}}
	if c.Action != gate.Delete {
		l.verb = "replace"
	}
	return []loss{l}
}

// replicas says which replicas of a table a change deletes: the table, what the
// plan does, and whether it is about the one in a region. Protection from deletion
// is a matter of each replica (DynamoDB Developer Guide, "Deletion protection").
func replicas(c gate.Change) (id, verb string, in func(region string) bool) {
	id = cmp.Or(c.Before.String("name"), c.ID)
	switch {
	case c.Type == "aws_dynamodb_table" && c.Action.Ends():
		return id, "delete", func(string) bool { return true }
	case c.Type == "aws_dynamodb_table" && c.Action == gate.Update && c.Does("replica"):
		ended, known := gate.ReplicasEnded(c)
		if !known {
			return id, "perhaps delete", func(string) bool { return true }
		}
		return id, "delete", func(region string) bool { _, gone := ended[region]; return gone }
	}
	return "", "", nil
}

func asksOfReplicas(c gate.Change) []gate.Ask {
	id, _, _ := replicas(c)
	if c.Type == "aws_dynamodb_table_replica" && c.Action.Ends() {
		return []gate.Ask{{Source: gate.SourceTables, Region: c.Region, About: []string{tableOf(c)}}}
	}
	if id == "" {
		return nil
	}
	return []gate.Ask{{Source: gate.SourceTables, Region: c.Region, About: []string{id}}, {Source: gate.SourceTableReplicas, Region: c.Region, About: []string{id}}}
}

// tableOf is the name of the table that a replica of its own resource is of.
func tableOf(c gate.Change) string {
	arn := c.Before.String("global_table_arn")
	return arn[strings.LastIndexByte(arn, '/')+1:]
}

// guarded refuses to delete replicas that somebody has protected where they are.
func guarded(p *gate.Pass, c gate.Change) {
	report := func(id, verb, region string) {
		replica, there := p.Snapshot.DataStore(gate.KindTable, region, id)
		if !there || replica.Phase == gate.Gone || replica.Facts["deletion_protection"] != "true" {
			return
		}
		p.Report(gate.Finding{Code: "lastcopy.protected", Decision: gate.Block, Subjects: []string{c.Address}, Message: fmt.Sprintf("the plan would %s the replica of table %s in %s, which is protected from deletion there", verb, id, region),
			Remedy: "have whoever protected it lift the protection in that region, if it is to go"})
	}
	if c.Type == "aws_dynamodb_table_replica" && c.Action.Ends() {
		report(tableOf(c), "delete", c.Region)
		return
	}
	id, verb, in := replicas(c)
	store, _ := p.Snapshot.DataStore(gate.KindTable, c.Region, id)
	for _, l := range store.Links {
		// One whose state nobody knows may be there.
		if l.Kind == gate.LinkReplica && l.Active != gate.No && l.Region != c.Region && in(l.Region) {
			report(id, verb, l.Region)
		}
	}
}
