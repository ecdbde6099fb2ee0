package aws_test

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"runtime/pprof"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/config"

	"github.com/holdfast-gate/holdfast/gate"
	"github.com/holdfast-gate/holdfast/gate/awssim"
	"github.com/holdfast-gate/holdfast/gate/live"
	"github.com/holdfast-gate/holdfast/gate/live/aws"
	"github.com/holdfast-gate/holdfast/gate/live/livetest"
)

// quick gives up soon: what a failure looks like does not depend on how long
// it was retried.
var quick = aws.Options{Attempts: 2, Backoff: time.Millisecond}

// crowd is a group with a warm pool and a target group, and tagged instances
// beside it: something to read in every source.
func crowd(t *testing.T, o aws.Options) *sim {
	t.Helper()
	s := newSim(t, o)
	arn := s.TargetGroup(livetest.Home, "web")
	s.CreateGroup(awssim.GroupSpec{Region: livetest.Home, Name: "web", Max: 6, Desired: 3, TargetGroups: []string{arn}, WarmPool: 2, Settled: true})
	s.Launch(livetest.Home, 6, map[string]string{"Cluster": "search"})
	return s
}

var everything = live.Want{Groups: []string{"web"}, Tags: []live.Tag{{Key: "Cluster", Values: []string{"search"}}}}

func (s *sim) snapshot(t *testing.T, w live.Want) *gate.Snapshot {
	t.Helper()
	return live.Read(t.Context(), s.Now, s.collector, map[string]live.Want{livetest.Home: w})
}

// problems are the sources that are not complete, with why.
func problems(t *testing.T, s *gate.Snapshot) map[string]gate.Problem {
	t.Helper()
	out := map[string]gate.Problem{}
	for _, src := range s.Sources {
		if src.Complete != (src.Problem == gate.ProblemNone) || src.Complete != (src.Err == "") {
			t.Errorf("%s contradicts itself: complete %v, problem %q, %q", src.Name, src.Complete, src.Problem, src.Err)
		}
		if strings.ContainsAny(src.Err, "\n") || strings.Contains(src.Err, canary) || strings.Contains(src.Err, "operation error") {
			t.Errorf("%s: got %q, want one sentence without the SDK's own words or a secret", src.Name, src.Err)
		}
		if !src.Complete {
			out[src.Name] = src.Problem
		}
	}
	if len(s.Sources) != 8 {
		t.Errorf("sources: got %d rows, want 8: %v", len(s.Sources), s.Sources)
	}
	return out
}

func TestEachFailureInTurn(t *testing.T) {
	sources := map[string]string{
		"sts.GetCallerIdentity":                     gate.SourceIdentity,
		"ec2.DescribeInstances":                     gate.SourceInstances,
		"ec2.DescribeInstanceStatus":                gate.SourceStatus,
		"autoscaling.DescribeAutoScalingGroups":     gate.SourceGroups,
		"autoscaling.DescribeScalingActivities":     gate.SourceActivities,
		"autoscaling.DescribeInstanceRefreshes":     gate.SourceRefreshes,
		"autoscaling.DescribeWarmPool":              gate.SourceWarmPools,
		"elasticloadbalancing.DescribeTargetHealth": gate.SourceTargets,
	}
	failures := map[string]struct {
		fail func(w *awssim.World, action string)
		want gate.Problem
	}{
		"denied":    {(*awssim.World).Deny, gate.ProblemDenied},
		"throttled": {func(w *awssim.World, action string) { w.Throttle(action, -1) }, gate.ProblemThrottled},
		"expired": {func(w *awssim.World, action string) {
			w.Fail(action, -1, awssim.Failure{Code: "ExpiredToken", Message: "The security token " + canary + " is expired", Status: http.StatusForbidden})
		}, gate.ProblemCredentials},
		"wrong signature": {func(w *awssim.World, action string) {
			w.Fail(action, -1, awssim.Failure{Code: "SignatureDoesNotMatch", Message: "The canonical string was x-amz-security-token:" + canary, Status: http.StatusForbidden})
		}, gate.ProblemCredentials},
		"broken": {func(w *awssim.World, action string) {
			w.Fail(action, -1, awssim.Failure{Code: "InternalError", Message: "An internal\nerror has occurred.", Status: http.StatusInternalServerError})
		}, gate.ProblemFailed},
	}
	for action, source := range sources {
		for name, f := range failures {
			t.Run(action+" "+name, func(t *testing.T) {
				t.Parallel()
				// One attempt: after a throttled one the SDK sleeps for seconds.
				s := crowd(t, aws.Options{Attempts: 1, Backoff: time.Millisecond})
				f.fail(s.World, action)
				got := problems(t, s.snapshot(t, everything))
				if got[source] != f.want {
					t.Errorf("%s: got problem %q, want %q", source, got[source], f.want)
				}
				for other, p := range got {
					if other != source && p != gate.ProblemMissing {
						t.Errorf("%s: got problem %q, want it unharmed, or missing", other, p)
					}
				}
			})
		}
	}
}

func TestThrottledBeyondRetries(t *testing.T) {
	s := newSim(t, quick)
	s.Throttle("ec2.DescribeInstances", -1)
	snapshot := s.snapshot(t, live.Want{Tags: everything.Tags})
	if got := problems(t, snapshot); got[gate.SourceInstances] != gate.ProblemThrottled {
		t.Errorf("got problem %q, want throttled", got[gate.SourceInstances])
	}
	for _, src := range snapshot.Sources {
		if src.Name == gate.SourceInstances && src.Calls != quick.Attempts {
			t.Errorf("got %d calls, want all %d attempts", src.Calls, quick.Attempts)
		}
	}
}

func TestThrottledForAWhile(t *testing.T) {
	s := newSim(t, aws.Options{Backoff: time.Millisecond})
	want := s.Launch(livetest.Home, 1, map[string]string{"Cluster": "search"})
	s.Throttle("ec2.DescribeInstances", 1)
	snapshot := s.snapshot(t, live.Want{Tags: everything.Tags})
	if got := problems(t, snapshot); len(got) != 0 {
		t.Errorf("got problems %v, want none", got)
	}
	if len(snapshot.Members) != 1 || snapshot.Members[0].ID != want[0] {
		t.Errorf("got %d members, want %s", len(snapshot.Members), want[0])
	}
}

// Without the groups nobody can say whose activities there are; without the
// instances nobody can say whose status.
func TestDependentsOfAFailureAreMissing(t *testing.T) {
	s := crowd(t, quick)
	s.Deny("autoscaling.DescribeAutoScalingGroups")
	got := problems(t, s.snapshot(t, everything))
	for _, source := range []string{gate.SourceActivities, gate.SourceRefreshes, gate.SourceWarmPools, gate.SourceTargets} {
		if got[source] != gate.ProblemMissing {
			t.Errorf("%s: got problem %q, want missing", source, got[source])
		}
	}
	s = crowd(t, quick)
	s.Deny("ec2.DescribeInstances")
	snapshot := s.snapshot(t, everything)
	if got := problems(t, snapshot); got[gate.SourceStatus] != gate.ProblemMissing {
		t.Errorf("%s: got problem %q, want missing", gate.SourceStatus, got[gate.SourceStatus])
	}
	if len(snapshot.Members) != 5 {
		t.Errorf("got %d members, want the 5 that the group and its warm pool list", len(snapshot.Members))
	}
	for _, m := range snapshot.Members {
		if m.Serving == gate.ServingYes || m.Observed[0].Raw != "not read" {
			t.Errorf("%s: got serving %v, EC2 state %q, want it not to serve, and not read", m.ID, m.Serving, m.Observed[0].Raw)
		}
	}
}

// A page that fails makes a source partial: never smaller, and what was read
// is kept.
func TestSecondPageFails(t *testing.T) {
	broken := awssim.Failure{Code: "InternalError", Status: http.StatusInternalServerError}
	for action, source := range map[string]string{
		"ec2.DescribeInstances":                 gate.SourceInstances,
		"autoscaling.DescribeAutoScalingGroups": gate.SourceGroups,
		"autoscaling.DescribeScalingActivities": gate.SourceActivities,
		"autoscaling.DescribeWarmPool":          gate.SourceWarmPools,
	} {
		t.Run(action, func(t *testing.T) {
			t.Parallel()
			s := crowd(t, quick)
			s.CreateGroup(awssim.GroupSpec{Region: livetest.Home, Name: "db", Desired: 1, Settled: true})
			s.AddActivity("db", "Successful", "a test")
			s.AddActivity("db", "Failed", "a test")
			s.SetPageSize(1)
			s.FailPage(action, 2, broken)
			w := everything
			w.Groups = []string{"db", "web"}
			snapshot := s.snapshot(t, w)
			if got := problems(t, snapshot); got[source] != gate.ProblemPartial {
				t.Errorf("%s: got problem %q, want partial", source, got[source])
			}
			for _, src := range snapshot.Sources {
				if src.Name == source && !strings.Contains(src.Err, "page 2") {
					t.Errorf("%s: got %q, want it to name the page", source, src.Err)
				}
			}
			if len(snapshot.Members) == 0 {
				t.Error("got no members, want those of the first page")
			}
		})
	}
}

// In a disrupted zone a call fails as a whole that names one instance in it,
// or names none. Who answers is read; who does not stays, and does not count.
func TestDisruptedZone(t *testing.T) {
	s := newSim(t, quick)
	ids := s.Launch(livetest.Home, 9, map[string]string{"Cluster": "search"})
	bad := ids[4]
	s.Intercept = func(r *awssim.Request) {
		if r.Action != "DescribeInstances" {
			return
		}
		asked, named := "", false
		for key, values := range r.Params {
			if strings.HasPrefix(key, "InstanceId.") {
				named = true
				asked += values[0] + " "
			}
		}
		if !named || strings.Contains(asked, bad) {
			r.Failure = &awssim.Failure{Code: "Unavailable", Message: "The zone is disrupted.", Status: http.StatusServiceUnavailable}
		}
	}
	w := everything
	w.Instances = ids
	snapshot := s.snapshot(t, w)
	if got := problems(t, snapshot); got[gate.SourceInstances] != gate.ProblemPartial {
		t.Errorf("problem: got %q, want partial", got[gate.SourceInstances])
	}
	if len(snapshot.Members) != len(ids) {
		t.Fatalf("got %d members, want all %d", len(snapshot.Members), len(ids))
	}
	for _, m := range snapshot.Members {
		if want := m.ID != bad; (m.Serving == gate.ServingYes) != want {
			t.Errorf("%s: got serving %v, want it only of those who answer", m.ID, m.Serving)
		}
		if m.ID == bad && m.Phase != gate.PhaseUnknown {
			t.Errorf("%s: got %v, want unknown", m.ID, m.Phase)
		}
	}
}

func TestNoCredentials(t *testing.T) {
	for _, name := range []string{"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE", "AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "AWS_CONTAINER_CREDENTIALS_FULL_URI"} {
		t.Setenv(name, "")
	}
	t.Setenv("AWS_EC2_METADATA_DISABLED", "true")
	c := aws.New(t.Context(), aws.Options{Load: []func(*config.LoadOptions) error{config.WithSharedConfigFiles(nil), config.WithSharedCredentialsFiles(nil)}})
	s := live.Read(t.Context(), time.Now, c, map[string]live.Want{livetest.Home: everything})
	for name, p := range allProblems(t, s) {
		if p != gate.ProblemCredentials {
			t.Errorf("%s: got problem %q, want credentials", name, p)
		}
	}
}

func TestNoSuchProfile(t *testing.T) {
	c := aws.New(t.Context(), aws.Options{Profile: "nobody", Load: []func(*config.LoadOptions) error{config.WithSharedConfigFiles(nil), config.WithSharedCredentialsFiles(nil)}})
	s := live.Read(t.Context(), time.Now, c, map[string]live.Want{livetest.Home: everything})
	for name, p := range allProblems(t, s) {
		if p != gate.ProblemFailed {
			t.Errorf("%s: got problem %q, want failed", name, p)
		}
	}
}

// allProblems are the problems of a snapshot in which every source failed.
func allProblems(t *testing.T, s *gate.Snapshot) map[string]gate.Problem {
	t.Helper()
	got := problems(t, s)
	if len(got) != 8 {
		t.Errorf("got %d sources that failed, want all 8: %v", len(got), got)
	}
	return got
}

func TestNobodyListens(t *testing.T) {
	server := httptest.NewServer(http.NotFoundHandler())
	server.Close()
	c := aws.New(t.Context(), aws.Options{Attempts: 1, Load: settings(server.URL)})
	s := live.Read(t.Context(), time.Now, c, map[string]live.Want{livetest.Home: everything})
	got := problems(t, s)
	for _, name := range []string{gate.SourceIdentity, gate.SourceInstances, gate.SourceGroups} {
		if got[name] != gate.ProblemFailed {
			t.Errorf("%s: got problem %q, want failed", name, got[name])
		}
	}
}

// An endpoint that hangs ends with the deadline, says so, and leaves nobody
// waiting behind.
func TestHangingEndpoint(t *testing.T) {
	ended := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		select {
		case <-r.Context().Done():
		case <-ended:
		}
	}))
	defer server.Close()
	defer close(ended)
	for name, read := range map[string]func() *gate.Snapshot{
		"the caller's deadline": func() *gate.Snapshot {
			ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
			defer cancel()
			return live.Read(ctx, time.Now, aws.New(ctx, aws.Options{Load: settings(server.URL)}), map[string]live.Want{livetest.Home: everything, livetest.Away: everything})
		},
		"the collector's own": func() *gate.Snapshot {
			c := aws.New(t.Context(), aws.Options{Deadline: 50 * time.Millisecond, Load: settings(server.URL)})
			return live.Read(t.Context(), time.Now, c, map[string]live.Want{livetest.Home: everything, livetest.Away: everything})
		},
	} {
		t.Run(name, func(t *testing.T) {
			for _, src := range read().Sources {
				switch src.Name {
				case gate.SourceIdentity, gate.SourceInstances, gate.SourceGroups:
					if src.Problem != gate.ProblemTimeout || !strings.Contains(src.Err, "by the deadline") {
						t.Errorf("%s in %s: got problem %q, %q, want timeout", src.Name, src.Region, src.Problem, src.Err)
					}
				}
				if src.Complete {
					t.Errorf("%s in %s: got complete, and nothing was read", src.Name, src.Region)
				}
			}
			var stacks bytes.Buffer
			if err := pprof.Lookup("goroutine").WriteTo(&stacks, 1); err != nil {
				t.Fatal(err)
			}
			if strings.Contains(stacks.String(), "live/aws.(*reading)") {
				t.Errorf("goroutines of the read are left:\n%s", stacks.String())
			}
		})
	}
}

// A failed request counts, and so does each retry.
func TestCallsCountRetries(t *testing.T) {
	s := newSim(t, aws.Options{Backoff: time.Millisecond})
	s.Launch(livetest.Home, 1, map[string]string{"Cluster": "search"})
	s.Fail("ec2.DescribeInstances", 2, awssim.Failure{Code: "InternalError", Status: http.StatusInternalServerError})
	snapshot := s.snapshot(t, live.Want{Tags: everything.Tags})
	want := map[string]int{}
	for _, c := range s.Calls() {
		want[c.Service+"."+c.Action]++
	}
	got := map[string]int{}
	for _, src := range snapshot.Sources {
		got[src.Name] = src.Calls
	}
	for source, action := range map[string]string{
		gate.SourceIdentity: "sts.GetCallerIdentity", gate.SourceInstances: "ec2.DescribeInstances",
		gate.SourceStatus: "ec2.DescribeInstanceStatus", gate.SourceGroups: "autoscaling.DescribeAutoScalingGroups",
	} {
		if got[source] != want[action] || got[source] == 0 {
			t.Errorf("%s: got %d calls, want the %d that came in", source, got[source], want[action])
		}
	}
	if got[gate.SourceInstances] != 3 {
		t.Errorf("%s: got %d calls, want 3: two that failed, one that did not", gate.SourceInstances, got[gate.SourceInstances])
	}
	if got := fmt.Sprint(got[gate.SourceTargets], got[gate.SourceWarmPools], got[gate.SourceActivities]); got != "0 0 0" {
		t.Errorf("sources with nothing to read: got %s calls, want none", got)
	}
}
