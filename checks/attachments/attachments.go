// Package attachments holds the check of what a plan does to the disks of
// members that serve. It does not count members: one that loses a disk is a
// victim, and the floors count it.
package attachments

import (
	"fmt"
	"slices"
	"strings"

	"github.com/holdfast-gate/holdfast/gate"
)

// Check returns the check.
func Check() *gate.Check {
	return &gate.Check{Name: "attachments", Needs: gate.Live(), Run: run, Doc: `a member that serves must keep its disks where they are

A volume that is detached from a running member takes the data from under its
service: the member counts as lost. By force, what was not written yet is lost too. Volumes whose device
names are swapped come up in each other's place. A volume that is attached by a
resource of its own arrives after its instance has started, and a service that
does not wait for the mount starts on an empty directory: Customer.io lost an
afternoon to that. Pass by stopping the member first
(stop_instance_before_detaching), by replacing such members one at a time, or by
giving the volume to the instance itself (ebs_block_device).`}
}

func run(p *gate.Pass) error {
	var late []disk
	for _, c := range p.Plan.Changes {
		if c.Type != "aws_volume_attachment" || !c.Action.Ends() {
			continue
		}
		i := slices.IndexFunc(p.Cluster.Members, func(m gate.MemberView) bool { return m.ID == c.Before.String("instance_id") })
		if i < 0 {
			continue
		}
		d := disk{Change: c, member: p.Cluster.Members[i], volume: c.Before.String("volume_id"), instance: instance(p.Plan, c.Before.String("instance_id"))}
		if d.follows() {
			late = append(late, d)
		}
		if d.member.Serving != gate.ServingNo {
			judge(p, d)
		}
	}
	behind(p, late)
	return nil
}

// A disk is the loss of one attachment.
type disk struct {
	gate.Change
	member   gate.MemberView
	volume   string
	instance gate.Change // of the member; zero where the plan does not have it
}

// follows reports whether the volume will be attached to the member's
// replacement, once that runs.
func (d disk) follows() bool {
	replaced := d.instance.Action == gate.ReplaceDeleteFirst || d.instance.Action == gate.ReplaceCreateFirst
	return replaced && d.Action != gate.Delete && slices.Contains(d.Unknown, "instance_id")
}

// instance is the plan's entry for an instance.
func instance(plan *gate.Plan, id string) gate.Change {
	i := slices.IndexFunc(plan.Changes, func(c gate.Change) bool { return c.Type == "aws_instance" && c.ID == id })
	if i < 0 {
		return gate.Change{}
	}
	return plan.Changes[i]
}

func judge(p *gate.Pass, d disk) {
	stops := d.Before["stop_instance_before_detaching"] == true
	switch {
	case d.Before["skip_destroy"] == true && d.Action == gate.Delete:
		p.Report(gate.Finding{Code: "attachments.forgotten", Decision: gate.Warn, Subjects: []string{d.Address, d.member.ID},
			Message: fmt.Sprintf("%s has skip_destroy: the plan forgets it, and volume %s stays on %s", d.Address, d.volume, d.member.ID),
			Remedy:  "detach it by hand, when the member is stopped, if it should go"})
	case d.Before["force_detach"] == true && !stops:
		report(p, d, "attachments.forced", fmt.Sprintf("the plan takes volume %s from %s by force while it serves: what it has not written yet is lost", d.volume, d.member.ID))
	case d.instance.Action.Ends() && d.instance.ID != "":
		// It goes with its member, whose loss is counted.
	case d.swapped(p.Plan):
		report(p, d, "attachments.reordered", fmt.Sprintf("the plan moves volume %s of %s from %s to %s, which another of its volumes has: they would come up in each other's place", d.volume, d.member.ID, d.Before.String("device_name"), d.After.String("device_name")))
	case stops:
		p.Report(gate.Finding{Code: "attachments.stopped", Decision: gate.Warn, Subjects: []string{d.Address, d.member.ID},
			Message: fmt.Sprintf("the plan stops %s to take volume %s from it, and nothing starts it again", d.member.ID, d.volume),
			Remedy:  "start it when its disks are in place"})
	default:
		p.Report(gate.Finding{Code: "attachments.detached", Decision: gate.Warn, Subjects: []string{d.Address, d.member.ID}, Evidence: evidence(d),
			Message: fmt.Sprintf("the plan takes volume %s from %s while it serves: it counts as lost", d.volume, d.member.ID), Remedy: wayOut})
	}
}

func report(p *gate.Pass, d disk, code, message string) {
	p.Report(gate.Finding{Code: code, Decision: gate.Block, Subjects: []string{d.Address, d.member.ID}, Message: message,
		Remedy: wayOut, Evidence: evidence(d)})
}

const wayOut = "take the member out of service and stop it first, or apply stop_instance_before_detaching = true (and no force_detach) before this change"

func evidence(d disk) []gate.Evidence {
	return []gate.Evidence{{Source: "plan", Ref: d.Address, Field: d.Action.String(), Got: d.volume + " on " + d.Before.String("device_name")}, d.member.Evidence()}
}

// swapped reports whether the volume goes to a device that another volume of
// the member has, or had before this plan.
func (d disk) swapped(plan *gate.Plan) bool {
	to := d.After.String("device_name")
	if to == "" || to == d.Before.String("device_name") || d.After.String("instance_id") != d.member.ID {
		return false
	}
	return slices.ContainsFunc(plan.Changes, func(c gate.Change) bool {
		return c.Type == "aws_volume_attachment" && c.Before.String("instance_id") == d.member.ID && c.Before.String("device_name") == to && c.Before.String("volume_id") != d.volume
	}) || slices.ContainsFunc(d.member.Volumes, func(a gate.Attached) bool { return a.Device == to && a.Volume != d.volume })
}

// behind names the members whose replacements start before their volumes are
// attached. One is a warning, so that a repair stays possible and the first can
// be looked at; a mistake in several at once has no good copy left.
func behind(p *gate.Pass, late []disk) {
	var subjects, members, serving []string
	for _, d := range late {
		subjects = append(subjects, d.Address)
		members = append(members, d.member.ID)
		if d.member.Serving != gate.ServingNo {
			serving = append(serving, d.member.ID)
		}
	}
	for _, list := range []*[]string{&members, &serving} {
		slices.Sort(*list)
		*list = slices.Compact(*list)
	}
	if len(members) == 0 {
		return
	}
	decision, remedy := gate.Warn, "look that its service starts after the mount"
	if len(serving) > 1 {
		decision, remedy = gate.Block, "replace one, look that its service started after the mount, then the next; or give the volume to the instance itself (ebs_block_device)"
	}
	p.Report(gate.Finding{Code: "attachments.late", Decision: decision, Subjects: subjects,
		Message: fmt.Sprintf("%s of %s would be replaced by instances that start before their volumes are attached, since nothing orders the two: %s", gate.Count(len(members), "member"), p.Cluster.Cluster.Name, strings.Join(members, ", ")),
		Remedy:  remedy})
}
