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

// A waiting waits for clusters to settle, once or more often, up to a deadline.
type waiting struct {
	*Gate
	deadline time.Time
	seen     string    // what the clusters looked like
	since    time.Time // since when they have been seen like that; zero before the first look
}

// look remembers what the clusters of a verdict look like, and since when.
func (w *waiting) look(v gate.Verdict) {
	if picture := picture(v); w.since.IsZero() || picture != w.seen {
		w.seen, w.since = picture, v.At
	}
}

// settle looks at the clusters again and again: until nothing blocks that
// waiting can help and two looks a settle time apart agree, or until the
// deadline. It returns the last decision, and whether the plan is to be made
// again: one that was made while members moved is as old as they were.
func (w *waiting) settle(ctx context.Context, d decision) (last decision, again bool, err error) {
	began := w.Now()
	for w.look(d.Verdict); ; w.look(d.Verdict) {
		calm := d.Decision.Permits() && d.At.Sub(w.since) >= settleTime(d.Verdict)
		if calm || !d.Decision.Permits() && !settles(d.Verdict) {
			return d, again && w.done(began), nil
		}
		left := w.deadline.Sub(w.Now())
		if left <= 0 {
			w.gaveUp(d.Verdict)
			return d, false, nil
		}
		again = again || !d.Decision.Permits()
		fmt.Fprintf(w.Log, "Still waiting… %s [%s elapsed]\n", movement(d.Verdict), w.Now().Sub(began).Round(time.Second))
		if err := w.Sleep(ctx, min(pollEvery, left)); err != nil {
			return d, false, err
		}
		if d, err = w.judge(ctx, d.input.Plan, nil); err != nil {
			return d, false, err
		}
	}
}

// done says that the wait is over.
func (w *waiting) done(began time.Time) bool {
	fmt.Fprintf(w.Log, "Settled after %s.\n", w.Now().Sub(began).Round(time.Second))
	return true
}

// gaveUp says what was not seen by the deadline. A verdict that permits stands
// without the second look, as it would without --wait.
func (w *waiting) gaveUp(v gate.Verdict) {
	if v.Decision.Permits() {
		fmt.Fprintf(w.Log, "holdfast: %s is at rest, seen for %s only: --wait %s is shorter than its settle time.\n", strings.Join(names(touched(v)), ", "), v.At.Sub(w.since).Round(time.Second), w.Wait)
		return
	}
	fmt.Fprintf(w.Log, "holdfast: %s did not settle within %s.\n", strings.Join(unsettled(v), ", "), w.Wait)
}

// settleTime is how long the clusters that the plan touches must be seen at
// rest: the longest of their settle times.
func settleTime(v gate.Verdict) time.Duration {
	var longest time.Duration
	for _, c := range touched(v) {
		longest = max(longest, c.Cluster.Settle)
	}
	return longest
}

// touched are the clusters that the plan changes.
func touched(v gate.Verdict) []*gate.View {
	return slices.DeleteFunc(slices.Clone(v.Clusters), func(c *gate.View) bool { return !c.Touched() })
}

// names are the names of clusters.
func names(clusters []*gate.View) []string {
	out := make([]string, len(clusters))
	for i, c := range clusters {
		out[i] = c.Cluster.Name
	}
	return out
}

// picture is what the clusters that the plan touches look like: who is there
// and in which state, what the groups want and do.
func picture(v gate.Verdict) string {
	var b strings.Builder
	for _, c := range touched(v) {
		for _, m := range c.Members {
			fmt.Fprintln(&b, m.Region, m.ID, m.Phase, m.Serving, m.Group)
		}
		for _, g := range c.Groups {
			fmt.Fprintln(&b, g.Region, g.Name, g.Desired, g.Min, g.Max)
			for _, o := range g.Operations {
				fmt.Fprintln(&b, o.Kind, o.ID, o.Phase)
			}
		}
	}
	return b.String()
}

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

// unsettled names the clusters that are waited for, sorted.
func unsettled(v gate.Verdict) []string {
	var clusters []string
	for _, f := range v.Findings {
		if f.Decision != gate.Warn && strings.HasPrefix(f.Code, "settled.") && f.Cluster != "" && !slices.Contains(clusters, f.Cluster) {
			clusters = append(clusters, f.Cluster)
		}
	}
	slices.Sort(clusters)
	return clusters
}

// movement says who is moving, in the clusters that are waited for, and for how
// long.
func movement(v gate.Verdict) string {
	clusters := unsettled(v)
	if len(clusters) == 0 {
		clusters = names(touched(v))
	}
	var parts []string
	for _, name := range clusters {
		parts = append(parts, name+": "+clusterMovement(v, name))
	}
	return strings.Join(parts, "; ")
}

func clusterMovement(v gate.Verdict, name string) string {
	for _, c := range v.Clusters {
		if c.Cluster.Name == name {
			if moving := movers(c, v.At); len(moving) > 0 {
				return strings.Join(moving, ", ")
			}
		}
	}
	return "quiet, but not for long enough yet"
}

// movers says of each member and group of a cluster that moves what it does and
// for how long.
func movers(c *gate.View, now time.Time) []string {
	var moving []string
	for _, m := range c.Members {
		if m.Phase.Transitional() && !m.Benign() && !m.Awaits() {
			moving = append(moving, memberMovement(m.Member, now))
		}
	}
	for _, group := range c.Groups {
		// Of a group that nobody asked it is not known that it does nothing.
		if !group.Asked && !group.Absent {
			moving = append(moving, group.Name+" was not asked what it does")
		}
		for _, o := range group.Operations {
			if o.Phase.Transitional() {
				moving = append(moving, fmt.Sprintf("%s %s %s%s", group.Name, o.Kind, o.Raw, lasting(o.Start, now)))
			}
		}
	}
	return moving
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
