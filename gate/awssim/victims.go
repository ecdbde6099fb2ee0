package awssim

import (
	"cmp"
	"slices"
	"time"
)

// victims chooses the members a scale-in by n units ends. Every counted member
// without protection may be chosen, those that EC2 has already ended included:
// the group does not know of it yet.
func (w *World) victims(g *group, n int) []*member {
	candidates := slices.DeleteFunc(g.counted(), func(m *member) bool { return m.protected })
	var chosen []*member
	take := func(m *member) {
		chosen = append(chosen, m)
		n -= max(1, m.weight)
		candidates = slices.DeleteFunc(candidates, func(o *member) bool { return o == m })
	}
	if w.ChooseVictims != nil {
		for _, id := range w.ChooseVictims(g.name, w.show(g, candidates)) {
			if i := slices.IndexFunc(candidates, func(m *member) bool { return m.id == id }); i >= 0 && n > 0 {
				take(candidates[i])
			}
		}
	}
	for n > 0 && len(candidates) > 0 {
		take(w.next(g, candidates, chosen))
	}
	return chosen
}

func (w *World) show(g *group, members []*member) []Instance {
	r := w.region(g.region)
	var list []Instance
	for _, m := range members {
		if in := r.instances[m.id]; in != nil {
			list = append(list, w.copyOf(in))
		}
	}
	return list
}

// next is the member to end next: in the zone that has most, by the group's
// policies (Auto Scaling user guide, "Termination policies").
func (w *World) next(g *group, candidates, chosen []*member) *member {
	n := g.spread()
	for _, m := range chosen {
		n[m.zone]--
	}
	most := 0
	for _, m := range candidates {
		most = max(most, n[m.zone])
	}
	pool := slices.DeleteFunc(slices.Clone(candidates), func(m *member) bool { return n[m.zone] < most })
	for _, policy := range g.policies {
		pool = w.narrow(g, pool, policy)
	}
	// What the policies leave is a random choice at AWS. The smallest id is as
	// good as random, and the same each time.
	return slices.MinFunc(pool, func(a, b *member) int { return cmp.Compare(a.id, b.id) })
}

// narrow keeps the members that a policy would end first.
func (w *World) narrow(g *group, pool []*member, policy string) []*member {
	switch policy {
	case "OldestInstance":
		return lowest(pool, func(m *member) int64 { return w.launchedAt(g, m).Unix() })
	case "NewestInstance":
		return lowest(pool, func(m *member) int64 { return -w.launchedAt(g, m).Unix() })
	case "OldestLaunchTemplate":
		return lowest(pool, func(m *member) int64 { return int64(m.version) })
	case "ClosestToNextInstanceHour":
		return lowest(pool, func(m *member) int64 { return w.toNextHour(g, m) })
	case "Default":
		pool = w.narrow(g, pool, "OldestLaunchTemplate")
		return w.narrow(g, pool, "ClosestToNextInstanceHour")
	}
	return pool
}

// toNextHour is how many seconds a member is from its next billing hour.
func (w *World) toNextHour(g *group, m *member) int64 {
	age := w.clock.now.Sub(w.launchedAt(g, m))
	return int64((time.Hour - age%time.Hour) / time.Second)
}

func (w *World) launchedAt(g *group, m *member) time.Time {
	if in := w.region(g.region).instances[m.id]; in != nil {
		return in.launched
	}
	return time.Time{}
}

func lowest(pool []*member, key func(*member) int64) []*member {
	var kept []*member
	for _, m := range pool {
		if len(kept) > 0 && key(m) > key(kept[0]) {
			continue
		}
		if len(kept) > 0 && key(m) < key(kept[0]) {
			kept = kept[:0]
		}
		kept = append(kept, m)
	}
	return kept
}
