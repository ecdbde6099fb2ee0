package aws

import (
	"context"
	"errors"
	"strings"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/elasticache"
	ectypes "github.com/aws/aws-sdk-go-v2/service/elasticache/types"

	"github.com/holdfast-gate/holdfast/gate"
)

// The calls about serverless caches, as IAM names them.
const (
	callServerless          = "elasticache:DescribeServerlessCaches"
	callServerlessSnapshots = "elasticache:DescribeServerlessCacheSnapshots"
)

// pageServerless is the most that MaxResults allows (ElastiCache API).
const pageServerless = 50

func serverlessSources() []string {
	return []string{gate.SourceServerless, gate.SourceServerlessSnapshots}
}

// serverless is what one reading learns of serverless caches.
type serverless struct {
	*reading
	client *elasticache.Client
	stores map[string]*gate.DataStore // by name
}

// readServerless reads the serverless caches that were asked about. One name that
// is not there is an error of the call, so all are listed.
func (r *reading) readServerless(ctx context.Context) {
	s := serverless{r, elasticache.NewFromConfig(r.settings(r.region, wholeQuery)), map[string]*gate.DataStore{}}
	of, snapshots := r.extra[gate.SourceServerless], r.extra[gate.SourceServerlessSnapshots]
	if of == nil {
		// Without the caches there is nothing that the snapshots could be of.
		snapshots.fail(fault{gate.ProblemMissing, snapshots.name + " in " + r.region + " was not read, because nobody asked for " + gate.SourceServerless})
		return
	}
	s.list(ctx, of)
	if snapshots != nil && !of.whole() {
		snapshots.fail(fault{gate.ProblemMissing, snapshots.name + " in " + r.region + " was not read for every cache, because not every cache could be read"})
	}
	if snapshots != nil {
		each(sortedKeys(s.stores), func(name string) { s.snapshotsOf(ctx, snapshots, name) })
	}
	for _, name := range sortedKeys(s.stores) {
		r.hold(*s.stores[name])
	}
}

func (s serverless) list(ctx context.Context, of *source) {
	wanted := map[string]bool{}
	for _, name := range s.about(of.name) {
		wanted[strings.ToLower(name)] = true // it is kept so, however it was given
	}
	p := elasticache.NewDescribeServerlessCachesPaginator(s.client, &elasticache.DescribeServerlessCachesInput{MaxResults: s.pageSize(pageServerless)})
	n, err := pages(ctx, of, p.HasMorePages,
		func(ctx context.Context) (*elasticache.DescribeServerlessCachesOutput, error) { return p.NextPage(ctx) },
		func(out *elasticache.DescribeServerlessCachesOutput) *string {
			for _, c := range out.ServerlessCaches {
				if name := sdk.ToString(c.ServerlessCacheName); wanted[name] {
					s.stores[name] = &gate.DataStore{Kind: gate.KindServerless, ID: name, Region: s.region, ARN: sdk.ToString(c.ARN),
						Observed: []gate.Observation{s.observe(gate.SourceServerless, "elasticache.ServerlessCacheStatus", sdk.ToString(c.Status))},
						Facts:    map[string]string{"engine": sdk.ToString(c.Engine)}}
				}
			}
			return out.NextToken
		})
	if err != nil {
		of.fail(onPage(n, explain(ctx, callServerless, s.region, err)))
	}
}

// snapshotsOf reads the snapshots of a cache. Those that ElastiCache makes by
// itself go with it.
func (s serverless) snapshotsOf(ctx context.Context, of *source, name string) {
	p := elasticache.NewDescribeServerlessCacheSnapshotsPaginator(s.client, &elasticache.DescribeServerlessCacheSnapshotsInput{ServerlessCacheName: &name, MaxResults: s.pageSize(pageServerless)})
	n, err := pages(ctx, of, p.HasMorePages,
		func(ctx context.Context) (*elasticache.DescribeServerlessCacheSnapshotsOutput, error) {
			return p.NextPage(ctx)
		},
		func(out *elasticache.DescribeServerlessCacheSnapshotsOutput) *string {
			for _, one := range out.ServerlessCacheSnapshots {
				b := gate.Copy{Kind: fold(sdk.ToString(one.SnapshotType)), ID: sdk.ToString(one.ServerlessCacheSnapshotName), At: sdk.ToTime(one.CreateTime).UTC(), State: sdk.ToString(one.Status), Survives: gate.No, Usable: gate.No}
				if b.Kind == "manual" {
					b.Survives = gate.Yes
				}
				if fold(b.State) == "available" {
					b.Usable = gate.Yes
				}
				s.stores[name].Copies = append(s.stores[name].Copies, b)
			}
			return out.NextToken
		})
	var gone *ectypes.ServerlessCacheNotFoundFault
	// What went in the meantime has no copies that could let a plan through.
	if err != nil && !errors.As(err, &gone) {
		of.fail(onPage(n, explain(ctx, callServerlessSnapshots, s.region, err)))
	}
}
