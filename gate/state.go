package gate

import "time"

// A State is what Terraform recorded of the types the gate knows, reduced as a
// Plan is. No sensitive value is in it.
type State struct {
	Name             string   `json:"name"`             // where it was read, for people
	Digest           string   `json:"digest,omitempty"` // SHA-256 of what was read
	TerraformVersion string   `json:"terraform_version,omitempty"`
	Objects          []Change `json:"objects"`            // as no-ops: Before and After are what was recorded
	Regions          []string `json:"regions,omitempty"`  // every region an object is in, sorted
	Accounts         []string `json:"accounts,omitempty"` // every account an ARN names, sorted
	Outdated         bool     `json:"outdated,omitempty"` // an object is as an older provider wrote it, with names and values that may mean something else
}

// A DriftPolicy is what the config says about drift.
type DriftPolicy struct {
	States []string      `json:"states,omitempty"` // more states to know members from: "s3://BUCKET/PREFIX"
	Ignore []IgnoredKind `json:"ignore,omitempty"` // in the order of the file
}

// An IgnoredKind is drift that is known and accepted, for a time.
type IgnoredKind struct {
	Attribute string `json:"attribute"`         // of the resource, "desired_capacity"
	Address   string `json:"address,omitempty"` // with or without its last instance key; empty is any
	Reason    string `json:"reason"`
	Expires   string `json:"expires"` // the last day it holds, in UTC, "2027-01-31"
}

// Ignored returns the rule that accepts drift of an attribute at an instant,
// false if none does. A rule whose last day is over, or cannot be read, accepts
// nothing.
func (p DriftPolicy) Ignored(address, attribute string, now time.Time) (IgnoredKind, bool) {
	for _, rule := range p.Ignore {
		last, err := time.Parse(time.DateOnly, rule.Expires)
		if err != nil || !now.Before(last.AddDate(0, 0, 1)) || rule.Attribute != attribute {
			continue
		}
		if rule.Address == "" || rule.Address == address || rule.Address == Unkeyed(address) {
			return rule, true
		}
	}
	return IgnoredKind{}, false
}
