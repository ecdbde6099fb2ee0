//go:build moto

package aws_test

import (
	"archive/zip"
	"bytes"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	ddbtypes "github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	lambdatypes "github.com/aws/aws-sdk-go-v2/service/lambda/types"

	"github.com/holdfast-gate/holdfast/e2e/emulator"
	"github.com/holdfast-gate/holdfast/gate"
	"github.com/holdfast-gate/holdfast/gate/live/livetest"
)

// TestTablesOnMoto runs the part of the suite that is about tables against
// moto, which keeps no ids and no replicas of tables and does not know where
// their changes are streamed to.
func TestTablesOnMoto(t *testing.T) {
	endpoint := emulator.Start(t)
	shows := livetest.TableShows{Lacks: []string{gate.SourceTableStreams}}
	livetest.RunTables(t, shows, func(t *testing.T) livetest.TableCloud { return &motoTables{newMoto(t, endpoint), endpoint} })
}

type motoTables struct {
	*moto
	endpoint string
}

func (m *motoTables) Table(region, name string, backups int) {
	m.t.Helper()
	client := dynamodb.NewFromConfig(m.in(region))
	out, err := client.CreateTable(m.t.Context(), &dynamodb.CreateTableInput{
		TableName: &name, BillingMode: ddbtypes.BillingModePayPerRequest,
		AttributeDefinitions: []ddbtypes.AttributeDefinition{{AttributeName: sdk.String("id"), AttributeType: ddbtypes.ScalarAttributeTypeS}},
		KeySchema:            []ddbtypes.KeySchemaElement{{AttributeName: sdk.String("id"), KeyType: ddbtypes.KeyTypeHash}},
		StreamSpecification:  &ddbtypes.StreamSpecification{StreamEnabled: sdk.Bool(true), StreamViewType: ddbtypes.StreamViewTypeNewAndOldImages},
	})
	must(m.moto, out, err)
	recovery, err := client.UpdateContinuousBackups(m.t.Context(), &dynamodb.UpdateContinuousBackupsInput{TableName: &name,
		PointInTimeRecoverySpecification: &ddbtypes.PointInTimeRecoverySpecification{PointInTimeRecoveryEnabled: sdk.Bool(true)}})
	must(m.moto, recovery, err)
	for i := range backups {
		b, err := client.CreateBackup(m.t.Context(), &dynamodb.CreateBackupInput{TableName: &name, BackupName: sdk.String(fmt.Sprintf("%s-%d", name, i))})
		must(m.moto, b, err)
	}
}

func (m *motoTables) Reader(region, table, function string, enabled bool) {
	m.t.Helper()
	stream, err := dynamodb.NewFromConfig(m.in(region)).DescribeTable(m.t.Context(), &dynamodb.DescribeTableInput{TableName: &table})
	arn := must(m.moto, stream, err).Table.LatestStreamArn
	client := lambda.NewFromConfig(m.in(region))
	f, err := client.CreateFunction(m.t.Context(), &lambda.CreateFunctionInput{FunctionName: &function, Role: m.role(), Runtime: lambdatypes.RuntimePython312,
		Handler: sdk.String("f.f"), Code: &lambdatypes.FunctionCode{ZipFile: zipped(m.t)}})
	must(m.moto, f, err)
	out, err := client.CreateEventSourceMapping(m.t.Context(), &lambda.CreateEventSourceMappingInput{EventSourceArn: arn, FunctionName: &function, Enabled: &enabled,
		StartingPosition: lambdatypes.EventSourcePositionLatest})
	must(m.moto, out, err)
}

func (m *motoTables) Replica(region, table, where string) {
	m.t.Helper()
	out, err := dynamodb.NewFromConfig(m.in(region)).UpdateTable(m.t.Context(), &dynamodb.UpdateTableInput{TableName: &table,
		ReplicaUpdates: []ddbtypes.ReplicationGroupUpdate{{Create: &ddbtypes.CreateReplicationGroupMemberAction{RegionName: &where}}}})
	must(m.moto, out, err)
}

// role is one that moto lets a function have.
func (m *motoTables) role() *string {
	m.t.Helper()
	form := url.Values{"Action": {"CreateRole"}, "Version": {"2010-05-08"}, "RoleName": {"reader"}, "AssumeRolePolicyDocument": {"{}"}}
	r, err := http.NewRequestWithContext(m.t.Context(), http.MethodPost, m.endpoint, strings.NewReader(form.Encode()))
	if err != nil {
		m.t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=AKIDTEST/20261122/us-east-1/iam/aws4_request, SignedHeaders=host, Signature=0")
	// The second time it is there already.
	out, err := http.DefaultClient.Do(r)
	must(m.moto, out, err).Body.Close()
	return sdk.String("arn:aws:iam::123456789012:role/reader")
}

func zipped(t *testing.T) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	f, err := w.Create("f.py")
	if err == nil {
		_, err = f.Write([]byte("def f(event, context): pass\n"))
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}
