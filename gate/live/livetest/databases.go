package livetest

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/holdfast-gate/holdfast/gate"
	"github.com/holdfast-gate/holdfast/gate/live"
)

// A DatabaseCloud is a Cloud that has databases.
type DatabaseCloud interface {
	Cloud
	// Database makes an instance: a replica where source is not empty.
	Database(region, id, source string)
	// DatabaseSnapshot makes a snapshot of an instance by hand.
	DatabaseSnapshot(region, id, name string)
	// Cluster makes an Aurora cluster with a writer, ID-0, and that many readers.
	Cluster(region, id string, readers int)
	// ClusterSnapshot makes a snapshot of a cluster by hand.
	ClusterSnapshot(region, id, name string)
	// GlobalCluster makes a global cluster of one cluster.
	GlobalCluster(region, global, cluster string)
	// Behind lets CloudWatch say that a replica or a reader is that far behind.
	Behind(region, id string, by time.Duration)
}

// ShowsDatabases says what a cloud can show of databases.
type ShowsDatabases struct {
	Lacks  []string // sources that it does not have: they must fail
	Follow bool     // a replica says whether it replicates
	Sync   bool     // a member of a global cluster says whether it is connected
	Backup int      // backups that it makes of a cluster by itself
}

// Databases is the part of the suite about databases.
func Databases(t *testing.T, shows ShowsDatabases, open func(t *testing.T) DatabaseCloud) {
	t.Run("InstanceAndItsReplicas", func(t *testing.T) { shows.instance(t, open(t)) })
	t.Run("ClusterAndItsReaders", func(t *testing.T) { shows.cluster(t, open(t)) })
	t.Run("ClusterBeyondOnePage", func(t *testing.T) { shows.pages(t, open(t)) })
	t.Run("GlobalCluster", func(t *testing.T) { shows.global(t, open(t)) })
	t.Run("NoSuchDatabase", func(t *testing.T) {
		if s := readDatabases(t, open(t), shows, "nobody"); len(s.DataStores) != 0 {
			t.Errorf("got %+v, want none", s.DataStores)
		}
	})
}

func (shows ShowsDatabases) instance(t *testing.T, c DatabaseCloud) {
	c.Database(Home, "orders", "")
	c.Database(Home, "other", "")
	c.Database(Home, "orders-ro", "orders")
	c.Behind(Home, "orders-ro", 7*time.Second)
	c.DatabaseSnapshot(Home, "orders", "by-hand")
	c.DatabaseSnapshot(Home, "other", "another")
	s := readDatabases(t, c, shows, "orders")
	if _, there := s.DataStore(gate.KindDatabase, Home, "other"); there {
		t.Error("other was read, and nobody asked about it")
	}
	d, there := s.DataStore(gate.KindDatabase, Home, "orders")
	if !there {
		t.Fatalf("got %+v, want orders", s.DataStores)
	}
	if d.Phase != gate.Steady || d.Serving != gate.ServingYes || d.ARN == "" || d.Identity == "" || d.Facts["engine"] != "postgres" || d.Facts["deletion_protection"] != "false" {
		t.Errorf("got %+v, want it well, with its facts", d)
	}
	if len(d.Nodes) != 2 || d.Nodes[0].Role != "primary" || d.Nodes[1].Role != "replica" || d.Nodes[1].Phase != gate.Steady {
		t.Fatalf("nodes: got %+v, want a primary and a replica", d.Nodes)
	}
	if lag := d.Nodes[1].Lag; lag == nil || *lag != 7*time.Second {
		t.Errorf("the replica: got lag %v, want 7s", lag)
	}
	if len(d.Links) != 1 || d.Links[0].To != "peer" || d.Links[0].Peer != "orders-ro" || (d.Links[0].Active == gate.Yes) != shows.Follow || d.Links[0].Active == gate.No {
		t.Errorf("links: got %+v", d.Links)
	}
	kept := outliving(d)
	if len(kept) != 1 || kept[0].ID != "by-hand" || kept[0].Usable != gate.Yes || kept[0].At.IsZero() {
		t.Errorf("copies that outlive it: got %+v, want by-hand", kept)
	}
	replica, _ := s.DataStore(gate.KindDatabase, Home, "orders-ro")
	if len(replica.Links) != 1 || replica.Links[0].To != "store" || replica.Links[0].Peer != "orders" {
		t.Errorf("links of the replica: got %+v", replica.Links)
	}
}

func (shows ShowsDatabases) cluster(t *testing.T, c DatabaseCloud) {
	c.Cluster(Home, "shop", 2)
	c.Cluster(Home, "other", 0)
	c.Behind(Home, "shop-1", 40*time.Millisecond)
	c.ClusterSnapshot(Home, "shop", "by-hand")
	c.ClusterSnapshot(Home, "other", "another")
	s := readDatabases(t, c, shows, "shop")
	d, there := s.DataStore(gate.KindDatabases, Home, "shop")
	if !there {
		t.Fatalf("got %+v, want shop", s.DataStores)
	}
	if d.Phase != gate.Steady || d.Serving != gate.ServingYes || d.ARN == "" || d.Identity == "" || d.Facts["engine"] != "aurora-postgresql" || d.Facts["deletion_protection"] != "false" {
		t.Errorf("got %+v, want it well, with its facts", d)
	}
	for i, role := range []string{"writer", "reader", "reader"} {
		if id := fmt.Sprintf("shop-%d", i); len(d.Nodes) != 3 || d.Nodes[i].ID != id || d.Nodes[i].Role != role || d.Nodes[i].Phase != gate.Steady || d.Nodes[i].Serving != gate.ServingYes || d.Nodes[i].Zone == "" {
			t.Fatalf("nodes: got %+v, want %s to be a %s that is well", d.Nodes, id, role)
		}
	}
	if lag := d.Nodes[1].Lag; lag == nil || *lag != 40*time.Millisecond {
		t.Errorf("the reader: got lag %v, want 40ms", lag)
	}
	if len(d.Links) != 0 {
		t.Errorf("links: got %+v, want none", d.Links)
	}
	kept := outliving(d)
	if len(kept) != 1 || kept[0].ID != "by-hand" || kept[0].Usable != gate.Yes || kept[0].At.IsZero() {
		t.Errorf("copies that outlive it: got %+v, want by-hand", kept)
	}
	if gone := len(d.Copies) - len(kept); gone != 1+shows.Backup {
		t.Errorf("copies that go with it: got %d, want point-in-time recovery and %d backups: %+v", gone, shows.Backup, d.Copies)
	}
}

// pages: RDS puts no fewer than 20 on a page.
func (shows ShowsDatabases) pages(t *testing.T, c DatabaseCloud) {
	const readers = minPage + 1
	c.Cluster(Home, "shop", readers)
	s := readDatabases(t, c, shows, "shop")
	d, _ := s.DataStore(gate.KindDatabases, Home, "shop")
	if len(d.Nodes) != readers+1 || slices.ContainsFunc(d.Nodes, func(n gate.Node) bool { return n.Serving != gate.ServingYes }) {
		t.Errorf("got %d nodes, want %d that serve", len(d.Nodes), readers+1)
	}
	// One by cluster on two pages, and one by name.
	if n := calls(s, gate.SourceDatabases); n != 3 {
		t.Errorf("calls: got %d for %d instances, want 3", n, readers+1)
	}
}

// minPage is the fewest that a page of RDS may be asked to hold.
const minPage = 20

func (shows ShowsDatabases) global(t *testing.T, c DatabaseCloud) {
	c.Cluster(Home, "shop", 1)
	c.GlobalCluster(Home, "world", "shop")
	d, _ := readDatabases(t, c, shows, "shop").DataStore(gate.KindDatabases, Home, "shop")
	if len(d.Links) != 1 || d.Links[0].Kind != gate.LinkGlobal || d.Links[0].Peer != "world" || d.Links[0].Active != gate.Yes {
		t.Errorf("links of the cluster: got %+v, want world alone", d.Links)
	}
	if synced := len(d.Links) == 1 && d.Links[0].State == "connected"; synced != shows.Sync {
		t.Errorf("links of the cluster: got %+v, connected: want %v", d.Links, shows.Sync)
	}
	s := readDatabases(t, c, shows, "world")
	g, there := s.DataStore(gate.KindGlobal, Home, "world")
	if !there || len(s.DataStores) != 1 || g.Phase != gate.Steady || g.Serving != gate.ServingYes || len(g.Links) != 1 || g.Links[0].Name() != "shop" || g.Links[0].Region != Home {
		t.Errorf("got %+v, want world alone, with shop for a member", s.DataStores)
	}
}

// outliving are the copies of a store that outlive it.
func outliving(d gate.DataStore) []gate.Copy {
	return slices.DeleteFunc(slices.Clone(d.Copies), func(b gate.Copy) bool { return b.Survives != gate.Yes })
}

// readDatabases reads what is asked about one database.
func readDatabases(t *testing.T, c Cloud, shows ShowsDatabases, id string) *gate.Snapshot {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	asked := map[string][]string{}
	for _, name := range []string{gate.SourceDatabases, gate.SourceDBClusters, gate.SourceDBSnapshots, gate.SourceClusterSnapshots, gate.SourceGlobalDatabases, gate.SourceBlueGreen, gate.SourceLag} {
		asked[name] = []string{id}
	}
	s := live.Read(ctx, c.Now, c.Collector(), map[string]live.Want{Home: {Asked: asked}})
	for _, src := range s.Sources {
		if _, ours := asked[src.Name]; !ours {
			continue
		}
		if lacks := slices.Contains(shows.Lacks, src.Name); src.Complete == lacks {
			t.Errorf("%s: got complete %v, %q, %q; this cloud lacks it: %v", src.Name, src.Complete, src.Problem, src.Err, lacks)
		}
	}
	return s
}
