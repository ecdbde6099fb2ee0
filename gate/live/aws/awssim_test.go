package aws_test

import (
	"net/http/httptest"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials"

	"github.com/holdfast-gate/holdfast/gate/awssim"
	"github.com/holdfast-gate/holdfast/gate/live"
	"github.com/holdfast-gate/holdfast/gate/live/aws"
	"github.com/holdfast-gate/holdfast/gate/live/livetest"
)

var noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

// canary stands for the user's secret: it may be in no output.
const canary = "CANARY-SECRET-DO-NOT-PRINT"

// settings point a Collector at an endpoint, whatever the user's own are.
func settings(endpoint string) []func(*config.LoadOptions) error {
	return []func(*config.LoadOptions) error{
		config.WithSharedConfigFiles(nil),
		config.WithSharedCredentialsFiles(nil),
		config.WithCredentialsProvider(credentials.NewStaticCredentialsProvider("AKIDTEST", canary, canary)),
		config.WithBaseEndpoint(endpoint),
	}
}

// sim is a simulated account behind a server of its own.
type sim struct {
	*awssim.World
	collector live.Collector
}

func newSim(t *testing.T, o aws.Options) *sim {
	t.Helper()
	w := awssim.New(noon)
	server := httptest.NewServer(w)
	t.Cleanup(server.Close)
	o.Now, o.Load = w.Now, settings(server.URL)
	return &sim{World: w, collector: aws.New(t.Context(), o)}
}

func (s *sim) Collector() live.Collector { return s.collector }

func (s *sim) Launch(region string, n int, tags map[string]string) []string {
	var ids []string
	for range n {
		ids = append(ids, s.RunInstance(awssim.InstanceSpec{Region: region, Type: "t3.micro", Image: "ami-1", Tags: tags, Age: time.Hour}))
	}
	return ids
}

func (s *sim) Group(region, name string, n int, tags map[string]string, targetGroup string) {
	spec := awssim.GroupSpec{Region: region, Name: name, Max: 2 * n, Desired: n, Tags: tags, Type: "t3.micro", Image: "ami-1", Settled: true}
	if targetGroup != "" {
		spec.TargetGroups = []string{targetGroup}
	}
	s.CreateGroup(spec)
}

func (s *sim) TargetGroup(region, name string) string { return s.CreateTargetGroup(region, name) }

func (s *sim) Terminate(_ string, ids ...string) { s.TerminateInstance(ids...) }

func TestSuiteOnAwssim(t *testing.T) {
	shows := livetest.Shows{Account: awssim.DefaultAccount, Transitions: true, Activities: true, Refreshes: true, Health: true}
	livetest.Run(t, shows, func(t *testing.T) livetest.Cloud { return newSim(t, aws.Options{PageSize: livetest.PageSize}) })
}
