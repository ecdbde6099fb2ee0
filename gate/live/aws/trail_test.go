package aws_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/holdfast-gate/holdfast/gate"
	"github.com/holdfast-gate/holdfast/gate/awssim"
	"github.com/holdfast-gate/holdfast/gate/live/aws"
)

const here = awssim.DefaultRegion

// trailed is a World that a Trail can be read of: time passes only as it waits.
func trailed(t *testing.T) *sim {
	var s *sim
	s = newSim(t, aws.Options{Sleep: func(ctx context.Context, d time.Duration) error {
		s.Advance(d)
		return ctx.Err()
	}})
	return s
}

// who reads the trail to its end.
func (s *sim) who(t *testing.T, known aws.Rules, regions ...string) gate.Trail {
	t.Helper()
	trail := s.collector.(*aws.Collector).StartTrail(t.Context(), regions, known)
	<-trail.Done()
	return trail.Known()
}

// lookups are the calls of LookupEvents.
func (s *sim) lookups() []awssim.Call {
	return slices.DeleteFunc(s.Calls(), func(c awssim.Call) bool { return c.Action != "LookupEvents" })
}

// said is what is known of a member or a group, a line for each event.
func said(trail gate.Trail, ref string) string {
	var lines []string
	for _, a := range trail.Attributions {
		if a.Ref == ref {
			lines = append(lines, strings.TrimSpace(strings.Join([]string{a.Event, a.Means.String(), a.Who, a.Failed, a.Detail}, " ")))
		}
	}
	slices.Sort(lines)
	return strings.Join(lines, "; ")
}

func TestEachActorIsRecognized(t *testing.T) {
	for want, by := range map[string]awssim.Actor{
		"console ada":                    awssim.ConsoleUser("ada"),
		"console ada@example.com":        awssim.ConsoleSSO("ada@example.com"),
		"console credentials ada@ex.com": awssim.CloudShell("ada@ex.com"),
		"cli or sdk deploy":              awssim.CLIUser("deploy"),
		"sso session ada@example.com":    awssim.SSOSession("ada@example.com"),
		"terraform ci":                   awssim.TerraformRun("tf", "ci", ""),
		"holdfast ci":                    awssim.TerraformRun("tf", "ci", "holdfast/1.2.3 (run 0a)"),
		"terraform 1763812345678901234":  awssim.CrossplaneRun("xp"),
		"aws service eks.amazonaws.com":  awssim.ByService("eks.amazonaws.com", "AWSServiceRoleForAmazonEKS", "EKS"),
		"declared owner autoscaler":      {Role: "cluster-autoscaler", Session: "17", Agent: "aws-sdk-go/1.55.5"},
		"unknown ada":                    {User: "ada", Agent: "curl/8.5"},
	} {
		s := trailed(t)
		s.SetHuman(by)
		id := s.RunInstance(awssim.InstanceSpec{})
		s.Advance(time.Minute)
		s.TerminateInstance(id)
		s.Advance(20 * time.Minute)
		got := said(s.who(t, aws.Rules{Owners: []gate.Owner{{Name: "autoscaler", Roles: []string{"arn:aws:iam::*:role/cluster-autoscaler"}}}}, here), id)
		if want := fmt.Sprintf("RunInstances %s; TerminateInstances %[1]s", want); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func TestAGroupItsMembersAndSpot(t *testing.T) {
	s := trailed(t)
	s.SetHuman(awssim.ConsoleSSO("ada@example.com"))
	s.CreateGroup(awssim.GroupSpec{Name: "search", Max: 6, Desired: 2, Settled: true, Age: 30 * 24 * time.Hour})
	s.SetDesired("search", 3)
	s.Advance(10 * time.Minute)
	members := s.Groups("")[0].Members
	newest := slices.MaxFunc(members, func(a, b awssim.Instance) int { return a.Launched.Compare(b.Launched) }).ID
	s.SuspendProcess("search", "Terminate")
	spot := s.RunInstance(awssim.InstanceSpec{})
	s.InterruptSpot(spot)
	s.Advance(20 * time.Minute)
	trail := s.who(t, aws.Rules{}, here)
	for ref, want := range map[string]string{
		"search": "SuspendProcesses console ada@example.com  Terminate; UpdateAutoScalingGroup console ada@example.com  desired 3, min 0, max 6",
		newest:   "RunInstances aws service autoscaling.amazonaws.com",
		spot:     "BidEvictedEvent aws service ec2.amazonaws.com; RunInstances console ada@example.com",
	} {
		if got := said(trail, ref); got != want {
			t.Errorf("%s: %q, want %q", ref, got, want)
		}
	}
}

func TestTheTrailIsLateAndSaysSo(t *testing.T) {
	s := trailed(t)
	id := s.RunInstance(awssim.InstanceSpec{})
	s.Advance(time.Minute)
	trail := s.who(t, aws.Rules{}, here)
	if got := said(trail, id); got != "" {
		t.Errorf("an event of a minute ago was delivered: %s", got)
	}
	r := trail.Reach[0]
	if !r.Complete || !r.Until.Before(s.Instance(id).Launched) || r.From.After(r.Until) {
		t.Errorf("the reach does not say that the launch could not be there yet: %+v", r)
	}
}

func TestAnAttemptThatFailedIsSaidToHave(t *testing.T) {
	s := trailed(t)
	id := s.RunInstance(awssim.InstanceSpec{Age: time.Hour})
	s.Fail("ec2.StopInstances", 1, awssim.Failure{Code: "OperationNotPermitted", Message: "no", Status: http.StatusBadRequest})
	r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader("Action=StopInstances&InstanceId.1="+id))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=key/20261122/"+here+"/ec2/aws4_request")
	s.ServeHTTP(httptest.NewRecorder(), r)
	s.Advance(20 * time.Minute)
	if got, want := said(s.who(t, aws.Rules{}, here), id), "StopInstances unknown test Client.OperationNotPermitted"; !strings.Contains(got, want) {
		t.Errorf("%q, want %q in it", got, want)
	}
}

func TestNeverMoreThanTwoLookupsASecond(t *testing.T) {
	s := trailed(t)
	// One after the other: both would move the one clock there is while the
	// other's call is on its way.
	s.who(t, aws.Rules{}, here)
	s.who(t, aws.Rules{}, "eu-west-1")
	perRegion := map[string][]awssim.Call{}
	for _, c := range s.lookups() {
		if c.Code != "" {
			t.Fatalf("a call was answered with %s", c.Code)
		}
		perRegion[c.Region] = append(perRegion[c.Region], c)
	}
	for region, calls := range perRegion {
		for i := 2; i < len(calls); i++ {
			if calls[i].At.Sub(calls[i-2].At) < time.Second {
				t.Errorf("three calls within a second in %s, from %s", region, calls[i-2].At)
			}
		}
	}
	// 25 events, one page each: two regions cost 50 calls and no more.
	if got := len(s.lookups()); got != 50 {
		t.Errorf("%d lookups, want 25 for each of 2 regions", got)
	}
}

func TestHowATrailEnds(t *testing.T) {
	for name, c := range map[string]struct {
		do       func(*awssim.World)
		problem  gate.Problem
		complete bool
		calls    int
	}{
		"whole":                 {func(*awssim.World) {}, "", true, 25},
		"denied":                {func(w *awssim.World) { w.Deny("cloudtrail.*") }, gate.ProblemDenied, false, 1},
		"throttled for a while": {func(w *awssim.World) { w.Throttle("cloudtrail.*", 2) }, "", true, 27},
		"throttled for ever":    {func(w *awssim.World) { w.Throttle("cloudtrail.*", -1) }, gate.ProblemThrottled, false, 3},
		"second page fails": {func(w *awssim.World) {
			w.SetPageSize(1)
			w.FailPage("cloudtrail.LookupEvents", 2, awssim.Failure{Code: "InternalFailure", Status: 500})
		}, gate.ProblemFailed, false, 4},
		"more pages than read": {func(w *awssim.World) { w.SetPageSize(1) }, gate.ProblemPartial, false, 34},
	} {
		s := trailed(t)
		for range 12 {
			s.RunInstance(awssim.InstanceSpec{Age: time.Hour})
		}
		c.do(s.World)
		r := s.who(t, aws.Rules{}, here).Reach[0]
		if r.Problem != c.problem || r.Complete != c.complete || r.Calls != c.calls || len(r.Read)+len(r.Unread) != 25 {
			t.Errorf("%s: problem %q, complete %v, %d calls, %d read, %d unread; want %q, %v, %d calls, 25 in all", name, r.Problem, r.Complete, r.Calls, len(r.Read), len(r.Unread), c.problem, c.complete, c.calls)
		}
		if (r.Err == "") != c.complete || strings.Contains(fmt.Sprint(r), canary) {
			t.Errorf("%s: says %q", name, r.Err)
		}
	}
}

func TestATrailThatIsNotOverSaysWhatItHas(t *testing.T) {
	s := newSim(t, aws.Options{Sleep: func(ctx context.Context, _ time.Duration) error {
		<-ctx.Done()
		return ctx.Err()
	}})
	ctx, cancel := context.WithCancel(t.Context())
	trail := s.collector.(*aws.Collector).StartTrail(ctx, []string{here}, aws.Rules{})
	if r := trail.Known().Reach[0]; r.Complete || r.Err == "" {
		t.Errorf("before it is over it is complete: %+v", r)
	}
	cancel()
	<-trail.Done()
	if r := trail.Known().Reach[0]; r.Complete || len(r.Unread) < 23 {
		t.Errorf("cut off after at most one call it is complete: %+v", r)
	}
}

func TestATrailThatLiesIsLeftOut(t *testing.T) {
	s := trailed(t)
	s.Intercept = func(r *awssim.Request) {
		if r.Action == "LookupEvents" {
			r.Failure = &awssim.Failure{Code: "ValidationException", Message: "no", Status: http.StatusBadRequest}
		}
	}
	r := s.who(t, aws.Rules{}, here).Reach[0]
	if r.Complete || r.Problem != gate.ProblemFailed {
		t.Errorf("reach: %+v", r)
	}
}

// What people typed is in the records and comes out nowhere.
func TestNothingThatWasTypedComesOut(t *testing.T) {
	s := trailed(t)
	id := s.RunInstance(awssim.InstanceSpec{Tags: map[string]string{"Password": canary, canary: "x"}})
	s.SetTags(id, map[string]string{"Secret": canary})
	s.Advance(20 * time.Minute)
	trail := s.who(t, aws.Rules{}, here)
	if said(trail, id) == "" {
		t.Fatal("nothing is known of the member")
	}
	b, err := json.Marshal(trail)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(b), canary) {
		t.Errorf("the trail shows what was typed: %s", b)
	}
}
