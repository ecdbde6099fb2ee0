// Package large holds that a plan too large for all of it to be judged is judged
// as if it were not, and so is one of which not every group was asked what it
// does. It measures nothing: what that saves is held in gate/tfplan and gate/live/aws.
package large

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"iter"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/holdfast-gate/holdfast/checks"
	"github.com/holdfast-gate/holdfast/gate"
	"github.com/holdfast-gate/holdfast/gate/live"
	"github.com/holdfast-gate/holdfast/gate/pipeline"
	"github.com/holdfast-gate/holdfast/gate/tfplan"
)

var now = time.Date(2018, 1, 2, 20, 37, 0, 0, time.UTC)

// aside is what the decoder of a large plan would hold apart.
type aside []gate.Change

func (a aside) Len() int { return len(a) }

func (a aside) All(types ...string) iter.Seq[gate.Change] {
	return func(yield func(gate.Change) bool) {
		for _, c := range a {
			if (len(types) == 0 || slices.Contains(types, c.Type)) && !yield(c) {
				return
			}
		}
	}
}

// split is a plan as if it were large.
func split(p gate.Plan) *gate.Plan {
	var kept []gate.Change
	var apart aside
	for _, c := range p.Changes {
		switch c.Type {
		case "aws_instance", "aws_volume_attachment", "aws_ebs_volume", "aws_lb_target_group_attachment", "aws_autoscaling_group", "aws_launch_template", "aws_lb_target_group":
			if c.Action == gate.NoOp {
				apart = append(apart, c)
				continue
			}
		}
		kept = append(kept, c)
	}
	p.Changes, p.Aside = kept, apart
	return &p
}

// world is all that runs.
type world gate.Snapshot

// read is what the collectors would find of it: what is wanted, the groups of
// the members found and their members, and who is behind the target groups.
func (w *world) read(wants map[string]live.Want) *gate.Snapshot {
	out := *(*gate.Snapshot)(w)
	out.Members, out.Groups = nil, nil
	groups, members := map[string]bool{}, map[string]bool{}
	carries := func(region string, tags map[string]string) bool {
		return slices.ContainsFunc(wants[region].Tags, func(t live.Tag) bool {
			v, ok := tags[t.Key]
			return ok && (t.Any() || slices.Contains(t.Values, v))
		})
	}
	for before := -1; before != len(groups)+len(members); {
		before = len(groups) + len(members)
		for _, g := range w.Groups {
			if slices.Contains(wants[g.Region].Groups, g.Name) || carries(g.Region, g.Tags) || slices.ContainsFunc(w.Members, func(m gate.Member) bool { return members[m.ID] && m.Group == g.Name }) {
				groups[g.Name] = true
			}
		}
		for _, m := range w.Members {
			targeted := slices.ContainsFunc(wants[m.Region].TargetGroups, func(arn string) bool { return slices.Contains(m.Targets, arn) })
			if targeted || groups[m.Group] || slices.Contains(wants[m.Region].Instances, m.ID) || carries(m.Region, m.Tags) {
				members[m.ID] = true
			}
		}
	}
	for _, g := range w.Groups {
		if groups[g.Name] {
			out.Groups = append(out.Groups, g)
		}
	}
	for _, m := range w.Members {
		if members[m.ID] {
			out.Members = append(out.Members, m)
		}
	}
	return &out
}

// judged is the verdict on a plan, and how much of the world was read for it.
func judged(t *testing.T, p *gate.Plan, w *world, c *gate.Config) (v gate.Verdict, reads, members int) {
	t.Helper()
	g := &pipeline.Gate{Config: c, Now: func() time.Time { return now }, Log: io.Discard,
		Decode:   func(io.Reader) (*gate.Plan, error) { return p, nil },
		Evaluate: func(in gate.Input) gate.Verdict { return gate.Evaluate(in, checks.Suite()) },
		Live: func(_ context.Context, p *gate.Plan) (*gate.Snapshot, error) {
			wants, err := live.Wants(p, c, gate.Asked(p, checks.Suite()))
			if err != nil {
				return nil, err
			}
			s := w.read(wants)
			reads, members = reads+1, len(s.Members)
			return s, nil
		}}
	v, err := g.Check(t.Context(), "-", strings.NewReader("{}"))
	if err != nil {
		t.Fatal(err)
	}
	return v, reads, members
}

// about is the part of a verdict that a large plan gets: without the clusters
// that nobody declared and that the plan neither touches nor found drifted.
func about(t *testing.T, v gate.Verdict) string {
	t.Helper()
	left := map[string]bool{}
	v.Clusters = slices.DeleteFunc(append([]*gate.View{}, v.Clusters...), func(c *gate.View) bool {
		left[c.Cluster.Name] = c.Cluster.Implicit && len(c.Effects) == 0 && len(c.Drift) == 0
		return left[c.Cluster.Name]
	})
	v.Findings = slices.DeleteFunc(append([]gate.Finding{}, v.Findings...), func(f gate.Finding) bool { return f.Cluster != "" && left[f.Cluster] })
	v.Runs = slices.DeleteFunc(slices.Clone(v.Runs), func(r gate.Run) bool { return r.Cluster != "" && left[r.Cluster] })
	// Who did something is shown where there is something to explain.
	v.Trail = nil
	v.Decision, v.Plan.Unjudged, v.Snapshot = gate.Undecided, 0, ""
	for _, r := range v.Runs {
		v.Decision = max(v.Decision, r.Decision)
	}
	for _, f := range v.Findings {
		v.Decision = max(v.Decision, f.Decision)
	}
	text, err := json.MarshalIndent(v, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// same holds that a plan is judged alike whole and large.
func same(t *testing.T, p gate.Plan, w *world, c *gate.Config) (unjudged, reads int) {
	t.Helper()
	whole, _, all := judged(t, &p, w, c)
	large, reads, some := judged(t, split(p), w, c)
	if diff := cmp.Diff(about(t, whole), about(t, large)); diff != "" {
		t.Errorf("judged whole (-) and large (+):\n%s", diff)
	}
	if large.Plan.Unjudged == 0 && whole.Decision != large.Decision {
		t.Errorf("got %v, and %v of the whole plan, of which nothing was left out", large.Decision, whole.Decision)
	}
	if some > all {
		t.Errorf("%d members were read, and %d for the whole plan", some, all)
	}
	return large.Plan.Unjudged, reads
}

// Every plan that the official provider made, in the world that it shows.
func TestRecordedPlansAreJudgedAlike(t *testing.T) {
	files, err := filepath.Glob("../../gate/tfplan/testdata/plans/*.json")
	if err != nil || len(files) < 21 {
		t.Fatalf("got %d plans, want all 21 (%v)", len(files), err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			in, err := os.Open(file)
			if err != nil {
				t.Fatal(err)
			}
			defer in.Close()
			p, err := tfplan.Decode(in)
			if err != nil {
				t.Fatal(err)
			}
			w := &world{Account: "123456789012", Started: now, Finished: now}
			for _, c := range p.Changes {
				switch {
				case c.Before == nil:
				case c.Type == "aws_instance":
					w.Members = append(w.Members, runs(c.ID, c.Region, c.Before.Tags()))
				case c.Type == "aws_autoscaling_group":
					n, _ := c.Before.Int("desired_capacity")
					w.Groups = append(w.Groups, gate.Group{Name: c.ID, Region: c.Region, Desired: n, Max: n, MinHealthy: -1, MaxHealthy: -1, Asked: true, Tags: c.Before.Tags()})
				}
			}
			w.sources(p.Regions)
			same(t, *p, w, gate.DefaultConfig())
		})
	}
}

// Plans and worlds that chance made: declared clusters and others, by tags, by
// resources and of groups; members that are not live, that nobody recorded,
// that carry other tags by now; disks, targets, drift and actions. Most are
// judged without all of the plan, and some cannot be.
func TestPlansOfChanceAreJudgedAlike(t *testing.T) {
	left, again := 0, 0
	const plans = 400
	for seed := range uint64(plans) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			d := &drawn{Rand: rand.New(rand.NewPCG(seed, 8)), w: &world{Account: "123456789012", Started: now, Finished: now}}
			d.draw()
			unjudged, reads := same(t, d.p, d.w, d.c)
			if unjudged > 0 {
				left++
			}
			if reads > 1 {
				again++
			}
		})
	}
	t.Logf("of %d plans %d were judged without all that they leave alone, and %d needed all after what was live was known", plans, left, again)
	if left < plans/4 || again < plans/40 {
		t.Errorf("got %d plans of %d judged in part, and %d whole after all: these plans do not try it", left, plans, again)
	}
}

func runs(id, region string, tags map[string]string) gate.Member {
	m := gate.Member{ID: id, Region: region, Zone: region + "a", Tags: tags, Launched: now.Add(-time.Hour),
		Observed: []gate.Observation{{Source: gate.SourceInstances, Field: "ec2.InstanceStateName", Raw: "running", Phase: gate.Steady, Serving: gate.ServingYes, Opinion: true}}}
	m.Join()
	return m
}

func (w *world) sources(regions []string) {
	names := append(gate.Live(), gate.SourceIdentity, gate.SourceVolumes, gate.SourceVolumeStatus, gate.SourceModifications, gate.SourceSnapshots)
	for _, r := range regions {
		for _, name := range names {
			w.Sources = append(w.Sources, gate.Source{Name: name, Region: r, Complete: true, ReadAt: now})
		}
	}
}
