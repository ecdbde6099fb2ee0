package ledger

import (
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"slices"
	"time"

	"github.com/holdfast-gate/holdfast/gate"
)

// FormatVersion is the version of what records hold. Its second number grows
// when something is added, its first when something is removed or changes its
// meaning; a reader refuses a first number it does not know.
const FormatVersion = "1.0"

// Kind says what a record tells.
type Kind uint8

// The kinds. The zero value is one this version does not know; it opens and
// closes nothing.
const (
	KindUnknown Kind = iota
	Intent           // terraform is about to apply; durable before it begins
	Outcome          // terraform ended, or was not started after all
	Settled          // the cluster was followed after the outcome until it had settled, or until a limit
	Refused          // a change was refused; nothing was changed
	Overridden       // somebody gave leave for one code of one plan
	TakenOver        // an expired lease was taken over
	Released         // somebody ended a lease by hand
)

// kinds are the words of the kinds in records.
func kinds() []string {
	return []string{"unknown", "intent", "outcome", "settled", "refused", "override", "takeover", "released"}
}

func (k Kind) String() string {
	if words := kinds(); int(k) < len(words) {
		return words[k]
	}
	return kinds()[0]
}

// said is the kind in a sentence.
func (k Kind) said() string {
	return map[Kind]string{Intent: "what is about to begin", Outcome: "how it ended", Settled: "how the cluster settled", Refused: "a refusal",
		Overridden: "an override", TakenOver: "a takeover", Released: "a release"}[k]
}

// MarshalText implements encoding.TextMarshaler.
func (k Kind) MarshalText() ([]byte, error) { return []byte(k.String()), nil }

// UnmarshalText implements encoding.TextUnmarshaler. A word that only a newer
// version knows is KindUnknown: the chain can still be verified.
func (k *Kind) UnmarshalText(b []byte) error {
	*k = Kind(max(0, slices.Index(kinds(), string(b))))
	return nil
}

// A Record is one thing that was decided or done. It never holds terraform's
// arguments, nor any value of the environment but those that NewActor names.
type Record struct {
	FormatVersion string           `json:"format_version"` // set by Append
	Chain         string           `json:"chain"`          // set by Append: Chain(Account, Cluster)
	Seq           int              `json:"seq"`            // set by Append: 1 for the first of a chain
	Previous      string           `json:"previous"`       // set by Append: SHA-256 of the bytes of the record before, in hex; empty for the first
	Kind          Kind             `json:"kind"`
	Run           string           `json:"run"`                 // NewRun of the one run of holdfast that wrote it
	At            time.Time        `json:"at"`                  // by the clock of who wrote it; zero is filled in by Append
	Account       string           `json:"account,omitempty"`   // that the change is in; empty when not known
	Cluster       string           `json:"cluster,omitempty"`   // as gate.Verdict.Touched names it; empty when the change touches none
	Clusters      []string         `json:"clusters,omitempty"`  // every cluster of the same change, in the order of their leases
	Actor         Actor            `json:"actor"`               // who did it
	Token         int64            `json:"token,omitempty"`     // fencing token of the lease on the cluster; zero when none was held. For Each that of the first cluster, if Tokens are not given
	Tokens        map[string]int64 `json:"tokens,omitempty"`    // fencing tokens of all leases of the change, by cluster; Each takes Token from it
	Holdfast      string           `json:"holdfast"`            // version of holdfast
	Product       string           `json:"product,omitempty"`   // "terraform" or "tofu"
	Terraform     string           `json:"terraform,omitempty"` // its version

	Plan      string        `json:"plan,omitempty"`      // SHA-256 of the plan file
	Snapshot  string        `json:"snapshot,omitempty"`  // SHA-256 of what was read
	Config    string        `json:"config,omitempty"`    // SHA-256 of holdfast.hcl; empty for the default
	Decision  gate.Decision `json:"decision,omitempty"`  // the gate's; zero where nothing was decided
	Codes     []string      `json:"codes,omitempty"`     // of the findings that block, sorted
	Let       []string      `json:"let,omitempty"`       // codes of findings that overrides let through, sorted
	Would     bool          `json:"would,omitempty"`     // observe mode let it through: it would have been refused, for Codes, or stopped
	Why       string        `json:"why,omitempty"`       // Refused: the code of a refusal that is not the gate's ("lease.held")
	Note      string        `json:"note,omitempty"`      // one sentence for people: what was seen, why it was done
	Before    string        `json:"before,omitempty"`    // TakenOver, Released: whose lease it was
	Ends      []string      `json:"ends,omitempty"`      // Intent, set by Append: members of the cluster that it may end or stop, sorted
	Sizes     []gate.Resize `json:"sizes,omitempty"`     // Intent, set by Append: groups of the cluster that it resizes
	Exit      *int          `json:"exit,omitempty"`      // Outcome: terraform's exit status; nil when nobody knows, or it was not started
	Idle      bool          `json:"idle,omitempty"`      // Outcome: terraform was not started, so nothing was changed
	Interrupt string        `json:"interrupt,omitempty"` // Outcome: what the watch saw, for which it interrupted terraform
	Serving   []Serving     `json:"serving,omitempty"`   // Outcome, Settled: who serves, role by role

	Override *gate.Override `json:"override,omitempty"` // Overridden
	Intent   *Mark          `json:"intent,omitempty"`   // Outcome, Settled, set by Append: the intent of the same run
	Fence    int64          `json:"fence,omitempty"`    // set by Append: highest token of the records before
	Marks    []Mark         `json:"marks,omitempty"`    // set by Append: records before that still matter, oldest first

	See     *Ref          `json:"see,omitempty"`     // the record of the same run that holds Input and Verdict, if this one does not
	Input   *gate.Input   `json:"input,omitempty"`   // what the decision was made from, so that it can be made again
	Verdict *gate.Verdict `json:"verdict,omitempty"` // the decision
}

// Serving is how many members of one role serve.
type Serving struct {
	Role    string `json:"role,omitempty"` // empty for a cluster without roles
	Serving int    `json:"serving"`        // members that count
	Needs   int    `json:"needs"`          // the strictest promise
}

// A Mark points at an earlier record of the same chain that still matters: an
// intent whose end nobody has recorded, or an override that has not expired.
// Every record carries the marks of its place, so that they are found without
// reading the chain.
type Mark struct {
	Seq     int       `json:"seq"`
	SHA256  string    `json:"sha256"`
	Kind    Kind      `json:"kind"`
	Run     string    `json:"run"`
	Expires time.Time `json:"expires,omitzero"` // of an override
}

// A Ref is a place in the ledger and what stands there.
type Ref struct {
	Chain  string `json:"chain"`
	Seq    int    `json:"seq"`
	SHA256 string `json:"sha256"` // of the record's bytes, in hex
}

// String is the place alone, as holdfast record show takes it:
// "123456789012/search/42". It holds no character that a terminal or a shell
// acts on.
func (r Ref) String() string { return fmt.Sprintf("%s/%d", r.Chain, r.Seq) }

// NewRun is a random name for one run of holdfast.
func NewRun() string {
	b := make([]byte, 16)
	_, _ = rand.Read(b) // never fails: crypto/rand ends the process instead
	return hex.EncodeToString(b)
}

// Judged fills in what a decision says: the digests, the decision and its
// codes, the account, and the decision itself with what it was made from. The
// input must be the one that was evaluated, or the record will not replay.
func (r *Record) Judged(in gate.Input, v gate.Verdict) {
	r.Plan, r.Snapshot, r.Config = v.Plan.Digest, v.Snapshot, v.Config
	r.Decision, r.Account = v.Decision, v.Account
	r.Actor.ARN, r.Actor.Account = v.Caller, v.Account
	r.Codes, r.Let = nil, nil
	for _, f := range v.Findings {
		switch {
		case !f.Decision.Permits():
			r.Codes = append(r.Codes, f.Code)
		case len(f.Overrides) > 0:
			r.Let = append(r.Let, f.Code)
		}
	}
	slices.Sort(r.Codes)
	slices.Sort(r.Let)
	r.Codes, r.Let = slices.Compact(r.Codes), slices.Compact(r.Let)
	r.Input, r.Verdict = &in, &v
}
