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
	"github.com/holdfast-gate/holdfast/gate/live/aws"
	"github.com/holdfast-gate/holdfast/gate/live/livetest"
)

// databaseActions are the sources about databases, by the calls that they are
// read with.
func databaseActions() map[string]string {
	return map[string]string{
		"rds.DescribeDBInstances":          gate.SourceDatabases,
		"rds.DescribeDBClusters":           gate.SourceDBClusters,
		"rds.DescribeDBSnapshots":          gate.SourceDBSnapshots,
		"rds.DescribeDBClusterSnapshots":   gate.SourceClusterSnapshots,
		"rds.DescribeGlobalClusters":       gate.SourceGlobalDatabases,
		"rds.DescribeBlueGreenDeployments": gate.SourceBlueGreen,
		"monitoring.GetMetricData":         gate.SourceLag,
		"dms.DescribeEndpoints":            gate.SourceEndpoints,
		"dms.DescribeReplicationTasks":     gate.SourceTasks,
		"dms.DescribeReplications":         gate.SourceReplications,
		"dms.DescribeReplicationConfigs":   gate.SourceReplicationConfigs,
	}
}

// aurora reads a cluster whose every source must be complete.
func (s *sim) aurora(t *testing.T, id string) gate.DataStore {
	t.Helper()
	got := s.databases(t, id)
	for _, src := range got.Sources {
		if !src.Complete {
			t.Errorf("%s: %s", src.Name, src.Err)
		}
	}
	d, there := got.DataStore(gate.KindDatabases, home, id)
	if !there {
		t.Fatalf("cluster %s was not read", id)
	}
	return d
}

// A reader is ready when it is there and somebody says how closely it follows;
// whoever writes after a failover is seen, and so is one that is on its way.
func TestAurora(t *testing.T) {
	s := newSim(t, aws.Options{PageSize: livetest.PageSize})
	s.MakeCluster(home, "shop", 3)
	s.MakeCluster(home, "other", 1)
	s.Delay(home, "shop-2", 40*time.Millisecond)
	s.AddReader(home, "shop", "shop-3")
	d := s.aurora(t, "shop")
	expectNodes(t, d, "shop-0 writer steady yes unknown", "shop-1 reader steady yes 0s", "shop-2 reader steady yes 40ms", "shop-3 reader arriving no unknown")
	if d.Phase != gate.Steady || d.Serving != gate.ServingYes || d.Identity == "" || d.ARN == "" || d.Facts["engine"] != "aurora-postgresql" || d.Facts["deletion_protection"] != "false" {
		t.Errorf("got %+v, want it well, with its facts", d)
	}
	if _, there := s.databases(t, "shop").DataStore(gate.KindDatabases, home, "other"); there {
		t.Error("a cluster that nobody asked about was read")
	}

	s.Advance(10 * time.Minute)
	s.FailOverCluster(home, "shop", "shop-1")
	s.SetDatabaseStatus(home, "shop-2", "storage-full")
	s.SetDatabaseStatus(home, "shop-3", "thinking")
	d = s.aurora(t, "shop")
	expectNodes(t, d, "shop-0 writer steady yes unknown", "shop-1 reader steady yes 0s", "shop-2 reader failed no unknown", "shop-3 reader unknown no unknown")
	if d.Phase != gate.Changing || d.Serving != gate.ServingNo {
		t.Errorf("while it fails over: got %s, serving %s", d.Phase, d.Serving)
	}
	s.Advance(10 * time.Minute)
	s.SetDatabaseStatus(home, "shop-3", "backing-up")
	expectNodes(t, s.aurora(t, "shop"), "shop-0 reader steady yes 0s", "shop-1 writer steady yes unknown", "shop-2 reader failed no unknown", "shop-3 reader changing yes 0s")
	s.SetClusterStatus(home, "shop", "thinking")
	if d = s.aurora(t, "shop"); d.Phase != gate.PhaseUnknown || d.Serving == gate.ServingYes {
		t.Errorf("in a state nobody knows: got %s, serving %s", d.Phase, d.Serving)
	}
}

// The readers of a writer that ends follow it, by their tiers, and the last to
// end at the console takes the cluster along.
func TestAuroraEnds(t *testing.T) {
	s := newSim(t, aws.Options{})
	s.MakeCluster(home, "shop", 2)
	s.EndDatabase(home, "shop-0")
	d := s.aurora(t, "shop")
	expectNodes(t, d, "shop-0 writer leaving no unknown", "shop-1 reader steady yes 0s")
	if d.Phase != gate.Changing {
		t.Errorf("while its writer ends: got %s", d.Phase)
	}
	s.Advance(10 * time.Minute)
	expectNodes(t, s.aurora(t, "shop"), "shop-1 writer steady yes unknown")
	s.EndDatabase(home, "shop-1")
	if d := s.aurora(t, "shop"); d.Phase != gate.Leaving {
		t.Errorf("after its last instance was ended at the console: got %s", d.Phase)
	}
	s.Advance(10 * time.Minute)
	if got := s.databases(t, "shop"); len(got.DataStores) != 0 {
		t.Errorf("got %+v, want nothing left", got.DataStores)
	}
}

// Copies count where they outlive their cluster, and not if they are of another
// that had its name.
func TestAuroraSnapshots(t *testing.T) {
	s := newSim(t, aws.Options{PageSize: livetest.PageSize})
	s.MakeCluster(home, "shop", 1)
	s.SnapshotCluster(home, "shop", "of-the-one-before", "manual")
	s.MakeCluster(home, "shop", 1)
	for i := range 22 { // more than RDS puts on the smallest page
		s.SnapshotCluster(home, "shop", fmt.Sprintf("rds:shop-%02d", i), "automated")
	}
	s.Advance(time.Minute)
	s.SnapshotCluster(home, "shop", "by-hand", "manual")
	s.Advance(time.Minute)
	s.SnapshotCluster(home, "shop", "vault", "awsbackup")
	d := s.aurora(t, "shop")
	kept := slices.DeleteFunc(slices.Clone(d.Copies), func(b gate.Copy) bool { return b.Survives != gate.Yes })
	if len(d.Copies) != 25 || len(kept) != 2 || kept[0].ID != "vault" || kept[1].ID != "by-hand" || !kept[0].At.Equal(s.Now()) {
		t.Errorf("got %d copies, of which outlive it %+v; want 25 with point-in-time recovery, vault and by-hand", len(d.Copies), kept)
	}
}

// A cluster is a member by its own word and by that of its global cluster; what
// moves between regions is seen, and what replicates one is.
func TestGlobalClusters(t *testing.T) {
	s := newSim(t, aws.Options{PageSize: livetest.PageSize})
	for i := range 22 {
		id := fmt.Sprintf("other-%02d", i)
		s.MakeCluster(home, id, 1)
		s.JoinGlobal("all-"+id, home, id)
	}
	s.MakeCluster(home, "shop", 2)
	s.MakeCluster(livetest.Away, "shop", 2)
	s.JoinGlobal("world", home, "shop")
	s.JoinGlobal("world", livetest.Away, "shop")
	s.MakeCluster(livetest.Away, "report", 1)
	s.Follow(livetest.Away, "report", home, "shop")
	d := s.aurora(t, "shop")
	if len(d.Links) != 2 || d.Links[0].Kind != gate.LinkGlobal || d.Links[0].Peer != "world" || d.Links[0].State != "connected" || d.Links[0].Active != gate.Yes {
		t.Fatalf("links of the cluster: got %+v", d.Links)
	}
	if l := d.Links[1]; l.Kind != gate.LinkReadReplica || l.To != "peer" || l.Region != livetest.Away || l.Name() != "report" {
		t.Errorf("link to the replica cluster: got %+v", l)
	}
	global := func() gate.DataStore {
		g, there := s.databases(t, "world").DataStore(gate.KindGlobal, home, "world")
		if !there {
			t.Fatal("the global cluster was not read")
		}
		return g
	}
	if g := global(); g.Phase != gate.Steady || len(g.Links) != 2 || g.Links[0].Region != livetest.Away || g.Links[0].Name() != "shop" {
		t.Errorf("the global cluster: got %+v", g)
	}
	s.HandGlobal(livetest.Away, "shop", true)
	if g := global(); g.Phase != gate.Changing || g.Serving == gate.ServingYes {
		t.Errorf("while its writer changes: got %+v", g)
	}
	s.Advance(10 * time.Minute)
	d = s.aurora(t, "shop")
	expectNodes(t, d, "shop-0 reader steady yes 0s", "shop-1 reader steady yes 0s")
	if d.Links[0].State != "pending-resync" || d.Links[0].Active != gate.Yes {
		t.Errorf("after data was lost: got %+v", d.Links[0])
	}
	s.Deny("rds.DescribeGlobalClusters")
	d, _ = s.databases(t, "shop").DataStore(gate.KindDatabases, home, "shop")
	if len(d.Links) != 2 || d.Links[0].Kind != gate.LinkGlobal || d.Links[0].Peer != "world" || d.Links[0].Active != gate.Yes {
		t.Errorf("by its own word alone: got %+v", d.Links)
	}
	s.Heal()
	s.LeaveGlobal(home, "shop")
	if d = s.aurora(t, "shop"); len(d.Links) != 1 || d.Nodes[0].Role != "writer" {
		t.Errorf("after it left: got links %+v, nodes %v; want a writer of its own", d.Links, nodes(d))
	}
}

// Whatever goes wrong with one call leaves its own source unread and says so;
// others lack at most what that one would have told them.
func TestEachCallAboutDatabasesFails(t *testing.T) {
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
	for action, source := range databaseActions() {
		for name, f := range failures {
			t.Run(action+" "+name, func(t *testing.T) {
				t.Parallel()
				s := newSim(t, aws.Options{Attempts: 1, Backoff: time.Millisecond})
				s.MakeCluster(home, "shop", 2)
				f.fail(s.World, action)
				for _, src := range s.databases(t, "shop").Sources {
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
func TestSecondPageOfDatabasesFails(t *testing.T) {
	for action, source := range databaseActions() {
		if source == gate.SourceLag || source == gate.SourceBlueGreen || strings.HasPrefix(action, "dms.") {
			continue // what there is fits on a page; DMS has its own test
		}
		t.Run(action, func(t *testing.T) {
			s := newSim(t, aws.Options{PageSize: livetest.PageSize, Attempts: 1, Backoff: time.Millisecond})
			var ids []string
			for i := range 22 {
				id := fmt.Sprintf("shop-%02d", i)
				s.MakeCluster(home, id, 1)
				s.JoinGlobal("all-"+id, home, id)
				s.MakeDatabase(home, id, "")
				s.SnapshotCluster(home, id, id+"-by-hand", "manual")
				s.SnapshotDatabase(home, id, id+"-by-hand")
				ids = append(ids, id)
			}
			s.FailPage(action, 2, awssim.Failure{Code: "InternalFailure", Message: "no", Status: http.StatusInternalServerError})
			got := s.databases(t, ids...)
			for _, src := range got.Sources {
				if src.Name == source && (src.Problem != gate.ProblemPartial || !strings.Contains(src.Err, "page 2 of")) {
					t.Errorf("got %q, %q, want it partial, and the page named", src.Problem, src.Err)
				}
			}
			if len(got.DataStores) < 22 {
				t.Errorf("got %d stores: what was on the first page is lost", len(got.DataStores))
			}
		})
	}
}

// A cluster that is not on the list, while its instances are on theirs, is not
// taken for one that is gone; nor is an answer about others taken for one.
func TestClusterMissingFromItsList(t *testing.T) {
	s := newSim(t, aws.Options{Attempts: 1})
	s.MakeCluster(home, "shop", 2)
	s.MakeCluster(livetest.Away, "other", 1)
	from := ""
	s.Intercept = func(r *awssim.Request) {
		if r.Action != "DescribeDBClusters" {
			return
		}
		if r.Region = livetest.Away; from != "" {
			r.Params.Set("Filters.Filter.1.Values.Value.1", from)
		}
	}
	problem := func(text string) {
		t.Helper()
		for _, src := range s.databases(t, "shop").Sources {
			if src.Name == gate.SourceDBClusters && (src.Complete || !strings.Contains(src.Err, text)) {
				t.Errorf("got complete %v, %q, want it not, and %q", src.Complete, src.Err, text)
			}
		}
	}
	problem("lacks shop, of which shop-0 is an instance")
	s.JoinGlobal("world", home, "shop")
	problem("(and 2 more reads failed)")
	from = "other"
	problem("answered about other, for which it was not asked")
}

// Instances of another cluster are not taken for those that were asked about, and
// those that were not read are not taken for well.
func TestInstancesOfAnotherCluster(t *testing.T) {
	s := newSim(t, aws.Options{PageSize: livetest.PageSize})
	s.MakeCluster(home, "shop", 2)
	s.MakeCluster(home, "other", 1)
	s.Intercept = func(r *awssim.Request) {
		if r.Action == "DescribeDBInstances" && r.Params.Get("Filters.Filter.1.Values.Value.1") == "shop" {
			r.Params.Set("Filters.Filter.1.Values.Value.1", "other")
		}
	}
	for _, src := range s.databases(t, "shop").Sources {
		if src.Name == gate.SourceDatabases && (src.Complete || !strings.Contains(src.Err, "other-0, for which it was not asked")) {
			t.Errorf("got complete %v, %q, want the answer about another cluster named", src.Complete, src.Err)
		}
	}
	d, _ := s.databases(t, "shop").DataStore(gate.KindDatabases, home, "shop")
	expectNodes(t, d, "shop-0 writer unknown no unknown", "shop-1 reader unknown no unknown")
}

// An instance that is of a cluster by its own word only may be anything there.
func TestInstanceThatItsClusterDoesNotName(t *testing.T) {
	s := newSim(t, aws.Options{})
	s.MakeCluster(home, "shop", 2)
	s.MakeCluster(livetest.Away, "shop", 1)
	s.Intercept = func(r *awssim.Request) {
		if r.Action == "DescribeDBClusters" {
			r.Region = livetest.Away
		}
	}
	d, _ := s.databases(t, "shop").DataStore(gate.KindDatabases, home, "shop")
	expectNodes(t, d, "shop-0 writer steady yes unknown", "shop-1  steady yes unknown")
}
