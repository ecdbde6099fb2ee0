package gate

import "time"

// An Override is one person's leave for one code, in one cluster, of one plan.
type Override struct {
	Record  string    `json:"record,omitempty"`  // its place in the ledger; empty while it is only asked for
	Code    string    `json:"code"`              // the finding's
	Cluster string    `json:"cluster,omitempty"` // the finding's; empty for a finding about the plan as a whole
	Plan    string    `json:"plan"`              // digest of the plan file; an empty one overrides nothing
	Reason  string    `json:"reason"`            // in the words of who gave it; an empty one overrides nothing
	By      string    `json:"by"`                // ARN that STS gave for the credentials; an empty one overrides nothing
	At      time.Time `json:"at"`
	Expires time.Time `json:"expires"` // zero overrides nothing
}

// An OverridePolicy says who may override what.
type OverridePolicy struct {
	People    []string      `json:"people,omitempty"` // patterns over ARNs, "*" for any run of characters; empty means anybody whom STS names
	Never     []string      `json:"never,omitempty"`  // patterns over codes that nobody can override
	Approvals int           `json:"approvals"`        // different people it takes; less than 1 means 1
	Longest   time.Duration `json:"longest"`          // nanoseconds; an override is good for no longer than this after At; zero means DefaultOverride
}

// DefaultOverride is how long an override is good for where the config does
// not say.
const DefaultOverride = time.Hour
