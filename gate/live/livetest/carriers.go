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

// A CarrierCloud is a Cloud with what carries changes from one store to another.
type CarrierCloud interface {
	TableCloud
	// Pipe lets a pipe read the table's stream, or only could.
	Pipe(region, table, name string, running bool)
	// Task makes a task of DMS with its two endpoints, "NAME-source", a PostgreSQL
	// of that host, and "NAME-target", all tables of the account, of which it writes
	// one.
	Task(region, name, host, table string, running bool)
	// Serverless makes a replication of DMS Serverless in the same way.
	Serverless(region, name, host, table string, running bool)
}

// ShowsCarriers says what a cloud can show of carriers.
type ShowsCarriers struct {
	Lacks   []string // sources that it does not have: they must fail
	Stopped bool     // a pipe that is not to run does not
}

// Carriers is the part of the suite about pipes and DMS.
func Carriers(t *testing.T, shows ShowsCarriers, open func(t *testing.T) CarrierCloud) {
	const others = PageSize + 1
	c := open(t)
	c.Table(Home, "orders", 0)
	c.Table(Home, "other", 0)
	for i := range others {
		c.Pipe(Home, "orders", fmt.Sprintf("pipe-%d", i), i > 0)
	}
	c.Pipe(Home, "other", "another", true)
	c.Task(Home, "filler", "10.0.0.7", "orders", true)
	c.Task(Home, "waiting", "10.0.0.7", "orders", false)
	c.Task(Home, "stranger", "10.0.0.7", "other", true)
	lacks := slices.Contains(shows.Lacks, gate.SourceReplications)
	if !lacks {
		c.Serverless(Home, "stream", "10.0.0.7", "orders", true)
		c.Serverless(Home, "idle", "10.0.0.7", "orders", false)
		c.Serverless(Home, "foreign", "10.0.0.7", "other", true)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	asked := map[string][]string{}
	for _, s := range []string{gate.SourceTables, gate.SourcePipes, gate.SourceEndpoints, gate.SourceTasks, gate.SourceReplications, gate.SourceReplicationConfigs} {
		asked[s] = []string{"orders"}
	}
	s := live.Read(ctx, c.Now, c.Collector(), map[string]live.Want{Home: {Asked: asked}})
	for _, src := range s.Sources {
		if want := !slices.Contains(shows.Lacks, src.Name); asked[src.Name] != nil && src.Complete != want {
			t.Errorf("%s: got complete %v, %q, want %v", src.Name, src.Complete, src.Err, want)
		}
	}
	d, _ := s.DataStore(gate.KindTable, Home, "orders")
	var got []string
	for _, l := range d.Links {
		got = append(got, fmt.Sprintf("%s %s %s %s", l.To, l.Kind, l.Peer, l.Active))
	}
	var want []string
	if !slices.Contains(shows.Lacks, gate.SourceTasks) {
		want = append(want, "store dms.task filler-source yes", "store dms.task waiting-source no")
	}
	if !lacks {
		want = append(want, "store dms.task stream-source yes", "store dms.task idle-source no")
	}
	for i := range others {
		want = append(want, fmt.Sprintf("peer pipes.pipe pipe-%d %s", i, map[bool]gate.Tri{true: gate.Yes, false: gate.No}[i > 0 || !shows.Stopped]))
	}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("links: got\n%q\nwant\n%q", got, want)
	}
}
