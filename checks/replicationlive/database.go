package replicationlive

import (
	"github.com/holdfast-gate/holdfast/gate"
)

// database says what a change does to a database that may have replicas, or be
// one of a global cluster.
func database(c gate.Change) []end {
	kind, id := gate.DatabaseOf(c)
	switch c.Type {
	case "aws_db_instance":
		return ofInstance(c, end{kind: kind, id: id, what: "database", sources: append([]string{gate.SourceDatabases, gate.SourceBlueGreen}, hostCarriers()...)})
	case "aws_rds_cluster":
		return ofCluster(c, end{kind: kind, id: id, what: "database cluster", sources: append([]string{gate.SourceDBClusters, gate.SourceDatabases, gate.SourceGlobalDatabases, gate.SourceBlueGreen}, hostCarriers()...)})
	case "aws_rds_global_cluster":
		if c.Action.Ends() {
			// With force_destroy the provider detaches every member, the writer last;
			// each then takes writes of its own (aws-semantics 1.2.8).
			return []end{{kind: kind, id: id, verb: deletes(c), what: "global cluster", sources: []string{gate.SourceGlobalDatabases}, harm: only(gate.LinkGlobal, "it becomes a database of its own, and takes writes")}}
		}
	}
	return nil
}

// hostCarriers are what can carry changes to or from any database host.
func hostCarriers() []string {
	return []string{gate.SourceEndpoints, gate.SourceTasks, gate.SourceReplications, gate.SourceReplicationConfigs}
}

func ofInstance(c gate.Change, e end) []end {
	switch {
	case c.Action.Ends():
		e.verb, e.harm = deletes(c), instanceGone
		return []end{e}
	case c.Action == gate.Update && c.Before.String("replicate_source_db") != "" && c.Does("replicate_source_db"):
		return []end{promotion(e)}
	}
	return nil
}

func ofCluster(c gate.Change, e end) []end {
	switch {
	case c.Action.Ends():
		e.verb, e.harm = deletes(c), clusterGone
		return []end{e}
	case c.Action == gate.Update && c.Before.String("replication_source_identifier") != "" && c.Does("replication_source_identifier"):
		return []end{promotion(e)}
	case c.Action == gate.Update && c.Before.String("global_cluster_identifier") != "" && c.Does("global_cluster_identifier"):
		e.verb, e.harm = "detach", only(gate.LinkGlobal, "it becomes a database of its own, and takes writes")
		return []end{e}
	}
	return nil
}

// promotion is an update by which a replica parts from its source for good; the
// plan shows it as any other (aws-semantics 1.2.8).
func promotion(e end) end {
	e.verb = "promote"
	e.harm = func(l gate.Link) string {
		if l.Kind != gate.LinkReadReplica || l.To != "store" {
			return ""
		}
		return "the replica parts from it for good, and takes writes of its own"
	}
	return e
}

// instanceGone is what the end of an instance does to a peer. A replica may go:
// its source loses nothing by it, and whether a standby is left is for the
// standby check.
func instanceGone(l gate.Link) string {
	switch {
	case l.Kind == gate.LinkReadReplica && l.To == "store":
		return ""
	case l.Kind == gate.LinkReadReplica && l.Region != "":
		return "in another region it is promoted, and takes writes of its own; one of PostgreSQL only stops replicating"
	case l.Kind == gate.LinkReadReplica:
		return "it is promoted, and takes writes of its own"
	case l.Kind == gate.LinkBlueGreen:
		return "the deployment that would switch over from it is left without its source"
	}
	return "it reads or writes a database that is gone"
}

// clusterGone is what the end of a cluster does to a peer: the provider takes it
// out of its global cluster by itself, so nothing else stands in the way
// (aws-semantics 1.2.8).
func clusterGone(l gate.Link) string {
	if l.Kind == gate.LinkGlobal {
		return "the provider detaches it without asking, and the global cluster is one region short"
	}
	return instanceGone(l)
}
