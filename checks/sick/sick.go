// Package sick holds the check that a change does not rely on members that are
// failing or about to. It does not count who is left: the floors do, and they
// leave out the sick.
package sick

import (
	"fmt"
	"slices"
	"strings"

	"github.com/holdfast-gate/holdfast/gate"
)

// Check returns the check.
func Check() *gate.Check {
	return &gate.Check{Name: "sick", Needs: gate.Live(), Run: run, Doc: `a change must not rely on members that are failing or about to

A member whose status checks fail, whose disk is not attached, or that AWS has
said it will retire, stop or reboot within a day is as good as lost: the count
begins one lower. A change that takes others meanwhile takes the last of them.
Pass by replacing exactly the sick members first, which is always possible, and
then making the change. Two that fail in one zone may be the zone: nothing is
then taken from the others.`}
}

func run(p *gate.Pass) error {
	v := p.Cluster
	if !v.Touched() {
		return nil
	}
	left := ailing(v.Members)
	if len(left) == 0 {
		return nil
	}
	for _, r := range v.Roles {
		relied(p, r, of(r, left))
	}
	zones(p, left)
	scheduled(p, left)
	return nil
}

// ailing are the sick members that the plan leaves as they are: those that it
// takes are being repaired.
func ailing(members []gate.MemberView) []gate.MemberView {
	var out []gate.MemberView
	for _, m := range members {
		if len(m.Ails()) > 0 && !m.Named && m.Phase != gate.Gone {
			out = append(out, m)
		}
	}
	return out
}

// of are those of some members that are in a role.
func of(r gate.Projection, members []gate.MemberView) []gate.MemberView {
	return slices.DeleteFunc(slices.Clone(members), func(m gate.MemberView) bool { _, in := r.Buckets[m.ID]; return !in })
}

// relied refuses a plan that takes others below what the role needs while some
// of it is sick.
func relied(p *gate.Pass, r gate.Projection, sick []gate.MemberView) {
	needs := r.Strictest()
	if len(sick) == 0 || !r.Costs() || r.During >= needs.Needs {
		return
	}
	p.Report(gate.Finding{Code: "sick.relied", Decision: gate.Block, Role: r.Role.Name, Subjects: ids(sick), Evidence: evidence(sick),
		Message: fmt.Sprintf("%s has %s sick, and the plan takes %d of the others: %s; that would leave %d serving, it needs %d (%s)",
			p.Cluster.Title(r), gate.Count(len(sick), "member"), max(r.Taken(), r.Doubtful), says(sick), r.During, needs.Needs, needs.Promise),
		Remedy: "replace exactly " + few(ids(sick)) + " first, and make this change when they serve again"})
}

// zones refuses to end members elsewhere while two or more fail in one zone.
func zones(p *gate.Pass, sick []gate.MemberView) {
	byZone := map[string][]gate.MemberView{}
	for _, m := range sick {
		if m.Zone != "" && m.Phase == gate.Failed {
			byZone[m.Zone] = append(byZone[m.Zone], m)
		}
	}
	for zone, failing := range byZone {
		if len(failing) < 2 {
			continue
		}
		if taken := elsewhere(p.Cluster, zone); len(taken) > 0 {
			p.Report(gate.Finding{Code: "sick.zone", Decision: gate.Block, Subjects: ids(failing), Evidence: evidence(failing),
				Message: fmt.Sprintf("%d members of %s fail in %s, so the zone itself may be failing, and the plan ends members elsewhere: %s", len(failing), p.Cluster.Cluster.Name, zone, strings.Join(taken, ", ")),
				Remedy:  "leave the other zones alone until " + zone + " is well or its members are replaced"})
		}
	}
}

// elsewhere is what the plan ends outside a zone: members by id, and groups
// that choose for themselves.
func elsewhere(v *gate.View, zone string) []string {
	var out []string
	for _, e := range v.Effects {
		if e.Kills > 0 {
			out = append(out, "group "+e.Group)
		}
		for _, m := range v.Members {
			if slices.Contains(e.Ends, m.ID) && m.Zone != zone && m.Serving != gate.ServingNo {
				out = append(out, m.ID)
			}
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// scheduled warns of members that will be taken by AWS, by a clock.
func scheduled(p *gate.Pass, sick []gate.MemberView) {
	awaiting := slices.DeleteFunc(slices.Clone(sick), func(m gate.MemberView) bool { return !m.Awaits() })
	if len(awaiting) > 0 {
		p.Report(gate.Finding{Code: "sick.scheduled", Decision: gate.Warn, Subjects: ids(awaiting), Evidence: evidence(awaiting),
			Message: fmt.Sprintf("AWS will take %s of %s soon, and they do not count: %s", gate.Count(len(awaiting), "member"), p.Cluster.Cluster.Name, says(awaiting)),
			Remedy:  "replace them, or stop and start them, before their time"})
	}
}

func ids(members []gate.MemberView) []string {
	var out []string
	for _, m := range members {
		out = append(out, m.ID)
	}
	return out
}

// says is what the sources say of a few, "i-0 (system status impaired)".
func says(members []gate.MemberView) string {
	var out []string
	for i, m := range members {
		if i == shown {
			out = append(out, fmt.Sprintf("and %d more", len(members)-shown))
			break
		}
		var what []string
		for _, o := range m.Ails() {
			what = append(what, field(o.Field)+" "+o.Raw+detail(o))
		}
		out = append(out, m.ID+" ("+strings.Join(what, ", ")+")")
	}
	return strings.Join(out, ", ")
}

const shown = 3 // members named in a sentence

func few(ids []string) string {
	if more := len(ids) - shown; more > 0 {
		return strings.Join(ids[:shown], ", ") + fmt.Sprintf(" and %d more", more)
	}
	return strings.Join(ids, ", ")
}

// field is the part of a field's name that says what was looked at.
func field(name string) string {
	return map[string]string{"ec2.SystemStatus": "system status", "ec2.InstanceStatus": "instance status", "ec2.AttachedEbsStatus": "attached EBS status",
		"ec2.EventCode": "event", gate.FieldAttachment: "volume"}[name]
}

// detail says of an event when, and of a volume which.
func detail(o gate.Observation) string {
	if o.Detail == "" || !o.Scheduled && o.Field != gate.FieldAttachment {
		return ""
	}
	return ": " + o.Detail
}

func evidence(members []gate.MemberView) []gate.Evidence {
	var out []gate.Evidence
	for _, m := range members {
		for _, o := range m.Ails() {
			out = append(out, gate.Evidence{Source: o.Source, Ref: m.ID, Field: o.Field, Got: o.Raw, Since: o.Since})
		}
	}
	return out
}
