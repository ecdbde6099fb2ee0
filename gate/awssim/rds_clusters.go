package awssim

import (
	"maps"
	"slices"
	"strings"
	"time"
)

// clusterActions are those about Aurora clusters and their snapshots.
func (w *World) clusterActions() map[string]action {
	return map[string]action{
		"DescribeDBClusters":          describeClusters,
		"DescribeDBClusterSnapshots":  describeClusterSnapshots,
		"CreateDBCluster":             w.createCluster,
		"ModifyDBCluster":             w.modifyCluster,
		"DeleteDBCluster":             w.deleteCluster,
		"FailoverDBCluster":           w.failoverCluster,
		"PromoteReadReplicaDBCluster": w.promoteCluster,
		"CreateDBClusterSnapshot":     w.createClusterSnapshot,
		"DeleteDBClusterSnapshot":     deleteClusterSnapshot,
	}
}

type clusterMemberItem struct {
	DBInstanceIdentifier string
	IsClusterWriter      bool
	PromotionTier        int
}

type clusterItem struct {
	DBClusterIdentifier         string
	DBClusterArn                string
	DBClusterResourceID         string `xml:"DbClusterResourceId"`
	Status                      string
	Engine                      string
	EngineVersion               string
	EngineMode                  string
	MasterUsername              string `xml:",omitempty"`
	Endpoint                    string
	ReaderEndpoint              string
	Port                        int
	MultiAZ                     bool
	DeletionProtection          bool
	BackupRetentionPeriod       int
	AllocatedStorage            int
	ClusterCreateTime           string
	EarliestRestorableTime      string              `xml:",omitempty"`
	LatestRestorableTime        string              `xml:",omitempty"`
	ReplicationSourceIdentifier string              `xml:",omitempty"`
	GlobalClusterIdentifier     string              `xml:",omitempty"`
	ReadReplicas                []string            `xml:"ReadReplicaIdentifiers>ReadReplicaIdentifier"`
	Zones                       []string            `xml:"AvailabilityZones>AvailabilityZone"`
	Members                     []clusterMemberItem `xml:"DBClusterMembers>DBClusterMember"`
	Tags                        []tagPair           `xml:"TagList>Tag"`
}

func (r *request) clusterItem(c *dbCluster) clusterItem {
	host := ".sim." + r.live.name + ".rds.amazonaws.com"
	item := clusterItem{DBClusterIdentifier: c.id, DBClusterArn: r.clusterARN(c.id), DBClusterResourceID: c.resource, Status: c.status, Engine: c.engine, EngineVersion: "16.3", EngineMode: "provisioned",
		MasterUsername: c.user, Endpoint: c.id + ".cluster" + host, ReaderEndpoint: c.id + ".cluster-ro" + host, Port: portOf(c.engine), DeletionProtection: c.protected, BackupRetentionPeriod: c.retention,
		AllocatedStorage: 1, ClusterCreateTime: stamp(c.created), ReplicationSourceIdentifier: c.source, ReadReplicas: r.followersOf(c.id), Zones: r.live.zones(), Tags: pairs(c.tags)}
	if c.status != "creating" {
		item.EarliestRestorableTime, item.LatestRestorableTime = stamp(c.created), stamp(r.at.Add(-5*time.Minute))
	}
	zones := map[string]bool{}
	for _, d := range r.seen.membersOf(c.id) {
		item.Members = append(item.Members, clusterMemberItem{d.id, d.writer, d.tier})
		zones[d.zone] = true
	}
	item.MultiAZ = len(zones) > 1
	if g := r.w.globalClusterOf(r.live, c.id); g != nil {
		item.GlobalClusterIdentifier = g.id
	}
	return item
}

func (r *request) clusterARN(id string) string { return r.w.arn("rds", r.live, "cluster:"+id) }

// followersOf are the ARNs of the clusters, of whatever region, that replicate one.
func (r *request) followersOf(id string) []string {
	var out []string
	for _, where := range keys(r.w.regions) {
		for _, c := range sorted(r.w.regions[where].dbClusters) {
			if c.source == r.clusterARN(id) {
				out = append(out, r.w.arn("rds", r.w.regions[where], "cluster:"+c.id))
			}
		}
	}
	return out
}

func portOf(engine string) int {
	if strings.Contains(engine, "mysql") {
		return 3306
	}
	return 5432
}

func pairs(tags map[string]string) []tagPair {
	var out []tagPair
	for _, k := range slices.Sorted(maps.Keys(tags)) {
		out = append(out, tagPair{k, tags[k]})
	}
	return out
}

// named is the id that an identifier, or an ARN, gives.
func named(id string) string { return id[strings.LastIndexByte(id, ':')+1:] }

// among reports whether a filter of a request lets an id through.
func (r *request) among(filter, id string) bool {
	ids, some := r.filtered(filter)
	return !some || slices.ContainsFunc(ids, func(one string) bool { return strings.EqualFold(named(one), id) })
}

// cluster finds the cluster that a request is about.
func (r *request) cluster() (*dbCluster, error) {
	if c := r.live.dbClusters[named(r.str("DBClusterIdentifier"))]; c != nil {
		return c, nil
	}
	return nil, &Failure{Code: "DBClusterNotFoundFault", Message: "DBCluster " + r.str("DBClusterIdentifier") + " not found.", Status: 404}
}

// resting finds a cluster that can be changed now.
func (r *request) resting() (*dbCluster, error) {
	c, err := r.cluster()
	if err == nil && c.status != "available" {
		return nil, failure("InvalidDBClusterStateFault", "DB cluster %s is not in available state: it is %s.", c.id, c.status)
	}
	return c, err
}

func describeClusters(r *request) (any, error) {
	var all []clusterItem
	one := named(r.str("DBClusterIdentifier"))
	if one != "" && r.seen.dbClusters[one] == nil {
		return nil, &Failure{Code: "DBClusterNotFoundFault", Message: "DBCluster " + one + " not found.", Status: 404}
	}
	for _, c := range sorted(r.seen.dbClusters) {
		if (one == "" || one == c.id) && r.among("db-cluster-id", c.id) {
			all = append(all, r.clusterItem(c))
		}
	}
	items, next, err := page(r, all, r.num("MaxRecords", 100))
	return struct {
		Marker     string        `xml:",omitempty"`
		DBClusters []clusterItem `xml:"DBClusters>DBCluster"`
	}{next, items}, err
}

type clusterSnapshotItem struct {
	DBClusterSnapshotIdentifier string
	DBClusterIdentifier         string
	DBClusterResourceID         string `xml:"DbClusterResourceId"`
	Engine                      string
	SnapshotType, Status        string
	SnapshotCreateTime          string
}

func itemOf(s clusterSnapshot) clusterSnapshotItem {
	return clusterSnapshotItem{s.id, s.of, s.resource, s.engine, s.kind, s.status, stamp(s.made)}
}

func describeClusterSnapshots(r *request) (any, error) {
	var all []clusterSnapshotItem
	kind, of, one := r.str("SnapshotType"), named(r.str("DBClusterIdentifier")), named(r.str("DBClusterSnapshotIdentifier"))
	for _, s := range r.seen.clusterSnapshots {
		if r.among("db-cluster-id", s.of) && (of == "" || of == s.of) && (one == "" || one == s.id) && (kind == s.kind || kind == "" && s.kind != "awsbackup") {
			all = append(all, itemOf(s))
		}
	}
	if one != "" && len(all) == 0 {
		return nil, &Failure{Code: "DBClusterSnapshotNotFoundFault", Message: "DBClusterSnapshot " + one + " not found.", Status: 404}
	}
	items, next, err := page(r, all, r.num("MaxRecords", 100))
	return struct {
		Marker    string                `xml:",omitempty"`
		Snapshots []clusterSnapshotItem `xml:"DBClusterSnapshots>DBClusterSnapshot"`
	}{next, items}, err
}

type clusterAnswer struct{ DBCluster clusterItem }

func (w *World) createCluster(r *request) (any, error) {
	c := &dbCluster{id: r.str("DBClusterIdentifier"), engine: r.str("Engine"), user: r.str("MasterUsername"), protected: r.flag("DeletionProtection"), retention: r.num("BackupRetentionPeriod", 1),
		source: r.str("ReplicationSourceIdentifier"), tags: r.dbTags()}
	if r.live.dbClusters[c.id] != nil {
		return nil, failure("DBClusterAlreadyExistsFault", "DB Cluster already exists")
	}
	if id := r.str("GlobalClusterIdentifier"); id != "" {
		g := w.globalCluster(id)
		if g == nil {
			return nil, noGlobal(id)
		}
		c.engine = orElse(c.engine, g.engine)
		w.join(g, r.live.name, c.id)
	}
	w.makeCluster(r.live, c)
	return clusterAnswer{r.clusterItem(c)}, nil
}

func (w *World) modifyCluster(r *request) (any, error) {
	c, err := r.resting()
	if err != nil {
		return nil, err
	}
	if r.has("DeletionProtection") {
		c.protected = r.flag("DeletionProtection")
	}
	c.retention = r.num("BackupRetentionPeriod", c.retention)
	return clusterAnswer{r.clusterItem(c)}, nil
}

func (w *World) deleteCluster(r *request) (any, error) {
	c, err := r.cluster()
	if err != nil {
		return nil, err
	}
	final := r.str("FinalDBSnapshotIdentifier")
	switch {
	case c.protected:
		return nil, failure("InvalidParameterCombination", "Cannot delete protected Cluster, please disable deletion protection and try again.")
	case c.status == "deleting":
		return nil, failure("InvalidDBClusterStateFault", "DB cluster %s is deleting.", c.id)
	case slices.ContainsFunc(r.live.membersOf(c.id), func(d *database) bool { return d.status != "deleting" }):
		return nil, failure("InvalidDBClusterStateFault", "Cluster cannot be deleted, it still contains DB instances in non-deleting state.")
	case w.globalClusterOf(r.live, c.id) != nil:
		return nil, failure("InvalidDBClusterStateFault", "This cluster is a part of a global cluster, please remove it from globalcluster first")
	case final == "" && !r.flag("SkipFinalSnapshot"):
		return nil, failure("InvalidParameterCombination", "FinalDBSnapshotIdentifier is required unless SkipFinalSnapshot is specified.")
	case final != "" && r.copied(final):
		return nil, failure("DBClusterSnapshotAlreadyExistsFault", "Cannot create the cluster snapshot because one with the identifier %s already exists.", final)
	}
	if final != "" {
		w.copyCluster(r.live, c, final, "manual")
		r.live.completed(final) // the cluster is there until it is complete
	}
	w.endAurora(r.live, c, r.has("DeleteAutomatedBackups") && !r.flag("DeleteAutomatedBackups"))
	return clusterAnswer{r.clusterItem(c)}, nil
}

// copied reports whether there is a snapshot of a cluster with that id.
func (r *request) copied(id string) bool {
	return slices.ContainsFunc(r.live.clusterSnapshots, func(s clusterSnapshot) bool { return s.id == id })
}

func (w *World) failoverCluster(r *request) (any, error) {
	c, err := r.resting()
	if err != nil {
		return nil, err
	}
	if len(r.live.membersOf(c.id)) < 2 {
		return nil, failure("InvalidDBClusterStateFault", "Database cluster:%s should have at least two database instances for failover", c.id)
	}
	to := r.live.heir(c.id)
	if name := r.str("TargetDBInstanceIdentifier"); name != "" {
		if to = r.live.databases[name]; to == nil || to.cluster != c.id {
			return nil, failure("InvalidParameterValue", "Cannot find target instance: %s", name)
		}
		if !to.serves() {
			return nil, failure("InvalidDBInstanceState", "Instance %s should be in valid state for failover.", name)
		}
	}
	if to == nil {
		return nil, failure("InvalidDBClusterStateFault", "Database cluster:%s should have at least two database instances in valid states or a valid target instance for failover.", c.id)
	}
	w.failOver(r.live, c, to)
	return clusterAnswer{r.clusterItem(c)}, nil
}

func (w *World) promoteCluster(r *request) (any, error) {
	c, err := r.resting()
	if err != nil {
		return nil, err
	}
	if c.source == "" {
		return nil, failure("InvalidDBClusterStateFault", "DB Cluster %s is not a read replica cluster.", c.id)
	}
	c.source = ""
	return clusterAnswer{r.clusterItem(c)}, nil
}

func (w *World) createClusterSnapshot(r *request) (any, error) {
	c, err := r.resting()
	if err != nil {
		return nil, err
	}
	id := r.str("DBClusterSnapshotIdentifier")
	if r.copied(id) {
		return nil, failure("DBClusterSnapshotAlreadyExistsFault", "Cannot create the cluster snapshot because one with the identifier %s already exists.", id)
	}
	w.copyCluster(r.live, c, id, "manual")
	return struct{ DBClusterSnapshot clusterSnapshotItem }{itemOf(r.live.clusterSnapshots[len(r.live.clusterSnapshots)-1])}, nil
}

func deleteClusterSnapshot(r *request) (any, error) {
	id := named(r.str("DBClusterSnapshotIdentifier"))
	i := slices.IndexFunc(r.live.clusterSnapshots, func(s clusterSnapshot) bool { return s.id == id && s.kind == "manual" })
	if i < 0 {
		return nil, &Failure{Code: "DBClusterSnapshotNotFoundFault", Message: "DBClusterSnapshot " + id + " not found.", Status: 404}
	}
	s := r.live.clusterSnapshots[i]
	r.live.clusterSnapshots = slices.Delete(slices.Clone(r.live.clusterSnapshots), i, i+1)
	return struct{ DBClusterSnapshot clusterSnapshotItem }{itemOf(s)}, nil
}
