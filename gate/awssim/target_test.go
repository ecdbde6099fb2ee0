package awssim_test

import (
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	elbv2 "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/holdfast-gate/holdfast/gate/awssim"
)

// health returns what a target group says of its targets.
func (s *sim) health(arn string) map[string]string {
	s.t.Helper()
	out := must(s.elb.DescribeTargetHealth(s.t.Context(), &elbv2.DescribeTargetHealthInput{TargetGroupArn: &arn}))(s.t)
	health := map[string]string{}
	for _, d := range out.TargetHealthDescriptions {
		health[*d.Target.Id] = string(d.TargetHealth.State) + " " + string(d.TargetHealth.Reason)
	}
	return health
}

func TestTargetsFollowTheGroup(t *testing.T) {
	s := newSim(t)
	arn := s.CreateTargetGroup("", "web")
	s.CreateGroup(awssim.GroupSpec{Name: "g", Max: 3, Desired: 2, Settled: true, TargetGroups: []string{arn}, Policies: []string{"NewestInstance"}})
	old := s.members("g")
	want(t, "a settled target", s.health(arn)[old[0]], "healthy ")
	s.SetDesired("g", 3)
	s.Advance(33 * time.Second)
	young := s.members("g")[2]
	want(t, "a new target", s.health(arn)[young], "initial Elb.RegistrationInProgress")
	s.Advance(10 * time.Second)
	want(t, "a new target, later", s.health(arn)[young], "healthy ")

	s.SetDesired("g", 2)
	s.Advance(3 * time.Second)
	want(t, "on its way out", s.health(arn)[young], "draining Target.DeregistrationInProgress")
	want(t, "while it drains EC2 says", s.state(young), "running")
	want(t, "and the group says Terminating", s.lifecycles("g")["Terminating"], 1)
	want(t, "and its activity", string(s.activities("g")[0].StatusCode), "WaitingForELBConnectionDraining")
	s.Advance(30 * time.Second)
	want(t, "drained", s.state(young), "shutting-down")
	want(t, "targets", len(s.health(arn)), 2)
}

func TestTargetOfADyingInstance(t *testing.T) {
	s := newSim(t)
	arn := s.CreateTargetGroup("", "web")
	id := s.RunInstance(awssim.InstanceSpec{Age: time.Hour})
	s.RegisterTarget(arn, id)
	s.Advance(time.Minute)
	s.SetTargetHealth(arn, id, "unhealthy", "Target.FailedHealthChecks")
	want(t, "as told", s.health(arn)[id], "unhealthy Target.FailedHealthChecks")
	s.SetTargetHealth(arn, id, "", "")
	want(t, "as time passes", s.health(arn)[id], "healthy ")
	s.TerminateInstance(id)
	want(t, "dying", s.health(arn)[id], "unused Target.InvalidState")
	s.Advance(time.Minute)
	want(t, "targets", len(s.health(arn)), 0)
}

func TestGroupWithELBHealthReplacesUnhealthyTargets(t *testing.T) {
	s := newSim(t)
	arn := s.CreateTargetGroup("", "web")
	s.CreateGroup(awssim.GroupSpec{Name: "g", Max: 2, Desired: 2, Settled: true, TargetGroups: []string{arn}, HealthType: "ELB"})
	id := s.members("g")[0]
	s.SetTargetHealth(arn, id, "unhealthy", "Target.FailedHealthChecks")
	s.Advance(20 * time.Minute)
	want(t, "the unhealthy one", s.state(id), "terminated")
	want(t, "serving", s.serving(), 2)
}

func TestAttachedTargetGroups(t *testing.T) {
	s := newSim(t)
	arn := s.CreateTargetGroup("", "web")
	s.CreateGroup(awssim.GroupSpec{Name: "g", Max: 2, Desired: 2, Settled: true})
	must(s.asg.AttachLoadBalancerTargetGroups(t.Context(), &autoscaling.AttachLoadBalancerTargetGroupsInput{
		AutoScalingGroupName: aws.String("g"), TargetGroupARNs: []string{arn},
	}))(t)
	out := must(s.asg.DescribeLoadBalancerTargetGroups(t.Context(), &autoscaling.DescribeLoadBalancerTargetGroupsInput{AutoScalingGroupName: aws.String("g")}))(t)
	want(t, "attached", *out.LoadBalancerTargetGroups[0].State, "Added")
	traffic := must(s.asg.DescribeTrafficSources(t.Context(), &autoscaling.DescribeTrafficSourcesInput{AutoScalingGroupName: aws.String("g")}))(t)
	want(t, "traffic", *traffic.TrafficSources[0].Identifier, arn)
	want(t, "targets", len(s.health(arn)), 2)
	groups := must(s.elb.DescribeTargetGroups(t.Context(), &elbv2.DescribeTargetGroupsInput{TargetGroupArns: []string{arn}}))(t)
	want(t, "name", *groups.TargetGroups[0].TargetGroupName, "web")
}
