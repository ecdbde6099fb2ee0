package awssim_test

import (
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/holdfast-gate/holdfast/gate/awssim"
)

func TestInstanceComesUpByTheClock(t *testing.T) {
	s := newSim(t)
	id := s.RunInstance(awssim.InstanceSpec{Tags: map[string]string{"Cluster": "search"}})
	want(t, "at once", s.state(id), "pending")
	s.Advance(29 * time.Second)
	want(t, "after 29 s", s.state(id), "pending")
	s.Advance(time.Second)
	want(t, "after 30 s", s.state(id), "running")
	want(t, "checks, running", s.checks(id), "initializing initializing")
	s.Advance(2 * time.Minute)
	want(t, "checks, two minutes on", s.checks(id), "ok ok")
	want(t, "in service", s.Instance(id).InService, true)
}

func TestInstanceGoesByTheClock(t *testing.T) {
	s := newSim(t)
	timing := awssim.DefaultTiming()
	timing.Detach = 40 * time.Second
	s.SetTiming(timing)
	id := s.RunInstance(awssim.InstanceSpec{Age: time.Hour, Tags: map[string]string{"Cluster": "search"}})
	s.TerminateInstance(id)

	i := s.one(id)
	want(t, "state", string(i.State.Name), "shutting-down")
	want(t, "reason", *i.StateTransitionReason, "User initiated (2018-01-02 20:30:00 GMT)")
	want(t, "code", *i.StateReason.Code, "Client.UserInitiatedShutdown")
	want(t, "attached", i.SubnetId != nil && i.VpcId != nil, true)

	s.Advance(40 * time.Second)
	i = s.one(id)
	want(t, "state, detached", string(i.State.Name), "shutting-down")
	want(t, "detached", i.SubnetId == nil && i.VpcId == nil && len(i.NetworkInterfaces) == 0, true)

	s.Advance(20 * time.Second)
	i = s.one(id)
	want(t, "state, a minute on", string(i.State.Name), "terminated")
	want(t, "tags", len(i.Tags), 1)
	s.Advance(20 * time.Minute)
	want(t, "tags, later", len(s.one(id).Tags), 0)
	s.Advance(40 * time.Minute)
	_, err := s.ec2.DescribeInstances(t.Context(), &ec2.DescribeInstancesInput{InstanceIds: []string{id}})
	want(t, "error, an hour on", code(err), "InvalidInstanceID.NotFound")
}

func TestStopAndStart(t *testing.T) {
	s := newSim(t)
	id := s.RunInstance(awssim.InstanceSpec{Age: time.Hour})
	ids := []string{id}
	out := must(s.ec2.StopInstances(t.Context(), &ec2.StopInstancesInput{InstanceIds: ids}))(t)
	want(t, "before", string(out.StoppingInstances[0].PreviousState.Name), "running")
	want(t, "after", string(out.StoppingInstances[0].CurrentState.Name), "stopping")
	_, err := s.ec2.StartInstances(t.Context(), &ec2.StartInstancesInput{InstanceIds: ids})
	want(t, "start while stopping", code(err), "IncorrectInstanceState")
	s.Advance(30 * time.Second)
	want(t, "state", s.state(id), "stopped")
	want(t, "checks", s.checks(id), "not-applicable not-applicable")
	must(s.ec2.StartInstances(t.Context(), &ec2.StartInstancesInput{InstanceIds: ids}))(t)
	s.Advance(30 * time.Second)
	want(t, "state", s.state(id), "running")
	want(t, "checks, anew", s.checks(id), "initializing initializing")
}

func TestTerminationProtection(t *testing.T) {
	s := newSim(t)
	id := s.RunInstance(awssim.InstanceSpec{Age: time.Hour})
	must(s.ec2.ModifyInstanceAttribute(t.Context(), &ec2.ModifyInstanceAttributeInput{
		InstanceId: &id, DisableApiTermination: &ec2types.AttributeBooleanValue{Value: aws.Bool(true)},
	}))(t)
	_, err := s.ec2.TerminateInstances(t.Context(), &ec2.TerminateInstancesInput{InstanceIds: []string{id}})
	want(t, "error", code(err), "OperationNotPermitted")
	want(t, "state", s.state(id), "running")
}

func TestStatusAndEvents(t *testing.T) {
	s := newSim(t)
	id := s.RunInstance(awssim.InstanceSpec{Age: time.Hour})
	dying := s.RunInstance(awssim.InstanceSpec{Age: time.Hour})
	s.TerminateInstance(dying)
	s.SetStatus(id, "impaired", "")
	s.AddEvent(id, awssim.Event{Code: "instance-retirement", Description: "The instance is running on degraded hardware", NotBefore: start.Add(time.Hour)})

	out := must(s.ec2.DescribeInstanceStatus(t.Context(), &ec2.DescribeInstanceStatusInput{}))(t)
	want(t, "only the running ones", len(out.InstanceStatuses), 1)
	st := out.InstanceStatuses[0]
	want(t, "system", string(st.SystemStatus.Status), "impaired")
	want(t, "instance", string(st.InstanceStatus.Status), "ok")
	want(t, "event", string(st.Events[0].Code), "instance-retirement")
	want(t, "event at", st.Events[0].NotBefore.Equal(start.Add(time.Hour)), true)
	want(t, "in service", s.Instance(id).InService, false)
	want(t, "checks of the dying one", s.checks(dying), "not-applicable not-applicable")

	ids := make([]string, 101)
	for i := range ids {
		ids[i] = id
	}
	_, err := s.ec2.DescribeInstanceStatus(t.Context(), &ec2.DescribeInstanceStatusInput{InstanceIds: ids})
	want(t, "101 ids", code(err), "InvalidParameterValue")
}

func TestDescribeInstancesSelects(t *testing.T) {
	s := newSim(t)
	a := s.RunInstance(awssim.InstanceSpec{Age: time.Hour, Tags: map[string]string{"Cluster": "search", "Role": "data"}})
	b := s.RunInstance(awssim.InstanceSpec{Age: time.Hour, Tags: map[string]string{"Cluster": "web"}})
	hidden := s.RunInstance(awssim.InstanceSpec{Age: time.Hour, Hidden: true, Tags: map[string]string{"Cluster": "search"}})
	s.TerminateInstance(b)
	tests := map[string]struct {
		in   ec2.DescribeInstancesInput
		want []string
	}{
		"all":         {ec2.DescribeInstancesInput{}, []string{a, b}},
		"hidden too":  {ec2.DescribeInstancesInput{IncludeManagedResources: aws.Bool(true)}, []string{a, b, hidden}},
		"ids":         {ec2.DescribeInstancesInput{InstanceIds: []string{b}}, []string{b}},
		"tag":         {ec2.DescribeInstancesInput{Filters: filter("tag:Cluster", "search", "nothing")}, []string{a}},
		"tag pattern": {ec2.DescribeInstancesInput{Filters: filter("tag:Cluster", "*e*")}, []string{a, b}},
		"tag-key":     {ec2.DescribeInstancesInput{Filters: filter("tag-key", "Role")}, []string{a}},
		"state":       {ec2.DescribeInstancesInput{Filters: filter("instance-state-name", "shutting-down")}, []string{b}},
		"two filters": {ec2.DescribeInstancesInput{Filters: append(filter("tag-key", "Cluster"), filter("instance-state-name", "running")...)}, []string{a}},
		"no such":     {ec2.DescribeInstancesInput{Filters: filter("tag:Cluster", "sea")}, nil},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			s := *s
			s.t = t
			got := s.instances(&test.in)
			want(t, "instances", len(got), len(test.want))
			for _, id := range test.want {
				if _, ok := got[id]; !ok {
					t.Errorf("%s is missing", id)
				}
			}
		})
	}
	refused := map[string]struct {
		in   ec2.DescribeInstancesInput
		want string
	}{
		"id not there":     {ec2.DescribeInstancesInput{InstanceIds: []string{a, "i-0123456789abcdef0"}}, "InvalidInstanceID.NotFound"},
		"filter not there": {ec2.DescribeInstancesInput{Filters: filter("colour", "red")}, "InvalidParameterValue"},
		"ids and a size":   {ec2.DescribeInstancesInput{InstanceIds: []string{a}, MaxResults: aws.Int32(5)}, "InvalidParameterCombination"},
		"too small a page": {ec2.DescribeInstancesInput{MaxResults: aws.Int32(4)}, "InvalidParameterValue"},
		"a strange token":  {ec2.DescribeInstancesInput{NextToken: aws.String("x")}, "InvalidNextToken"},
	}
	for name, test := range refused {
		_, err := s.ec2.DescribeInstances(t.Context(), &test.in)
		want(t, name, code(err), test.want)
	}
}

func TestRunInstancesIsIdempotent(t *testing.T) {
	s := newSim(t)
	in := &ec2.RunInstancesInput{
		MinCount: aws.Int32(2), MaxCount: aws.Int32(2), ImageId: aws.String("ami-1"), InstanceType: "m5.large", ClientToken: aws.String("once"),
		SubnetId:          aws.String(awssim.SubnetID("us-east-1b")),
		TagSpecifications: []ec2types.TagSpecification{{ResourceType: "instance", Tags: []ec2types.Tag{{Key: aws.String("Cluster"), Value: aws.String("search")}}}},
	}
	first, again := must(s.ec2.RunInstances(t.Context(), in))(t), must(s.ec2.RunInstances(t.Context(), in))(t)
	want(t, "launched", len(first.Instances), 2)
	want(t, "reservation", *again.ReservationId, *first.ReservationId)
	want(t, "instances", len(s.Instances("")), 2)
	i := s.one(*first.Instances[0].InstanceId)
	want(t, "type", string(i.InstanceType), "m5.large")
	want(t, "zone", *i.Placement.AvailabilityZone, "us-east-1b")
	want(t, "tag", *i.Tags[0].Value, "search")
}

func TestTagsComeAndGo(t *testing.T) {
	s := newSim(t)
	id := s.RunInstance(awssim.InstanceSpec{})
	tag := []ec2types.Tag{{Key: aws.String("Owner"), Value: aws.String("us")}}
	must(s.ec2.CreateTags(t.Context(), &ec2.CreateTagsInput{Resources: []string{id}, Tags: tag}))(t)
	want(t, "tag", s.Instance(id).Tags["Owner"], "us")
	out := must(s.ec2.DescribeTags(t.Context(), &ec2.DescribeTagsInput{Filters: filter("resource-id", id)}))(t)
	want(t, "described", *out.Tags[0].Key, "Owner")
	must(s.ec2.DeleteTags(t.Context(), &ec2.DeleteTagsInput{Resources: []string{id}, Tags: tag}))(t)
	want(t, "tags", len(s.Instance(id).Tags), 0)
}

func TestIdentity(t *testing.T) {
	s := newSim(t)
	s.SetAccount("999999999999")
	out := must(s.sts.GetCallerIdentity(t.Context(), &sts.GetCallerIdentityInput{}))(t)
	want(t, "account", *out.Account, "999999999999")
	s.SetCaller("other", "arn:aws:sts::123456789012:assumed-role/sre/bob")
	as := func(o *sts.Options) { o.Credentials = credentials.NewStaticCredentialsProvider("other", "other", "") }
	out = must(s.sts.GetCallerIdentity(t.Context(), &sts.GetCallerIdentityInput{}, as))(t)
	want(t, "account of other credentials", *out.Account, "123456789012")
	want(t, "caller of other credentials", *out.Arn, "arn:aws:sts::123456789012:assumed-role/sre/bob")
}

func filter(name string, values ...string) []ec2types.Filter {
	return []ec2types.Filter{{Name: &name, Values: values}}
}

func (s *sim) one(id string) ec2types.Instance {
	s.t.Helper()
	return s.instances(&ec2.DescribeInstancesInput{InstanceIds: []string{id}})[id]
}

func (s *sim) checks(id string) string {
	s.t.Helper()
	out := must(s.ec2.DescribeInstanceStatus(s.t.Context(), &ec2.DescribeInstanceStatusInput{InstanceIds: []string{id}, IncludeAllInstances: aws.Bool(true)}))(s.t)
	st := out.InstanceStatuses[0]
	return string(st.SystemStatus.Status) + " " + string(st.InstanceStatus.Status)
}
