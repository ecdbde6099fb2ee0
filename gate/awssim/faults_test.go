package awssim_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/holdfast-gate/holdfast/gate/awssim"
)

func TestSmallPages(t *testing.T) {
	s := newSim(t)
	for range 7 {
		s.RunInstance(awssim.InstanceSpec{})
	}
	s.SetPageSize(3)
	pages, seen := ec2.NewDescribeInstancesPaginator(s.ec2, &ec2.DescribeInstancesInput{}), 0
	n := 0
	for pages.HasMorePages() {
		page := must(pages.NextPage(t.Context()))(t)
		n++
		for _, r := range page.Reservations {
			seen += len(r.Instances)
		}
	}
	want(t, "instances", seen, 7)
	want(t, "pages", n, 3)
	want(t, "calls", len(s.Calls()), 3)
}

func TestOnePageFails(t *testing.T) {
	s := newSim(t)
	for range 7 {
		s.RunInstance(awssim.InstanceSpec{})
	}
	s.SetPageSize(3)
	s.FailPage("ec2.DescribeInstances", 2, awssim.Failure{Code: "InternalError", Message: "An internal error has occurred", Status: 500})
	first := must(s.ec2.DescribeInstances(t.Context(), &ec2.DescribeInstancesInput{}))(t)
	for range 2 {
		_, err := s.ec2.DescribeInstances(t.Context(), &ec2.DescribeInstancesInput{NextToken: first.NextToken})
		want(t, "second page", code(err), "InternalError")
	}
	s.Heal()
	must(s.ec2.DescribeInstances(t.Context(), &ec2.DescribeInstancesInput{NextToken: first.NextToken}))(t)
}

func TestThrottledAndDenied(t *testing.T) {
	s := newSim(t)
	s.Throttle("ec2.DescribeInstances", 1)
	_, err := s.ec2.DescribeInstances(t.Context(), &ec2.DescribeInstancesInput{})
	want(t, "ec2, first", code(err), "RequestLimitExceeded")
	must(s.ec2.DescribeInstances(t.Context(), &ec2.DescribeInstancesInput{}))(t)
	s.Deny("ec2.*")
	_, err = s.ec2.DescribeInstances(t.Context(), &ec2.DescribeInstancesInput{})
	want(t, "ec2, denied", code(err), "UnauthorizedOperation")

	s.Throttle("autoscaling.*", -1)
	for range 3 {
		_, err = s.asg.DescribeAutoScalingGroups(t.Context(), &autoscaling.DescribeAutoScalingGroupsInput{})
		want(t, "autoscaling, always", code(err), "Throttling")
	}
	s.Fail("sts.GetCallerIdentity", -1, awssim.Failure{Code: "ExpiredToken", Message: "The security token included in the request is expired", Status: 403})
	_, err = s.sts.GetCallerIdentity(t.Context(), &sts.GetCallerIdentityInput{})
	want(t, "sts, expired", code(err), "ExpiredToken")
}

func TestReadsLag(t *testing.T) {
	s := newSim(t)
	id := s.RunInstance(awssim.InstanceSpec{Age: time.Hour})
	s.SetLag("ec2", 10*time.Second)
	s.Advance(time.Minute)
	s.TerminateInstance(id)
	want(t, "at once", s.state(id), "running")
	want(t, "in truth", s.Instance(id).State, "shutting-down")
	s.Advance(9 * time.Second)
	want(t, "nine seconds on", s.state(id), "running")
	s.Advance(time.Second)
	want(t, "ten seconds on", s.state(id), "shutting-down")
	s.Advance(55 * time.Second)
	want(t, "terminated, not seen", s.state(id), "shutting-down")
	s.Advance(5 * time.Second)
	want(t, "terminated, seen", s.state(id), "terminated")
	s.SetLag("", 0)
	id = s.RunInstance(awssim.InstanceSpec{})
	want(t, "without lag", s.state(id), "pending")
}

func TestRegionsAreApart(t *testing.T) {
	w := awssim.New(start)
	server := httptest.NewServer(w)
	defer server.Close()
	east, west := clients(t, w, server.URL, "us-east-1"), clients(t, w, server.URL, "eu-west-1")
	w.RunInstance(awssim.InstanceSpec{Region: "eu-west-1", Zone: "eu-west-1b"})
	want(t, "in the east", len(east.instances(&ec2.DescribeInstancesInput{})), 0)
	want(t, "in the west", len(west.instances(&ec2.DescribeInstancesInput{})), 1)
}

func TestWorldsAreEqual(t *testing.T) {
	a, b := awssim.New(start), awssim.New(start)
	for _, w := range []*awssim.World{a, b} {
		w.CreateGroup(awssim.GroupSpec{Name: "g", Desired: 3, Settled: true})
	}
	for i, in := range a.Instances("") {
		want(t, "id", b.Instances("")[i].ID, in.ID)
	}
	a.TerminateInstance(a.Instances("")[0].ID)
	want(t, "and share nothing", b.Instances("")[0].State, "running")
}

func TestUnknownActionIsRecorded(t *testing.T) {
	s := newSim(t)
	_, err := s.ec2.DescribeHosts(t.Context(), &ec2.DescribeHostsInput{})
	want(t, "error", code(err), "InvalidAction")
	call := s.Calls()[0]
	want(t, "call", call.Service+"."+call.Action+" "+call.Code, "ec2.DescribeHosts InvalidAction")
}

func TestUnsignedIsRefused(t *testing.T) {
	rec := httptest.NewRecorder()
	req := httptest.NewRequest(http.MethodPost, "/", strings.NewReader("Action=DescribeInstances"))
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	awssim.New(start).ServeHTTP(rec, req)
	want(t, "status", rec.Code, http.StatusForbidden)
}

func TestInterceptHoldsAndAlters(t *testing.T) {
	s := newSim(t)
	arrived, goOn := make(chan string), make(chan bool)
	s.Intercept = func(r *awssim.Request) {
		arrived <- r.Action
		if !<-goOn {
			r.Failure = &awssim.Failure{Code: "ServiceUnavailable", Message: "later", Status: 503}
		}
	}
	result := make(chan error)
	describe := func() {
		_, err := s.ec2.DescribeInstances(t.Context(), &ec2.DescribeInstancesInput{})
		result <- err
	}
	go describe()
	want(t, "held", <-arrived, "DescribeInstances")
	s.RunInstance(awssim.InstanceSpec{}) // the World goes on meanwhile
	goOn <- true
	want(t, "let go", code(<-result), "")
	go describe()
	<-arrived
	goOn <- false
	want(t, "failed", code(<-result), "ServiceUnavailable")
}

func TestGroupReadsPage(t *testing.T) {
	s := newSim(t)
	for _, name := range []string{"a", "b", "c"} {
		s.CreateGroup(awssim.GroupSpec{Name: name, Desired: 1, Settled: true, Tags: map[string]string{"Cluster": name}})
	}
	first := must(s.asg.DescribeAutoScalingGroups(t.Context(), &autoscaling.DescribeAutoScalingGroupsInput{MaxRecords: aws.Int32(2)}))(t)
	want(t, "first page", len(first.AutoScalingGroups), 2)
	second := must(s.asg.DescribeAutoScalingGroups(t.Context(), &autoscaling.DescribeAutoScalingGroupsInput{MaxRecords: aws.Int32(2), NextToken: first.NextToken}))(t)
	want(t, "second page", len(second.AutoScalingGroups), 1)
	want(t, "no third page", second.NextToken == nil, true)
	_, err := s.asg.DescribeAutoScalingGroups(t.Context(), &autoscaling.DescribeAutoScalingGroupsInput{MaxRecords: aws.Int32(101)})
	want(t, "too large a page", code(err), "ValidationError")
}

// TestClockFollowsRealTime runs in a bubble whose real time is a fake one.
func TestClockFollowsRealTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := awssim.New(start)
		id := w.RunInstance(awssim.InstanceSpec{})
		w.Run(10)
		<-time.After(2 * time.Second)
		want(t, "after 2 s at tenfold speed", w.Now(), start.Add(20*time.Second))
		want(t, "state", w.Instance(id).State, "pending")
		<-time.After(time.Second)
		want(t, "state, a second on", w.Instance(id).State, "running")
		w.Run(0)
		<-time.After(time.Hour)
		want(t, "stopped", w.Now(), start.Add(30*time.Second))
	})
}
