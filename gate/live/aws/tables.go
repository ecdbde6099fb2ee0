package aws

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	ddbtypes "github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/holdfast-gate/holdfast/gate"
)

// tables is what one reading learns of DynamoDB tables.
type tables struct {
	*reading
	region string // where they are: that of the reading, but for replicas
	client *dynamodb.Client
	stores map[string]*gate.DataStore // by name; a table that is not there has none
}

// readTables reads the tables that were asked about, and then who gets changes
// from them, or gives them some, and what copies there are, as far as that was
// asked for.
func (r *reading) readTables(ctx context.Context) {
	s := r.extra[gate.SourceTables]
	if s == nil {
		// Without the tables there is nothing that the rest could be about.
		for _, name := range []string{gate.SourceTableReplicas, gate.SourceTableStreams, gate.SourceTableBackups, gate.SourceRecovery, gate.SourceMappings, gate.SourcePipes} {
			if one := r.extra[name]; one != nil {
				one.fail(fault{gate.ProblemMissing, name + " in " + r.region + " was not read, because nobody asked for " + gate.SourceTables})
			}
		}
		return
	}
	t := tables{r, r.region, r.tablesOf(r.region), map[string]*gate.DataStore{}}
	each(r.about(gate.SourceTables), func(name string) { t.describe(ctx, s, name) })
	further := map[string]func(context.Context, *source){
		gate.SourceTableReplicas: t.readReplicas,
		gate.SourceTableStreams:  t.readDestinations,
		gate.SourceRecovery:      t.readRecovery,
		gate.SourceTableBackups:  t.readBackups,
		gate.SourceMappings:      t.readMappings,
		gate.SourcePipes:         t.readPipes,
	}
	reads := []func(){func() { t.readTasks(ctx) }}
	for name, read := range further {
		one := r.extra[name]
		switch {
		case one == nil:
		case !s.whole() && name == gate.SourceTableReplicas:
			one.shares(s) // the call is the same
		case !s.whole():
			one.fail(fault{gate.ProblemMissing, name + " in " + r.region + " was not read for every table, because not every table could be read"})
		default:
			reads = append(reads, func() { read(ctx, one) })
		}
	}
	together(reads...)
	for _, d := range t.stores {
		r.hold(*d)
	}
}

func (r *reading) tablesOf(region string) *dynamodb.Client {
	return dynamodb.NewFromConfig(r.settings(region, wholeJSONWith(map[string]string{
		"DescribeTable": "Table", "DescribeKinesisStreamingDestination": "KinesisDataStreamDestinations",
		"DescribeContinuousBackups": "ContinuousBackupsDescription", "ListBackups": "BackupSummaries",
	})))
}

// readReplicas reads the replicas of the tables where they are: each has settings of
// its own. One that is not there has nothing to say.
func (t tables) readReplicas(ctx context.Context, s *source) {
	regions := map[string]*tables{}
	asked := map[string]map[string]bool{}
	for _, d := range t.sortedStores() {
		for _, l := range d.Links {
			if l.Kind != gate.LinkReplica || l.Active == gate.No || l.Region == "" || l.Region == t.region {
				continue
			}
			if regions[l.Region] == nil {
				regions[l.Region], asked[l.Region] = &tables{t.reading, l.Region, t.tablesOf(l.Region), map[string]*gate.DataStore{}}, map[string]bool{}
			}
			asked[l.Region][d.ID] = true
		}
	}
	each(sortedKeys(regions), func(region string) {
		there := *regions[region]
		each(sortedKeys(asked[region]), func(name string) { there.describe(ctx, s, name) })
		for _, name := range sortedKeys(there.stores) {
			t.hold(*there.stores[name])
		}
	})
}

// each does something for every table that is there, at the same time.
func (t tables) each(do func(name string, d *gate.DataStore)) {
	var fs []func()
	for name, d := range t.stores {
		fs = append(fs, func() { do(name, d) })
	}
	together(fs...)
}

func (t tables) link(d *gate.DataStore, l gate.Link) {
	t.mu.Lock()
	defer t.mu.Unlock()
	d.Links = append(d.Links, l)
}

func (t tables) copy(d *gate.DataStore, c gate.Copy) {
	t.mu.Lock()
	defer t.mu.Unlock()
	d.Copies = append(d.Copies, c)
}

func (t tables) describe(ctx context.Context, s *source, name string) {
	const call = "dynamodb:DescribeTable"
	out, err := t.client.DescribeTable(s.ctx(ctx), &dynamodb.DescribeTableInput{TableName: &name})
	var none *ddbtypes.ResourceNotFoundException
	if errors.As(err, &none) {
		return
	}
	if err != nil {
		s.fail(explain(ctx, call, t.region, err))
		return
	}
	s.got()
	table := out.Table
	if table == nil || sdk.ToString(table.TableName) != name || !within(t.region, sdk.ToString(table.TableArn)) {
		s.fail(misplaced(call, t.region, "another table than "+name))
		return
	}
	m := t.states.classify("dynamodb.TableStatus", string(table.TableStatus))
	d := &gate.DataStore{Kind: gate.KindTable, ID: name, Region: t.region, ARN: sdk.ToString(table.TableArn), Identity: sdk.ToString(table.TableId),
		Facts:    facts(table),
		Observed: []gate.Observation{{Source: gate.SourceTables, Field: "dynamodb.TableStatus", Raw: string(table.TableStatus), Phase: m.phase, Serving: m.serving, Opinion: true}}}
	for _, r := range table.Replicas {
		d.Links = append(d.Links, gate.Link{To: "both", Kind: gate.LinkReplica, Peer: name, Region: sdk.ToString(r.RegionName), State: string(r.ReplicaStatus), Active: replicates(r.ReplicaStatus)})
	}
	if len(table.Replicas) == 0 && sdk.ToString(table.GlobalTableVersion) == "2017.11.29" {
		// Who the replicas of the old kind are only another call tells.
		d.Links = append(d.Links, gate.Link{To: "both", Kind: gate.LinkReplica, Peer: name, State: "version 2017.11.29", Detail: "its replicas cannot be told"})
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.stores[name] = d
}

// within reports whether an ARN is of a region.
func within(region, arn string) bool {
	parts := strings.SplitN(arn, ":", 5)
	return len(parts) == 5 && parts[3] == region
}

func facts(table *ddbtypes.TableDescription) map[string]string {
	out := map[string]string{"deletion_protection": strconv.FormatBool(sdk.ToBool(table.DeletionProtectionEnabled))}
	// Both are as of up to six hours ago (DynamoDB API, TableDescription).
	if table.ItemCount != nil {
		out["items"] = strconv.FormatInt(*table.ItemCount, 10)
	}
	if table.TableSizeBytes != nil {
		out["bytes"] = strconv.FormatInt(*table.TableSizeBytes, 10)
	}
	if table.StreamSpecification != nil {
		out["stream"] = string(table.StreamSpecification.StreamViewType)
	}
	return out
}

// replicates says of a replica's status whether it still takes part (aws-semantics
// 5.2): one that is being deleted does not any more.
func replicates(status ddbtypes.ReplicaStatus) gate.Tri {
	switch status {
	case ddbtypes.ReplicaStatusDeleting, ddbtypes.ReplicaStatusArchived:
		return gate.No
	case ddbtypes.ReplicaStatusActive, ddbtypes.ReplicaStatusCreating, ddbtypes.ReplicaStatusUpdating,
		ddbtypes.ReplicaStatusRegionDisabled, ddbtypes.ReplicaStatusInaccessibleEncryptionCredentials, ddbtypes.ReplicaStatusReplicationNotAuthorized:
		return gate.Yes
	}
	// A status nobody has classed may be one that replicates.
	return gate.TriUnknown
}

// readDestinations reads which Kinesis streams get the changes of the tables.
func (t tables) readDestinations(ctx context.Context, s *source) {
	t.each(func(name string, d *gate.DataStore) {
		out, err := t.client.DescribeKinesisStreamingDestination(s.ctx(ctx), &dynamodb.DescribeKinesisStreamingDestinationInput{TableName: &name})
		switch {
		case err != nil:
			s.fail(explain(ctx, "dynamodb:DescribeKinesisStreamingDestination", t.region, err))
			return
		case sdk.ToString(out.TableName) != name:
			s.fail(misplaced("dynamodb:DescribeKinesisStreamingDestination", t.region, "another table than "+name))
			return
		}
		s.got()
		for _, k := range out.KinesisDataStreamDestinations {
			active := gate.TriUnknown
			switch k.DestinationStatus {
			case ddbtypes.DestinationStatusActive, ddbtypes.DestinationStatusEnabling, ddbtypes.DestinationStatusUpdating, ddbtypes.DestinationStatusDisabling:
				active = gate.Yes
			case ddbtypes.DestinationStatusDisabled, ddbtypes.DestinationStatusEnableFailed:
				active = gate.No
			}
			t.link(d, gate.Link{To: "peer", Kind: gate.LinkKinesis, Peer: sdk.ToString(k.StreamArn), State: string(k.DestinationStatus), Active: active})
		}
	})
}

// readRecovery reads to which instant each table can be restored. What can be
// restored goes with the table, but for the copy that DynamoDB makes of one with
// recovery when it is deleted: that one nobody has seen yet, so it does not
// count.
func (t tables) readRecovery(ctx context.Context, s *source) {
	t.each(func(name string, d *gate.DataStore) {
		out, err := t.client.DescribeContinuousBackups(s.ctx(ctx), &dynamodb.DescribeContinuousBackupsInput{TableName: &name})
		switch {
		case err != nil:
			s.fail(explain(ctx, "dynamodb:DescribeContinuousBackups", t.region, err))
			return
		case out.ContinuousBackupsDescription == nil:
			s.fail(misplaced("dynamodb:DescribeContinuousBackups", t.region, "no table"))
			return
		}
		s.got()
		p := out.ContinuousBackupsDescription.PointInTimeRecoveryDescription
		if p == nil || p.PointInTimeRecoveryStatus != ddbtypes.PointInTimeRecoveryStatusEnabled {
			return
		}
		t.copy(d, gate.Copy{Kind: "pitr", ID: "point-in-time recovery", At: sdk.ToTime(p.LatestRestorableDateTime), Survives: gate.No, State: string(p.PointInTimeRecoveryStatus), Usable: gate.Yes})
	})
}

// readBackups reads the backups of each table, those that AWS Backup made too:
// all of them outlive it.
func (t tables) readBackups(ctx context.Context, s *source) {
	t.each(func(name string, d *gate.DataStore) {
		// The SDK has no paginator for it.
		in, first := &dynamodb.ListBackupsInput{TableName: &name, BackupType: ddbtypes.BackupTypeFilterAll, Limit: t.pageSize(100)}, true
		page, err := pages(ctx, s, func() bool { return first || in.ExclusiveStartBackupArn != nil },
			func(ctx context.Context) (*dynamodb.ListBackupsOutput, error) { return t.client.ListBackups(ctx, in) },
			func(out *dynamodb.ListBackupsOutput) *string {
				for _, b := range out.BackupSummaries {
					// One of an earlier table of that name holds other data.
					if sdk.ToString(b.TableName) != name || (b.TableId != nil && d.Identity != "" && *b.TableId != d.Identity) {
						continue
					}
					usable := gate.No
					if b.BackupStatus == ddbtypes.BackupStatusAvailable {
						usable = gate.Yes
					}
					t.copy(d, gate.Copy{Kind: "backup", ID: sdk.ToString(b.BackupName), At: sdk.ToTime(b.BackupCreationDateTime), Survives: gate.Yes, State: string(b.BackupStatus), Usable: usable})
				}
				in.ExclusiveStartBackupArn, first = out.LastEvaluatedBackupArn, false
				return out.LastEvaluatedBackupArn
			})
		if err != nil {
			s.fail(onPage(page, explain(ctx, "dynamodb:ListBackups", t.region, err)))
		}
	})
}

// readsStreamOf reports whether an event source is a stream of the table, one
// that it had before too.
func readsStreamOf(eventSource string, d *gate.DataStore) bool {
	return strings.HasPrefix(eventSource, d.ARN+"/stream/")
}

// sortedStores are the tables in the order of their names.
func (t tables) sortedStores() []*gate.DataStore {
	var out []*gate.DataStore
	for _, d := range t.stores {
		out = append(out, d)
	}
	slices.SortFunc(out, func(a, b *gate.DataStore) int { return strings.Compare(a.ID, b.ID) })
	return out
}
