package aws

import (
	"context"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials"

	"github.com/holdfast-gate/holdfast/gate/awssim"
	"github.com/holdfast-gate/holdfast/gate/live"
)

// A spy stands where the SDK looks for settings: every client that is made asks
// there for an endpoint of its own.
type spy struct {
	mu    sync.Mutex
	built []string
}

// GetServiceBaseEndpoint implements the SDK's ServiceBaseEndpointProvider.
func (s *spy) GetServiceBaseEndpoint(_ context.Context, service string) (string, bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.built = append(s.built, service)
	return "", false, nil
}

// No client is made that is not used, and none twice.
func TestClientsAreMadeWhenUsed(t *testing.T) {
	world := awssim.New(time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC))
	arn := world.CreateTargetGroup("us-east-1", "t")
	server := httptest.NewServer(world)
	defer server.Close()
	for name, tc := range map[string]struct {
		want live.Want
		made []string
	}{
		"nobody behind a load balancer": {live.Want{Groups: []string{"g"}}, []string{"Auto Scaling", "EC2", "STS"}},
		"a target group":                {live.Want{Groups: []string{"g"}, TargetGroups: []string{arn}}, []string{"Auto Scaling", "EC2", "Elastic Load Balancing v2", "STS"}},
	} {
		c := New(t.Context(), Options{Now: world.Now, Load: []func(*config.LoadOptions) error{
			config.WithSharedConfigFiles(nil), config.WithSharedCredentialsFiles(nil),
			config.WithCredentialsProvider(credentials.NewStaticCredentialsProvider("test", "test", "")), config.WithBaseEndpoint(server.URL)}})
		s := &spy{}
		c.cfg.ConfigSources = append([]any{s}, c.cfg.ConfigSources...)
		for _, row := range c.Collect(t.Context(), "us-east-1", tc.want).Sources {
			if !row.Complete {
				t.Errorf("%s: %s was not read: %s", name, row.Name, row.Err)
			}
		}
		slices.Sort(s.built)
		if !slices.Equal(s.built, tc.made) {
			t.Errorf("%s: made %q, want %q", name, s.built, tc.made)
		}
	}
}
