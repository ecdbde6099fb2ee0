package aws

import (
	"context"
	"strings"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	dms "github.com/aws/aws-sdk-go-v2/service/databasemigrationservice"
	dmstypes "github.com/aws/aws-sdk-go-v2/service/databasemigrationservice/types"

	"github.com/holdfast-gate/holdfast/gate"
)

// readReplications reads what DMS copies without a task of its own (DMS
// Serverless): how it goes.
func (m *migrations) readReplications(ctx context.Context, r *reading, client *dms.Client) {
	s := r.extra[gate.SourceReplications]
	if s == nil {
		return
	}
	p := dms.NewDescribeReplicationsPaginator(client, &dms.DescribeReplicationsInput{MaxRecords: r.dmsPage()})
	page, err := pages(ctx, s, p.HasMorePages,
		func(ctx context.Context) (*dms.DescribeReplicationsOutput, error) { return p.NextPage(ctx) },
		func(out *dms.DescribeReplicationsOutput) *string {
			m.mu.Lock()
			defer m.mu.Unlock()
			for _, one := range out.Replications {
				m.replications[sdk.ToString(one.ReplicationConfigArn)] = one
			}
			return out.Marker
		})
	if err != nil && codeOf(err) != "ResourceNotFoundFault" {
		s.fail(onPage(page, explain(ctx, "dms:DescribeReplications", r.region, err)))
	}
}

// readConfigs reads the configurations of those: from where to where, and which
// tables.
func (m *migrations) readConfigs(ctx context.Context, r *reading, client *dms.Client) {
	s := r.extra[gate.SourceReplicationConfigs]
	if s == nil {
		return
	}
	p := dms.NewDescribeReplicationConfigsPaginator(client, &dms.DescribeReplicationConfigsInput{MaxRecords: r.dmsPage()})
	page, err := pages(ctx, s, p.HasMorePages,
		func(ctx context.Context) (*dms.DescribeReplicationConfigsOutput, error) { return p.NextPage(ctx) },
		func(out *dms.DescribeReplicationConfigsOutput) *string {
			m.mu.Lock()
			defer m.mu.Unlock()
			for _, one := range out.ReplicationConfigs {
				m.configs[sdk.ToString(one.ReplicationConfigArn)] = one
			}
			return out.Marker
		})
	if err != nil && codeOf(err) != "ResourceNotFoundFault" {
		s.fail(onPage(page, explain(ctx, "dms:DescribeReplicationConfigs", r.region, err)))
	}
}

// serverless are the replications and the configurations as one: each has the
// other, and one that lacks it may do anything.
func (m *migrations) serverless() []transfer {
	var out []transfer
	for _, arn := range sortedKeys(m.replications) {
		one, config := m.replications[arn], m.configs[arn]
		out = append(out, transfer{name: "serverless replication " + sdk.ToString(one.ReplicationConfigIdentifier), source: sdk.ToString(one.SourceEndpointArn), target: sdk.ToString(one.TargetEndpointArn),
			status: sdk.ToString(one.Status), active: underway(one), mappings: sdk.ToString(config.TableMappings)})
	}
	for _, arn := range sortedKeys(m.configs) {
		if _, there := m.replications[arn]; !there {
			one := m.configs[arn]
			out = append(out, transfer{name: "serverless replication " + sdk.ToString(one.ReplicationConfigIdentifier) + ", which does not say how it goes", source: sdk.ToString(one.SourceEndpointArn), target: sdk.ToString(one.TargetEndpointArn),
				mappings: sdk.ToString(one.TableMappings)})
		}
	}
	return out
}

// underway says of a serverless replication whether changes come through it, or
// may any moment: one that has been started finds out first how large it is to be
// (DMS User Guide, "AWS DMS Serverless components").
func underway(r dmstypes.Replication) gate.Tri {
	switch strings.NewReplacer("_", "-", " ", "-").Replace(fold(sdk.ToString(r.Status))) {
	case "running", "replication-starting", "starting", "stopping", "modifying", "deleting",
		"initializing", "preparing-metadata-resources", "testing-connection", "fetching-metadata", "calculating-capacity", "provisioning-capacity":
		return gate.Yes
	case "created", "ready", "stopped", "failed":
		return gate.No
	}
	// Another state may be one in which it copies.
	return gate.TriUnknown
}
