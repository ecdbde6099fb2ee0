package aws_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/holdfast-gate/holdfast/gate"
	"github.com/holdfast-gate/holdfast/gate/awssim"
	"github.com/holdfast-gate/holdfast/gate/live/aws"
	"github.com/holdfast-gate/holdfast/gate/live/livetest"
)

func spreadCache(t *testing.T) *sim {
	s := newSim(t, aws.Options{Attempts: 1, Backoff: time.Millisecond})
	for region, role := range map[string]string{home: gate.GlobalPrimary, livetest.Away: gate.GlobalSecondary} {
		s.MakeCache(awssim.CacheSpec{Region: region, ID: "shop", Replicas: 1, Failover: true})
		s.JoinGlobalCache("ldgnf-shop", region, "shop", role)
	}
	s.DelayCache(livetest.Away, "shop-002", time.Minute)
	return s
}

// Who asks about the groups of a global datastore learns how all its members are,
// wherever they are.
func TestMembersOfAGlobalDatastore(t *testing.T) {
	s := spreadCache(t)
	got := s.caches(t, "ldgnf-shop")
	for region, lag := range map[string]string{home: "0s", livetest.Away: "1m0s"} {
		d, there := got.DataStore(gate.KindCache, region, "shop")
		if !there {
			t.Fatalf("the member in %s was not read", region)
		}
		expectNodes(t, d, "shop-001 primary steady yes unknown", "shop-002 replica steady yes "+lag)
	}
	if len(got.DataStores) != 3 {
		t.Errorf("got %d stores, want the datastore and two members", len(got.DataStores))
	}
	// One that was asked about as well is not read twice.
	if got := s.caches(t, "ldgnf-shop", "shop"); len(got.DataStores) != 3 {
		t.Errorf("got %d stores, want 3", len(got.DataStores))
	}
}

// What cannot be read in another region leaves the source here in part, and says
// where.
func TestMemberElsewhereCannotBeRead(t *testing.T) {
	for action, source := range cacheActions() {
		if source == gate.SourceGlobalCaches || source == gate.SourceCacheSnapshots {
			continue // they are read here
		}
		t.Run(action, func(t *testing.T) {
			s := spreadCache(t)
			s.Intercept = func(r *awssim.Request) {
				if r.Service+"."+r.Action == action && r.Region == livetest.Away {
					r.Failure = &awssim.Failure{Code: "InternalFailure", Message: "no", Status: http.StatusInternalServerError}
				}
			}
			for _, src := range s.caches(t, "ldgnf-shop").Sources {
				if src.Name == source && (src.Complete || !strings.Contains(src.Err, livetest.Away)) {
					t.Errorf("%s in %s: got complete %v, %q, want it in part, and %s named", src.Name, src.Region, src.Complete, src.Err, livetest.Away)
				}
			}
		})
	}
}
