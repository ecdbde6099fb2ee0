// Package gate is Holdfast's contract and its pure core: it joins a Terraform
// plan with a snapshot of what is running and decides whether the plan may be
// applied. It does no I/O, reads no clock and knows no cloud API; the same
// Input always gives the same Verdict.
package gate

import "time"

// Input is everything a decision depends on. It can be written down, kept and
// evaluated again years later.
type Input struct {
	Now      time.Time `json:"now"`      // the instant the decision is made; zero makes every source stale
	Config   *Config   `json:"config"`   // nil means DefaultConfig
	Plan     *Plan     `json:"plan"`     // nil blocks
	Snapshot *Snapshot `json:"snapshot"` // nil blinds every check that needs a source

	Given     *Given     `json:"given,omitempty"`     // what an earlier verdict said, with which this one has to agree; nil is none
	Recent    []Recent   `json:"recent,omitempty"`    // changes of our own, from the ledger, newest first
	Overrides []Override `json:"overrides,omitempty"` // in the order they were given
}
