package gate

import (
	"cmp"
	"slices"
)

// The sources about volumes. They are read only when a check asks for them.
const (
	SourceVolumes       = "ec2.volumes"
	SourceVolumeStatus  = "ec2.volumestatus"
	SourceModifications = "ec2.modifications" // of volumes
	SourceSnapshots     = "ec2.snapshots"     // of volumes
)

// FieldAttachment is the field of observations about the volumes of a member.
const FieldAttachment = "ec2.VolumeAttachmentState"

// An Attached is a volume that a member has, or is getting or giving up.
type Attached struct {
	Volume string `json:"volume"`
	Device string `json:"device,omitempty"`
	State  string `json:"state"` // EC2's own word: "attached", "attaching", "detaching", "busy"
}

// disks notes on the members which of the volumes that the plan records they
// have not: what is to be on the volume is not there, or lies somewhere else.
// Refresh drops from the plan's prior state an attachment that is gone, and
// then only what it found changed still speaks of it.
func (w *world) disks(byID map[string]*MemberView) {
	recorded := slices.Clone(w.plan.Changes)
	for _, c := range w.plan.Drift {
		if c.Action == Delete {
			recorded = append(recorded, c)
		}
	}
	for _, c := range recorded {
		volume, id := c.Before.String("volume_id"), c.Before.String("instance_id")
		m := byID[id]
		if c.Type != "aws_volume_attachment" || volume == "" || m == nil || m.Absent || m.Serving == ServingNo {
			continue
		}
		if !slices.ContainsFunc(m.Volumes, func(a Attached) bool { return a.Volume == volume }) {
			m.Observed = append(slices.Clone(m.Observed), Observation{Source: SourceInstances, Field: FieldAttachment, Raw: "not attached", Phase: Failed, Serving: ServingNo, Opinion: true,
				Detail: volume + ", which " + c.Address + " records"})
		}
	}
	for _, m := range byID {
		if slices.ContainsFunc(m.Observed, func(o Observation) bool { return o.Raw == "not attached" }) {
			slices.SortStableFunc(m.Observed, func(a, b Observation) int {
				if a.Raw != "not attached" || b.Raw != "not attached" {
					return 0
				}
				return cmp.Compare(a.Detail, b.Detail)
			})
			m.Join()
		}
	}
}

// diskless reports whether an observation is about a volume that a member has not.
func (o Observation) diskless() bool {
	return o.Field == FieldAttachment && o.Opinion && o.Serving != ServingYes
}

// Ails returns why a member is sick, in the words of the sources: a status
// check that fails, an event that is scheduled for it, a volume it has not. It
// is empty for a member that is well, and for one that is moved or ended by
// somebody's act, which is another matter.
func (m Member) Ails() []Observation {
	var out []Observation
	for _, o := range m.Observed {
		if o.Opinion && (o.diskless() || o.Scheduled || o.Source == SourceStatus && o.Phase == Failed) {
			out = append(out, o)
		}
	}
	return out
}

// volumeOn returns the members of the cluster that have a volume now.
func (v *View) volumeOn(id string) []string {
	return v.of(func(m MemberView) bool {
		return id != "" && slices.ContainsFunc(m.Volumes, func(a Attached) bool { return a.Volume == id })
	})
}

// volumeEffect is what a change of an aws_ebs_volume does: who loses his disk
// does not serve.
func (v *View) volumeEffect(c Change) (Effect, bool) {
	ids := v.volumeOn(c.ID)
	if len(ids) == 0 {
		return Effect{}, false
	}
	if !c.Action.Ends() {
		return Effect{}, true
	}
	return Effect{Ends: ids, Does: "deletes volume " + c.ID + " of " + list(ids)}, true
}

// attachmentEffect is what detaching a volume does: a member without its disk
// does not serve. One that is only dropped from the state stays attached.
func (v *View) attachmentEffect(c Change) (Effect, bool) {
	id := c.Before.String("instance_id")
	if _, ok := v.member(id); !ok {
		return Effect{}, false
	}
	if !c.Action.Ends() || c.Action == Delete && c.Before["skip_destroy"] == true {
		return Effect{}, true
	}
	return Effect{Ends: []string{id}, Does: "takes volume " + c.Before.String("volume_id") + " from " + id}, true
}
