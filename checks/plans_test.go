package checks

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/holdfast-gate/holdfast/gate"
	"github.com/holdfast-gate/holdfast/gate/gatetest"
	"github.com/holdfast-gate/holdfast/gate/tfplan"
)

// TestRecordedPlans judges every plan that the official provider made, in the
// world that the plan itself shows: no config, and everything it records live,
// in the state its refresh saw.
func TestRecordedPlans(t *testing.T) {
	want := map[string]string{
		"a01_create_6":             "allow",
		"a02_noop":                 "allow",
		"a03_6_to_3":               "allow",
		"a04_6_to_0":               "block survivorfloor.breached",
		"a07_replace_one":          "allow",
		"b01_create_6":             "allow",
		"b02_6_to_3":               "allow",
		"b03_6_to_0":               "block survivorfloor.breached",
		"b06_drift_desired_plan":   "block drifted.size",
		"c01_create_prefix":        "allow",
		"c02_filter_removed":       "block lifecyclewidened.widened",
		"d03_destroy":              "block lastcopy.none",
		"e01_drift_refresh_only":   "warn drifted.membership drifted.state",
		"e02_drift_plan":           "block drifted.membership drifted.state",
		"f01_shutting_down_plan":   "warn drifted.state settled.moving",
		"f03_shutting_down_6_to_3": "block drifted.state settled.transitional",
		"g01_create":               "allow",
		"g02_3_to_1":               "block standby.lost",
		"h02_6_to_3":               "block certifiable.uncounted",
		"i02_6_to_2":               "block certifiable.uncounted",
		"j01_caches_fewer":         "block standby.lost standby.unguarded",
		"j02_caches_resized":       "block lastcopy.none standby.restart",
		"m01_forget":               "allow",
	}
	files, err := filepath.Glob("../gate/tfplan/testdata/plans/*.json")
	if err != nil || len(files) < len(want) {
		t.Fatalf("%d recorded plans, want at least %d: %v", len(files), len(want), err)
	}
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".json")
		t.Run(name, func(t *testing.T) {
			v := gate.Evaluate(asRecorded(t, file), Suite())
			got := v.Decision.String()
			var codes []string
			for _, f := range v.Findings {
				codes = append(codes, f.Code)
			}
			slices.Sort(codes)
			got = strings.Join(append([]string{got}, slices.Compact(codes)...), " ")
			if got != want[name] {
				t.Errorf("got %q, want %q\n%+v", got, want[name], v.Findings)
			}
		})
	}
}

// asRecorded is a plan and the world it was made in.
func asRecorded(t *testing.T, file string) gate.Input {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	p, err := tfplan.Decode(f)
	if err != nil {
		t.Fatal(err)
	}
	at := p.CreatedAt
	s := &gate.Snapshot{Account: "123456789012", Started: at, Finished: at}
	for _, c := range slices.Concat(p.Changes, p.Drift) {
		seen := c.Before
		if slices.ContainsFunc(p.Drift, func(d gate.Change) bool { return d.Address == c.Address }) && len(p.Changes) == 0 {
			seen = c.After
		}
		switch {
		case seen == nil:
		case c.Type == "aws_s3_bucket" && !slices.ContainsFunc(s.DataStores, func(d gate.DataStore) bool { return d.ID == c.ID }):
			s.DataStores = append(s.DataStores, gate.DataStore{Kind: gate.KindBucket, ID: c.ID, Region: c.Region, Phase: gate.Steady, Serving: gate.ServingYes, Holds: &gate.Holding{}})
		case c.Type == "aws_instance" && !slices.ContainsFunc(s.Members, func(m gate.Member) bool { return m.ID == c.ID }):
			s.Members = append(s.Members, seenMember(c, seen))
		case c.Type == "aws_dynamodb_table":
			s.DataStores = append(s.DataStores, gate.DataStore{Kind: gate.KindTable, ID: c.ID, Region: c.Region, Phase: gate.Steady, Serving: gate.ServingYes})
		case c.Type == "aws_rds_cluster_instance":
			s.DataStores = withNode(s.DataStores, c, seen)
		case c.Type == "aws_elasticache_replication_group" || c.Type == "aws_elasticache_cluster":
			s.DataStores = append(s.DataStores, seenCache(c, seen))
		case c.Type == "aws_autoscaling_group" && !slices.ContainsFunc(s.Groups, func(g gate.Group) bool { return g.Name == c.ID }):
			g := gate.Group{Name: c.ID, Region: c.Region, Tags: seen.Tags(), MinHealthy: -1, MaxHealthy: -1, Asked: true}
			g.Desired, _ = seen.Int("desired_capacity")
			g.Min, _ = seen.Int("min_size")
			g.Max, _ = seen.Int("max_size")
			s.Groups = append(s.Groups, g)
			for i := range g.Desired {
				m := member(fmt.Sprintf("i-%s-%d", g.Name, i), g.Name, 0)
				m.Region = g.Region
				s.Members = append(s.Members, m)
			}
		}
	}
	for _, r := range p.Regions {
		for _, name := range append(gate.Live(), gate.SourceIdentity) {
			s.Sources = append(s.Sources, gate.Source{Name: name, Region: r, Complete: true, ReadAt: at})
		}
	}
	in := gate.Input{Now: at, Plan: p, Snapshot: s}
	gatetest.Answer(&in, Suite())
	return in
}

// withNode adds an instance to its database cluster.
func withNode(stores []gate.DataStore, c gate.Change, seen gate.Attrs) []gate.DataStore {
	id := seen.String("cluster_identifier")
	i := slices.IndexFunc(stores, func(d gate.DataStore) bool { return d.Kind == gate.KindDatabases && d.ID == id })
	if i < 0 {
		stores = append(stores, gate.DataStore{Kind: gate.KindDatabases, ID: id, Region: c.Region, Phase: gate.Steady, Serving: gate.ServingYes})
		i = len(stores) - 1
	}
	n := gate.Node{ID: seen.String("identifier"), Role: "reader", Phase: gate.Steady, Serving: gate.ServingYes, Lag: new(time.Duration)}
	if seen["writer"] == true {
		n.Role = "writer"
	}
	stores[i].Nodes = append(stores[i].Nodes, n)
	return stores
}

// seenCache is a cache all of whose nodes are well.
func seenCache(c gate.Change, seen gate.Attrs) gate.DataStore {
	kind, id := gate.CacheOf(c)
	d := gate.DataStore{Kind: kind, ID: id, Region: c.Region, Phase: gate.Steady, Serving: gate.ServingYes, Facts: map[string]string{"automatic_failover": "enabled"}}
	shards, _ := seen.Int("num_node_groups")
	replicas, _ := seen.Int("replicas_per_node_group")
	for shard := range shards {
		for n := range 1 + replicas {
			node := gate.Node{ID: fmt.Sprintf("%s-%04d-%03d", id, shard+1, n+1), Role: "replica", Shard: fmt.Sprintf("%04d", shard+1), Phase: gate.Steady, Serving: gate.ServingYes, Lag: new(time.Duration)}
			if n == 0 {
				node.Role = "primary"
			}
			d.Nodes = append(d.Nodes, node)
		}
	}
	nodes, _ := seen.Int("num_cache_nodes")
	for n := range nodes {
		d.Nodes = append(d.Nodes, gate.Node{ID: fmt.Sprintf("%04d", n+1), Role: "primary", Phase: gate.Steady, Serving: gate.ServingYes})
	}
	return d
}

func seenMember(c gate.Change, seen gate.Attrs) gate.Member {
	m := gate.Member{ID: c.ID, Region: c.Region, Zone: seen.String("availability_zone"), Tags: seen.Tags(), Phase: gate.Steady, Serving: gate.ServingYes}
	state := seen.String("instance_state")
	switch state {
	case "stopped":
		m.Serving = gate.ServingNo
	case "shutting-down":
		m.Phase, m.Serving = gate.Leaving, gate.ServingNo
	}
	m.Observed = []gate.Observation{{Source: gate.SourceInstances, Field: "ec2.InstanceStateName", Raw: state, Phase: m.Phase, Serving: m.Serving, Opinion: true}}
	return m
}
