package awssim

import (
	"slices"
	"strconv"
	"strings"
	"time"
)

func itoa(n int) string { return strconv.Itoa(n) }

func describeMembers(r *request) (any, error) {
	type item struct {
		memberItem
		AutoScalingGroupName string
	}
	ids := r.strs("InstanceIds.member")
	var all []item
	for _, g := range sorted(r.seen.groups) {
		for _, m := range g.members {
			if len(ids) == 0 || slices.Contains(ids, m.id) {
				i := item{memberItemOf(r.seen, m), g.name}
				// This call alone answers in capitals.
				i.HealthStatus = strings.ToUpper(i.HealthStatus)
				all = append(all, i)
			}
		}
	}
	shown, next, err := pageRecords(r, all, 50, 50)
	return struct {
		AutoScalingInstances []item `xml:"AutoScalingInstances>member"`
		NextToken            string `xml:",omitempty"`
	}{shown, next}, err
}

type activityItem struct {
	ActivityId           string
	AutoScalingGroupName string
	AutoScalingGroupARN  string
	Description          string
	Cause                string
	StartTime            time.Time
	EndTime              *time.Time `xml:",omitempty"`
	StatusCode           string
	Progress             int
	Details              string
}

func (g *group) activityItem(a *activity) activityItem {
	return activityItem{
		a.id, g.name, g.arn, a.description, a.cause, a.start, optional(a.end), a.status, a.progress,
		`{"Availability Zones":"` + strings.Join(g.zones, ",") + `"}`,
	}
}

func describeActivities(r *request) (any, error) {
	groups := sorted(r.seen.groups)
	if r.has("AutoScalingGroupName") {
		g, err := namedGroup(r, r.seen)
		if err != nil {
			return nil, err
		}
		groups = []*group{g}
	}
	ids := r.strs("ActivityIds.member")
	var all []activityItem
	for _, g := range groups {
		for _, a := range g.activities {
			if len(ids) == 0 || slices.Contains(ids, a.id) {
				all = append(all, g.activityItem(a))
			}
		}
	}
	slices.SortStableFunc(all, func(a, b activityItem) int { return b.StartTime.Compare(a.StartTime) })
	shown, next, err := pageRecords(r, all, 100, 100)
	return struct {
		Activities []activityItem `xml:"Activities>member"`
		NextToken  string         `xml:",omitempty"`
	}{shown, next}, err
}

func describeRefreshes(r *request) (any, error) {
	g, err := namedGroup(r, r.seen)
	if err != nil {
		return nil, err
	}
	type item struct {
		InstanceRefreshId    string
		AutoScalingGroupName string
		Status               string
		StatusReason         string `xml:",omitempty"`
		StartTime            time.Time
		EndTime              *time.Time `xml:",omitempty"`
		PercentageComplete   int
		InstancesToUpdate    int
		MinHealthyPercentage int `xml:"Preferences>MinHealthyPercentage"`
	}
	ids := r.strs("InstanceRefreshIds.member")
	var all []item
	for _, f := range g.refreshes {
		if len(ids) > 0 && !slices.Contains(ids, f.id) {
			continue
		}
		percent := 100
		if f.total > 0 {
			percent = 100 * (f.total - len(f.todo)) / f.total
		}
		all = append(all, item{f.id, g.name, f.status, f.reason, f.start, optional(f.end), percent, len(f.todo), f.minHealthy})
	}
	shown, next, err := pageRecords(r, all, 50, 100)
	return struct {
		InstanceRefreshes []item `xml:"InstanceRefreshes>member"`
		NextToken         string `xml:",omitempty"`
	}{shown, next}, err
}

func describeWarmPool(r *request) (any, error) {
	g, err := namedGroup(r, r.seen)
	if err != nil {
		return nil, err
	}
	var answer struct {
		WarmPoolConfiguration *warmPoolItem `xml:",omitempty"`
		Instances             []memberItem  `xml:"Instances>member"`
		NextToken             string        `xml:",omitempty"`
	}
	shown, next, err := pageRecords(r, g.warm, 50, 50)
	answer.NextToken = next
	for _, m := range shown {
		answer.Instances = append(answer.Instances, memberItemOf(r.seen, m))
	}
	if n := len(g.warm); n > 0 {
		answer.WarmPoolConfiguration = &warmPoolItem{n, "Stopped"}
	}
	return answer, err
}

func describeGroupTargets(r *request) (any, error) {
	g, err := namedGroup(r, r.seen)
	if err != nil {
		return nil, err
	}
	type item struct{ LoadBalancerTargetGroupARN, State string }
	var all []item
	for _, arn := range g.targets {
		all = append(all, item{arn, g.targetState(r.seen, arn)})
	}
	shown, next, err := pageRecords(r, all, 100, 100)
	return struct {
		LoadBalancerTargetGroups []item `xml:"LoadBalancerTargetGroups>member"`
		NextToken                string `xml:",omitempty"`
	}{shown, next}, err
}

func describeTrafficSources(r *request) (any, error) {
	g, err := namedGroup(r, r.seen)
	if err != nil {
		return nil, err
	}
	var all []trafficItem
	for _, arn := range g.targets {
		all = append(all, trafficItem{arn, "elbv2", g.targetState(r.seen, arn)})
	}
	shown, next, err := pageRecords(r, all, 50, 50)
	return struct {
		TrafficSources []trafficItem `xml:"TrafficSources>member"`
		NextToken      string        `xml:",omitempty"`
	}{shown, next}, err
}

// targetState is how far the attachment of a target group has got: Added until
// a member is registered and, for groups with ELB health checks, InService.
func (g *group) targetState(r *region, arn string) string {
	t := r.targets[arn]
	if t == nil || len(t.targets) == 0 || g.healthType != "ELB" {
		return "Added"
	}
	return "InService"
}
