//go:build moto

package aws_test

import (
	"net/http"
	"testing"
	"time"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	asgtypes "github.com/aws/aws-sdk-go-v2/service/autoscaling/types"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	elbtypes "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"

	"github.com/holdfast-gate/holdfast/e2e/emulator"
	"github.com/holdfast-gate/holdfast/gate/live"
	"github.com/holdfast-gate/holdfast/gate/live/aws"
	"github.com/holdfast-gate/holdfast/gate/live/livetest"
)

// image is one that moto knows from the start.
const image = "ami-12c6146b"

// TestSuiteOnMoto runs the suite against an emulator nobody here wrote. Whoever
// asks for it by its build tag wants it run: without moto it fails.
func TestSuiteOnMoto(t *testing.T) {
	endpoint := emulator.Start(t)
	// moto 5 ends instances at once, keeps no history of activities and does
	// not know instance refreshes.
	shows := livetest.Shows{Account: "123456789012", Health: true}
	livetest.Run(t, shows, func(t *testing.T) livetest.Cloud { return newMoto(t, endpoint) })
}

// moto is an account of moto's, emptied.
type moto struct {
	t         *testing.T
	cfg       sdk.Config
	collector live.Collector
}

func newMoto(t *testing.T, endpoint string) *moto {
	t.Helper()
	r, err := http.Post(endpoint+"/moto-api/reset", "", nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Body.Close(); err != nil || r.StatusCode != http.StatusOK {
		t.Fatalf("moto cannot be reset: %v, %s", err, r.Status)
	}
	cfg, err := config.LoadDefaultConfig(t.Context(), settings(endpoint)...)
	if err != nil {
		t.Fatal(err)
	}
	return &moto{t: t, cfg: cfg, collector: aws.New(t.Context(), aws.Options{PageSize: livetest.PageSize, Attempts: 1, Load: settings(endpoint)})}
}

func (m *moto) Collector() live.Collector { return m.collector }

func (m *moto) Now() time.Time { return time.Now() }

func (m *moto) in(region string) sdk.Config {
	cfg := m.cfg.Copy()
	cfg.Region = region
	return cfg
}

func must[T any](m *moto, v T, err error) T {
	m.t.Helper()
	if err != nil {
		m.t.Fatal(err)
	}
	return v
}

func (m *moto) Launch(region string, n int, tags map[string]string) []string {
	m.t.Helper()
	client := ec2.NewFromConfig(m.in(region))
	var ids []string
	for range n {
		in := &ec2.RunInstancesInput{ImageId: sdk.String(image), InstanceType: ec2types.InstanceTypeT3Micro, MinCount: sdk.Int32(1), MaxCount: sdk.Int32(1)}
		for k, v := range tags {
			in.TagSpecifications = []ec2types.TagSpecification{{ResourceType: ec2types.ResourceTypeInstance, Tags: []ec2types.Tag{{Key: &k, Value: &v}}}}
		}
		out, err := client.RunInstances(m.t.Context(), in)
		ids = append(ids, *must(m, out, err).Instances[0].InstanceId)
	}
	return ids
}

func (m *moto) Group(region, name string, n int, tags map[string]string, targetGroup string) {
	m.t.Helper()
	template, err := ec2.NewFromConfig(m.in(region)).CreateLaunchTemplate(m.t.Context(), &ec2.CreateLaunchTemplateInput{
		LaunchTemplateName: sdk.String(name), LaunchTemplateData: &ec2types.RequestLaunchTemplateData{ImageId: sdk.String(image), InstanceType: ec2types.InstanceTypeT3Micro},
	})
	id := must(m, template, err).LaunchTemplate.LaunchTemplateId
	in := &autoscaling.CreateAutoScalingGroupInput{
		AutoScalingGroupName: &name, MinSize: sdk.Int32(0), MaxSize: sdk.Int32(int32(2 * n)), DesiredCapacity: sdk.Int32(int32(n)),
		AvailabilityZones: []string{region + "a"}, LaunchTemplate: &asgtypes.LaunchTemplateSpecification{LaunchTemplateId: id, Version: sdk.String("1")},
	}
	for k, v := range tags {
		in.Tags = append(in.Tags, asgtypes.Tag{Key: &k, Value: &v, PropagateAtLaunch: sdk.Bool(true), ResourceId: &name, ResourceType: sdk.String("auto-scaling-group")})
	}
	if targetGroup != "" {
		in.TargetGroupARNs = []string{targetGroup}
	}
	out, err := autoscaling.NewFromConfig(m.in(region)).CreateAutoScalingGroup(m.t.Context(), in)
	must(m, out, err)
}

func (m *moto) TargetGroup(region, name string) string {
	m.t.Helper()
	vpcs, err := ec2.NewFromConfig(m.in(region)).DescribeVpcs(m.t.Context(), &ec2.DescribeVpcsInput{})
	vpc := must(m, vpcs, err).Vpcs[0].VpcId
	out, err := elb.NewFromConfig(m.in(region)).CreateTargetGroup(m.t.Context(), &elb.CreateTargetGroupInput{
		Name: &name, Port: sdk.Int32(80), Protocol: elbtypes.ProtocolEnumHttp, VpcId: vpc, TargetType: elbtypes.TargetTypeEnumInstance,
	})
	return *must(m, out, err).TargetGroups[0].TargetGroupArn
}

func (m *moto) Terminate(region string, ids ...string) {
	m.t.Helper()
	out, err := ec2.NewFromConfig(m.in(region)).TerminateInstances(m.t.Context(), &ec2.TerminateInstancesInput{InstanceIds: ids})
	must(m, out, err)
}
