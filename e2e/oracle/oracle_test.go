// Package oracle tests the survivor arithmetic against the dumbest model there
// is: one that plays a plan out, step by step, in every order and with every
// choice AWS may make, and counts who serves. It shares no code with the
// projection. It plays small worlds completely and samples larger ones.
package oracle

import (
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/holdfast-gate/holdfast/checks"
	"github.com/holdfast-gate/holdfast/gate"
)

var instant = time.Date(2018, 1, 2, 20, 37, 0, 0, time.UTC)

// input is a scene as the gate sees it, with a survivor floor.
func input(s scene, floor int) gate.Input {
	in := gate.Input{Now: instant, Config: gate.DefaultConfig(),
		Plan:     &gate.Plan{FormatVersion: "1.2", Complete: gate.Yes, CreatedAt: instant, Regions: []string{"us-east-1"}},
		Snapshot: &gate.Snapshot{Account: "123456789012", Started: instant, Finished: instant}}
	in.Config.Clusters = []gate.Cluster{{Name: "c", Members: gate.Selector{Tags: map[string]string{"Cluster": "c"}}, Roles: []gate.Role{{SurvivorFloor: floor}}}}
	size := 0
	for i, m := range s.members {
		id := fmt.Sprintf("i-%d", i)
		in.Snapshot.Members = append(in.Snapshot.Members, member(id, m))
		if m.grouped {
			if m.state.counted() {
				size++
			}
			continue
		}
		in.Plan.Changes = append(in.Plan.Changes, change(i, id, m))
	}
	if grouped(s) {
		in.Snapshot.Groups = []gate.Group{{Name: "g", Region: "us-east-1", Desired: size, Max: 20, MinHealthy: -1, MaxHealthy: -1}}
		in.Plan.Changes = append(in.Plan.Changes, groupChange(s.grip, size))
	}
	for _, name := range append(gate.Live(), gate.SourceIdentity) {
		in.Snapshot.Sources = append(in.Snapshot.Sources, gate.Source{Name: name, Region: "us-east-1", Complete: true, ReadAt: instant})
	}
	return in
}

func grouped(s scene) bool {
	for _, m := range s.members {
		if m.grouped {
			return true
		}
	}
	return false
}

func member(id string, m instance) gate.Member {
	out := gate.Member{ID: id, Region: "us-east-1", Tags: map[string]string{"Cluster": "c"}, Launched: instant.Add(-time.Hour), Phase: gate.Steady, Serving: gate.ServingNo, Protected: m.state == protected}
	switch m.state {
	case serving, protected:
		out.Serving = gate.ServingYes
	case arriving:
		out.Phase = gate.Arriving
	case leaving:
		out.Phase = gate.Leaving
	case failed:
		out.Phase = gate.Failed
	case gone:
		out.Phase = gate.Gone
	}
	if m.grouped {
		out.Group, out.Counted = "g", m.state.counted()
	}
	return out
}

func change(i int, id string, m instance) gate.Change {
	c := gate.Change{Address: fmt.Sprintf("aws_instance.n[%d]", i), Type: "aws_instance", ID: id, Region: "us-east-1", Before: gate.Attrs{}, After: gate.Attrs{}, Action: gate.NoOp}
	switch m.act {
	case remove:
		c.Action = gate.Delete
	case replace:
		c.Action = gate.ReplaceCreateFirst
	case restart:
		c.Action, c.Changed = gate.Update, []string{"instance_type"}
	case retag:
		c.Action, c.Changed = gate.Update, []string{"volume_tags"}
	}
	return c
}

func groupChange(g grip, size int) gate.Change {
	c := gate.Change{Address: "aws_autoscaling_group.g", Type: "aws_autoscaling_group", ID: "g", Region: "us-east-1", Action: gate.Update,
		Before: gate.Attrs{"desired_capacity": float64(size), "max_size": 20.0}, After: gate.Attrs{"desired_capacity": float64(size), "max_size": 20.0}}
	switch g.kind {
	case 'n':
		c.Action = gate.NoOp
	case 'd':
		c.After["desired_capacity"], c.Changed = float64(g.n), []string{"desired_capacity"}
	case 'm':
		c.After["max_size"], c.Changed = float64(g.n), []string{"max_size"}
	case 'x':
		c.Action = gate.Delete
	case 'r':
		most := 100.0
		if g.surge {
			most = 150
		}
		c.Changed = []string{"launch_template"}
		c.After["instance_refresh"] = []any{map[string]any{"preferences": []any{map[string]any{"min_healthy_percentage": float64(g.percent), "max_healthy_percentage": most}}}}
	}
	return c
}

// resting reports whether nothing in the scene moves.
func resting(s scene) bool {
	for _, m := range s.members {
		if m.state == arriving || m.state == leaving {
			return false
		}
	}
	return true
}

// tally counts what a run found.
type tally struct{ worlds, blocked, needless int }

// judge compares the gate with the oracle on one scene, at the two floors that
// matter: the fewest that can serve, and one more.
func (n *tally) judge(t *testing.T, s scene) {
	t.Helper()
	fewest, takes := play(s)
	n.worlds++
	if v := gate.Evaluate(input(s, fewest+1), checks.Suite()); takes && v.Decision != gate.Block {
		t.Fatalf("a future of %+v leaves %d serving and the gate, asked for %d, decided %s", s, fewest, fewest+1, v.Decision)
	}
	if !takes || resting(s) {
		v := gate.Evaluate(input(s, fewest), checks.Suite())
		if v.Decision == gate.Block {
			n.blocked++
			if resting(s) {
				n.needless++
				t.Errorf("no future of %+v goes below %d and nothing moves, and the gate blocks: %s", s, fewest, v.Findings[0].Message)
			}
		}
	}
}

// grips are the plans for a group.
func grips(size int) []grip {
	out := []grip{{kind: 'n'}, {kind: 'x'}, {kind: 'm', n: size - 1}, {kind: 'r', percent: 100, surge: true}}
	for n := range size + 2 {
		out = append(out, grip{kind: 'd', n: n})
	}
	for _, p := range []int{0, 50, 90} {
		out = append(out, grip{kind: 'r', percent: p})
	}
	return out
}

// enumerate calls f with every scene of n members. Members that are alike are
// interchangeable, so each multiset of kinds is one scene.
func enumerate(n int, f func(scene)) {
	var kinds []instance
	for st := range states {
		kinds = append(kinds, instance{state: st, grouped: true})
		if st == protected {
			continue // only a group protects
		}
		for a := range acts {
			kinds = append(kinds, instance{state: st, act: a})
		}
	}
	var members []instance
	var pick func(from int)
	pick = func(from int) {
		if len(members) == n {
			emit(members, f)
			return
		}
		for i := from; i < len(kinds); i++ {
			members = append(members, kinds[i])
			pick(i)
			members = members[:len(members)-1]
		}
	}
	pick(0)
}

func emit(members []instance, f func(scene)) {
	s := scene{members: append([]instance{}, members...), grip: grip{kind: 'n'}}
	if !grouped(s) {
		f(s)
		return
	}
	size := 0
	for _, m := range s.members {
		if m.grouped && m.state.counted() {
			size++
		}
	}
	for _, g := range grips(size) {
		if g.kind == 'm' && g.n < 0 {
			continue
		}
		s.grip = g
		f(s)
	}
}

// TestEverySmallWorld plays every world of up to three members; with
// HOLDFAST_ORACLE_MEMBERS=5 in the environment, of up to five.
func TestEverySmallWorld(t *testing.T) {
	most := 3
	if n, err := strconv.Atoi(os.Getenv("HOLDFAST_ORACLE_MEMBERS")); err == nil {
		most = n
	}
	var n tally
	for size := 1; size <= most; size++ {
		enumerate(size, func(s scene) { n.judge(t, s) })
	}
	t.Logf("%d worlds, %d blocked at a floor that holds because something moves, %d needlessly", n.worlds, n.blocked-n.needless, n.needless)
}

// TestManyLargerWorlds samples worlds of up to seven members; how many is
// HOLDFAST_ORACLE_WORLDS in the environment, else ten thousand.
func TestManyLargerWorlds(t *testing.T) {
	worlds := 10_000
	if n, err := strconv.Atoi(os.Getenv("HOLDFAST_ORACLE_WORLDS")); err == nil {
		worlds = n
	}
	random := rand.New(rand.NewPCG(2018, 1))
	var n tally
	for range worlds {
		s := scene{grip: grip{kind: 'n'}}
		size := 0
		for range 4 + random.IntN(4) {
			m := instance{state: state(random.IntN(int(states))), grouped: random.IntN(2) == 0}
			if random.IntN(2) == 0 {
				m.state = serving
			}
			if !m.grouped {
				if m.state == protected {
					m.state = serving
				}
				m.act = act(random.IntN(int(acts)))
			} else if m.state.counted() {
				size++
			}
			s.members = append(s.members, m)
		}
		if grouped(s) {
			all := grips(size)
			if s.grip = all[random.IntN(len(all))]; s.grip.kind == 'm' {
				s.grip.n = max(0, s.grip.n)
			}
		}
		n.judge(t, s)
	}
	t.Logf("%d worlds, %d blocked at a floor that holds because something moves, %d needlessly", n.worlds, n.blocked-n.needless, n.needless)
}
