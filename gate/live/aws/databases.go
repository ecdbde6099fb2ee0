package aws

import (
	"context"
	"slices"
	"strings"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/rds"
	rdstypes "github.com/aws/aws-sdk-go-v2/service/rds/types"

	"github.com/holdfast-gate/holdfast/gate"
)

// The calls about databases, as IAM names them.
const (
	callDatabases        = "rds:DescribeDBInstances"
	callDBClusters       = "rds:DescribeDBClusters"
	callDBSnapshots      = "rds:DescribeDBSnapshots"
	callClusterSnapshots = "rds:DescribeDBClusterSnapshots"
	callGlobals          = "rds:DescribeGlobalClusters"
	callBlueGreen        = "rds:DescribeBlueGreenDeployments"
)

const (
	pageDatabases    = 100 // most that MaxRecords allows (RDS API)
	minPageDatabases = 20  // and the fewest
	filterDatabases  = 100 // values of one filter
)

// databaseSources are what readDatabases reads.
func databaseSources() []string {
	return []string{gate.SourceDatabases, gate.SourceDBClusters, gate.SourceDBSnapshots, gate.SourceClusterSnapshots, gate.SourceGlobalDatabases, gate.SourceBlueGreen, gate.SourceLag}
}

// databases is what one reading learns of databases.
type databases struct {
	*reading
	rds              *rds.Client
	instances        map[string]rdstypes.DBInstance
	clusters         map[string]rdstypes.DBCluster
	snapshots        map[string][]rdstypes.DBSnapshot
	clusterSnapshots map[string][]rdstypes.DBClusterSnapshot
	globals          []rdstypes.GlobalCluster
	deployments      []rdstypes.BlueGreenDeployment
	lags             map[string]lag // by instance
	moves            *migrations    // what DMS copies; nil where nobody asked
}

// readDatabases reads the databases that were asked about, by whichever of its
// sources, with their replicas and the sources of those. A source that nobody
// asked for is not read.
func (r *reading) readDatabases(ctx context.Context) {
	d := &databases{reading: r, rds: rds.NewFromConfig(r.settings(r.region, wholeQuery)),
		instances: map[string]rdstypes.DBInstance{}, clusters: map[string]rdstypes.DBCluster{}, snapshots: map[string][]rdstypes.DBSnapshot{}, clusterSnapshots: map[string][]rdstypes.DBClusterSnapshot{}, lags: map[string]lag{}}
	ids := map[string]bool{}
	for _, name := range databaseSources() {
		for _, id := range r.about(name) {
			ids[id] = true
		}
	}
	named := sortedKeys(ids)
	together(
		func() { d.findInstances(ctx, named) },
		func() { d.findClusters(ctx, named) },
		func() { d.findSnapshots(ctx, named) },
		func() { d.findClusterSnapshots(ctx, named) },
		func() { d.findGlobals(ctx) },
		func() { d.findDeployments(ctx) },
		func() { d.findTasks(ctx) },
	)
	d.agree()
	d.readLag(ctx)
	for _, id := range sortedKeys(d.instances) {
		r.hold(d.instance(d.instances[id]))
	}
	for _, id := range sortedKeys(d.clusters) {
		r.hold(d.cluster(d.clusters[id]))
	}
	for _, g := range d.globals {
		if ids[sdk.ToString(g.GlobalClusterIdentifier)] {
			r.hold(d.global(g))
		}
	}
}

func (d *databases) records() *int32 {
	return sdk.Int32(max(minPageDatabases, *d.pageSize(pageDatabases)))
}

// find reads all pages of one answer into a source that was asked for.
func find[T any](ctx context.Context, d *databases, name, call string, more func() bool, next func(context.Context) (T, error), page func(T) *string) {
	s := d.extra[name]
	if n, err := pages(ctx, s, more, next, func(out T) *string {
		d.mu.Lock()
		defer d.mu.Unlock()
		return page(out)
	}); err != nil {
		s.fail(onPage(n, explain(ctx, call, d.region, err)))
	}
}

// findInstances reads instances by their own names and by those of their
// clusters, then whoever they replicate from or to in this region.
func (d *databases) findInstances(ctx context.Context, named []string) {
	if d.extra[gate.SourceDatabases] == nil {
		return
	}
	d.describe(ctx, "db-cluster-id", named)
	asked := map[string]bool{}
	for wanted := unseen(asked, named); len(wanted) > 0 && ctx.Err() == nil; wanted = unseen(asked, d.relatives()) {
		d.describe(ctx, "db-instance-id", wanted)
	}
	if ctx.Err() != nil {
		d.extra[gate.SourceDatabases].fail(interrupted(ctx, callDatabases+" in "+d.region))
	}
}

func (d *databases) describe(ctx context.Context, filter string, values []string) {
	each(chunks(values, filterDatabases), func(some []string) {
		p := rds.NewDescribeDBInstancesPaginator(d.rds, &rds.DescribeDBInstancesInput{MaxRecords: d.records(), Filters: []rdstypes.Filter{{Name: &filter, Values: some}}})
		find(ctx, d, gate.SourceDatabases, callDatabases, p.HasMorePages,
			func(ctx context.Context) (*rds.DescribeDBInstancesOutput, error) { return p.NextPage(ctx) },
			func(out *rds.DescribeDBInstancesOutput) *string {
				for _, i := range out.DBInstances {
					if filter == "db-instance-id" && !isAmong(some, i) || filter == "db-cluster-id" && !sameName(some, i.DBClusterIdentifier) {
						d.extra[gate.SourceDatabases].fail(misplaced(callDatabases, d.region, sdk.ToString(i.DBInstanceIdentifier)+", for which it was not asked"))
					}
					d.instances[sdk.ToString(i.DBInstanceIdentifier)] = i
				}
				return out.Marker
			})
	})
}

// isAmong reports whether an instance is one of those: RDS filters by name and
// by resource id, and does not mind case.
func isAmong(asked []string, i rdstypes.DBInstance) bool {
	return slices.ContainsFunc(asked, func(a string) bool {
		return strings.EqualFold(a, sdk.ToString(i.DBInstanceIdentifier)) || strings.EqualFold(a, sdk.ToString(i.DbiResourceId)) || a == sdk.ToString(i.DBInstanceArn)
	})
}

// sameName reports whether an identifier is one of those: RDS does not mind case.
func sameName(asked []string, id *string) bool {
	return slices.ContainsFunc(asked, func(a string) bool { return strings.EqualFold(a, sdk.ToString(id)) })
}

// agree marks the clusters as read in part where an instance is of one that is
// not among them, or a global cluster has it: it would pass for one that is gone.
func (d *databases) agree() {
	s := d.extra[gate.SourceDBClusters]
	if s == nil || !s.whole() {
		return
	}
	lacks := func(cluster, why string) {
		if _, there := d.clusters[cluster]; !there && slices.Contains(d.about(gate.SourceDBClusters), cluster) {
			s.fail(fault{gate.ProblemPartial, s.name + " in " + d.region + " lacks " + cluster + ", " + why + ": try again in a minute"})
		}
	}
	for _, id := range sortedKeys(d.instances) {
		lacks(sdk.ToString(d.instances[id].DBClusterIdentifier), "of which "+id+" is an instance")
	}
	for _, g := range d.globals {
		for _, m := range g.GlobalClusterMembers {
			if l := (gate.Link{Peer: sdk.ToString(m.DBClusterArn)}); elsewhere(l.Peer) == d.region {
				lacks(l.Name(), "which is a member of "+sdk.ToString(g.GlobalClusterIdentifier))
			}
		}
	}
}

// relatives are the replicas and sources of the instances read so far, in this
// region: those elsewhere are named by their ARN.
func (d *databases) relatives() []string {
	var out []string
	for _, i := range d.instances {
		for _, id := range append([]string{sdk.ToString(i.ReadReplicaSourceDBInstanceIdentifier)}, i.ReadReplicaDBInstanceIdentifiers...) {
			if !strings.Contains(id, ":") {
				out = append(out, id)
			}
		}
	}
	return out
}

func (d *databases) findClusters(ctx context.Context, named []string) {
	if d.extra[gate.SourceDBClusters] == nil {
		return
	}
	filter := "db-cluster-id"
	each(chunks(named, filterDatabases), func(some []string) {
		p := rds.NewDescribeDBClustersPaginator(d.rds, &rds.DescribeDBClustersInput{MaxRecords: d.records(), Filters: []rdstypes.Filter{{Name: &filter, Values: some}}})
		find(ctx, d, gate.SourceDBClusters, callDBClusters, p.HasMorePages,
			func(ctx context.Context) (*rds.DescribeDBClustersOutput, error) { return p.NextPage(ctx) },
			func(out *rds.DescribeDBClustersOutput) *string {
				for _, c := range out.DBClusters {
					if !sameName(some, c.DBClusterIdentifier) {
						d.extra[gate.SourceDBClusters].fail(misplaced(callDBClusters, d.region, sdk.ToString(c.DBClusterIdentifier)+", for which it was not asked"))
					}
					d.clusters[sdk.ToString(c.DBClusterIdentifier)] = c
				}
				return out.Marker
			})
	})
}

// findSnapshots reads snapshots made by hand and by RDS itself, which come
// together, and those of AWS Backup, which come only when asked for.
func (d *databases) findSnapshots(ctx context.Context, named []string) {
	if d.extra[gate.SourceDBSnapshots] == nil {
		return
	}
	filter := "db-instance-id"
	for _, kind := range []*string{nil, sdk.String("awsbackup")} {
		each(chunks(named, filterDatabases), func(some []string) {
			p := rds.NewDescribeDBSnapshotsPaginator(d.rds, &rds.DescribeDBSnapshotsInput{MaxRecords: d.records(), SnapshotType: kind, Filters: []rdstypes.Filter{{Name: &filter, Values: some}}})
			find(ctx, d, gate.SourceDBSnapshots, callDBSnapshots, p.HasMorePages,
				func(ctx context.Context) (*rds.DescribeDBSnapshotsOutput, error) { return p.NextPage(ctx) },
				func(out *rds.DescribeDBSnapshotsOutput) *string {
					for _, s := range out.DBSnapshots {
						id := sdk.ToString(s.DBInstanceIdentifier)
						d.snapshots[id] = append(d.snapshots[id], s)
					}
					return out.Marker
				})
		})
	}
}

func (d *databases) findClusterSnapshots(ctx context.Context, named []string) {
	if d.extra[gate.SourceClusterSnapshots] == nil {
		return
	}
	filter := "db-cluster-id"
	for _, kind := range []*string{nil, sdk.String("awsbackup")} {
		each(chunks(named, filterDatabases), func(some []string) {
			p := rds.NewDescribeDBClusterSnapshotsPaginator(d.rds, &rds.DescribeDBClusterSnapshotsInput{MaxRecords: d.records(), SnapshotType: kind, Filters: []rdstypes.Filter{{Name: &filter, Values: some}}})
			find(ctx, d, gate.SourceClusterSnapshots, callClusterSnapshots, p.HasMorePages,
				func(ctx context.Context) (*rds.DescribeDBClusterSnapshotsOutput, error) { return p.NextPage(ctx) },
				func(out *rds.DescribeDBClusterSnapshotsOutput) *string {
					for _, s := range out.DBClusterSnapshots {
						id := sdk.ToString(s.DBClusterIdentifier)
						d.clusterSnapshots[id] = append(d.clusterSnapshots[id], s)
					}
					return out.Marker
				})
		})
	}
}

// findGlobals reads every global cluster: they belong to no region, and there
// are few.
func (d *databases) findGlobals(ctx context.Context) {
	if d.extra[gate.SourceGlobalDatabases] == nil {
		return
	}
	p := rds.NewDescribeGlobalClustersPaginator(d.rds, &rds.DescribeGlobalClustersInput{MaxRecords: d.records()})
	find(ctx, d, gate.SourceGlobalDatabases, callGlobals, p.HasMorePages,
		func(ctx context.Context) (*rds.DescribeGlobalClustersOutput, error) { return p.NextPage(ctx) },
		func(out *rds.DescribeGlobalClustersOutput) *string {
			d.globals = append(d.globals, out.GlobalClusters...)
			return out.Marker
		})
}

func (d *databases) findDeployments(ctx context.Context) {
	if d.extra[gate.SourceBlueGreen] == nil {
		return
	}
	p := rds.NewDescribeBlueGreenDeploymentsPaginator(d.rds, &rds.DescribeBlueGreenDeploymentsInput{MaxRecords: d.records()})
	find(ctx, d, gate.SourceBlueGreen, callBlueGreen, p.HasMorePages,
		func(ctx context.Context) (*rds.DescribeBlueGreenDeploymentsOutput, error) { return p.NextPage(ctx) },
		func(out *rds.DescribeBlueGreenDeploymentsOutput) *string {
			d.deployments = append(d.deployments, out.BlueGreenDeployments...)
			return out.Marker
		})
}

// findTasks reads what DMS copies from or to any host.
func (d *databases) findTasks(ctx context.Context) {
	if d.wantsMigrations() {
		d.moves = d.migrated(ctx)
	}
}

// chunks divides values into runs of at most n.
func chunks(values []string, n int) [][]string { return slices.Collect(slices.Chunk(values, n)) }
