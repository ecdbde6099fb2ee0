package drift

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/holdfast-gate/holdfast/gate"
	"github.com/holdfast-gate/holdfast/gate/gatetest"
)

// world is the lines of a case and, as the recorded state, what its changes and
// the addresses of its members say.
func world(t *testing.T, text string) (*gate.State, gate.Input) {
	t.Helper()
	in, err := gatetest.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	s := &gate.State{Name: "test", Digest: "d", Objects: in.Plan.Changes, Regions: []string{"us-east-1"}}
	for i := range s.Objects {
		s.Objects[i].After, s.Objects[i].Changed = s.Objects[i].Before, nil
	}
	return s, in
}

func compare(t *testing.T, text string) []Difference {
	s, in := world(t, text)
	return Compare([]*gate.State{s}, in.Snapshot, in.Config, in.Now)
}

const resized = `
cluster search floor=2
group search desired=6 min=0 max=15 addr=aws_autoscaling_group.search
change no-op aws_autoscaling_group.search desired_capacity=3->3
`

const place80 = `change no-op aws_lb_target_group_attachment.a target_id="i-0"== target_group_arn="tg-1"== port=80==`

func TestEveryKindHasItsCode(t *testing.T) {
	for _, c := range []struct{ what, text, want string }{
		{"as recorded", "cluster search\ngroup search desired=1 addr=aws_autoscaling_group.search\nmember i-0 in-service group=search", ""},
		{"size", resized, Size},
		{"template", "cluster search\ngroup search desired=0 template=lt-1:2 addr=aws_autoscaling_group.search\nchange no-op aws_autoscaling_group.search launch_configuration=lc->lc", Template},
		{"type", "cluster search\nmember i-0 in-service addr=aws_instance.a type=m5.xlarge", Attribute},
		{"suspended", "cluster search\ngroup search desired=0 suspended=Terminate addr=aws_autoscaling_group.search\nchange no-op aws_autoscaling_group.search suspended_processes=null->null", Attribute},
		{"protection", "cluster search\ngroup search desired=0 addr=aws_autoscaling_group.search\nchange no-op aws_autoscaling_group.search protect_from_scale_in=true->true", Attribute},
		{"gone", "cluster search addresses=aws_instance.a\nmember i-0 terminated addr=aws_instance.a", Gone},
		{"nobody's", "cluster search\nmember i-0 in-service addr=aws_instance.a\nmember i-1 in-service", Unmanaged},
		{"leaving, and nobody's", "cluster search\nmember i-0 in-service addr=aws_instance.a\nmember i-1 shutting-down", ""},
		{"another state's", "cluster search\nmember i-0 in-service addr=aws_instance.a\nmember i-1 in-service addr=aws_instance.b", ""},
		{"renamed", "cluster search\nmember i-0 terminated addr=aws_instance.a tags=Cluster:search,Name:a\nmember i-1 in-service tags=Cluster:search,Name:a", Renamed},
		{"twice", "cluster search\nmember i-0 in-service addr=aws_instance.a\nchange no-op aws_instance.b id=i-0", Membership + " " + Twice},
		{"hybrid", "cluster search\nmember i-0 in-service addr=aws_instance.a ami=ami-1\nmember i-1 in-service addr=aws_instance.b ami=ami-2", Generations},
		{"surplus", resized + "member i-0 in-service group=search launched=9h\nmember i-1 in-service group=search launched=9h\nmember i-2 in-service group=search launched=9h\nmember i-3 in-service group=search launched=1h", Size + " " + Surplus},
		{"a group that is gone", "cluster search groups=search\nchange no-op aws_autoscaling_group.search id=search name=search->search", Gone},
		{"off its target group", "cluster search\nmember i-0 in-service addr=aws_instance.a\n" + place80, Detached},
		{"on another port", "cluster search\nmember i-0 in-service addr=aws_instance.a targets=tg-1 ports=81\n" + place80, Port},
		{"on one more port", "cluster search\nmember i-0 in-service addr=aws_instance.a targets=tg-1 ports=80,81\n" + place80, Target},
		{"a stranger in its target group", "cluster search\nmember i-0 in-service addr=aws_instance.a targets=tg-1 ports=80\nmember i-1 in-service untagged tags=Name:x targets=tg-1 ports=80\n" + place80, Target},
		{"a target that leaves", "cluster search\nmember i-0 shutting-down addr=aws_instance.a\n" + place80, ""},
		{"targets that were not read", "cluster search\nsource elb.targets denied\nmember i-0 in-service addr=aws_instance.a\n" + place80, ""},
		{"nothing recorded", "cluster search\nmember i-0 in-service", ""},
	} {
		var codes []string
		for _, d := range compare(t, c.text) {
			codes = append(codes, d.Code)
			if d.Message == "" || d.Cluster != "search" {
				t.Errorf("%s: %+v says too little", c.what, d)
			}
		}
		if got := strings.Join(codes, " "); got != c.want {
			t.Errorf("%s: got %q, want %q", c.what, got, c.want)
		}
	}
}

func TestTheYoungestAreTheSurplus(t *testing.T) {
	ds := compare(t, resized+"member i-4 in-service group=search launched=9h\nmember i-1 in-service group=search launched=9h\nmember i-2 in-service group=search launched=9h\nmember i-3 in-service group=search launched=1h\nmember i-0 in-service group=search launched=2h")
	i := slices.IndexFunc(ds, func(d Difference) bool { return d.Code == Surplus })
	if i < 0 || !slices.Equal(ds[i].Members, []string{"i-0", "i-3"}) {
		t.Errorf("got %+v", ds)
	}
}

func TestTagsThatSelectAreMembership(t *testing.T) {
	s, in := world(t, "cluster search addresses=aws_instance.a\nmember i-0 in-service addr=aws_instance.a")
	s.Objects[0].Before = gate.Attrs{"tags": map[string]any{"Cluster": "index", "Owner": "jo", "aws:x": "y"}}
	got := map[string]string{}
	for _, d := range Compare([]*gate.State{s}, in.Snapshot, in.Config, in.Now) {
		got[d.Code] = d.Recorded + " " + d.Live
	}
	if len(got) != 2 || got[Membership] != "Cluster=index Cluster=search" || got[Tags] != "Owner=jo no Owner" {
		t.Errorf("got %q", got)
	}
	// What is sensitive was dropped, and nothing can be said of it.
	s.Objects[0].Sensitive = []string{"tags"}
	if ds := Compare([]*gate.State{s}, in.Snapshot, in.Config, in.Now); len(ds) > 0 {
		t.Errorf("sensitive tags: got %+v", ds)
	}
}

// Where any tag is secret none is compared but those that make members.
func TestASecretTagHidesTheOthers(t *testing.T) {
	s, in := world(t, "cluster search\nmember i-0 in-service addr=aws_instance.a\nmember i-1 in-service addr=aws_instance.b")
	for i, secret := range [][]string{nil, {"tags"}} {
		s.Objects[0].Before = gate.Attrs{"tags": map[string]any{"Cluster": "index", "Owner": "jo"}}
		s.Objects[1].Sensitive = secret
		var codes []string
		for _, d := range Compare([]*gate.State{s}, in.Snapshot, in.Config, in.Now) {
			codes = append(codes, d.Code)
		}
		if want := [][]string{{Membership, Tags}, {Membership}}[i]; !slices.Equal(codes, want) {
			t.Errorf("sensitive %v: got %v, want %v", secret, codes, want)
		}
	}
}

func TestAnIgnoredDifferenceIsShownUntilItsLastDay(t *testing.T) {
	for last, want := range map[string]string{"2018-01-02": "autoscaler", "2018-01-01": "", "nonsense": ""} {
		ds := compare(t, resized+"ignore desired_capacity reason=autoscaler expires="+last)
		if len(ds) != 1 || ds[0].Ignored != want || ds[0].Accepted() != (want != "") {
			t.Errorf("until %s: got %+v", last, ds)
		}
	}
}

func TestForeseeUndoesOnlyWhatIsCertain(t *testing.T) {
	s, in := world(t, resized)
	ds := Compare([]*gate.State{s}, in.Snapshot, in.Config, in.Now)
	for said, want := range map[string]gate.Action{"3": gate.Update, "6": gate.NoOp, "4": gate.NoOp, "": gate.NoOp} {
		p := Foresee(s, ds, func(address, attribute string) (string, bool) {
			return said, said != "" && attribute == "desired_capacity"
		}, in.Now)
		c := p.Changes[0]
		before, _ := c.Before.Int("desired_capacity")
		after, _ := c.After.Int("desired_capacity")
		undone := map[gate.Action]int{gate.Update: 3, gate.NoOp: 6}[want]
		if c.Action != want || before != 6 || after != undone || len(p.Drift) != 1 || p.Drift[0].Found != "state" {
			t.Errorf("configured as %q: got %+v and drift %+v", said, c, p.Drift)
		}
	}
	if was, _ := s.Objects[0].Before.Int("desired_capacity"); was != 3 {
		t.Errorf("the state itself was changed: %d", was)
	}
}

func TestMergeSaysEachFactOnce(t *testing.T) {
	s, in := world(t, resized+"change no-op aws_autoscaling_group.search max_size=9->9 desired_capacity=3->3")
	ds := Compare([]*gate.State{s}, in.Snapshot, in.Config, in.Now)
	p := Plan([]*gate.State{s}, in.Now)
	p.Drift = []gate.Change{{Address: "aws_autoscaling_group.search", Action: gate.Update, Changed: []string{"desired_capacity"}}}
	Merge(p, s, ds, in.Now)
	if len(p.Drift) != 2 || !slices.Equal(p.Drift[1].Changed, []string{"max_size"}) || p.Drift[1].Found != "state" {
		t.Errorf("got %+v", p.Drift)
	}
	Merge(p, s, ds, in.Now)
	if len(p.Drift) != 2 {
		t.Errorf("a fact is told again: %+v", p.Drift)
	}
}

func TestAStateThatIsSeenTwiceIsOne(t *testing.T) {
	s, in := world(t, "cluster search\nmember i-0 in-service addr=aws_instance.a")
	if ds := Compare([]*gate.State{s, s}, in.Snapshot, in.Config, time.Time{}); len(ds) > 0 {
		t.Errorf("got %+v", ds)
	}
}
