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
)

// The kinds of links that these sources know.
const (
	LinkReplica = "dynamodb.replica" // a replica of a global table
	LinkMapping = "lambda.mapping"
	LinkPipe    = "pipes.pipe"
	LinkKinesis = "dynamodb.kinesis"
	LinkTask    = "dms.task"
)
