package gate

import "time"

// A Holding is what a bucket is known to hold: rules that take objects away,
// and how many there are to be taken.
type Holding struct {
	Rules   []LifecycleRule `json:"rules,omitempty"`   // live, in the order S3 gives them; read if SourceLifecycle was
	Samples []Sample        `json:"samples,omitempty"` // sorted by prefix
	Usage   *Usage          `json:"usage,omitempty"`   // nil is not known
}

// Usage is CloudWatch's daily storage metrics of a bucket (AWS/S3,
// NumberOfObjects and BucketSizeBytes). Noncurrent versions, delete markers and
// parts of unfinished uploads are in them, so they are an upper bound, of up to
// two days ago.
type Usage struct {
	Objects int64     `json:"objects"`
	Bytes   int64     `json:"bytes"`
	At      time.Time `json:"at"`
}

// A Sample is what the first pages of a listing below a prefix showed. No key
// is in it.
type Sample struct {
	Prefix     string `json:"prefix"`
	Objects    Ages   `json:"objects"`
	Noncurrent Ages   `json:"noncurrent"` // by when they became noncurrent
}

// Ages counts objects by the day, in UTC, from which S3 counts their age. S3
// rounds to days: an object of day D is due for a rule of N days at the
// midnight that begins day D+N+1 (S3 User Guide, "Lifecycle configuration
// elements").
type Ages struct {
	Read  Tri   `json:"read"`  // whether it was looked at; unknown is as no
	Whole bool  `json:"whole"` // it holds all there are; else there may be more
	Days  []Day `json:"days,omitempty"`
}

// A Day is the objects of one day.
type Day struct {
	Day      time.Time `json:"day"` // midnight UTC
	Count    int       `json:"count"`
	Bytes    int64     `json:"bytes"`
	Smallest int64     `json:"smallest"` // bytes of the smallest of them
	Largest  int64     `json:"largest"`
}

// Empty reports whether it is known that there is nothing.
func (a Ages) Empty() bool { return a.Read == Yes && a.Whole && len(a.Days) == 0 }

// Count is how many there are at least.
func (a Ages) Count() int {
	n := 0
	for _, d := range a.Days {
		n += d.Count
	}
	return n
}

// A LifecycleRule is one rule of a bucket's lifecycle, live or planned. A field
// that is not known is what it would be at its worst.
type LifecycleRule struct {
	ID     string          `json:"id"`
	Active bool            `json:"active"` // Status is Enabled, or is not known
	Filter Filter          `json:"filter"`
	Acts   []LifecycleStep `json:"acts,omitempty"` // those that take data away, or out of reach
}

// A Filter is what a rule is about: objects that satisfy all of it. The zero
// value is about everything, which is how S3 reads a rule without a filter.
type Filter struct {
	Prefix string            `json:"prefix,omitempty"`
	Tags   map[string]string `json:"tags,omitempty"`
	Over   int64             `json:"over,omitempty"`  // bytes; objects must be larger; zero is no bound
	Under  int64             `json:"under,omitempty"` // bytes; objects must be smaller; zero is no bound
}

// A LifecycleStep is one thing a rule does to objects that come of age.
type LifecycleStep struct {
	Does  string    `json:"does"`            // one of the Step constants
	Class string    `json:"class,omitempty"` // storage class a transition moves to
	Days  int       `json:"days"`            // of age; zero is at once
	Date  time.Time `json:"date,omitzero"`   // instead of Days; all objects, from then on
	Keep  int       `json:"keep,omitempty"`  // newer noncurrent versions that are kept
	Small bool      `json:"small,omitempty"` // a transition also moves objects below 128 KiB
}

// What steps do. Aborting unfinished uploads and dropping delete markers that
// have nothing behind them take no data, and are no steps.
const (
	StepExpire         = "expires"
	StepExpireVersions = "expires noncurrent versions"
	StepArchive        = "archives"
	StepArchiveOld     = "archives noncurrent versions"
)

// Archived reports whether objects of a storage class cannot be read before
// they are restored, which takes minutes to two days (S3 User Guide, "Archive
// retrieval options"). A class that is not known is as if so.
func Archived(class string) bool {
	switch class {
	case "STANDARD", "STANDARD_IA", "ONEZONE_IA", "INTELLIGENT_TIERING", "GLACIER_IR", "REDUCED_REDUNDANCY":
		return false
	}
	return true
}

// Within reports whether every object that satisfies f satisfies g too.
func (f Filter) Within(g Filter) bool {
	if len(f.Prefix) < len(g.Prefix) || f.Prefix[:len(g.Prefix)] != g.Prefix {
		return false
	}
	for k, v := range g.Tags {
		if got, ok := f.Tags[k]; !ok || got != v {
			return false
		}
	}
	return f.Over >= g.Over && (g.Under == 0 || f.Under != 0 && f.Under <= g.Under)
}

// Within reports whether whatever a step takes, another takes too, and no
// later.
func (s LifecycleStep) Within(o LifecycleStep, now time.Time) bool {
	if s.Does != o.Does || s.Keep < o.Keep || s.Class != o.Class || (s.Small && !o.Small) {
		return false
	}
	switch {
	case !o.Date.IsZero() && !s.Date.IsZero():
		return !s.Date.Before(o.Date)
	case !o.Date.IsZero():
		// From its date on, a rule by date takes everything, every day.
		return !o.Date.After(now)
	case !s.Date.IsZero():
		// Whoever is of age by the date of one was not by the days of the other.
		return false
	}
	return s.Days >= o.Days
}
