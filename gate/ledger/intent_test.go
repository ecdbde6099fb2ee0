package ledger

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/holdfast-gate/holdfast/gate"
)

func TestWhatAnIntentMayDo(t *testing.T) {
	group := func(region, name string, desired, least, most int) gate.Group {
		return gate.Group{Region: region, Name: name, Desired: desired, Min: least, Max: most}
	}
	change := func(region, id string, after gate.Attrs, changed ...string) gate.Change {
		return gate.Change{Address: "aws_autoscaling_group." + id, Type: "aws_autoscaling_group", Action: gate.Update, Region: region, ID: id, After: after, Changed: changed}
	}
	effect := []gate.Effect{{Does: "something"}}
	for _, tc := range []struct {
		name  string
		views []*gate.View
		ends  []string
		sizes []gate.Resize
	}{
		{"nothing", nil, nil, nil},
		{"ends and stops", []*gate.View{{Effects: []gate.Effect{{Ends: []string{"i-3", "i-1"}}, {Stops: []string{"i-2"}, Ends: []string{"i-1"}}}}}, []string{"i-1", "i-2", "i-3"}, nil},
		{"an untouched cluster", []*gate.View{{Recorded: []gate.Change{change("r", "g", gate.Attrs{"desired_capacity": 1.0}, "desired_capacity")}, Groups: []gate.Group{group("r", "g", 6, 0, 9)}}}, nil, nil},
		{"wanted", []*gate.View{{Effects: effect, Recorded: []gate.Change{change("r", "g", gate.Attrs{"desired_capacity": 3.0}, "desired_capacity")}, Groups: []gate.Group{group("r", "g", 6, 0, 9)}}},
			nil, []gate.Resize{{Region: "r", Group: "g", From: 6, To: 3}}},
		{"clamped from above", []*gate.View{{Effects: effect, Recorded: []gate.Change{change("", "g", gate.Attrs{"max_size": 4.0}, "max_size")}, Groups: []gate.Group{group("r", "g", 6, 0, 9)}}},
			nil, []gate.Resize{{Region: "r", Group: "g", From: 6, To: 4}}},
		{"clamped from below", []*gate.View{{Effects: effect, Recorded: []gate.Change{change("r", "g", gate.Attrs{"min_size": 8.0}, "min_size")}, Groups: []gate.Group{group("r", "g", 6, 0, 9)}}},
			nil, []gate.Resize{{Region: "r", Group: "g", From: 6, To: 8}}},
		{"the same", []*gate.View{{Effects: effect, Recorded: []gate.Change{change("r", "g", gate.Attrs{"desired_capacity": 6.0}, "desired_capacity")}, Groups: []gate.Group{group("r", "g", 6, 0, 9)}}}, nil, nil},
		{"what does not change is not sent", []*gate.View{{Effects: effect, Recorded: []gate.Change{change("r", "g", gate.Attrs{"desired_capacity": 3.0, "min_size": 8.0, "max_size": 2.0}, "tag")}, Groups: []gate.Group{group("r", "g", 6, 0, 9)}}}, nil, nil},
		{"not known", []*gate.View{{Effects: effect, Recorded: []gate.Change{
			change("r", "g", gate.Attrs{"desired_capacity": nil}, "desired_capacity"), change("r", "g", gate.Attrs{"max_size": nil, "desired_capacity": 3.0}, "desired_capacity", "max_size"),
			change("r", "g", gate.Attrs{"min_size": nil, "desired_capacity": 3.0}, "desired_capacity", "min_size"),
		}, Groups: []gate.Group{group("r", "g", 6, 0, 9)}}}, nil, nil},
		{"not there", []*gate.View{{Effects: effect, Recorded: []gate.Change{change("r", "g", gate.Attrs{"desired_capacity": 3.0}, "desired_capacity")}, Groups: []gate.Group{group("other", "g", 6, 0, 9), group("r", "h", 6, 0, 9), {Region: "r", Name: "g", Absent: true, Desired: 6, Max: 9}}}}, nil, nil},
		{"neither an update nor a group", []*gate.View{{Effects: effect, Recorded: []gate.Change{
			{Type: "aws_autoscaling_group", Action: gate.Delete, ID: "g", After: gate.Attrs{"desired_capacity": 3.0}, Changed: []string{"desired_capacity"}},
			{Type: "aws_instance", Action: gate.Update, ID: "g", After: gate.Attrs{"desired_capacity": 3.0}, Changed: []string{"desired_capacity"}},
		}, Groups: []gate.Group{group("r", "g", 6, 0, 9)}}}, nil, nil},
		{"two in order", []*gate.View{{Effects: effect, Recorded: []gate.Change{
			change("s", "b", gate.Attrs{"desired_capacity": 1.0}, "desired_capacity"), change("s", "a", gate.Attrs{"desired_capacity": 1.0}, "desired_capacity"), change("r", "c", gate.Attrs{"desired_capacity": 1.0}, "desired_capacity"),
		}, Groups: []gate.Group{group("s", "b", 6, 0, 9), group("s", "a", 5, 0, 9), group("r", "c", 4, 0, 9)}}},
			nil, []gate.Resize{{Region: "r", Group: "c", From: 4, To: 1}, {Region: "s", Group: "a", From: 5, To: 1}, {Region: "s", Group: "b", From: 6, To: 1}}},
		{"two of one name", []*gate.View{{Effects: []gate.Effect{{Ends: []string{"i-2"}}}}, {Effects: []gate.Effect{{Ends: []string{"i-1"}}}}}, []string{"i-1", "i-2"}, nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			for _, v := range tc.views {
				v.Cluster.Name = "search"
			}
			other := &gate.View{Cluster: gate.Cluster{Name: "queue"}, Effects: []gate.Effect{{Ends: []string{"i-9"}}}}
			ends, sizes := effects(&gate.Verdict{Clusters: append(tc.views, other)}, "search")
			if diff := cmp.Diff(tc.ends, ends); diff != "" {
				t.Errorf("ends (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(tc.sizes, sizes); diff != "" {
				t.Errorf("sizes (-want +got):\n%s", diff)
			}
		})
	}
	// A cluster that nobody declared goes by the name of its lease.
	found := &gate.View{Cluster: gate.Cluster{Name: "search in us-east-1", Implicit: true, Members: gate.Selector{Groups: []string{"search"}}}, Effects: []gate.Effect{{Ends: []string{"i-1"}}}}
	if ends, _ := effects(&gate.Verdict{Clusters: []*gate.View{found}}, "search"); len(ends) != 1 {
		t.Errorf("got %v, want what the plan does to the group", ends)
	}
}
