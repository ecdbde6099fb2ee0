package checks

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/holdfast-gate/holdfast/gate"
	"github.com/holdfast-gate/holdfast/gate/gatetest"
)

var instant = time.Date(2018, 1, 2, 20, 37, 0, 0, time.UTC)

// condition is a state a member may be in, from best to worst.
var conditions = []struct {
	phase   gate.Phase
	serving gate.Serving
}{
	{gate.Steady, gate.ServingYes}, {gate.Steady, gate.ServingNo}, {gate.Arriving, gate.ServingNo}, {gate.Changing, gate.ServingNo},
	{gate.PhaseUnknown, gate.ServingUnknown}, {gate.Failed, gate.ServingNo}, {gate.Leaving, gate.ServingNo}, {gate.Gone, gate.ServingNo},
}

func member(id string, group string, condition int) gate.Member {
	c := conditions[condition]
	return gate.Member{ID: id, Region: "us-east-1", Zone: "us-east-1" + string("abc"[int(id[len(id)-1])%3]), Group: group, Counted: group != "" && c.phase != gate.Gone,
		Tags: map[string]string{"Cluster": "c"}, Launched: instant.Add(-time.Hour), Phase: c.phase, Serving: c.serving}
}

// world draws a cluster of up to seven members, half of them in a group, and a
// plan that deletes, replaces or stops some and resizes the group.
func world(t *rapid.T) gate.Input {
	n := rapid.IntRange(0, 7).Draw(t, "members")
	grouped := rapid.IntRange(0, n).Draw(t, "grouped")
	budget := rapid.IntRange(0, 3).Draw(t, "budget")
	role := gate.Role{Size: n, SurvivorFloor: rapid.IntRange(0, 4).Draw(t, "floor"), Quorum: rapid.Bool().Draw(t, "quorum"), Budget: &budget, ZoneFloor: rapid.IntRange(0, 3).Draw(t, "zones")}
	in := gate.Input{Now: instant, Config: gate.DefaultConfig(),
		Plan:     &gate.Plan{FormatVersion: "1.2", Complete: gate.Yes, CreatedAt: instant, Regions: []string{"us-east-1"}},
		Snapshot: &gate.Snapshot{Account: "123456789012", Started: instant, Finished: instant}}
	in.Config.Clusters = []gate.Cluster{{Name: "c", Members: gate.Selector{Tags: map[string]string{"Cluster": "c"}}, Roles: []gate.Role{role}}}
	for i := range n {
		id, condition := fmt.Sprintf("i-%d", i), rapid.SampledFrom([]int{0, 0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7}).Draw(t, "condition")
		if i < grouped {
			in.Snapshot.Members = append(in.Snapshot.Members, member(id, "g", condition))
			continue
		}
		in.Snapshot.Members = append(in.Snapshot.Members, member(id, "", condition))
		c := gate.Change{Address: fmt.Sprintf("aws_instance.n[%d]", i), Type: "aws_instance", ID: id, Region: "us-east-1", Before: gate.Attrs{}, After: gate.Attrs{},
			Action: rapid.SampledFrom([]gate.Action{gate.NoOp, gate.NoOp, gate.NoOp, gate.Update, gate.Delete, gate.ReplaceCreateFirst}).Draw(t, "action")}
		if c.Action == gate.Update {
			c.Changed = []string{rapid.SampledFrom([]string{"tags", "instance_type"}).Draw(t, "attribute")}
		}
		in.Plan.Changes = append(in.Plan.Changes, c)
	}
	if grouped > 0 {
		in.Snapshot.Groups = []gate.Group{{Name: "g", Region: "us-east-1", Desired: grouped, Max: 20, MinHealthy: -1, MaxHealthy: -1, Asked: true, Tags: map[string]string{"Cluster": "c"}}}
		to := rapid.IntRange(0, grouped+1).Draw(t, "to")
		c := gate.Change{Address: "aws_autoscaling_group.g", Type: "aws_autoscaling_group", ID: "g", Region: "us-east-1", Action: gate.NoOp,
			Before: gate.Attrs{"desired_capacity": float64(grouped)}, After: gate.Attrs{"desired_capacity": float64(to)}}
		if to != grouped {
			c.Action, c.Changed = gate.Update, []string{"desired_capacity"}
		}
		in.Plan.Changes = append(in.Plan.Changes, c)
	}
	for _, name := range append(gate.Live(), gate.SourceIdentity) {
		in.Snapshot.Sources = append(in.Snapshot.Sources, gate.Source{Name: name, Region: "us-east-1", Complete: true, ReadAt: instant})
	}
	return in
}

// clone copies what a property is about to change.
func clone(in gate.Input) gate.Input {
	p, s := *in.Plan, *in.Snapshot
	p.Changes = slices.Clone(p.Changes)
	s.Members, s.Groups, s.Sources = slices.Clone(s.Members), slices.Clone(s.Groups), slices.Clone(s.Sources)
	in.Plan, in.Snapshot = &p, &s
	return in
}

func decide(in gate.Input) gate.Decision { return gate.Evaluate(in, Suite()).Decision }

// takeable are the members that the plan can take: named, or in a group that
// it lets choose.
func takeable(in gate.Input) map[string]bool {
	out := map[string]bool{}
	for _, v := range gate.Evaluate(in, Suite()).Clusters {
		for _, m := range v.Members {
			out[m.ID] = m.Named || m.Group != ""
		}
	}
	return out
}

func TestEveryMemberIsInExactlyOneBucketOfItsRole(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in := world(t)
		for _, v := range gate.Evaluate(in, Suite()).Clusters {
			p := v.Roles[0]
			if len(p.Buckets) != len(in.Snapshot.Members) {
				t.Fatalf("%d members, %d in buckets", len(in.Snapshot.Members), len(p.Buckets))
			}
			if got := len(p.In(gate.BucketSurvivor)) + len(p.In(gate.BucketVictim)); got != len(p.Serving) {
				t.Fatalf("%d serve, %d are survivors or victims", len(p.Serving), got)
			}
			if p.During < 0 || p.During > p.After || p.After > len(p.Serving) {
				t.Fatalf("serving %d, after %d, during %d", len(p.Serving), p.After, p.During)
			}
		}
	})
}

func TestEveryCheckHasARowForEveryCluster(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v := gate.Evaluate(world(t), Suite())
		want := 0
		for _, c := range Suite() {
			if c.Plan {
				want++
			} else {
				want += len(v.Clusters)
			}
		}
		if len(v.Runs) != want {
			t.Fatalf("%d rows, want %d", len(v.Runs), want)
		}
	})
}

func TestMakingAMemberWorseNeverMakesTheVerdictBetter(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in := world(t)
		if len(in.Snapshot.Members) == 0 {
			return
		}
		worse := clone(in)
		m := &worse.Snapshot.Members[rapid.IntRange(0, len(worse.Snapshot.Members)-1).Draw(t, "which")]
		if m.Phase != gate.Steady || m.Serving != gate.ServingYes {
			return
		}
		// What is dead or broken may be removed, or repairs would deadlock: a
		// member that the plan can take gets worse only by moving.
		to := rapid.SampledFrom([]int{1, 2, 3, 4, 5, 6, 7}).Draw(t, "to")
		if takeable(in)[m.ID] {
			to = rapid.SampledFrom([]int{2, 3, 4, 6}).Draw(t, "moving")
		}
		*m = member(m.ID, m.Group, to)
		if before, after := decide(in), decide(worse); after < before {
			t.Fatalf("%s before, %s with %s %s", before, after, m.ID, m.Phase)
		}
	})
}

func TestLosingASourceNeverMakesTheVerdictBetter(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in := world(t)
		less := clone(in)
		i := rapid.IntRange(0, len(less.Snapshot.Sources)-1).Draw(t, "source")
		if rapid.Bool().Draw(t, "drop") {
			less.Snapshot.Sources = slices.Delete(less.Snapshot.Sources, i, i+1)
		} else {
			less.Snapshot.Sources[i].Complete, less.Snapshot.Sources[i].Problem = false, gate.ProblemPartial
		}
		if got := decide(less); got != gate.Block {
			t.Fatalf("decided %s without a source", got)
		}
	})
}

func TestAddingAVictimNeverMakesTheVerdictBetter(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in := world(t)
		more := clone(in)
		for i, c := range more.Plan.Changes {
			// Removing a voter that does not serve is a repair: fewer are needed then.
			serves := slices.ContainsFunc(in.Snapshot.Members, func(m gate.Member) bool { return m.ID == c.ID && m.Serving == gate.ServingYes })
			if c.Type == "aws_instance" && c.Action == gate.NoOp && serves {
				more.Plan.Changes[i].Action = gate.Delete
				break
			}
		}
		if before, after := decide(in), decide(more); after < before && before == gate.Block {
			t.Fatalf("%s before, %s with one more victim", before, after)
		}
	})
}

func TestOrderAndRenamingNeverMatter(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in := world(t)
		other := clone(in)
		slices.Reverse(other.Plan.Changes)
		slices.Reverse(other.Snapshot.Members)
		slices.Reverse(other.Snapshot.Sources)
		other.Config = &gate.Config{PlanAge: in.Config.PlanAge, SnapshotAge: in.Config.SnapshotAge, Clusters: slices.Clone(in.Config.Clusters)}
		other.Config.Clusters[0].Name = "renamed"
		if a, b := decide(in), decide(other); a != b {
			t.Fatalf("%s, and %s in another order under another name", a, b)
		}
	})
}

// A cut by number can hit any member, a cut by address names the good ones: the
// worst of the first is the second.
func TestCapacityCutByNumberAndByAddressAgree(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 7).Draw(t, "members")
		cut := rapid.IntRange(0, n).Draw(t, "cut")
		floor := rapid.IntRange(0, n).Draw(t, "floor")
		base := gate.Input{Now: instant, Config: gate.DefaultConfig(), Plan: &gate.Plan{FormatVersion: "1.2", Complete: gate.Yes, CreatedAt: instant, Regions: []string{"us-east-1"}},
			Snapshot: &gate.Snapshot{Account: "123456789012", Started: instant, Finished: instant}}
		base.Config.Clusters = []gate.Cluster{{Name: "c", Members: gate.Selector{Tags: map[string]string{"Cluster": "c"}}, Roles: []gate.Role{{SurvivorFloor: floor}}}}
		for _, name := range append(gate.Live(), gate.SourceIdentity) {
			base.Snapshot.Sources = append(base.Snapshot.Sources, gate.Source{Name: name, Region: "us-east-1", Complete: true, ReadAt: instant})
		}
		byNumber, byAddress := clone(base), clone(base)
		for i := range n {
			id := fmt.Sprintf("i-%d", i)
			byNumber.Snapshot.Members = append(byNumber.Snapshot.Members, member(id, "g", 0))
			byAddress.Snapshot.Members = append(byAddress.Snapshot.Members, member(id, "", 0))
			a := gate.NoOp
			if i < cut {
				a = gate.Delete
			}
			byAddress.Plan.Changes = append(byAddress.Plan.Changes, gate.Change{Address: fmt.Sprintf("aws_instance.n[%d]", i), Type: "aws_instance", ID: id, Region: "us-east-1", Action: a})
		}
		byNumber.Snapshot.Groups = []gate.Group{{Name: "g", Region: "us-east-1", Desired: n, Max: 20, MinHealthy: -1, MaxHealthy: -1, Asked: true}}
		byNumber.Plan.Changes = []gate.Change{{Address: "aws_autoscaling_group.g", Type: "aws_autoscaling_group", ID: "g", Region: "us-east-1", Action: gate.Update,
			Before: gate.Attrs{"desired_capacity": float64(n)}, After: gate.Attrs{"desired_capacity": float64(n - cut)}, Changed: []string{"desired_capacity"}}}
		gatetest.Answer(&byNumber, Suite())
		gatetest.Answer(&byAddress, Suite())
		if a, b := decide(byNumber), decide(byAddress); a != b {
			t.Fatalf("%d of %d cut, floor %d: %s by number, %s by address", cut, n, floor, a, b)
		}
	})
}

func TestAnEmptySuiteBlocks(t *testing.T) {
	if got := gate.Evaluate(gate.Input{}, nil).Decision; got != gate.Block {
		t.Errorf("got %s, want block", got)
	}
}

func TestNothingIsKnownOfAnEmptyInput(t *testing.T) {
	if got := gate.Evaluate(gate.Input{}, Suite()).Decision; got != gate.Block {
		t.Errorf("got %s, want block", got)
	}
}

func TestACheckThatPanicsOrFailsBlocks(t *testing.T) {
	for name, run := range map[string]func(*gate.Pass) error{
		"panics": func(*gate.Pass) error { panic("no") },
		"fails":  func(*gate.Pass) error { return fmt.Errorf("no") },
	} {
		t.Run(name, func(t *testing.T) {
			in := gate.Input{Now: instant, Plan: &gate.Plan{FormatVersion: "1.2"}}
			v := gate.Evaluate(in, []*gate.Check{{Name: "broken", Doc: "a\n\nb", Plan: true, Run: run}})
			if v.Decision != gate.Block || v.Runs[0].Outcome != gate.Errored {
				t.Errorf("got %s, %s; want block, errored", v.Decision, v.Runs[0].Outcome)
			}
		})
	}
}

// A plan from the year 2999 lies further ahead than a time.Duration can say.
func TestAPlanFromAnotherMillenniumIsNotFresh(t *testing.T) {
	for _, year := range []int{1, 1970, 2999, 9999} {
		in := gate.Input{Now: instant, Plan: &gate.Plan{FormatVersion: "1.2", Complete: gate.Yes, CreatedAt: time.Date(year, 1, 1, 0, 0, 0, 0, time.UTC)}}
		if got := decide(in); got != gate.Block {
			t.Errorf("a plan of the year %d: got %s, want block", year, got)
		}
	}
}
