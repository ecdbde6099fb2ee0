package aws

import (
	"slices"
	"strconv"
	"strings"
	"time"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	rdstypes "github.com/aws/aws-sdk-go-v2/service/rds/types"

	"github.com/holdfast-gate/holdfast/gate"
)

// benignStatus are the states of a database that move it and disturb nobody
// (aws-semantics 0.3).
func benignStatus(raw string) bool {
	switch raw = fold(raw); raw {
	case "backing-up", "storage-optimization":
		return true
	}
	return strings.HasPrefix(raw, "configuring-")
}

// status is what a status word of a database means.
func (d *databases) status(field, raw string) gate.Observation {
	o := d.observe(gate.SourceDatabases, field, raw)
	o.Benign = o.Phase == gate.Changing && benignStatus(raw)
	return o
}

func (d *databases) instance(i rdstypes.DBInstance) gate.DataStore {
	id := sdk.ToString(i.DBInstanceIdentifier)
	out := gate.DataStore{Kind: gate.KindDatabase, ID: id, Region: d.region, ARN: sdk.ToString(i.DBInstanceArn), Identity: sdk.ToString(i.DbiResourceId),
		Observed: []gate.Observation{d.status("rds.DBInstanceStatus", sdk.ToString(i.DBInstanceStatus))},
		Facts: map[string]string{"engine": sdk.ToString(i.Engine), "class": sdk.ToString(i.DBInstanceClass), "multi_az": strconv.FormatBool(sdk.ToBool(i.MultiAZ)),
			"deletion_protection": strconv.FormatBool(sdk.ToBool(i.DeletionProtection)), "pending": pending(i.PendingModifiedValues)},
		Nodes: []gate.Node{{ID: id, Role: "primary", Version: sdk.ToString(i.EngineVersion), Zone: sdk.ToString(i.AvailabilityZone), Observed: []gate.Observation{d.status("rds.DBInstanceStatus", sdk.ToString(i.DBInstanceStatus))}}}}
	if sdk.ToBool(i.MultiAZ) || i.PendingModifiedValues != nil && sdk.ToBool(i.PendingModifiedValues.MultiAZ) {
		out.Nodes = append(out.Nodes, d.hidden(i))
	}
	for _, replica := range i.ReadReplicaDBInstanceIdentifiers {
		out.Links = append(out.Links, d.replicates("peer", replica))
		// One in another region cannot take over here.
		if !strings.Contains(replica, ":") {
			out.Nodes = append(out.Nodes, d.replica(replica))
		}
	}
	for _, replica := range i.ReadReplicaDBClusterIdentifiers {
		out.Links = append(out.Links, gate.Link{To: "peer", Kind: gate.LinkReadReplica, Peer: replica, Region: elsewhere(replica), Active: gate.Yes})
	}
	if source := sdk.ToString(i.ReadReplicaSourceDBInstanceIdentifier); source != "" {
		l := gate.Link{To: "store", Kind: gate.LinkReadReplica, Peer: source, Region: elsewhere(source)}
		l.State, l.Active = follows(i)
		out.Links = append(out.Links, l)
	}
	if source := sdk.ToString(i.ReadReplicaSourceDBClusterIdentifier); source != "" {
		out.Links = append(out.Links, gate.Link{To: "store", Kind: gate.LinkReadReplica, Peer: source, Region: elsewhere(source), Active: gate.Yes})
	}
	out.Links = append(append(out.Links, d.deployed(out.ARN)...), d.copied(sdk.ToString(i.Engine), host(i))...)
	out.Copies = d.copies(id, out.Identity, i.LatestRestorableTime)
	return out
}

// hidden is the standby of a Multi-AZ instance. It has no state of its own: where
// it is says whether it is there at all.
func (d *databases) hidden(i rdstypes.DBInstance) gate.Node {
	zone := sdk.ToString(i.SecondaryAvailabilityZone)
	n := gate.Node{ID: gate.HiddenStandby(sdk.ToString(i.DBInstanceIdentifier)), Role: "standby", Zone: zone, Version: sdk.ToString(i.EngineVersion)}
	o := gate.Observation{Source: gate.SourceDatabases, Field: "rds.SecondaryAvailabilityZone", Raw: zone, Phase: gate.Steady, Serving: gate.ServingYes, Opinion: true}
	switch p := i.PendingModifiedValues; {
	case p != nil && p.MultiAZ != nil:
		o.Raw, o.Phase, o.Serving = "being changed", gate.Changing, gate.ServingNo
	case zone == "":
		// Without a second zone there is nobody there to take over.
		o.Raw, o.Phase, o.Serving = "missing", gate.Arriving, gate.ServingNo
	default:
		// It is written to at the same time as the primary.
		n.Lag = new(time.Duration)
	}
	n.Observed = []gate.Observation{o}
	return n
}

// replica is a read replica as a node of its source.
func (d *databases) replica(id string) gate.Node {
	i, read := d.instances[id]
	if !read {
		// Its source names it, and it was not read: nothing is known of it.
		return gate.Node{ID: id, Role: "replica", Observed: []gate.Observation{{Source: gate.SourceDatabases, Field: "rds.DBInstanceStatus", Raw: "not read", Serving: gate.ServingNo, Opinion: true}}}
	}
	n := gate.Node{ID: id, Role: "replica", Version: sdk.ToString(i.EngineVersion), Zone: sdk.ToString(i.AvailabilityZone), Lag: d.lag(id), Observed: []gate.Observation{d.status("rds.DBInstanceStatus", sdk.ToString(i.DBInstanceStatus))}}
	for _, info := range i.StatusInfos {
		o := d.observe(gate.SourceDatabases, "rds.ReadReplicaStatus", sdk.ToString(info.Status))
		if !sdk.ToBool(info.Normal) {
			o.Phase, o.Serving, o.Detail = gate.Failed, gate.ServingNo, quoted(sdk.ToString(info.Message))
		}
		n.Observed = append(n.Observed, o)
	}
	return n
}

func (d *databases) lag(id string) *time.Duration {
	l, known := d.lags[id]
	if !known {
		return nil
	}
	out := time.Duration(l)
	return &out
}

// replicates is the link from a source to one of its replicas.
func (d *databases) replicates(to, id string) gate.Link {
	l := gate.Link{To: to, Kind: gate.LinkReadReplica, Peer: id, Region: elsewhere(id)}
	if i, read := d.instances[id]; read {
		l.State, l.Active = follows(i)
	}
	return l
}

// follows says whether a replica still gets changes. RDS ends a replication that
// was terminated for good; one that is stopped or in error goes on when somebody
// mends it, and then it carries on all that came since.
func follows(i rdstypes.DBInstance) (state string, active gate.Tri) {
	for _, info := range i.StatusInfos {
		state = sdk.ToString(info.Status)
		if fold(state) == "terminated" {
			return state, gate.No
		}
	}
	if state == "" {
		return sdk.ToString(i.DBInstanceStatus), gate.TriUnknown
	}
	return state, gate.Yes
}

// elsewhere is the region that an ARN names, empty for a plain name.
func elsewhere(id string) string {
	if part := strings.SplitN(id, ":", 6); len(part) == 6 {
		return part[3]
	}
	return ""
}

// deployed are the blue/green deployments that have a database for their source
// and are not over.
func (d *databases) deployed(arn string) []gate.Link {
	var out []gate.Link
	for _, b := range d.deployments {
		if sdk.ToString(b.Source) != arn {
			continue
		}
		l := gate.Link{To: "peer", Kind: gate.LinkBlueGreen, Peer: sdk.ToString(b.BlueGreenDeploymentIdentifier), State: sdk.ToString(b.Status), Active: gate.Yes}
		switch l.State {
		case "SWITCHOVER_COMPLETED", "DELETING":
			l.Active = gate.No
		}
		out = append(out, l)
	}
	return out
}

// host is the name under which an instance is reached, empty where it has none
// yet.
func host(i rdstypes.DBInstance) string {
	if i.Endpoint == nil {
		return ""
	}
	return sdk.ToString(i.Endpoint.Address)
}

// copied are the links that DMS makes with a database of these host names.
func (d *databases) copied(engine string, hosts ...string) []gate.Link {
	if d.moves == nil {
		return nil
	}
	return d.moves.links(hosting(hosts, engine))
}

// copies are the snapshots of an instance, and how far it can be restored by
// itself. A snapshot of another instance that had its name is none of its.
func (d *databases) copies(id, identity string, restorable *time.Time) []gate.Copy {
	var out []gate.Copy
	for _, s := range d.snapshots[id] {
		if of := sdk.ToString(s.DbiResourceId); of != "" && identity != "" && of != identity {
			continue
		}
		at := s.OriginalSnapshotCreateTime
		if at == nil {
			at = s.SnapshotCreateTime
		}
		out = append(out, snapshot(sdk.ToString(s.DBSnapshotIdentifier), sdk.ToString(s.SnapshotType), sdk.ToString(s.Status), at))
	}
	return append(out, restore(restorable)...)
}

// snapshot is a copy. Those that RDS makes by itself go with their database,
// unless it is deleted with delete_automated_backups = false, which is not for
// the copy to know.
func snapshot(id, kind, status string, at *time.Time) gate.Copy {
	c := gate.Copy{Kind: kind, ID: id, At: sdk.ToTime(at).UTC(), State: status, Survives: gate.No, Usable: gate.No}
	if kind == "manual" || kind == "awsbackup" {
		c.Survives = gate.Yes
	}
	if status == "available" {
		c.Usable = gate.Yes
	}
	return c
}

func restore(latest *time.Time) []gate.Copy {
	if latest == nil {
		return nil
	}
	return []gate.Copy{{Kind: "pitr", ID: "point-in-time recovery", At: latest.UTC(), Survives: gate.No, Usable: gate.Yes}}
}

func (d *databases) cluster(c rdstypes.DBCluster) gate.DataStore {
	id := sdk.ToString(c.DBClusterIdentifier)
	out := gate.DataStore{Kind: gate.KindDatabases, ID: id, Region: d.region, ARN: sdk.ToString(c.DBClusterArn), Identity: sdk.ToString(c.DbClusterResourceId),
		Observed: []gate.Observation{d.status("rds.DBClusterStatus", sdk.ToString(c.Status))},
		Facts:    map[string]string{"engine": sdk.ToString(c.Engine), "deletion_protection": strconv.FormatBool(sdk.ToBool(c.DeletionProtection))}}
	for _, m := range c.DBClusterMembers {
		out.Nodes = append(out.Nodes, d.member(m))
	}
	for _, one := range d.unlisted(c) {
		n := d.replica(one)
		n.Role = ""
		out.Nodes = append(out.Nodes, n)
	}
	for _, replica := range c.ReadReplicaIdentifiers {
		out.Links = append(out.Links, gate.Link{To: "peer", Kind: gate.LinkReadReplica, Peer: replica, Region: elsewhere(replica), Active: gate.Yes})
	}
	if source := sdk.ToString(c.ReplicationSourceIdentifier); source != "" {
		out.Links = append(out.Links, gate.Link{To: "store", Kind: gate.LinkReadReplica, Peer: source, Region: elsewhere(source), Active: gate.Yes})
	}
	out.Links = append(out.Links, d.memberships(c)...)
	hosts := append([]string{sdk.ToString(c.Endpoint), sdk.ToString(c.ReaderEndpoint)}, c.CustomEndpoints...)
	for _, m := range c.DBClusterMembers {
		hosts = append(hosts, host(d.instances[sdk.ToString(m.DBInstanceIdentifier)]))
	}
	out.Links = append(append(out.Links, d.deployed(out.ARN)...), d.copied(sdk.ToString(c.Engine), hosts...)...)
	for _, s := range d.clusterSnapshots[id] {
		if of := sdk.ToString(s.DbClusterResourceId); of == "" || out.Identity == "" || of == out.Identity {
			out.Copies = append(out.Copies, snapshot(sdk.ToString(s.DBClusterSnapshotIdentifier), sdk.ToString(s.SnapshotType), sdk.ToString(s.Status), s.SnapshotCreateTime))
		}
	}
	out.Copies = append(out.Copies, restore(c.LatestRestorableTime)...)
	return out
}

// member is an instance of a cluster as its node.
func (d *databases) member(m rdstypes.DBClusterMember) gate.Node {
	id := sdk.ToString(m.DBInstanceIdentifier)
	n := d.replica(id)
	n.Role = "reader"
	if sdk.ToBool(m.IsClusterWriter) {
		n.Role = "writer"
	}
	return n
}

// unlisted are the instances that are of a cluster by their own word only: what
// they are in it nobody says.
func (d *databases) unlisted(c rdstypes.DBCluster) []string {
	var out []string
	for _, id := range sortedKeys(d.instances) {
		named := slices.ContainsFunc(c.DBClusterMembers, func(m rdstypes.DBClusterMember) bool { return sdk.ToString(m.DBInstanceIdentifier) == id })
		if !named && sdk.ToString(d.instances[id].DBClusterIdentifier) == sdk.ToString(c.DBClusterIdentifier) {
			out = append(out, id)
		}
	}
	return out
}

// memberships are the global clusters that a cluster is in, by their word and by
// its own.
func (d *databases) memberships(c rdstypes.DBCluster) []gate.Link {
	var out []gate.Link
	for _, g := range d.globals {
		for _, m := range g.GlobalClusterMembers {
			if sdk.ToString(m.DBClusterArn) == sdk.ToString(c.DBClusterArn) {
				out = append(out, gate.Link{To: "both", Kind: gate.LinkGlobal, Peer: sdk.ToString(g.GlobalClusterIdentifier), State: string(m.SynchronizationStatus), Active: gate.Yes})
			}
		}
	}
	own := gate.Link{To: "both", Kind: gate.LinkGlobal, Peer: sdk.ToString(c.GlobalClusterIdentifier), Active: gate.Yes}
	if own.Peer == "" || slices.ContainsFunc(out, func(l gate.Link) bool { return l.Peer == own.Name() }) {
		return out
	}
	return append(out, own)
}

func (d *databases) global(g rdstypes.GlobalCluster) gate.DataStore {
	o := d.observe(gate.SourceGlobalDatabases, "rds.GlobalClusterStatus", sdk.ToString(g.Status))
	if g.FailoverState != nil {
		o.Phase, o.Serving, o.Detail = gate.Changing, gate.ServingNo, string(g.FailoverState.Status)
	}
	out := gate.DataStore{Kind: gate.KindGlobal, ID: sdk.ToString(g.GlobalClusterIdentifier), Region: d.region, ARN: sdk.ToString(g.GlobalClusterArn), Identity: sdk.ToString(g.GlobalClusterResourceId), Observed: []gate.Observation{o},
		Facts: map[string]string{"deletion_protection": strconv.FormatBool(sdk.ToBool(g.DeletionProtection))}}
	for _, m := range g.GlobalClusterMembers {
		arn := sdk.ToString(m.DBClusterArn)
		out.Links = append(out.Links, gate.Link{To: "peer", Kind: gate.LinkGlobal, Peer: arn, Region: elsewhere(arn), State: string(m.SynchronizationStatus), Active: gate.Yes})
	}
	return out
}

// pending names the changes that wait, by their names in the API. No value is
// in it: one of them is a password.
func pending(p *rdstypes.PendingModifiedValues) string {
	if p == nil {
		return ""
	}
	var out []string
	for _, v := range []struct {
		name string
		set  bool
	}{
		{"AllocatedStorage", p.AllocatedStorage != nil}, {"BackupRetentionPeriod", p.BackupRetentionPeriod != nil}, {"CACertificateIdentifier", p.CACertificateIdentifier != nil},
		{"DBInstanceClass", p.DBInstanceClass != nil}, {"DBInstanceIdentifier", p.DBInstanceIdentifier != nil}, {"DBSubnetGroupName", p.DBSubnetGroupName != nil}, {"Engine", p.Engine != nil},
		{"EngineVersion", p.EngineVersion != nil}, {"Iops", p.Iops != nil}, {"MasterUserPassword", p.MasterUserPassword != nil}, {"MultiAZ", p.MultiAZ != nil}, {"Port", p.Port != nil}, {"StorageType", p.StorageType != nil},
	} {
		if v.set {
			out = append(out, v.name)
		}
	}
	return strings.Join(out, ",")
}
