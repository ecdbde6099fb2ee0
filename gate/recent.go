package gate

import "time"

// A Recent is a change of our own that a snapshot may not show yet. EC2 reads
// may lag by up to five minutes (aws-semantics 3.1), and terraform may have
// been killed before it saw an end it had asked for.
type Recent struct {
	Record string    `json:"record"`          // its place in the ledger, "search/42"
	At     time.Time `json:"at"`              // when terraform ended, when it began if that is not known
	Open   bool      `json:"open,omitempty"`  // it began and nobody recorded its end
	Ends   []string  `json:"ends,omitempty"`  // members it ended, or may have, by id, sorted
	Sizes  []Resize  `json:"sizes,omitempty"` // groups it resized, or may have, sorted by region and name
}

// A Resize is a group whose wanted size a change of our own moved.
type Resize struct {
	Region string `json:"region"`
	Group  string `json:"group"`
	From   int    `json:"from"`
	To     int    `json:"to"`
}
