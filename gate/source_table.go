package gate

// The sources about tables and about what carries changes from one store to
// another. They are read only when a check asks for them.
const (
	SourceTables       = "dynamodb.tables"       // tables, their replicas and streams
	SourceTableStreams = "dynamodb.destinations" // Kinesis streams that tables send their changes to
	SourceTableBackups = "dynamodb.backups"      // on-demand backups of tables
	SourceRecovery     = "dynamodb.recovery"     // point-in-time recovery of tables
	SourceMappings     = "lambda.mappings"       // functions that read streams
	SourcePipes        = "pipes.pipes"           // pipes that read streams
	SourceEndpoints    = "dms.endpoints"         // stores that DMS knows
	SourceTasks        = "dms.tasks"             // what DMS copies from one to another

	SourceReplications       = "dms.replications" // what DMS Serverless copies, and how that goes
	SourceReplicationConfigs = "dms.configs"      // which tables it copies

	SourceTableReplicas = "dynamodb.replicas" // replicas of tables, each as its own region has it
)

// The kinds of links that these sources know.
const (
	LinkReplica = "dynamodb.replica" // a replica of a global table
	LinkMapping = "lambda.mapping"
	LinkPipe    = "pipes.pipe"
	LinkKinesis = "dynamodb.kinesis"
	LinkTask    = "dms.task"
)

// ReplicasEnded returns the regions whose replica an update of a table deletes,
// with true where it is made anew: those no longer listed, and those that get
// another key or consistency (aws-semantics 1.2.14). known is false where the plan
// does not say, and then it may be every one.
func ReplicasEnded(c Change) (ended map[string]bool, known bool) {
	ended = map[string]bool{}
	if !c.Does("replica") {
		return ended, true
	}
	if c.Hides("replica") {
		// Which replicas stay will be known only at apply, or is hidden.
		return nil, false
	}
	after := Replicas(c.After)
	for region, was := range Replicas(c.Before) {
		is, stays := after[region]
		switch {
		case !stays:
			ended[region] = false
		case was.String("kms_key_arn") != is.String("kms_key_arn") || was.String("consistency_mode") != is.String("consistency_mode"):
			ended[region] = true
		}
	}
	return ended, true
}

// Replicas are the replica blocks of a table, by region.
func Replicas(a Attrs) map[string]Attrs {
	list, _ := a["replica"].([]any)
	out := map[string]Attrs{}
	for _, v := range list {
		if m, ok := v.(map[string]any); ok {
			out[Attrs(m).String("region_name")] = m
		}
	}
	return out
}
