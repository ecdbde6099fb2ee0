package livetest

import (
	"fmt"
	"slices"

	"github.com/holdfast-gate/holdfast/gate"
	"github.com/holdfast-gate/holdfast/gate/live"
)

func (s *suite) tagsBeyondOnePage() {
	want := s.Launch(Home, 2*PageSize+2, tag("search"))
	s.Launch(Home, 1, tag("other"))
	got := s.read(Home, wantTag("search"))
	s.members(got, want)
	if n := calls(got, gate.SourceInstances); n < 3 {
		s.Errorf("calls: got %d, want a page each for %d members", n, len(want))
	}
	m := got.Members[0]
	if m.Tags[live.ClusterTag] != "search" || m.Zone == "" || m.Launched.IsZero() || m.Attrs["instance_type"] == "" || m.Attrs["ami"] == "" || m.Attrs["state"] != "running" {
		s.Errorf("facts: got tags %v, zone %q, launched %v, attributes %v", m.Tags, m.Zone, m.Launched, m.Attrs)
	}
}

func (s *suite) anyValueOfATag() {
	want := slices.Concat(s.Launch(Home, 1, tag("a")), s.Launch(Home, 1, tag("b")))
	s.Launch(Home, 1, nil)
	s.members(s.read(Home, wantTag(live.AnyValue)), want)
	s.members(s.read(Home, live.Want{All: true}), want)
}

func (s *suite) groupsBeyondOnePage() {
	var want []string
	for i := range PageSize + 2 {
		name := fmt.Sprintf("g%d", i)
		want = append(want, name)
		s.Group(Home, name, 1, nil, "")
	}
	for title, w := range map[string]live.Want{"by name": {Groups: want}, "all": {All: true}} {
		got := s.read(Home, w)
		var names []string
		for _, g := range got.Groups {
			names = append(names, g.Name)
		}
		if !slices.Equal(names, want) {
			s.Errorf("%s: got groups %v, want %v", title, names, want)
		}
		if len(got.Members) != len(want) {
			s.Errorf("%s: got %d members, want one of each of %d groups", title, len(got.Members), len(want))
		}
	}
}

func (s *suite) groupAndItsMembers() {
	s.Group(Home, "search", 3, tag("search"), "")
	for title, w := range map[string]live.Want{"by name": {Groups: []string{"search"}}, "by tag": wantTag("search")} {
		got := s.read(Home, w)
		if len(got.Groups) != 1 || len(got.Members) != 3 {
			s.Fatalf("%s: got %d groups, %d members, want 1 and 3", title, len(got.Groups), len(got.Members))
		}
		g := got.Groups[0]
		if g.Name != "search" || g.Region != Home || g.ARN == "" || g.Desired != 3 || g.Max < 3 || len(g.Zones) == 0 || g.Template == "" ||
			g.MinHealthy != -1 || g.MaxHealthy != -1 || g.Tags[live.ClusterTag] != "search" || len(g.Suspended) != 0 {
			s.Errorf("%s: group: got %+v", title, g)
		}
		if s.Activities && (len(g.Operations) != 3 || g.Operations[0].Phase != gate.Steady) {
			s.Errorf("%s: operations: got %+v, want 3 launches that are over", title, g.Operations)
		}
		var ids []string
		for _, m := range got.Members {
			ids = append(ids, m.ID)
			if m.Group != "search" || !m.Counted || m.Protected || m.Units() != 1 || m.Attrs["launch_template"] == "" {
				s.Errorf("%s: %s: got group %q, counted %v, protected %v, units %d, template %q", title, m.ID, m.Group, m.Counted, m.Protected, m.Units(), m.Attrs["launch_template"])
			}
		}
		s.members(got, ids)
	}
}

// The state of a member in its group is needed even where only the member was
// asked for.
func (s *suite) groupOfAMember() {
	s.Group(Home, "search", 2, nil, "")
	all := s.read(Home, live.Want{Groups: []string{"search"}})
	if len(all.Members) != 2 {
		s.Fatalf("got %d members, want 2", len(all.Members))
	}
	got := s.read(Home, live.Want{Instances: []string{all.Members[0].ID}})
	if len(got.Groups) != 1 || got.Groups[0].Name != "search" || len(got.Members) != 2 {
		s.Errorf("got groups %+v and %d members, want search and both its members", got.Groups, len(got.Members))
	}
}

func (s *suite) targetHealth() {
	arn := s.TargetGroup(Home, "web")
	s.Group(Home, "web", 2, nil, arn)
	got := s.read(Home, live.Want{Groups: []string{"web"}})
	if len(got.Members) != 2 || !slices.Equal(got.Groups[0].Targets, []string{arn}) {
		s.Fatalf("got %d members, target groups %v, want 2 and %s", len(got.Members), got.Groups[0].Targets, arn)
	}
	for _, m := range got.Members {
		if !slices.ContainsFunc(m.Observed, func(o gate.Observation) bool { return o.Source == gate.SourceTargets }) {
			s.Errorf("%s: no target health was observed", m.ID)
		}
		if len(m.Ports[arn]) != 1 {
			s.Errorf("%s: got ports %v, want one of %s", m.ID, m.Ports, arn)
		}
		if s.Health && (m.Serving != gate.ServingYes || !slices.Equal(m.Targets, []string{arn})) {
			s.Errorf("%s: got serving %v, targets %v, want yes and %s:\n%s", m.ID, m.Serving, m.Targets, arn, describe(m))
		}
	}
	// Who only wants to know who is there is told of places, and not of health.
	for _, m := range s.read(Home, live.Want{Groups: []string{"web"}, TargetGroups: []string{arn}, Brief: true}).Members {
		if len(m.Ports[arn]) != 1 || slices.ContainsFunc(m.Observed, func(o gate.Observation) bool { return o.Source == gate.SourceTargets }) {
			s.Errorf("%s, in brief: got ports %v and:\n%s", m.ID, m.Ports, describe(m))
		}
	}
	gone := live.Want{TargetGroups: []string{arn + "0"}}
	if got := s.read(Home, gone); len(got.Members) != 0 {
		s.Errorf("a target group that is not there: got %d members, want none", len(got.Members))
	}
}

// Tags fall off terminated members, so recorded ids are read by themselves. An
// id that is not there, or is none, is simply not in the snapshot.
func (s *suite) recordedInstances() {
	want := s.Launch(Home, 2, nil)
	w := live.Want{Instances: append([]string{"i-00000000000000001", "i-00000000000000002"}, want...)}
	s.members(s.read(Home, w), want)
	if got := s.read(Home, live.Want{Instances: []string{"i-00000000000000001"}}); len(got.Members) != 0 {
		s.Errorf("got %d members, want none", len(got.Members))
	}
}

func (s *suite) moreThanOneBatch() {
	want := s.Launch(Home, 103, nil)
	s.members(s.read(Home, live.Want{Instances: want}), want)
}

func (s *suite) regionsAreKeptApart() {
	home, away := s.Launch(Home, 2, tag("search")), s.Launch(Away, 1, tag("search"))
	got := s.readAll(map[string]live.Want{Home: wantTag("search"), Away: wantTag("search")})
	var there []string
	for _, m := range got.Members {
		there = append(there, m.Region+" "+m.ID)
	}
	want := []string{Away + " " + away[0]}
	for _, id := range slices.Sorted(slices.Values(home)) {
		want = append(want, Home+" "+id)
	}
	if !slices.Equal(there, want) {
		s.Errorf("members: got %v, want %v", there, want)
	}
}

// The origin incident: EC2 knows that it is dying, its group does not.
func (s *suite) terminatedBehindBack() {
	s.Group(Home, "search", 2, nil, "")
	before := s.read(Home, live.Want{Groups: []string{"search"}})
	id := before.Members[0].ID
	s.Terminate(Home, id)
	got := s.read(Home, live.Want{Groups: []string{"search"}, Instances: []string{id}})
	i := slices.IndexFunc(got.Members, func(m gate.Member) bool { return m.ID == id })
	if !s.Transitions {
		if i >= 0 && (got.Members[i].Phase != gate.Gone || got.Members[i].Serving != gate.ServingNo) {
			s.Errorf("got %v, serving %v, want it gone:\n%s", got.Members[i].Phase, got.Members[i].Serving, describe(got.Members[i]))
		}
		return
	}
	if i < 0 {
		s.Fatal("the dying member is not in the snapshot")
	}
	m := got.Members[i]
	if m.Phase != gate.Leaving || m.Serving != gate.ServingNo || !m.Counted || m.Attrs["state"] != "shutting-down" {
		s.Errorf("got %v, serving %v, counted %v, state %s, want it leaving and still counted by its group:\n%s", m.Phase, m.Serving, m.Counted, m.Attrs["state"], describe(m))
	}
}

// Nothing there is an answer too; whether it may be is for the core to say.
func (s *suite) nothingThere() {
	got := s.read(Home, live.Want{Groups: []string{"nobody"}, Tags: []live.Tag{{Key: "None", Values: []string{"x"}}}})
	if len(got.Members)+len(got.Groups) != 0 {
		s.Errorf("got %d members, %d groups, want none", len(got.Members), len(got.Groups))
	}
}

// A group that is not touched is read with its members, and not asked what it does.
func (s *suite) onlyTouchedGroups() {
	for _, name := range []string{"one", "two"} {
		s.Group(Home, name, 2, nil, "")
	}
	got := s.readTouched(map[string]live.Want{Home: {Groups: []string{"one", "two"}}}, func(*gate.Snapshot) map[string][]string {
		return map[string][]string{Home: {"two"}}
	})
	if len(got.Members) != 4 || len(got.Groups) != 2 {
		s.Fatalf("got %d members of %d groups, want 4 of 2", len(got.Members), len(got.Groups))
	}
	if one, two := got.Groups[0], got.Groups[1]; one.Asked || len(one.Operations) > 0 || !two.Asked || s.Activities && len(two.Operations) != 2 {
		s.Errorf("got %+v and %+v, want only the second asked", one, two)
	}
	if n := calls(got, gate.SourceActivities); n != 1 {
		s.Errorf("got %d calls for what groups do, want 1", n)
	}
}
