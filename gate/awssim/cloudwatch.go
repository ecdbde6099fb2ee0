package awssim

import (
	"strings"
	"time"
)

// cloudwatch is the part of CloudWatch that keeps metrics: those of storage,
// once a day, and how far replicas are behind.
func (w *World) cloudwatch() service {
	return service{json: "1.0", actions: map[string]action{"GetMetricData": w.getMetricData}}
}

func (w *World) getMetricData(r *request) (any, error) {
	var in struct {
		MetricDataQueries []struct {
			ID         string `json:"Id"`
			MetricStat struct {
				Metric struct {
					Namespace, MetricName string
					Dimensions            []struct{ Name, Value string }
				}
			}
		}
		NextToken string
	}
	if err := r.decode(&in); err != nil {
		return nil, err
	}
	type result struct {
		ID         string `json:"Id"`
		StatusCode string
		Timestamps []float64
		Values     []float64
	}
	var all []result
	for _, q := range in.MetricDataQueries {
		m := q.MetricStat.Metric
		one := result{ID: q.ID, StatusCode: "Complete", Timestamps: []float64{}, Values: []float64{}}
		dimensions := map[string]string{}
		for _, d := range m.Dimensions {
			dimensions[d.Name] = d.Value
		}
		if m.Namespace == "AWS/S3" {
			if v, ok := w.storage(r.live.name, m.MetricName, dimensions); ok {
				// The metrics of a day are there on the next.
				yesterday := w.clock.now.Truncate(day).Add(-day)
				one.Timestamps, one.Values = append(one.Timestamps, float64(yesterday.Unix())), append(one.Values, v)
			}
		}
		if m.Namespace == "AWS/RDS" && m.MetricName == "ReplicaLag" {
			if v, ok := w.lagOf(r.live.name, dimensions["DBInstanceIdentifier"]); ok {
				one.Timestamps, one.Values = append(one.Timestamps, float64(w.clock.now.Add(-time.Minute).Unix())), append(one.Values, v)
			}
		}
		if m.Namespace == "AWS/RDS" && m.MetricName == "AuroraReplicaLag" {
			if v, ok := w.readerLag(r.live.name, dimensions["DBInstanceIdentifier"]); ok {
				one.Timestamps, one.Values = append(one.Timestamps, float64(w.clock.now.Add(-time.Minute).Unix())), append(one.Values, v)
			}
		}
		if m.Namespace == "AWS/ElastiCache" {
			if v, ok := w.cacheMetric(r.live.name, m.MetricName, dimensions["CacheClusterId"]); ok {
				one.Timestamps, one.Values = append(one.Timestamps, float64(w.clock.now.Add(-time.Minute).Unix())), append(one.Values, v)
			}
		}
		all = append(all, one)
	}
	r.form["NextToken"] = []string{in.NextToken}
	items, next, err := page(r, all, 0)
	out := map[string]any{"MetricDataResults": items}
	if next != "" {
		out["NextToken"] = next
	}
	return out, err
}

// storage is what a bucket held at the end of yesterday, of what it holds now.
func (w *World) storage(region, metric string, dimensions map[string]string) (float64, bool) {
	b := w.buckets[dimensions["BucketName"]]
	if b == nil || b.region != region {
		return 0, false
	}
	count, bytes := 0, int64(0)
	add := func(o object) {
		if o.at.Before(w.clock.now.Truncate(24 * time.Hour)) {
			count, bytes = count+1, bytes+o.size
		}
	}
	for _, o := range b.objects {
		add(o)
	}
	for _, list := range b.old {
		for _, v := range list {
			add(v.object)
		}
	}
	kind := dimensions["StorageType"]
	switch {
	case count == 0:
		return 0, false
	case metric == "NumberOfObjects" && kind == "AllStorageTypes":
		return float64(count), true
	case metric == "BucketSizeBytes" && strings.EqualFold(kind, "StandardStorage"):
		return float64(bytes), true
	}
	return 0, false
}
