package aws_test

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/holdfast-gate/holdfast/gate"
	"github.com/holdfast-gate/holdfast/gate/awssim"
	"github.com/holdfast-gate/holdfast/gate/live"
	"github.com/holdfast-gate/holdfast/gate/live/aws"
	"github.com/holdfast-gate/holdfast/gate/live/livetest"
)

// replicas answers from one world or the other: for each call of an action,
// counted from 1, fresh says which.
type replicas struct {
	now, past *awssim.World
	fresh     func(action string, nth int) bool

	mu   sync.Mutex
	seen map[string]int
}

// ServeHTTP implements http.Handler.
func (r *replicas) ServeHTTP(w http.ResponseWriter, hr *http.Request) {
	body, err := io.ReadAll(hr.Body)
	if err != nil {
		return
	}
	hr.Body = io.NopCloser(bytes.NewReader(body))
	form, err := url.ParseQuery(string(body))
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	r.mu.Lock()
	r.seen[form.Get("Action")]++
	fresh := r.fresh(form.Get("Action"), r.seen[form.Get("Action")])
	r.mu.Unlock()
	if fresh {
		r.now.ServeHTTP(w, hr)
		return
	}
	r.past.ServeHTTP(w, hr)
}

// mixed reads a world of which some replicas do not know yet what acts did.
func mixed(t *testing.T, w live.Want, before, acts func(*awssim.World), fresh func(action string, nth int) bool) (*gate.Snapshot, *awssim.World) {
	t.Helper()
	r := &replicas{now: awssim.New(noon), past: awssim.New(noon), fresh: fresh, seen: map[string]int{}}
	before(r.now)
	before(r.past)
	acts(r.now)
	server := httptest.NewServer(r)
	t.Cleanup(server.Close)
	c := aws.New(t.Context(), aws.Options{Now: r.now.Now, Load: settings(server.URL)})
	return live.Read(t.Context(), r.now.Now, c, map[string]live.Want{livetest.Home: w}), r.now
}

// The search by tag knows that a member is dying, the search by group comes
// from a replica that does not: what came last must not take back the worse.
func TestTheWorstAnswerHolds(t *testing.T) {
	var dying string
	for nth := 1; nth <= 2; nth++ {
		got, _ := mixed(t, live.Want{Tags: everything.Tags},
			func(w *awssim.World) {
				w.CreateGroup(awssim.GroupSpec{Region: livetest.Home, Name: "web", Max: 6, Desired: 3, Tags: everythingTagged(), Settled: true})
			},
			func(w *awssim.World) { dying = w.Instances(livetest.Home)[0].ID; w.TerminateInstance(dying) },
			func(action string, n int) bool { return action == "DescribeInstances" && n == nth })
		for _, m := range got.Members {
			if (m.Phase == gate.Leaving) != (m.ID == dying) || m.ID == dying && m.Serving != gate.ServingNo {
				t.Errorf("only call %d knows: %s, of which %s is dying: got %s, serving %s: %v", nth, m.ID, dying, m.Phase, m.Serving, m.Observed)
			}
		}
		if len(got.Members) != 3 {
			t.Errorf("got %d members, want 3", len(got.Members))
		}
	}
}

// Two searches find a group, and one of them comes from a replica that does not
// know yet how large it is to be.
func TestTwoSizesOfOneGroup(t *testing.T) {
	for nth, want := range map[int]gate.Problem{0: gate.ProblemNone, 1: gate.ProblemPartial, 2: gate.ProblemPartial, 3: gate.ProblemNone} {
		got, _ := mixed(t, live.Want{Tags: []live.Tag{{Key: "Cluster", Values: []string{"search"}}, {Key: "Role", Values: []string{"data"}}}},
			func(w *awssim.World) {
				w.CreateGroup(awssim.GroupSpec{Region: livetest.Home, Name: "web", Max: 6, Desired: 2, Tags: map[string]string{"Cluster": "search", "Role": "data"}, Settled: true})
			},
			func(w *awssim.World) { w.SetDesired("web", 3) },
			func(action string, n int) bool { return action != "DescribeAutoScalingGroups" || n == nth || nth == 3 })
		if p := problems(t, got)[gate.SourceGroups]; p != want {
			t.Errorf("call %d knows: got problem %q, want %q", nth, p, want)
		}
	}
}

func everythingTagged() map[string]string { return map[string]string{"Cluster": "search"} }

// Every list shows a member in service that its group's history says it ended.
func TestHistoryOfAnEnd(t *testing.T) {
	group := func(w *awssim.World) {
		w.CreateGroup(awssim.GroupSpec{Region: livetest.Home, Name: "web", Max: 6, Desired: 3, Settled: true})
	}
	for name, known := range map[string]bool{"": false, "DescribeScalingActivities": true} {
		got, w := mixed(t, live.Want{Groups: []string{"web"}}, group,
			func(w *awssim.World) { w.SetDesired("web", 2); w.Advance(4 * time.Minute) },
			func(action string, _ int) bool { return action == name })
		ended := map[string]bool{}
		for _, in := range w.Instances(livetest.Home) {
			ended[in.ID] = in.State == string(ec2types.InstanceStateNameTerminated)
		}
		if len(got.Members) != 3 || len(ended) != 3 {
			t.Fatalf("got %d members, %v; want 3", len(got.Members), ended)
		}
		for _, m := range got.Members {
			if want := known && ended[m.ID]; (m.Phase == gate.Leaving) != want || (m.Serving == gate.ServingYes) == want {
				t.Errorf("the history is read: %t; %s, ended %t: got %s, serving %s: %v", known, m.ID, ended[m.ID], m.Phase, m.Serving, m.Observed)
			}
		}
	}
	// Hours later every list knows it; the history has nothing to add.
	got, _ := mixed(t, live.Want{Groups: []string{"web"}}, group, func(w *awssim.World) { w.SetDesired("web", 2); w.Advance(2 * time.Hour) }, func(string, int) bool { return true })
	for _, m := range got.Members {
		if m.Phase != gate.Steady {
			t.Errorf("%s: got %s: %v", m.ID, m.Phase, m.Observed)
		}
	}
}

// The history says that the group launched members which no list shows.
func TestHistoryOfALaunch(t *testing.T) {
	for name, want := range map[string]gate.Problem{"": gate.ProblemNone, "DescribeScalingActivities": gate.ProblemPartial, "all": gate.ProblemNone} {
		got, _ := mixed(t, live.Want{Groups: []string{"web"}},
			func(w *awssim.World) {
				w.CreateGroup(awssim.GroupSpec{Region: livetest.Home, Name: "web", Max: 6, Desired: 2, Settled: true})
			},
			func(w *awssim.World) { w.SetDesired("web", 4); w.Advance(8 * time.Minute) },
			func(action string, _ int) bool { return name == "all" || action == name })
		if p := problems(t, got)[gate.SourceInstances]; p != want {
			t.Errorf("%q knows: got problem %q, want %q", name, p, want)
		}
		for _, s := range got.Sources {
			if s.Problem == gate.ProblemPartial && !strings.Contains(s.Err, "which group web launched") {
				t.Errorf("got %q", s.Err)
			}
		}
	}
}

// A machine whose clock is off by hours or days still reads what is going on
// now as going on now.
func TestWrongClock(t *testing.T) {
	for _, off := range []time.Duration{-72 * time.Hour, -7 * time.Hour, 0, 7 * time.Hour, 72 * time.Hour} {
		s := newSim(t, aws.Options{})
		s.Group(livetest.Home, "web", 2, nil, "")
		s.AddActivity("web", "InProgress", "a test")
		s.AddEvent(s.Instances(livetest.Home)[0].ID, awssim.Event{Code: "instance-retirement", NotBefore: s.Now().Add(12 * time.Hour)})
		server := httptest.NewServer(s.World)
		t.Cleanup(server.Close)
		now := func() time.Time { return s.Now().Add(off) }
		got := live.Read(context.Background(), now, aws.New(t.Context(), aws.Options{Now: now, Load: settings(server.URL)}), map[string]live.Want{livetest.Home: {Groups: []string{"web"}}})
		open, leaving := 0, 0
		for _, op := range got.Groups[0].Operations {
			if op.Phase.Transitional() {
				open++
			}
		}
		for _, m := range got.Members {
			if m.Phase == gate.Leaving {
				leaving++
			}
		}
		if open != 1 || leaving != 1 {
			t.Errorf("a clock that is %s off: got %d open activities, %d members that are retired within a day; want one of each", off, open, leaving)
		}
	}
}
