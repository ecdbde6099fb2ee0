package gate

// The sources about buckets. They are read only when a check asks for them.
const (
	SourceLifecycle  = "s3.lifecycle"       // the lifecycle rules a bucket has
	SourceVersioning = "s3.versioning"      // whether deleted objects leave a version behind
	SourceLock       = "s3.lock"            // object lock
	SourceReplicas   = "s3.replication"     // where a bucket's objects are copied to
	SourceBuckets    = "s3.buckets"         // every bucket of the account, and where each copies to
	SourceObjects    = "s3.objects"         // a sample of the objects, by their ages
	SourceVersions   = "s3.versions"        // a sample of the noncurrent versions
	SourceStorage    = "cloudwatch.storage" // how much a bucket held on the last days
)

// LinkBucket is the link from a bucket to where its objects are copied.
const LinkBucket = "s3.replication"
