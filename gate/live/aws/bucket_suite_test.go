package aws_test

import (
	"fmt"
	"testing"

	"github.com/holdfast-gate/holdfast/gate/live/aws"
	"github.com/holdfast-gate/holdfast/gate/live/livetest"
)

const (
	suiteRule = `<LifecycleConfiguration><Rule><ID>tmp</ID><Status>Enabled</Status><Filter><Prefix>tmp/</Prefix></Filter><Expiration><Days>30</Days></Expiration></Rule></LifecycleConfiguration>`
	copyRule  = `<ReplicationConfiguration><Role>arn:aws:iam::123456789012:role/copy</Role><Rule><ID>all</ID><Priority>1</Priority><Status>Enabled</Status><Filter><Prefix></Prefix></Filter>` +
		`<DeleteMarkerReplication><Status>Enabled</Status></DeleteMarkerReplication><Destination><Bucket>arn:aws:s3:::%s</Bucket></Destination></Rule></ReplicationConfiguration>`
)

func TestBucketsOnAwssim(t *testing.T) {
	livetest.RunBuckets(t, nil, func(t *testing.T) livetest.BucketCloud {
		return &simBuckets{newSim(t, aws.Options{PageSize: livetest.PageSize}), t}
	})
}

type simBuckets struct {
	*sim
	t *testing.T
}

func (s *simBuckets) Bucket(region, name string, objects int) {
	s.CreateBucket(region, name)
	s.KeepVersions(name)
	for i := range objects {
		s.PutObject(name, fmt.Sprint("calls/", i), []byte("a"))
	}
	s.PutObject(name, "calls/0", []byte("b"))
	tell(s.t, s.World, region, name+"?lifecycle", suiteRule)
}

func (s *simBuckets) Copy(region, name, to string) {
	tell(s.t, s.World, region, name+"?replication", fmt.Sprintf(copyRule, to))
}
