package aws_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/holdfast-gate/holdfast/gate"
	"github.com/holdfast-gate/holdfast/gate/awssim"
	"github.com/holdfast-gate/holdfast/gate/live"
	"github.com/holdfast-gate/holdfast/gate/live/aws"
	"github.com/holdfast-gate/holdfast/gate/live/livetest"
)

func (s *sim) Table(region, name string, backups int) {
	s.CreateTable(awssim.TableSpec{Region: region, Name: name, Stream: "NEW_AND_OLD_IMAGES", Recovery: true})
	for i := range backups {
		s.BackUp(region, name, fmt.Sprintf("%s-%d", name, i))
	}
}

func (s *sim) Reader(region, table, function string, enabled bool) {
	s.Map(region, table, function, map[bool]string{true: "Enabled", false: "Disabled"}[enabled])
}

func (s *sim) Replica(region, table, where string) { s.AddReplica(region, table, where) }

func TestTablesOnAwssim(t *testing.T) {
	livetest.RunTables(t, livetest.TableShows{Identity: true, Replicas: true}, func(t *testing.T) livetest.TableCloud { return newSim(t, aws.Options{PageSize: livetest.PageSize}) })
}

func (s *sim) tables(ctx context.Context, sources []string, names ...string) *gate.Snapshot {
	asked := map[string][]string{}
	for _, source := range sources {
		asked[source] = names
	}
	return live.Read(ctx, s.Now, s.collector, map[string]live.Want{"us-east-1": {Asked: asked}})
}

// Whoever may get a table's changes, or give it some, is found, and what is not
// known of it is not taken for nothing.
func TestLinksOfATable(t *testing.T) {
	s := newSim(t, aws.Options{})
	s.Table("us-east-1", "orders", 0)
	s.Map("us-east-1", "orders", "on", "Enabled")
	s.Map("us-east-1", "orders", "off", "Disabled")
	s.Map("us-east-1", "orders", "odd", "Hibernating")
	s.AddPipe("us-east-1", "orders", "running", "RUNNING", "RUNNING")
	s.AddPipe("us-east-1", "orders", "stopped", "STOPPED", "STOPPED")
	s.AddPipe("us-east-1", "orders", "waking", "STOPPED", "RUNNING")
	s.StreamTo("us-east-1", "orders", "arn:aws:kinesis:us-east-1:123456789012:stream/a", "ACTIVE")
	s.StreamTo("us-east-1", "orders", "arn:aws:kinesis:us-east-1:123456789012:stream/b", "DISABLED")
	to := func(table string) string {
		return `{"rules":[{"rule-type":"selection"},{"rule-type":"object-mapping","target-table-name":"` + table + `"}]}`
	}
	for name, task := range map[string]awssim.TaskSpec{
		"into":      {Status: "running", Mappings: to("orders")},
		"into-old":  {Status: "stopped", Mappings: to("orders")},
		"elsewhere": {Status: "running", Mappings: to("others")},
		"nowhere":   {Status: "running", Mappings: to("${name}")},
	} {
		task.Name, task.SourceEngine, task.SourceHost, task.TargetEngine = name, "mysql", "db.example.com", "dynamodb"
		s.AddTask(task)
	}
	d, _ := s.tables(t.Context(), livetest.TableSources(), "orders").DataStore(gate.KindTable, "us-east-1", "orders")
	var got []string
	for _, l := range d.Links {
		got = append(got, fmt.Sprintf("%s %s %s %s %s", l.To, l.Kind, strings.TrimPrefix(l.Peer, "arn:aws:kinesis:us-east-1:123456789012:"), l.State, l.Active))
	}
	slices.Sort(got)
	want := []string{
		"peer dynamodb.kinesis stream/a ACTIVE yes",
		"peer dynamodb.kinesis stream/b DISABLED no",
		"peer lambda.mapping function odd Hibernating unknown",
		"peer lambda.mapping function off Disabled no",
		"peer lambda.mapping function on Enabled yes",
		"peer pipes.pipe running RUNNING yes",
		"peer pipes.pipe stopped STOPPED no",
		"peer pipes.pipe waking STOPPED unknown",
		"store dms.task into-old-source stopped no",
		"store dms.task into-source running yes",
		"store dms.task nowhere-source running unknown",
	}
	if !slices.Equal(got, want) {
		t.Errorf("links: got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// Each permission that is missing makes its own source incomplete and names the
// action; so does a throttled call, and a failure after the first page.
func TestTableSourcesFail(t *testing.T) {
	calls := map[string]string{
		gate.SourceTables: "dynamodb.DescribeTable", gate.SourceTableStreams: "dynamodb.DescribeKinesisStreamingDestination", gate.SourceTableBackups: "dynamodb.ListBackups",
		gate.SourceRecovery: "dynamodb.DescribeContinuousBackups", gate.SourceMappings: "lambda.ListEventSourceMappings", gate.SourcePipes: "pipes.ListPipes",
		gate.SourceEndpoints: "dms.DescribeEndpoints", gate.SourceTasks: "dms.DescribeReplicationTasks",
	}
	for _, name := range livetest.TableSources() {
		for code, problem := range map[string]gate.Problem{"AccessDeniedException": gate.ProblemDenied, "ThrottlingException": gate.ProblemThrottled, "InternalServerError": gate.ProblemFailed} {
			t.Run(name+"/"+code, func(t *testing.T) {
				s := newSim(t, aws.Options{Attempts: 1})
				s.Table("us-east-1", "orders", 1)
				s.Intercept = func(r *awssim.Request) {
					if r.Service+"."+r.Action == calls[name] {
						r.Failure = &awssim.Failure{Code: code, Message: "no", Status: 400}
					}
				}
				for _, row := range s.tables(t.Context(), livetest.TableSources(), "orders").Sources {
					if row.Name != name {
						continue
					}
					if row.Complete || row.Problem != problem {
						t.Errorf("got complete %v, %s, %q, want %s", row.Complete, row.Problem, row.Err, problem)
					}
					if action := gate.Permissions(name)[0]; !strings.Contains(row.Err, action) {
						t.Errorf("got %q, want it to name %s", row.Err, action)
					}
				}
			})
		}
	}
}

// A JSON object that has no list is no answer that lists nothing.
func TestTableAnswersWithoutAList(t *testing.T) {
	for _, name := range livetest.TableSources() {
		s := newSim(t, aws.Options{Attempts: 1})
		s.Table("us-east-1", "orders", 0)
		proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if strings.Contains(r.Header.Get("Authorization"), "/sts/") || (strings.HasSuffix(r.Header.Get("X-Amz-Target"), ".DescribeTable") && name != gate.SourceTables) {
				s.ServeHTTP(w, r)
				return
			}
			fmt.Fprint(w, `{"Reservations":[]}`)
		}))
		defer proxy.Close()
		s.collector = aws.New(t.Context(), aws.Options{Now: s.Now, Attempts: 1, Load: settings(proxy.URL)})
		for _, row := range s.tables(t.Context(), livetest.TableSources(), "orders").Sources {
			if row.Name == name && row.Complete {
				t.Errorf("%s: got it complete", name)
			}
		}
	}
}

// A table that has nothing but itself is read in full.
func TestBareTable(t *testing.T) {
	s := newSim(t, aws.Options{Attempts: 1})
	s.Table("us-east-1", "orders", 0)
	for _, row := range s.tables(t.Context(), livetest.TableSources(), "orders").Sources {
		if !row.Complete {
			t.Errorf("%s: got %q, want it complete", row.Name, row.Err)
		}
	}
}

// Nothing that nobody asked for is called.
func TestTablesNotAskedFor(t *testing.T) {
	s := newSim(t, aws.Options{})
	s.Table("us-east-1", "orders", 1)
	s.tables(t.Context(), nil)
	for _, c := range s.Calls() {
		if slices.Contains([]string{"dynamodb", "lambda", "pipes", "dms"}, c.Service) {
			t.Errorf("%s.%s was called", c.Service, c.Action)
		}
	}
}
