package aws

import (
	"context"
	"slices"
	"time"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/schemas"
	"github.com/aws/smithy-go/transport/http/protocol/awsjson"
)

// A gauge reads metrics in one region.
type gauge struct{ client *cloudwatch.Client }

// wholeMetrics checks that an answer has metrics, be they none.
func wholeMetrics() wholeness {
	return wholeJSONWith(map[string]string{"GetMetricData": "MetricDataResults"})
}

func newGauge(cfg sdk.Config) gauge {
	return gauge{cloudwatch.NewFromConfig(cfg, func(o *cloudwatch.Options) {
		// Of the protocols of CloudWatch the one whose answers are seen to be whole.
		o.Protocol = awsjson.New10(schemas.GraniteServiceVersion20100801)
	})}
}

// A point is one value of a metric.
type point struct {
	at    time.Time
	value float64
}

// newest is the last point of a metric; false if there is none.
func newest(points []point) (point, bool) {
	if len(points) == 0 {
		return point{}, false
	}
	return slices.MaxFunc(points, func(a, b point) int { return a.at.Compare(b.at) }), true
}

// points are the points of each query, on whatever pages they are.
func (m gauge) points(ctx context.Context, in *cloudwatch.GetMetricDataInput) (map[string][]point, error) {
	out := map[string][]point{}
	seen := map[string]bool{}
	for {
		page, err := m.client.GetMetricData(ctx, in)
		if err != nil {
			return nil, err
		}
		for _, r := range page.MetricDataResults {
			for i, at := range r.Timestamps {
				if id := sdk.ToString(r.Id); i < len(r.Values) {
					out[id] = append(out[id], point{at.UTC(), r.Values[i]})
				}
			}
		}
		if in.NextToken = page.NextToken; sdk.ToString(in.NextToken) == "" {
			return out, nil
		}
		if seen[*in.NextToken] {
			return nil, errSamePage
		}
		seen[*in.NextToken] = true
	}
}
