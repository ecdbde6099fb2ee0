package pipeline

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/holdfast-gate/holdfast/gate"
)

// pollEvery is how often a cluster that is not settled is looked at again.
const pollEvery = 10 * time.Second

// settles reports whether waiting can help: something moves, and everything
// that blocks can pass once nothing does. A change made by hand, or a plan that
// cannot be judged, is the same in ten minutes.
func settles(v gate.Verdict) bool {
	moving := false
	for _, f := range v.Findings {
		if f.Decision == gate.Warn {
			continue
		}
		if !passes(f.Code) {
			return false
		}
		moving = moving || strings.HasPrefix(f.Code, "settled.")
	}
	return moving && !v.Decision.Permits()
}

// passes reports whether what a finding says can end by itself.
func passes(code string) bool {
	check, _, _ := strings.Cut(code, ".")
	switch check {
	case "settled", "survivorfloor", "quorum", "budget", "zonefloor":
		return true
	}
	// What refresh found of a member that is on its way out.
	return code == "drifted.state" || code == "drifted.absent"
}

// settle looks at the clusters again and again until nothing blocks that
// waiting can help, or until the deadline. It returns the last verdict.
func (g *Gate) settle(ctx context.Context, plan *gate.Plan, v gate.Verdict, deadline time.Time) (bool, gate.Verdict, error) {
	began := g.Now()
	for {
		left := deadline.Sub(g.Now())
		if left <= 0 {
			fmt.Fprintf(g.Log, "holdfast: %s did not settle within %s.\n", strings.Join(unsettled(v), ", "), g.Wait)
			return false, v, nil
		}
		fmt.Fprintf(g.Log, "Still waiting… %s [%s elapsed]\n", movement(v), g.Now().Sub(began).Round(time.Second))
		if err := g.Sleep(ctx, min(pollEvery, left)); err != nil {
			return false, v, err
		}
		var err error
		if v, err = g.judge(ctx, plan); err != nil {
			return false, v, err
		}
		if !settles(v) {
			fmt.Fprintf(g.Log, "Settled after %s.\n", g.Now().Sub(began).Round(time.Second))
			return true, v, nil
		}
	}
}

// unsettled names the clusters that are waited for, sorted.
func unsettled(v gate.Verdict) []string {
	var names []string
	for _, f := range v.Findings {
		if strings.HasPrefix(f.Code, "settled.") && f.Cluster != "" && !slices.Contains(names, f.Cluster) {
			names = append(names, f.Cluster)
		}
	}
	slices.Sort(names)
	return names
}

// movement says who is moving in them and for how long.
func movement(v gate.Verdict) string {
	var parts []string
	for _, name := range unsettled(v) {
		parts = append(parts, name+": "+clusterMovement(v, name))
	}
	return strings.Join(parts, "; ")
}

func clusterMovement(v gate.Verdict, name string) string {
	var moving []string
	for _, c := range v.Clusters {
		if c.Cluster.Name != name {
			continue
		}
		for _, m := range c.Members {
			if m.Phase.Transitional() && !m.Benign() {
				moving = append(moving, memberMovement(m.Member, v.At))
			}
		}
		for _, group := range c.Groups {
			for _, o := range group.Operations {
				if o.Phase.Transitional() {
					moving = append(moving, fmt.Sprintf("%s %s %s%s", group.Name, o.Kind, o.Raw, lasting(o.Start, v.At)))
				}
			}
		}
	}
	if len(moving) == 0 {
		return "quiet, but not for long enough yet"
	}
	return strings.Join(moving, ", ")
}

// memberMovement is one member in its source's own words.
func memberMovement(m gate.Member, now time.Time) string {
	state := m.Phase.String()
	for _, o := range m.Observed {
		if o.Opinion && o.Phase == m.Phase {
			state = o.Raw
			break
		}
	}
	return m.ID + " " + state + lasting(m.Since, now)
}

// lasting is how long ago an instant was, nothing where it is not known.
func lasting(since, now time.Time) string {
	if since.IsZero() || since.After(now) {
		return ""
	}
	return " for " + now.Sub(since).Round(time.Second).String()
}
