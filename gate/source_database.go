package gate

import "cmp"

// The sources about databases. They are read only when a check asks for them.
const (
	SourceDatabases        = "rds.instances"        // instances, their replicas and standbys
	SourceDBClusters       = "rds.clusters"         // Aurora and Multi-AZ clusters
	SourceDBSnapshots      = "rds.snapshots"        // of instances
	SourceClusterSnapshots = "rds.clustersnapshots" // of clusters
	SourceGlobalDatabases  = "rds.globals"          // global clusters
	SourceBlueGreen        = "rds.bluegreen"        // blue/green deployments
	SourceLag              = "rds.lag"              // how far replicas are behind
)

// The kinds of links that these sources know.
const (
	LinkReadReplica = "rds.replica" // a read replica of an instance or a cluster
	LinkGlobal      = "rds.global"  // membership in a global cluster
	LinkBlueGreen   = "rds.bluegreen"
)

// DatabaseOf returns the kind and the live id of the database that a change of
// its type is about, empty for other types. An instance of a cluster is about
// its cluster.
func DatabaseOf(c Change) (kind, id string) {
	switch c.Type {
	case "aws_db_instance":
		// Since version 5 of the provider the id is the resource id, which no
		// call takes.
		return KindDatabase, c.either("identifier")
	case "aws_rds_cluster":
		return KindDatabases, cmp.Or(c.either("cluster_identifier"), c.ID)
	case "aws_rds_cluster_instance":
		return KindDatabases, c.either("cluster_identifier")
	case "aws_rds_global_cluster":
		return KindGlobal, cmp.Or(c.either("global_cluster_identifier"), c.ID)
	}
	return "", ""
}

// either is an attribute of the object as it is, else as it will be.
func (c Change) either(name string) string {
	return cmp.Or(c.Before.String(name), c.After.String(name))
}

// Does reports whether a change alters one of these attributes, or may.
func (c Change) Does(names ...string) bool {
	for _, n := range names {
		for _, changed := range c.Changed {
			if changed == n {
				return true
			}
		}
	}
	return false
}

// HiddenStandby is the id that the standby of a Multi-AZ instance has here: AWS
// gives it none.
func HiddenStandby(instance string) string { return instance + "/standby" }
