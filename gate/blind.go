package gate

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// unread makes a finding of the sources that a check needs and that were not
// read to their end, or not about a group that the plan touches: one for every
// region and reason, and not one per check.
func unread(in Input, clusters []*View, suite []*Check) []Finding {
	var out []Finding
	names := needed(in.Plan, clusters, suite)
	for _, region := range slices.Sorted(maps.Keys(names)) {
		type reason struct {
			problem Problem
			why     string
		}
		sources := map[reason][]Source{}
		for _, name := range names[region] {
			s, ok := source(in.Snapshot, name, region)
			group := unasked(clusters, name, region)
			if ok && s.Complete && group == "" {
				continue
			}
			switch {
			case !ok:
				// A source without a row was never read.
				s = Source{Name: name, Problem: ProblemMissing, Err: "nobody read it"}
			case s.Complete:
				// A group that nobody asked may be doing anything.
				s.Problem, s.Err = ProblemMissing, "the plan touches group "+group+", and nobody asked what it does"
			}
			r := reason{s.Problem, cmp.Or(s.Err, "no reason was given")}
			sources[r] = append(sources[r], s)
		}
		for r, list := range sources {
			out = append(out, unreadFinding(r.problem, r.why, region, list))
		}
	}
	return out
}

// unreadFinding says what was not read, why, and what to do.
func unreadFinding(problem Problem, why, region string, sources []Source) Finding {
	remedies := map[Problem]string{
		ProblemMissing:     "take a snapshot that reads it",
		ProblemDenied:      "allow the action to the credentials holdfast runs with (the README has the policy)",
		ProblemCredentials: "give holdfast credentials that can read the account",
		ProblemThrottled:   "run it again when fewer calls are made",
		ProblemPartial:     "run it again",
		ProblemTimeout:     "run it again, or give it longer with --timeout",
	}
	remedy, known := remedies[problem]
	if !known {
		// A problem this version does not name is a failure like any other.
		problem, remedy = ProblemFailed, "run it again"
	}
	f := Finding{Check: "source", Code: "source." + string(problem), Decision: Block, Remedy: remedy}
	for _, s := range sources {
		f.Subjects = append(f.Subjects, s.Name+" in "+region)
		f.Evidence = append(f.Evidence, Evidence{Source: s.Name, Ref: region, Got: string(problem), ReadAt: s.ReadAt})
	}
	f.Message = fmt.Sprintf("%s could not be read in full: %s", sources[0].Name+others(len(sources)-1)+" in "+region, why)
	return f
}

func others(n int) string {
	if n == 0 {
		return ""
	}
	return " and " + Count(n, "other source")
}

// regionsOf are the regions that must have been read: the plan's and those of
// the clusters it knows.
func regionsOf(p *Plan, clusters []*View) []string {
	out := slices.Clone(p.Regions)
	for _, v := range clusters {
		if len(v.Recorded) > 0 || len(v.Drift) > 0 {
			out = append(out, v.Regions...)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// needed are the sources that the checks of a suite need, by region, sorted:
// what they always need in every region, and what they ask for because of the
// plan.
func needed(p *Plan, clusters []*View, suite []*Check) map[string][]string {
	out := map[string][]string{}
	for _, region := range regionsOf(p, clusters) {
		for _, c := range suite {
			out[region] = append(out[region], c.Needs...)
		}
	}
	for _, a := range Asked(p, suite) {
		if a.Optional {
			continue
		}
		out[a.Region] = append(out[a.Region], a.Source)
	}
	for region := range out {
		slices.Sort(out[region])
		out[region] = slices.Compact(out[region])
	}
	return out
}

// source returns a source's row. An account has one identity, whatever region
// it was asked in.
func source(s *Snapshot, name, region string) (Source, bool) {
	i := slices.IndexFunc(s.Sources, func(s Source) bool {
		return s.Name == name && (s.Region == region || (name == SourceIdentity && s.Region == ""))
	})
	if i < 0 {
		return Source{}, false
	}
	return s.Sources[i], true
}

// Stale reports whether a source was read too long before now, or at a time
// that is not known or lies ahead.
func (s Source) Stale(now time.Time, age time.Duration) bool {
	return s.ReadAt.IsZero() || now.Sub(s.ReadAt) > age || s.ReadAt.Sub(now) > age
}

// A lack is a source that a check needs in a region and has not.
type lack struct{ what, name, region string }

const stale = "stale"

// lacks are what keeps a check from seeing a cluster, or the plan.
func lacks(c *Check, in Input, view *View, clusters []*View) []lack {
	regions := regionsOf(in.Plan, clusters)
	if view != nil {
		regions, clusters = view.Regions, []*View{view}
		if len(regions) == 0 {
			regions = in.Plan.Regions
		}
	}
	var out []lack
	look := func(name, region string) {
		s, ok := source(in.Snapshot, name, region)
		switch {
		case !ok:
			out = append(out, lack{"not read", name, region})
		case !s.Complete:
			out = append(out, lack{"incomplete", name, region})
		case s.Stale(in.Now, in.Config.SnapshotAge):
			out = append(out, lack{stale, name, region})
		// A group that nobody asked may be doing anything.
		case unasked(clusters, name, region) != "":
			out = append(out, lack{"not read of every group", name, region})
		}
	}
	for _, region := range regions {
		for _, name := range c.Needs {
			look(name, region)
		}
	}
	for _, a := range c.asks(in.Plan) {
		if !a.Optional && (view == nil || slices.Contains(regions, a.Region)) {
			look(a.Source, a.Region)
		}
	}
	return out
}

// blindness says what a check lacks, region by region.
func blindness(missing []lack) string {
	type kind struct{ region, what string }
	names := map[kind][]string{}
	for _, l := range missing {
		k := kind{l.region, l.what}
		names[k] = append(names[k], l.name)
	}
	var why []string
	for _, k := range slices.SortedFunc(maps.Keys(names), func(a, b kind) int { return cmp.Or(cmp.Compare(a.region, b.region), cmp.Compare(a.what, b.what)) }) {
		why = append(why, k.what+" in "+k.region+": "+names[k][0]+others(len(names[k])-1))
	}
	return strings.Join(why, "; ")
}
