package aws

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	asgtypes "github.com/aws/aws-sdk-go-v2/service/autoscaling/types"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/holdfast-gate/holdfast/gate"
	"github.com/holdfast-gate/holdfast/gate/live"
)

// agree compares what was found by tag with what was found by name: whoever
// carries a tag that was asked for must have been in the answer. An answer that
// left out one may have left out others, and those nobody names: a replica that
// lags behind, or a page that was lost on the way (aws-semantics 0.3).
func (r *reading) agree(w live.Want, groups map[string]bool, began time.Time) {
	if r.instances.whole() {
		r.agreeOnInstances(w, groups, began)
	}
	if r.groups.whole() {
		r.agreeOnGroups(w, began)
	}
}

func (r *reading) agreeOnInstances(w live.Want, groups map[string]bool, began time.Time) {
	for _, id := range slices.Sorted(maps.Keys(r.ec2)) {
		i := r.ec2[id]
		tags := ec2Tags(i.Tags)
		asked := wanted(w, tags) || groups[tags[groupTag]]
		// Who came while we read, or has lost its tags on its way out, need not be
		// in an answer from before.
		if asked && !r.tagged[id] && sdk.ToTime(i.LaunchTime).Before(began) && !ending(i) {
			r.instances.fail(leftOut(callInstances, r.region, id))
			return
		}
	}
}

func (r *reading) agreeOnGroups(w live.Want, began time.Time) {
	for _, name := range slices.Sorted(maps.Keys(r.asgs)) {
		g := r.asgs[name]
		if wanted(w, groupTags(g.Tags)) && !r.tagged[name] && sdk.ToTime(g.CreatedTime).Before(began) {
			r.groups.fail(leftOut(callGroups, r.region, name))
			return
		}
	}
}

func leftOut(call, region, id string) fault {
	return fault{gate.ProblemPartial, fmt.Sprintf("%s in %s, asked for a tag, left out %s, which has it, and so perhaps others: try again in a minute", call, region, id)}
}

// wanted reports whether tags are among those that were searched for.
func wanted(w live.Want, tags map[string]string) bool {
	return slices.ContainsFunc(w.Tags, func(t live.Tag) bool {
		v, ok := tags[t.Key]
		return ok && (t.Any() || slices.Contains(t.Values, v))
	})
}

// elsewhere reports whether an instance is in another region than the one that
// was asked: zones are named after their region, local ones too. One without a
// zone says nothing about it.
func (r *reading) elsewhere(i ec2types.Instance) bool {
	if i.Placement == nil {
		return false
	}
	zone := sdk.ToString(i.Placement.AvailabilityZone)
	return zone != "" && !strings.HasPrefix(zone, r.region)
}

// groupElsewhere is elsewhere for a group, whose ARN names its region.
func (r *reading) groupElsewhere(g asgtypes.AutoScalingGroup) bool {
	arn := sdk.ToString(g.AutoScalingGroupARN)
	return arn != "" && !strings.Contains(arn, ":"+r.region+":")
}

// misplaced is the fault of an answer that is about something else than was
// asked.
func misplaced(call, region, what string) fault {
	return fault{gate.ProblemFailed, fmt.Sprintf("%s in %s answered about %s: check the network and the endpoint settings", call, region, what)}
}
