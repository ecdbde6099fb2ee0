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

// A TableCloud is a Cloud that has tables.
type TableCloud interface {
	Cloud
	// Table makes a table with a stream, point-in-time recovery and that many
	// on-demand backups.
	Table(region, name string, backups int)
	// Reader lets a function read the table's stream, or only could.
	Reader(region, table, function string, enabled bool)
	// Replica makes a replica of the table in another region.
	Replica(region, table, where string)
}

// TableShows says what a cloud can show of tables, as Shows does.
type TableShows struct {
	Lacks    []string // sources that it does not have: they must fail
	Identity bool     // a table has an id that no other of its name has
	Replicas bool     // a table lists its replicas
}

// RunTables runs the part of the suite that is about tables and who gets their
// changes.
func RunTables(t *testing.T, shows TableShows, open func(t *testing.T) TableCloud) {
	t.Run("TableAndItsPeers", func(t *testing.T) { tableAndItsPeers(t, shows, open(t)) })
	t.Run("NoSuchTable", func(t *testing.T) {
		s, d := readTable(t, shows, open(t), "nobody")
		if d.ID != "" {
			t.Errorf("got %+v of %d stores, want none", d, len(s.DataStores))
		}
	})
}

func tableAndItsPeers(t *testing.T, shows TableShows, c TableCloud) {
	const readers, backups = PageSize + 2, PageSize + 1
	c.Table(Home, "orders", backups)
	c.Table(Home, "other", 1)
	for i := range readers {
		c.Reader(Home, "orders", fmt.Sprintf("f%d", i), i > 0)
	}
	c.Reader(Home, "other", "g", true)
	c.Replica(Home, "orders", Away)
	s, d := readTable(t, shows, c, "orders")
	if r, there := s.DataStore(gate.KindTable, Away, "orders"); there != shows.Replicas || there && r.Facts["deletion_protection"] != "false" {
		t.Errorf("the replica where it is: got %v, %+v", there, r)
	}
	if d.Phase != gate.Steady && d.Phase != gate.Changing || d.ARN == "" || (d.Identity != "") != shows.Identity || d.Facts["deletion_protection"] != "false" || d.Facts["stream"] != "NEW_AND_OLD_IMAGES" {
		t.Errorf("got %+v, want an active table with its facts", d)
	}
	active := map[string]int{}
	for _, l := range d.Links {
		if l.Active == gate.Yes {
			active[l.Kind]++
		}
	}
	replicas := 0
	if shows.Replicas {
		replicas = 1
	}
	if active[gate.LinkMapping] != readers-1 || active[gate.LinkReplica] != replicas {
		t.Errorf("links that flow: got %v, want %d mappings and %d replicas: %+v", active, readers-1, replicas, d.Links)
	}
	kept, gone := 0, 0
	for _, b := range d.Copies {
		switch {
		case b.Survives == gate.Yes && b.Usable == gate.Yes && c.Now().Sub(b.At) < time.Hour:
			kept++
		case b.Kind == "pitr" && b.Survives == gate.No && !b.At.IsZero():
			gone++
		}
	}
	if kept != backups || gone != 1 {
		t.Errorf("copies: got %d that outlive it and %d that go with it, want %d and 1: %+v", kept, gone, backups, d.Copies)
	}
}

// readTable reads everything about one table of Home.
func readTable(t *testing.T, shows TableShows, c TableCloud, name string) (*gate.Snapshot, gate.DataStore) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	asked := map[string][]string{}
	for _, s := range append(TableSources(), gate.SourceTableReplicas) {
		asked[s] = []string{name}
	}
	snapshot := live.Read(ctx, c.Now, c.Collector(), map[string]live.Want{Home: {Asked: asked}})
	d, there := snapshot.DataStore(gate.KindTable, Home, name)
	for _, s := range snapshot.Sources {
		// Of a table that there is not, no more is asked.
		if want := !there || !slices.Contains(shows.Lacks, s.Name); asked[s.Name] != nil && s.Complete != want {
			t.Errorf("%s: got complete %v, %q, want %v", s.Name, s.Complete, s.Err, want)
		}
	}
	return snapshot, d
}

// TableSources are the sources about tables that are read of every one; its
// replicas are read where it has some.
func TableSources() []string {
	return []string{gate.SourceTables, gate.SourceTableStreams, gate.SourceTableBackups, gate.SourceRecovery, gate.SourceMappings, gate.SourcePipes, gate.SourceEndpoints, gate.SourceTasks}
}
