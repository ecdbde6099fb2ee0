// Package live reads what is really running and assembles it into a
// gate.Snapshot, all regions at once. It judges nothing and knows no cloud
// API: a Collector does the reading, and what it could not read is in the
// snapshot too.
package live

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/holdfast-gate/holdfast/gate"
)

// A Collector reads one region.
type Collector interface {
	// Collect reads what is wanted in a region, by the context's deadline. It
	// never fails as a whole: a source that failed, or failed in part, says so
	// in its row of Part.Sources, and what was read of it is kept. Whatever takes
	// a call for each group is left to Part.Ask.
	Collect(ctx context.Context, region string, w Want) Part
}

// A Part is what one Collect read. Read sorts it and joins its members.
type Part struct {
	Account    string // of the credentials; empty when it could not be read
	Caller     string // ARN of the credentials, as STS names it; empty when it could not be read
	Members    []gate.Member
	Groups     []gate.Group
	DataStores []gate.DataStore // those that were asked for and are there
	Sources    []gate.Source    // one row for every source that is always read, and for every one that was asked for

	// Ask reads how the members are, and of these groups what they do and did,
	// and returns all that was read by then, with those groups marked as asked. It
	// can be called again about others, after it has returned. Nil: there is
	// nothing more to read.
	Ask func(ctx context.Context, groups []string) Part
}

// Read reads every wanted region at once and returns one snapshot, sorted,
// joined and with its digest. It returns when the last Collect has; a deadline
// is the context's. Nothing wanted gives a snapshot without sources, which
// blinds every check that needs one.
func Read(ctx context.Context, now func() time.Time, c Collector, wants map[string]Want) *gate.Snapshot {
	return ReadTouched(ctx, now, c, wants, EveryGroup)
}

// A Touched names groups of a snapshot, by region: those that are asked what
// they do, of all who are there.
type Touched func(*gate.Snapshot) map[string][]string

// TouchedBy is a Touched that names the groups of the clusters that the plan of
// an input touches, under its config.
func TouchedBy(in gate.Input) Touched {
	return func(s *gate.Snapshot) map[string][]string {
		in.Snapshot = s
		return gate.TouchedGroups(in)
	}
}

// EveryGroup is a Touched that leaves out no group.
func EveryGroup(s *gate.Snapshot) map[string][]string {
	out := map[string][]string{}
	for _, g := range s.Groups {
		out[g.Region] = append(out[g.Region], g.Name)
	}
	return out
}

// ReadTouched is Read, and asks only those groups what they do that touched
// names. As their answers can show more, it is called again until it names
// nobody new.
func ReadTouched(ctx context.Context, now func() time.Time, c Collector, wants map[string]Want, touched Touched) *gate.Snapshot {
	started := now()
	regions := slices.Sorted(maps.Keys(wants))
	parts := make([]Part, len(regions))
	everywhere := func(read func(i int, region string) Part) {
		var running sync.WaitGroup
		for i, region := range regions {
			running.Go(func() { parts[i] = guarded(func() Part { return read(i, region) }) })
		}
		running.Wait()
	}
	everywhere(func(_ int, region string) Part { return c.Collect(ctx, region, wants[region]) })
	asked := map[string]set{}
	for first := true; ; first = false {
		s := assembled(parts)
		groups := unasked(touched(s), asked)
		if !first && len(groups) == 0 {
			s.Started, s.Finished = started.UTC(), now().UTC()
			s.Digest = Digest(s)
			return s
		}
		everywhere(func(i int, region string) Part {
			if parts[i].Ask == nil || !first && len(groups[region]) == 0 {
				return parts[i]
			}
			p := parts[i].Ask(ctx, groups[region])
			p.Ask = parts[i].Ask
			return p
		})
	}
}

// unasked is those of groups, by region, that are not among the asked, which
// they are from then on.
func unasked(groups map[string][]string, asked map[string]set) map[string][]string {
	out := map[string][]string{}
	for region, names := range groups {
		if asked[region] == nil {
			asked[region] = set{}
		}
		for _, name := range names {
			if !asked[region][name] {
				asked[region].add(name)
				out[region] = append(out[region], name)
			}
		}
	}
	return out
}

// assembled is what was read in all regions, sorted and joined.
func assembled(parts []Part) *gate.Snapshot {
	s := &gate.Snapshot{Members: []gate.Member{}, Groups: []gate.Group{}, Sources: []gate.Source{}}
	for _, p := range parts {
		s.Members = append(s.Members, p.Members...)
		s.Groups = append(s.Groups, p.Groups...)
		s.DataStores = append(s.DataStores, p.DataStores...)
		s.Sources = append(s.Sources, p.Sources...)
	}
	s.Account = agreed(parts, s.Sources, "in different accounts", func(p Part) string { return p.Account })
	s.Caller = agreed(parts, s.Sources, "with different credentials", func(p Part) string { return p.Caller })
	finish(s)
	return s
}

// guarded is a read. One that panics has read nothing: its region has no
// sources then, and every check that needs one is blind.
func guarded(read func() Part) (p Part) {
	defer func() {
		if recover() != nil {
			p = Part{}
		}
	}()
	return read()
}

// agreed is what all regions say of whose credentials they were read with.
// Regions that disagree are no picture of one world: none is right then, and
// the identity is not known in any region.
func agreed(parts []Part, sources []gate.Source, how string, of func(Part) string) string {
	var seen []string
	for _, p := range parts {
		if said := of(p); said != "" && !slices.Contains(seen, said) {
			seen = append(seen, said)
		}
	}
	if len(seen) == 0 {
		return ""
	}
	if len(seen) == 1 {
		return seen[0]
	}
	for i, s := range sources {
		if s.Name == gate.SourceIdentity && s.Complete {
			sources[i].Complete, sources[i].Problem = false, gate.ProblemFailed
			sources[i].Err = fmt.Sprintf("the regions were read %s (%s)", how, strings.Join(seen, ", "))
		}
	}
	return ""
}

// finish joins and orders a snapshot, so that equal worlds give equal bytes.
func finish(s *gate.Snapshot) {
	for i := range s.Members {
		s.Members[i].Join()
	}
	slices.SortFunc(s.Members, func(a, b gate.Member) int {
		return cmp.Or(cmp.Compare(a.Region, b.Region), cmp.Compare(a.ID, b.ID))
	})
	slices.SortFunc(s.Groups, func(a, b gate.Group) int {
		return cmp.Or(cmp.Compare(a.Region, b.Region), cmp.Compare(a.Name, b.Name))
	})
	for i := range s.DataStores {
		s.DataStores[i].Join()
	}
	slices.SortFunc(s.DataStores, func(a, b gate.DataStore) int {
		return cmp.Or(cmp.Compare(a.Region, b.Region), cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.ID, b.ID))
	})
	slices.SortFunc(s.Sources, func(a, b gate.Source) int {
		return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.Region, b.Region))
	})
}
