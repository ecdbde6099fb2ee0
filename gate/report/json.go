package report

import (
	_ "embed" // for the schema
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/holdfast-gate/holdfast/gate"
)

// FormatVersion is the version of what JSON and StatusJSON write. Its second
// number grows when something is added, its first when something is removed or
// changes its meaning.
const FormatVersion = "1.3"

// A document is a verdict with the version of its form in front.
type document struct {
	FormatVersion string `json:"format_version"` // "1.3"; read nothing whose first number you do not know
	gate.Verdict
	Places map[string]Place `json:"places,omitempty"` // where the addresses that findings are about are written, by address
	Seal   string           `json:"seal,omitempty"`   // SHA-256 of the rest; see Open
}

// A statusDocument is what the members of all clusters are doing.
type statusDocument struct {
	FormatVersion string        `json:"format_version"`
	At            time.Time     `json:"at"`
	Account       string        `json:"account,omitempty"`
	Caller        string        `json:"caller,omitempty"`
	Snapshot      string        `json:"snapshot,omitempty"`
	Clusters      []*gate.View  `json:"clusters"`
	Sources       []gate.Source `json:"sources"`
}

//go:embed schema/verdict.schema.json
var schema string

// Schema returns the JSON Schema of what JSON writes.
func Schema() []byte { return []byte(schema) }

//go:embed schema/status.schema.json
var statusSchema string

// StatusSchema returns the JSON Schema of what StatusJSON writes.
func StatusSchema() []byte { return []byte(statusSchema) }

//go:embed schema/drift.schema.json
var driftSchema string

// DriftSchema returns the JSON Schema of what DriftJSON writes.
func DriftSchema() []byte { return []byte(driftSchema) }

// JSON writes a verdict for programs: the whole of it, as one object that
// Schema describes, indented, with a newline at the end. Lists are never null.
// Open reads it back. The error is that of w.
func JSON(w io.Writer, v gate.Verdict, o Options) error {
	d := document{FormatVersion: FormatVersion, Verdict: whole(v), Places: o.places(v)}
	b, err := json.Marshal(d)
	if err != nil {
		return fmt.Errorf("writing the verdict as JSON: %w", err)
	}
	if d.Seal, err = seal(b); err != nil {
		return fmt.Errorf("sealing the verdict: %w", err)
	}
	return write(w, d)
}

// StatusJSON writes the members of clusters for programs; see Status.
func StatusJSON(w io.Writer, views []*gate.View, s *gate.Snapshot) error {
	d := statusDocument{FormatVersion: FormatVersion, Clusters: wholeViews(views), Sources: list[gate.Source](nil)}
	if s != nil {
		d.At, d.Account, d.Caller, d.Snapshot, d.Sources = s.Finished, s.Account, s.Caller, s.Digest, list(s.Sources)
	}
	return write(w, d)
}

// list is s, empty where it is nil.
func list[T any](s []T) []T {
	if s == nil {
		return []T{}
	}
	return s
}

// whole is a verdict whose required lists are all there. It copies what it
// changes.
func whole(v gate.Verdict) gate.Verdict {
	v.Findings, v.Runs, v.Sources, v.Clusters = list(v.Findings), list(v.Runs), list(v.Sources), wholeViews(v.Clusters)
	return v
}

func wholeViews(views []*gate.View) []*gate.View {
	out := make([]*gate.View, 0, len(views))
	for _, view := range views {
		c := *view
		c.Cluster.Roles, c.Regions = list(c.Cluster.Roles), list(c.Regions)
		c.Members, c.Roles = list(slices.Clone(c.Members)), list(slices.Clone(c.Roles))
		for i := range c.Members {
			c.Members[i].Observed = list(c.Members[i].Observed)
		}
		for i := range c.Roles {
			r := &c.Roles[i]
			r.Serving, r.Victims, r.Stops, r.Floors = list(r.Serving), list(r.Victims), list(r.Stops), list(r.Floors)
			if r.Buckets == nil {
				r.Buckets = map[string]gate.Bucket{}
			}
		}
		out = append(out, &c)
	}
	return out
}
