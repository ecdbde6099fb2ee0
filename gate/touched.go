package gate

import "slices"

// TouchedGroups names the groups, by region, of the clusters that the plan of an
// input touches: those that must be asked what they do, before it is judged. A
// change that is about a cluster and does nothing to it counts as well, because
// what it does depends on what is live, and that moves while it is made.
func TouchedGroups(in Input) map[string][]string {
	out := map[string][]string{}
	for _, v := range Clusters(in) {
		if !v.Touched() && !slices.ContainsFunc(v.Recorded, func(c Change) bool { return c.Action != NoOp && c.Action != Read }) {
			continue
		}
		for _, g := range v.Groups {
			if !g.Absent {
				out[g.Region] = append(out[g.Region], g.Name)
			}
		}
	}
	return out
}

// unasked is a group of a cluster that the plan touches, in a region, that was
// not asked what a source tells of it; empty if there is none. A group that no
// source has seen cannot be asked.
func unasked(clusters []*View, source, region string) string {
	if !slices.Contains([]string{SourceActivities, SourceRefreshes, SourceWarmPools}, source) {
		return ""
	}
	for _, v := range clusters {
		for _, g := range v.Groups {
			if v.Touched() && g.Region == region && !g.Asked && !g.Absent {
				return g.Name
			}
		}
	}
	return ""
}
