package awssim

import (
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
)

// rds is the part of RDS about instances, their replicas, clusters and global
// clusters.
func (w *World) rds() service {
	s := service{
		namespace: "http://rds.amazonaws.com/doc/2014-10-31/",
		actions: map[string]action{
			"DescribeDBInstances":          describeDatabases,
			"DescribeDBSnapshots":          describeDBSnapshots,
			"DescribeBlueGreenDeployments": none,
			"CreateDBInstance":             w.createDatabase,
			"CreateDBInstanceReadReplica":  w.createReplica,
			"ModifyDBInstance":             w.modifyDatabase,
			"PromoteReadReplica":           w.promoteReplica,
			"DeleteDBInstance":             w.deleteDatabase,
			"CreateDBSnapshot":             w.createDBSnapshot,
			"ListTagsForResource":          listTagsOfDatabase,
			"AddTagsToResource":            tagDatabase,
			"RemoveTagsFromResource":       untagDatabase,
		},
	}
	maps.Copy(s.actions, w.clusterActions())
	maps.Copy(s.actions, w.globalActions())
	return s
}

type tagPair struct{ Key, Value string }

type statusInfo struct {
	StatusType, Status string
	Normal             bool
}

type databaseItem struct {
	DBInstanceIdentifier                  string
	DBInstanceArn                         string
	DbiResourceId                         string
	DBInstanceClass                       string
	DBInstanceStatus                      string
	Engine                                string
	MasterUsername                        string `xml:",omitempty"`
	EngineVersion                         string
	AllocatedStorage                      int
	StorageType                           string
	AvailabilityZone                      string
	SecondaryAvailabilityZone             string `xml:",omitempty"`
	MultiAZ                               bool
	DeletionProtection                    bool
	BackupRetentionPeriod                 int
	InstanceCreateTime                    string
	LatestRestorableTime                  string       `xml:",omitempty"`
	ReadReplicaSourceDBInstanceIdentifier string       `xml:",omitempty"`
	ReadReplicas                          []string     `xml:"ReadReplicaDBInstanceIdentifiers>ReadReplicaDBInstanceIdentifier"`
	StatusInfos                           []statusInfo `xml:"StatusInfos>DBInstanceStatusInfo"`
	Address                               string       `xml:"Endpoint>Address,omitempty"`
	Port                                  int          `xml:"Endpoint>Port,omitempty"`
	PendingClass                          string       `xml:"PendingModifiedValues>DBInstanceClass,omitempty"`
	DBClusterIdentifier                   string       `xml:",omitempty"`
	PromotionTier                         int          `xml:",omitempty"`
	AutoMinorVersionUpgrade               bool         // as it is where nobody says otherwise
	Tags                                  []tagPair    `xml:"TagList>Tag"`
}

func stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }

func (r *request) databaseItem(d *database) databaseItem {
	item := databaseItem{DBInstanceIdentifier: d.id, DBInstanceArn: r.w.arn("rds", r.live, "db:"+d.id), DbiResourceId: d.resource, DBInstanceClass: d.class, DBInstanceStatus: d.status,
		Engine: d.engine, MasterUsername: d.user, EngineVersion: orElse(d.version, "16.3"), AllocatedStorage: d.storage, StorageType: "gp3", AvailabilityZone: d.zone, MultiAZ: d.multiAZ, DeletionProtection: d.protected,
		BackupRetentionPeriod: d.retention, AutoMinorVersionUpgrade: true, InstanceCreateTime: stamp(d.created), ReadReplicaSourceDBInstanceIdentifier: d.source, ReadReplicas: r.seen.replicasOf(d.id), PendingClass: d.pendingClass,
		Address: d.id + ".sim." + r.live.name + ".rds.amazonaws.com", Port: portOf(d.engine), DBClusterIdentifier: d.cluster, PromotionTier: d.tier, Tags: pairs(d.tags)}
	if d.multiAZ && d.serves() {
		item.SecondaryAvailabilityZone = r.live.zones()[2]
	}
	if d.retention > 0 && d.source == "" {
		item.LatestRestorableTime = stamp(r.at.Add(-5 * time.Minute))
	}
	if d.source != "" && d.state != "" {
		item.StatusInfos = []statusInfo{{"read replication", d.state, d.state == "replicating"}}
	}
	return item
}

// filtered are the values of a filter of RDS, and whether there is one.
func (r *request) filtered(name string) ([]string, bool) {
	for i := 1; ; i++ {
		f := r.sub("Filters.Filter." + strconv.Itoa(i))
		if f.str("Name") == "" {
			return nil, false
		}
		if f.str("Name") == name {
			return f.strs("Values.Value"), true
		}
	}
}

func describeDatabases(r *request) (any, error) {
	var all []databaseItem
	ids, some := r.filtered("db-instance-id")
	resources, byResource := r.filtered("dbi-resource-id")
	_, clustered := r.filtered("db-cluster-id")
	one := r.str("DBInstanceIdentifier")
	if one != "" && r.seen.databases[one] == nil {
		return nil, &Failure{Code: "DBInstanceNotFound", Message: "DBInstance " + one + " not found.", Status: 404}
	}
	for _, d := range sorted(r.seen.databases) {
		if (!some || slices.Contains(ids, d.id) || slices.Contains(ids, d.resource)) && (!byResource || slices.Contains(resources, d.resource)) && (one == "" || one == d.id) && (!clustered || d.cluster != "" && r.among("db-cluster-id", d.cluster)) {
			all = append(all, r.databaseItem(d))
		}
	}
	items, next, err := page(r, all, r.num("MaxRecords", 100))
	return struct {
		Marker      string         `xml:",omitempty"`
		DBInstances []databaseItem `xml:"DBInstances>DBInstance"`
	}{next, items}, err
}

type dbSnapshotItem struct {
	DBSnapshotIdentifier, DBInstanceIdentifier, DbiResourceId, SnapshotType, Status string
	SnapshotCreateTime, OriginalSnapshotCreateTime                                  string
}

func describeDBSnapshots(r *request) (any, error) {
	var all []dbSnapshotItem
	ids, some := r.filtered("db-instance-id")
	kind := r.str("SnapshotType")
	for _, s := range r.seen.dbSnapshots {
		if (!some || slices.Contains(ids, s.of)) && (kind == s.kind || kind == "" && s.kind != "awsbackup") {
			all = append(all, dbSnapshotItem{s.id, s.of, s.resource, s.kind, s.status, stamp(s.made), stamp(s.made)})
		}
	}
	items, next, err := page(r, all, r.num("MaxRecords", 100))
	return struct {
		Marker      string           `xml:",omitempty"`
		DBSnapshots []dbSnapshotItem `xml:"DBSnapshots>DBSnapshot"`
	}{next, items}, err
}

// dbTags are the tags of a request.
func (r *request) dbTags() map[string]string {
	out := map[string]string{}
	for i := 1; r.has("Tags.Tag." + strconv.Itoa(i) + ".Key"); i++ {
		out[r.str("Tags.Tag."+strconv.Itoa(i)+".Key")] = r.str("Tags.Tag." + strconv.Itoa(i) + ".Value")
	}
	return out
}

func (w *World) createDatabase(r *request) (any, error) {
	d := &database{id: r.str("DBInstanceIdentifier"), class: r.str("DBInstanceClass"), engine: r.str("Engine"), user: r.str("MasterUsername"), storage: r.num("AllocatedStorage", 20), multiAZ: r.flag("MultiAZ"),
		protected: r.flag("DeletionProtection"), retention: r.num("BackupRetentionPeriod", 1), zone: orElse(r.str("AvailabilityZone"), r.live.zones()[0]), tags: r.dbTags(), cluster: r.str("DBClusterIdentifier")}
	if d.cluster != "" {
		c := r.live.dbClusters[d.cluster]
		if c == nil {
			return nil, &Failure{Code: "DBClusterNotFoundFault", Message: "DBCluster " + d.cluster + " not found.", Status: 404}
		}
		// Its data, and the backups of that, are the cluster's.
		d.engine, d.user, d.storage, d.retention, d.tier = c.engine, c.user, 1, 0, r.num("PromotionTier", 1)
	}
	return w.made(r, d)
}

func (w *World) createReplica(r *request) (any, error) {
	source := r.live.databases[r.str("SourceDBInstanceIdentifier")]
	if source == nil {
		return nil, &Failure{Code: "DBInstanceNotFound", Message: "DBInstance not found.", Status: 404}
	}
	return w.made(r, &database{id: r.str("DBInstanceIdentifier"), class: orElse(r.str("DBInstanceClass"), source.class), engine: source.engine, user: source.user, storage: source.storage,
		source: source.id, zone: orElse(r.str("AvailabilityZone"), r.live.zones()[1]), tags: r.dbTags()})
}

func (w *World) made(r *request, d *database) (any, error) {
	if r.live.databases[d.id] != nil {
		return nil, failure("DBInstanceAlreadyExists", "DB instance already exists")
	}
	w.makeDatabase(r.live, d)
	return struct{ DBInstance databaseItem }{r.databaseItem(d)}, nil
}

// changing finds an instance that can be changed now.
func (r *request) changing() (*database, error) {
	d := r.live.databases[r.str("DBInstanceIdentifier")]
	switch {
	case d == nil:
		return nil, &Failure{Code: "DBInstanceNotFound", Message: "DBInstance not found.", Status: 404}
	case d.status == "creating" || d.status == "modifying" || d.status == "deleting":
		return nil, failure("InvalidDBInstanceState", "Instance %s is %s.", d.id, d.status)
	}
	return d, nil
}

func (w *World) modifyDatabase(r *request) (any, error) {
	d, err := r.changing()
	if err != nil {
		return nil, err
	}
	if r.has("DeletionProtection") {
		d.protected = r.flag("DeletionProtection")
	}
	if r.has("AllocatedStorage") {
		d.storage = r.num("AllocatedStorage", d.storage)
	}
	if r.has("MultiAZ") {
		d.multiAZ = r.flag("MultiAZ")
	}
	d.version = orElse(r.str("EngineVersion"), d.version)
	d.tier = r.num("PromotionTier", d.tier)
	class := orElse(r.str("DBInstanceClass"), d.pendingClass)
	switch {
	case class == "" || class == d.class:
	case r.flag("ApplyImmediately"):
		d.pendingClass = ""
		w.restart(r.live, d, class)
	default:
		d.pendingClass = class
	}
	return struct{ DBInstance databaseItem }{r.databaseItem(d)}, nil
}

func (w *World) promoteReplica(r *request) (any, error) {
	d, err := r.changing()
	if err != nil {
		return nil, err
	}
	d.source, d.state = "", ""
	return struct{ DBInstance databaseItem }{r.databaseItem(d)}, nil
}

func (w *World) deleteDatabase(r *request) (any, error) {
	d := r.live.databases[r.str("DBInstanceIdentifier")]
	switch {
	case d == nil:
		return nil, &Failure{Code: "DBInstanceNotFound", Message: "DBInstance not found.", Status: 404}
	case d.protected:
		return nil, failure("InvalidParameterCombination", "Cannot delete protected DB Instance, please disable deletion protection and try again.")
	case d.status == "deleting":
		return nil, failure("InvalidDBInstanceState", "Instance %s is deleting.", d.id)
	}
	if final := r.str("FinalDBSnapshotIdentifier"); final != "" && !r.flag("SkipFinalSnapshot") {
		if slices.ContainsFunc(r.live.dbSnapshots, func(s dbSnapshot) bool { return s.id == final }) {
			return nil, failure("DBSnapshotAlreadyExists", "Cannot create the snapshot because a snapshot with the identifier %s already exists.", final)
		}
		r.live.dbSnapshots = append(r.live.dbSnapshots, dbSnapshot{final, d.id, d.resource, "manual", "available", w.clock.now})
	}
	w.end(r.live, d)
	return struct{ DBInstance databaseItem }{r.databaseItem(d)}, nil
}

func (w *World) createDBSnapshot(r *request) (any, error) {
	d, err := r.changing()
	if err != nil {
		return nil, err
	}
	s := dbSnapshot{r.str("DBSnapshotIdentifier"), d.id, d.resource, "manual", "available", w.clock.now}
	r.live.dbSnapshots = append(r.live.dbSnapshots, s)
	return struct{ DBSnapshot dbSnapshotItem }{dbSnapshotItem{s.id, s.of, s.resource, s.kind, s.status, stamp(s.made), stamp(s.made)}}, nil
}

// databaseTags are the tags of the instance or the cluster of an ARN; nil if it
// is not there.
func (r *request) databaseTags() map[string]string {
	arn := r.str("ResourceName")
	if c := r.live.dbClusters[named(arn)]; c != nil && strings.Contains(arn, ":cluster:") {
		return c.tags
	}
	if d := r.live.databases[named(arn)]; d != nil {
		return d.tags
	}
	return nil
}

func listTagsOfDatabase(r *request) (any, error) {
	return struct {
		TagList []tagPair `xml:"TagList>Tag"`
	}{pairs(r.databaseTags())}, nil
}

func tagDatabase(r *request) (any, error) {
	if tags := r.databaseTags(); tags != nil {
		maps.Copy(tags, r.dbTags())
	}
	return empty{}, nil
}

func untagDatabase(r *request) (any, error) {
	for _, k := range r.strs("TagKeys.member") {
		delete(r.databaseTags(), k)
	}
	return empty{}, nil
}
