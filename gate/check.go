package gate

import "time"

// A Check looks for one kind of harm. It is a value: a name, a doc and one
// function over a Pass.
type Check struct {
	Name  string            // lower-case identifier; the folder under checks/
	Doc   string            // a title line, a blank line, then why it matters and what to do
	Plan  bool              // judges the plan as a whole: run once, with a nil Pass.Cluster; else once per cluster
	Needs []string          // sources without which it is blind
	Asks  func(*Plan) []Ask // sources it needs besides, because of what this plan does; without them it is blind there; nil asks for none
	May   []string          // every source that Asks may ask for, whatever the plan; what a policy must allow
	Run   func(*Pass) error
}

// A Pass is one application of one check: all that the check may see, and the
// one way to say something.
type Pass struct {
	Now      time.Time
	Config   *Config
	Plan     *Plan
	Snapshot *Snapshot // never nil; without sources when nothing was read
	Cluster  *View     // the cluster judged; nil for a check of the plan
	Clusters []*View   // all clusters, sorted by name; for checks of the plan
	Report   func(Finding)
}

// A Finding is one reason not to apply.
type Finding struct {
	Check    string     `json:"check"`              // filled in by Evaluate
	Code     string     `json:"code"`               // stable, "survivorfloor.breached"
	Decision Decision   `json:"decision"`           // Warn or Block; anything else means Block
	Cluster  string     `json:"cluster,omitempty"`  // filled in by Evaluate for checks of a cluster
	Role     string     `json:"role,omitempty"`     // role of the cluster, if the promise is a role's
	Subjects []string   `json:"subjects,omitempty"` // addresses or member ids, sorted
	Message  string     `json:"message"`            // one sentence: who, both numbers, why
	Remedy   string     `json:"remedy,omitempty"`   // a verb phrase: what would make it pass
	Evidence []Evidence `json:"evidence,omitempty"`

	Overrides []Override `json:"overrides,omitempty"` // those that let it through: it blocked, and is a warning because of them
}

// Evidence is one observation that a finding rests on.
type Evidence struct {
	Source string    `json:"source"`           // a Source name, "plan" or "config"
	Ref    string    `json:"ref"`              // member id, group name, Terraform address
	Field  string    `json:"field,omitempty"`  // what was looked at
	Want   string    `json:"want,omitempty"`   // what it should be, if anything
	Got    string    `json:"got,omitempty"`    // what it is, in the source's own words
	Since  time.Time `json:"since,omitzero"`   // since when, if the source says
	ReadAt time.Time `json:"read_at,omitzero"` // when it was read
}

// Decision says whether a plan may be applied. The zero value permits nothing.
type Decision uint8

// The decisions, from the one that permits nothing yet to the worst.
const (
	Undecided Decision = iota
	Allow
	Warn
	Block
)

var decisionWords = words{"undecided", "allow", "warn", "block"}

func (d Decision) String() string { return decisionWords.text(uint8(d)) }

// MarshalText implements encoding.TextMarshaler.
func (d Decision) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText implements encoding.TextUnmarshaler; an unknown word is an error.
func (d *Decision) UnmarshalText(b []byte) error {
	v, err := decisionWords.parse("decision", b)
	*d = Decision(v)
	return err
}

// Permits reports whether a plan with this decision may be applied.
func (d Decision) Permits() bool { return d == Allow || d == Warn }

// Outcome is how one run of one check ended.
type Outcome uint8

// The outcomes. Only Ran does not block by itself, and Blind where overrides let
// through that its sources were not read.
const (
	OutcomeUnknown Outcome = iota
	Ran
	Blind   // a source it needs was missing, partial or stale
	Errored // it returned an error or panicked
)

var outcomeWords = words{"unknown", "ran", "blind", "errored"}

func (o Outcome) String() string { return outcomeWords.text(uint8(o)) }

// MarshalText implements encoding.TextMarshaler.
func (o Outcome) MarshalText() ([]byte, error) { return []byte(o.String()), nil }

// UnmarshalText implements encoding.TextUnmarshaler; an unknown word is an error.
func (o *Outcome) UnmarshalText(b []byte) error {
	v, err := outcomeWords.parse("outcome", b)
	*o = Outcome(v)
	return err
}

// A Run records that a check ran on a cluster, or why it did not.
type Run struct {
	Check    string   `json:"check"`
	Cluster  string   `json:"cluster,omitempty"` // empty for a check of the plan
	Outcome  Outcome  `json:"outcome"`
	Decision Decision `json:"decision"`         // the worst it said; Allow if it ran and said nothing, Warn if it was let through blind
	Reason   string   `json:"reason,omitempty"` // why it was blind or errored
}
