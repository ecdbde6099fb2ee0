package cli

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/holdfast-gate/holdfast/checks"
	"github.com/holdfast-gate/holdfast/gate"
	"github.com/holdfast-gate/holdfast/gate/live"
)

// removal is a plan that removes one of the members of a cluster.
const removal = `{"format_version":"1.2","terraform_version":"1.11.4","timestamp":"2026-11-22T07:59:00Z","complete":true,"applyable":true,"errored":false,
"resource_changes":[
{"address":"aws_instance.a[1]","mode":"managed","type":"aws_instance","name":"a","index":1,"provider_name":"registry.terraform.io/hashicorp/aws",
"change":{"actions":["delete"],"before":{"id":"i-1","arn":"arn:aws:ec2:eu-west-1:123456789012:instance/i-1","tags":{"Cluster":"search"}},"after":null,"after_unknown":{},"before_sensitive":{},"after_sensitive":false}},
{"address":"aws_instance.a[0]","mode":"managed","type":"aws_instance","name":"a","index":0,"provider_name":"registry.terraform.io/hashicorp/aws",
"change":{"actions":["no-op"],"before":{"id":"i-0","arn":"arn:aws:ec2:eu-west-1:123456789012:instance/i-0","tags":{"Cluster":"search"}},"after":{"id":"i-0","arn":"arn:aws:ec2:eu-west-1:123456789012:instance/i-0","tags":{"Cluster":"search"}},"after_unknown":{},"before_sensitive":{},"after_sensitive":{}}}]}`

// cloud is an AWS whose member i-9 is gone at an instant.
type cloud struct {
	now  *time.Time
	gone time.Time
}

func (c cloud) Collect(_ context.Context, region string, w live.Want) live.Part {
	part := live.Part{Account: "123456789012"}
	for _, name := range []string{
		gate.SourceIdentity, gate.SourceInstances, gate.SourceStatus, gate.SourceGroups,
		gate.SourceActivities, gate.SourceRefreshes, gate.SourceWarmPools, gate.SourceTargets,
	} {
		part.Sources = append(part.Sources, gate.Source{Name: name, Region: region, ReadAt: *c.now, Complete: true, Calls: 1})
	}
	for name := range w.Asked {
		part.Sources = append(part.Sources, gate.Source{Name: name, Region: region, ReadAt: *c.now, Complete: true, Calls: 1})
	}
	leaving := time.Date(2026, 11, 22, 7, 58, 0, 0, time.UTC)
	for _, id := range []string{"i-0", "i-1", "i-9"} {
		o := gate.Observation{Source: gate.SourceInstances, Field: "ec2.InstanceStateName", Raw: "running", Phase: gate.Steady, Serving: gate.ServingYes, Opinion: true}
		if id == "i-9" {
			o.Raw, o.Phase, o.Serving, o.Since = "shutting-down", gate.Leaving, gate.ServingNo, leaving
			if !c.now.Before(c.gone) {
				continue
			}
		}
		part.Members = append(part.Members, gate.Member{ID: id, Region: region, Zone: region + "a", Launched: leaving.Add(-24 * time.Hour),
			Tags: map[string]string{"Cluster": "search"}, Observed: []gate.Observation{o}})
	}
	return part
}

func TestWaitsUntilTheClusterIsSettled(t *testing.T) {
	tests := map[string]struct {
		wait  string
		goes  time.Duration // until i-9 is gone
		code  int
		says  string
		waits bool
	}{
		"no waiting":         {"0s", time.Minute, 3, "settled.", false},
		"it settles in time": {"10m", time.Minute, 0, "ALLOWED", true},
		"it does not":        {"30s", time.Hour, 3, "settled.", true},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			now := time.Date(2026, 11, 22, 8, 0, 0, 0, time.UTC)
			f, stdout, stderr := factory()
			f.Suite = checks.Suite()
			f.Now = func() time.Time { return now }
			f.Sleep = func(_ context.Context, d time.Duration) error { now = now.Add(d); return nil }
			gone := now.Add(test.goes)
			f.Collector = func(context.Context, Reading) live.Collector { return cloud{&now, gone} }
			plan := filepath.Join(t.TempDir(), "p.json")
			if err := os.WriteFile(plan, []byte(removal), 0o600); err != nil {
				t.Fatal(err)
			}
			code := Run(t.Context(), f, []string{"--wait", test.wait, "check", plan})
			if code != test.code || !strings.Contains(stdout.String(), test.says) {
				t.Errorf("got %d and\n%s\nwant %d and %q", code, stdout.String(), test.code, test.says)
			}
			if got := strings.Contains(stderr.String(), "Still waiting… search: i-9 shutting-down for 2m0s [0s elapsed]\n"); got != test.waits {
				t.Errorf("progress: got %q", stderr.String())
			}
		})
	}
}
