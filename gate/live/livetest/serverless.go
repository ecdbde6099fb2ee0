package livetest

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/holdfast-gate/holdfast/gate"
	"github.com/holdfast-gate/holdfast/gate/live"
)

// A ServerlessCloud is a Cloud that has serverless caches.
type ServerlessCloud interface {
	Cloud
	ServerlessCache(region, name string)
	// ServerlessSnapshot makes a snapshot, by hand or as ElastiCache does by itself.
	ServerlessSnapshot(region, of, name string, byHand bool)
}

// Serverless is the part of the suite about serverless caches.
func Serverless(t *testing.T, open func(t *testing.T) ServerlessCloud) {
	t.Run("BeyondOnePage", func(t *testing.T) {
		c := open(t)
		const others, nightly = 3 * PageSize, 2 * PageSize
		for i := range others {
			c.ServerlessCache(Home, fmt.Sprintf("a-%02d", i))
		}
		c.ServerlessCache(Home, "carts")
		c.ServerlessSnapshot(Home, "a-00", "another", true)
		for i := range nightly {
			c.ServerlessSnapshot(Home, "carts", fmt.Sprintf("nightly-%02d", i), false)
		}
		c.ServerlessSnapshot(Home, "carts", "by-hand", true)
		s := readServerless(t, c, "carts")
		d, there := s.DataStore(gate.KindServerless, Home, "carts")
		if !there || len(s.DataStores) != 1 || d.Phase != gate.Steady || d.Serving != gate.ServingYes || d.ARN == "" {
			t.Fatalf("got %+v, want carts alone, which is well", s.DataStores)
		}
		survive := 0
		for _, b := range d.Copies {
			if b.Survives == gate.Yes {
				survive++
			}
			if b.Usable != gate.Yes || b.At.IsZero() || (b.Survives == gate.Yes) != (b.ID == "by-hand") {
				t.Errorf("got %+v, want it complete and dated; only what was made by hand outlives the cache", b)
			}
		}
		if len(d.Copies) != nightly+1 || survive != 1 {
			t.Errorf("got %d copies, %d of which survive, want %d and 1", len(d.Copies), survive, nightly+1)
		}
	})
	t.Run("NoSuchCache", func(t *testing.T) {
		if s := readServerless(t, open(t), "nobody"); len(s.DataStores) != 0 {
			t.Errorf("got %+v, want none", s.DataStores)
		}
	})
}

// readServerless reads what is asked about one serverless cache.
func readServerless(t *testing.T, c Cloud, name string) *gate.Snapshot {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	asked := map[string][]string{gate.SourceServerless: {name}, gate.SourceServerlessSnapshots: {name}}
	s := live.Read(ctx, c.Now, c.Collector(), map[string]live.Want{Home: {Asked: asked}})
	for _, src := range s.Sources {
		if _, ours := asked[src.Name]; ours && !src.Complete {
			t.Errorf("%s: %s", src.Name, src.Err)
		}
	}
	return s
}
