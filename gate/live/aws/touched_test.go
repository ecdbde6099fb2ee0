package aws_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/config"

	"github.com/holdfast-gate/holdfast/gate"
	"github.com/holdfast-gate/holdfast/gate/awssim"
	"github.com/holdfast-gate/holdfast/gate/live"
	"github.com/holdfast-gate/holdfast/gate/live/aws"
)

// recorded is a group as a plan has it that changes its size, or leaves it alone.
func recorded(name string, from, to int) gate.Change {
	c := gate.Change{Address: "aws_autoscaling_group." + name, Type: "aws_autoscaling_group", ID: name, Region: here, Action: gate.NoOp,
		Before: gate.Attrs{"name": name, "desired_capacity": float64(from)}, After: gate.Attrs{"name": name, "desired_capacity": float64(to)}}
	if from != to {
		c.Action, c.Changed = gate.Update, []string{"desired_capacity"}
	}
	return c
}

// Of fifty groups that a plan records it changes two: those are asked what they
// do, and the others say so.
func TestOnlyTouchedGroupsAreAsked(t *testing.T) {
	w := awssim.New(noon)
	plan := &gate.Plan{FormatVersion: "1.2", Complete: gate.Yes, CreatedAt: noon, Regions: []string{here}}
	touched := []string{"g07", "g31"}
	for i := range 50 {
		name := fmt.Sprintf("g%02d", i)
		w.CreateGroup(awssim.GroupSpec{Region: here, Name: name, Max: 4, Desired: 2, WarmPool: 1, Settled: true})
		to := 2
		if slices.Contains(touched, name) {
			to = 3
		}
		plan.Changes = append(plan.Changes, recorded(name, 2, to))
	}
	wants, err := live.Wants(plan, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("AWS_CA_BUNDLE", "")
	c := aws.New(t.Context(), aws.Options{Now: w.Now, Load: append(settings("http://127.0.0.1"), config.WithHTTPClient(direct{w}))})
	in := gate.Input{Now: w.Now(), Plan: plan}
	s := live.ReadTouched(t.Context(), w.Now, c, wants, live.TouchedBy(in))
	in.Snapshot = s
	calls := map[string]int{}
	for _, call := range w.Calls() {
		calls[call.Action]++
	}
	for _, action := range []string{"DescribeScalingActivities", "DescribeInstanceRefreshes", "DescribeWarmPool"} {
		if calls[action] != len(touched) {
			t.Errorf("%s: got %d calls, want one for each of %v", action, calls[action], touched)
		}
	}
	var asked []string
	for _, g := range s.Groups {
		if g.Asked {
			asked = append(asked, g.Name)
		}
		if g.Asked != (len(g.Operations) > 0) || g.Asked != (g.WarmPool == 1) {
			t.Errorf("%s: got asked %v, %d operations, %d in the warm pool", g.Name, g.Asked, len(g.Operations), g.WarmPool)
		}
	}
	if len(s.Groups) != 50 || !slices.Equal(asked, touched) {
		t.Errorf("got %d groups, asked %v, want 50 and %v", len(s.Groups), asked, touched)
	}
	// Who waits in a pool that was not asked for is not taken to serve, nor to move.
	serving := 0
	for _, m := range s.Members {
		if m.Phase.Transitional() && !m.Benign() {
			t.Errorf("%s of %s: got %v, %v, want nobody to move", m.ID, m.Group, m.Phase, m.Observed)
		}
		if m.Serving == gate.ServingYes {
			serving++
		}
	}
	if len(s.Members) != 150 || serving != 100 {
		t.Errorf("got %d members, %d serving, want 150 and 100", len(s.Members), serving)
	}
	if v := gate.Evaluate(in, []*gate.Check{{Name: "any", Needs: gate.Live(), Run: func(*gate.Pass) error { return nil }}}); v.Decision != gate.Allow {
		t.Errorf("got %v of what was read, want allow: %+v", v.Decision, v.Findings)
	}
}

// What a group tells can show a member that puts another group among the
// touched ones: that one is asked too, and nobody twice.
func TestWhatIsShownLateIsAskedToo(t *testing.T) {
	w := awssim.New(noon)
	for _, name := range []string{"first", "second", "third"} {
		w.CreateGroup(awssim.GroupSpec{Region: here, Name: name, Max: 4, Desired: 2, Settled: true, Age: time.Hour})
	}
	t.Setenv("AWS_CA_BUNDLE", "")
	c := aws.New(t.Context(), aws.Options{Now: w.Now, Load: append(settings("http://127.0.0.1"), config.WithHTTPClient(direct{w}))})
	s := live.ReadTouched(t.Context(), w.Now, c, map[string]live.Want{here: {Groups: []string{"first", "second", "third"}}}, func(s *gate.Snapshot) map[string][]string {
		touched := []string{"first", "nobody"}
		if s.Groups[0].Name == "first" && len(s.Groups[0].Operations) > 0 {
			touched = append(touched, "second")
		}
		return map[string][]string{here: touched, "nowhere": {"first"}}
	})
	calls := map[string]int{}
	for _, call := range w.Calls() {
		calls[call.Action]++
	}
	if calls["DescribeScalingActivities"] != 2 || calls["DescribeInstanceStatus"] != 1 {
		t.Errorf("got %v, want two groups asked once each, and every member once", calls)
	}
	if g := s.Groups; !g[0].Asked || !g[1].Asked || g[2].Asked {
		t.Errorf("got asked %v, %v, %v; want the first two", g[0].Asked, g[1].Asked, g[2].Asked)
	}
	for _, source := range s.Sources {
		if !source.Complete {
			t.Errorf("%s: %s", source.Name, source.Err)
		}
	}
}
