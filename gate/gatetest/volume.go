package gatetest

import (
	"fmt"
	"slices"
	"strings"

	"github.com/holdfast-gate/holdfast/gate"
)

// volumes reads what a member has attached, as VOLUME:DEVICE:STATE; the state
// is attached unless it is said.
func volumes(f *fields) []gate.Attached {
	var out []gate.Attached
	for _, s := range f.list("volumes") {
		parts := append(strings.Split(s, ":"), "", "")
		a := gate.Attached{Volume: parts[0], Device: parts[1], State: parts[2]}
		if a.State == "" {
			a.State = "attached"
		}
		out = append(out, a)
	}
	return out
}

// ails reads what is wrong with a member, and of its volumes: what a status
// check says, what is scheduled, what is not attached.
func ails(f *fields) []gate.Observation {
	var out []gate.Observation
	for _, raw := range f.list("ails") {
		raw, phase, _ := strings.Cut(raw, ":")
		o := gate.Observation{Source: gate.SourceStatus, Field: "ec2.SystemStatus", Raw: raw, Phase: gate.Failed, Serving: gate.ServingNo, Opinion: true}
		if phase == "leaving" || phase == "changing" {
			o.Field, o.Scheduled = "ec2.EventCode", true
			o.Phase.UnmarshalText([]byte(phase))
		}
		out = append(out, o)
	}
	for _, a := range volumes(f) {
		phase, known := map[string]gate.Phase{"attaching": gate.Arriving, "detaching": gate.Leaving, "busy": gate.Leaving, "unheard-of": gate.PhaseUnknown}[a.State]
		if known {
			out = append(out, gate.Observation{Source: gate.SourceInstances, Field: gate.FieldAttachment, Raw: a.State, Phase: phase, Serving: gate.ServingNo, Opinion: true, Detail: fmt.Sprintf("%s on %s", a.Volume, a.Device)})
		}
	}
	return out
}

// attach gives the members of a case the volumes that its plan records on them,
// unless a line says what they have.
func (c *builder) attach() {
	for _, ch := range c.in.Plan.Changes {
		if ch.Type != "aws_volume_attachment" || ch.Before == nil {
			continue
		}
		id := ch.Before.String("instance_id")
		i := slices.IndexFunc(c.in.Snapshot.Members, func(m gate.Member) bool { return m.ID == id })
		if i < 0 || c.equipped[id] {
			continue
		}
		m := &c.in.Snapshot.Members[i]
		m.Volumes = append(m.Volumes, gate.Attached{Volume: ch.Before.String("volume_id"), Device: ch.Before.String("device_name"), State: "attached"})
	}
}
