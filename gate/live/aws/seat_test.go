package aws

import (
	"testing"
	"time"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	asgtypes "github.com/aws/aws-sdk-go-v2/service/autoscaling/types"
	elbtypes "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"

	"github.com/holdfast-gate/holdfast/gate"
	"github.com/holdfast-gate/holdfast/gate/live"
)

func testReading(t *testing.T) *reading {
	t.Helper()
	now := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	return newReading(&Collector{o: Options{Now: func() time.Time { return now }}, states: mustStates(t)}, "us-east-1", live.Want{})
}

// Who counts towards the desired capacity is what a scale-in is reckoned from
// (aws-semantics 2.1).
func TestCounted(t *testing.T) {
	counted := map[asgtypes.LifecycleState]bool{"InService": true, "Pending": true, "Pending:Wait": true, "Pending:Proceed": true}
	for _, state := range append(asgtypes.LifecycleState("").Values(), "Dreaming") {
		for _, warm := range []bool{false, true} {
			m := gate.Member{ID: "i-1"}
			testReading(t).fromGroup(&m, seat{group: "web", warm: warm, member: asgtypes.Instance{LifecycleState: state, HealthStatus: sdk.String("Healthy"), WeightedCapacity: sdk.String("4")}})
			if want := counted[state] && !warm; m.Counted != want {
				t.Errorf("%s, warm %v: got counted %v, want %v", state, warm, m.Counted, want)
			}
			if m.Weight != 4 {
				t.Errorf("%s: got weight %d, want 4", state, m.Weight)
			}
			m.Join()
			if want := state == "InService" && !warm; (m.Serving == gate.ServingYes) != want {
				t.Errorf("%s, warm %v: got serving %v, want it only in service and not warm", state, warm, m.Serving)
			}
		}
	}
}

// On its way from the warm pool into the group an instance may be in both.
func TestPlaceInTheGroupOutranksTheWarmPool(t *testing.T) {
	r := testReading(t)
	r.seat("web", false, []asgtypes.Instance{{InstanceId: sdk.String("i-1"), LifecycleState: "InService"}})
	r.seat("web", true, []asgtypes.Instance{{InstanceId: sdk.String("i-1"), LifecycleState: "Warmed:Running"}})
	if got := r.seats["i-1"]; got.warm {
		t.Errorf("got %+v, want its place in the group", got)
	}
}

// A refresh that waits has not started and has no time to sort by.
func TestRefreshesKept(t *testing.T) {
	at := func(hour int) *time.Time {
		t := time.Date(2026, 11, 22, hour, 0, 0, 0, time.UTC)
		return &t
	}
	got := testReading(t).refreshOperations([]asgtypes.InstanceRefresh{
		{InstanceRefreshId: sdk.String("old"), Status: "Failed", StartTime: at(1)},
		{InstanceRefreshId: sdk.String("new"), Status: "Successful", StartTime: at(2)},
		{InstanceRefreshId: sdk.String("waiting"), Status: "Pending"},
	})
	if len(got) != 2 || got[0].ID != "new" || got[1].ID != "waiting" || got[1].Phase != gate.Changing {
		t.Errorf("got %+v, want the newest and the one that waits", got)
	}
}

func TestGroupBeingDeleted(t *testing.T) {
	for status, want := range map[string]gate.Phase{"Delete in progress": gate.Leaving, "Something new": gate.PhaseUnknown} {
		got := testReading(t).operations(asgtypes.AutoScalingGroup{AutoScalingGroupName: sdk.String("web"), Status: &status})
		if len(got) != 1 || got[0].Kind != "status" || got[0].Phase != want {
			t.Errorf("%s: got %+v, want one status that is %v", status, got, want)
		}
	}
}

func TestUserInitiated(t *testing.T) {
	want := time.Date(2026, 1, 2, 15, 30, 1, 0, time.UTC)
	if got := userInitiated("User initiated (2026-01-02 15:30:01 GMT)"); !got.Equal(want) {
		t.Errorf("got %v, want %v", got, want)
	}
	for _, reason := range []string{"", "User initiated", "User initiated (2026-13-42 15:30:01 GMT)", "Server.SpotInstanceTermination"} {
		if got := userInitiated(reason); !got.IsZero() {
			t.Errorf("%q: got %v, want zero", reason, got)
		}
	}
}

func TestGroupFacts(t *testing.T) {
	arn := "arn:aws:elasticloadbalancing:us-east-1:1:targetgroup/a/1"
	r := testReading(t)
	r.asgs["web"] = asgtypes.AutoScalingGroup{
		AutoScalingGroupName: sdk.String("web"), VPCZoneIdentifier: sdk.String("subnet-b, subnet-a"), TargetGroupARNs: []string{arn},
		TrafficSources: []asgtypes.TrafficSourceIdentifier{
			{Identifier: &arn}, {Identifier: sdk.String("classic")}, {Identifier: sdk.String("arn:aws:vpc-lattice:us-east-1:1:targetgroup/tg-1")},
		},
		MixedInstancesPolicy: &asgtypes.MixedInstancesPolicy{LaunchTemplate: &asgtypes.LaunchTemplate{
			LaunchTemplateSpecification: &asgtypes.LaunchTemplateSpecification{LaunchTemplateId: sdk.String("lt-1"), Version: sdk.String("$Latest")},
		}},
		InstanceMaintenancePolicy: &asgtypes.InstanceMaintenancePolicy{MinHealthyPercentage: sdk.Int32(0), MaxHealthyPercentage: sdk.Int32(-1)},
		DeletionProtection:        asgtypes.DeletionProtectionPreventAllDeletion, NewInstancesProtectedFromScaleIn: sdk.Bool(true),
	}
	g := r.liveGroups()[0]
	if len(g.Subnets) != 2 || g.Subnets[0] != "subnet-a" || len(g.Targets) != 1 || g.Targets[0] != arn ||
		g.Template != "lt-1:$Latest" || g.MinHealthy != 0 || g.MaxHealthy != -1 || g.Deletion != "prevent-all-deletion" || !g.ProtectNew {
		t.Errorf("got %+v", g)
	}
}

// A pool that fills itself up must not hold back every change of its group;
// the same movement in the group must.
func TestOnlyMovementInAWarmPoolIsBenign(t *testing.T) {
	for _, test := range []struct {
		warm  bool
		state asgtypes.LifecycleState
		want  bool
	}{
		{true, asgtypes.LifecycleStateWarmedPending, true},
		{true, asgtypes.LifecycleStateWarmedTerminating, false},
		{false, asgtypes.LifecycleStatePending, false},
	} {
		m := gate.Member{ID: "i-1", Observed: []gate.Observation{{Phase: gate.Arriving, Opinion: true}}}
		testReading(t).fromGroup(&m, seat{group: "web", warm: test.warm, member: asgtypes.Instance{LifecycleState: test.state, HealthStatus: sdk.String("Healthy")}})
		m.Join()
		if got := m.Benign(); got != test.want {
			t.Errorf("%s, warm %v: got benign %v, want %v", test.state, test.warm, got, test.want)
		}
	}
}

// A load balancer without a healthy target sends traffic to all of them.
func TestUnhealthyTargetsMayServeWhenAllAre(t *testing.T) {
	unhealthy := []elbtypes.TargetHealthDescription{{TargetHealth: &elbtypes.TargetHealth{State: elbtypes.TargetHealthStateEnumUnhealthy}}}
	healthy := []elbtypes.TargetHealthDescription{{TargetHealth: &elbtypes.TargetHealth{State: elbtypes.TargetHealthStateEnumHealthy}}}
	r := testReading(t)
	r.health = map[string]map[string][]elbtypes.TargetHealthDescription{"all": {"i-1": unhealthy, "i-2": unhealthy}, "some": {"i-1": unhealthy, "i-2": healthy}}
	_, got := r.targetObservations("i-1")
	if len(got) != 2 || got[0].Serving != gate.ServingUnknown || got[1].Serving != gate.ServingNo || got[0].Phase != gate.Failed {
		t.Errorf("got %+v, want a failed target that may serve, then one that does not", got)
	}
}
