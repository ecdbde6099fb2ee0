package drift

import (
	"testing"

	"github.com/holdfast-gate/holdfast/gate"
)

func TestWhoMadeADifferenceAndWhetherByHand(t *testing.T) {
	did := func(ref, event string, means gate.Means, detail string) gate.Attribution {
		return gate.Attribution{Region: "r", Ref: ref, Event: event, Means: means, Detail: detail}
	}
	desired := Difference{Code: Size, Region: "r", Ref: "asg", Attribute: "desired_capacity"}
	few := desired
	few.Attribute = "min_size"
	surplus := Difference{Code: Surplus, Region: "r", Ref: "asg", Members: []string{"i-1", "i-2"}}
	byHand, byOwner := did("asg", "SetDesiredCapacity", gate.MeansConsole, "desired 6"), did("asg", "UpdateAutoScalingGroup", gate.MeansOwner, "min 1")
	failed, elsewhere := byHand, byHand
	failed.Failed, elsewhere.Region = "AccessDenied", "other"
	for _, c := range []struct {
		what  string
		d     Difference
		trail []gate.Attribution // newest first
		who   int
		hand  gate.Tri
	}{
		{"nothing is known", desired, nil, 0, gate.TriUnknown},
		{"by hand", desired, []gate.Attribution{byHand}, 1, gate.Yes},
		{"another size, by an owner", desired, []gate.Attribution{byOwner, byHand}, 1, gate.Yes},
		{"an owner's size", few, []gate.Attribution{byOwner, byHand}, 1, gate.No},
		{"an owner was the last", desired, []gate.Attribution{did("asg", "SetDesiredCapacity", gate.MeansOwner, "desired 6"), byHand}, 2, gate.No},
		{"an attempt", desired, []gate.Attribution{failed}, 1, gate.TriUnknown},
		{"somebody", desired, []gate.Attribution{did("asg", "SetDesiredCapacity", gate.MeansUnknown, "desired 3 to 6"), byOwner}, 1, gate.TriUnknown},
		{"the CLI of who knows whom", desired, []gate.Attribution{did("asg", "SetDesiredCapacity", gate.MeansCLI, "")}, 1, gate.TriUnknown},
		{"another region", desired, []gate.Attribution{elsewhere}, 0, gate.TriUnknown},
		{"another event", desired, []gate.Attribution{did("asg", "SuspendProcesses", gate.MeansConsole, "AZRebalance")}, 0, gate.TriUnknown},
		{"one of two by hand", surplus, []gate.Attribution{did("i-1", "RunInstances", gate.MeansService, ""), did("i-2", "RunInstances", gate.MeansConsole, "")}, 2, gate.Yes},
		{"none of two by hand", surplus, []gate.Attribution{did("i-1", "RunInstances", gate.MeansService, ""), did("i-2", "RunInstances", gate.MeansService, "")}, 2, gate.No},
		{"a sum of many", Difference{Code: Generations, Region: "r", Members: []string{"i-1"}}, []gate.Attribution{did("i-1", "RunInstances", gate.MeansConsole, "")}, 0, gate.TriUnknown},
		{"how it came to what was recorded", Difference{Code: Size, Region: "r", Ref: "asg", Attribute: "desired_capacity", Recorded: "3"},
			[]gate.Attribution{byHand, {Region: "r", Ref: "asg", Event: "UpdateAutoScalingGroup", Detail: "desired 0 to 3", Source: gate.SourceActivities}}, 1, gate.Yes},
		{"lost, and not by that", Difference{Code: Gone, Region: "r", Ref: "i-1"}, []gate.Attribution{did("i-1", "DeregisterTargets", gate.MeansConsole, "target group web")}, 0, gate.TriUnknown},
		{"off its target group", Difference{Code: Detached, Region: "r", Ref: "i-1", place: gate.Registration{Group: "arn:x:targetgroup/web/0"}},
			[]gate.Attribution{did("i-1", "DeregisterTargets", gate.MeansConsole, "target group web"), did("i-1", "DeregisterTargets", gate.MeansConsole, "target group other"), did("i-1", "RegisterTargets", gate.MeansConsole, "target group web")}, 1, gate.Yes},
		{"lost, whatever for", Difference{Code: Gone, Region: "r", Ref: "i-1"}, []gate.Attribution{did("i-1", "Server.InternalError", gate.MeansService, "")}, 1, gate.No},
	} {
		trail := gate.Trail{Attributions: c.trail}
		if got := len(c.d.Who(trail)); got != c.who {
			t.Errorf("%s: %d deeds, want %d", c.what, got, c.who)
		}
		if got := c.d.ByHand(trail); got != c.hand {
			t.Errorf("%s: by hand %s, want %s", c.what, got, c.hand)
		}
	}
}
