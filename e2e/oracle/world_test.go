package oracle

import (
	"fmt"
	"iter"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/holdfast-gate/holdfast/checks"
	"github.com/holdfast-gate/holdfast/gate"
	"github.com/holdfast-gate/holdfast/gate/gatetest"
)

var instant = time.Date(2018, 1, 2, 20, 37, 0, 0, time.UTC)

// size is how many units a group counts, and so how many it wants.
func (s scene) size(group int) int {
	n := 0
	for _, m := range s.members {
		if m.group == group && m.state.counted() {
			n += int(m.units())
		}
	}
	return n
}

func (s scene) has(group int) bool {
	for _, m := range s.members {
		if m.group == group {
			return true
		}
	}
	return false
}

// resting reports whether nothing in the scene moves.
func (s scene) resting() bool {
	for _, m := range s.members {
		if m.state == arriving || m.state == leaving {
			return false
		}
	}
	return true
}

// rough reports whether a group is rolled whose members weigh differently.
// Which of them go at once is a puzzle, for zones and where it is not known
// who serves; the gate takes the most that any reading of it allows.
func (s scene) rough() bool {
	for _, m := range s.members {
		if kind := s.grips[m.group].kind; m.heavy > 0 && (kind == 'r' || kind == 'c' || kind == 'b') {
			return true
		}
	}
	return false
}

// promising is a config of one cluster that makes those promises.
func promising(role gate.Role) *gate.Config {
	c := gate.DefaultConfig()
	c.Clusters = []gate.Cluster{{Name: "c", Members: gate.Selector{Tags: map[string]string{"Cluster": "c"}}, Roles: []gate.Role{role}}}
	return c
}

// input is a scene as the gate sees it.
func input(s scene) gate.Input {
	in := gate.Input{Now: instant,
		Plan:     &gate.Plan{FormatVersion: "1.2", Complete: gate.Yes, CreatedAt: instant, Regions: []string{"us-east-1"}},
		Snapshot: &gate.Snapshot{Account: "123456789012", Started: instant, Finished: instant}}
	for i, m := range s.members {
		id := fmt.Sprintf("i-%d", i)
		in.Snapshot.Members = append(in.Snapshot.Members, member(id, m))
		if m.group == 0 {
			in.Plan.Changes = append(in.Plan.Changes, changes(i, id, m)...)
			if m.act == actedUpon {
				in.Plan.Actions = append(in.Plan.Actions, gate.ActionCall{Address: "action.aws_sns_publish.x", Type: "aws_sns_publish", Members: []string{id}})
			}
		}
	}
	for group := 1; group < len(s.grips); group++ {
		if s.has(group) {
			name := fmt.Sprintf("g%d", group)
			in.Snapshot.Groups = append(in.Snapshot.Groups, gate.Group{Name: name, Region: "us-east-1", Desired: s.size(group), Max: 20, MinHealthy: -1, MaxHealthy: -1, Asked: true})
			in.Plan.Changes = append(in.Plan.Changes, groupChange(name, s.grips[group], s.size(group)))
		}
	}
	for _, name := range append(gate.Live(), gate.SourceIdentity) {
		in.Snapshot.Sources = append(in.Snapshot.Sources, gate.Source{Name: name, Region: "us-east-1", Complete: true, ReadAt: instant})
	}
	in.Snapshot.Finished = instant
	gatetest.Answer(&in, checks.Suite()) // no member has a volume: their disks are not the oracle's
	return in
}

func member(id string, m instance) gate.Member {
	out := gate.Member{ID: id, Region: "us-east-1", Zone: fmt.Sprint("us-east-1", string("abc"[m.zone])), Tags: map[string]string{"Cluster": "c"}, Launched: instant.Add(-time.Hour),
		Phase: gate.Steady, Serving: gate.ServingNo, Protected: m.state == protected, Weight: int(m.units())}
	switch m.state {
	case serving, protected:
		out.Serving = gate.ServingYes
	case unread:
		out.Serving = gate.ServingUnknown
	case arriving:
		out.Phase = gate.Arriving
	case leaving:
		out.Phase = gate.Leaving
	case failed:
		out.Phase = gate.Failed
	case gone:
		out.Phase = gate.Gone
	}
	if m.group > 0 {
		out.Group, out.Counted = fmt.Sprintf("g%d", m.group), m.state.counted()
	}
	return out
}

// changes are the plan's entries for an instance and for what hangs on it.
func changes(i int, id string, m instance) []gate.Change {
	c := gate.Change{Address: fmt.Sprintf("aws_instance.n[%d]", i), Type: "aws_instance", ID: id, Region: "us-east-1", Before: gate.Attrs{}, After: gate.Attrs{}, Action: gate.NoOp}
	beside := gate.Change{Address: fmt.Sprintf("aws.x[%d]", i), ID: "x", Region: "us-east-1", Action: gate.Delete, Before: gate.Attrs{"instance_id": id, "target_id": id}}
	switch m.act {
	case remove:
		c.Action = gate.Delete
	case replace:
		c.Action = gate.ReplaceCreateFirst
	case restart:
		c.Action, c.Changed = gate.Update, []string{"instance_type"}
	case retag:
		c.Action, c.Changed = gate.Update, []string{"volume_tags"}
	case halt:
		beside.Type, beside.Action, beside.Changed, beside.After = "aws_ec2_instance_state", gate.Update, []string{"state"}, gate.Attrs{"instance_id": id, "state": "stopped"}
	case undisk:
		beside.Type = "aws_volume_attachment"
	case drain:
		beside.Type = "aws_lb_target_group_attachment"
	}
	if beside.Type == "" {
		return []gate.Change{c}
	}
	return []gate.Change{c, beside}
}

func groupChange(name string, g grip, size int) gate.Change {
	c := gate.Change{Address: "aws_autoscaling_group." + name, Type: "aws_autoscaling_group", ID: name, Region: "us-east-1", Action: gate.Update,
		Before: gate.Attrs{"desired_capacity": float64(size), "max_size": 20.0}, After: gate.Attrs{"desired_capacity": float64(size), "max_size": 20.0}}
	if g.kind == 'd' || g.kind == 'c' {
		c.After["desired_capacity"], c.Changed = float64(g.n), append(c.Changed, "desired_capacity")
	}
	switch g.kind {
	case 'n':
		c.Action = gate.NoOp
	case 'x':
		c.Action = gate.Delete
	case 'o':
		c.Before["target_group_arns"], c.After["target_group_arns"], c.Changed = []any{"tg-1"}, []any{"tg-2"}, []string{"target_group_arns"}
	case 'z', 'b':
		before := []any{"us-east-1a", "us-east-1b", "us-east-1c", "us-east-1d"}
		after := slices.Delete(slices.Clone(before), g.n, g.n+1)
		if g.kind == 'b' {
			after = append(after, "us-east-1e")
		}
		c.Before["availability_zones"], c.After["availability_zones"], c.Changed = before, after, []string{"availability_zones"}
	case 'm':
		c.After["max_size"], c.Changed = float64(g.n), []string{"max_size"}
	case 'r', 'c':
		above := 100.0
		if g.surge {
			above = 150
		}
		c.Changed = append(c.Changed, "launch_template")
		c.After["instance_refresh"] = []any{map[string]any{"preferences": []any{map[string]any{"min_healthy_percentage": float64(g.percent), "max_healthy_percentage": above}}}}
	}
	return c
}

// grips are the plans for a group of that size.
func grips(size int) []grip {
	out := []grip{{kind: 'n'}, {kind: 'x'}, {kind: 'm', n: max(0, size-1)}, {kind: 'r', percent: 100, surge: true}, {kind: 'c', n: max(0, size-1), percent: 50}}
	for n := range size + 2 {
		out = append(out, grip{kind: 'd', n: n})
	}
	for _, p := range []int{0, 50, 90} {
		out = append(out, grip{kind: 'r', percent: p})
	}
	return out
}

// enumerate yields every scene of n members, loose or in one group, in every
// state and with every act or grip. Members that are alike are
// interchangeable, so each multiset of kinds is one scene. Spread scenes have
// their members in up to three zones, in every way but for the zones' names;
// the others are in one zone.
func enumerate(n int, spread bool) iter.Seq[scene] {
	var kinds []instance
	for st := range states {
		kinds = append(kinds, instance{state: st, group: 1})
		if st == protected {
			continue // only a group protects
		}
		for a := range acts {
			kinds = append(kinds, instance{state: st, act: a})
		}
	}
	return func(yield func(scene) bool) {
		var pick func(from, zones int, members []instance) bool
		pick = func(from, zones int, members []instance) bool {
			if len(members) == n {
				return withGrips(slices.Clone(members), yield)
			}
			for i := from; i < len(kinds); i++ {
				m := kinds[i]
				if i == from && len(members) > 0 && spread {
					m.zone = members[len(members)-1].zone // of those that are alike, zones ascend
				}
				for ; m.zone == 0 || spread && m.zone <= min(zones, 2); m.zone++ {
					if !pick(i, max(zones, m.zone+1), append(members, m)) {
						return false
					}
				}
			}
			return true
		}
		pick(0, 0, nil)
	}
}

// withGrips yields a scene for everything that the plan may do to its group.
func withGrips(members []instance, yield func(scene) bool) bool {
	s := scene{members: members, grips: [3]grip{{kind: 'n'}, {kind: 'n'}, {kind: 'n'}}}
	if !s.has(1) {
		return yield(s)
	}
	for _, g := range grips(s.size(1)) {
		s.grips[1] = g
		if !yield(s) {
			return false
		}
	}
	return true
}

// draw makes a scene of four to six members in three zones, loose and in two
// groups. Most of them serve, so that plans have something to take. In some the
// members of a group weigh differently.
func draw(r *rand.Rand) scene {
	s := scene{grips: [3]grip{{kind: 'n'}, {kind: 'n'}, {kind: 'n'}}}
	calm, heaviest := r.IntN(3) > 0, max(0, r.IntN(6)-2)
	for range 4 + r.IntN(3) {
		m := instance{state: serving, group: r.IntN(3), zone: r.IntN(3)}
		if r.IntN(3) == 0 {
			m.state = state(r.IntN(int(states)))
		}
		if calm && (m.state == arriving || m.state == leaving) {
			m.state = serving
		}
		if m.group > 0 {
			m.heavy = r.IntN(heaviest + 1)
		} else {
			if m.state == protected {
				m.state = serving
			}
			m.act = act(r.IntN(int(allActs)))
			if m.act == acts {
				m.act = nothing
			}
		}
		s.members = append(s.members, m)
	}
	for group := 1; group < len(s.grips); group++ {
		if s.has(group) && r.IntN(2) == 0 {
			all := append(grips(s.size(group)), grip{kind: 'o'}, grip{kind: 'z', n: r.IntN(4)}, grip{kind: 'b', n: r.IntN(4)})
			s.grips[group] = all[r.IntN(len(all))]
		}
	}
	return s
}
