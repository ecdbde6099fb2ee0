package aws_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/holdfast-gate/holdfast/gate"
	"github.com/holdfast-gate/holdfast/gate/awssim"
	"github.com/holdfast-gate/holdfast/gate/live"
	"github.com/holdfast-gate/holdfast/gate/live/aws"
	"github.com/holdfast-gate/holdfast/gate/live/livetest"
)

// cacheActions are the sources about caches, by the calls that they are read with.
func cacheActions() map[string]string {
	return map[string]string{
		"elasticache.DescribeReplicationGroups":       gate.SourceCaches,
		"elasticache.DescribeCacheClusters":           gate.SourceCacheClusters,
		"elasticache.DescribeGlobalReplicationGroups": gate.SourceGlobalCaches,
		"elasticache.DescribeSnapshots":               gate.SourceCacheSnapshots,
		"monitoring.GetMetricData":                    gate.SourceCacheLag,
	}
}

func TestCachesOnAwssim(t *testing.T) {
	livetest.Caches(t, livetest.ShowsCaches{Nodes: true, Dates: true}, func(t *testing.T) livetest.CacheCloud {
		return newSim(t, aws.Options{PageSize: livetest.PageSize})
	})
}

func (s *sim) Cache(region, id string, shards int) {
	s.MakeCache(awssim.CacheSpec{Region: region, ID: id, Shards: shards, Replicas: 1, Failover: true})
}

func (s *sim) Memcached(region, id string, nodes int) {
	s.MakeCacheCluster(region, id, "memcached", nodes)
}

func (s *sim) CacheSnapshot(region, group, name string) {
	s.SnapshotCache(region, group, name, "manual")
}

// caches reads what is asked about some caches.
func (s *sim) caches(t *testing.T, ids ...string) *gate.Snapshot {
	t.Helper()
	asked := map[string][]string{}
	for _, source := range cacheActions() {
		asked[source] = ids
	}
	return live.Read(t.Context(), s.Now, s.collector, map[string]live.Want{home: {Asked: asked}})
}

func (s *sim) cache(t *testing.T, id string) gate.DataStore {
	t.Helper()
	snapshot := s.caches(t, id)
	for _, src := range snapshot.Sources {
		if !src.Complete {
			t.Errorf("%s: %s", src.Name, src.Err)
		}
	}
	d, there := snapshot.DataStore(gate.KindCache, home, id)
	if !there {
		t.Fatalf("%s was not read", id)
	}
	return d
}

func expectNodes(t *testing.T, d gate.DataStore, want ...string) {
	t.Helper()
	if got := nodes(d); !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// A replica is ready when it is there, follows, and somebody says how closely;
// each step to that is seen.
func TestReplicaOnItsWay(t *testing.T) {
	s := newSim(t, aws.Options{})
	s.MakeCache(awssim.CacheSpec{ID: "shop", Replicas: 1, Failover: true})
	s.DelayCache(home, "shop-002", 3*time.Second)
	id := s.AddCacheReplica(home, "shop", "0001")
	d := s.cache(t, "shop")
	expectNodes(t, d, "shop-001 primary steady yes unknown", "shop-002 replica steady yes 3s", id+" replica arriving no unknown")
	if d.Phase != gate.Changing || d.Serving != gate.ServingNo {
		t.Errorf("the group: got %s, serving %s, want it changing", d.Phase, d.Serving)
	}
	s.Advance(10 * time.Minute)
	s.DelayCache(home, "shop-002", -1)
	d = s.cache(t, "shop")
	expectNodes(t, d, "shop-001 primary steady yes unknown", "shop-002 replica steady yes unknown", id+" replica steady yes 0s")
	if d.Phase != gate.Steady {
		t.Errorf("the group: got %s, want it steady", d.Phase)
	}
	s.FailOver(home, "shop-001", id)
	s.SetCacheStatus(home, "shop-002", "snapshotting")
	d = s.cache(t, "shop")
	expectNodes(t, d, "shop-001 replica changing no unknown", "shop-002 replica changing yes unknown", id+" primary steady yes unknown")
	if o := d.Nodes[1].Observed[0]; !o.Benign {
		t.Errorf("to make a snapshot disturbs nobody: got %+v", o)
	}
	s.EndCacheNode(home, "shop-002")
	s.SetFailover(home, "shop", "disabling")
	s.PendCacheClass(home, id, "cache.r7g.large")
	d = s.cache(t, "shop")
	expectNodes(t, d, "shop-001 replica changing no unknown", "shop-002 replica leaving no unknown", id+" primary steady yes unknown")
	if d.Facts["automatic_failover"] != "disabling" || d.Facts["pending"] != "CacheNodeType" {
		t.Errorf("facts: got %v", d.Facts)
	}
	s.SetCacheStatus(home, "shop-001", "thinking")
	expectNodes(t, s.cache(t, "shop"), "shop-001 replica unknown no unknown", "shop-002 replica leaving no unknown", id+" primary steady yes unknown")
}

// In cluster mode a node is what CloudWatch says, and nobody is anything in a
// shard where it names no primary.
func TestRolesInClusterMode(t *testing.T) {
	s := newSim(t, aws.Options{})
	s.MakeCache(awssim.CacheSpec{ID: "shop", Shards: 2, Replicas: 1, Failover: true})
	s.FailOver(home, "shop-0002-001", "shop-0002-002")
	s.SetCacheStatus(home, "shop-0001-001", "creating")
	expectNodes(t, s.cache(t, "shop"), "shop-0001-001  arriving no unknown", "shop-0001-002  steady yes 0s", "shop-0002-001 replica changing no unknown", "shop-0002-002 primary steady yes unknown")
}

// A snapshot counts where it is kept, and not if it is of another cache that had
// the name, or goes with this one.
func TestCacheSnapshots(t *testing.T) {
	s := newSim(t, aws.Options{PageSize: livetest.PageSize})
	s.MakeCache(awssim.CacheSpec{ID: "shop", Replicas: 1})
	s.SnapshotCache(home, "shop", "of-the-one-before", "manual")
	s.Advance(time.Hour)
	s.MakeCache(awssim.CacheSpec{ID: "shop", Replicas: 1})
	for i := range 22 { // more than ElastiCache puts on its smallest page
		s.SnapshotCache(home, "shop", fmt.Sprintf("nightly-%02d", i), "automated")
	}
	s.Advance(time.Minute)
	s.SnapshotCache(home, "shop-002", "of-a-node", "manual")
	d := s.cache(t, "shop")
	kept := slices.DeleteFunc(slices.Clone(d.Copies), func(b gate.Copy) bool { return b.Survives != gate.Yes })
	if len(d.Copies) != 23 || len(kept) != 1 || kept[0].ID != "of-a-node" || !kept[0].At.Equal(s.Now()) {
		t.Errorf("got %d copies, of which outlive it %+v; want 23, and the one of a node", len(d.Copies), kept)
	}
}

// A group is a member by its own word and by that of its global datastore.
func TestGlobalDatastore(t *testing.T) {
	s := newSim(t, aws.Options{})
	for _, region := range []string{home, livetest.Away} {
		s.MakeCache(awssim.CacheSpec{Region: region, ID: "shop", Replicas: 1})
	}
	s.JoinGlobalCache("ldgnf-shop", home, "shop", gate.GlobalPrimary)
	s.JoinGlobalCache("ldgnf-shop", livetest.Away, "shop", gate.GlobalSecondary)
	d := s.cache(t, "shop")
	if len(d.Links) != 1 || d.Links[0].Peer != "ldgnf-shop" || d.Links[0].State != gate.GlobalPrimary || d.Links[0].Active != gate.Yes {
		t.Errorf("links of the group: got %+v", d.Links)
	}
	g, there := s.caches(t, "ldgnf-shop").DataStore(gate.KindGlobalCache, home, "ldgnf-shop")
	if !there || g.Phase != gate.Steady || len(g.Links) != 2 || g.Links[0].Region != livetest.Away || g.Links[0].State != gate.GlobalSecondary {
		t.Errorf("the global datastore: got %+v", g)
	}
	s.Deny("elasticache.DescribeGlobalReplicationGroups")
	d, _ = s.caches(t, "shop").DataStore(gate.KindCache, home, "shop")
	if len(d.Links) != 1 {
		t.Errorf("by its own word alone: got %+v", d.Links)
	}
}

// Whatever goes wrong with one call leaves its own source unread and says so;
// others lack at most what that one would have told them.
func TestEachCallAboutCachesFails(t *testing.T) {
	failures := map[string]struct {
		fail func(w *awssim.World, action string)
		want gate.Problem
	}{
		"denied":    {(*awssim.World).Deny, gate.ProblemDenied},
		"throttled": {func(w *awssim.World, action string) { w.Throttle(action, -1) }, gate.ProblemThrottled},
		"broken": {func(w *awssim.World, action string) {
			w.Fail(action, -1, awssim.Failure{Code: "InternalFailure", Message: "no", Status: http.StatusInternalServerError})
		}, gate.ProblemFailed},
	}
	for action, source := range cacheActions() {
		for name, f := range failures {
			t.Run(action+" "+name, func(t *testing.T) {
				t.Parallel()
				s := newSim(t, aws.Options{Attempts: 1, Backoff: time.Millisecond})
				s.MakeCache(awssim.CacheSpec{ID: "shop", Replicas: 1})
				f.fail(s.World, action)
				for _, src := range s.caches(t, "shop").Sources {
					call := gate.Permissions(source)[0]
					switch {
					case src.Name == source && (src.Problem != f.want || !strings.Contains(src.Err, call)):
						t.Errorf("got %q, %q, want %q and %s named", src.Problem, src.Err, f.want, call)
					case src.Name != source && src.Problem != gate.ProblemNone && src.Problem != gate.ProblemMissing:
						t.Errorf("%s: got %q, %q", src.Name, src.Problem, src.Err)
					}
				}
			})
		}
	}
}

// The second page of a list never comes: what was read is kept, and is said to
// be a part.
func TestSecondPageOfCachesFails(t *testing.T) {
	for action, source := range cacheActions() {
		if source == gate.SourceCacheLag || source == gate.SourceGlobalCaches {
			continue // what there is fits on a page
		}
		t.Run(action, func(t *testing.T) {
			s := newSim(t, aws.Options{PageSize: livetest.PageSize, Attempts: 1, Backoff: time.Millisecond})
			for i := range 22 {
				s.MakeCache(awssim.CacheSpec{ID: fmt.Sprintf("shop-%02d", i), Replicas: 1})
				s.SnapshotCache(home, "shop-00", fmt.Sprintf("nightly-%02d", i), "automated")
			}
			s.Intercept = func(r *awssim.Request) {
				if r.Service+"."+r.Action == action && r.Params.Get("Marker") != "" {
					r.Failure = &awssim.Failure{Code: "InternalFailure", Message: "no", Status: http.StatusInternalServerError}
				}
			}
			got := s.caches(t, "shop-00")
			for _, src := range got.Sources {
				if src.Name == source && (src.Problem != gate.ProblemPartial || !strings.Contains(src.Err, "page 2 of")) {
					t.Errorf("got %q, %q, want it partial, and the page named", src.Problem, src.Err)
				}
			}
			if _, there := got.DataStore(gate.KindCache, home, "shop-00"); !there {
				t.Error("what was on the first page is lost")
			}
		})
	}
}

// A group that is not on the list, while its nodes are on theirs, is not taken for
// one that is gone.
func TestGroupMissingFromItsList(t *testing.T) {
	s := newSim(t, aws.Options{})
	s.MakeCache(awssim.CacheSpec{ID: "shop", Replicas: 1})
	s.Intercept = func(r *awssim.Request) {
		if r.Action == "DescribeReplicationGroups" {
			r.Region = livetest.Away
		}
	}
	for _, src := range s.caches(t, "shop").Sources {
		if src.Name == gate.SourceCaches && (src.Problem != gate.ProblemPartial || !strings.Contains(src.Err, "shop-001 is a node")) {
			t.Errorf("got %q, %q, want it partial, and a node named", src.Problem, src.Err)
		}
	}
}
