package gate

import (
	"fmt"
	"slices"
	"strings"
)

// Live are the sources that say who serves. A check that counts members is
// blind without any one of them.
func Live() []string {
	return []string{SourceInstances, SourceStatus, SourceGroups, SourceActivities, SourceRefreshes, SourceWarmPools, SourceTargets}
}

// Breaches reports one finding for every role that the plan could leave with
// fewer serving members than a promise needs. It says nothing where the plan
// takes no serving member: adding members, and removing dead ones, must stay
// possible below the floor, or no repair would.
func (p *Pass) Breaches(promise, code string) {
	for _, r := range p.Cluster.Roles {
		f := r.Floor(promise)
		if r.Costs() && r.During < f.Needs {
			p.Report(Finding{Code: code + ".breached", Decision: Block, Role: r.Role.Name, Subjects: p.Cluster.leaving(r), Message: p.Cluster.breach(r, f),
				Remedy: p.Cluster.remedy(r, f), Evidence: p.Cluster.evidence(r)})
		} else if !r.Costs() && len(r.Serving) < f.Needs && len(r.Buckets) > 0 && p.Cluster.Touched() {
			p.Report(Finding{Code: code + ".below", Decision: Warn, Role: r.Role.Name,
				Message: fmt.Sprintf("%s has %d of %s serving now, it needs %d (%s); the plan takes none of them", p.Cluster.Title(r), len(r.Serving), Count(r.Of(), "member"), f.Needs, f.Promise),
				Remedy:  "bring members into service first"})
		}
	}
}

// Title names a cluster, and the role of a projection of it if that has a name.
func (v *View) Title(r Projection) string {
	if r.Role.Name == "" {
		return v.Cluster.Name
	}
	return v.Cluster.Name + "/" + r.Role.Name
}

// Of is the number that a count of serving members is "of": declared, else
// those that are there, and never less than serve.
func (p Projection) Of() int {
	if p.Role.Size > 0 {
		return max(p.Role.Size, len(p.Serving))
	}
	n := 0
	for _, b := range p.Buckets {
		if b != BucketGone {
			n++
		}
	}
	return n
}

// breach is the sentence of the whole product: who, both numbers, why.
func (v *View) breach(r Projection, f Floor) string {
	var why []string
	for _, b := range []Bucket{BucketLeaving, BucketFailed, BucketArriving, BucketChanging, BucketOutOfService, BucketUnknown} {
		if ids := r.In(b); len(ids) > 0 {
			why = append(why, fmt.Sprintf("%d %s %s", len(ids), are(len(ids)), v.states(ids, b)))
		}
	}
	var does []string
	if n := len(r.Victims); n > 0 {
		does = append(does, fmt.Sprintf("ends %d%s", n, more(len(why) > 0)))
	}
	if r.Kills > 0 {
		does = append(does, fmt.Sprintf("lets AWS end %d of its own choice", r.Kills))
	}
	if r.Rolls > 0 {
		does = append(does, fmt.Sprintf("takes %d out at once", r.Rolls))
	}
	if r.Doubtful > 0 {
		does = append(does, fmt.Sprintf("can take %d that may be serving", r.Doubtful))
	}
	reason := "the plan " + strings.Join(does, " and ")
	if len(why) > 0 {
		reason = strings.Join(why, ", ") + " and " + reason
	}
	promise := ""
	if f.Promise != PromiseSurvivorFloor {
		promise = " (" + f.Promise + ": " + f.How + ")"
	}
	return fmt.Sprintf("%s would keep %d of %s serving, it needs %d%s: %s", v.Title(r), r.During, Count(r.Of(), "member"), f.Needs, promise, reason)
}

// more is what follows the number of victims when others are out already.
func more(others bool) string {
	if others {
		return " more"
	}
	return ""
}

// are is the verb for n members.
func are(n int) string {
	if n == 1 {
		return "is"
	}
	return "are"
}

// states is what members of one bucket are doing, in the source's own words
// where they all say the same.
func (v *View) states(ids []string, b Bucket) string {
	var raws []string
	for _, id := range ids {
		if m, ok := v.member(id); ok && m.Serving == ServingYes && m.Phase == Steady {
			raws = append(raws, "not ready yet") // too young for its role
		} else if ok && m.Serving == ServingUnknown && m.Phase == Steady {
			raws = append(raws, "not known to serve")
		} else if ok {
			raws = append(raws, m.Word())
		}
	}
	if raws = slices.Compact(raws); len(raws) == 1 && raws[0] != "" {
		return raws[0]
	}
	return b.String()
}

// Word is the source's own word for the worst thing known of a member.
func (m MemberView) Word() string { return m.Evidence().Got }

// leaving are the members a breach is about: those already going and those the
// plan names.
func (v *View) leaving(r Projection) []string {
	out := slices.Concat(r.In(BucketLeaving), r.In(BucketVictim))
	for _, e := range v.Effects {
		if e.Takes() {
			out = append(out, e.Address)
		}
	}
	return slices.Compact(out)
}

// remedy is the way out of a breach.
func (v *View) remedy(r Projection, f Floor) string {
	recreated := slices.ContainsFunc(v.Effects, func(e Effect) bool { return e.Action == Create && e.Joins > 0 }) && len(r.Victims) > 0
	switch {
	case recreated && !r.moving():
		return "move the survivors to the addresses that would be created (terraform state mv, or a moved block), then plan again"
	case r.moving():
		return "wait until nothing moves (--wait 10m), plan again, and keep at least " + Count(f.Needs, "serving member")
	case r.After == 0 && f.Promise == PromiseSurvivorFloor:
		return fmt.Sprintf("keep at least %s, or say survivor_floor = 0 for %s in holdfast.hcl if it is meant to end", Count(f.Needs, "serving member"), v.Title(r))
	case r.After >= f.Needs:
		return "change fewer members at once"
	case len(r.Serving) > f.Needs:
		return fmt.Sprintf("take at most %s at a time", Count(len(r.Serving)-f.Needs, "serving member"))
	default:
		return fmt.Sprintf("add members first, or declare another %s for %s in holdfast.hcl if this is meant", f.Promise, v.Title(r))
	}
}

func (p Projection) moving() bool {
	return len(p.In(BucketLeaving))+len(p.In(BucketArriving))+len(p.In(BucketChanging)) > 0
}

// evidence lists what the members of a breach were seen doing.
func (v *View) evidence(r Projection) []Evidence {
	var out []Evidence
	for _, e := range v.Effects {
		if e.Takes() {
			out = append(out, Evidence{Source: "plan", Ref: e.Address, Field: e.Action.String(), Got: e.Does})
		}
	}
	for _, m := range v.Members {
		if b, in := r.Buckets[m.ID]; in && b != BucketSurvivor && b != BucketGone {
			out = append(out, m.Evidence())
		}
	}
	return out
}

// Evidence is the observation that a member's phase rests on; that of a steady
// one, on which it rests whether it serves.
func (m MemberView) Evidence() Evidence {
	if m.Absent {
		return Evidence{Source: "plan", Ref: m.ID, Got: "not found"}
	}
	for _, o := range m.Observed {
		if o.Opinion && o.Phase == m.Phase && (m.Phase != Steady || o.Serving == m.Serving) {
			return Evidence{Source: o.Source, Ref: m.ID, Field: o.Field, Got: o.Raw, Since: o.Since}
		}
	}
	return Evidence{Source: "plan", Ref: m.ID, Got: m.Phase.String()}
}
