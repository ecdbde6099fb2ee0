package ledger

import (
	"cmp"
	"slices"

	"github.com/holdfast-gate/holdfast/gate"
)

// effects is what a verdict says a plan may do to one cluster: the members it
// ends or stops, and the groups it resizes. The cluster is named as
// gate.Verdict.Touched names it; several clusters of a verdict may share a name
// and then a chain.
func effects(v *gate.Verdict, cluster string) ([]string, []gate.Resize) {
	if v == nil {
		return nil, nil
	}
	var ends []string
	var sizes []gate.Resize
	for _, view := range v.Clusters {
		if !slices.Contains(gate.Verdict{Clusters: []*gate.View{view}}.Touched(), cluster) {
			continue
		}
		for _, e := range view.Effects {
			ends = append(append(ends, e.Ends...), e.Stops...)
		}
		for _, c := range view.Recorded {
			if r, ok := resized(view, c); ok {
				sizes = append(sizes, r)
			}
		}
	}
	slices.Sort(ends)
	slices.SortFunc(sizes, func(a, b gate.Resize) int {
		return cmp.Or(cmp.Compare(a.Region, b.Region), cmp.Compare(a.Group, b.Group))
	})
	return slices.Compact(ends), slices.Compact(sizes)
}

// resized is how an update moves the wanted size of a group. A lower max_size
// or a higher min_size moves it too. What is known only after apply is left
// out: no number could be given for it.
func resized(v *gate.View, c gate.Change) (gate.Resize, bool) {
	if c.Type != "aws_autoscaling_group" || c.Action != gate.Update {
		return gate.Resize{}, false
	}
	i := slices.IndexFunc(v.Groups, func(g gate.Group) bool {
		return g.Name == c.ID && !g.Absent && (c.Region == "" || g.Region == c.Region)
	})
	if i < 0 {
		return gate.Resize{}, false
	}
	g := v.Groups[i]
	size := func(name string, live int) (int, bool) {
		if !slices.Contains(c.Changed, name) {
			return live, true // the provider sends what changes, and nothing else
		}
		return c.After.Int(name)
	}
	least, ok1 := size("min_size", g.Min)
	most, ok2 := size("max_size", g.Max)
	wanted, ok3 := size("desired_capacity", g.Desired)
	to := min(max(wanted, least), most)
	if !ok1 || !ok2 || !ok3 || to == g.Desired {
		return gate.Resize{}, false
	}
	return gate.Resize{Region: g.Region, Group: g.Name, From: g.Desired, To: to}, true
}
