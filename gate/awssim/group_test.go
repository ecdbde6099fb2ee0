package awssim_test

import (
	"testing"
	"time"

	"github.com/holdfast-gate/holdfast/gate/awssim"
)

// TestParakeetGroup is the outage in a group: six in service, the three old
// ones terminated by hand, and the size lowered before the group has noticed.
func TestParakeetGroup(t *testing.T) {
	s := newSim(t)
	s.CreateGroup(awssim.GroupSpec{Name: "search", Max: 6, Desired: 3, Settled: true, Policies: []string{"NewestInstance"}})
	old := s.members("search")
	s.SetDesired("search", 6)
	s.Advance(10 * time.Minute)
	want(t, "serving", s.serving(), 6)
	s.TerminateInstance(old...)

	// t0: EC2 knows, the group does not.
	want(t, "EC2 says", s.state(old[0]), "shutting-down")
	want(t, "the group says InService", s.lifecycles("search")["InService"], 6)
	want(t, "serving, old ones gone", s.serving(), 3)
	s.SetDesired("search", 3)
	s.Advance(5 * time.Second)
	want(t, "serving after 6 -> 3", s.serving(), 0)

	// The group notices the ghosts, and starts over with nothing.
	s.Advance(4 * time.Minute)
	want(t, "serving, minutes later", s.serving(), 0)
	s.Advance(10 * time.Minute)
	want(t, "serving in the end", s.serving(), 3)
}
