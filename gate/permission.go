package gate

import "slices"

// Actions returns the IAM actions without which some check of a suite could be
// blind on some plan, sorted: the least that the credentials must allow.
func Actions(suite []*Check) []string {
	var out []string
	for _, c := range suite {
		for _, source := range slices.Concat(c.Needs, c.May) {
			out = append(out, Permissions(source)...)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// Permissions returns the IAM actions that reading a source takes, the one
// without which it is not read at all first. It is nil for a source that takes
// none, and for one this version does not know.
func Permissions(source string) []string {
	switch source {
	case SourceInstances:
		return []string{"ec2:DescribeInstances"}
	case SourceStatus:
		return []string{"ec2:DescribeInstanceStatus"}
	case SourceGroups:
		return []string{"autoscaling:DescribeAutoScalingGroups"}
	case SourceActivities:
		return []string{"autoscaling:DescribeScalingActivities"}
	case SourceRefreshes:
		return []string{"autoscaling:DescribeInstanceRefreshes"}
	case SourceWarmPools:
		return []string{"autoscaling:DescribeWarmPool"}
	case SourceVolumes:
		return []string{"ec2:DescribeVolumes"}
	case SourceVolumeStatus:
		return []string{"ec2:DescribeVolumeStatus"}
	case SourceModifications:
		return []string{"ec2:DescribeVolumesModifications"}
	case SourceSnapshots:
		return []string{"ec2:DescribeSnapshots"}
	case SourceDatabases:
		return []string{"rds:DescribeDBInstances"}
	case SourceDBClusters:
		return []string{"rds:DescribeDBClusters"}
	case SourceDBSnapshots:
		return []string{"rds:DescribeDBSnapshots"}
	case SourceClusterSnapshots:
		return []string{"rds:DescribeDBClusterSnapshots"}
	case SourceGlobalDatabases:
		return []string{"rds:DescribeGlobalClusters"}
	case SourceBlueGreen:
		return []string{"rds:DescribeBlueGreenDeployments"}
	case SourceLag:
		return []string{"cloudwatch:GetMetricData"}
	case SourceCaches:
		return []string{"elasticache:DescribeReplicationGroups"}
	case SourceCacheClusters:
		return []string{"elasticache:DescribeCacheClusters"}
	case SourceGlobalCaches:
		return []string{"elasticache:DescribeGlobalReplicationGroups"}
	case SourceCacheSnapshots:
		return []string{"elasticache:DescribeSnapshots"}
	case SourceServerless:
		return []string{"elasticache:DescribeServerlessCaches"}
	case SourceServerlessSnapshots:
		return []string{"elasticache:DescribeServerlessCacheSnapshots"}
	case SourceCacheLag:
		return []string{"cloudwatch:GetMetricData"}
	case SourceTargets:
		return []string{"elasticloadbalancing:DescribeTargetHealth"}
	case SourceTables, SourceTableReplicas:
		return []string{"dynamodb:DescribeTable"}
	case SourceTableStreams:
		return []string{"dynamodb:DescribeKinesisStreamingDestination"}
	case SourceTableBackups:
		return []string{"dynamodb:ListBackups"}
	case SourceRecovery:
		return []string{"dynamodb:DescribeContinuousBackups"}
	case SourceMappings:
		return []string{"lambda:ListEventSourceMappings"}
	case SourcePipes:
		return []string{"pipes:ListPipes"}
	case SourceEndpoints:
		return []string{"dms:DescribeEndpoints"}
	case SourceTasks:
		return []string{"dms:DescribeReplicationTasks"}
	case SourceReplications:
		return []string{"dms:DescribeReplications"}
	case SourceReplicationConfigs:
		return []string{"dms:DescribeReplicationConfigs"}
	case SourceLifecycle:
		return []string{"s3:GetLifecycleConfiguration"}
	case SourceVersioning:
		return []string{"s3:GetBucketVersioning"}
	case SourceLock:
		return []string{"s3:GetBucketObjectLockConfiguration"}
	case SourceReplicas:
		return []string{"s3:GetReplicationConfiguration"}
	case SourceBuckets:
		return []string{"s3:ListAllMyBuckets", "s3:GetReplicationConfiguration"}
	case SourceObjects:
		return []string{"s3:ListBucket"}
	case SourceVersions:
		return []string{"s3:ListBucketVersions"}
	case SourceTrail:
		return []string{"cloudtrail:LookupEvents"}
	case SourceStorage:
		return []string{"cloudwatch:GetMetricData"}
	}
	return nil
}
