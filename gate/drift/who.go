package drift

import (
	"slices"
	"strings"

	"github.com/holdfast-gate/holdfast/gate"
)

// Who is what is known of who made a difference, newest first: what was done to
// what it is about, as far as that can have made it. Empty is never nobody.
func (d Difference) Who(t gate.Trail) []gate.Attribution {
	var out []gate.Attribution
	for _, a := range t.Attributions {
		mine := a.Ref == d.Ref && (d.Region == "" || a.Region == d.Region)
		if (mine || slices.Contains(d.Members, a.Ref)) && d.madeBy(a.Event) && d.sizedBy(a) && d.placedBy(a) {
			out = append(out, a)
		}
	}
	return out
}

// ByHand reports whether a human made a difference by hand, and neither AWS nor
// a program that is meant to. It is not known where no event was found, or one
// that does not say. A value is what the last of them made it; members are made
// one by one.
func (d Difference) ByHand(t gate.Trail) gate.Tri {
	said := gate.TriUnknown
	for _, a := range d.Who(t) {
		switch {
		case a.Failed != "": // it changed nothing
			continue
		case a.Manual():
			return gate.Yes
		case a.Means == gate.MeansUnknown || a.Means == gate.MeansCLI:
			return gate.TriUnknown
		}
		if said = gate.No; d.Attribute != "" {
			return said
		}
	}
	return said
}

// madeBy reports whether an event can have made a difference.
func (d Difference) madeBy(event string) bool {
	var events []string
	switch d.Code {
	case Generations: // that is nobody's deed, but the sum of many
		return false
	case Size:
		events = resizing()
	case Surplus, Unmanaged:
		events = append(resizing(), "RunInstances")
	case Template:
		events = []string{"UpdateAutoScalingGroup", "StartInstanceRefresh"}
	case Detached:
		events = []string{"DeregisterTargets"}
	case Target:
		events = []string{"RegisterTargets"}
	case Port:
		events = []string{"RegisterTargets", "DeregisterTargets"}
	case Tags, Membership:
		events = []string{"CreateTags", "DeleteTags", "CreateOrUpdateTags"}
	case Attribute:
		events = []string{"UpdateAutoScalingGroup", "ModifyInstanceAttribute"}
		if d.Attribute == "suspended_processes" {
			events = []string{"SuspendProcesses", "ResumeProcesses"}
		}
	default: // what is lost may have many reasons, but not these
		return !slices.Contains([]string{"RegisterTargets", "DeregisterTargets", "CreateTags", "DeleteTags", "CreateOrUpdateTags", "SuspendProcesses", "ResumeProcesses", "SetInstanceProtection"}, event)
	}
	return slices.Contains(events, event)
}

// sizedBy reports whether a deed can have changed the size that a difference is
// about. One that does not say which it changed can.
func (d Difference) sizedBy(a gate.Attribution) bool {
	word := map[string]string{"desired_capacity": "desired", "min_size": "min", "max_size": "max"}[d.Attribute]
	if d.Code == Surplus {
		word = "desired"
	}
	// What a group says of how it came to its recorded size is no news.
	recorded, _, _ := strings.Cut(d.Recorded, " ")
	if a.Source == gate.SourceActivities && word == "desired" && strings.HasSuffix(a.Detail, " to "+recorded) {
		return false
	}
	return a.Detail == "" || strings.Contains(a.Detail, word)
}

// placedBy reports whether a deed can have put a member into the target group
// that a difference is about, or taken it out. One that does not say which it
// was about can.
func (d Difference) placedBy(a gate.Attribution) bool {
	return d.place.Group == "" || a.Detail == "" || a.Detail == "target group "+d.place.TargetGroup()
}

// resizing is what changes how many members a group has or should have.
func resizing() []string {
	return []string{"UpdateAutoScalingGroup", "SetDesiredCapacity", "TerminateInstanceInAutoScalingGroup", "AttachInstances", "DetachInstances", "EnterStandby", "ExitStandby"}
}
