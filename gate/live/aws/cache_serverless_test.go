package aws_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/holdfast-gate/holdfast/gate"
	"github.com/holdfast-gate/holdfast/gate/awssim"
	"github.com/holdfast-gate/holdfast/gate/live"
	"github.com/holdfast-gate/holdfast/gate/live/aws"
	"github.com/holdfast-gate/holdfast/gate/live/livetest"
)

func serverlessActions() map[string]string {
	return map[string]string{
		"elasticache.DescribeServerlessCaches":         gate.SourceServerless,
		"elasticache.DescribeServerlessCacheSnapshots": gate.SourceServerlessSnapshots,
	}
}

func (s *sim) serverless(t *testing.T, names ...string) *gate.Snapshot {
	t.Helper()
	asked := map[string][]string{}
	for _, source := range serverlessActions() {
		asked[source] = names
	}
	return live.Read(t.Context(), s.Now, s.collector, map[string]live.Want{home: {Asked: asked}})
}

// manyServerless are more caches than fit on a page, and one with more snapshots.
func manyServerless(t *testing.T) *sim {
	s := newSim(t, aws.Options{PageSize: livetest.PageSize, Attempts: 1, Backoff: time.Millisecond})
	for i := range 3 * livetest.PageSize {
		s.MakeServerless(home, fmt.Sprintf("a-%02d", i), "valkey")
	}
	s.MakeServerless(home, "carts", "valkey")
	for i := range 2 * livetest.PageSize {
		s.SnapshotServerless(home, "carts", fmt.Sprintf("nightly-%02d", i), "automated")
	}
	s.Advance(time.Minute)
	s.SnapshotServerless(home, "carts", "by-hand", "manual")
	return s
}

// Moto has no serverless caches.
func TestServerlessOnAwssim(t *testing.T) {
	livetest.Serverless(t, func(t *testing.T) livetest.ServerlessCloud {
		return newSim(t, aws.Options{PageSize: livetest.PageSize})
	})
}

func (s *sim) ServerlessCache(region, name string) { s.MakeServerless(region, name, "valkey") }

func (s *sim) ServerlessSnapshot(region, of, name string, byHand bool) {
	kind := "automated"
	if byHand {
		kind = "manual"
	}
	s.SnapshotServerless(region, of, name, kind)
}

// The latest snapshot comes first, with its time, and a state that nobody has
// classed does not serve.
func TestServerlessCaches(t *testing.T) {
	s := manyServerless(t)
	d, _ := s.serverless(t, "carts").DataStore(gate.KindServerless, home, "carts")
	if b := d.Copies[0]; b.ID != "by-hand" || !b.At.Equal(s.Now()) {
		t.Errorf("got %+v, want by-hand, made just now", b)
	}
	s.SetServerlessStatus(home, "carts", "thinking")
	d, _ = s.serverless(t, "carts").DataStore(gate.KindServerless, home, "carts")
	if d.Phase != gate.PhaseUnknown || d.Serving != gate.ServingNo {
		t.Errorf("a state that nobody has classed: got %s, serving %s", d.Phase, d.Serving)
	}
}

// Whatever goes wrong with a call, or with its second page, leaves its source
// unread or in part, and names the permission.
func TestServerlessCallsFail(t *testing.T) {
	for action, source := range serverlessActions() {
		for name, f := range map[string]struct {
			failure awssim.Failure
			paged   bool
			want    gate.Problem
		}{
			"denied":      {awssim.Failure{Code: "AccessDenied", Message: "no", Status: http.StatusForbidden}, false, gate.ProblemDenied},
			"throttled":   {awssim.Failure{Code: "Throttling", Message: "no", Status: http.StatusBadRequest}, false, gate.ProblemThrottled},
			"broken":      {awssim.Failure{Code: "InternalFailure", Message: "no", Status: http.StatusInternalServerError}, false, gate.ProblemFailed},
			"second page": {awssim.Failure{Code: "InternalFailure", Message: "no", Status: http.StatusInternalServerError}, true, gate.ProblemPartial},
		} {
			t.Run(action+" "+name, func(t *testing.T) {
				s := manyServerless(t)
				s.Intercept = func(r *awssim.Request) {
					if r.Service+"."+r.Action == action && r.Params.Has("NextToken") == f.paged {
						r.Failure = &f.failure
					}
				}
				for _, src := range s.serverless(t, "carts").Sources {
					if src.Name == source && (src.Problem != f.want || !strings.Contains(src.Err, gate.Permissions(source)[0])) {
						t.Errorf("got %q, %q, want %q and %s named", src.Problem, src.Err, f.want, gate.Permissions(source)[0])
					}
				}
			})
		}
	}
}
