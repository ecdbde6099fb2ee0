//go:build moto

package awssim_test

import (
	"net/http/httptest"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	astypes "github.com/aws/aws-sdk-go-v2/service/autoscaling/types"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	elbv2 "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"

	"github.com/holdfast-gate/holdfast/e2e/emulator"
	"github.com/holdfast-gate/holdfast/gate/live"
	liveaws "github.com/holdfast-gate/holdfast/gate/live/aws"
)

// TestRecordCollectors records what the collectors ask of an account with a
// group, a target group, and instances that run, are stopped and are gone, more
// of them than a page holds. The recording is kept:
//
//	go test -tags moto -run RecordCollectors ./gate/awssim -record
//
// Without -record it checks that the collectors still make the same calls.
func TestRecordCollectors(t *testing.T) {
	r := &recorder{endpoint: emulator.Start(t)}
	server := httptest.NewServer(r)
	t.Cleanup(server.Close)
	s := clients(t, nil, server.URL, "us-east-1")
	image := images(t, s)
	subnet := must(s.ec2.DescribeSubnets(t.Context(), &ec2.DescribeSubnetsInput{Filters: filter("availability-zone", "us-east-1a")}))(t).Subnets[0].SubnetId
	var ran []string
	for range 7 {
		out := must(s.ec2.RunInstances(t.Context(), &ec2.RunInstancesInput{
			MinCount: aws.Int32(1), MaxCount: aws.Int32(1), ImageId: &image, InstanceType: "m5.large", SubnetId: subnet,
			TagSpecifications: []ec2types.TagSpecification{{ResourceType: "instance", Tags: []ec2types.Tag{{Key: aws.String("Cluster"), Value: aws.String("search")}}}},
		}))(t)
		ran = append(ran, *out.Instances[0].InstanceId)
	}
	must(s.ec2.StopInstances(t.Context(), &ec2.StopInstancesInput{InstanceIds: []string{ran[5]}}))(t)
	must(s.ec2.TerminateInstances(t.Context(), &ec2.TerminateInstancesInput{InstanceIds: []string{ran[6]}}))(t)
	template := must(s.ec2.CreateLaunchTemplate(t.Context(), &ec2.CreateLaunchTemplateInput{
		LaunchTemplateName: aws.String("web"), LaunchTemplateData: &ec2types.RequestLaunchTemplateData{ImageId: &image, InstanceType: "m5.large"},
	}))(t).LaunchTemplate.LaunchTemplateId
	vpc := must(s.ec2.DescribeVpcs(t.Context(), &ec2.DescribeVpcsInput{Filters: filter("is-default", "true")}))(t).Vpcs[0].VpcId
	target := must(s.elb.CreateTargetGroup(t.Context(), &elbv2.CreateTargetGroupInput{Name: aws.String("web"), Protocol: "HTTP", Port: aws.Int32(80), VpcId: vpc}))(t).TargetGroups[0].TargetGroupArn
	must(s.asg.CreateAutoScalingGroup(t.Context(), &autoscaling.CreateAutoScalingGroupInput{
		AutoScalingGroupName: aws.String("web"), MinSize: aws.Int32(0), MaxSize: aws.Int32(6), DesiredCapacity: aws.Int32(3), AvailabilityZones: []string{"us-east-1a"},
		LaunchTemplate: &astypes.LaunchTemplateSpecification{LaunchTemplateId: template, Version: aws.String("1")}, TargetGroupARNs: []string{*target},
		Tags: []astypes.Tag{{Key: aws.String("Cluster"), Value: aws.String("search"), PropagateAtLaunch: aws.Bool(true), ResourceId: aws.String("web"), ResourceType: aws.String("auto-scaling-group")}},
	}))(t)
	must(s.asg.SuspendProcesses(t.Context(), &autoscaling.SuspendProcessesInput{AutoScalingGroupName: aws.String("web"), ScalingProcesses: []string{"AZRebalance"}}))(t)

	collector := liveaws.New(t.Context(), liveaws.Options{PageSize: 5, Attempts: 1, Load: []func(*config.LoadOptions) error{
		config.WithSharedConfigFiles(nil), config.WithSharedCredentialsFiles(nil), config.WithBaseEndpoint(server.URL),
		config.WithCredentialsProvider(credentials.NewStaticCredentialsProvider("AKIDTEST", "test", "")),
	}})
	snapshot := live.Read(t.Context(), time.Now, collector, map[string]live.Want{"us-east-1": {
		Groups: []string{"web"}, Instances: []string{ran[0], ran[6], "i-0123456789abcdef0"}, TargetGroups: []string{*target},
		Tags: []live.Tag{{Key: "Cluster", Values: []string{"search"}}},
	}})
	if len(snapshot.Members) != 10 {
		t.Fatalf("got %d members, want 7 and those of the group", len(snapshot.Members))
	}
	r.keep(t, "collectors")
}
