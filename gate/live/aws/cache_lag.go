package aws

import (
	"context"
	"fmt"
	"time"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	cwtypes "github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"

	"github.com/holdfast-gate/holdfast/gate"
)

// The metrics that say what a node is (ElastiCache User Guide, "Metrics for
// Valkey and Redis OSS"). A primary has no lag.
const (
	metricPrimary = "IsMaster"       // 1 of a primary
	metricLag     = "ReplicationLag" // seconds that a replica is behind
)

// nodesAtOnce is how many nodes one call asks about, with two metrics each.
const nodesAtOnce = 100

// readLag reads which nodes are primaries, which ElastiCache says only where
// there are no shards, and how far the others are behind. A node without a value
// is not in lags: how far it is behind is not known.
func (c *caches) readLag(ctx context.Context) {
	s := c.extra[gate.SourceCacheLag]
	if s == nil {
		return
	}
	if of := c.extra[gate.SourceCaches]; of == nil || !of.whole() {
		s.fail(fault{gate.ProblemMissing, s.name + " in " + c.region + " was not read for every node, because not every cache could be read"})
	}
	nodes := map[string]bool{}
	for _, group := range c.groups {
		for _, id := range group.MemberClusters {
			nodes[id] = true
		}
	}
	m := newGauge(c.settings(c.region, wholeMetrics()))
	each(chunks(sortedKeys(nodes), nodesAtOnce), func(some []string) { c.askNodes(ctx, s, m, some) })
}

func (c *caches) askNodes(ctx context.Context, s *source, m gauge, ids []string) {
	end := c.o.Now().UTC().Truncate(time.Minute)
	in := &cloudwatch.GetMetricDataInput{StartTime: sdk.Time(end.Add(-lagWindow)), EndTime: &end}
	for n, id := range ids {
		for _, metric := range []string{metricPrimary, metricLag} {
			in.MetricDataQueries = append(in.MetricDataQueries, cwtypes.MetricDataQuery{Id: sdk.String(queryID(metric, n)), MetricStat: &cwtypes.MetricStat{
				Period: sdk.Int32(60), Stat: sdk.String("Maximum"),
				Metric: &cwtypes.Metric{Namespace: sdk.String("AWS/ElastiCache"), MetricName: &metric, Dimensions: []cwtypes.Dimension{{Name: sdk.String("CacheClusterId"), Value: &id}}},
			}})
		}
	}
	points, err := m.points(s.ctx(ctx), in)
	if err != nil {
		s.fail(explain(ctx, "cloudwatch:GetMetricData", c.region, err))
		return
	}
	s.got()
	c.mu.Lock()
	defer c.mu.Unlock()
	for n, id := range ids {
		if p, ok := newest(points[queryID(metricPrimary, n)]); ok {
			c.primary[id] = p.value == 1
		}
		for _, p := range points[queryID(metricLag, n)] {
			if was, known := c.lags[id]; !known || seconds(p.value) > was {
				c.lags[id] = seconds(p.value)
			}
		}
	}
}

// queryID names a metric of the nth node; CloudWatch wants a small letter first.
func queryID(metric string, n int) string { return fmt.Sprintf("q%s%d", metric, n) }

func seconds(n float64) lag { return lag(n * float64(time.Second)) }
