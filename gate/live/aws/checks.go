package aws

import (
	"strings"
	"time"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/holdfast-gate/holdfast/gate"
)

// horizon is how far ahead a scheduled event counts (aws-semantics 3.2).
const horizon = 24 * time.Hour

// checkObservations is what the status checks say of a running instance.
func (r *reading) checkObservations(s ec2types.InstanceStatus, read bool) []gate.Observation {
	if !read {
		// It runs, and nobody knows whether it works: it may not count.
		return []gate.Observation{{Source: gate.SourceStatus, Field: "ec2.InstanceStatus", Raw: "not read", Serving: gate.ServingNo, Opinion: true}}
	}
	out := []gate.Observation{
		r.check("ec2.SystemStatus", s.SystemStatus),
		r.check("ec2.InstanceStatus", s.InstanceStatus),
	}
	// The other two checks exist only for some kinds of instances.
	if e := s.AttachedEbsStatus; e != nil {
		o := r.summary("ec2.AttachedEbsStatus", e.Status)
		for _, d := range e.Details {
			o.Since, o.Detail = sdk.ToTime(d.ImpairedSince).UTC(), joined(string(d.Name), string(d.Status))
		}
		out = append(out, o)
	}
	if a := s.ApplicationStatus; a != nil {
		o := r.summary("ec2.ApplicationStatus", a.Status)
		o.Since = sdk.ToTime(a.ImpairedSince).UTC()
		out = append(out, o)
	}
	return out
}

func (r *reading) check(field string, s *ec2types.InstanceStatusSummary) gate.Observation {
	if s == nil {
		return r.summary(field, "")
	}
	o := r.summary(field, s.Status)
	for _, d := range s.Details {
		o.Since, o.Detail = sdk.ToTime(d.ImpairedSince).UTC(), joined(string(d.Name), string(d.Status))
	}
	return o
}

// summary classes the result of a check. One that does not apply has no say.
func (r *reading) summary(field string, status ec2types.SummaryStatus) gate.Observation {
	o := r.observe(gate.SourceStatus, "ec2.SummaryStatus", string(status))
	o.Field = field
	o.Opinion = status != ec2types.SummaryStatusNotApplicable
	return o
}

// eventObservations is what AWS has scheduled for an instance. An event that
// is over stays listed for up to a week and is left out.
func (r *reading) eventObservations(events []ec2types.InstanceStatusEvent) []gate.Observation {
	// With a clock that is behind AWS's by days, what is due now would look far
	// off: the later of the two clocks holds.
	now := r.o.Now()
	if r.latest.After(now) {
		now = r.latest
	}
	var out []gate.Observation
	for _, e := range events {
		text := sdk.ToString(e.Description)
		if over(text) {
			continue
		}
		m := eventMeaning(e.Code)
		o := gate.Observation{Source: gate.SourceStatus, Field: "ec2.EventCode", Raw: string(e.Code), Phase: m.phase, Serving: m.serving, Detail: text}
		if e.NotBefore != nil {
			o.Detail = joined("not before "+e.NotBefore.UTC().Format(time.RFC3339), text)
		}
		// An event without a time may come at any.
		o.Opinion = e.NotBefore == nil || e.NotBefore.Before(now.Add(horizon))
		o.Scheduled = e.NotBefore != nil && e.NotBefore.After(now)
		out = append(out, o)
	}
	return out
}

func over(description string) bool {
	for _, prefix := range []string{"[Completed]", "[Canceled]", "[Cancelled]"} {
		if strings.HasPrefix(description, prefix) {
			return true
		}
	}
	return false
}

// eventMeaning is what an event will do (aws-semantics 3.2). Neither a member
// that is to be rebooted nor one that is going will be there when it is counted
// on (5.4).
func eventMeaning(code ec2types.EventCode) meaning {
	switch code {
	case ec2types.EventCodeInstanceRetirement, ec2types.EventCodeInstanceStop:
		return meaning{gate.Leaving, gate.ServingNo}
	case ec2types.EventCodeInstanceReboot, ec2types.EventCodeSystemReboot, ec2types.EventCodeSystemMaintenance:
		return meaning{gate.Changing, gate.ServingNo}
	}
	return unlisted()
}
