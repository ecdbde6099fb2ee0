package gate

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"time"
)

// project does the survivor arithmetic for one role of a cluster: the fewest
// members that can be left after the plan and at its worst instant, counting
// dying members as gone, arriving ones as not there, and every choice that
// AWS has as the worst one.
func (v *View) project(r Role, now time.Time) Projection {
	p := Projection{Role: r, Buckets: map[string]Bucket{}}
	ends, stops := v.names(func(e Effect) []string { return e.Ends }), v.names(func(e Effect) []string { return e.Stops })
	var good []MemberView // S \ V
	for i := range v.Members {
		m := &v.Members[i]
		if !r.has(*m) {
			continue
		}
		m.Roles = append(m.Roles, r.Name)
		serving := m.serves(r, now)
		p.Buckets[m.ID] = m.bucket(serving)
		if !serving {
			// Whoever may serve, or is too young to, is lost with those who do, and
			// counts with nobody.
			if m.Serving != ServingNo && m.Phase != Gone && (ends[m.ID] || stops[m.ID] || v.chosen(*m)) {
				p.Doubtful++
			}
			continue
		}
		p.Serving = append(p.Serving, m.ID)
		switch {
		case ends[m.ID]:
			p.Victims = append(p.Victims, m.ID)
			p.Buckets[m.ID] = BucketVictim
		case stops[m.ID]:
			p.Stops = append(p.Stops, m.ID)
			p.Buckets[m.ID] = BucketVictim
			good = append(good, *m)
		default:
			good = append(good, *m)
		}
	}
	p.lose(v, good, stops)
	p.Voters = v.voters(r)
	p.Floors = r.floors(p.Voters, v.Cluster.Implicit)
	return p
}

// names collects the members that effects name.
func (v *View) names(of func(Effect) []string) map[string]bool {
	out := map[string]bool{}
	for _, e := range v.Effects {
		for _, id := range of(e) {
			out[id] = true
		}
	}
	return out
}

// has reports whether a member of the cluster is in the role. The nameless
// role of a cluster without roles has them all.
func (r Role) has(m MemberView) bool {
	return (r.Name == "" && r.Members.Empty()) || r.Members.selects(m.Tags, m.Group, m.known())
}

// serves reports whether a member counts now: it says so, is neither arriving
// nor leaving nor broken, and is old enough for its role.
func (m MemberView) serves(r Role, now time.Time) bool {
	if m.Absent || m.Serving != ServingYes || (m.Phase != Steady && m.Phase != Changing) {
		return false
	}
	return !m.young(r, now)
}

// young reports whether a member has not had the time its role needs to get
// ready. A member whose launch time is not known never has.
func (m MemberView) young(r Role, now time.Time) bool {
	return r.ReadyAfter > 0 && (m.Launched.IsZero() || now.Sub(m.Launched) < r.ReadyAfter)
}

// bucket is where a member belongs before the plan's victims are named; the
// first that fits.
func (m MemberView) bucket(serving bool) Bucket {
	switch {
	case m.Absent:
		return BucketUnknown
	case serving:
		return BucketSurvivor
	case m.Phase == Gone:
		return BucketGone
	case m.Awaits():
		return BucketOutOfService
	case m.Phase == Leaving:
		return BucketLeaving
	case m.Phase == Failed:
		return BucketFailed
	case m.Phase == Changing:
		return BucketChanging
	case m.Phase == Arriving, m.Phase == Steady && m.Serving == ServingYes: // too young for its role
		return BucketArriving
	case m.Phase == Steady && m.Serving == ServingNo:
		return BucketOutOfService
	default:
		return BucketUnknown
	}
}

// lose fills in what good members the plan costs. Each group's own choice is
// the worst one: every kill hits a good member, and what it rolls or what the
// plan stops comes on top, at the same time.
func (p *Projection) lose(v *View, good []MemberView, stops map[string]bool) {
	during := len(good)
	type place struct{ region, name string }
	byGroup := map[place][]MemberView{}
	for _, m := range good {
		byGroup[place{m.Region, m.Group}] = append(byGroup[place{m.Region, m.Group}], m)
	}
	var pools []pool
	for at, members := range byGroup {
		units, rolls := 0, 0
		if at.name != "" {
			units, rolls = v.anonymous(at.region, at.name)
		}
		stopped := 0
		for _, m := range members {
			if stops[m.ID] {
				stopped++
			}
		}
		killed := cost(members, units)
		out := min(len(members)-killed, rolls+stopped)
		p.Kills += killed
		p.Rolls += out
		during -= killed + out
		pools = append(pools, pool{members, units, killed, rolls})
	}
	p.After, p.During = len(good)-p.Kills, during
	p.Zones = fewestZones(pools, stops)
	p.Joins = v.joins(p.Role)
}

// anonymous sums what all effects let one group end (in units) and roll (in
// members).
func (v *View) anonymous(region, name string) (units, rolls int) {
	for _, e := range v.Effects {
		if e.Group != name {
			continue
		}
		if c := v.change(e.Address); c.Region != "" && c.Region != region {
			continue
		}
		units += e.Kills
		rolls += e.Rolls
	}
	if units+rolls > 0 && slices.ContainsFunc(v.Members, func(m MemberView) bool { return m.Group == name && m.Region == region && m.Awaits() }) {
		// The group replaces it when its time comes, which may be while it replaces
		// others (aws-semantics 5.4).
		rolls++
	}
	return units, rolls
}

// change returns the plan's entry with that identity; the zero Change if an
// effect has none.
func (v *View) change(address string) Change {
	i := slices.IndexFunc(v.Recorded, func(c Change) bool { return c.key() == address })
	if i < 0 {
		return Change{}
	}
	return v.Recorded[i]
}

// cost is the most members that units can cost: the lightest unprotected ones
// first, and the one that crosses the sum too.
func cost(members []MemberView, units int) int {
	var weights []int
	for _, m := range members {
		if !m.Protected {
			weights = append(weights, m.Units())
		}
	}
	slices.Sort(weights)
	n := 0
	for _, w := range weights {
		if units <= 0 {
			break
		}
		units -= w
		n++
	}
	return n
}

// pool is the good members of one group, or those of none, and what the group
// may choose of them: units to end among those that are not protected, which
// cost killed members at most, and rolls of any to take out.
type pool struct {
	members              []MemberView
	units, killed, rolls int
}

// empties reports whether the pool's choices can take all its members in a set
// of zones: the heaviest are rolled, and of the others the heaviest is ended
// last, because the one that crosses the sum is ended too.
func (p pool) empties(zones map[string]bool, stops map[string]bool) bool {
	rolls := p.rolls
	var weights []int
	for _, m := range p.members {
		switch {
		case !zones[m.Zone] || stops[m.ID]:
		case m.Protected:
			rolls--
		default:
			weights = append(weights, m.Units())
		}
	}
	switch {
	case rolls < 0:
		return false
	case rolls >= len(weights):
		return true
	}
	slices.Sort(weights)
	before := 0
	for _, w := range weights[:len(weights)-rolls-1] {
		before += w
	}
	return before < p.units
}

// fewestZones is the fewest zones that serving members can be left in: of all
// sets of zones that every pool's choices could empty, the largest goes. A
// member whose zone is not known spans none; one that the plan stops is out.
func fewestZones(pools []pool, stops map[string]bool) int {
	var zones []string
	for _, p := range pools {
		for _, m := range p.members {
			if m.Zone != "" && !stops[m.ID] {
				zones = append(zones, m.Zone)
			}
		}
	}
	slices.Sort(zones)
	zones = slices.Compact(zones)
	if len(zones) > 16 {
		// More zones than any region has: too many sets to try, so every choice
		// is taken to empty one.
		fewest := len(zones)
		for _, p := range pools {
			fewest -= p.killed + p.rolls
		}
		return max(0, fewest)
	}
	return zonesLeft(pools, stops, zones, map[string]bool{})
}

// zonesLeft is the fewest of some zones that can be left when others are
// emptied already.
func zonesLeft(pools []pool, stops map[string]bool, zones []string, emptied map[string]bool) int {
	if len(zones) == 0 {
		return 0
	}
	first, rest := zones[0], zones[1:]
	fewest := 1 + zonesLeft(pools, stops, rest, emptied)
	emptied[first] = true
	if !slices.ContainsFunc(pools, func(p pool) bool { return !p.empties(emptied, stops) }) {
		fewest = min(fewest, zonesLeft(pools, stops, rest, emptied))
	}
	delete(emptied, first)
	return fewest
}

// voters is the most configured voters a role has or will have: declared,
// there now (recorded or live, by whoever made), or there after the plan. Dying
// members stay in the number until they are gone.
func (v *View) voters(r Role) int {
	before, after := 0, v.joins(r)
	for _, m := range v.Members {
		if r.has(m) && m.Phase != Gone {
			before++
			if !m.Named {
				after++
			}
		}
	}
	return max(r.Size, before, after)
}

// joins is how many members the plan adds to a role.
func (v *View) joins(r Role) int {
	n := 0
	for _, e := range v.Effects {
		if v.inRole(r, v.change(e.Address)) {
			n += e.Joins
		}
	}
	return n
}

// inRole reports whether what a change adds would be in a role.
func (v *View) inRole(r Role, c Change) bool {
	if r.Name == "" && r.Members.Empty() {
		return true
	}
	if c.ID != "" && slices.ContainsFunc(v.Members, func(m MemberView) bool { return m.Group == c.ID && r.has(m) }) {
		return true // what a group launches is in the roles of those it has
	}
	return r.Members.selects(fill(c.After.Tags(), c.Before.Tags()), c.ID, []string{c.Address})
}

// The promises, by the names that reports and messages use.
const (
	PromiseSurvivorFloor = "survivor floor"
	PromiseQuorum        = "quorum"
	PromiseBudget        = "disruption budget"
	PromiseZoneFloor     = "zone floor"
)

// floors turns a role's promises into numbers, the strictest first.
func (r Role) floors(voters int, implicit bool) []Floor {
	how := "declared"
	if implicit {
		how = "what every cluster keeps that holdfast.hcl does not name"
	}
	out := []Floor{{PromiseSurvivorFloor, r.SurvivorFloor, how}}
	if r.Quorum {
		out = append(out, Floor{PromiseQuorum, voters/2 + 1, "a majority of " + Count(voters, "configured voter")})
	}
	if r.Budget != nil {
		out = append(out, Floor{PromiseBudget, max(0, r.Size-*r.Budget), fmt.Sprintf("size %d - budget %d", r.Size, *r.Budget)})
	}
	slices.SortStableFunc(out, func(a, b Floor) int { return cmp.Compare(b.Needs, a.Needs) })
	if r.ZoneFloor > 0 {
		out = append(out, Floor{PromiseZoneFloor, r.ZoneFloor, "zones, declared"})
	}
	return out
}

// Floor returns what a promise needs: nothing if the role does not make it.
func (p Projection) Floor(promise string) Floor {
	i := slices.IndexFunc(p.Floors, func(f Floor) bool { return f.Promise == promise })
	if i < 0 {
		return Floor{}
	}
	return p.Floors[i]
}

// Strictest returns the promise that needs most members serving, zones apart.
func (p Projection) Strictest() Floor {
	var out Floor
	for _, f := range p.Floors {
		if f.Promise != PromiseZoneFloor && f.Needs > out.Needs {
			out = f
		}
	}
	return out
}

// In returns the ids of the members in a bucket, sorted.
func (p Projection) In(b Bucket) []string {
	var out []string
	for _, id := range slices.Sorted(maps.Keys(p.Buckets)) {
		if p.Buckets[id] == b {
			out = append(out, id)
		}
	}
	return out
}
