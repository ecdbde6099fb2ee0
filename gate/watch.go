package gate

import (
	"fmt"
	"maps"
	"slices"
	"time"
)

// Watched returns the part of a plan that has to be read to watch the clusters
// which it touches: all but the instances that it leaves alone and that are in
// none of them. Of 1,000 instances a change is mostly about a few, and a watch
// reads every few seconds.
func (v Verdict) Watched(p *Plan) *Plan {
	theirs := map[string]bool{}
	for _, c := range v.Clusters {
		if !c.Touched() {
			continue
		}
		for _, o := range c.Recorded {
			theirs[o.key()] = true
		}
		for _, m := range c.Members {
			for _, address := range m.Addresses {
				theirs[address] = true
			}
		}
	}
	out := *p
	out.Changes, out.Regions = nil, slices.Clone(p.Regions)
	for _, c := range p.Changes {
		if c.Type != "aws_instance" || c.Action != NoOp || theirs[c.key()] {
			out.Changes = append(out.Changes, c)
		} else if c.Region != "" {
			out.Regions = append(out.Regions, c.Region) // a cluster is watched where all of its regions were read
		}
	}
	slices.Sort(out.Regions)
	out.Regions = slices.Compact(out.Regions)
	return &out
}

// Overlooked reports whether an input with what Watched returned, and a snapshot
// that was read for it, lacks a cluster that is watched, or anybody who served in
// it. Who is not found that way may be found where the whole plan leads, and is
// not to be taken for gone.
func (v Verdict) Overlooked(now Input) bool {
	found, there := map[string]bool{}, map[string]bool{}
	for _, m := range now.Snapshot.Members {
		found[m.ID] = true
	}
	for _, c := range Clusters(now) {
		there[c.Cluster.Name] = true
	}
	return slices.ContainsFunc(v.Clusters, func(c *View) bool {
		return c.Touched() && (!there[c.Cluster.Name] || slices.ContainsFunc(c.Roles, func(p Projection) bool {
			return slices.ContainsFunc(p.Serving, func(id string) bool { return !found[id] })
		}))
	})
}

// Watch compares what a verdict foresaw with a fresh snapshot, taken while
// terraform applies the plan: same plan, or what Watched returns of it, and same
// config. It returns one finding,
// code "watch.breached", for every role that the plan takes members of and
// whose members in service have fallen, or must fall with what the plan still
// takes, below the strictest promise for another cause than the plan. What the
// verdict foresaw is never a finding, however many promises it breaks: somebody
// let it through.
//
// A role that the plan takes nobody of is left alone: stopping a change that
// only adds members would keep away its repair. A cluster that could not be
// read in full is left alone too: an interrupt for a read that failed would
// itself stop a change halfway.
func Watch(v Verdict, now Input) []Finding {
	now = complete(now)
	live := map[string]MemberView{}
	for _, m := range newWorld(now).members {
		live[m.ID] = m
	}
	var out []Finding
	for _, c := range v.Clusters {
		if !c.Touched() || !c.seen(now) {
			continue
		}
		for _, p := range c.Roles {
			if p.Costs() {
				out = append(out, (&watch{view: c, role: p, live: live, now: now.Now}).findings()...)
			}
		}
	}
	return out
}

// seen reports whether everything that says who serves was read, now.
func (v *View) seen(now Input) bool {
	for _, region := range v.Regions {
		for _, name := range Live() {
			if s, ok := source(now.Snapshot, name, region); !ok || !s.Complete || s.Stale(now.Now, now.Config.SnapshotAge) {
				return false
			}
		}
	}
	return len(v.Regions) > 0
}

// A watch is one role of one cluster: as the verdict knew it, and now.
type watch struct {
	view *View
	role Projection
	live map[string]MemberView // by id; all that are there now
	now  time.Time
}

// findings says what has gone that the plan does not take.
func (w *watch) findings() []Finding {
	lost, n := w.unforeseen()
	left := w.role.During - n
	for _, f := range w.role.Floors {
		switch {
		case f.Promise == PromiseZoneFloor:
			// What the verdict foresaw leaves at least role.Zones.
			if zones := w.zones(); zones < f.Needs && zones < w.role.Zones {
				return []Finding{w.finding(lost, fmt.Sprintf("%s has members serving in %s, it needs %d (%s)", w.view.Title(w.role), Count(zones, "zone"), f.Needs, f.Promise))}
			}
		case n > 0 && left < f.Needs:
			return []Finding{w.finding(lost, fmt.Sprintf("%s has %d of %s serving and would keep %d, it needs %d (%s)",
				w.view.Title(w.role), len(w.serving()), Count(w.role.Of(), "member"), max(0, left), f.Needs, f.Promise))}
		}
	}
	return nil
}

func (w *watch) finding(lost []string, text string) Finding {
	f := Finding{Check: "watch", Code: "watch.breached", Decision: Block, Cluster: w.view.Cluster.Name, Role: w.role.Role.Name, Subjects: lost,
		Remedy: "find out what takes the members, and plan again when the cluster is at rest"}
	var said []string
	for _, id := range lost {
		e := Evidence{Source: SourceInstances, Ref: id, Got: "not found"}
		if m, there := w.live[id]; there {
			e = m.Evidence()
		}
		f.Evidence = append(f.Evidence, e)
		if since := w.now.Sub(e.Since); !e.Since.IsZero() {
			e.Got += " for " + since.Round(time.Second).String()
		}
		said = append(said, id+" "+e.Got)
	}
	f.Message = text
	if len(said) > 0 {
		f.Message += ": " + list(said) + ", and the plan does not explain it"
	}
	return f
}

// unforeseen counts the survivors that have gone beyond what the plan lets each
// group take of its own choice. It returns them by id, sorted, with those that
// may have been the plan's own where nobody can tell.
func (w *watch) unforeseen() (ids []string, n int) {
	type place struct{ region, name string }
	good, lost := map[place][]MemberView{}, map[place][]string{}
	for _, id := range w.role.Serving {
		m, ok := w.view.member(id)
		if !ok || within(w.role.Victims, id) {
			continue
		}
		at := place{m.Region, m.Group}
		good[at] = append(good[at], *m)
		switch {
		case within(w.role.Stops, id) || !w.out(id): // who is stopped was named, and is back or not
		case w.byOthers(id):
			ids, n = append(ids, id), n+1
		default:
			lost[at] = append(lost[at], id)
		}
	}
	for at, gone := range lost {
		if over := len(gone) - w.taken(at.region, at.name, good[at]); over > 0 {
			ids, n = append(ids, gone...), n+over
		}
	}
	slices.Sort(ids)
	return ids, n
}

// within reports whether a sorted list has an id.
func within(sorted []string, id string) bool {
	_, found := slices.BinarySearch(sorted, id)
	return found
}

// groupKnows is how long after it began to end a member a group may still be
// read as counting it: the time between two reads, and then some.
const groupKnows = 15 * time.Second

// byOthers reports whether a member is out while its group goes on counting it.
// A group knows whom it ends itself before EC2 does; whom it counts was taken
// by somebody else, and it will end others for it.
func (w *watch) byOthers(id string) bool {
	m := w.live[id]
	return m.Counted && !m.Since.IsZero() && w.now.Sub(m.Since) > groupKnows
}

// taken is how many good members of one group the plan can have taken by now,
// itself not naming them: those it ends, those it replaces at once, and one
// more for each replacement that already serves.
func (w *watch) taken(region, group string, good []MemberView) int {
	if group == "" {
		return 0
	}
	units, rolls := w.view.anonymous(region, group)
	n := cost(good, units)
	if rolls == 0 {
		return n
	}
	for _, m := range w.serving() {
		if m.Region == region && m.Group == group && !within(w.role.Serving, m.ID) {
			rolls++
		}
	}
	return n + rolls
}

// out reports whether a member that served is seen not to any more. One of
// whom it is not known is not seen to be out, and one that the plan itself puts
// on a load balancer is new there, and no worse than it was.
func (w *watch) out(id string) bool {
	m, there := w.live[id]
	if there && m.Phase == Arriving && w.view.registers() {
		return false
	}
	if !there || m.Absent || m.Serving == ServingNo {
		return true
	}
	return m.Phase == Arriving || m.Phase == Leaving || m.Phase == Failed || m.Phase == Gone
}

// registers reports whether the plan puts members of the cluster on a load
// balancer.
func (v *View) registers() bool {
	return slices.ContainsFunc(v.Recorded, func(c Change) bool {
		switch c.Type {
		case "aws_autoscaling_attachment", "aws_autoscaling_traffic_source_attachment", "aws_lb_target_group_attachment", "aws_alb_target_group_attachment":
			return c.Action == Create
		case "aws_autoscaling_group":
			return len(c.changes("target_group_arns", "load_balancers", "traffic_source")) > 0
		}
		return false
	})
}

// serving are the members of the role that serve now, those that came since
// the verdict included.
func (w *watch) serving() []MemberView {
	var out []MemberView
	for _, id := range slices.Sorted(maps.Keys(w.live)) {
		m := w.live[id]
		served := within(w.role.Serving, id)
		came := w.view.Cluster.Members.selects(m.Tags, m.Group, m.known()) && slices.Contains(w.view.Regions, m.Region) && w.role.Role.has(m)
		if (served || came) && m.serves(w.role.Role, w.now) {
			out = append(out, m)
		}
	}
	return out
}

// zones counts those that members serving now span.
func (w *watch) zones() int {
	var spanned []string
	for _, m := range w.serving() {
		spanned = append(spanned, m.Zone)
	}
	for _, id := range w.role.Serving {
		if !w.out(id) {
			spanned = append(spanned, w.live[id].Zone)
		}
	}
	spanned = slices.DeleteFunc(spanned, func(zone string) bool { return zone == "" }) // one that is not known is none
	slices.Sort(spanned)
	return len(slices.Compact(spanned))
}
