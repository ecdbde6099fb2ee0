package livetest

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/holdfast-gate/holdfast/gate"
	"github.com/holdfast-gate/holdfast/gate/live"
)

// A BucketCloud is a Cloud that has buckets.
type BucketCloud interface {
	Cloud
	// Bucket makes a bucket that keeps versions, with that many objects below
	// "calls/", one of which has been overwritten, and one rule, "tmp", that
	// expires what is below "tmp/" after 30 days.
	Bucket(region, name string, objects int)
	// Copy lets a bucket of the region be copied to another, deletions too.
	Copy(region, name, to string)
}

// RunBuckets runs the part of the suite that is about buckets. The cloud lacks
// some sources, which then must fail.
func RunBuckets(t *testing.T, lacks []string, open func(t *testing.T) BucketCloud) {
	const objects = 2*PageSize + 1
	t.Run("BucketAndItsCopies", func(t *testing.T) {
		c := open(t)
		c.Bucket(Home, "files", objects)
		c.Bucket(Home, "archive", 1)
		c.Copy(Home, "files", "archive")
		s := readBuckets(t, lacks, c)
		d, _ := s.DataStore(gate.KindBucket, Home, "files")
		versioning := "Enabled"
		if slices.Contains(lacks, gate.SourceVersioning) {
			versioning = ""
		}
		if d.Holds == nil || len(d.Holds.Rules) != 1 || len(d.Holds.Samples) != 1 || d.Facts["versioning"] != versioning || d.Facts["object_lock"] != "off" {
			t.Fatalf("got %+v, %+v, want a versioned bucket with a rule and a sample", d, d.Holds)
		}
		if r := d.Holds.Rules[0]; r.ID != "tmp" || !r.Active || r.Filter.Prefix != "tmp/" || len(r.Acts) != 1 || r.Acts[0].Does != gate.StepExpire || r.Acts[0].Days != 30 {
			t.Errorf("rule: got %+v", r)
		}
		seen := d.Holds.Samples[0]
		if seen.Objects.Count() != objects || !seen.Objects.Whole || seen.Noncurrent.Count() != 1 || !seen.Noncurrent.Whole {
			t.Errorf("sample: got %+v, want %d objects and one noncurrent version, and no more", seen, objects)
		}
		if len(d.Links) != 1 || d.Links[0].To != "peer" || d.Links[0].Peer != "archive" || d.Links[0].Active != gate.Yes {
			t.Errorf("links of the source: got %+v", d.Links)
		}
		a, _ := s.DataStore(gate.KindBucket, Home, "archive")
		if len(a.Links) != 1 || a.Links[0].To != "store" || a.Links[0].Peer != "files" {
			t.Errorf("links of the destination: got %+v", a.Links)
		}
	})
	t.Run("NoSuchBucket", func(t *testing.T) {
		if s := readBuckets(t, lacks, open(t)); len(s.DataStores) > 0 {
			t.Errorf("got %+v, want none", s.DataStores)
		}
	})
}

// readBuckets reads everything but metrics about the two buckets of Home.
func readBuckets(t *testing.T, lacks []string, c BucketCloud) *gate.Snapshot {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	asked := map[string][]string{gate.SourceObjects: {"files/calls/"}, gate.SourceVersions: {"files/calls/"}}
	for _, s := range []string{gate.SourceLifecycle, gate.SourceVersioning, gate.SourceLock, gate.SourceReplicas, gate.SourceBuckets} {
		asked[s] = []string{"archive", "files"}
	}
	snapshot := live.Read(ctx, c.Now, c.Collector(), map[string]live.Want{Home: {Asked: asked}})
	for _, s := range snapshot.Sources {
		// Of a bucket that there is not, every answer says so.
		if want := len(snapshot.DataStores) == 0 || !slices.Contains(lacks, s.Name); asked[s.Name] != nil && s.Complete != want {
			t.Errorf("%s: got complete %v, %q, want %v", s.Name, s.Complete, s.Err, want)
		}
	}
	return snapshot
}
