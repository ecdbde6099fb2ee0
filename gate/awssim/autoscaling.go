package awssim

import (
	"slices"
	"strings"
	"time"
)

func (w *World) autoscaling() service {
	return service{
		namespace: "http://autoscaling.amazonaws.com/doc/2011-01-01/",
		actions: map[string]action{
			"DescribeAutoScalingGroups":        describeGroups,
			"DescribeAutoScalingInstances":     describeMembers,
			"DescribeScalingActivities":        describeActivities,
			"DescribeInstanceRefreshes":        describeRefreshes,
			"DescribeWarmPool":                 describeWarmPool,
			"DescribeLoadBalancerTargetGroups": describeGroupTargets,
			"DescribeTrafficSources":           describeTrafficSources,
			"DescribeTags":                     describeGroupTags,
			"DescribeLifecycleHooks":           describeHooks,
			// Policies, schedules, notifications and classic load balancers do
			// not exist in a World.
			"DescribePolicies":                   none,
			"DescribeScheduledActions":           none,
			"DescribeNotificationConfigurations": none,
			"DescribeLoadBalancers":              none,

			"DescribeLaunchConfigurations":        describeConfigurations,
			"CreateLaunchConfiguration":           createConfiguration,
			"DeleteLaunchConfiguration":           deleteConfiguration,
			"CreateAutoScalingGroup":              createGroup,
			"UpdateAutoScalingGroup":              changeGroup(updateGroup),
			"DeleteAutoScalingGroup":              changeGroup(deleteGroupAction),
			"SetDesiredCapacity":                  changeGroup(setDesiredCapacity),
			"CreateOrUpdateTags":                  eachTag((*group).setTag),
			"DeleteTags":                          eachTag((*group).dropTag),
			"SuspendProcesses":                    changeGroup(suspendProcesses),
			"ResumeProcesses":                     changeGroup(resumeProcesses),
			"SetInstanceProtection":               changeGroup(setProtection),
			"SetInstanceHealth":                   setHealth,
			"EnterStandby":                        changeGroup(move(moveToStandby)),
			"ExitStandby":                         changeGroup(move(moveFromStandby)),
			"DetachInstances":                     changeGroup(move(moveOut)),
			"TerminateInstanceInAutoScalingGroup": terminateMember,
			"AttachLoadBalancerTargetGroups":      changeGroup(attachTargets(targetARNs, true)),
			"DetachLoadBalancerTargetGroups":      changeGroup(attachTargets(targetARNs, false)),
			"AttachTrafficSources":                changeGroup(attachTargets(trafficSources, true)),
			"DetachTrafficSources":                changeGroup(attachTargets(trafficSources, false)),
			"StartInstanceRefresh":                changeGroup(startRefresh),
			"CancelInstanceRefresh":               changeGroup(cancelRefresh),
			"PutLifecycleHook":                    changeGroup(putHook),
			"DeleteLifecycleHook":                 changeGroup(deleteHook),
			"CompleteLifecycleAction":             changeGroup(completeHook),
			"EnableMetricsCollection":             changeGroup(metrics(true)),
			"DisableMetricsCollection":            changeGroup(metrics(false)),
		},
	}
}

type templateRef struct {
	LaunchTemplateId   string
	LaunchTemplateName string
	Version            string
}

type groupTagItem struct {
	ResourceId        string
	ResourceType      string
	Key               string
	Value             string
	PropagateAtLaunch bool
}

type memberItem struct {
	InstanceId           string
	AvailabilityZone     string
	LifecycleState       string
	HealthStatus         string
	ProtectedFromScaleIn bool
	InstanceType         string       `xml:",omitempty"`
	WeightedCapacity     string       `xml:",omitempty"`
	LaunchTemplate       *templateRef `xml:",omitempty"`

	LaunchConfigurationName string `xml:",omitempty"`
}

type suspendedItem struct{ ProcessName, SuspensionReason string }

type maintenanceItem struct{ MinHealthyPercentage, MaxHealthyPercentage int }

type groupItemASG struct {
	AutoScalingGroupName             string
	AutoScalingGroupARN              string
	LaunchTemplate                   *templateRef `xml:",omitempty"`
	LaunchConfigurationName          string       `xml:",omitempty"`
	MinSize                          int
	MaxSize                          int
	DesiredCapacity                  int
	DefaultCooldown                  int
	AvailabilityZones                []string `xml:"AvailabilityZones>member"`
	TargetGroupARNs                  []string `xml:"TargetGroupARNs>member"`
	HealthCheckType                  string
	HealthCheckGracePeriod           int
	Instances                        []memberItem `xml:"Instances>member"`
	CreatedTime                      time.Time
	SuspendedProcesses               []suspendedItem `xml:"SuspendedProcesses>member"`
	VPCZoneIdentifier                string          `xml:",omitempty"`
	EnabledMetrics                   []metricItem    `xml:"EnabledMetrics>member"`
	Status                           string          `xml:",omitempty"`
	Tags                             []groupTagItem  `xml:"Tags>member"`
	TerminationPolicies              []string        `xml:"TerminationPolicies>member"`
	NewInstancesProtectedFromScaleIn bool
	ServiceLinkedRoleARN             string
	MaxInstanceLifetime              int              `xml:",omitempty"`
	CapacityRebalance                bool             `xml:",omitempty"`
	Context                          string           `xml:",omitempty"`
	DefaultInstanceWarmup            int              `xml:",omitempty"`
	DeletionProtection               string           `xml:",omitempty"`
	TrafficSources                   []trafficItem    `xml:"TrafficSources>member"`
	InstanceMaintenancePolicy        *maintenanceItem `xml:",omitempty"`
	WarmPoolConfiguration            *warmPoolItem    `xml:",omitempty"`
	WarmPoolSize                     int              `xml:",omitempty"`
}

type metricItem struct{ Metric, Granularity string }

type trafficItem struct {
	Identifier string
	Type       string
	State      string `xml:",omitempty"`
}

type warmPoolItem struct {
	MinSize   int
	PoolState string
}

func (w *World) groupItem(r *region, g *group) groupItemASG {
	item := groupItemASG{
		AutoScalingGroupName: g.name, AutoScalingGroupARN: g.arn,
		MinSize: g.min, MaxSize: g.max, DesiredCapacity: g.desired, DefaultCooldown: g.cooldown,
		AvailabilityZones: g.zones, TargetGroupARNs: g.targets, VPCZoneIdentifier: strings.Join(g.subnets, ","),
		HealthCheckType: g.healthType, HealthCheckGracePeriod: g.grace, CreatedTime: g.created, Status: g.status,
		TerminationPolicies: g.policies, NewInstancesProtectedFromScaleIn: g.protectNew,
		ServiceLinkedRoleARN: "arn:aws:iam::" + w.account + ":role/aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling",
		MaxInstanceLifetime:  g.maxLifetime, CapacityRebalance: g.capacityRebalance, Context: g.context,
		DefaultInstanceWarmup: g.warmup, DeletionProtection: g.deletionProtection,
		LaunchTemplate: templateRefOf(r, g.templateID, g.templateVersion), LaunchConfigurationName: g.configuration,
	}
	for _, m := range g.members {
		item.Instances = append(item.Instances, memberItemOf(r, m))
	}
	for _, p := range keys(g.suspended) {
		item.SuspendedProcesses = append(item.SuspendedProcesses, suspendedItem{p, g.suspended[p]})
	}
	for _, t := range g.tags {
		item.Tags = append(item.Tags, groupTagItem{g.name, "auto-scaling-group", t.key, t.value, t.propagate})
	}
	for _, arn := range g.targets {
		item.TrafficSources = append(item.TrafficSources, trafficItem{Identifier: arn, Type: "elbv2"})
	}
	for _, m := range g.metrics {
		item.EnabledMetrics = append(item.EnabledMetrics, metricItem{m, "1Minute"})
	}
	if g.minHealthy >= 0 || g.maxHealthy >= 0 {
		item.InstanceMaintenancePolicy = &maintenanceItem{g.minHealthy, g.maxHealthy}
	}
	if n := len(g.warm); n > 0 {
		item.WarmPoolConfiguration, item.WarmPoolSize = &warmPoolItem{n, "Stopped"}, n
	}
	return item
}

func templateRefOf(r *region, id, version string) *templateRef {
	t := r.templates[id]
	if t == nil {
		return nil
	}
	return &templateRef{id, t.name, version}
}

func memberItemOf(r *region, m *member) memberItem {
	item := memberItem{
		InstanceId: m.id, AvailabilityZone: m.zone, LifecycleState: m.lifecycle, HealthStatus: m.health,
		ProtectedFromScaleIn: m.protected, InstanceType: m.kind, LaunchTemplate: templateRefOf(r, m.template, itoa(m.version)), LaunchConfigurationName: m.configuration,
	}
	if m.weight > 0 {
		item.WeightedCapacity = itoa(m.weight)
	}
	return item
}

// describeGroups answers names that are not there with nothing, as AWS does.
func describeGroups(r *request) (any, error) {
	names := r.strs("AutoScalingGroupNames.member")
	if most := max(50, r.num("MaxRecords", 50)); len(names) > most {
		return nil, failure("ValidationError", "The number of names must not exceed %d.", most)
	}
	var all []*group
	for _, g := range sorted(r.seen.groups) {
		ok, err := groupFilters(r, g)
		if err != nil {
			return nil, err
		}
		if ok && (len(names) == 0 || slices.Contains(names, g.name)) {
			all = append(all, g)
		}
	}
	shown, next, err := pageRecords(r, all, 50, 100)
	if err != nil {
		return nil, err
	}
	var answer struct {
		AutoScalingGroups []groupItemASG `xml:"AutoScalingGroups>member"`
		NextToken         string         `xml:",omitempty"`
	}
	answer.NextToken = next
	for _, g := range shown {
		answer.AutoScalingGroups = append(answer.AutoScalingGroups, r.w.groupItem(r.seen, g))
	}
	return answer, nil
}

// groupFilters applies the filters tag-key, tag-value and tag:<key>.
func groupFilters(r *request, g *group) (bool, error) {
	passes := true
	for _, f := range r.list("Filters.member") {
		name, want := f.str("Name"), f.strs("Values.member")
		key, isTag := strings.CutPrefix(name, "tag:")
		if !isTag && name != "tag-key" && name != "tag-value" {
			return false, failure("ValidationError", "Filter type %s is not correct.", name)
		}
		passes = passes && slices.ContainsFunc(g.tags, func(t groupTag) bool {
			switch {
			case isTag:
				return t.key == key && slices.Contains(want, t.value)
			case name == "tag-key":
				return slices.Contains(want, t.key)
			}
			return slices.Contains(want, t.value)
		})
	}
	return passes, nil
}

// pageRecords is page for services that call the size MaxRecords and have a
// default and a limit for it.
func pageRecords[T any](r *request, all []T, normal, most int) ([]T, string, error) {
	n := r.num("MaxRecords", normal)
	if n < 1 || n > most {
		return nil, "", failure("ValidationError", "MaxRecords must be between 1 and %d.", most)
	}
	return page(r, all, n)
}

// namedGroup finds the group a read names; not finding it is an error.
func namedGroup(r *request, in *region) (*group, error) {
	name := r.str("AutoScalingGroupName")
	if g := in.groups[name]; g != nil {
		return g, nil
	}
	return nil, failure("ValidationError", "AutoScalingGroup name not found - AutoScalingGroup '%s' not found", name)
}
