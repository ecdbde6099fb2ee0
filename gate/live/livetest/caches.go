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

// A CacheCloud is a Cloud that has caches.
type CacheCloud interface {
	Cloud
	// Cache makes a replication group with one replica for each primary: in
	// cluster mode where shards is above zero.
	Cache(region, id string, shards int)
	// Memcached makes a cluster of its own.
	Memcached(region, id string, nodes int)
	// CacheSnapshot makes a snapshot of a group by hand.
	CacheSnapshot(region, group, name string)
}

// ShowsCaches says what a cloud can show of caches.
type ShowsCaches struct {
	Lacks []string // sources that it does not have: they must fail
	Nodes bool     // it lists the nodes of a group, with their states and metrics
	Dates bool     // a snapshot says when it was made
}

// Caches is the part of the suite about caches.
func Caches(t *testing.T, shows ShowsCaches, open func(t *testing.T) CacheCloud) {
	t.Run("GroupBeyondOnePage", func(t *testing.T) {
		c := open(t)
		const others = 22 // more than ElastiCache puts on its smallest page
		for i := range others {
			c.Cache(Home, fmt.Sprintf("other-%02d", i), 0)
		}
		c.Cache(Home, "shop", 0)
		c.CacheSnapshot(Home, "shop", "by-hand")
		c.CacheSnapshot(Home, "other-00", "another")
		s := readCaches(t, c, shows, "shop")
		d, there := s.DataStore(gate.KindCache, Home, "shop")
		if !there || len(s.DataStores) != 1 {
			t.Fatalf("got %d stores, want shop alone", len(s.DataStores))
		}
		if d.Phase != gate.Steady || d.Serving != gate.ServingYes || d.ARN == "" || d.Facts["automatic_failover"] != "enabled" || d.Facts["cluster_mode"] != "false" {
			t.Errorf("got %+v, want it well, with its facts", d)
		}
		roles := map[string]int{}
		for _, n := range d.Nodes {
			roles[n.Role]++
			well := n.Phase == gate.Steady && n.Serving == gate.ServingYes
			if n.Shard == "" || n.Zone == "" || well != shows.Nodes || n.Role == "replica" && (n.Lag != nil) != shows.Nodes {
				t.Errorf("got node %+v", n)
			}
		}
		if roles["primary"] != 1 || roles["replica"] != 1 || len(roles) != 2 {
			t.Errorf("roles: got %v, want one of each", roles)
		}
		if len(d.Copies) != 1 || d.Copies[0].ID != "by-hand" || d.Copies[0].Survives != gate.Yes || d.Copies[0].Usable != gate.Yes || d.Copies[0].At.IsZero() == shows.Dates {
			t.Errorf("copies: got %+v, want by-hand, which is complete and outlives it", d.Copies)
		}
		if n := calls(s, gate.SourceCaches); n != 2 {
			t.Errorf("got %d calls for %d groups, want 2", n, others+1)
		}
	})
	t.Run("Shards", func(t *testing.T) {
		c := open(t)
		c.Cache(Home, "shop", 3)
		d, _ := readCaches(t, c, shows, "shop").DataStore(gate.KindCache, Home, "shop")
		primaries := map[string]int{}
		for _, n := range d.Nodes {
			if n.Role == "primary" {
				primaries[n.Shard]++
			}
			// ElastiCache says it of no node in cluster mode; only CloudWatch does.
			if (n.Role == "") == shows.Nodes {
				t.Errorf("%s: got role %q", n.ID, n.Role)
			}
		}
		if len(d.Nodes) != 6 || shows.Nodes && len(primaries) != 3 || d.Facts["cluster_mode"] != "true" {
			t.Errorf("got %d nodes, primaries %v, facts %v; want 6, one of each shard", len(d.Nodes), primaries, d.Facts)
		}
	})
	t.Run("ClusterOfItsOwn", func(t *testing.T) {
		c := open(t)
		c.Memcached(Home, "pages", 3)
		s := readCaches(t, c, shows, "pages")
		d, there := s.DataStore(gate.KindCacheCluster, Home, "pages")
		if !there || d.Phase != gate.Steady || d.Facts["engine"] != "memcached" {
			t.Errorf("got %+v, want it well", d)
		}
		if shows.Nodes && (len(d.Nodes) != 3 || slices.ContainsFunc(d.Nodes, func(n gate.Node) bool { return n.Role != "primary" || n.Serving != gate.ServingYes })) {
			t.Errorf("nodes: got %+v, want 3 that serve", d.Nodes)
		}
	})
	t.Run("NoSuchCache", func(t *testing.T) {
		if s := readCaches(t, open(t), shows, "nobody"); len(s.DataStores) != 0 {
			t.Errorf("got %+v, want none", s.DataStores)
		}
	})
}

// readCaches reads what is asked about one cache.
func readCaches(t *testing.T, c Cloud, shows ShowsCaches, id string) *gate.Snapshot {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	asked := map[string][]string{}
	for _, name := range []string{gate.SourceCaches, gate.SourceCacheClusters, gate.SourceGlobalCaches, gate.SourceCacheSnapshots, gate.SourceCacheLag} {
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
