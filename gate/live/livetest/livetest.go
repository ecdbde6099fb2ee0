// Package livetest is the one suite that every Collector passes, against every
// cloud it can be pointed at. It knows no cloud itself: a Cloud makes what the
// suite then looks for.
package livetest

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/holdfast-gate/holdfast/gate"
	"github.com/holdfast-gate/holdfast/gate/live"
)

// PageSize is the most items a Collector under test may ask for at once, so
// that the suite's clusters are larger than a page.
const PageSize = 5

// A Cloud is an empty account with a Collector pointed at it.
type Cloud interface {
	// Collector reads the account, PageSize items at a time.
	Collector() live.Collector
	// Now is the cloud's clock.
	Now() time.Time
	// Launch makes n instances that have long been running, and returns their ids.
	Launch(region string, n int, tags map[string]string) []string
	// Group makes a group of n members in service, attached to the target
	// group if one is given.
	Group(region, name string, n int, tags map[string]string, targetGroup string)
	// TargetGroup makes a target group that serves, and returns its ARN.
	TargetGroup(region, name string) string
	// Terminate ends instances behind everybody's back.
	Terminate(region string, ids ...string)
}

// Shows says what a cloud can show. What it cannot is declared here, so that a
// Collector that stops seeing something cannot pass for a cloud that lacks it.
type Shows struct {
	Account     string // the account's id
	Transitions bool   // instances take time to come and go
	Activities  bool   // groups have a history
	Refreshes   bool   // instance refreshes can be asked for; without, their source must fail
	Health      bool   // targets of a group are registered and their health is told
}

// Home and Away are the regions that the suite uses.
const (
	Home = "us-east-1"
	Away = "eu-west-1"
)

// Run runs the suite; open gives each test a Cloud of its own.
func Run(t *testing.T, shows Shows, open func(t *testing.T) Cloud) {
	tests := map[string]func(*suite){
		"TagsBeyondOnePage":    (*suite).tagsBeyondOnePage,
		"AnyValueOfATag":       (*suite).anyValueOfATag,
		"GroupsBeyondOnePage":  (*suite).groupsBeyondOnePage,
		"GroupAndItsMembers":   (*suite).groupAndItsMembers,
		"GroupOfAMember":       (*suite).groupOfAMember,
		"TargetHealth":         (*suite).targetHealth,
		"RecordedInstances":    (*suite).recordedInstances,
		"MoreThanOneBatch":     (*suite).moreThanOneBatch,
		"RegionsAreKeptApart":  (*suite).regionsAreKeptApart,
		"TerminatedBehindBack": (*suite).terminatedBehindBack,
		"NothingThere":         (*suite).nothingThere,
		"OnlyTouchedGroups":    (*suite).onlyTouchedGroups,
	}
	for _, name := range slices.Sorted(maps.Keys(tests)) {
		t.Run(name, func(t *testing.T) { tests[name](&suite{T: t, Shows: shows, Cloud: open(t)}) })
	}
}

type suite struct {
	*testing.T
	Shows
	Cloud
}

// read reads one region and checks what holds for every read.
func (s *suite) read(region string, w live.Want) *gate.Snapshot {
	s.Helper()
	snapshot := s.readAll(map[string]live.Want{region: w})
	return snapshot
}

func (s *suite) readAll(wants map[string]live.Want) *gate.Snapshot {
	s.Helper()
	return s.readTouched(wants, live.EveryGroup)
}

func (s *suite) readTouched(wants map[string]live.Want, touched live.Touched) *gate.Snapshot {
	s.Helper()
	ctx, cancel := context.WithTimeout(s.Context(), time.Minute)
	defer cancel()
	snapshot := live.ReadTouched(ctx, s.Now, s.Collector(), wants, touched)
	if snapshot.Account != s.Account {
		s.Errorf("account: got %q, want %q", snapshot.Account, s.Account)
	}
	if !strings.HasPrefix(snapshot.Caller, "arn:aws:") || !strings.Contains(snapshot.Caller, ":"+s.Account+":") {
		s.Errorf("caller: got %q, want an ARN of the account %s", snapshot.Caller, s.Account)
	}
	names := []string{gate.SourceIdentity, gate.SourceInstances, gate.SourceStatus, gate.SourceGroups,
		gate.SourceActivities, gate.SourceRefreshes, gate.SourceWarmPools, gate.SourceTargets}
	if got, want := len(snapshot.Sources), len(names)*len(wants); got != want {
		s.Errorf("sources: got %d rows, want %d: %v", got, want, snapshot.Sources)
	}
	for _, src := range snapshot.Sources {
		if src.Name == gate.SourceRefreshes && !s.Refreshes && len(snapshot.Groups) > 0 && !wants[src.Region].Brief {
			if src.Complete || src.Problem == gate.ProblemNone || src.Err == "" {
				s.Errorf("%s: got complete %v, problem %q, %q, want a problem: this cloud has no such call", src.Name, src.Complete, src.Problem, src.Err)
			}
			continue
		}
		if !src.Complete || src.Problem != gate.ProblemNone || src.Err != "" {
			s.Errorf("%s in %s: got complete %v, problem %q, %q, want it complete", src.Name, src.Region, src.Complete, src.Problem, src.Err)
		}
		if !src.ReadAt.Equal(s.Now()) && src.ReadAt.Before(snapshot.Started) {
			s.Errorf("%s in %s: read at %v, before the start %v", src.Name, src.Region, src.ReadAt, snapshot.Started)
		}
	}
	for _, m := range snapshot.Members {
		if len(m.Observed) == 0 {
			s.Errorf("%s: nothing was observed of it", m.ID)
		}
	}
	return snapshot
}

// members compares who is there, and that all of them serve.
func (s *suite) members(snapshot *gate.Snapshot, want []string) {
	s.Helper()
	var got []string
	for _, m := range snapshot.Members {
		got = append(got, m.ID)
		if m.Phase != gate.Steady || m.Serving != gate.ServingYes {
			s.Errorf("%s: got %v, serving %v, want it steady and serving; observed:\n%s", m.ID, m.Phase, m.Serving, describe(m))
		}
	}
	want = slices.Sorted(slices.Values(want))
	if !slices.Equal(got, want) {
		s.Errorf("members: got %v, want %v", got, want)
	}
}

func describe(m gate.Member) string {
	var b strings.Builder
	for _, o := range m.Observed {
		fmt.Fprintf(&b, "  %s %s %q: %v, serving %v, %s\n", o.Source, o.Field, o.Raw, o.Phase, o.Serving, o.Detail)
	}
	return b.String()
}

// calls returns how many requests a source needed.
func calls(snapshot *gate.Snapshot, name string) int {
	n := 0
	for _, src := range snapshot.Sources {
		if src.Name == name {
			n += src.Calls
		}
	}
	return n
}

func tag(value string) map[string]string { return map[string]string{live.ClusterTag: value} }

func wantTag(values ...string) live.Want {
	return live.Want{Tags: []live.Tag{{Key: live.ClusterTag, Values: values}}}
}
