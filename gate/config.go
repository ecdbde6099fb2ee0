package gate

import (
	"cmp"
	"slices"
	"time"
)

// Config is what the user promises about clusters, loaded and validated.
// Percentages are already numbers.
type Config struct {
	Digest      string        `json:"digest,omitempty"`       // SHA-256 of the bytes it was read from; empty for the default
	Accounts    []string      `json:"accounts,omitempty"`     // the only accounts changes may happen in; empty means any that agrees with the plan
	Regions     []string      `json:"regions,omitempty"`      // the only regions; empty means any
	Workspaces  []string      `json:"workspaces,omitempty"`   // the only workspaces; empty means any
	MaxClusters *int          `json:"max_clusters,omitempty"` // most clusters one apply may disturb; nil means not declared
	MaxVictims  *int          `json:"max_victims,omitempty"`  // most members one apply may take in all; nil means not declared
	PlanAge     time.Duration `json:"plan_age"`               // nanoseconds; a plan older than this is not fresh; zero makes every plan too old
	SnapshotAge time.Duration `json:"snapshot_age"`           // nanoseconds; a source read longer ago than this is stale; zero makes every one stale
	Clusters    []Cluster     `json:"clusters,omitempty"`     // in the order of the file; names are unique

	Data       []DataPromise  `json:"data,omitempty"`    // what is promised about data stores, in the order of the file
	VerdictAge time.Duration  `json:"verdict_age"`       // nanoseconds; a verdict older than this is no leave to apply; zero makes every verdict too old
	Observe    bool           `json:"observe,omitempty"` // nothing is refused, all is recorded
	Override   OverridePolicy `json:"override,omitzero"` // who may override what
	Store      Store          `json:"store,omitzero"`    // where leases and records are kept
	Drift      DriftPolicy    `json:"drift,omitzero"`    // which drift is accepted, and where else members are recorded
	Owners     []Owner        `json:"owners,omitempty"`  // programs that may change members, in the order of the file; nothing is decided by it
	Humans     []string       `json:"humans,omitempty"`  // patterns of the names under which humans use the CLI, "*@example.com"; nothing is decided by it
}

// An Owner is a program that changes members by itself and is meant to, such as
// an autoscaler: what it does is not manual.
type Owner struct {
	Name  string   `json:"name"`
	Roles []string `json:"roles"` // patterns of the ARNs of its roles, in which * stands for anything
}

// A Store says where leases and records are kept. The zero value is a
// directory of the user's own, which excludes nobody on another machine.
type Store struct {
	Directory string `json:"directory,omitempty"` // absolute path
	Bucket    string `json:"bucket,omitempty"`    // S3 bucket; not together with Directory
	Prefix    string `json:"prefix,omitempty"`    // of its keys, without a slash at either end
	Region    string `json:"region,omitempty"`    // of the bucket; empty means that of the credentials' configuration
}

// DefaultConfig is what holds where there is no holdfast.hcl: nothing
// declared, so every cluster found keeps at least one member serving.
func DefaultConfig() *Config {
	return &Config{PlanAge: DefaultPlanAge, SnapshotAge: DefaultSnapshotAge, VerdictAge: DefaultVerdictAge}
}

// A DataPromise is what the user promises about some data stores. Where no
// promise names a store, the defaults hold for it, and the standbys that its
// live topology has.
type DataPromise struct {
	Name      string        `json:"name"`
	IDs       []string      `json:"ids,omitempty"`        // live ids
	Addresses []string      `json:"addresses,omitempty"`  // Terraform addresses, with or without their last instance key
	Standbys  *int          `json:"standbys,omitempty"`   // fewest that must be ready to take over; nil means one, where the live topology has any
	Lag       time.Duration `json:"lag,omitempty"`        // nanoseconds; most a ready standby may be behind; zero means DefaultLag
	BackupAge time.Duration `json:"backup_age,omitempty"` // nanoseconds; oldest that a fresh backup may be; zero means DefaultBackupAge
	Backups   []string      `json:"backups,omitempty"`    // where backups lie, as BUCKET or BUCKET/PREFIX
}

// Promise is what the config promises about a store with this id and address.
// Its Lag and BackupAge are never zero.
func (c *Config) Promise(id, address string) DataPromise {
	out := DataPromise{}
	for _, p := range c.Data {
		if slices.Contains(p.IDs, id) || (Selector{Addresses: p.Addresses}).selects(nil, "", []string{address}) {
			out = p
			break
		}
	}
	out.Lag, out.BackupAge = cmp.Or(out.Lag, DefaultLag), cmp.Or(out.BackupAge, DefaultBackupAge)
	return out
}

// Defaults for what a config leaves out.
const (
	DefaultPlanAge     = 24 * time.Hour
	DefaultSnapshotAge = 5 * time.Minute // aws-semantics: EC2 reads may lag by up to five minutes
	DefaultSettle      = 2 * time.Minute
	DefaultVerdictAge  = time.Hour
	DefaultLag         = time.Minute
	DefaultBackupAge   = 26 * time.Hour // a daily backup, and two hours for its window to move
)

// A Cluster is a named set of members and the promises made about it.
type Cluster struct {
	Name      string        `json:"name"`
	Members   Selector      `json:"members"`
	Settle    time.Duration `json:"settle"`              // nanoseconds; how long nothing may have moved; zero asks for no quiet time
	Unmanaged Decision      `json:"unmanaged,omitempty"` // the most the unmanaged check may say; zero means its own decision
	Roles     []Role        `json:"roles"`               // at least one; a cluster without roles has one with an empty name
	Implicit  bool          `json:"implicit,omitempty"`  // found by itself, not declared
}

// A Role is a part of a cluster for which promises hold by themselves.
type Role struct {
	Name          string        `json:"name,omitempty"`
	Members       Selector      `json:"members,omitzero"`      // within the cluster's members; the empty selector of a nameless role means all of them
	Size          int           `json:"size,omitempty"`        // declared size; zero means not declared
	SurvivorFloor int           `json:"survivor_floor"`        // fewest members that must go on serving; zero permits emptying it
	Quorum        bool          `json:"quorum,omitempty"`      // its members vote: a majority of the configured voters must go on serving
	Budget        *int          `json:"budget,omitempty"`      // most members that may be out at once, of Size; nil means none declared
	ZoneFloor     int           `json:"zone_floor,omitempty"`  // fewest zones the serving members must span
	ReadyAfter    time.Duration `json:"ready_after,omitempty"` // nanoseconds; a member younger than this does not serve yet
}

// A Selector finds members. A member is selected if it carries all the tags, or
// its group is named, or its Terraform address is named. The empty selector
// selects nothing.
type Selector struct {
	Tags      map[string]string `json:"tags,omitempty"`      // all required; the value "*" is any value
	Groups    []string          `json:"groups,omitempty"`    // group names
	Addresses []string          `json:"addresses,omitempty"` // Terraform addresses, with or without their last instance key
}

// Empty reports whether the selector selects nothing.
func (s Selector) Empty() bool {
	return len(s.Tags) == 0 && len(s.Groups) == 0 && len(s.Addresses) == 0
}
