package aws

import (
	"context"
	"fmt"
	"strings"
	"time"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	cwtypes "github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"

	"github.com/holdfast-gate/holdfast/gate"
)

// lag is how far a replica was behind, at most, in the last lagWindow; negative
// is not replicating.
type lag time.Duration

// lagWindow is how far back a replica must have kept up (aws-semantics 5.3).
const lagWindow = 15 * time.Minute

// lagQueries is how many metrics one call asks for (CloudWatch allows 500).
const lagQueries = 100

// readLag reads how far replicas are behind. One without a value is not in
// lags: how far it is behind is not known.
func (d *databases) readLag(ctx context.Context) {
	s := d.extra[gate.SourceLag]
	if s == nil {
		return
	}
	if databases := d.extra[gate.SourceDatabases]; databases == nil || !databases.whole() {
		s.fail(fault{gate.ProblemMissing, s.name + " in " + d.region + " was not read for every replica, because not every database could be read"})
	}
	m := newGauge(d.settings(d.region, wholeMetrics()))
	each(chunks(d.replicas(), lagQueries), func(some []string) { d.askLag(ctx, s, m, some) })
}

// replicas are the instances that follow another.
func (d *databases) replicas() []string {
	out := map[string]bool{}
	for id, i := range d.instances {
		if sdk.ToString(i.ReadReplicaSourceDBInstanceIdentifier) != "" {
			out[id] = true
		}
	}
	for _, c := range d.clusters {
		for _, m := range c.DBClusterMembers {
			if !sdk.ToBool(m.IsClusterWriter) {
				out[sdk.ToString(m.DBInstanceIdentifier)] = true
			}
		}
	}
	return sortedKeys(out)
}

func (d *databases) askLag(ctx context.Context, s *source, m gauge, ids []string) {
	end := d.o.Now().UTC().Truncate(time.Minute)
	in := &cloudwatch.GetMetricDataInput{StartTime: sdk.Time(end.Add(-lagWindow)), EndTime: &end}
	for n, id := range ids {
		name, _ := d.metric(id)
		in.MetricDataQueries = append(in.MetricDataQueries, cwtypes.MetricDataQuery{Id: sdk.String(fmt.Sprintf("m%d", n)), MetricStat: &cwtypes.MetricStat{
			Period: sdk.Int32(60), Stat: sdk.String("Maximum"),
			Metric: &cwtypes.Metric{Namespace: sdk.String("AWS/RDS"), MetricName: &name, Dimensions: []cwtypes.Dimension{{Name: sdk.String("DBInstanceIdentifier"), Value: sdk.String(id)}}},
		}})
	}
	points, err := m.points(s.ctx(ctx), in)
	if err != nil {
		s.fail(explain(ctx, "cloudwatch:GetMetricData", d.region, err))
		return
	}
	s.got()
	d.mu.Lock()
	defer d.mu.Unlock()
	for n, id := range ids {
		d.keepLag(id, points[fmt.Sprintf("m%d", n)])
	}
}

// keepLag takes the worst of some values: -1 is not replicating, which is worse
// than any lag (RDS User Guide, "Monitoring read replication").
func (d *databases) keepLag(id string, values []point) {
	_, unit := d.metric(id)
	for _, p := range values {
		v := p.value
		was, known := d.lags[id]
		switch {
		case v < 0:
			d.lags[id] = -1
		case !known || was >= 0 && lag(v*float64(unit)) > was:
			d.lags[id] = lag(v * float64(unit))
		}
	}
}

// metric is the metric that says how far an instance is behind, and its unit:
// Aurora counts milliseconds, everybody else seconds.
func (d *databases) metric(id string) (string, time.Duration) {
	if strings.HasPrefix(sdk.ToString(d.instances[id].Engine), "aurora") {
		return "AuroraReplicaLag", time.Millisecond
	}
	return "ReplicaLag", time.Second
}
