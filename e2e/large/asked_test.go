package large

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/holdfast-gate/holdfast/checks"
	"github.com/holdfast-gate/holdfast/gate"
	"github.com/holdfast-gate/holdfast/gate/live"
)

// asking is a Collector of a world in which groups say what they do only where
// they are asked.
type asking struct{ *world }

// Collect implements live.Collector.
func (a asking) Collect(_ context.Context, region string, w live.Want) live.Part {
	s := a.read(map[string]live.Want{region: w})
	p := live.Part{Account: s.Account, Members: s.Members}
	for _, src := range s.Sources {
		if src.Region == region {
			p.Sources = append(p.Sources, src)
		}
	}
	said := map[string][]gate.Operation{}
	for _, g := range s.Groups {
		said[g.Name] = g.Operations
		g.Asked, g.Operations = false, nil
		p.Groups = append(p.Groups, g)
	}
	p.Ask = func(_ context.Context, groups []string) live.Part {
		p.Groups = slices.Clone(p.Groups)
		for i, g := range p.Groups {
			if slices.Contains(groups, g.Name) {
				p.Groups[i].Asked, p.Groups[i].Operations = true, said[g.Name]
			}
		}
		return p
	}
	return p
}

// A plan is judged alike whether every group was asked what it does or only
// those of clusters that the plan touches, in every world of chance.
func TestGroupsThatThePlanLeavesAloneNeedNotBeAsked(t *testing.T) {
	spared, asked, barred := 0, 0, 0
	const plans = 400
	for seed := range uint64(plans) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			d := &drawn{Rand: rand.New(rand.NewPCG(seed, 15)), w: &world{Account: "123456789012", Started: now, Finished: now}}
			d.draw()
			wants, err := live.Wants(&d.p, d.c, gate.Asked(&d.p, checks.Suite()))
			if err != nil {
				t.Fatal(err)
			}
			judge := func(touched live.Touched) gate.Verdict {
				in := gate.Input{Now: now, Config: d.c, Plan: &d.p}
				in.Snapshot = live.ReadTouched(t.Context(), func() time.Time { return now }, asking{d.w}, wants, touched)
				return gate.Evaluate(in, checks.Suite())
			}
			all := judge(live.EveryGroup)
			some := judge(live.TouchedBy(gate.Input{Now: now, Config: d.c, Plan: &d.p}))
			if diff := cmp.Diff(all.Findings, some.Findings); diff != "" || all.Decision != some.Decision {
				t.Errorf("every group was asked: %s, and only some: %s (-every +some):\n%s", all.Decision, some.Decision, diff)
			}
			if diff := cmp.Diff(all.Runs, some.Runs); diff != "" {
				t.Errorf("runs (-every +some):\n%s", diff)
			}
			for _, view := range some.Clusters {
				for _, g := range view.Groups {
					if g.Asked {
						asked++
					} else if !g.Absent {
						spared++
					}
				}
			}
			if slices.ContainsFunc(some.Findings, func(f gate.Finding) bool { return f.Code == "settled.operation" || f.Code == "settled.recent" }) {
				barred++
			}
		})
	}
	t.Logf("%d groups were asked and %d were not; what groups do barred %d of %d plans", asked, spared, barred, plans)
	if asked < plans/10 || spared < plans/10 || barred < plans/20 {
		t.Errorf("got %d asked, %d not, %d plans barred by what groups do: these plans do not try it", asked, spared, barred)
	}
}
