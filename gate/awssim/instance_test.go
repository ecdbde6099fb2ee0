package awssim_test

import (
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/ec2"
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

	i := s.instances(&ec2.DescribeInstancesInput{InstanceIds: []string{id}})[id]
	want(t, "state", string(i.State.Name), "shutting-down")
	want(t, "reason", *i.StateTransitionReason, "User initiated (2018-01-02 20:30:00 GMT)")
	want(t, "code", *i.StateReason.Code, "Client.UserInitiatedShutdown")
	want(t, "attached", i.SubnetId != nil && i.VpcId != nil, true)

	s.Advance(40 * time.Second)
	i = s.instances(&ec2.DescribeInstancesInput{InstanceIds: []string{id}})[id]
	want(t, "state, detached", string(i.State.Name), "shutting-down")
	want(t, "detached", i.SubnetId == nil && i.VpcId == nil && len(i.NetworkInterfaces) == 0, true)

	s.Advance(20 * time.Second)
	i = s.instances(&ec2.DescribeInstancesInput{InstanceIds: []string{id}})[id]
	want(t, "state, a minute on", string(i.State.Name), "terminated")
	want(t, "tags", len(i.Tags), 1)
	s.Advance(20 * time.Minute)
	i = s.instances(&ec2.DescribeInstancesInput{InstanceIds: []string{id}})[id]
	want(t, "tags, later", len(i.Tags), 0)
	s.Advance(40 * time.Minute)
	_, err := s.ec2.DescribeInstances(t.Context(), &ec2.DescribeInstancesInput{InstanceIds: []string{id}})
	want(t, "error, an hour on", code(err), "InvalidInstanceID.NotFound")
}

func (s *sim) checks(id string) string {
	s.t.Helper()
	yes := true
	out := must(s.ec2.DescribeInstanceStatus(s.t.Context(), &ec2.DescribeInstanceStatusInput{InstanceIds: []string{id}, IncludeAllInstances: &yes}))(s.t)
	st := out.InstanceStatuses[0]
	return string(st.SystemStatus.Status) + " " + string(st.InstanceStatus.Status)
}
