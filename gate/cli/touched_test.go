package cli

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/holdfast-gate/holdfast/checks"
	"github.com/holdfast-gate/holdfast/gate"
	"github.com/holdfast-gate/holdfast/gate/live"
)

// groups is a plan that raises the first of two groups.
const groups = `{"format_version":"1.2","terraform_version":"1.11.4","timestamp":"2026-11-22T07:59:00Z","complete":true,"applyable":true,"errored":false,"resource_changes":[%s,%s]}`

func group(name, action string, from, to int) string {
	side := func(size int) string {
		return fmt.Sprintf(`{"id":%q,"name":%[1]q,"arn":"arn:aws:autoscaling:eu-west-1:123456789012:autoScalingGroup:x:autoScalingGroupName/%[1]s","min_size":1,"max_size":4,"desired_capacity":%d}`, name, size)
	}
	return fmt.Sprintf(`{"address":"aws_autoscaling_group.%s","mode":"managed","type":"aws_autoscaling_group","name":%[1]q,"provider_name":"registry.terraform.io/hashicorp/aws",
"change":{"actions":[%q],"before":%s,"after":%s,"after_unknown":{},"before_sensitive":{},"after_sensitive":{}}}`, name, action, side(from), side(to))
}

// grouped is an AWS with two groups of one member each.
type grouped struct {
	now   time.Time
	asked *[]string
}

func (g grouped) Collect(_ context.Context, region string, w live.Want) live.Part {
	part := live.Part{Account: "123456789012"}
	for _, name := range append(gate.Live(), gate.SourceIdentity) {
		part.Sources = append(part.Sources, gate.Source{Name: name, Region: region, ReadAt: g.now, Complete: true, Calls: 1})
	}
	for name := range w.Asked {
		part.Sources = append(part.Sources, gate.Source{Name: name, Region: region, ReadAt: g.now, Complete: true, Calls: 1})
	}
	for i, name := range []string{"search", "web"} {
		part.Groups = append(part.Groups, gate.Group{Name: name, Region: region, Desired: 1, Min: 1, Max: 4, MinHealthy: -1, MaxHealthy: -1})
		part.Members = append(part.Members, gate.Member{ID: fmt.Sprintf("i-%d", i), Region: region, Group: name, Counted: true, Launched: g.now.Add(-time.Hour),
			Observed: []gate.Observation{{Source: gate.SourceInstances, Field: "ec2.InstanceStateName", Raw: "running", Phase: gate.Steady, Serving: gate.ServingYes, Opinion: true}}})
	}
	part.Ask = func(_ context.Context, names []string) live.Part {
		*g.asked = append(*g.asked, names...)
		part.Groups = slices.Clone(part.Groups)
		for i := range part.Groups {
			part.Groups[i].Asked = part.Groups[i].Asked || slices.Contains(names, part.Groups[i].Name)
		}
		return part
	}
	return part
}

// A plan is judged with what the groups do that it touches; whoever looks sees
// all of them.
func TestWhichGroupsAreAsked(t *testing.T) {
	plan := filepath.Join(t.TempDir(), "p.json")
	text := fmt.Sprintf(groups, group("search", "update", 1, 2), group("web", "no-op", 1, 1))
	if err := os.WriteFile(plan, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	for verb, want := range map[string][]string{
		"check":    {"search"},
		"status":   {"search", "web"},
		"snapshot": {"search", "web"},
	} {
		f, stdout, stderr := factory()
		f.Suite = checks.Suite()
		var asked []string
		f.Collector = func(context.Context, Reading) live.Collector { return grouped{f.Now(), &asked} }
		code := Run(t.Context(), f, []string{verb, plan})
		slices.Sort(asked)
		if code != 0 || !slices.Equal(asked, want) {
			t.Errorf("%s: got %d, asked %v; want 0 and %v\n%s%s", verb, code, asked, want, stdout, stderr)
		}
	}
}
