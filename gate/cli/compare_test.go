package cli

import (
	"context"
	"fmt"
	"io"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials"

	"github.com/holdfast-gate/holdfast/gate"
	"github.com/holdfast-gate/holdfast/gate/awssim"
	"github.com/holdfast-gate/holdfast/gate/live"
	"github.com/holdfast-gate/holdfast/gate/live/aws"
	"github.com/holdfast-gate/holdfast/gate/pipeline"
)

// many is a state of 100 clusters with 50 members each, as it is live. Each has a
// target group, that its members are in by their group or one by one.
func many(t testing.TB) (*gate.State, *pipeline.Gate, *int) {
	t.Helper()
	const clusters, members, region = 100, 50, "us-east-1"
	world := awssim.New(time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC))
	s := &gate.State{Name: "many", Digest: "many", Regions: []string{region}}
	for c := range clusters {
		name := fmt.Sprintf("c%02d", c)
		tags := map[string]string{"Cluster": name}
		recorded := gate.Attrs{"name": name, "min_size": 0.0, "max_size": 100.0, "desired_capacity": float64(members), "tags": map[string]any{"Cluster": name}}
		targets := world.CreateTargetGroup(region, name)
		if c%2 == 0 {
			recorded["target_group_arns"] = []any{targets}
			world.CreateGroup(awssim.GroupSpec{Region: region, Name: name, Max: 100, Desired: members, Tags: tags, Type: "t3.micro", Image: "ami-1", Settled: true, TargetGroups: []string{targets}})
			s.Objects = append(s.Objects, gate.Change{Address: "aws_autoscaling_group." + name, Type: "aws_autoscaling_group", ID: name, Region: region, Action: gate.NoOp, Before: recorded, After: recorded})
			continue
		}
		for i := range members {
			id := world.RunInstance(awssim.InstanceSpec{Region: region, Type: "t3.micro", Image: "ami-1", Tags: tags, Age: time.Hour})
			recorded := gate.Attrs{"ami": "ami-1", "instance_type": "t3.micro", "instance_state": "running", "tags": map[string]any{"Cluster": name}}
			s.Objects = append(s.Objects, gate.Change{Address: fmt.Sprintf("aws_instance.%s[%d]", name, i), Type: "aws_instance", ID: id, Region: region, Action: gate.NoOp, Before: recorded, After: recorded})
			world.RegisterTarget(targets, id)
			place := gate.Attrs{"target_group_arn": targets, "target_id": id, "port": 80.0}
			s.Objects = append(s.Objects, gate.Change{Address: fmt.Sprintf("aws_lb_target_group_attachment.%s[%d]", name, i), Type: "aws_lb_target_group_attachment", Region: region, Action: gate.NoOp, Before: place, After: place})
		}
	}
	g := on(t, world)
	calls := 0
	cfg := gate.DefaultConfig()
	return s, &pipeline.Gate{Config: cfg, Now: world.Now, Drift: &pipeline.Drift{
		Recorded: func(context.Context) (*gate.State, []*gate.State, error) { return s, nil, nil },
		Live: func(ctx context.Context, p *gate.Plan) (*gate.Snapshot, error) {
			snapshot, err := g.briefly(ctx, p, cfg)
			if err == nil {
				calls = 0
				for _, source := range snapshot.Sources {
					calls += source.Calls
				}
			}
			return snapshot, err
		}}}, &calls
}

// on is a command line in a simulated world.
func on(t testing.TB, world *awssim.World) *global {
	t.Helper()
	server := httptest.NewServer(world)
	t.Cleanup(server.Close)
	f := &Factory{Env: nil, Err: io.Discard, Now: world.Now, Collector: func(ctx context.Context, r Reading) live.Collector {
		return aws.New(ctx, aws.Options{Now: r.Now, Load: []func(*config.LoadOptions) error{
			config.WithSharedConfigFiles(nil), config.WithSharedCredentialsFiles(nil),
			config.WithCredentialsProvider(credentials.NewStaticCredentialsProvider("test", "test", "")), config.WithBaseEndpoint(server.URL)}})
	}}
	return &global{Factory: f, timeout: time.Minute}
}

// A hundred clusters of fifty members are compared in fewer than 120 calls.
func TestManyClustersAreComparedInFewCalls(t *testing.T) {
	s, g, calls := many(t)
	// One that is not as recorded is found among them.
	s.Objects[1].Before = gate.Attrs{"ami": "ami-2", "instance_type": "t3.micro", "tags": map[string]any{"Cluster": "c01"}}
	c, err := g.Compare(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if len(c.Snapshot.Members) != 5000 || len(c.Snapshot.Groups) != 50 || len(c.Differences) != 1 {
		t.Fatalf("%d members, %d groups, %d differences: %+.3v", len(c.Snapshot.Members), len(c.Snapshot.Groups), len(c.Differences), c.Differences)
	}
	if *calls >= 120 {
		t.Errorf("it took %d calls", *calls)
	}
	t.Logf("%d calls", *calls)
}

// What is compared has every tag; where a state calls one a secret, only those
// that make members.
func TestSecretTagsAreNotRead(t *testing.T) {
	world := awssim.New(time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC))
	id := world.RunInstance(awssim.InstanceSpec{Region: "us-east-1", Type: "t3.micro", Image: "ami-1", Tags: map[string]string{"Cluster": "a", "Token": "canary"}, Age: time.Hour})
	g := on(t, world)
	for want, secret := range map[string][]string{"canary": nil, "": {"tags"}} {
		plan := &gate.Plan{Regions: []string{"us-east-1"}, Changes: []gate.Change{{Address: "aws_instance.a", Type: "aws_instance", ID: id, Region: "us-east-1", Action: gate.NoOp, Sensitive: secret}}}
		s, err := g.briefly(t.Context(), plan, gate.DefaultConfig())
		if err != nil || len(s.Members) != 1 {
			t.Fatalf("%d members, %v", len(s.Members), err)
		}
		if got := s.Members[0].Tags["Token"]; got != want || s.Members[0].Tags["Cluster"] != "a" {
			t.Errorf("sensitive %v: got %v", secret, s.Members[0].Tags)
		}
	}
}

// What the comparison itself takes, and its share of reading and comparing, in
// one run.
func BenchmarkCompareManyClusters(b *testing.B) {
	_, g, calls := many(b)
	brief, reading := g.Drift.Live, time.Duration(0)
	g.Drift.Live = func(ctx context.Context, p *gate.Plan) (*gate.Snapshot, error) {
		began := time.Now()
		defer func() { reading += time.Since(began) }()
		return brief(ctx, p)
	}
	began := time.Now()
	for b.Loop() {
		if _, err := g.Compare(b.Context()); err != nil {
			b.Fatal(err)
		}
	}
	whole := time.Since(began)
	b.ReportMetric(float64(*calls), "calls/op")
	b.ReportMetric(100*float64(whole-reading)/float64(whole), "%compare")
}
