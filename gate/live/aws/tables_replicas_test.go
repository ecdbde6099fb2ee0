package aws_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/holdfast-gate/holdfast/gate"
	"github.com/holdfast-gate/holdfast/gate/awssim"
	"github.com/holdfast-gate/holdfast/gate/live"
	"github.com/holdfast-gate/holdfast/gate/live/aws"
	"github.com/holdfast-gate/holdfast/gate/live/livetest"
)

// replicated is a table with a replica in another region, where it is protected.
func replicated(t *testing.T) (*sim, func() *gate.Snapshot) {
	s := newSim(t, aws.Options{Attempts: 1, Backoff: time.Millisecond})
	s.CreateTable(awssim.TableSpec{Region: home, Name: "orders", Stream: "NEW_AND_OLD_IMAGES"})
	s.AddReplica(home, "orders", livetest.Away)
	s.Advance(time.Hour)
	s.Protect(livetest.Away, "orders", true)
	return s, func() *gate.Snapshot {
		return live.Read(t.Context(), s.Now, s.collector, map[string]live.Want{home: {Asked: map[string][]string{gate.SourceTables: {"orders"}, gate.SourceTableReplicas: {"orders"}}}})
	}
}

// A replica says itself whether it is protected.
func TestReplicasWhereTheyAre(t *testing.T) {
	_, read := replicated(t)
	for region, want := range map[string]string{home: "false", livetest.Away: "true"} {
		d, there := read().DataStore(gate.KindTable, region, "orders")
		if !there || d.Facts["deletion_protection"] != want {
			t.Errorf("%s: got there %v, %v, want protected %s", region, there, d.Facts, want)
		}
	}
}

func TestReplicaThatCannotBeRead(t *testing.T) {
	s, read := replicated(t)
	s.Intercept = func(r *awssim.Request) {
		if r.Action == "DescribeTable" && r.Region == livetest.Away {
			r.Failure = &awssim.Failure{Code: "AccessDeniedException", Message: "no", Status: http.StatusBadRequest}
		}
	}
	for _, src := range read().Sources {
		failed := src.Name == gate.SourceTableReplicas
		if (src.Problem == gate.ProblemDenied && strings.Contains(src.Err, livetest.Away)) != failed {
			t.Errorf("%s: got %q, %q, want %s denied in %s, and nothing else", src.Name, src.Problem, src.Err, gate.SourceTableReplicas, livetest.Away)
		}
	}
}

// Where nobody asks for the tables, nothing is known of their replicas.
func TestReplicasOfTablesNobodyAskedFor(t *testing.T) {
	s, _ := replicated(t)
	got := live.Read(t.Context(), s.Now, s.collector, map[string]live.Want{home: {Asked: map[string][]string{gate.SourceTableReplicas: {"orders"}}}})
	for _, src := range got.Sources {
		if src.Name == gate.SourceTableReplicas && src.Problem != gate.ProblemMissing {
			t.Errorf("got %q, %q, want it missing", src.Problem, src.Err)
		}
	}
}
