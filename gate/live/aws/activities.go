package aws

import (
	"context"
	"fmt"
	"slices"
	"time"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	asgtypes "github.com/aws/aws-sdk-go-v2/service/autoscaling/types"

	"github.com/holdfast-gate/holdfast/gate"
)

// lookBack is how old an open activity may be and still count as going on
// (aws-semantics 2.5). What takes longer shows in the members themselves.
const lookBack = 6 * time.Hour

// ended is how many activities that are over are kept of each group.
const ended = 20

// readActivities reads what groups are doing. Activities come newest first
// and reach back six weeks; reading stops after the first page on which all
// are older than lookBack, and the source is complete all the same.
func (r *reading) readActivities(ctx context.Context, groups []string) {
	each(groups, func(name string) {
		since := r.o.Now().Add(-lookBack)
		var all []asgtypes.Activity
		recent := true
		p := autoscaling.NewDescribeScalingActivitiesPaginator(r.clients.asg(), &autoscaling.DescribeScalingActivitiesInput{AutoScalingGroupName: &name, MaxRecords: r.pageSize(pageGroups)})
		page, err := pages(ctx, &r.activities, func() bool { return recent && p.HasMorePages() },
			func(ctx context.Context) (*autoscaling.DescribeScalingActivitiesOutput, error) {
				return p.NextPage(ctx)
			},
			func(out *autoscaling.DescribeScalingActivitiesOutput) *string {
				for _, a := range out.Activities {
					if of := sdk.ToString(a.AutoScalingGroupName); of != name {
						r.activities.fail(misplaced("autoscaling:DescribeScalingActivities", r.region, of+" and not about "+name))
					}
				}
				// With a clock that is ahead of AWS's by hours, what is going on now
				// would look old: the earlier of the two clocks holds.
				if now, ok := awsmiddleware.GetServerTime(out.ResultMetadata); ok && now.Add(-lookBack).Before(since) {
					since = now.Add(-lookBack)
				}
				all = append(all, out.Activities...)
				recent = slices.ContainsFunc(out.Activities, func(a asgtypes.Activity) bool { return sdk.ToTime(a.StartTime).After(since) })
				return out.NextToken
			})
		if err != nil {
			r.activities.fail(onPage(page, explain(ctx, "autoscaling:DescribeScalingActivities", r.region, err)))
		}
		r.keepOperations(name, r.activityOperations(all, since))
		r.recall(name, all, since.Add(lookBack))
	})
}

// activityOperations keeps every open activity that is recent and the newest
// of those that are over.
func (r *reading) activityOperations(all []asgtypes.Activity, since time.Time) []gate.Operation {
	slices.SortStableFunc(all, func(a, b asgtypes.Activity) int { return sdk.ToTime(b.StartTime).Compare(sdk.ToTime(a.StartTime)) })
	var out []gate.Operation
	over := 0
	for _, a := range all {
		op := gate.Operation{
			Kind: "activity", ID: sdk.ToString(a.ActivityId), Raw: string(a.StatusCode),
			Phase: r.states.classify("autoscaling.ScalingActivityStatusCode", string(a.StatusCode)).phase,
			Start: sdk.ToTime(a.StartTime).UTC(), End: sdk.ToTime(a.EndTime).UTC(),
			Detail: joined(sdk.ToString(a.Description), sdk.ToString(a.StatusMessage), sdk.ToString(a.Cause)),
		}
		if op.Phase.Transitional() {
			if op.Start.After(since) {
				out = append(out, op)
			}
		} else if over++; over <= ended {
			out = append(out, op)
		}
	}
	return out
}

// readRefreshes reads the instance refreshes of groups and keeps the newest
// and any that is not over.
func (r *reading) readRefreshes(ctx context.Context, groups []string) {
	each(groups, func(name string) {
		var all []asgtypes.InstanceRefresh
		p := autoscaling.NewDescribeInstanceRefreshesPaginator(r.clients.asg(), &autoscaling.DescribeInstanceRefreshesInput{AutoScalingGroupName: &name, MaxRecords: r.pageSize(pageGroups)})
		page, err := pages(ctx, &r.refreshes, p.HasMorePages,
			func(ctx context.Context) (*autoscaling.DescribeInstanceRefreshesOutput, error) {
				return p.NextPage(ctx)
			},
			func(out *autoscaling.DescribeInstanceRefreshesOutput) *string {
				for _, f := range out.InstanceRefreshes {
					if of := sdk.ToString(f.AutoScalingGroupName); of != name {
						r.refreshes.fail(misplaced("autoscaling:DescribeInstanceRefreshes", r.region, of+" and not about "+name))
					}
				}
				all = append(all, out.InstanceRefreshes...)
				return out.NextToken
			})
		if err != nil {
			r.refreshes.fail(onPage(page, explain(ctx, "autoscaling:DescribeInstanceRefreshes", r.region, err)))
		}
		r.keepOperations(name, r.refreshOperations(all))
	})
}

func (r *reading) refreshOperations(all []asgtypes.InstanceRefresh) []gate.Operation {
	slices.SortStableFunc(all, func(a, b asgtypes.InstanceRefresh) int {
		return sdk.ToTime(b.StartTime).Compare(sdk.ToTime(a.StartTime))
	})
	var out []gate.Operation
	for i, f := range all {
		op := gate.Operation{
			Kind: "refresh", ID: sdk.ToString(f.InstanceRefreshId), Raw: string(f.Status),
			Phase: r.states.classify("autoscaling.InstanceRefreshStatus", string(f.Status)).phase,
			Start: sdk.ToTime(f.StartTime).UTC(), End: sdk.ToTime(f.EndTime).UTC(),
			Detail: joined(fmt.Sprintf("%d%% done", sdk.ToInt32(f.PercentageComplete)), sdk.ToString(f.StatusReason)),
		}
		if i == 0 || op.Phase.Transitional() {
			out = append(out, op)
		}
	}
	return out
}

func (r *reading) keepOperations(group string, ops []gate.Operation) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.ops[group] = append(r.ops[group], ops...)
}
