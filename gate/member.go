package gate

import (
	"slices"
	"time"
)

// Phase says whether the control plane is still moving a member. It is one of
// the two axes of a member's state; Serving is the other.
type Phase uint8

// The phases. The zero value is not known, and not known is unsafe: a member
// in PhaseUnknown is treated as changing and not serving.
const (
	PhaseUnknown Phase = iota
	Steady             // nothing is moving it
	Arriving           // coming into service; never counts yet
	Leaving            // going for good
	Changing           // being modified; may or may not serve
	Failed             // broken and staying so until somebody acts
	Gone               // no longer there
)

var phaseWords = words{"unknown", "steady", "arriving", "leaving", "changing", "failed", "gone"}

func (p Phase) String() string { return phaseWords.text(uint8(p)) }

// MarshalText implements encoding.TextMarshaler.
func (p Phase) MarshalText() ([]byte, error) { return []byte(p.String()), nil }

// UnmarshalText implements encoding.TextUnmarshaler; an unknown word is an error.
func (p *Phase) UnmarshalText(b []byte) error {
	v, err := phaseWords.parse("phase", b)
	*p = Phase(v)
	return err
}

// Transitional reports whether the control plane is still moving a member in
// this phase. A phase that is not known counts as moving.
func (p Phase) Transitional() bool {
	return p == Arriving || p == Leaving || p == Changing || p == PhaseUnknown
}

// rank orders phases from best to worst. One that is not known, to anybody or
// to this version, ranks with Changing.
func (p Phase) rank() int {
	order := []Phase{Steady, Arriving, Changing, Failed, Leaving, Gone}
	if !slices.Contains(order, p) {
		p = Changing
	}
	return slices.Index(order, p)
}

// Serving says whether a member does useful work now.
type Serving uint8

// The answers. Only ServingYes counts; not known does not.
const (
	ServingUnknown Serving = iota
	ServingNo
	ServingYes
)

var servingWords = words{"unknown", "no", "yes"}

func (s Serving) String() string { return servingWords.text(uint8(s)) }

// MarshalText implements encoding.TextMarshaler.
func (s Serving) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText implements encoding.TextUnmarshaler; an unknown word is an error.
func (s *Serving) UnmarshalText(b []byte) error {
	v, err := servingWords.parse("serving", b)
	*s = Serving(v)
	return err
}

// An Observation is what one source said about a member or a group, in the
// source's own words and in ours.
type Observation struct {
	Source    string    `json:"source"`              // name of the Source it was read from, "ec2.instances"
	Field     string    `json:"field"`               // what was read, "ec2.InstanceStateName"
	Raw       string    `json:"raw"`                 // the exact value, "shutting-down"
	Phase     Phase     `json:"phase"`               // what that value means
	Serving   Serving   `json:"serving"`             // ServingYes: no objection to counting it
	Since     time.Time `json:"since,omitzero"`      // when it entered this state; zero if the source does not say
	Detail    string    `json:"detail,omitempty"`    // the source's reason, "Client.UserInitiatedShutdown"
	Benign    bool      `json:"benign,omitempty"`    // moving, but on the short list of movements that disturb nobody
	Scheduled bool      `json:"scheduled,omitempty"` // it lies ahead: AWS has said when, and nothing moves yet
	Opinion   bool      `json:"opinion,omitempty"`   // false: shown, but takes no part in the join
}

// A Member is one thing that counts towards a cluster, or may: for AWS an EC2
// instance, joined from every source that knows it.
type Member struct {
	ID        string            `json:"id"`
	Region    string            `json:"region"`
	Zone      string            `json:"zone,omitempty"`      // empty when unknown; then it spans no zone
	Subnet    string            `json:"subnet,omitempty"`    // empty when unknown
	Group     string            `json:"group,omitempty"`     // name of the group that owns it, in the same region
	Tags      map[string]string `json:"tags,omitempty"`      // live tags; they fall off terminated instances
	Targets   []string          `json:"targets,omitempty"`   // ARNs of the target groups that know it
	Ports     map[string][]int  `json:"ports,omitempty"`     // of those, by ARN, sorted; one that lets it go has none
	Attrs     map[string]string `json:"attrs,omitempty"`     // live facts that drift is judged on: instance_type, ami, launch_template.version
	Launched  time.Time         `json:"launched,omitzero"`   // when it was launched; zero is not known, and then it is never old enough
	Phase     Phase             `json:"phase"`               // worst over Observed
	Serving   Serving           `json:"serving"`             // yes only if every source with an opinion says so
	Since     time.Time         `json:"since,omitzero"`      // when it entered Phase, if any source says
	Protected bool              `json:"protected,omitempty"` // the group may not choose it in a scale-in
	Weight    int               `json:"weight,omitempty"`    // capacity units it holds in its group; zero means 1
	Counted   bool              `json:"counted,omitempty"`   // its group counts it towards the desired capacity
	Volumes   []Attached        `json:"volumes,omitempty"`   // sorted by volume
	Observed  []Observation     `json:"observed"`
}

// Join sets Phase, Serving and Since from what was observed: the worst phase
// any source with an opinion gives, and serving only if all of them agree. A
// member nobody has an opinion on stays unknown and does not serve.
func (m *Member) Join() {
	opinions := slices.DeleteFunc(slices.Clone(m.Observed), func(o Observation) bool { return !o.Opinion })
	m.Phase, m.Serving, m.Since = PhaseUnknown, ServingUnknown, time.Time{}
	if len(opinions) > 0 {
		m.Phase, m.Serving, m.Since = opinions[0].Phase, opinions[0].Serving, opinions[0].Since
	}
	for _, o := range opinions {
		if o.Phase.rank() > m.Phase.rank() || (o.Phase == PhaseUnknown && m.Phase == Changing) {
			m.Phase, m.Since = o.Phase, o.Since
		}
		m.Serving = worseServing(m.Serving, o.Serving)
	}
	// Steady and Changing are the only phases in which a member can count.
	if m.Phase != Steady && m.Phase != Changing && m.Serving == ServingYes {
		m.Serving = ServingNo
	}
}

// worseServing orders yes < unknown < no.
func worseServing(a, b Serving) Serving {
	if a == ServingNo || b == ServingNo {
		return ServingNo
	}
	if a == ServingUnknown || b == ServingUnknown {
		return ServingUnknown
	}
	return ServingYes
}

// Units is the capacity the member holds in its group, at least 1.
func (m Member) Units() int { return max(1, m.Weight) }

// Benign reports whether every movement of a transitional member is on the
// short list of movements that disturb nobody. It is never true of a member
// that is leaving, nor of one whose movement no source explains.
func (m Member) Benign() bool {
	explained := false
	for _, o := range m.Observed {
		if !o.Opinion || !o.Phase.Transitional() {
			continue
		}
		if !o.Benign {
			return false
		}
		explained = true
	}
	return explained && m.Phase != Leaving
}

// Awaits reports whether all that moves a transitional member lies ahead: it is
// scheduled to be stopped, retired or rebooted, and nothing happens to it yet.
func (m Member) Awaits() bool {
	scheduled := false
	for _, o := range m.Observed {
		if o.Opinion && o.Phase.Transitional() {
			if !o.Scheduled {
				return false
			}
			scheduled = true
		}
	}
	return scheduled
}

// An Operation is something a group is doing, or did last: a scaling activity,
// an instance refresh, a deletion.
type Operation struct {
	Kind   string    `json:"kind"` // "activity", "refresh", "status"
	ID     string    `json:"id"`
	Raw    string    `json:"raw"` // the source's own status word
	Phase  Phase     `json:"phase"`
	Start  time.Time `json:"start,omitzero"`
	End    time.Time `json:"end,omitzero"` // zero while it is still going on
	Detail string    `json:"detail,omitempty"`
}

// A Group is what adds and removes members by number: for AWS an Auto Scaling
// group. Whom it removes is its own choice.
type Group struct {
	Name       string            `json:"name"`
	ARN        string            `json:"arn,omitempty"`
	Region     string            `json:"region"`
	Absent     bool              `json:"absent,omitempty"` // the plan records it, but no source has seen it; set by the core
	Tags       map[string]string `json:"tags,omitempty"`
	Desired    int               `json:"desired"`
	Min        int               `json:"min"`
	Max        int               `json:"max"`
	Suspended  []string          `json:"suspended,omitempty"`   // suspended processes, sorted
	Zones      []string          `json:"zones,omitempty"`       // sorted
	Subnets    []string          `json:"subnets,omitempty"`     // sorted
	Targets    []string          `json:"targets,omitempty"`     // target group ARNs attached, sorted
	Template   string            `json:"template,omitempty"`    // launch template or configuration, "lt-0abc:3"
	ProtectNew bool              `json:"protect_new,omitempty"` // new members are protected from a scale-in
	MinHealthy int               `json:"min_healthy"`           // percent, of the instance maintenance policy; -1 when there is none
	MaxHealthy int               `json:"max_healthy"`           // percent; -1 when there is none
	WarmPool   int               `json:"warm_pool,omitempty"`   // instances in the warm pool; they never count
	Deletion   string            `json:"deletion,omitempty"`    // deletion protection: "", "none", "prevent-force-deletion", "prevent-all-deletion"
	Asked      bool              `json:"asked,omitempty"`       // it was asked what it does and did, and who is in its warm pool, and the sources say how that went; false: it may be doing anything
	Operations []Operation       `json:"operations,omitempty"`  // newest first
}

// A Source is one thing the snapshot was read from, in one region, whether or
// not it worked.
type Source struct {
	Name     string    `json:"name"` // one of the Source constants
	Region   string    `json:"region,omitempty"`
	ReadAt   time.Time `json:"read_at,omitzero"` // when the read ended; zero is stale
	Complete bool      `json:"complete"`         // every page of every call was read
	Calls    int       `json:"calls"`            // API requests sent, retries included
	Problem  Problem   `json:"problem,omitempty"`
	Err      string    `json:"error,omitempty"` // one sentence: what failed
}

// A Problem is why a source is not complete; it is the last part of the
// finding's code ("source.denied").
type Problem string

// The problems. Any other non-empty value is treated as ProblemFailed.
const (
	ProblemNone        Problem = ""
	ProblemMissing     Problem = "missing"     // never read
	ProblemDenied      Problem = "denied"      // the credentials may not
	ProblemCredentials Problem = "credentials" // no credentials, or they expired
	ProblemThrottled   Problem = "throttled"   // still throttled when retries ended
	ProblemPartial     Problem = "partial"     // some pages were read, not all
	ProblemTimeout     Problem = "timeout"     // the deadline passed
	ProblemFailed      Problem = "failed"      // anything else
	ProblemStale       Problem = "stale"       // read too long ago
)

// The sources of the AWS collectors, by the names that checks need.
const (
	SourceIdentity   = "sts.identity"
	SourceInstances  = "ec2.instances"
	SourceStatus     = "ec2.status"
	SourceGroups     = "autoscaling.groups"
	SourceActivities = "autoscaling.activities"
	SourceRefreshes  = "autoscaling.refreshes"
	SourceWarmPools  = "autoscaling.warmpools"
	SourceTargets    = "elb.targets"
)

// A Snapshot is what is running, read once and never modified.
type Snapshot struct {
	Digest     string      `json:"digest,omitempty"`      // SHA-256 over everything below, set by whoever read it
	Account    string      `json:"account,omitempty"`     // of the credentials it was read with
	Caller     string      `json:"caller,omitempty"`      // ARN of those credentials, as STS names it; empty when it is not known
	Started    time.Time   `json:"started"`               // before the first read
	Finished   time.Time   `json:"finished"`              // after the last
	Members    []Member    `json:"members"`               // sorted by region, then ID
	Groups     []Group     `json:"groups"`                // sorted by region, then name
	DataStores []DataStore `json:"data_stores,omitempty"` // sorted by region, kind, ID; only those that were asked for
	Sources    []Source    `json:"sources"`               // sorted by name, then region; every read tried
}
