package gate

import "time"

// Means is how something was done. The zero value is not known.
type Means uint8

// The means, in no order.
const (
	MeansUnknown    Means = iota
	MeansConsole          // a human in the AWS console
	MeansConsoleCLI       // a program with a console session's credentials, such as CloudShell
	MeansSSO              // a program with the credentials of somebody signed in through IAM Identity Center
	MeansCLI              // the AWS CLI or an SDK
	MeansTerraform        // terraform, tofu or Crossplane
	MeansHoldfast         // a terraform that holdfast started
	MeansService          // a service of AWS, by itself or for somebody
	MeansOwner            // a role that the config declares as an owner of such changes
)

var meansWords = words{"unknown", "console", "console credentials", "sso session", "cli or sdk", "terraform", "holdfast", "aws service", "declared owner"}

func (m Means) String() string { return meansWords.text(uint8(m)) }

// MarshalText implements encoding.TextMarshaler.
func (m Means) MarshalText() ([]byte, error) { return []byte(m.String()), nil }

// UnmarshalText implements encoding.TextUnmarshaler; an unknown word is an error.
func (m *Means) UnmarshalText(b []byte) error {
	v, err := meansWords.parse("means", b)
	*m = Means(v)
	return err
}

// An Attribution is one thing that was done to a member or a group, and by
// whom, as somebody recorded it. It explains and decides nothing: what a client
// says of itself is in its own hands, and what nobody recorded was done all the
// same.
type Attribution struct {
	Region  string    `json:"region,omitempty"`
	Ref     string    `json:"ref"`   // id of the member, or name of the group
	Event   string    `json:"event"` // "TerminateInstances"
	Means   Means     `json:"means"`
	Who     string    `json:"who,omitempty"`      // the human where the record names one, else the user, role, service or declared owner; empty: it does not say
	Human   bool      `json:"human,omitempty"`    // Who is a human, not merely whose credentials it was
	Through string    `json:"through,omitempty"`  // role or profile that Who acted in, or the run of ours
	At      time.Time `json:"at,omitzero"`        // when it was done
	EventID string    `json:"event_id,omitempty"` // CloudTrail's id of the record
	Failed  string    `json:"failed,omitempty"`   // error code: it was tried, and nothing was changed
	Detail  string    `json:"detail,omitempty"`   // what it changed, or the source's own reason: "desired 6"
	Source  string    `json:"source"`             // what knows it: SourceTrail, or the source of an observation
}

// SourceTrail is the history of calls. No check may need it: it is late, has
// gaps, and half of what it says comes from the client.
const SourceTrail = "cloudtrail"

// Manual reports whether a human did it by hand: neither a program that is
// answerable for the change, such as Terraform or a declared owner, nor AWS.
// With the CLI it takes the name of a human to tell.
func (a Attribution) Manual() bool {
	switch a.Means {
	case MeansConsole, MeansConsoleCLI, MeansSSO:
		return true
	case MeansCLI:
		return a.Human
	}
	return false
}

// A Trail is what is known of who did what when a verdict is shown. It is
// joined to a verdict after everything was decided, so that nothing can depend
// on it.
type Trail struct {
	Attributions []Attribution `json:"attributions"` // newest first
	Reach        []Reach       `json:"reach"`        // how far the history of calls was read, by region
}

// A Reach is how far the history of one region was read. Whatever it has no
// event about was not done by nobody: it is not known who did it.
type Reach struct {
	Region   string    `json:"region"`
	From     time.Time `json:"from,omitzero"`    // the beginning of what was read
	Until    time.Time `json:"until,omitzero"`   // what is later than this may not have been delivered yet
	Read     []string  `json:"read,omitempty"`   // names of the events that were read to the end
	Unread   []string  `json:"unread,omitempty"` // those that were not, or not to the end
	Calls    int       `json:"calls"`
	Complete bool      `json:"complete"`          // nothing is unread
	Problem  Problem   `json:"problem,omitempty"` // why it is not complete
	Err      string    `json:"error,omitempty"`   // one sentence
}
