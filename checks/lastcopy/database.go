package lastcopy

import (
	"fmt"
	"slices"

	"github.com/holdfast-gate/holdfast/gate"
)

// database says what a change does to a database.
func database(c gate.Change) []loss {
	kind, id := gate.DatabaseOf(c)
	l := loss{kind: kind, id: id, what: "database", verb: "delete"}
	switch c.Type {
	case "aws_db_instance":
		l.sources, l.identity = []string{gate.SourceDatabases, gate.SourceDBSnapshots}, c.Before.String("resource_id")
	case "aws_rds_cluster":
		l.what, l.sources, l.identity = "database cluster", []string{gate.SourceDBClusters, gate.SourceDatabases, gate.SourceClusterSnapshots}, c.Before.String("cluster_resource_id")
	default:
		return nil
	}
	switch {
	case c.Action.Ends():
		if c.Action != gate.Delete {
			l.verb = "replace"
		}
		if c.Before["skip_final_snapshot"] == false {
			l.final = c.Before.String("final_snapshot_identifier")
		}
		if l.final == "" {
			l.because = " without a final snapshot"
		}
		return []loss{l}
	case c.Action == gate.Update && blueGreen(c):
		// The provider switches over, takes the protection off the old primary and
		// deletes it without a final snapshot (aws-semantics 1.2.8).
		l.verb, l.replaced = "switch over", "lastcopy.bluegreen"
		l.because = " to a new primary and delete the old one without a final snapshot (blue_green_update)"
		return []loss{l}
	}
	return nil
}

// blueGreen reports whether an update is made by a blue/green deployment: it is
// switched on, or may be, and something changes that is not only recorded.
func blueGreen(c gate.Change) bool {
	on := c.Hides("blue_green_update") || c.After.Block("blue_green_update")["enabled"] == true
	return on && slices.ContainsFunc(c.Changed, func(n string) bool {
		return !slices.Contains([]string{"tags", "tags_all", "timeouts", "blue_green_update", "apply_immediately", "skip_final_snapshot", "final_snapshot_identifier", "delete_automated_backups"}, n)
	})
}

// adopted refuses to go on about a database that was made anew under the name
// of the one that Terraform recorded: the provider takes whatever has the name
// (aws-semantics 1.2.8).
func adopted(p *gate.Pass, c gate.Change) {
	attr := map[string]string{"aws_db_instance": "resource_id", "aws_rds_cluster": "cluster_resource_id"}[c.Type]
	was, is := c.Before.String(attr), c.After.String(attr)
	if attr == "" || was == "" || is == "" || was == is {
		return
	}
	_, id := gate.DatabaseOf(c)
	p.Report(gate.Finding{Code: "lastcopy.identity", Decision: gate.Block, Subjects: []string{c.Address},
		Evidence: []gate.Evidence{{Source: "plan", Ref: c.Address, Field: attr, Want: was, Got: is}},
		Message:  fmt.Sprintf("database %s is another one than Terraform recorded: %s then, %s now; somebody made it anew under its name", id, was, is),
		Remedy:   "make sure that it holds the right data, record it (holdfast apply -refresh-only), and plan again"})
}
