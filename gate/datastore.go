package gate

import (
	"cmp"
	"slices"
	"strings"
	"time"
)

// A DataStore is one thing that holds data: a bucket, a database, a table, a
// cache, a volume. It is read only when a check asks for it.
type DataStore struct {
	Kind     string            `json:"kind"`               // one of the Kind constants
	ID       string            `json:"id"`                 // as the prior state names it: bucket, identifier, table, volume
	Region   string            `json:"region"`             // where it was read
	ARN      string            `json:"arn,omitempty"`      // empty when the source does not say
	Identity string            `json:"identity,omitempty"` // what no other store of that name ever has, "db-ABC…"; empty when the source does not say
	Phase    Phase             `json:"phase"`              // worst over Observed
	Serving  Serving           `json:"serving"`            // yes only if every source with an opinion says so
	Since    time.Time         `json:"since,omitzero"`     // when it entered Phase, if any source says
	Observed []Observation     `json:"observed"`           //
	Facts    map[string]string `json:"facts,omitempty"`    // settings and measures by name, in the source's own words; one that is absent was not read
	Nodes    []Node            `json:"nodes,omitempty"`    // the copies of it that serve or stand by, sorted by ID
	Links    []Link            `json:"links,omitempty"`    // who it gets changes from and who gets them, sorted
	Copies   []Copy            `json:"copies,omitempty"`   // backups and snapshots, newest first
	Holds    *Holding          `json:"holds,omitempty"`    // of a bucket; nil where nothing of it was read
}

// The kinds of data stores.
const (
	KindBucket       = "s3.bucket"
	KindDatabase     = "rds.instance"
	KindDatabases    = "rds.cluster"
	KindGlobal       = "rds.global"
	KindTable        = "dynamodb.table"
	KindCache        = "elasticache.group"
	KindCacheCluster = "elasticache.cluster"
	KindGlobalCache  = "elasticache.global"
	KindServerless   = "elasticache.serverless"
	KindVolume       = "ebs.volume"
)

// Join sets Phase, Serving and Since of a store and of its nodes from what was
// observed, by the rules of Member.Join.
func (d *DataStore) Join() {
	m := Member{Observed: d.Observed}
	m.Join()
	d.Phase, d.Serving, d.Since = m.Phase, m.Serving, m.Since
	for i := range d.Nodes {
		n := &d.Nodes[i]
		m := Member{Observed: n.Observed}
		m.Join()
		n.Phase, n.Serving = m.Phase, m.Serving
	}
	slices.SortFunc(d.Nodes, func(a, b Node) int { return cmp.Compare(a.ID, b.ID) })
	slices.SortFunc(d.Links, func(a, b Link) int {
		return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Peer, b.Peer), cmp.Compare(a.Region, b.Region), cmp.Compare(a.To, b.To))
	})
	slices.SortFunc(d.Copies, func(a, b Copy) int {
		return cmp.Or(b.At.Compare(a.At), cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.ID, b.ID))
	})
}

// A Node is one copy of a store that serves or stands by: an instance of a
// database cluster, the hidden standby of a Multi-AZ instance, a node of a
// replication group.
type Node struct {
	ID       string         `json:"id"`
	Role     string         `json:"role"` // "writer", "reader", "standby", "primary", "replica"; empty when not known
	Shard    string         `json:"shard,omitempty"`
	Zone     string         `json:"zone,omitempty"`    // empty when unknown
	Version  string         `json:"version,omitempty"` // of its engine; empty when unknown
	Phase    Phase          `json:"phase"`             // worst over Observed
	Serving  Serving        `json:"serving"`
	Lag      *time.Duration `json:"lag,omitempty"` // nanoseconds behind its source; nil is not known, negative is not replicating
	Observed []Observation  `json:"observed"`
}

// A Link is a stream of changes between a store and somebody else.
type Link struct {
	To     string `json:"to"`               // "peer": changes flow to Peer; "store": they flow from Peer to this store; "both"
	Kind   string `json:"kind"`             // "rds.replica", "dms.task", "dynamodb.replica", "lambda.mapping", …
	Peer   string `json:"peer"`             // id or ARN of the other end
	Region string `json:"region,omitempty"` // of the peer; empty means that of the store
	State  string `json:"state,omitempty"`  // the source's own word
	Active Tri    `json:"active"`           // whether changes flow, or may any moment; unknown is as yes
	Detail string `json:"detail,omitempty"`
}

// Name is the id of the other end, as its own region knows it.
func (l Link) Name() string { return l.Peer[strings.LastIndexByte(l.Peer, ':')+1:] }

// A Copy is a backup from which a store can be restored.
type Copy struct {
	Kind     string    `json:"kind"` // "snapshot", "automated", "recovery point", "pitr"
	ID       string    `json:"id"`
	At       time.Time `json:"at,omitzero"` // the instant whose data it holds; zero is not known, and then it is not fresh
	Survives Tri       `json:"survives"`    // whether it outlives the store; unknown is as no
	State    string    `json:"state,omitempty"`
	Usable   Tri       `json:"usable"` // whether it is complete; unknown is as no
}

// DataStore returns a store of the snapshot by what the plan knows of it;
// false if it was not read, or is not there.
func (s *Snapshot) DataStore(kind, region, id string) (DataStore, bool) {
	i := slices.IndexFunc(s.DataStores, func(d DataStore) bool { return d.Kind == kind && d.Region == region && d.ID == id })
	if i < 0 {
		return DataStore{}, false
	}
	return s.DataStores[i], true
}

// An Ask is something a check needs to have read because of what a plan does.
type Ask struct {
	Source   string   // one of the Source constants
	Region   string   // where
	About    []string // ids of what it is about; none is whatever the plan's clusters lead to
	Optional bool     // the check can do without: what is not seen then is said, and nothing is allowed because of it
}

// Asked returns what the checks of a suite ask for because of a plan, beyond
// what they always need: one Ask for every source and region, sorted.
func Asked(p *Plan, suite []*Check) []Ask {
	var out []Ask
	for _, c := range suite {
		for _, a := range c.asks(p) {
			i := slices.IndexFunc(out, func(o Ask) bool { return o.Source == a.Source && o.Region == a.Region })
			if i < 0 {
				out = append(out, Ask{Source: a.Source, Region: a.Region, Optional: true})
				i = len(out) - 1
			}
			out[i].Optional = out[i].Optional && a.Optional
			out[i].About = append(out[i].About, a.About...)
		}
	}
	for i := range out {
		slices.Sort(out[i].About)
		out[i].About = slices.Compact(out[i].About)
	}
	slices.SortFunc(out, func(a, b Ask) int { return cmp.Or(cmp.Compare(a.Source, b.Source), cmp.Compare(a.Region, b.Region)) })
	return out
}

func (c *Check) asks(p *Plan) []Ask {
	if c.Asks == nil || p == nil {
		return nil
	}
	return c.Asks(p)
}
