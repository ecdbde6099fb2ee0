package live_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/holdfast-gate/holdfast/gate"
	"github.com/holdfast-gate/holdfast/gate/live"
)

const arnA = "arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/a/1"

func TestWants(t *testing.T) {
	instance := func(c gate.Change) gate.Change {
		c.Address, c.Type = "aws_instance.a", "aws_instance"
		return c
	}
	group := func(c gate.Change) gate.Change {
		c.Address, c.Type = "aws_autoscaling_group.g", "aws_autoscaling_group"
		return c
	}
	tests := []struct {
		name   string
		plan   gate.Plan
		config gate.Config
		asks   []gate.Ask
		want   map[string]live.Want
	}{
		{
			name: "nothing of ours wants nothing",
			plan: gate.Plan{Changes: []gate.Change{{Address: "null_resource.a", Type: "null_resource", Action: gate.Delete}}},
			want: map[string]live.Want{},
		},
		{
			name: "a member left alone is read too, with its cluster",
			plan: gate.Plan{Changes: []gate.Change{instance(gate.Change{
				Action: gate.NoOp, Region: "eu-west-1", ID: "i-1", Before: gate.Attrs{"tags": map[string]any{"Cluster": "search", "Name": "n"}},
			})}},
			want: map[string]live.Want{"eu-west-1": {Instances: []string{"i-1"}, Tags: []live.Tag{{Key: "Cluster", Values: []string{"search"}}}}},
		},
		{
			name: "a deposed member and a drifted one are read",
			plan: gate.Plan{
				Changes: []gate.Change{instance(gate.Change{Action: gate.Delete, Deposed: "abcd", Region: "eu-west-1", ID: "i-2"})},
				Drift:   []gate.Change{instance(gate.Change{Action: gate.Delete, Region: "eu-west-1", ID: "i-1"})},
			},
			want: map[string]live.Want{"eu-west-1": {Instances: []string{"i-1", "i-2"}}},
		},
		{
			name: "a group names itself before and after, and its target groups",
			plan: gate.Plan{Changes: []gate.Change{group(gate.Change{
				Action: gate.Update, Region: "eu-west-1", ID: "g1",
				Before: gate.Attrs{"name": "g1", "target_group_arns": []any{arnA}},
				After: gate.Attrs{"name": "g2", "traffic_source": []any{
					map[string]any{"identifier": strings.Replace(arnA, "/a/", "/b/", 1)},
					map[string]any{"identifier": "classic"},
				}},
			})}},
			want: map[string]live.Want{"eu-west-1": {Groups: []string{"g1", "g2"}, TargetGroups: []string{arnA, strings.Replace(arnA, "/a/", "/b/", 1)}}},
		},
		{
			name: "an attachment without a region is where its target group is",
			plan: gate.Plan{Changes: []gate.Change{
				{Address: "aws_autoscaling_attachment.a", Type: "aws_autoscaling_attachment", Action: gate.Create, After: gate.Attrs{"autoscaling_group_name": "g1", "lb_target_group_arn": arnA}},
				{Address: "aws_lb_target_group_attachment.a", Type: "aws_lb_target_group_attachment", Action: gate.Delete, Before: gate.Attrs{"target_id": "i-7", "target_group_arn": arnA}},
				{Address: "aws_lb_target_group_attachment.b", Type: "aws_lb_target_group_attachment", Action: gate.Delete, Before: gate.Attrs{"target_id": "10.0.0.1", "target_group_arn": arnA}},
			}},
			want: map[string]live.Want{"eu-west-1": {Groups: []string{"g1"}, Instances: []string{"i-7"}, TargetGroups: []string{arnA}}},
		},
		{
			name: "an action's members are looked for in every region",
			plan: gate.Plan{Regions: []string{"eu-west-1", "us-east-1"}, Actions: []gate.ActionCall{{Address: "action.aws_ec2_stop_instance.a", Members: []string{"i-9"}}}},
			want: map[string]live.Want{"eu-west-1": {Instances: []string{"i-9"}}, "us-east-1": {Instances: []string{"i-9"}}},
		},
		{
			name: "what does not exist yet needs no region",
			plan: gate.Plan{Changes: []gate.Change{instance(gate.Change{Action: gate.Create}), group(gate.Change{Action: gate.Create})}},
			want: map[string]live.Want{},
		},
		{
			name: "what checks ask for is read where they ask",
			asks: []gate.Ask{{Source: "s3.lifecycle", Region: "eu-west-1", About: []string{"recordings"}}},
			want: map[string]live.Want{"eu-west-1": {Asked: map[string][]string{"s3.lifecycle": {"recordings"}}}},
		},
		{
			name: "declared clusters are read in every region, by one tag of each",
			plan: gate.Plan{Regions: []string{"eu-west-1"}},
			config: gate.Config{Clusters: []gate.Cluster{
				{Name: "a", Members: gate.Selector{Tags: map[string]string{"App": "x", "Cluster": "a"}}, Roles: []gate.Role{{Members: gate.Selector{Tags: map[string]string{"Role": "master"}}}}},
				{Name: "b", Members: gate.Selector{Tags: map[string]string{"Cluster": "b"}}},
				{Name: "c", Members: gate.Selector{Tags: map[string]string{"Cluster": "*", "Team": "t"}}},
				{Name: "d", Members: gate.Selector{Groups: []string{"g9"}}},
			}},
			want: map[string]live.Want{"eu-west-1": {Groups: []string{"g9"}, Tags: []live.Tag{{Key: "Cluster", Values: []string{"a", "b"}}, {Key: "Team", Values: []string{"t"}}}}},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := live.Wants(&tt.plan, &tt.config, tt.asks)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("Wants (-want +got):\n%s", diff)
			}
		})
	}
}

// Reading the ambient region instead would find nobody there and call it safe.
func TestWantsRefusesAnUnknownRegion(t *testing.T) {
	plans := map[string]gate.Plan{
		"aws_instance.a": {Changes: []gate.Change{{Address: "aws_instance.a", Type: "aws_instance", Action: gate.NoOp, ID: "i-1"}}},
		"aws_autoscaling_group.g": {Regions: []string{"eu-west-1"}, Changes: []gate.Change{
			{Address: "aws_autoscaling_group.g", Type: "aws_autoscaling_group", Action: gate.ActionUnknown, ID: "g"},
		}},
		"aws_ec2_instance_state.s": {Changes: []gate.Change{{Address: "aws_ec2_instance_state.s", Type: "aws_ec2_instance_state", Action: gate.Create, After: gate.Attrs{"instance_id": "i-1"}}}},
		"action.stop":              {Actions: []gate.ActionCall{{Address: "action.stop", Members: []string{"i-1"}}}},
	}
	for address, plan := range plans {
		t.Run(address, func(t *testing.T) {
			got, err := live.Wants(&plan, gate.DefaultConfig(), nil)
			if err == nil {
				t.Fatalf("Wants: got %v, want an error", got)
			}
			if !strings.Contains(err.Error(), address) || !strings.Contains(err.Error(), "set region") {
				t.Errorf("error: got %q, want it to name %s and the way out", err, address)
			}
		})
	}
}
