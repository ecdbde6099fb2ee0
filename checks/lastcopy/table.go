package lastcopy

import (
	"cmp"

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
