package gate

import "time"

// A Verdict is the gate's answer and everything needed to defend it.
type Verdict struct {
	Decision Decision  `json:"decision"`
	Findings []Finding `json:"findings"` // worst first, then by cluster, code and subjects
	Runs     []Run     `json:"runs"`     // one per check and cluster, none left out
	Clusters []*View   `json:"clusters"` // every cluster the plan or the config knows, sorted by name
	Sources  []Source  `json:"sources"`  // what was read, and how it went
	Plan     Summary   `json:"plan"`
	Snapshot string    `json:"snapshot,omitempty"` // its digest
	Config   string    `json:"config,omitempty"`   // its digest
	Account  string    `json:"account,omitempty"`  // of the credentials the snapshot was read with
	Caller   string    `json:"caller,omitempty"`   // ARN of those credentials
	At       time.Time `json:"at"`                 // Input.Now
	Expires  time.Time `json:"expires"`            // from then on it is no leave to apply
	Trail    *Trail    `json:"trail,omitempty"`    // who did it, as far as is known; joined for a report, never by Evaluate, and not part of a record
}

// A Summary is what a verdict says about the plan it judged.
type Summary struct {
	Digest           string    `json:"digest,omitempty"`
	TerraformVersion string    `json:"terraform_version,omitempty"`
	CreatedAt        time.Time `json:"created_at,omitzero"`
	Workspace        string    `json:"workspace,omitempty"`
	Create           int       `json:"create"`
	Update           int       `json:"update"`
	Delete           int       `json:"delete"` // without replacements
	Replace          int       `json:"replace"`
	Actions          int       `json:"actions"`
	Unjudged         int       `json:"unjudged,omitempty"` // resources left alone, in clusters that were not judged because the plan is large and not about them
}

// Bucket is where the projection puts a member; each is in exactly one.
type Bucket uint8

// The buckets, in the order in which the first that fits is taken.
const (
	BucketUnknown  Bucket = iota // not classified: does not count
	BucketGone                   // no longer there
	BucketVictim                 // in service, and the plan names it: removes, replaces, stops or detaches it
	BucketSurvivor               // in service and not named by the plan; AWS may still choose it
	BucketLeaving
	BucketFailed
	BucketChanging
	BucketArriving     // too young to serve, too
	BucketOutOfService // steady, not serving: stopped, Standby
)

var bucketWords = words{"unknown", "gone", "victim", "survivor", "leaving", "failed", "changing", "arriving", "out of service"}

func (b Bucket) String() string { return bucketWords.text(uint8(b)) }

// MarshalText implements encoding.TextMarshaler.
func (b Bucket) MarshalText() ([]byte, error) { return []byte(b.String()), nil }

// UnmarshalText implements encoding.TextUnmarshaler; an unknown word is an error.
func (b *Bucket) UnmarshalText(t []byte) error {
	v, err := bucketWords.parse("bucket", t)
	*b = Bucket(v)
	return err
}

// A View is one cluster of one Input: who is in it and what the plan does to
// it. It is made once, by the core; checks and reports only read it.
type View struct {
	Cluster  Cluster      `json:"cluster"`
	Regions  []string     `json:"regions"`            // sorted
	Decision Decision     `json:"decision"`           // the worst finding about this cluster; set by Evaluate
	Members  []MemberView `json:"members"`            // sorted by ID
	Groups   []Group      `json:"groups,omitempty"`   // live groups whose members are, or would be, in it; sorted by name
	Recorded []Change     `json:"recorded,omitempty"` // the plan's entries for it, no-ops included; sorted by address
	Drift    []Change     `json:"drift,omitempty"`

	Lost       []Registration `json:"lost,omitempty"`       // recorded places in target groups that its members do not have any more, sorted
	Undeclared []Registration `json:"undeclared,omitempty"` // places in its target groups that nobody declared, sorted

	Effects []Effect     `json:"effects,omitempty"` // what the plan does to it, sorted by address
	Roles   []Projection `json:"roles"`             // one per role, in the config's order
}

// A MemberView is a member as one cluster sees it.
type MemberView struct {
	Member
	Addresses []string `json:"addresses,omitempty"` // Terraform addresses that record it; empty if none does
	Managed   bool     `json:"managed"`             // an address records it or its group
	Named     bool     `json:"named,omitempty"`     // the plan names it as a victim
	Absent    bool     `json:"absent,omitempty"`    // recorded, but no source has seen it
	Roles     []string `json:"roles,omitempty"`     // roles it is in
	Former    []string `json:"former,omitempty"`    // addresses it had before a move; selectors may still name them
}

// An Effect is what one entry of the plan does to one cluster.
type Effect struct {
	Address string   `json:"address"` // with " (deposed KEY)" for a deposed object
	Action  Action   `json:"action"`
	Does    string   `json:"does"`              // one phrase: "ends i-3", "lowers search from 6 to 3"
	Ends    []string `json:"ends,omitempty"`    // members it ends, by id, sorted
	Stops   []string `json:"stops,omitempty"`   // members it takes out of service for a while or for good without ending them, all at once, sorted
	Group   string   `json:"group,omitempty"`   // the group that Kills and Rolls are about
	Kills   int      `json:"kills,omitempty"`   // capacity units the group will end, itself choosing whose
	Rolls   int      `json:"rolls,omitempty"`   // most members the group takes at once while it replaces them
	Joins   int      `json:"joins,omitempty"`   // members it adds; they never count
	Brakes  []string `json:"brakes,omitempty"`  // suspended processes it quietly resumes
	Pending int      `json:"pending,omitempty"` // units that die once Terminate is resumed
	Guess   string   `json:"guess,omitempty"`   // what was not known, so that the worst was taken
}

// Takes reports whether the effect can take a member out of service.
func (e Effect) Takes() bool {
	return len(e.Ends) > 0 || len(e.Stops) > 0 || e.Kills > 0 || e.Rolls > 0
}

// A Projection is the survivor arithmetic of one role of one cluster, over the
// whole plan at once.
type Projection struct {
	Role     Role              `json:"role"`
	Buckets  map[string]Bucket `json:"buckets"`  // every member of the role by id, in exactly one bucket
	Serving  []string          `json:"serving"`  // S: members that count now, sorted
	Victims  []string          `json:"victims"`  // those of S that the plan names to end
	Stops    []string          `json:"stops"`    // those of S, not victims, that the plan takes out without ending them
	Kills    int               `json:"kills"`    // most of S that groups can end on top, all choices being the worst
	Rolls    int               `json:"rolls"`    // most of what is left that is out at once during a rolling or stop/start change
	Doubtful int               `json:"doubtful"` // members the plan takes, or lets a group choose, of which it is not known whether they serve, or that are too young to; never counted as serving
	Joins    int               `json:"joins"`    // members added; information only
	After    int               `json:"after"`    // floor_after: |S \ V| - Kills
	During   int               `json:"during"`   // floor_during: After - Rolls
	Zones    int               `json:"zones"`    // fewest zones the members serving can span
	Voters   int               `json:"voters"`   // the most configured voters: declared, recorded before, planned after
	Floors   []Floor           `json:"floors"`   // what the role promises, strictest first
}

// Taken is how many serving members the plan can take out at its worst instant.
func (p Projection) Taken() int { return len(p.Serving) - p.During }

// Costs reports whether the plan can take a member that serves, or of which it
// is not known: only then does a promise stand in its way.
func (p Projection) Costs() bool { return p.Taken() > 0 || p.Doubtful > 0 }

// A Floor is one promise as a number of serving members, or of zones.
type Floor struct {
	Promise string `json:"promise"` // "survivor floor", "quorum", "disruption budget", "zone floor"
	Needs   int    `json:"needs"`
	How     string `json:"how"` // the arithmetic: "a majority of 3 voters"
}
