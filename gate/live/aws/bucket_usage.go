package aws

import (
	"context"
	"time"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	cwtypes "github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"

	"github.com/holdfast-gate/holdfast/gate"
)

// storageTypes are the values of the dimension StorageType under which
// BucketSizeBytes is kept (S3 User Guide, "Metrics and dimensions").
func storageTypes() []string {
	return []string{"StandardStorage", "IntelligentTieringFAStorage", "IntelligentTieringIAStorage", "IntelligentTieringAAStorage", "IntelligentTieringAIAStorage",
		"IntelligentTieringDAAStorage", "StandardIAStorage", "OneZoneIAStorage", "ReducedRedundancyStorage", "GlacierInstantRetrievalStorage", "GlacierStorage", "DeepArchiveStorage"}
}

// readStorage reads how much the bucket held by CloudWatch, which knows once a
// day and up to two days late: three days are asked for.
func (b *bucketRead) readStorage(ctx context.Context) {
	s := b.wants(gate.SourceStorage)
	if s == nil {
		return
	}
	m := newGauge(b.settings(b.where().region, wholeMetrics()))
	end := b.o.Now().UTC().Truncate(24 * time.Hour).Add(24 * time.Hour)
	in := &cloudwatch.GetMetricDataInput{StartTime: sdk.Time(end.AddDate(0, 0, -4)), EndTime: &end}
	query := func(id, metric, storage string) {
		in.MetricDataQueries = append(in.MetricDataQueries, cwtypes.MetricDataQuery{Id: &id, MetricStat: &cwtypes.MetricStat{
			Period: sdk.Int32(86400), Stat: sdk.String("Average"),
			Metric: &cwtypes.Metric{Namespace: sdk.String("AWS/S3"), MetricName: &metric, Dimensions: []cwtypes.Dimension{
				{Name: sdk.String("BucketName"), Value: &b.name}, {Name: sdk.String("StorageType"), Value: &storage}}},
		}})
	}
	query("objects", "NumberOfObjects", "AllStorageTypes")
	for i, t := range storageTypes() {
		query("bytes"+string(rune('a'+i)), "BucketSizeBytes", t)
	}
	points, err := m.points(s.ctx(ctx), in)
	if err != nil {
		s.fail(aboutBucket(explain(ctx, "cloudwatch:GetMetricData", b.where().region, err), b.name))
		return
	}
	s.got()
	objects, ok := newest(points["objects"])
	if !ok {
		return
	}
	u := &gate.Usage{Objects: int64(objects.value), At: objects.at}
	for id, some := range points {
		if p, ok := newest(some); ok && id != "objects" {
			u.Bytes += int64(p.value)
		}
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.store.Holds.Usage = u
}
