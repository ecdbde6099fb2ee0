package gate

import (
	"slices"
	"testing"
)

// watching is a role of the members that carry Role=data in a cluster of one
// region, of whom some served when the verdict was given.
func watching(served []string, live ...Member) *watch {
	w := &watch{view: &View{Cluster: Cluster{Members: Selector{Tags: map[string]string{"Cluster": "web"}}}, Regions: []string{"us-east-1"}},
		role: Projection{Role: Role{Name: "data", Members: Selector{Tags: map[string]string{"Role": "data"}}}, Serving: served}, live: map[string]MemberView{}, now: noon}
	for _, m := range live {
		w.live[m.ID] = MemberView{Member: m}
	}
	return w
}

func TestWhoIsSeenNotToServeAnyMore(t *testing.T) {
	for _, test := range []struct {
		phase   Phase
		serving Serving
		want    bool
	}{
		{Steady, ServingYes, false}, {Steady, ServingUnknown, false}, {Steady, ServingNo, true},
		{Changing, ServingUnknown, false}, {PhaseUnknown, ServingUnknown, false},
		{Arriving, ServingUnknown, true}, {Leaving, ServingUnknown, true}, {Failed, ServingUnknown, true}, {Gone, ServingUnknown, true},
	} {
		w := watching([]string{"i-1"}, Member{ID: "i-1", Phase: test.phase, Serving: test.serving})
		if got := w.out("i-1"); got != test.want {
			t.Errorf("%s, serving %s: got %v, want %v", test.phase, test.serving, got, test.want)
		}
	}
}

func TestOnlyAttachingRegistersMembers(t *testing.T) {
	for name, test := range map[string]struct {
		c    Change
		want bool
	}{
		"a group gets a target group": {Change{Type: "aws_autoscaling_group", Action: Update, Changed: []string{"target_group_arns"}}, true},
		"a group changes otherwise":   {Change{Type: "aws_autoscaling_group", Action: Update, Changed: []string{"max_size"}}, false},
		"a group is attached":         {Change{Type: "aws_autoscaling_attachment", Action: Create}, true},
		"a group is detached":         {Change{Type: "aws_autoscaling_attachment", Action: Delete}, false},
		"an instance is made":         {Change{Type: "aws_instance", Action: Create}, false},
	} {
		if got := (&View{Recorded: []Change{test.c}}).registers(); got != test.want {
			t.Errorf("%s: got %v, want %v", name, got, test.want)
		}
	}
}

func TestWhoServesNowIsOfTheRole(t *testing.T) {
	tags := map[string]string{"Cluster": "web", "Role": "data"}
	w := watching([]string{"i-1", "i-2"},
		Member{ID: "i-1", Region: "us-east-1", Phase: Steady, Serving: ServingYes},             // it served, though its tags fell off
		Member{ID: "i-2", Region: "us-east-1", Tags: tags, Phase: Leaving, Serving: ServingNo}, // it served
		Member{ID: "i-3", Region: "us-east-1", Tags: tags, Phase: Steady, Serving: ServingYes}, // it came
		Member{ID: "i-4", Region: "eu-west-1", Tags: tags, Phase: Steady, Serving: ServingYes},
		Member{ID: "i-5", Region: "us-east-1", Tags: map[string]string{"Cluster": "web", "Role": "front"}, Phase: Steady, Serving: ServingYes},
		Member{ID: "i-6", Region: "us-east-1", Tags: map[string]string{"Cluster": "job", "Role": "data"}, Phase: Steady, Serving: ServingYes})
	var got []string
	for _, m := range w.serving() {
		got = append(got, m.ID)
	}
	if want := []string{"i-1", "i-3"}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestZonesAreOfThoseWhoServeOrMay(t *testing.T) {
	tags := map[string]string{"Cluster": "web", "Role": "data"}
	member := func(id, zone string, phase Phase, serving Serving) Member {
		return Member{ID: id, Region: "us-east-1", Zone: zone, Tags: tags, Phase: phase, Serving: serving}
	}
	served := []string{"i-1", "i-2", "i-3", "i-4"}
	for name, test := range map[string]struct {
		live []Member
		want int
	}{
		"two in one":                  {[]Member{member("i-1", "a", Steady, ServingYes), member("i-2", "a", Steady, ServingYes)}, 1},
		"apart, and together again":   {[]Member{member("i-1", "a", Steady, ServingYes), member("i-2", "b", Steady, ServingYes), member("i-3", "a", Steady, ServingYes)}, 2},
		"one came":                    {[]Member{member("i-1", "a", Steady, ServingYes), member("i-9", "b", Steady, ServingYes)}, 2},
		"one went":                    {[]Member{member("i-1", "a", Steady, ServingYes), member("i-2", "b", Leaving, ServingNo)}, 1},
		"of one nobody knows":         {[]Member{member("i-1", "a", Steady, ServingYes), member("i-2", "b", Steady, ServingUnknown)}, 2},
		"of a newcomer nobody knows":  {[]Member{member("i-1", "a", Steady, ServingYes), member("i-9", "b", Steady, ServingUnknown)}, 1},
		"nobody knows in which it is": {[]Member{member("i-1", "a", Steady, ServingYes), member("i-2", "", Steady, ServingYes)}, 1},
	} {
		if got := watching(served, test.live...).zones(); got != test.want {
			t.Errorf("%s: got %d, want %d", name, got, test.want)
		}
	}
}

// Of a plan those instances are left out that it leaves alone and that no cluster
// which it touches has, by what was recorded of them or by what is live.
func TestWatchedIsWhatThePlanTouches(t *testing.T) {
	instance := func(address string, do Action) Change {
		return Change{Address: address, Type: "aws_instance", ID: "i-" + address, Action: do, Region: "us-east-1"}
	}
	far := instance("far", NoOp)
	far.Region = "eu-west-1"
	group := Change{Address: "group", Type: "aws_autoscaling_group", ID: "g", Action: NoOp, Region: "us-east-1"}
	p := &Plan{Regions: []string{"us-east-1"}, Changes: []Change{
		instance("ends", Delete), instance("beside", NoOp), instance("moved", NoOp), instance("other", NoOp), instance("tagged", Update), far, group,
	}}
	touched := &View{Recorded: []Change{instance("ends", Delete), instance("beside", NoOp)}, Effects: []Effect{{Address: "ends", Action: Delete, Ends: []string{"i-ends"}}},
		Members: []MemberView{{Member: Member{ID: "i-moved"}, Addresses: []string{"moved"}}}, Roles: []Projection{{Serving: []string{"i-beside", "i-moved"}}}}
	alone := &View{Recorded: []Change{instance("other", NoOp), far}, Members: []MemberView{{Member: Member{ID: "i-other"}, Addresses: []string{"other"}}}, Roles: []Projection{{Serving: []string{"i-other"}}}}
	v := Verdict{Clusters: []*View{touched, alone}}
	got := v.Watched(p)
	var names []string
	for _, c := range got.Changes {
		names = append(names, c.Address)
	}
	if want := []string{"ends", "beside", "moved", "tagged", "group"}; !slices.Equal(names, want) {
		t.Errorf("got %v, want %v", names, want)
	}
	if want := []string{"eu-west-1", "us-east-1"}; !slices.Equal(got.Regions, want) {
		t.Errorf("regions: got %v, want %v: whoever is watched is watched where all of it was read", got.Regions, want)
	}
	if len(p.Changes) != 7 || len(p.Regions) != 1 {
		t.Error("the plan itself was changed")
	}
}

// Whoever served must be found, and the cluster with them.
func TestWhoIsNotFoundIsOverlooked(t *testing.T) {
	p := &Plan{Changes: []Change{{Address: "aws_instance.a", Type: "aws_instance", ID: "i-1", Action: Delete, Region: "us-east-1", Before: Attrs{"tags": map[string]any{"Cluster": "web"}}}}}
	v := Verdict{Clusters: []*View{
		{Cluster: Cluster{Name: "web"}, Effects: []Effect{{Action: Delete, Ends: []string{"i-1"}}}, Roles: []Projection{{Serving: []string{"i-1", "i-2"}}}},
		{Cluster: Cluster{Name: "job"}, Roles: []Projection{{Serving: []string{"i-9"}}}},
	}}
	for name, test := range map[string]struct {
		cluster string // of those who are found
		found   []string
		want    bool
	}{
		"all are found":      {"web", []string{"i-1", "i-2"}, false},
		"one is not":         {"web", []string{"i-1"}, true},
		"none is":            {"web", nil, true},
		"nor is the cluster": {"elsewhere", []string{"i-1", "i-2"}, true},
	} {
		s := &Snapshot{}
		for _, id := range test.found {
			s.Members = append(s.Members, Member{ID: id, Region: "us-east-1", Tags: map[string]string{"Cluster": test.cluster}})
		}
		if got := v.Overlooked(Input{Now: noon, Plan: p, Snapshot: s}); got != test.want {
			t.Errorf("%s: got %v, want %v", name, got, test.want)
		}
	}
}
