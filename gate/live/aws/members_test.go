package aws_test

import (
	"slices"
	"testing"
	"time"

	"github.com/holdfast-gate/holdfast/gate"
	"github.com/holdfast-gate/holdfast/gate/awssim"
	"github.com/holdfast-gate/holdfast/gate/live"
	"github.com/holdfast-gate/holdfast/gate/live/aws"
	"github.com/holdfast-gate/holdfast/gate/live/livetest"
)

// TestOneMemberAmongMany does one thing to one of three members of a group
// behind a load balancer, and says what the gate must then see of it.
func TestOneMemberAmongMany(t *testing.T) {
	tests := map[string]struct {
		do      func(s *sim, arn, id string)
		phase   gate.Phase
		serving gate.Serving
		counted bool
		source  string // that has something to say about it
		raw     string // what it says
	}{
		"nothing":           {func(*sim, string, string) {}, gate.Steady, gate.ServingYes, true, gate.SourceGroups, "InService"},
		"terminated in EC2": {func(s *sim, _, id string) { s.TerminateInstance(id) }, gate.Leaving, gate.ServingNo, true, gate.SourceInstances, "shutting-down"},
		"standby": {func(s *sim, _, id string) {
			s.EnterStandby(id)
			s.Advance(s.Timing().Draining)
		}, gate.Steady, gate.ServingNo, false, gate.SourceGroups, "Standby"},
		"entering standby":         {func(s *sim, _, id string) { s.SetLifecycle(id, "EnteringStandby", "") }, gate.Leaving, gate.ServingNo, false, gate.SourceGroups, "EnteringStandby"},
		"terminated for its group": {func(s *sim, _, id string) { s.SetLifecycle(id, "Terminated", "") }, gate.Leaving, gate.ServingNo, false, gate.SourceGroups, "Terminated"},
		"stopped behind its back": {func(s *sim, _, id string) {
			s.SetTiming(awssim.Timing{HealthCheck: time.Hour})
			s.StopInstance(id)
			s.Advance(time.Second)
		}, gate.Steady, gate.ServingNo, true, gate.SourceInstances, "stopped"},
		"terminating by hook":          {func(s *sim, _, id string) { s.SetLifecycle(id, "Terminating:Wait", "") }, gate.Leaving, gate.ServingNo, false, gate.SourceGroups, "Terminating:Wait"},
		"retained":                     {func(s *sim, _, id string) { s.SetLifecycle(id, "Terminating:Retained", "") }, gate.Failed, gate.ServingNo, false, gate.SourceGroups, "Terminating:Retained"},
		"unhealthy":                    {func(s *sim, _, id string) { s.SetLifecycle(id, "", "Unhealthy") }, gate.Leaving, gate.ServingNo, true, gate.SourceGroups, "Unhealthy"},
		"a state nobody knows":         {func(s *sim, _, id string) { s.SetState(id, "dozing") }, gate.PhaseUnknown, gate.ServingNo, true, gate.SourceInstances, "dozing"},
		"a place nobody knows":         {func(s *sim, _, id string) { s.SetLifecycle(id, "InServiceSoon", "") }, gate.PhaseUnknown, gate.ServingNo, false, gate.SourceGroups, "InServiceSoon"},
		"a health nobody knows":        {func(s *sim, _, id string) { s.SetLifecycle(id, "", "Meh") }, gate.PhaseUnknown, gate.ServingNo, true, gate.SourceGroups, "Meh"},
		"system impaired":              {func(s *sim, _, id string) { s.SetStatus(id, "impaired", "ok") }, gate.Failed, gate.ServingNo, true, gate.SourceStatus, "impaired"},
		"checks initializing":          {func(s *sim, _, id string) { s.SetStatus(id, "ok", "initializing") }, gate.Arriving, gate.ServingNo, true, gate.SourceStatus, "initializing"},
		"checks without data":          {func(s *sim, _, id string) { s.SetStatus(id, "ok", "insufficient-data") }, gate.Changing, gate.ServingNo, true, gate.SourceStatus, "insufficient-data"},
		"checks do not apply":          {func(s *sim, _, id string) { s.SetStatus(id, "not-applicable", "ok") }, gate.Steady, gate.ServingYes, true, gate.SourceStatus, "not-applicable"},
		"retired today":                {event("instance-retirement", time.Hour, ""), gate.Leaving, gate.ServingNo, true, gate.SourceStatus, "instance-retirement"},
		"rebooted today":               {event("system-reboot", time.Hour, ""), gate.Changing, gate.ServingNo, true, gate.SourceStatus, "system-reboot"},
		"retired next week":            {event("instance-retirement", 7*24*time.Hour, ""), gate.Steady, gate.ServingYes, true, gate.SourceStatus, "instance-retirement"},
		"retirement is over":           {event("instance-retirement", -time.Hour, "[Completed] The instance was retired"), gate.Steady, gate.ServingYes, true, gate.SourceStatus, "ok"},
		"an event nobody knows":        {event("instance-holiday", time.Hour, ""), gate.PhaseUnknown, gate.ServingNo, true, gate.SourceStatus, "instance-holiday"},
		"target unhealthy":             {health("unhealthy", "Target.FailedHealthChecks"), gate.Failed, gate.ServingNo, true, gate.SourceTargets, "unhealthy"},
		"target new":                   {health("initial", "Elb.InitialHealthChecking"), gate.Arriving, gate.ServingNo, true, gate.SourceTargets, "initial"},
		"target draining":              {func(s *sim, arn, id string) { s.DeregisterTarget(arn, id) }, gate.Leaving, gate.ServingNo, true, gate.SourceTargets, "draining"},
		"target group not in use":      {health("unused", "Target.NotInUse"), gate.Steady, gate.ServingNo, true, gate.SourceTargets, "unused"},
		"target gone":                  {health("unused", "Target.InvalidState"), gate.Steady, gate.ServingNo, true, gate.SourceTargets, "unused"},
		"target unused, no cause":      {health("unused", ""), gate.PhaseUnknown, gate.ServingNo, true, gate.SourceTargets, "unused"},
		"target not checked":           {health("unavailable", "Target.HealthCheckDisabled"), gate.Steady, gate.ServingUnknown, true, gate.SourceTargets, "unavailable"},
		"a target health nobody knows": {health("healthyish", ""), gate.PhaseUnknown, gate.ServingNo, true, gate.SourceTargets, "healthyish"},
		"target never registered": {func(s *sim, arn, id string) {
			s.DeregisterTarget(arn, id)
			s.Advance(s.Timing().Draining)
		}, gate.PhaseUnknown, gate.ServingNo, true, gate.SourceTargets, "not registered"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			s := newSim(t, aws.Options{})
			arn := s.TargetGroup(livetest.Home, "web")
			s.Group(livetest.Home, "web", 3, nil, arn)
			id := s.Instances(livetest.Home)[1].ID
			tt.do(s, arn, id)
			snapshot := s.snapshot(t, live.Want{Groups: []string{"web"}})
			if got := problems(t, snapshot); len(got) != 0 {
				t.Errorf("problems: got %v, want none: an unknown value is an answer", got)
			}
			serving := 0
			for _, m := range snapshot.Members {
				if m.ID != id {
					if m.Serving == gate.ServingYes {
						serving++
					}
					continue
				}
				if m.Phase != tt.phase || m.Serving != tt.serving || m.Counted != tt.counted {
					t.Errorf("got %v, serving %v, counted %v, want %v, %v, %v: %+v", m.Phase, m.Serving, m.Counted, tt.phase, tt.serving, tt.counted, m.Observed)
				}
				if !slices.ContainsFunc(m.Observed, func(o gate.Observation) bool { return o.Source == tt.source && o.Raw == tt.raw }) {
					t.Errorf("observed: got %+v, want %s to say %q", m.Observed, tt.source, tt.raw)
				}
			}
			if serving != 2 {
				t.Errorf("others serving: got %d, want 2", serving)
			}
		})
	}
}

func event(code string, in time.Duration, description string) func(*sim, string, string) {
	return func(s *sim, _, id string) {
		s.AddEvent(id, awssim.Event{Code: code, Description: description, NotBefore: noon.Add(in)})
	}
}

func health(state, reason string) func(*sim, string, string) {
	return func(s *sim, arn, id string) { s.SetTargetHealth(arn, id, state, reason) }
}

func find(t *testing.T, s *gate.Snapshot, id string) gate.Member {
	t.Helper()
	i := slices.IndexFunc(s.Members, func(m gate.Member) bool { return m.ID == id })
	if i < 0 {
		t.Fatalf("%s is not in the snapshot", id)
	}
	return s.Members[i]
}

// Members that an AWS service manages are hidden by default; not seeing them
// would count none.
func TestHiddenMembersAreRead(t *testing.T) {
	s := newSim(t, aws.Options{})
	id := s.RunInstance(awssim.InstanceSpec{Region: livetest.Home, Hidden: true, Age: time.Hour, Tags: map[string]string{"Cluster": "search"}})
	for name, w := range map[string]live.Want{"by tag": {Tags: everything.Tags}, "by id": {Instances: []string{id}}} {
		if m := find(t, s.snapshot(t, w), id); m.Serving != gate.ServingYes {
			t.Errorf("%s: got serving %v, want yes", name, m.Serving)
		}
	}
}

// Tags fall off terminated members, which are then found by their id only.
func TestTerminatedMemberWithoutTags(t *testing.T) {
	s := newSim(t, aws.Options{})
	id := s.Launch(livetest.Home, 1, map[string]string{"Cluster": "search"})[0]
	s.TerminateInstance(id)
	if m := find(t, s.snapshot(t, live.Want{Tags: everything.Tags}), id); m.Phase != gate.Leaving || m.Since.IsZero() || m.Observed[0].Detail == "" {
		t.Errorf("dying: got %v, since %v, because of %q, want leaving, since when and why", m.Phase, m.Since, m.Observed[0].Detail)
	}
	s.Advance(s.Timing().ShuttingDown + s.Timing().TagsFall)
	if got := s.snapshot(t, live.Want{Tags: everything.Tags}); len(got.Members) != 0 {
		t.Errorf("by tag: got %d members, want none", len(got.Members))
	}
	if m := find(t, s.snapshot(t, live.Want{Instances: []string{id}}), id); m.Phase != gate.Gone || m.Serving != gate.ServingNo {
		t.Errorf("by id: got %v, serving %v, want gone", m.Phase, m.Serving)
	}
	s.Advance(s.Timing().Visible)
	got := s.snapshot(t, live.Want{Instances: []string{id}})
	if len(got.Members) != 0 || len(problems(t, got)) != 0 {
		t.Errorf("forgotten: got %d members, problems %v, want neither", len(got.Members), problems(t, got))
	}
}

func TestWarmPoolNeverServes(t *testing.T) {
	s := crowd(t, aws.Options{})
	snapshot := s.snapshot(t, live.Want{Groups: []string{"web"}})
	if got := snapshot.Groups[0].WarmPool; got != 2 {
		t.Errorf("warm pool: got %d, want 2", got)
	}
	warm := 0
	for _, m := range snapshot.Members {
		if slices.ContainsFunc(m.Observed, func(o gate.Observation) bool { return o.Source == gate.SourceWarmPools }) {
			warm++
			if m.Phase != gate.Steady || m.Serving != gate.ServingNo || m.Counted || m.Group != "web" {
				t.Errorf("%s: got %v, serving %v, counted %v, group %q, want it steady and idle", m.ID, m.Phase, m.Serving, m.Counted, m.Group)
			}
		}
	}
	if warm != 2 {
		t.Errorf("members in the warm pool: got %d, want 2", warm)
	}
}

func TestGroupOperations(t *testing.T) {
	s := newSim(t, aws.Options{})
	s.Group(livetest.Home, "web", 2, nil, "")
	s.SuspendProcess("web", "Terminate", "AZRebalance")
	s.ProtectMember(true, s.Instances(livetest.Home)[0].ID)
	s.AddActivity("web", "MidLifecycleAction", "a user asked for it")
	s.Advance(time.Minute)
	s.AddActivity("web", "Dreaming", "nobody knows")
	s.Advance(time.Minute)
	s.AddActivity("web", "Failed", "no capacity")
	snapshot := s.snapshot(t, live.Want{Groups: []string{"web"}})
	g := snapshot.Groups[0]
	if !slices.Equal(g.Suspended, []string{"AZRebalance", "Terminate"}) {
		t.Errorf("suspended: got %v", g.Suspended)
	}
	var got []string
	for _, o := range g.Operations[:3] {
		got = append(got, o.Kind+" "+o.Raw+" "+o.Phase.String())
		if o.Detail == "" || o.Start.IsZero() {
			t.Errorf("%s: got no detail or start: %+v", o.Raw, o)
		}
	}
	if want := []string{"activity Failed failed", "activity Dreaming unknown", "activity MidLifecycleAction changing"}; !slices.Equal(got, want) {
		t.Errorf("operations, newest first: got %q, want %q", got, want)
	}
	if m := find(t, snapshot, s.Instances(livetest.Home)[0].ID); !m.Protected {
		t.Error("protected: got no, want yes")
	}
	// What was open for longer than six hours shows in the members, not here.
	s.Advance(7 * time.Hour)
	for _, o := range s.snapshot(t, live.Want{Groups: []string{"web"}}).Groups[0].Operations {
		if o.Phase.Transitional() {
			t.Errorf("after seven hours: got %s %s, want only what is over", o.Kind, o.Raw)
		}
	}
}

// An instance that carries a group's tag and is not in the group's list is on
// its way in or out.
func TestInstanceItsGroupDoesNotList(t *testing.T) {
	s := newSim(t, aws.Options{})
	s.Group(livetest.Home, "web", 1, nil, "")
	for _, group := range []string{"web", "deleted"} {
		id := s.Launch(livetest.Home, 1, map[string]string{"aws:autoscaling:groupName": group})[0]
		m := find(t, s.snapshot(t, live.Want{Instances: []string{id}}), id)
		if m.Phase != gate.PhaseUnknown || m.Serving != gate.ServingNo || m.Group != group || m.Counted {
			t.Errorf("%s: got %v, serving %v, group %q, counted %v, want unknown", group, m.Phase, m.Serving, m.Group, m.Counted)
		}
	}
}

// A wildcard in a tag's value is a character there, not a pattern.
func TestTagValuesAreLiteral(t *testing.T) {
	s := newSim(t, aws.Options{})
	s.Intercept = func(r *awssim.Request) {
		if r.Action == "DescribeInstances" && r.Params.Get("Filter.1.Value.1") != `a\*b\?c\\d` {
			t.Errorf("filter value: got %q", r.Params.Get("Filter.1.Value.1"))
		}
	}
	s.snapshot(t, live.Want{Tags: []live.Tag{{Key: "Cluster", Values: []string{`a*b?c\d`}}}})
}

// A group may know an instance that EC2 does not show yet, or no longer.
func TestMemberThatEC2DoesNotShow(t *testing.T) {
	s := newSim(t, aws.Options{})
	s.SetLag("ec2", time.Hour)
	s.Advance(time.Second)
	s.Group(livetest.Home, "web", 2, nil, "")
	snapshot := s.snapshot(t, live.Want{Groups: []string{"web"}})
	if len(snapshot.Members) != 2 || len(problems(t, snapshot)) != 0 {
		t.Fatalf("got %d members, problems %v, want 2 and none", len(snapshot.Members), problems(t, snapshot))
	}
	for _, m := range snapshot.Members {
		if m.Phase != gate.PhaseUnknown || m.Serving != gate.ServingNo || !m.Counted || m.Observed[0].Raw != "not found" {
			t.Errorf("%s: got %v, serving %v, counted %v, EC2 state %q, want unknown and counted", m.ID, m.Phase, m.Serving, m.Counted, m.Observed[0].Raw)
		}
	}
}

// By default EC2 tells the events of running instances only.
func TestEventOfAStoppedMember(t *testing.T) {
	s := newSim(t, aws.Options{})
	id := s.Launch(livetest.Home, 1, nil)[0]
	s.SetState(id, "stopped")
	event("instance-retirement", time.Hour, "")(s, "", id)
	if m := find(t, s.snapshot(t, live.Want{Instances: []string{id}}), id); m.Phase != gate.Leaving {
		t.Errorf("got %v, want leaving: %+v", m.Phase, m.Observed)
	}
}

// An id that is not there is named by the error, and asked for no more.
func TestAbsentIDsCostOneCallMore(t *testing.T) {
	s := newSim(t, aws.Options{})
	ids := append(s.Launch(livetest.Home, 20, nil), "i-00000000000000001", "no-instance-id", "i-00000000000000002")
	snapshot := s.snapshot(t, live.Want{Instances: ids})
	if len(snapshot.Members) != 20 {
		t.Errorf("got %d members, want 20", len(snapshot.Members))
	}
	for _, src := range snapshot.Sources {
		if src.Name == gate.SourceInstances && (src.Calls > 3 || !src.Complete) {
			t.Errorf("got %d calls, complete %v, want at most 3 and complete", src.Calls, src.Complete)
		}
	}
}

// A running member whose checks or targets could not be read may not count,
// even for a check that does not need that source.
func TestUnreadHealthDoesNotCount(t *testing.T) {
	for action, source := range map[string]string{
		"ec2.DescribeInstanceStatus":                gate.SourceStatus,
		"elasticloadbalancing.DescribeTargetHealth": gate.SourceTargets,
	} {
		s := crowd(t, quick)
		s.Deny(action)
		for _, m := range s.snapshot(t, live.Want{Groups: []string{"web"}}).Members {
			if !m.Counted {
				continue // in the warm pool
			}
			said := slices.ContainsFunc(m.Observed, func(o gate.Observation) bool { return o.Source == source && o.Raw == "not read" })
			if m.Serving == gate.ServingYes || m.Phase != gate.PhaseUnknown || !said {
				t.Errorf("%s denied: %s: got %v, serving %v, want unknown because not read: %+v", action, m.ID, m.Phase, m.Serving, m.Observed)
			}
		}
	}
}
