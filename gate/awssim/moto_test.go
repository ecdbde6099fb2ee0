//go:build moto

package awssim_test

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	astypes "github.com/aws/aws-sdk-go-v2/service/autoscaling/types"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	elbv2 "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	elbtypes "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/holdfast-gate/holdfast/e2e/emulator"
)

// differences are the fields in which awssim is meant to differ from moto, and
// why. One that no longer differs fails the test.
var differences = map[string]string{
	"clamped.group.member version":   motoVersion,
	"error, desired above max":       "moto does not hold SetDesiredCapacity to the limits; AWS does",
	"error, group exists":            "moto replaces a group of the same name; AWS answers AlreadyExists",
	"error, no such template":        "moto answers with an empty list; AWS with an error",
	"filter zone":                    "moto compares the filter with something else than the zone it shows",
	"made.group.member version":      motoVersion,
	"member.instance.groups":         motoGroups,
	"member.instance.tags":           motoVersion,
	"protected.group.member version": motoVersion,
	"run.instance.groups":            motoGroups,
	"running.instance.groups":        motoGroups,
	"scaled in.group.member version": motoVersion,
	"stopped.instance.groups":        motoGroups,
	"stopped.instance.reason":        motoZone,
	"suspended.group.member version": motoVersion,
	"tagged.instance.groups":         motoGroups,
	"terminated.instance.interfaces": motoNetwork,
	"terminated.instance.reason":     motoZone,
	"terminated.instance.subnet":     motoNetwork,
	"terminated.instance.vpc":        motoNetwork,
	"terminating.state":              "moto ends an instance at once; showing it while it goes is what a World is for",
}

const (
	motoVersion = "moto launches members of a group from the default version where it is told $Latest"
	motoGroups  = "moto leaves an instance that names a subnet without the VPC's default security group; AWS gives it one"
	motoZone    = "AWS writes GMT where moto writes UTC (EC2 API, StateTransitionReason)"
	motoNetwork = "AWS takes the network interface away from a terminated instance; moto leaves it"
)

// TestAnswersLikeMoto makes the same calls to awssim and to moto, and compares
// the fields that a gate reads. The clock of the World is moved far enough
// after each change for it to be where moto is at once.
func TestAnswersLikeMoto(t *testing.T) {
	sim := newSim(t)
	moto := clients(t, nil, emulator.Start(t), "us-east-1")
	got, wanted := tour(t, sim, func() { sim.Advance(10 * time.Minute) }), tour(t, moto, func() {})
	for _, field := range keys(got, wanted) {
		reason, expected := differences[field]
		same := got[field] == wanted[field]
		switch {
		case !same && !expected:
			t.Errorf("%s: awssim %q, moto %q", field, got[field], wanted[field])
		case same && expected:
			t.Errorf("%s: no longer differs (%s)", field, reason)
		}
	}
	for field := range differences {
		if _, ok := got[field]; !ok {
			t.Errorf("%s: listed as a difference, but nothing compares it", field)
		}
	}
}

// facts are what was read: a field of an answer and its value.
type facts map[string]string

// tour makes the calls and notes what comes back.
func tour(t *testing.T, s *sim, settle func()) facts {
	f := facts{}
	image := images(t, s)
	subnet := *must(s.ec2.DescribeSubnets(t.Context(), &ec2.DescribeSubnetsInput{Filters: filter("availability-zone", "us-east-1b")}))(t).Subnets[0].SubnetId
	f.identity(t, s)
	f.instances(t, s, image, subnet, settle)
	template := f.templates(t, s, image)
	target := f.targets(t, s)
	f.group(t, s, template, target, subnet, settle)
	return f
}

// images returns an image that both know.
func images(t *testing.T, s *sim) string {
	return *must(s.ec2.DescribeImages(t.Context(), &ec2.DescribeImagesInput{ImageIds: []string{"ami-12c6146b"}}))(t).Images[0].ImageId
}

func (f facts) identity(t *testing.T, s *sim) {
	out := must(s.sts.GetCallerIdentity(t.Context(), &sts.GetCallerIdentityInput{}))(t)
	f["identity.account"] = *out.Account
	f["identity.arn"] = strings.Join(strings.SplitN(*out.Arn, ":", 6)[:2], ":")
}

func (f facts) instances(t *testing.T, s *sim, image, subnet string, settle func()) {
	ran := must(s.ec2.RunInstances(t.Context(), &ec2.RunInstancesInput{
		MinCount: aws.Int32(2), MaxCount: aws.Int32(2), ImageId: &image, InstanceType: "m5.large", SubnetId: &subnet,
		TagSpecifications: []ec2types.TagSpecification{{ResourceType: "instance", Tags: []ec2types.Tag{{Key: aws.String("Cluster"), Value: aws.String("search")}}}},
	}))(t)
	f.instance("run", ran.Instances[0])
	f["run.owner"], f["run.count"] = *ran.OwnerId, fmt.Sprint(len(ran.Instances))
	a, b := *ran.Instances[0].InstanceId, *ran.Instances[1].InstanceId
	settle()
	f.instance("running", s.one(a))
	f["one reservation"] = fmt.Sprint(len(must(s.ec2.DescribeInstances(t.Context(), &ec2.DescribeInstancesInput{}))(t).Reservations))
	f.status(t, s, "running", a)
	for name, fl := range map[string][]ec2types.Filter{
		"tag": filter("tag:Cluster", "search"), "tag-key": filter("tag-key", "Cluster"), "pattern": filter("tag:Cluster", "s*"),
		"state": filter("instance-state-name", "running"), "none": filter("tag:Cluster", "other"),
		"zone": filter("availability-zone", "us-east-1b"), "vpc": filter("vpc-id", *s.one(a).VpcId),
	} {
		f["filter "+name] = fmt.Sprint(len(s.instances(&ec2.DescribeInstancesInput{Filters: fl})))
	}
	_, err := s.ec2.DescribeInstances(t.Context(), &ec2.DescribeInstancesInput{InstanceIds: []string{"i-0123456789abcdef0"}})
	f["error, no such instance"] = code(err)
	_, err = s.ec2.DescribeInstances(t.Context(), &ec2.DescribeInstancesInput{InstanceIds: []string{a}, MaxResults: aws.Int32(5)})
	f["error, ids and a size"] = code(err)
	_, err = s.ec2.TerminateInstances(t.Context(), &ec2.TerminateInstancesInput{InstanceIds: []string{"i-0123456789abcdef0"}})
	f["error, terminate no such instance"] = code(err)

	must(s.ec2.CreateTags(t.Context(), &ec2.CreateTagsInput{Resources: []string{a}, Tags: []ec2types.Tag{{Key: aws.String("Role"), Value: aws.String("data")}}}))(t)
	f.instance("tagged", s.one(a))
	f["described tags"] = fmt.Sprint(len(must(s.ec2.DescribeTags(t.Context(), &ec2.DescribeTagsInput{Filters: filter("resource-id", a)}))(t).Tags))

	stop := must(s.ec2.StopInstances(t.Context(), &ec2.StopInstancesInput{InstanceIds: []string{b}}))(t).StoppingInstances[0]
	f["stop"] = string(stop.PreviousState.Name) + " -> " + string(stop.CurrentState.Name)
	settle()
	f.instance("stopped", s.one(b))
	f.status(t, s, "stopped", b)
	begin := must(s.ec2.StartInstances(t.Context(), &ec2.StartInstancesInput{InstanceIds: []string{b}}))(t).StartingInstances[0]
	f["start"] = string(begin.PreviousState.Name) + " -> " + string(begin.CurrentState.Name)
	settle()
	end := must(s.ec2.TerminateInstances(t.Context(), &ec2.TerminateInstancesInput{InstanceIds: []string{a, b}}))(t).TerminatingInstances[0]
	f["terminate"] = string(end.PreviousState.Name) + " -> " + string(end.CurrentState.Name)
	f["terminating.state"] = s.state(a)
	settle()
	f.instance("terminated", s.one(a))
}

func (f facts) instance(when string, i ec2types.Instance) {
	at := when + ".instance."
	f[at+"id"] = shape(*i.InstanceId)
	f[at+"state"] = fmt.Sprint(i.State.Name, *i.State.Code)
	f[at+"image"], f[at+"type"] = *i.ImageId, string(i.InstanceType)
	f[at+"zone"] = *i.Placement.AvailabilityZone
	f[at+"launched"] = fmt.Sprint(i.LaunchTime != nil && !i.LaunchTime.IsZero())
	f[at+"vpc"], f[at+"subnet"] = shape(aws.ToString(i.VpcId)), shape(aws.ToString(i.SubnetId))
	f[at+"root"] = string(i.RootDeviceType)
	f[at+"architecture"], f[at+"virtualization"] = string(i.Architecture), string(i.VirtualizationType)
	f[at+"interfaces"], f[at+"groups"] = fmt.Sprint(len(i.NetworkInterfaces)), fmt.Sprint(len(i.SecurityGroups))
	f[at+"monitoring"] = string(i.Monitoring.State)
	f[at+"reason"] = digits.ReplaceAllString(aws.ToString(i.StateTransitionReason), "0")
	if i.StateReason != nil {
		f[at+"code"] = aws.ToString(i.StateReason.Code)
	}
	var tags []string
	for _, tag := range i.Tags {
		tags = append(tags, *tag.Key+"="+*tag.Value)
	}
	slices.Sort(tags)
	f[at+"tags"] = shape(strings.Join(tags, " "))
}

func (f facts) status(t *testing.T, s *sim, when, id string) {
	out := must(s.ec2.DescribeInstanceStatus(t.Context(), &ec2.DescribeInstanceStatusInput{InstanceIds: []string{id}, IncludeAllInstances: aws.Bool(true)}))(t)
	st := out.InstanceStatuses[0]
	f[when+".status.state"] = string(st.InstanceState.Name)
	f[when+".status.checks"] = string(st.SystemStatus.Status) + " " + string(st.InstanceStatus.Status)
	f[when+".status.zone"] = *st.AvailabilityZone
	running := must(s.ec2.DescribeInstanceStatus(t.Context(), &ec2.DescribeInstanceStatusInput{InstanceIds: []string{id}}))(t)
	f[when+".status.ordinary"] = fmt.Sprint(len(running.InstanceStatuses))
}

func (f facts) templates(t *testing.T, s *sim, image string) string {
	made := must(s.ec2.CreateLaunchTemplate(t.Context(), &ec2.CreateLaunchTemplateInput{
		LaunchTemplateName: aws.String("web"),
		LaunchTemplateData: &ec2types.RequestLaunchTemplateData{
			ImageId: &image, InstanceType: "m5.large",
			TagSpecifications: []ec2types.LaunchTemplateTagSpecificationRequest{{ResourceType: "instance", Tags: []ec2types.Tag{{Key: aws.String("From"), Value: aws.String("template")}}}},
		},
	}))(t).LaunchTemplate
	f["template.id"], f["template.versions"] = shape(*made.LaunchTemplateId), fmt.Sprint(*made.DefaultVersionNumber, *made.LatestVersionNumber)
	second := must(s.ec2.CreateLaunchTemplateVersion(t.Context(), &ec2.CreateLaunchTemplateVersionInput{
		LaunchTemplateId: made.LaunchTemplateId, SourceVersion: aws.String("1"),
		LaunchTemplateData: &ec2types.RequestLaunchTemplateData{InstanceType: "m5.xlarge", ImageId: &image},
	}))(t).LaunchTemplateVersion
	f["template.second"] = fmt.Sprint(*second.VersionNumber, *second.DefaultVersion, second.LaunchTemplateData.InstanceType)
	for _, version := range []string{"$Latest", "$Default", "1"} {
		v := must(s.ec2.DescribeLaunchTemplateVersions(t.Context(), &ec2.DescribeLaunchTemplateVersionsInput{LaunchTemplateId: made.LaunchTemplateId, Versions: []string{version}}))(t).LaunchTemplateVersions[0]
		f["template."+version] = fmt.Sprint(*v.VersionNumber, *v.DefaultVersion, *v.LaunchTemplateName, v.LaunchTemplateData.InstanceType, *v.LaunchTemplateData.ImageId)
	}
	_, err := s.ec2.DescribeLaunchTemplates(t.Context(), &ec2.DescribeLaunchTemplatesInput{LaunchTemplateIds: []string{"lt-0123456789abcdef0"}})
	f["error, no such template"] = code(err)
	return *made.LaunchTemplateId
}

func (f facts) targets(t *testing.T, s *sim) string {
	vpc := must(s.ec2.DescribeVpcs(t.Context(), &ec2.DescribeVpcsInput{Filters: filter("is-default", "true")}))(t).Vpcs[0]
	f["vpc"] = fmt.Sprint(shape(*vpc.VpcId), *vpc.CidrBlock, *vpc.IsDefault, vpc.State)
	made := must(s.elb.CreateTargetGroup(t.Context(), &elbv2.CreateTargetGroupInput{
		Name: aws.String("web"), Protocol: elbtypes.ProtocolEnumHttp, Port: aws.Int32(80), VpcId: vpc.VpcId,
	}))(t).TargetGroups[0]
	f["target group"] = fmt.Sprint(*made.TargetGroupName, made.Protocol, *made.Port, made.TargetType, *made.HealthCheckPath, *made.HealthCheckIntervalSeconds)
	f["target group.arn"] = hex.ReplaceAllString(*made.TargetGroupArn, "0")
	_, err := s.elb.DescribeTargetHealth(t.Context(), &elbv2.DescribeTargetHealthInput{TargetGroupArn: aws.String(strings.Replace(*made.TargetGroupArn, "web", "other", 1))})
	f["error, no such target group"] = code(err)
	return *made.TargetGroupArn
}

func (f facts) group(t *testing.T, s *sim, template, target, subnet string, settle func()) {
	name := aws.String("web")
	must(s.asg.CreateAutoScalingGroup(t.Context(), &autoscaling.CreateAutoScalingGroupInput{
		AutoScalingGroupName: name, MinSize: aws.Int32(1), MaxSize: aws.Int32(6), DesiredCapacity: aws.Int32(3),
		LaunchTemplate:    &astypes.LaunchTemplateSpecification{LaunchTemplateId: &template, Version: aws.String("$Latest")},
		VPCZoneIdentifier: &subnet, TargetGroupARNs: []string{target},
		Tags: []astypes.Tag{{Key: aws.String("Cluster"), Value: aws.String("web"), PropagateAtLaunch: aws.Bool(true), ResourceId: name, ResourceType: aws.String("auto-scaling-group")}},
	}))(t)
	settle()
	f.groupNow("made", s.group("web"))
	member := *s.group("web").Instances[0].InstanceId
	f.instance("member", s.one(member))
	for filterName, want := range map[string]string{"tag:Cluster": "web", "tag-key": "Cluster", "tag-value": "other"} {
		out := must(s.asg.DescribeAutoScalingGroups(t.Context(), &autoscaling.DescribeAutoScalingGroupsInput{Filters: []astypes.Filter{{Name: aws.String(filterName), Values: []string{want}}}}))(t)
		f["groups by "+filterName] = fmt.Sprint(len(out.AutoScalingGroups))
	}
	none := must(s.asg.DescribeAutoScalingGroups(t.Context(), &autoscaling.DescribeAutoScalingGroupsInput{AutoScalingGroupNames: []string{"other"}}))(t)
	f["groups of no such name"] = fmt.Sprint(len(none.AutoScalingGroups))
	for _, d := range must(s.elb.DescribeTargetHealth(t.Context(), &elbv2.DescribeTargetHealthInput{TargetGroupArn: &target}))(t).TargetHealthDescriptions {
		f["target.health"], f["target.port"] = string(d.TargetHealth.State), fmt.Sprint(*d.Target.Port)
	}
	attached := must(s.asg.DescribeLoadBalancerTargetGroups(t.Context(), &autoscaling.DescribeLoadBalancerTargetGroupsInput{AutoScalingGroupName: name}))(t)
	f["attached target groups"] = fmt.Sprint(len(attached.LoadBalancerTargetGroups))
	warm := must(s.asg.DescribeWarmPool(t.Context(), &autoscaling.DescribeWarmPoolInput{AutoScalingGroupName: name}))(t)
	f["warm pool"] = fmt.Sprint(warm.WarmPoolConfiguration != nil, len(warm.Instances))

	must(s.asg.SuspendProcesses(t.Context(), &autoscaling.SuspendProcessesInput{AutoScalingGroupName: name, ScalingProcesses: []string{"Terminate"}}))(t)
	f.groupNow("suspended", s.group("web"))
	must(s.asg.ResumeProcesses(t.Context(), &autoscaling.ResumeProcessesInput{AutoScalingGroupName: name, ScalingProcesses: []string{"Terminate"}}))(t)
	must(s.asg.SetInstanceProtection(t.Context(), &autoscaling.SetInstanceProtectionInput{AutoScalingGroupName: name, InstanceIds: []string{member}, ProtectedFromScaleIn: aws.Bool(true)}))(t)
	f.groupNow("protected", s.group("web"))
	must(s.asg.UpdateAutoScalingGroup(t.Context(), &autoscaling.UpdateAutoScalingGroupInput{AutoScalingGroupName: name, DesiredCapacity: aws.Int32(1)}))(t)
	settle()
	f.groupNow("scaled in", s.group("web"))
	f["the protected one stays"] = fmt.Sprint(*s.group("web").Instances[0].InstanceId == member)
	must(s.asg.UpdateAutoScalingGroup(t.Context(), &autoscaling.UpdateAutoScalingGroupInput{AutoScalingGroupName: name, DesiredCapacity: aws.Int32(4)}))(t)
	settle()
	must(s.asg.UpdateAutoScalingGroup(t.Context(), &autoscaling.UpdateAutoScalingGroupInput{AutoScalingGroupName: name, MaxSize: aws.Int32(2)}))(t)
	settle()
	f.groupNow("clamped", s.group("web"))
	_, err := s.asg.SetDesiredCapacity(t.Context(), &autoscaling.SetDesiredCapacityInput{AutoScalingGroupName: name, DesiredCapacity: aws.Int32(9)})
	f["error, desired above max"] = code(err)
	_, err = s.asg.DeleteAutoScalingGroup(t.Context(), &autoscaling.DeleteAutoScalingGroupInput{AutoScalingGroupName: aws.String("other")})
	f["error, no such group"] = code(err)
	_, err = s.asg.CreateAutoScalingGroup(t.Context(), &autoscaling.CreateAutoScalingGroupInput{AutoScalingGroupName: name, MinSize: aws.Int32(1), MaxSize: aws.Int32(1),
		LaunchTemplate: &astypes.LaunchTemplateSpecification{LaunchTemplateId: &template}, VPCZoneIdentifier: &subnet})
	f["error, group exists"] = code(err)
}

func (f facts) groupNow(when string, g astypes.AutoScalingGroup) {
	at := when + ".group."
	f[at+"sizes"] = fmt.Sprint(*g.MinSize, *g.MaxSize, *g.DesiredCapacity)
	f[at+"zones"], f[at+"subnet"] = strings.Join(g.AvailabilityZones, " "), shape(aws.ToString(g.VPCZoneIdentifier))
	f[at+"template"] = fmt.Sprint(shape(*g.LaunchTemplate.LaunchTemplateId), *g.LaunchTemplate.LaunchTemplateName, *g.LaunchTemplate.Version)
	f[at+"targets"] = fmt.Sprint(len(g.TargetGroupARNs))
	f[at+"health type"] = fmt.Sprint(*g.HealthCheckType, *g.HealthCheckGracePeriod)
	f[at+"cooldown"], f[at+"policies"] = fmt.Sprint(*g.DefaultCooldown), strings.Join(g.TerminationPolicies, " ")
	f[at+"created"], f[at+"status"] = fmt.Sprint(g.CreatedTime != nil), aws.ToString(g.Status)
	f[at+"arn"] = hex.ReplaceAllString(*g.AutoScalingGroupARN, "0")
	f[at+"protects new"] = fmt.Sprint(aws.ToBool(g.NewInstancesProtectedFromScaleIn))
	f[at+"role"] = fmt.Sprint(g.ServiceLinkedRoleARN != nil)
	var suspended, tags, members []string
	for _, p := range g.SuspendedProcesses {
		suspended = append(suspended, *p.ProcessName)
	}
	for _, tag := range g.Tags {
		tags = append(tags, fmt.Sprint(*tag.Key, *tag.Value, *tag.PropagateAtLaunch, *tag.ResourceId, *tag.ResourceType))
	}
	for _, m := range g.Instances {
		members = append(members, fmt.Sprint(shape(*m.InstanceId), m.LifecycleState, *m.HealthStatus, *m.ProtectedFromScaleIn, *m.AvailabilityZone,
			" ", aws.ToString(m.InstanceType), " ", m.LaunchTemplate != nil && *m.LaunchTemplate.LaunchTemplateName != ""))
		f[at+"member version"] = aws.ToString(m.LaunchTemplate.Version)
	}
	slices.Sort(members)
	f[at+"suspended"], f[at+"tags"], f[at+"members"] = strings.Join(suspended, " "), strings.Join(tags, ", "), strings.Join(members, ", ")
}

var (
	digits = regexp.MustCompile(`\d+`)
	hex    = regexp.MustCompile(`[0-9a-f]{8,}(-[0-9a-f]{4,})*`)
	ids    = regexp.MustCompile(`\b([a-z]+)-[0-9a-f]{8,17}\b`)
)

// shape is an id, or a text with ids in it, without what is only their own.
func shape(id string) string { return ids.ReplaceAllString(id, "$1-?") }

func keys(a, b facts) []string {
	all := maps.Clone(a)
	maps.Copy(all, b)
	return slices.Sorted(maps.Keys(all))
}
