package aws

import (
	"fmt"
	"maps"
	"slices"
	"time"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	asgtypes "github.com/aws/aws-sdk-go-v2/service/autoscaling/types"

	"github.com/holdfast-gate/holdfast/gate"
	"github.com/holdfast-gate/holdfast/gate/lazy"
)

// behind is how far a replica may be behind at most, twice over (aws-semantics
// 0.3 says up to five minutes): what the history of a group says happened
// longer ago than that, the lists of instances know too.
const behind = 10 * time.Minute

// What a group writes into its history about one instance (Auto Scaling user
// guide, "Verify a scaling activity").
var (
	ends     = lazy.MustCompile(`^Terminating EC2 instance: (i-[0-9a-f]+)`)
	launches = lazy.MustCompile(`^Launching a new EC2 instance: (i-[0-9a-f]+)`)
)

// A past is what the history of a group says about one instance.
type past struct {
	group    string
	ended    *asgtypes.Activity // nil: it was not ended
	launched time.Time          // when its launch was over; zero: it was not launched of late
}

// recall notes what a group's history says of single instances: lists of
// instances and histories come from replicas of different age, and what one of
// them knows the other must not take back.
func (r *reading) recall(group string, all []asgtypes.Activity, now time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, a := range all {
		over := sdk.ToTime(a.EndTime)
		failed := a.StatusCode == asgtypes.ScalingActivityStatusCodeFailed || a.StatusCode == asgtypes.ScalingActivityStatusCodeCancelled
		if failed || !over.IsZero() && over.Before(now.Add(-behind)) {
			continue
		}
		text := sdk.ToString(a.Description)
		if found := ends().FindStringSubmatch(text); found != nil {
			p := r.past[found[1]]
			p.group, p.ended = group, &a
			r.past[found[1]] = p
		}
		if found := launches().FindStringSubmatch(text); found != nil && a.StatusCode == asgtypes.ScalingActivityStatusCodeSuccessful {
			p := r.past[found[1]]
			p.group, p.launched = group, over
			r.past[found[1]] = p
		}
	}
}

// endedBy is what its group's history says about an instance that it ended or
// is ending: nothing brings that one back, whatever a list still shows.
func (r *reading) endedBy(id string) []gate.Observation {
	a := r.past[id].ended
	if a == nil {
		return nil
	}
	return []gate.Observation{{Source: gate.SourceActivities, Field: "autoscaling.ScalingActivity", Raw: "Terminating EC2 instance", Phase: gate.Leaving, Serving: gate.ServingNo,
		Since: sdk.ToTime(a.StartTime).UTC(), Detail: "group " + r.past[id].group, Opinion: true}}
}

// agreeOnLaunches looks for an instance that a group had launched before we
// began to read, that it has not ended, and that no answer shows: the answers
// are of an older world than the history, and may lack others too.
func (r *reading) agreeOnLaunches() {
	for _, id := range slices.Sorted(maps.Keys(r.past)) {
		p := r.past[id]
		_, known := r.ec2[id]
		if !known && p.ended == nil && !p.launched.IsZero() && p.launched.Before(r.began) && r.instances.whole() {
			r.instances.fail(fault{gate.ProblemPartial, fmt.Sprintf("%s in %s left out %s, which group %s launched %s ago, and so perhaps others: try again in a minute",
				callInstances, r.region, id, p.group, r.began.Sub(p.launched).Round(time.Second))})
		}
	}
}
