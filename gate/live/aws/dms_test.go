package aws_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/holdfast-gate/holdfast/gate"
	"github.com/holdfast-gate/holdfast/gate/awssim"
	"github.com/holdfast-gate/holdfast/gate/live/aws"
	"github.com/holdfast-gate/holdfast/gate/live/livetest"
)

// tasks are the links that DMS makes with a store, as "name active".
func tasks(d gate.DataStore) []string {
	var out []string
	for _, l := range d.Links {
		if l.Kind == gate.LinkTask {
			out = append(out, fmt.Sprintf("%s %s %s", l.To, l.Peer, l.Active))
		}
	}
	slices.Sort(out)
	return out
}

// A database is what an endpoint of DMS names by one of its hosts. One that hides
// whom it is about may be it, and one that is plainly another is not.
func TestHostsOfEndpoints(t *testing.T) {
	s := newSim(t, aws.Options{PageSize: livetest.PageSize})
	s.MakeDatabase(home, "orders", "")
	s.MakeCluster(home, "shop", 2)
	const domain = ".sim.us-east-1.rds.amazonaws.com"
	for name, one := range map[string]struct{ engine, host string }{
		"the-database":   {"postgres", "orders" + domain},
		"with-a-dot":     {"postgres", "ORDERS" + domain + "."},
		"the-cluster":    {"aurora-postgresql", "shop.cluster" + domain},
		"the-readers":    {"aurora-postgresql", "shop.cluster-ro" + domain},
		"an-instance":    {"postgres", "shop-1" + domain},
		"another":        {"postgres", "other" + domain},
		"another-engine": {"oracle", "10.0.0.7"},
		"an-address":     {"postgres", "10.0.0.7"},
		"a-secret":       {"postgres", ""},
		"an-alias":       {"postgres", "db.example.com"},
		"a-table":        {"dynamodb", ""},
	} {
		s.AddTask(awssim.TaskSpec{Name: name, SourceEngine: one.engine, SourceHost: one.host, TargetEngine: "s3", Status: "running"})
	}
	s.AddTask(awssim.TaskSpec{Name: "stopped", SourceEngine: "postgres", SourceHost: "orders" + domain, TargetEngine: "postgres", TargetHost: "shop.cluster" + domain, Status: "stopped"})
	s.AddTask(awssim.TaskSpec{Name: "odd", SourceEngine: "s3", TargetEngine: "postgres", TargetHost: "orders" + domain, Status: "thinking"})
	got := s.databases(t, "orders", "shop")
	for _, src := range got.Sources {
		if !src.Complete {
			t.Errorf("%s: %s", src.Name, src.Err)
		}
	}
	hidden := []string{"peer a-secret-target unknown", "peer an-address-target unknown", "peer an-alias-target unknown"}
	for id, want := range map[string][]string{
		"orders": append([]string{"peer stopped-target no", "peer the-database-target yes", "peer with-a-dot-target yes", "store odd-source unknown"}, hidden...),
		"shop":   append([]string{"peer an-instance-target yes", "peer the-cluster-target yes", "peer the-readers-target yes", "store stopped-source no"}, hidden...),
	} {
		kind := map[string]string{"orders": gate.KindDatabase, "shop": gate.KindDatabases}[id]
		d, _ := got.DataStore(kind, home, id)
		slices.Sort(want)
		if lines := tasks(d); !slices.Equal(lines, want) {
			t.Errorf("%s: got\n  %s\nwant\n  %s", id, strings.Join(lines, "\n  "), strings.Join(want, "\n  "))
		}
	}
}

// What DMS Serverless copies has no task. It is found all the same, from where it
// comes and to where it goes, and a state that nobody knows may be one in which it
// copies.
func TestServerlessReplications(t *testing.T) {
	s := newSim(t, aws.Options{PageSize: livetest.PageSize})
	s.MakeCluster(home, "shop", 1)
	s.Table(home, "orders", 0)
	const host = "shop.cluster.sim.us-east-1.rds.amazonaws.com"
	to := func(table string) string {
		return `{"rules":[{"rule-type":"object-mapping","target-table-name":"` + table + `"}]}`
	}
	for _, status := range []string{"running", "testing_connection", "Calculating Capacity", "created", "stopped", "failed", "thinking"} {
		name := strings.NewReplacer("_", "-", " ", "-").Replace(strings.ToLower(status))
		s.AddReplication(awssim.TaskSpec{Name: name, SourceEngine: "aurora-postgresql", SourceHost: host, TargetEngine: "dynamodb", Status: status, Mappings: to("orders")})
	}
	for i := range 22 { // more than DMS puts on its smallest page
		s.AddReplication(awssim.TaskSpec{Name: fmt.Sprintf("other-%02d", i), SourceEngine: "s3", TargetEngine: "dynamodb", Status: "running", Mappings: to("other")})
	}
	state := func(to, end string) []string {
		return []string{to + " calculating-capacity-" + end + " yes", to + " created-" + end + " no", to + " failed-" + end + " no", to + " running-" + end + " yes",
			to + " stopped-" + end + " no", to + " testing-connection-" + end + " yes", to + " thinking-" + end + " unknown"}
	}
	cluster := func() []string { return tasks(s.aurora(t, "shop")) }
	table := func() []string {
		d, _ := s.tables(t.Context(), append(livetest.TableSources(), gate.SourceReplications, gate.SourceReplicationConfigs), "orders").DataStore(gate.KindTable, home, "orders")
		return tasks(d)
	}
	if got := cluster(); !slices.Equal(got, state("peer", "target")) {
		t.Errorf("the cluster: got\n  %s", strings.Join(got, "\n  "))
	}
	if got := table(); !slices.Equal(got, state("store", "source")) {
		t.Errorf("the table: got\n  %s", strings.Join(got, "\n  "))
	}
	// Without their configurations nobody knows which tables they write, and
	// without word of how they go, they may be running.
	s.Deny("dms.DescribeReplicationConfigs")
	if got := table(); len(got) != 22+7 || !slices.Contains(got, "store other-00-source unknown") {
		t.Errorf("without configurations: got\n  %s", strings.Join(got, "\n  "))
	}
	s.Heal()
	s.Deny("dms.DescribeReplications")
	d, _ := s.databases(t, "shop").DataStore(gate.KindDatabases, home, "shop")
	if got := tasks(d); len(got) != 7 || !slices.Contains(got, "peer stopped-target unknown") {
		t.Errorf("without word of how they go: got\n  %s", strings.Join(got, "\n  "))
	}
}
