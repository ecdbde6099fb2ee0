package aws_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/holdfast-gate/holdfast/gate"
	"github.com/holdfast-gate/holdfast/gate/live"
	"github.com/holdfast-gate/holdfast/gate/live/aws"
	"github.com/holdfast-gate/holdfast/gate/live/livetest"
)

const home = livetest.Home

func databaseSources() []string {
	return []string{gate.SourceDatabases, gate.SourceDBClusters, gate.SourceDBSnapshots, gate.SourceClusterSnapshots, gate.SourceGlobalDatabases, gate.SourceBlueGreen, gate.SourceLag, gate.SourceEndpoints, gate.SourceTasks, gate.SourceReplications, gate.SourceReplicationConfigs}
}

// databases reads what is asked about some databases.
func (s *sim) databases(t *testing.T, ids ...string) *gate.Snapshot {
	t.Helper()
	asked := map[string][]string{}
	for _, source := range databaseSources() {
		asked[source] = ids
	}
	return live.Read(t.Context(), s.Now, s.collector, map[string]live.Want{home: {Asked: asked}})
}

// nodes writes the nodes of a database as lines.
func nodes(d gate.DataStore) []string {
	var out []string
	for _, n := range d.Nodes {
		behind := "unknown"
		if n.Lag != nil {
			behind = n.Lag.String()
		}
		out = append(out, fmt.Sprintf("%s %s %s %s %s", n.ID, n.Role, n.Phase, n.Serving, behind))
	}
	return out
}

// A replica leads to its source, and a source to its replicas, whichever was
// asked about; how far each is behind is known, and one that does not replicate
// is never taken for one that keeps up.
func TestDatabases(t *testing.T) {
	s := newSim(t, aws.Options{PageSize: livetest.PageSize})
	s.MakeDatabase(home, "orders", "")
	for i := range 22 { // more than RDS puts on the smallest page
		s.MakeDatabase(home, fmt.Sprintf("orders-%02d", i), "orders")
	}
	s.MakeDatabase(home, "other", "")
	s.Delay(home, "orders-01", 3*time.Hour)
	s.Delay(home, "orders-02", -1)
	s.SetDatabaseStatus(home, "orders-03", "storage-full")
	s.SetDatabaseStatus(home, "orders-04", "thinking")
	s.SetDatabaseStatus(home, "orders-05", "backing-up")
	s.SnapshotDatabase(home, "orders", "by-hand")
	s.ProtectDatabase(home, "orders", true)

	got := s.databases(t, "orders-07")
	for _, src := range got.Sources {
		if !src.Complete {
			t.Errorf("%s: %s", src.Name, src.Err)
		}
	}
	d, there := got.DataStore(gate.KindDatabase, home, "orders")
	if !there {
		t.Fatal("the source of the replica was not read")
	}
	if i := slices.IndexFunc(d.Nodes, func(n gate.Node) bool { return n.Version != "16.3" }); i >= 0 || len(d.Generations()) != 0 {
		t.Errorf("node %d of %+v is of another version than all of them", i, d.Nodes)
	}
	if _, there := got.DataStore(gate.KindDatabase, home, "other"); there {
		t.Error("a database that nobody asked about was read")
	}
	lines := nodes(d)
	if len(lines) != 23 {
		t.Errorf("got %d nodes, want the primary and 22 replicas: %v", len(lines), lines)
	}
	for _, want := range []string{"orders primary steady yes unknown", "orders-00 replica steady yes 0s", "orders-01 replica steady yes 3h0m0s", "orders-02 replica failed no -1ns",
		"orders-03 replica failed no unknown", "orders-04 replica unknown no unknown", "orders-05 replica changing yes 0s"} {
		if !slices.Contains(lines, want) {
			t.Errorf("got\n%s\nwant %s", strings.Join(lines, "\n"), want)
		}
	}
	replica, _ := got.DataStore(gate.KindDatabase, home, "orders-07")
	if len(replica.Links) != 1 || replica.Links[0].To != "store" || replica.Links[0].Peer != "orders" || replica.Links[0].Active != gate.Yes {
		t.Errorf("links of the replica: got %+v", replica.Links)
	}
	if len(d.Links) != 22 || d.Facts["deletion_protection"] != "true" || d.Identity == "" {
		t.Errorf("got %d links, facts %v, identity %q", len(d.Links), d.Facts, d.Identity)
	}
	// Its copies are read only for those that were asked about.
	d, _ = s.databases(t, "orders").DataStore(gate.KindDatabase, home, "orders")
	if len(d.Copies) != 2 || d.Copies[0].ID != "by-hand" || d.Copies[0].Survives != gate.Yes || d.Copies[1].Kind != "pitr" || d.Copies[1].Survives != gate.No {
		t.Errorf("copies: got %+v", d.Copies)
	}
}

// Each permission that is missing leaves its own source unread, and says which
// it is.
func TestDatabasesDenied(t *testing.T) {
	for _, source := range databaseSources() {
		t.Run(source, func(t *testing.T) {
			s := newSim(t, aws.Options{})
			s.MakeDatabase(home, "orders", "")
			s.MakeDatabase(home, "orders-ro", "orders")
			action := gate.Permissions(source)[0]
			s.Deny(strings.Replace(strings.Replace(action, "cloudwatch:", "monitoring.", 1), ":", ".", 1))
			for _, src := range s.databases(t, "orders").Sources {
				failed := src.Problem == gate.ProblemDenied
				switch {
				case src.Name == source && (!failed || !strings.Contains(src.Err, action)):
					t.Errorf("%s: got %q, %q, want it denied, and %s named", src.Name, src.Problem, src.Err, action)
				case src.Name != source && failed:
					t.Errorf("%s is denied too", src.Name)
				}
			}
		})
	}
}
