package awssim_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	astypes "github.com/aws/aws-sdk-go-v2/service/autoscaling/types"
	"github.com/holdfast-gate/holdfast/gate/awssim"
)

// parakeet builds the situation before the outage: three old members, three
// new ones, and the old ones just terminated by hand.
func parakeet(t *testing.T, hook time.Duration) (s *sim, old []string) {
	s = newSim(t)
	s.CreateGroup(awssim.GroupSpec{
		Name: "search", Max: 6, Desired: 3, Settled: true, Policies: []string{"NewestInstance"}, TerminateHook: hook,
	})
	old = s.members("search")
	s.SetLimits("search", 0, 6)
	s.SetDesired("search", 6)
	s.Advance(10 * time.Minute)
	want(t, "serving before", s.serving(), 6)
	s.TerminateInstance(old...)
	return s, old
}

// shrink is what terraform apply does to the group.
func (s *sim) shrink(name string, n int32) {
	s.t.Helper()
	must(s.asg.UpdateAutoScalingGroup(s.t.Context(), &autoscaling.UpdateAutoScalingGroupInput{
		AutoScalingGroupName: &name, DesiredCapacity: &n,
	}))(s.t)
	s.Advance(5 * time.Second)
}

// At t0 EC2 knows that the old ones go and the group does not.
func TestParakeetBeforeTheGroupNotices(t *testing.T) {
	s, old := parakeet(t, 0)
	want(t, "EC2 says", s.state(old[0]), "shutting-down")
	want(t, "InService, says the group", s.lifecycles("search")["InService"], 6)
	for _, m := range s.group("search").Instances {
		want(t, "health of "+*m.InstanceId, *m.HealthStatus, "Healthy")
	}
	want(t, "serving", s.serving(), 3)

	s.shrink("search", 3)
	want(t, "serving after 6 -> 3", s.serving(), 0)
	want(t, "InService, says the group", s.lifecycles("search")["InService"], 3)

	s.Advance(4 * time.Minute)
	want(t, "serving, the ghosts found", s.serving(), 0)
	s.Advance(10 * time.Minute)
	want(t, "serving in the end", s.serving(), 3)
}

// At t1 the group has noticed, and has launched replacements for what nobody
// wanted replaced.
func TestParakeetAfterTheGroupNoticed(t *testing.T) {
	s, old := parakeet(t, time.Hour)
	s.Advance(3*time.Minute + 10*time.Second)
	got := s.lifecycles("search")
	want(t, "Terminating:Wait", got["Terminating:Wait"], 3)
	want(t, "InService", got["InService"], 3)
	want(t, "Pending", got["Pending"], 3)
	for _, m := range s.group("search").Instances {
		if slices.Contains(old, *m.InstanceId) {
			want(t, "health of an old one", *m.HealthStatus, "Unhealthy")
		}
	}
	s.ChooseVictims = func(_ string, candidates []awssim.Instance) []string {
		var ids []string
		for _, c := range candidates {
			if c.InService {
				ids = append(ids, c.ID)
			}
		}
		return ids
	}
	s.shrink("search", 3)
	want(t, "serving after 6 -> 3", s.serving(), 0)
}

// The twin that is safe: everything waited for, nobody dies who serves.
func TestParakeetAfterWaiting(t *testing.T) {
	s, _ := parakeet(t, 0)
	s.Advance(15 * time.Minute)
	want(t, "serving, settled", s.serving(), 6)
	s.shrink("search", 3)
	want(t, "serving after 6 -> 3", s.serving(), 3)
}

func TestGroupLaunchesByTheClock(t *testing.T) {
	s := newSim(t)
	s.CreateGroup(awssim.GroupSpec{Name: "web", Desired: 3, Tags: map[string]string{"Cluster": "web"}})
	want(t, "members at once", len(s.group("web").Instances), 0)
	s.Advance(2 * time.Second)
	want(t, "Pending", s.lifecycles("web")["Pending"], 3)
	s.Advance(30 * time.Second)
	want(t, "InService", s.lifecycles("web")["InService"], 3)
	zones := map[string]bool{}
	for _, i := range s.Instances("") {
		zones[i.Zone] = true
		want(t, "propagated tag", i.Tags["Cluster"], "web")
		want(t, "own tag", i.Tags["aws:autoscaling:groupName"], "web")
	}
	want(t, "zones", len(zones), 3)
	a := s.activities("web")[0]
	want(t, "activity", string(a.StatusCode), "Successful")
	want(t, "its times", a.EndTime.Sub(*a.StartTime), 30*time.Second)
	want(t, "its cause", strings.Contains(*a.Cause, "difference between desired and actual capacity"), true)
}

func (s *sim) activities(name string) []astypes.Activity {
	s.t.Helper()
	return must(s.asg.DescribeScalingActivities(s.t.Context(), &autoscaling.DescribeScalingActivitiesInput{AutoScalingGroupName: &name}))(s.t).Activities
}

func TestScaleIn(t *testing.T) {
	tests := map[string]struct {
		spec   awssim.GroupSpec
		before func(s *sim, ids []string)
		to     int32
		want   int // in service afterwards
		kept   []int
	}{
		"newest":        {awssim.GroupSpec{Policies: []string{"NewestInstance"}}, nil, 3, 3, []int{0, 1, 2}},
		"oldest":        {awssim.GroupSpec{Policies: []string{"OldestInstance"}}, nil, 3, 3, []int{3, 4, 5}},
		"protected":     {awssim.GroupSpec{Policies: []string{"NewestInstance"}}, func(s *sim, ids []string) { s.ProtectMember(true, ids[3:]...) }, 3, 3, []int{3, 4, 5}},
		"all protected": {awssim.GroupSpec{Protect: true}, func(s *sim, ids []string) { s.ProtectMember(true, ids...) }, 3, 6, nil},
		"suspended":     {awssim.GroupSpec{}, func(s *sim, _ []string) { s.SuspendProcess("g", "Terminate") }, 3, 6, nil},
		"to none":       {awssim.GroupSpec{}, nil, 0, 0, nil},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			s := newSim(t)
			test.spec.Name, test.spec.Max, test.spec.Desired, test.spec.Settled = "g", 6, 3, true
			s.CreateGroup(test.spec)
			s.SetDesired("g", 6)
			s.Advance(10 * time.Minute)
			ids := s.members("g")
			if test.before != nil {
				test.before(s, ids)
			}
			s.shrink("g", test.to)
			s.Advance(10 * time.Minute)
			want(t, "in service", s.serving(), test.want)
			for _, i := range test.kept {
				want(t, "in service", s.Instance(ids[i]).InService, true)
			}
		})
	}
}

// A group counts in units: two members of weight 3 hold a capacity of 6.
func TestWeightsCountInUnits(t *testing.T) {
	s := newSim(t)
	s.CreateGroup(awssim.GroupSpec{Name: "g", Max: 6, Desired: 2, Settled: true})
	s.SetWeight(3, s.members("g")...)
	s.SetDesired("g", 6)
	s.Advance(5 * time.Minute)
	want(t, "members", len(s.group("g").Instances), 2)
	want(t, "weight", aws.ToString(s.group("g").Instances[0].WeightedCapacity), "3")
	s.SetDesired("g", 3)
	s.Advance(5 * time.Minute)
	want(t, "members, three units less", len(s.group("g").Instances), 1)
}

// Zone balance outranks every termination policy.
func TestScaleInBalancesZonesFirst(t *testing.T) {
	s := newSim(t)
	s.CreateGroup(awssim.GroupSpec{Name: "g", Max: 6, Desired: 6, Settled: true, Zones: []string{"us-east-1a", "us-east-1b"}, Policies: []string{"OldestInstance"}})
	s.SuspendProcess("g", "AZRebalance")
	var b []string
	for _, i := range s.Instances("") {
		if i.Zone == "us-east-1b" {
			b = append(b, i.ID)
		}
	}
	for _, id := range b[:2] {
		must(s.asg.TerminateInstanceInAutoScalingGroup(t.Context(), &autoscaling.TerminateInstanceInAutoScalingGroupInput{
			InstanceId: &id, ShouldDecrementDesiredCapacity: aws.Bool(true),
		}))(t)
	}
	s.Advance(5 * time.Minute)
	want(t, "in service, three in a and one in b", s.serving(), 4)
	s.shrink("g", 2)
	s.Advance(5 * time.Minute)
	want(t, "the last one in b lives", s.Instance(b[2]).InService, true)
}

func TestRebalanceLaunchesFirst(t *testing.T) {
	s := newSim(t)
	s.CreateGroup(awssim.GroupSpec{Name: "g", Max: 4, Desired: 4, Settled: true, Zones: []string{"us-east-1a", "us-east-1b"}})
	s.SuspendProcess("g", "AZRebalance")
	for _, i := range s.Instances("") {
		if i.Zone == "us-east-1b" {
			must(s.asg.TerminateInstanceInAutoScalingGroup(t.Context(), &autoscaling.TerminateInstanceInAutoScalingGroupInput{
				InstanceId: &i.ID, ShouldDecrementDesiredCapacity: aws.Bool(true),
			}))(t)
		}
	}
	s.Advance(5 * time.Minute)
	s.ResumeProcess("g", "AZRebalance")
	s.Advance(3 * time.Second)
	want(t, "members, one on its way", len(s.group("g").Instances), 3)
	s.Advance(5 * time.Minute)
	zones := map[string]int{}
	for _, m := range s.group("g").Instances {
		zones[*m.AvailabilityZone]++
	}
	want(t, "in a", zones["us-east-1a"], 1)
	want(t, "in b", zones["us-east-1b"], 1)
}

// A lower maximum lowers the desired capacity without saying so.
func TestMaxSizeClampsDesired(t *testing.T) {
	s := newSim(t)
	s.CreateGroup(awssim.GroupSpec{Name: "g", Max: 6, Desired: 6, Settled: true})
	two := int32(2)
	must(s.asg.UpdateAutoScalingGroup(t.Context(), &autoscaling.UpdateAutoScalingGroupInput{AutoScalingGroupName: aws.String("g"), MaxSize: &two}))(t)
	want(t, "desired", *s.group("g").DesiredCapacity, 2)
	s.Advance(5 * time.Minute)
	want(t, "in service", s.serving(), 2)

	nine := int32(9)
	_, err := s.asg.UpdateAutoScalingGroup(t.Context(), &autoscaling.UpdateAutoScalingGroupInput{AutoScalingGroupName: aws.String("g"), DesiredCapacity: &nine})
	want(t, "desired above max", code(err), "ValidationError")
	_, err = s.asg.SetDesiredCapacity(t.Context(), &autoscaling.SetDesiredCapacityInput{AutoScalingGroupName: aws.String("g"), DesiredCapacity: &nine})
	want(t, "desired above max, set", code(err), "ValidationError")
}

func TestSuspendedProcessesHoldTheGroup(t *testing.T) {
	s := newSim(t)
	s.CreateGroup(awssim.GroupSpec{Name: "g", Max: 6, Desired: 3, Settled: true})
	s.SuspendProcess("g", "HealthCheck", "Launch")
	s.TerminateInstance(s.members("g")[0])
	s.SetDesired("g", 5)
	s.Advance(time.Hour)
	want(t, "InService with a ghost", s.lifecycles("g")["InService"], 3)
	want(t, "serving", s.serving(), 2)
	want(t, "suspended", *s.group("g").SuspendedProcesses[0].ProcessName, "HealthCheck")
	must(s.asg.ResumeProcesses(t.Context(), &autoscaling.ResumeProcessesInput{AutoScalingGroupName: aws.String("g")}))(t)
	s.Advance(10 * time.Minute)
	want(t, "serving, resumed", s.serving(), 5)
}

// Nobody checks the health of a member in Standby: it stays Healthy for ever.
func TestStandbyGhost(t *testing.T) {
	s := newSim(t)
	s.CreateGroup(awssim.GroupSpec{Name: "g", Max: 3, Desired: 3, Settled: true})
	id := s.members("g")[0]
	s.EnterStandby(id)
	want(t, "desired", *s.group("g").DesiredCapacity, 2)
	s.TerminateInstance(id)
	s.Advance(30 * time.Minute)
	want(t, "EC2 says", s.state(id), "terminated")
	want(t, "Standby", s.lifecycles("g")["Standby"], 1)
	want(t, "serving", s.serving(), 2)
}

func TestStandbyAndBack(t *testing.T) {
	s := newSim(t)
	s.CreateGroup(awssim.GroupSpec{Name: "g", Max: 3, Desired: 3, Settled: true})
	id := s.members("g")[0]
	out := must(s.asg.EnterStandby(t.Context(), &autoscaling.EnterStandbyInput{
		AutoScalingGroupName: aws.String("g"), InstanceIds: []string{id}, ShouldDecrementDesiredCapacity: aws.Bool(true),
	}))(t)
	want(t, "activities", len(out.Activities), 1)
	want(t, "serving", s.serving(), 2)
	must(s.asg.ExitStandby(t.Context(), &autoscaling.ExitStandbyInput{AutoScalingGroupName: aws.String("g"), InstanceIds: []string{id}}))(t)
	s.Advance(time.Minute)
	want(t, "serving, back", s.serving(), 3)
	want(t, "desired, back", *s.group("g").DesiredCapacity, 3)
}

func TestDetachLeavesTheInstance(t *testing.T) {
	s := newSim(t)
	s.CreateGroup(awssim.GroupSpec{Name: "g", Max: 3, Desired: 3, Settled: true})
	id := s.members("g")[0]
	must(s.asg.DetachInstances(t.Context(), &autoscaling.DetachInstancesInput{
		AutoScalingGroupName: aws.String("g"), InstanceIds: []string{id}, ShouldDecrementDesiredCapacity: aws.Bool(true),
	}))(t)
	s.Advance(5 * time.Minute)
	want(t, "members", len(s.group("g").Instances), 2)
	want(t, "the instance", s.Instance(id).State, "running")
	want(t, "its group", s.Instance(id).Group, "")
}

func TestInstanceRefreshGoesInBatches(t *testing.T) {
	s := newSim(t)
	s.CreateGroup(awssim.GroupSpec{Name: "g", Max: 4, Desired: 4, Settled: true})
	old := s.members("g")
	half := int32(50)
	must(s.asg.StartInstanceRefresh(t.Context(), &autoscaling.StartInstanceRefreshInput{
		AutoScalingGroupName: aws.String("g"), Preferences: &astypes.RefreshPreferences{MinHealthyPercentage: &half},
	}))(t)
	want(t, "status", s.refresh("g").Status, astypes.InstanceRefreshStatusPending)
	s.Advance(3 * time.Second)
	want(t, "status", s.refresh("g").Status, astypes.InstanceRefreshStatusInProgress)
	want(t, "serving, first batch out", s.serving(), 2)
	_, err := s.asg.StartInstanceRefresh(t.Context(), &autoscaling.StartInstanceRefreshInput{AutoScalingGroupName: aws.String("g")})
	want(t, "a second one", code(err), "InstanceRefreshInProgress")
	s.Advance(30 * time.Minute)
	want(t, "status", s.refresh("g").Status, astypes.InstanceRefreshStatusSuccessful)
	want(t, "serving", s.serving(), 4)
	for _, id := range s.members("g") {
		want(t, "replaced", slices.Contains(old, id), false)
	}
}

func TestInstanceRefreshCancelled(t *testing.T) {
	s := newSim(t)
	s.CreateGroup(awssim.GroupSpec{Name: "g", Max: 4, Desired: 4, Settled: true})
	must(s.asg.StartInstanceRefresh(t.Context(), &autoscaling.StartInstanceRefreshInput{AutoScalingGroupName: aws.String("g")}))(t)
	s.Advance(3 * time.Second)
	must(s.asg.CancelInstanceRefresh(t.Context(), &autoscaling.CancelInstanceRefreshInput{AutoScalingGroupName: aws.String("g")}))(t)
	want(t, "status", s.refresh("g").Status, astypes.InstanceRefreshStatusCancelling)
	s.Advance(10 * time.Minute)
	want(t, "status", s.refresh("g").Status, astypes.InstanceRefreshStatusCancelled)
	want(t, "serving", s.serving(), 4)
}

func (s *sim) refresh(name string) astypes.InstanceRefresh {
	s.t.Helper()
	return must(s.asg.DescribeInstanceRefreshes(s.t.Context(), &autoscaling.DescribeInstanceRefreshesInput{AutoScalingGroupName: &name}))(s.t).InstanceRefreshes[0]
}

func TestWarmPoolIsNoMember(t *testing.T) {
	s := newSim(t)
	s.CreateGroup(awssim.GroupSpec{Name: "g", Max: 2, Desired: 2, Settled: true, WarmPool: 3})
	out := must(s.asg.DescribeWarmPool(t.Context(), &autoscaling.DescribeWarmPoolInput{AutoScalingGroupName: aws.String("g")}))(t)
	want(t, "warm", len(out.Instances), 3)
	want(t, "lifecycle", out.Instances[0].LifecycleState, astypes.LifecycleStateWarmedStopped)
	want(t, "members", len(s.group("g").Instances), 2)
	want(t, "serving", s.serving(), 2)
}

func TestDeleteGroup(t *testing.T) {
	s := newSim(t)
	s.CreateGroup(awssim.GroupSpec{Name: "g", Max: 2, Desired: 2, Settled: true})
	_, err := s.asg.DeleteAutoScalingGroup(t.Context(), &autoscaling.DeleteAutoScalingGroupInput{AutoScalingGroupName: aws.String("g")})
	want(t, "with members", code(err), "ResourceInUse")
	must(s.asg.DeleteAutoScalingGroup(t.Context(), &autoscaling.DeleteAutoScalingGroupInput{AutoScalingGroupName: aws.String("g"), ForceDelete: aws.Bool(true)}))(t)
	want(t, "status", aws.ToString(s.group("g").Status), "Delete in progress")
	s.Advance(2 * time.Minute)
	want(t, "groups", len(s.Groups("")), 0)
}

func TestStoppedMemberIsReplaced(t *testing.T) {
	s := newSim(t)
	s.CreateGroup(awssim.GroupSpec{Name: "g", Max: 2, Desired: 2, Settled: true})
	id := s.members("g")[0]
	s.StopInstance(id)
	s.Advance(2 * time.Minute)
	want(t, "not noticed yet", s.lifecycles("g")["InService"], 2)
	s.Advance(10 * time.Minute)
	want(t, "the stopped one", s.state(id), "terminated")
	want(t, "serving", s.serving(), 2)
}
