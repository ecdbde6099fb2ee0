package awssim_test

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	astypes "github.com/aws/aws-sdk-go-v2/service/autoscaling/types"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	elbv2 "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go"

	"github.com/holdfast-gate/holdfast/gate/awssim"
)

// start is the evening of the Parakeet outage.
var start = time.Date(2018, 1, 2, 20, 30, 0, 0, time.UTC)

// sim is a World with SDK clients that talk to it over HTTP.
type sim struct {
	*awssim.World
	t   *testing.T
	cfg aws.Config
	ec2 *ec2.Client
	asg *autoscaling.Client
	elb *elbv2.Client
	sts *sts.Client
}

func newSim(t *testing.T) *sim {
	t.Helper()
	w := awssim.New(start)
	server := httptest.NewServer(w)
	t.Cleanup(server.Close)
	return clients(t, w, server.URL, "us-east-1")
}

func clients(t *testing.T, w *awssim.World, url, region string) *sim {
	cfg := aws.Config{
		Region:           region,
		BaseEndpoint:     aws.String(url),
		Credentials:      credentials.NewStaticCredentialsProvider("test", "test", ""),
		HTTPClient:       &http.Client{Transport: whole{}},
		RetryMaxAttempts: 1,
	}
	return &sim{w, t, cfg, ec2.NewFromConfig(cfg), autoscaling.NewFromConfig(cfg), elbv2.NewFromConfig(cfg), sts.NewFromConfig(cfg)}
}

// whole hands the transport a body that the SDK cannot close under it, so that
// no request is sent twice because the answer was quick.
type whole struct{}

func (whole) RoundTrip(r *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	r = r.Clone(r.Context())
	r.Body = io.NopCloser(bytes.NewReader(body))
	return http.DefaultTransport.RoundTrip(r)
}

func (s *sim) instances(in *ec2.DescribeInstancesInput) map[string]ec2types.Instance {
	s.t.Helper()
	out := must(s.ec2.DescribeInstances(s.t.Context(), in))(s.t)
	found := map[string]ec2types.Instance{}
	for _, r := range out.Reservations {
		for _, i := range r.Instances {
			found[*i.InstanceId] = i
		}
	}
	return found
}

func (s *sim) state(id string) string {
	s.t.Helper()
	return string(s.instances(&ec2.DescribeInstancesInput{InstanceIds: []string{id}})[id].State.Name)
}

func (s *sim) group(name string) astypes.AutoScalingGroup {
	s.t.Helper()
	out := must(s.asg.DescribeAutoScalingGroups(s.t.Context(), &autoscaling.DescribeAutoScalingGroupsInput{AutoScalingGroupNames: []string{name}}))(s.t)
	if len(out.AutoScalingGroups) != 1 {
		s.t.Fatalf("got %d groups named %s, want 1", len(out.AutoScalingGroups), name)
	}
	return out.AutoScalingGroups[0]
}

// lifecycles counts the members of a group by lifecycle state.
func (s *sim) lifecycles(name string) map[string]int {
	s.t.Helper()
	n := map[string]int{}
	for _, m := range s.group(name).Instances {
		n[string(m.LifecycleState)]++
	}
	return n
}

// members returns the ids of a group's real members, the oldest first.
func (s *sim) members(name string) []string {
	for _, g := range s.Groups("") {
		if g.Name == name {
			slices.SortStableFunc(g.Members, func(a, b awssim.Instance) int { return a.Launched.Compare(b.Launched) })
			var ids []string
			for _, m := range g.Members {
				ids = append(ids, m.ID)
			}
			return ids
		}
	}
	s.t.Fatalf("there is no group %q", name)
	return nil
}

// serving counts the instances of a region that really serve.
func (s *sim) serving() int {
	n := 0
	for _, i := range s.Instances("") {
		if i.InService {
			n++
		}
	}
	return n
}

// must makes an error of an SDK call the end of the test.
func must[T any](v T, err error) func(*testing.T) T {
	return func(t *testing.T) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

// code is the error code of an SDK call that failed.
func code(err error) string {
	var api smithy.APIError
	if errors.As(err, &api) {
		return api.ErrorCode()
	}
	if err != nil {
		return "no API error: " + err.Error()
	}
	return ""
}

func want[T comparable](t *testing.T, what string, got, want T) {
	t.Helper()
	if got != want {
		t.Errorf("%s: got %v, want %v", what, got, want)
	}
}
