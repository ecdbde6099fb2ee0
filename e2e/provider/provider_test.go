package provider

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// What the gate reads from a plan by the test provider must be what it would
// read from one by hashicorp/aws: every attribute here is one there. The plans
// are recorded ones.
func TestAttributesAreThoseOfTheOfficialProvider(t *testing.T) {
	for _, tt := range []struct {
		resource resource.ResourceWithConfigure
		plan     string
	}{
		{&instanceResource{}, "a03_6_to_3.json"},
		{&groupResource{}, "b02_6_to_3.json"},
		{&launchTemplateResource{}, "b02_6_to_3.json"},
		{&cacheGroupResource{}, "j01_caches_fewer.json"},
		{&cacheClusterResource{}, "j01_caches_fewer.json"},
	} {
		var named resource.MetadataResponse
		tt.resource.Metadata(t.Context(), resource.MetadataRequest{}, &named)
		t.Run(named.TypeName, func(t *testing.T) {
			official, version := recorded(t, tt.plan, named.TypeName)
			var got resource.SchemaResponse
			tt.resource.Schema(t.Context(), resource.SchemaRequest{}, &got)
			if diags := got.Schema.ValidateImplementation(t.Context()); diags.HasError() {
				t.Fatal(diags)
			}
			if got.Schema.Version != version {
				t.Errorf("schema version %d: hashicorp/aws has %d", got.Schema.Version, version)
			}
			for name := range got.Schema.GetAttributes() {
				if _, ok := official[name]; !ok {
					t.Errorf("attribute %s: hashicorp/aws has none of that name", name)
				}
			}
			for name := range got.Schema.GetBlocks() {
				if _, ok := official[name]; !ok {
					t.Errorf("block %s: hashicorp/aws has none of that name", name)
				}
			}
		})
	}
}

// recorded returns the attributes of the first resource of a type in a plan, and
// the version of its schema.
func recorded(t *testing.T, plan, kind string) (map[string]any, int64) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", "gate", "tfplan", "testdata", "plans", plan))
	if err != nil {
		t.Fatal(err)
	}
	var p struct {
		Changes []struct {
			Type   string
			Change struct{ Before map[string]any }
		} `json:"resource_changes"`
		Prior struct {
			Values struct {
				Root struct {
					Resources []struct {
						Type    string
						Version int64 `json:"schema_version"`
					}
				} `json:"root_module"`
			}
		} `json:"prior_state"`
	}
	if err := json.Unmarshal(text, &p); err != nil {
		t.Fatal(err)
	}
	for _, c := range p.Changes {
		if c.Type != kind || c.Change.Before == nil {
			continue
		}
		for _, r := range p.Prior.Values.Root.Resources {
			if r.Type == kind {
				return c.Change.Before, r.Version
			}
		}
	}
	t.Fatalf("%s has no %s", plan, kind)
	return nil, 0
}

// Only what is planned to change is sent: lowering max_size alone must leave
// the desired capacity to AWS, which clamps it in silence.
func TestGroupUpdateSendsOnlyWhatChanged(t *testing.T) {
	none := types.SetNull(types.StringType)
	state := group{ID: types.StringValue("search"), Zones: none, Subnets: none, Policies: types.ListNull(types.StringType), Min: types.Int64Value(1), Max: types.Int64Value(9), Desired: types.Int64Value(6)}
	for _, tt := range []struct {
		name               string
		change             func(*group)
		desired, min, max  bool
		wantSent, wantWait bool
	}{
		{name: "nothing", change: func(*group) {}},
		{name: "desired", change: func(g *group) { g.Desired = types.Int64Value(3) }, desired: true, wantSent: true, wantWait: true},
		{name: "min", change: func(g *group) { g.Min = types.Int64Value(2) }, min: true, wantSent: true, wantWait: true},
		{name: "max", change: func(g *group) { g.Max = types.Int64Value(2) }, max: true, wantSent: true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			plan := state
			tt.change(&plan)
			in, sent, waits := plan.changes(state)
			if sent != tt.wantSent || waits != tt.wantWait {
				t.Errorf("sent, waits: got %v, %v, want %v, %v", sent, waits, tt.wantSent, tt.wantWait)
			}
			if got := in.DesiredCapacity != nil; got != tt.desired {
				t.Errorf("desired capacity sent: got %v, want %v", got, tt.desired)
			}
			if got := in.MinSize != nil; got != tt.min {
				t.Errorf("min size sent: got %v, want %v", got, tt.min)
			}
			if got := in.MaxSize != nil; got != tt.max {
				t.Errorf("max size sent: got %v, want %v", got, tt.max)
			}
		})
	}
}
