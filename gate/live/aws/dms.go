package aws

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	dms "github.com/aws/aws-sdk-go-v2/service/databasemigrationservice"
	dmstypes "github.com/aws/aws-sdk-go-v2/service/databasemigrationservice/types"

	"github.com/holdfast-gate/holdfast/gate"
)

// migrations is what DMS knows in one region: the stores it can reach, and what
// it copies from one to another. It is read once, whoever asks.
type migrations struct {
	begun     atomic.Bool
	done      chan struct{} // closed when it is read
	mu        sync.Mutex
	endpoints map[string]dmstypes.Endpoint // by ARN
	tasks     []dmstypes.ReplicationTask

	replications map[string]dmstypes.Replication       // by the ARN of their configuration
	configs      map[string]dmstypes.ReplicationConfig // by ARN
}

// migrationSources are what migrated reads.
func migrationSources() []string {
	return []string{gate.SourceEndpoints, gate.SourceTasks, gate.SourceReplications, gate.SourceReplicationConfigs}
}

// wantsMigrations reports whether anybody asked for one of those.
func (r *reading) wantsMigrations() bool {
	return slices.ContainsFunc(migrationSources(), func(name string) bool { return r.extra[name] != nil })
}

// dmsPage is the fewest and the most that MaxRecords allows (DMS API).
func (r *reading) dmsPage() *int32 {
	if n := r.pageSize(100); n != nil && *n > 20 {
		return n
	}
	return sdk.Int32(20)
}

// readMigrations reads what DMS knows, whatever store it is asked about.
func (r *reading) readMigrations(ctx context.Context) { r.migrated(ctx) }

// migrated returns what DMS knows, as far as it was asked for.
func (r *reading) migrated(ctx context.Context) *migrations {
	m := &r.dms
	if m.begun.CompareAndSwap(false, true) {
		defer close(m.done)
		client := dms.NewFromConfig(r.settings(r.region, wholeJSONWith(map[string]string{"DescribeEndpoints": "Endpoints", "DescribeReplicationTasks": "ReplicationTasks",
			"DescribeReplications": "Replications", "DescribeReplicationConfigs": "ReplicationConfigs"})))
		m.endpoints, m.replications, m.configs = map[string]dmstypes.Endpoint{}, map[string]dmstypes.Replication{}, map[string]dmstypes.ReplicationConfig{}
		together(
			func() { m.readEndpoints(ctx, r, client) },
			func() { m.readTasks(ctx, r, client) },
			func() { m.readReplications(ctx, r, client) },
			func() { m.readConfigs(ctx, r, client) },
		)
		return m
	}
	<-m.done // its calls end with the context, which is that of all
	return m
}

func (m *migrations) readEndpoints(ctx context.Context, r *reading, client *dms.Client) {
	s := r.extra[gate.SourceEndpoints]
	if s == nil {
		return
	}
	p := dms.NewDescribeEndpointsPaginator(client, &dms.DescribeEndpointsInput{MaxRecords: r.dmsPage()})
	page, err := pages(ctx, s, p.HasMorePages,
		func(ctx context.Context) (*dms.DescribeEndpointsOutput, error) { return p.NextPage(ctx) },
		func(out *dms.DescribeEndpointsOutput) *string {
			m.mu.Lock()
			defer m.mu.Unlock()
			for _, e := range out.Endpoints {
				m.endpoints[sdk.ToString(e.EndpointArn)] = e
			}
			return out.Marker
		})
	// DMS says that there is none with an error.
	if err != nil && codeOf(err) != "ResourceNotFoundFault" {
		s.fail(onPage(page, explain(ctx, "dms:DescribeEndpoints", r.region, err)))
	}
}

func (m *migrations) readTasks(ctx context.Context, r *reading, client *dms.Client) {
	s := r.extra[gate.SourceTasks]
	if s == nil {
		return
	}
	p := dms.NewDescribeReplicationTasksPaginator(client, &dms.DescribeReplicationTasksInput{MaxRecords: r.dmsPage()})
	page, err := pages(ctx, s, p.HasMorePages,
		func(ctx context.Context) (*dms.DescribeReplicationTasksOutput, error) { return p.NextPage(ctx) },
		func(out *dms.DescribeReplicationTasksOutput) *string {
			m.mu.Lock()
			defer m.mu.Unlock()
			m.tasks = append(m.tasks, out.ReplicationTasks...)
			return out.Marker
		})
	if err != nil && codeOf(err) != "ResourceNotFoundFault" {
		s.fail(onPage(page, explain(ctx, "dms:DescribeReplicationTasks", r.region, err)))
	}
}

// A transfer is one stream of changes that DMS copies, by a task or without.
type transfer struct {
	name           string // "task orders"
	source, target string // ARNs of endpoints
	status         string // DMS's own word
	active         gate.Tri
	mappings       string // JSON: from which table to which; empty is not known
}

// transfers are all there are.
func (m *migrations) transfers() []transfer {
	out := m.serverless()
	for _, task := range m.tasks {
		out = append(out, transfer{name: "task " + sdk.ToString(task.ReplicationTaskIdentifier), source: sdk.ToString(task.SourceEndpointArn), target: sdk.ToString(task.TargetEndpointArn),
			status: sdk.ToString(task.Status), active: copies(task), mappings: sdk.ToString(task.TableMappings)})
	}
	return out
}

// links returns the links that DMS makes with a store. is says whether an
// endpoint is that store, and is asked with the transfer that uses it.
func (m *migrations) links(is func(dmstypes.Endpoint, transfer) gate.Tri) []gate.Link {
	var out []gate.Link
	for _, t := range m.transfers() {
		for to, ends := range map[string][2]string{"peer": {t.source, t.target}, "store": {t.target, t.source}} {
			mine, known := m.endpoints[ends[0]]
			same := gate.TriUnknown
			if known {
				same = is(mine, t)
			}
			if same == gate.No {
				continue
			}
			l := gate.Link{To: to, Kind: gate.LinkTask, Peer: m.name(ends[1]), State: t.status, Active: t.active, Detail: t.name}
			if same == gate.TriUnknown {
				// It hides which store it is about, so it may be this one.
				l.Detail += ", which does not say which store its endpoint " + m.name(ends[0]) + " is"
				if l.Active == gate.Yes {
					l.Active = gate.TriUnknown
				}
			}
			out = append(out, l)
		}
	}
	return out
}

func (m *migrations) name(arn string) string {
	if e, ok := m.endpoints[arn]; ok {
		return sdk.ToString(e.EndpointIdentifier)
	}
	return arn
}

// copies says of a task whether changes come through it, or may any moment (DMS
// API, ReplicationTask.Status).
func copies(task dmstypes.ReplicationTask) gate.Tri {
	switch sdk.ToString(task.Status) {
	case "running", "starting", "modifying", "stopping", "moving", "deleting":
		return gate.Yes
	case "stopped", "failed", "ready":
		return gate.No
	}
	// Another state may be one in which it copies.
	return gate.TriUnknown
}

// hosting returns what says whether an endpoint is a database with one of these
// host names. An engine is what both call it, as far as it begins alike:
// "aurora-mysql" is a "mysql" to DMS too.
func hosting(hosts []string, engine string) func(dmstypes.Endpoint, transfer) gate.Tri {
	return func(e dmstypes.Endpoint, _ transfer) gate.Tri {
		server := strings.ToLower(strings.TrimSuffix(sdk.ToString(e.ServerName), "."))
		switch {
		case slices.ContainsFunc(hosts, func(h string) bool { return h != "" && strings.EqualFold(h, server) }):
			return gate.Yes
		case !sameEngine(sdk.ToString(e.EngineName), engine):
			return gate.No
		case strings.Contains(server, ".rds.amazonaws.com"):
			return gate.No
		}
		// No name, where a secret holds it, an address or an alias: it may be any.
		return gate.TriUnknown
	}
}

// sameEngine reports whether an engine of DMS may be one of RDS.
func sameEngine(endpoint, engine string) bool {
	families := []string{"postgres", "mysql", "mariadb", "oracle", "sqlserver", "db2", "docdb"}
	of := func(s string) string {
		for _, f := range families {
			if strings.Contains(s, f) {
				return f
			}
		}
		if s == "aurora" {
			return "mysql"
		}
		return s
	}
	a, b := of(strings.ToLower(endpoint)), of(strings.ToLower(engine))
	// MariaDB is read as MySQL, and an engine that is not known may be any.
	return a == b || engine == "" || (a == "mysql" && b == "mariadb") || (a == "mariadb" && b == "mysql")
}

// readTasks adds the links that DMS makes with tables. To DMS all tables of the
// account are one endpoint: which of them a task writes its mappings tell.
func (t tables) readTasks(ctx context.Context) {
	if !t.wantsMigrations() || len(t.stores) == 0 {
		return
	}
	m := t.migrated(ctx)
	for name, d := range t.stores {
		for _, l := range m.links(func(e dmstypes.Endpoint, one transfer) gate.Tri {
			if sdk.ToString(e.EngineName) != "dynamodb" {
				return gate.No
			}
			return writes(one.mappings, name)
		}) {
			t.link(d, l)
		}
	}
}

// writes says whether the mappings of a transfer lead to a table.
func writes(mappings, table string) gate.Tri {
	var m struct {
		Rules []struct {
			Type  string `json:"rule-type"`
			Table string `json:"target-table-name"`
		} `json:"rules"`
	}
	if json.Unmarshal([]byte(mappings), &m) != nil {
		// Mappings that cannot be read may lead anywhere.
		return gate.TriUnknown
	}
	names := 0
	for _, r := range m.Rules {
		switch {
		case r.Type != "object-mapping":
		case r.Table == table:
			return gate.Yes
		case r.Table == "" || strings.ContainsAny(r.Table, "%${"):
			// Where it leads is made up as it goes.
			return gate.TriUnknown
		default:
			names++
		}
	}
	if names == 0 {
		// Without a mapping of its own, a task makes the names up from its source's.
		return gate.TriUnknown
	}
	return gate.No
}
