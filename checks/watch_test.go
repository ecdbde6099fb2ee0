package checks

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/holdfast-gate/holdfast/gate"
	"github.com/holdfast-gate/holdfast/gate/gatetest"
)

// parsed is a case of gatetest.
func parsed(t *testing.T, text string) gate.Input {
	t.Helper()
	in, err := gatetest.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return in
}

// numbered are members that the plan names by address.
const numbered = `
cluster search floor=2
member i-1 in-service addr=aws_instance.n[0] zone=a
member i-2 in-service addr=aws_instance.n[1] zone=b
member i-3 in-service addr=aws_instance.n[2] zone=c
member i-4 in-service addr=aws_instance.n[3] zone=a
`

// grouped are members of a group that is lowered, or replaces them.
const grouped = `
group search desired=4 addr=aws_autoscaling_group.search
member i-1 in-service group=search
member i-2 in-service group=search
member i-3 in-service group=search
member i-4 in-service group=search
`

const (
	endsOne  = "change delete aws_instance.n[0]\n"
	stopsOne = "change update aws_instance.n[0] instance_type=a->b\n"
	lowers   = "change update aws_autoscaling_group.search desired_capacity=4->3\n"
	rolls    = `change update aws_autoscaling_group.search launch_template=1->2 instance_refresh=[{"preferences":[{"min_healthy_percentage":75}]}]->[{"preferences":[{"min_healthy_percentage":75}]}]` + "\n"
)

// now is what a world became: lines that begin with a member or a group replace
// that member or group, "gone ID" takes a member away, "source" lines are added.
func now(text, changes string) string {
	lines := strings.Split(text, "\n")
	for change := range strings.SplitSeq(strings.TrimSpace(changes), "\n") {
		words := strings.Fields(change)
		if len(words) < 2 {
			continue
		}
		kind := words[0]
		if kind == "gone" {
			kind = "member"
		}
		i := slices.IndexFunc(lines, func(l string) bool { return strings.HasPrefix(l, kind+" "+words[1]+" ") })
		switch {
		case words[0] == "gone":
			lines = slices.Delete(lines, i, i+1)
		case i < 0:
			lines = append(lines, change)
		default:
			lines[i] = change
		}
	}
	return strings.Join(lines, "\n")
}

func TestWatch(t *testing.T) {
	three, two, zones := strings.Replace(numbered, "floor=2", "floor=3", 1), "cluster search floor=2"+grouped, strings.Replace(numbered, "floor=2", "floor=1 zonefloor=2", 1)
	for name, tt := range map[string]struct {
		world, plan, now string
		want             string // part of the message; empty is no finding
	}{
		"nothing has happened yet":             {three, endsOne, "", ""},
		"the victim goes":                      {three, endsOne, "member i-1 shutting-down addr=aws_instance.n[0]", ""},
		"the victim is gone":                   {three, endsOne, "gone i-1", ""},
		"another goes, with slack":             {numbered, endsOne, "member i-4 shutting-down addr=aws_instance.n[3]", ""},
		"another goes, without slack":          {three, endsOne, "member i-4 shutting-down addr=aws_instance.n[3] since=12s", "search has 3 of 4 members serving and would keep 2, it needs 3 (survivor floor): i-4 shutting-down for 12s"},
		"another goes after the victim":        {three, endsOne, "gone i-1\nmember i-4 terminated addr=aws_instance.n[3]", "search has 2 of 4 members serving and would keep 2, it needs 3"},
		"another is nowhere to be found":       {three, endsOne, "gone i-4", "i-4 not found"},
		"two go, with slack for one":           {numbered, endsOne, "gone i-3\ngone i-4", "would keep 1, it needs 2"},
		"its health flaps, with slack":         {numbered, endsOne, "member i-4 impaired addr=aws_instance.n[3]", ""},
		"its health flaps, without slack":      {three, endsOne, "member i-4 impaired addr=aws_instance.n[3]", "i-4 impaired"},
		"its health cannot be told":            {three, endsOne, "member i-4 unread-health addr=aws_instance.n[3]", ""},
		"another goes, unseen":                 {three, endsOne, "gone i-4\nsource elb.targets partial", ""},
		"another goes, read too long ago":      {three, endsOne, "gone i-4\nsource ec2.instances old age=1h", ""},
		"the victim is replaced by another":    {three, "change replace aws_instance.n[0]\n", "gone i-1\nmember i-5 in-service", ""},
		"a newcomer makes up for nobody":       {three, endsOne, "gone i-4\nmember i-5 in-service", "search has 4 of 4 members serving and would keep 2"},
		"the stopped one stops":                {three, stopsOne, "member i-1 stopped addr=aws_instance.n[0]", ""},
		"the stopped one is back":              {three, stopsOne, "", ""},
		"another stops":                        {three, stopsOne, "member i-4 stopped addr=aws_instance.n[3]", "i-4 stopped"},
		"nobody is taken, and one goes":        {strings.Replace(numbered, "floor=2", "floor=4", 1), "change create aws_instance.n[4] tags={\"Cluster\":\"search\"}\n", "gone i-4", ""},
		"the plan leaves the cluster alone":    {strings.Replace(numbered, "floor=2", "floor=4", 1), "", "gone i-4", ""},
		"the group ends one":                   {two, lowers, "group search desired=3 addr=aws_autoscaling_group.search\nmember i-2 Terminating:Wait group=search", ""},
		"the group ends one, for a while now":  {strings.Replace(two, "floor=2", "floor=3", 1), lowers, "group search desired=3 addr=aws_autoscaling_group.search\nmember i-2 Terminating:Wait group=search since=40s", ""},
		"the group ends two, with slack":       {two, lowers, "gone i-2\ngone i-3", ""},
		"the group ends three":                 {two, lowers, "gone i-2\ngone i-3\ngone i-4", "would keep 1, it needs 2"},
		"one dies that the group goes on with": {strings.Replace(two, "floor=2", "floor=3", 1), lowers, "member i-2 shutting-down group=search since=40s", "would keep 2, it needs 3 (survivor floor): i-2 shutting-down for 40s"},
		"one dies, and the group may know":     {strings.Replace(two, "floor=2", "floor=3", 1), lowers, "member i-2 shutting-down group=search since=15s", ""},
		"all die":                              {two, lowers, "member i-1 shutting-down group=search since=40s\nmember i-2 shutting-down group=search since=40s\nmember i-3 shutting-down group=search since=40s\nmember i-4 shutting-down group=search since=40s", "has 0 of 4 members serving and would keep 0"},
		"a newcomer elsewhere replaces nobody": {strings.Replace(two, "floor=2", "floor=3", 1), rolls, "gone i-1\ngone i-2\nmember i-5 in-service group=other\nmember i-6 in-service", "would keep 2, it needs 3"},
		"a refresh takes one":                  {strings.Replace(two, "floor=2", "floor=3", 1), rolls, "member i-1 Terminating:Wait group=search", ""},
		"a refresh has replaced one":           {strings.Replace(two, "floor=2", "floor=3", 1), rolls, "gone i-1\nmember i-5 in-service group=search\nmember i-2 Terminating:Wait group=search", ""},
		"a refresh has replaced all":           {strings.Replace(two, "floor=2", "floor=3", 1), rolls, "gone i-1\ngone i-2\ngone i-3\ngone i-4\nmember i-5 in-service group=search\nmember i-6 in-service group=search\nmember i-7 in-service group=search\nmember i-8 in-service group=search", ""},
		"a refresh, and another goes":          {strings.Replace(two, "floor=2", "floor=3", 1), rolls, "gone i-1\nmember i-5 in-service group=search\nmember i-2 Terminating:Wait group=search\nmember i-3 terminated group=search", "would keep 2, it needs 3"},
		"the plan registers it":                {three, endsOne + "change create aws_lb_target_group_attachment.n[0] target_id=->i-4\n", "member i-4 initializing addr=aws_instance.n[3]", ""},
		"the plan registers it, and it dies":   {three, endsOne + "change create aws_lb_target_group_attachment.n[0] target_id=->i-4\n", "member i-4 terminated addr=aws_instance.n[3]", "i-4 terminated"},
		"the group registers them":             {strings.Replace(two, "floor=2", "floor=3", 1), strings.TrimSpace(lowers) + " target_group_arns=[]->[\"tg\"]\n", "member i-3 initializing group=search\nmember i-4 initializing group=search", ""},
		"nobody registers it":                  {three, endsOne, "member i-4 initializing addr=aws_instance.n[3]", "i-4 initializing"},
		"a zone is lost, with slack":           {zones, endsOne, "gone i-3", ""},
		"two zones are lost":                   {zones, endsOne, "gone i-3\ngone i-2", "search has members serving in 1 zone, it needs 2 (zone floor)"},
	} {
		t.Run(name, func(t *testing.T) {
			v := gate.Evaluate(parsed(t, tt.world+tt.plan), Suite())
			got := gate.Watch(v, parsed(t, now(tt.world, tt.now)+"\n"+tt.plan))
			if tt.want == "" {
				if len(got) > 0 {
					t.Errorf("got %q, want nothing", got[0].Message)
				}
				return
			}
			if len(got) != 1 || !strings.Contains(got[0].Message, tt.want) || got[0].Code != "watch.breached" || got[0].Decision != gate.Block || len(got[0].Subjects) == 0 || got[0].Remedy == "" {
				t.Errorf("got %+v, want one finding with %q", got, tt.want)
			}
		})
	}
}

// A finding names whom nobody foresaw to go, in order, and whom nobody can tell
// from them; not those that a group was to end.
func TestWatchNamesWhoWent(t *testing.T) {
	world := "cluster search floor=3\ngroup a desired=2 addr=aws_autoscaling_group.a\ngroup b desired=2 addr=aws_autoscaling_group.b\n" +
		"member i-1 in-service\nmember i-2 in-service group=a\nmember i-3 in-service group=a\nmember i-4 in-service group=b\nmember i-5 in-service group=b\n"
	plan := "change update aws_autoscaling_group.a desired_capacity=2->1\n"
	v := gate.Evaluate(parsed(t, world+plan), Suite())
	got := gate.Watch(v, parsed(t, now(world, "gone i-1\ngone i-3\nmember i-5 shutting-down group=b since=40s\n")+"\n"+plan))
	if len(got) != 1 || !slices.Equal(got[0].Subjects, []string{"i-1", "i-5"}) || len(got[0].Evidence) != 2 || got[0].Evidence[1].Got != "shutting-down" {
		t.Errorf("got %+v, want i-1 and i-5", got)
	}
}

// A zone can be lost with a member whom the group was not to choose, though the
// number that went is the one foreseen.
func TestWatchSpeaksOfAZoneWithoutAName(t *testing.T) {
	world := "cluster search floor=1 zonefloor=2\ngroup search desired=3 addr=aws_autoscaling_group.search\n" +
		"member i-1 in-service group=search zone=a protected\nmember i-2 in-service group=search zone=b\nmember i-3 in-service group=search zone=b\n"
	plan := "change update aws_autoscaling_group.search desired_capacity=3->2\n"
	v := gate.Evaluate(parsed(t, world+plan), Suite())
	got := gate.Watch(v, parsed(t, now(world, "gone i-1")+"\n"+plan))
	if len(got) != 1 || got[0].Message != "search has members serving in 1 zone, it needs 2 (zone floor)" {
		t.Errorf("got %+v, want the zone alone", got)
	}
}

// What says nothing of who serves stops nothing.
func TestWatchSaysNothingOfNothing(t *testing.T) {
	in := parsed(t, numbered+endsOne)
	v := gate.Evaluate(in, Suite())
	if got := gate.Watch(v, gate.Input{}); len(got) > 0 {
		t.Errorf("no input: got %+v", got)
	}
	v.Clusters[0].Regions = nil
	in.Snapshot.Members = nil
	if got := gate.Watch(v, in); len(got) > 0 {
		t.Errorf("a cluster in no region: got %+v", got)
	}
	if got := gate.Watch(gate.Verdict{}, in); len(got) > 0 {
		t.Errorf("no verdict: got %+v", got)
	}
}

// rolling draws a world whose group may also be replacing its members.
func rolling(t *rapid.T) gate.Input {
	in := world(t)
	for i, c := range in.Plan.Changes {
		if c.Type == "aws_autoscaling_group" && rapid.Bool().Draw(t, "rolls") {
			c.Action, c.Changed = gate.Update, append(slices.Clone(c.Changed), "launch_template")
			c.After = gate.Attrs{"desired_capacity": c.After["desired_capacity"], "instance_refresh": []any{map[string]any{"preferences": []any{map[string]any{"min_healthy_percentage": float64(rapid.IntRange(0, 100).Draw(t, "healthy"))}}}}}
			in.Plan.Changes[i] = c
		}
	}
	return in
}

// future plays what a verdict foresaw: any of the victims gone, any of the
// stopped out, as many ended and replaced as each group may. It returns those
// that are left of the good ones, in their group or in none.
func future(t *rapid.T, v gate.Verdict, in gate.Input, all bool) (gate.Input, []string) {
	out := clone(in)
	p := v.Clusters[0].Roles[0]
	kills, rolls := 0, 0
	for _, e := range v.Clusters[0].Effects {
		kills, rolls = kills+e.Kills, rolls+e.Rolls
	}
	take := func(m *gate.Member, to int) { *m = member(m.ID, m.Group, to); m.Counted = false }
	var left []string
	var replaced []gate.Member
	for i := range out.Snapshot.Members {
		m := &out.Snapshot.Members[i]
		may := func(label string) bool { return all || rapid.Bool().Draw(t, label) }
		switch {
		case !slices.Contains(p.Serving, m.ID):
		case slices.Contains(p.Victims, m.ID):
			if may("ended") {
				take(m, 7)
			}
		case slices.Contains(p.Stops, m.ID):
			if may("stopped") {
				take(m, 1)
			}
		case m.Group == "":
			left = append(left, m.ID)
		case kills > 0 && may("killed"):
			kills--
			take(m, 6)
		case rolls > 0 && rapid.Bool().Draw(t, "replaced"):
			replaced = append(replaced, *m)
			take(m, 7)
		case rolls > 0 && may("rolled"):
			rolls--
			take(m, 6)
		default:
			left = append(left, m.ID)
		}
	}
	for i, old := range replaced {
		// A group keeps its zones even: the new one is where it is short of one.
		m := member(fmt.Sprintf("i-new-%d", i), "g", 0)
		m.Zone = old.Zone
		out.Snapshot.Members = append(out.Snapshot.Members, m)
	}
	return out, left
}

func TestWatchSaysNothingOfWhatWasForeseen(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in := rolling(t)
		v := gate.Evaluate(in, Suite())
		then, _ := future(t, v, in, false)
		if got := gate.Watch(v, then); len(got) > 0 {
			t.Fatalf("got %+v of %+v", got, then.Snapshot.Members)
		}
	})
}

// Once all that was foreseen has happened, each further loss counts.
func TestWatchSpeaksWhenAnUnforeseenLossBreaksAPromise(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in := rolling(t)
		v := gate.Evaluate(in, Suite())
		p := v.Clusters[0].Roles[0]
		then, left := future(t, v, in, true)
		if len(left) == 0 || !p.Costs() || len(p.Floors) == 0 {
			return
		}
		lost := rapid.IntRange(1, len(left)).Draw(t, "lost")
		for i := range then.Snapshot.Members {
			if m := &then.Snapshot.Members[i]; slices.Contains(left[:lost], m.ID) {
				*m = member(m.ID, m.Group, 7)
			}
		}
		got, needs := gate.Watch(v, then), p.Floors[0].Needs
		if zones := p.Role.ZoneFloor; len(got) == 0 && p.During-lost < needs && zones == 0 {
			t.Fatalf("nothing is said of %d lost beside %d that would be left, with %d needed", lost, p.During, needs)
		}
		if len(got) > 0 && p.During-lost >= needs && p.Role.ZoneFloor == 0 {
			t.Fatalf("got %+v with %d of %d lost and %d needed", got, lost, p.During, needs)
		}
	})
}

// A snapshot in which anything is missing stops nothing.
func TestWatchNeverSpeaksOfWhatItDidNotSee(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in := rolling(t)
		v := gate.Evaluate(in, Suite())
		then := clone(in)
		then.Snapshot.Members = nil
		i := rapid.IntRange(0, len(gate.Live())-1).Draw(t, "source")
		then.Snapshot.Sources[i].Complete = false
		if got := gate.Watch(v, then); len(got) > 0 {
			t.Fatalf("got %+v", got)
		}
	})
}
