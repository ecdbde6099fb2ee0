package standby

import (
	"fmt"
	"slices"
	"strings"

	"github.com/holdfast-gate/holdfast/gate"
)

// database says what a change does to a database's instances.
func database(c gate.Change) []touch {
	kind, id := gate.DatabaseOf(c)
	t := touch{kind: kind, id: id, sources: []string{gate.SourceDatabases, gate.SourceLag}}
	switch c.Type {
	case "aws_db_instance":
		t.node, t.whole = id, c.Action.Ends()
		// A replica that gets no more changes is a database of its own.
		promoted := c.Action == gate.Update && c.Before.String("replicate_source_db") != "" && c.Does("replicate_source_db")
		t.ends = c.Action.Ends() || promoted
		t.single = c.Action == gate.Update && c.Before["multi_az"] == true && c.After["multi_az"] != true
	case "aws_rds_cluster_instance":
		t.node, t.ends = c.Before.String("identifier"), c.Action.Ends()
		t.sources = append(t.sources, gate.SourceDBClusters)
	case "aws_rds_cluster":
		t.whole = c.Action.Ends()
		t.sources = append(t.sources, gate.SourceDBClusters)
	default:
		return nil
	}
	if c.Action == gate.Create {
		return nil
	}
	if c.Action == gate.Update {
		if !slices.ContainsFunc(c.Changed, func(n string) bool { return !idle(n) }) {
			return nil
		}
		t.restart(c, restarts)
	}
	return []touch{t}
}

// restart says whether an update restarts nodes, and when: attributes are those
// whose change does.
func (t *touch) restart(c gate.Change, attributes func(string) bool) {
	t.now = c.After["apply_immediately"] == true || c.Hides("apply_immediately")
	for _, n := range c.Changed {
		switch {
		case attributes(n) && t.now:
			t.restarts = true
		case attributes(n):
			t.later = append(t.later, n)
		}
	}
}

// idle are attributes whose change does nothing to what runs.
func idle(name string) bool {
	return slices.Contains([]string{"tags", "tags_all", "timeouts", "apply_immediately", "skip_final_snapshot", "final_snapshot_identifier", "delete_automated_backups", "deletion_protection",
		"copy_tags_to_snapshot", "backup_retention_period", "backup_window", "preferred_backup_window", "preferred_maintenance_window", "maintenance_window", "promotion_tier"}, name)
}

// restarts are attributes whose change restarts an instance, or fails it over
// (aws-semantics 1.2.8).
func restarts(name string) bool {
	return slices.Contains([]string{"instance_class", "engine_version", "identifier", "port", "storage_type", "ca_cert_identifier", "db_instance_parameter_group_name", "db_cluster_instance_class", "network_type"}, name)
}

// pendingFact names the changes that wait for the next maintenance window, or
// for the next change that is applied at once (aws-semantics 1.2.8).
const pendingFact = "pending"

// pendingRestarts reports whether something waits that restarts the database.
func (s *set) pendingRestarts() bool {
	for name := range strings.SplitSeq(s.Facts[pendingFact], ",") {
		if slices.Contains([]string{"DBInstanceClass", "EngineVersion", "StorageType", "Port", "DBInstanceIdentifier", "CACertificateIdentifier", "MultiAZ", "Engine", "CacheNodeType", "TransitEncryptionMode"}, name) {
			return true
		}
	}
	return false
}

// pending warns that what waits is applied together with the plan.
func (s *set) pending(p *gate.Pass) {
	if s.now && s.Facts[pendingFact] != "" {
		p.Report(gate.Finding{Code: "standby.pending", Decision: gate.Warn, Subjects: slices.Clone(s.addresses),
			Message: fmt.Sprintf("the plan changes %s at once (apply_immediately), and with it is applied what was to wait for the maintenance window: %s", s.title(), strings.ReplaceAll(s.Facts[pendingFact], ",", ", ")),
			Remedy:  "leave apply_immediately out, or make sure that all of it may happen now"})
	}
}
