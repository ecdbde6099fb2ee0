//go:build moto

package aws_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/schemas"
	cwtypes "github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
	dms "github.com/aws/aws-sdk-go-v2/service/databasemigrationservice"
	dmstypes "github.com/aws/aws-sdk-go-v2/service/databasemigrationservice/types"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/pipes"
	pipestypes "github.com/aws/aws-sdk-go-v2/service/pipes/types"
	"github.com/aws/aws-sdk-go-v2/service/rds"

	"github.com/aws/smithy-go/transport/http/protocol/awsjson"

	"github.com/holdfast-gate/holdfast/e2e/emulator"
	"github.com/holdfast-gate/holdfast/gate"
	"github.com/holdfast-gate/holdfast/gate/live/livetest"
)

// Moto breaks on DescribeBlueGreenDeployments, and does not say of a replica whether it replicates, nor of a member of a
// global cluster whether it is connected, and makes a backup of each cluster.
func TestDatabasesOnMoto(t *testing.T) {
	endpoint := emulator.Start(t)
	livetest.Databases(t, livetest.ShowsDatabases{Lacks: []string{gate.SourceBlueGreen}, Backup: 1}, func(t *testing.T) livetest.DatabaseCloud { return newMoto(t, endpoint) })
}

func (m *moto) Database(region, id, source string) {
	m.t.Helper()
	client := rds.NewFromConfig(m.in(region))
	if source != "" {
		out, err := client.CreateDBInstanceReadReplica(m.t.Context(), &rds.CreateDBInstanceReadReplicaInput{DBInstanceIdentifier: &id, SourceDBInstanceIdentifier: &source})
		must(m, out, err)
		return
	}
	out, err := client.CreateDBInstance(m.t.Context(), &rds.CreateDBInstanceInput{DBInstanceIdentifier: &id, DBInstanceClass: sdk.String("db.m5.large"), Engine: sdk.String("postgres"),
		AllocatedStorage: sdk.Int32(20), MasterUsername: sdk.String("admin"), MasterUserPassword: sdk.String("not-a-secret")})
	must(m, out, err)
}

func (m *moto) DatabaseSnapshot(region, id, name string) {
	m.t.Helper()
	out, err := rds.NewFromConfig(m.in(region)).CreateDBSnapshot(m.t.Context(), &rds.CreateDBSnapshotInput{DBInstanceIdentifier: &id, DBSnapshotIdentifier: &name})
	must(m, out, err)
}

func (m *moto) Cluster(region, id string, readers int) {
	m.t.Helper()
	client := rds.NewFromConfig(m.in(region))
	out, err := client.CreateDBCluster(m.t.Context(), &rds.CreateDBClusterInput{DBClusterIdentifier: &id, Engine: sdk.String("aurora-postgresql"), MasterUsername: sdk.String("admin"), MasterUserPassword: sdk.String("not-a-secret")})
	must(m, out, err)
	for n := range readers + 1 {
		one, err := client.CreateDBInstance(m.t.Context(), &rds.CreateDBInstanceInput{DBInstanceIdentifier: sdk.String(fmt.Sprintf("%s-%d", id, n)), DBClusterIdentifier: &id,
			DBInstanceClass: sdk.String("db.r6g.large"), Engine: sdk.String("aurora-postgresql")})
		must(m, one, err)
	}
	// To moto a cluster is made once somebody has looked at it.
	seen, err := client.DescribeDBClusters(m.t.Context(), &rds.DescribeDBClustersInput{DBClusterIdentifier: &id})
	must(m, seen, err)
}

func (m *moto) ClusterSnapshot(region, id, name string) {
	m.t.Helper()
	out, err := rds.NewFromConfig(m.in(region)).CreateDBClusterSnapshot(m.t.Context(), &rds.CreateDBClusterSnapshotInput{DBClusterIdentifier: &id, DBClusterSnapshotIdentifier: &name})
	must(m, out, err)
}

func (m *moto) GlobalCluster(region, global, cluster string) {
	m.t.Helper()
	arn := fmt.Sprintf("arn:aws:rds:%s:123456789012:cluster:%s", region, cluster)
	out, err := rds.NewFromConfig(m.in(region)).CreateGlobalCluster(m.t.Context(), &rds.CreateGlobalClusterInput{GlobalClusterIdentifier: &global, SourceDBClusterIdentifier: &arn})
	must(m, out, err)
}

func (m *moto) Behind(region, id string, by time.Duration) {
	m.t.Helper()
	metric, value := "ReplicaLag", by.Seconds()
	if strings.HasPrefix(id, "shop-") { // of Aurora
		metric, value = "AuroraReplicaLag", float64(by.Milliseconds())
	}
	out, err := cloudwatch.NewFromConfig(m.in(region), func(o *cloudwatch.Options) { o.Protocol = awsjson.New10(schemas.GraniteServiceVersion20100801) }).PutMetricData(m.t.Context(), &cloudwatch.PutMetricDataInput{Namespace: sdk.String("AWS/RDS"), MetricData: []cwtypes.MetricDatum{{
		MetricName: &metric, Value: &value, Timestamp: sdk.Time(time.Now().Add(-2 * time.Minute)),
		Dimensions: []cwtypes.Dimension{{Name: sdk.String("DBInstanceIdentifier"), Value: &id}}}}})
	must(m, out, err)
}

// Moto weighs objects as it keeps them.
func TestStorageOnMoto(t *testing.T) {
	endpoint := emulator.Start(t)
	livetest.Storage(t, 448, func(t *testing.T) livetest.StorageCloud { return &motoBuckets{newMoto(t, endpoint), endpoint} })
}

func (m *motoBuckets) Stored(region, name string, objects int) {
	m.put(region, name, "")
	for i := range objects {
		m.put(region, fmt.Sprint(name, "/a/", i), "a")
	}
}

// Moto runs a pipe that is to be stopped, has no DMS Serverless, and writes the dates of a task as no SDK reads them.
func TestCarriersOnMoto(t *testing.T) {
	endpoint := emulator.Start(t)
	livetest.Carriers(t, livetest.ShowsCarriers{Lacks: []string{gate.SourceTasks, gate.SourceReplications, gate.SourceReplicationConfigs}}, func(t *testing.T) livetest.CarrierCloud {
		return &motoTables{newMoto(t, endpoint), endpoint}
	})
}

func (m *motoTables) Pipe(region, table, name string, running bool) {
	m.t.Helper()
	stream, err := dynamodb.NewFromConfig(m.in(region)).DescribeTable(m.t.Context(), &dynamodb.DescribeTableInput{TableName: &table})
	source := must(m.moto, stream, err).Table.LatestStreamArn
	state := map[bool]pipestypes.RequestedPipeState{true: pipestypes.RequestedPipeStateRunning, false: pipestypes.RequestedPipeStateStopped}[running]
	out, err := pipes.NewFromConfig(m.in(region)).CreatePipe(m.t.Context(), &pipes.CreatePipeInput{Name: &name, RoleArn: m.role(), Source: source, Target: sdk.String("arn:aws:sqs:" + region + ":123456789012:" + name), DesiredState: state})
	must(m.moto, out, err)
}

func (m *motoTables) Task(region, name, host, table string, _ bool) {
	m.t.Helper()
	client := dms.NewFromConfig(m.in(region))
	end := func(kind dmstypes.ReplicationEndpointTypeValue, engine string, host *string) *string {
		out, err := client.CreateEndpoint(m.t.Context(), &dms.CreateEndpointInput{EndpointIdentifier: sdk.String(name + "-" + string(kind)), EndpointType: kind, EngineName: &engine, ServerName: host})
		return must(m.moto, out, err).Endpoint.EndpointArn
	}
	_, err := client.CreateReplicationTask(m.t.Context(), &dms.CreateReplicationTaskInput{ReplicationTaskIdentifier: &name, MigrationType: dmstypes.MigrationTypeValueFullLoadAndCdc,
		SourceEndpointArn: end(dmstypes.ReplicationEndpointTypeValueSource, "postgres", &host), TargetEndpointArn: end(dmstypes.ReplicationEndpointTypeValueTarget, "dynamodb", nil),
		ReplicationInstanceArn: sdk.String("arn:aws:dms:" + region + ":123456789012:rep:one"), TableMappings: sdk.String(writesTable(table))})
	if err == nil || !strings.Contains(err.Error(), "expected TStamp") {
		m.t.Fatalf("got %v, want the date that nobody reads: then moto can show tasks", err)
	}
}

// Serverless is never asked for of moto.
func (m *motoTables) Serverless(_, name, _, _ string, _ bool) {
	m.t.Fatalf("moto cannot make %s", name)
}
