package aws_test

import (
	"testing"
	"time"

	"github.com/holdfast-gate/holdfast/gate/awssim"
	"github.com/holdfast-gate/holdfast/gate/live/aws"
	"github.com/holdfast-gate/holdfast/gate/live/livetest"
)

func TestDatabasesOnAwssim(t *testing.T) {
	livetest.Databases(t, livetest.ShowsDatabases{Follow: true, Sync: true}, func(t *testing.T) livetest.DatabaseCloud {
		return newSim(t, aws.Options{PageSize: livetest.PageSize})
	})
}

func (s *sim) Database(region, id, source string) { s.MakeDatabase(region, id, source) }

func (s *sim) DatabaseSnapshot(region, id, name string) { s.SnapshotDatabase(region, id, name) }

func (s *sim) Cluster(region, id string, readers int) { s.MakeCluster(region, id, readers+1) }

func (s *sim) ClusterSnapshot(region, id, name string) { s.SnapshotCluster(region, id, name, "manual") }

func (s *sim) GlobalCluster(region, global, cluster string) { s.JoinGlobal(global, region, cluster) }

func (s *sim) Behind(region, id string, by time.Duration) { s.Delay(region, id, by) }

func TestStorageOnAwssim(t *testing.T) {
	livetest.Storage(t, 7, func(t *testing.T) livetest.StorageCloud { return newSim(t, aws.Options{}) })
}

func (s *sim) Stored(region, name string, objects int) {
	s.CreateBucket(region, name)
	s.FillBucket(name, "a/", objects, 1, 90*24*time.Hour)
}

func TestCarriersOnAwssim(t *testing.T) {
	livetest.Carriers(t, livetest.ShowsCarriers{Stopped: true}, func(t *testing.T) livetest.CarrierCloud { return newSim(t, aws.Options{PageSize: livetest.PageSize}) })
}

func (s *sim) Pipe(region, table, name string, running bool) {
	state := map[bool]string{true: "RUNNING", false: "STOPPED"}[running]
	s.AddPipe(region, table, name, state, state)
}

// transfer is one that fills a table from a database.
func transfer(region, name, host, table, status string) awssim.TaskSpec {
	return awssim.TaskSpec{Region: region, Name: name, SourceEngine: "postgres", SourceHost: host, TargetEngine: "dynamodb", Status: status, Mappings: writesTable(table)}
}

// writesTable are mappings that lead to one table.
func writesTable(name string) string {
	return `{"rules":[{"rule-type":"object-mapping","rule-id":"1","rule-name":"1","rule-action":"map-record-to-record","target-table-name":"` + name + `"}]}`
}

func (s *sim) Task(region, name, host, table string, running bool) {
	s.AddTask(transfer(region, name, host, table, map[bool]string{true: "running", false: "ready"}[running]))
}

func (s *sim) Serverless(region, name, host, table string, running bool) {
	s.AddReplication(transfer(region, name, host, table, map[bool]string{true: "running", false: "created"}[running]))
}
