package lifecyclewidened

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/holdfast-gate/holdfast/gate"
)

// A toll is what would go at the next run, as far as it was seen.
type toll struct {
	due, looked int
	bytes       int64
	oldest      time.Time
	exact       bool // all there is was looked at
	upper       bool // tags or sizes were not: fewer may go
	begins      time.Time
	under       int // objects at all
	usage       *gate.Usage
}

// toll counts what the steps of a rule would take at the next run.
func (b bucket) toll(r gate.LifecycleRule, steps []gate.LifecycleStep) toll {
	out := toll{usage: b.store.Holds.Usage, upper: len(r.Filter.Tags) > 0 || r.Filter.Over > 0 || r.Filter.Under > 0}
	if !b.read(gate.SourceStorage) {
		out.usage = nil
	}
	s, ok := b.sample(r.Filter.Prefix)
	if !ok {
		return out
	}
	out.exact = true
	for _, old := range []bool{false, true} {
		ages := s.Objects
		if old {
			ages = s.Noncurrent
		}
		out.exact = out.exact && ages.Read == gate.Yes && ages.Whole
		for _, d := range ages.Days {
			if r.Filter.Over > 0 && d.Largest <= r.Filter.Over || r.Filter.Under > 0 && d.Smallest >= r.Filter.Under {
				continue
			}
			out.looked += d.Count
			out.take(d, old, steps, b.midnight())
		}
	}
	return out
}

// take counts one day's objects by the first step that gets them.
func (t *toll) take(d gate.Day, old bool, steps []gate.LifecycleStep, midnight time.Time) {
	var first time.Time
	for _, s := range steps {
		if old != (s.Does == gate.StepExpireVersions || s.Does == gate.StepArchiveOld) {
			continue
		}
		at := d.Day.Add(time.Duration(s.Days+1) * day)
		if !s.Date.IsZero() {
			at = s.Date
		}
		if first.IsZero() || at.Before(first) {
			first = at
		}
	}
	if first.IsZero() {
		return
	}
	t.under += d.Count
	if t.begins.IsZero() || first.Before(t.begins) {
		t.begins = first
	}
	if first.After(midnight) {
		return
	}
	t.due += d.Count
	t.bytes += d.Bytes
	if t.oldest.IsZero() || d.Day.Before(t.oldest) {
		t.oldest = d.Day
	}
}

func (t toll) text(midnight time.Time) string {
	var out string
	switch {
	case t.due > 0:
		count := gate.Count(t.due, "object")
		if !t.exact {
			count = fmt.Sprintf("at least %s of the %d looked at", count, t.looked)
		}
		if t.upper {
			count += " (fewer by their tags or sizes)"
		}
		out = fmt.Sprintf("%s, %s, the oldest of %s, would go at the next run at %s UTC", count, size(t.bytes), t.oldest.Format(time.DateOnly), midnight.Format("2006-01-02 15:04"))
	case t.exact && t.under > 0:
		out = fmt.Sprintf("none of %s would go at the next run, the first on %s", gate.Count(t.under, "object"), t.begins.Format(time.DateOnly))
	case t.exact:
		out = fmt.Sprintf("none of %s would go at the next run", gate.Count(t.looked, "object"))
	case t.looked > 0:
		out = fmt.Sprintf("none of the %d looked at would go at the next run, and there are more", t.looked)
	default:
		out = "how many objects would go was not seen"
	}
	if t.usage != nil && !t.exact {
		out += fmt.Sprintf(" (the bucket held at most %s, %s, on %s)", gate.Count(int(t.usage.Objects), "object"), size(t.usage.Bytes), t.usage.At.Format(time.DateOnly))
	}
	return out
}

// first says when a rule that takes nothing yet will.
func (t toll) first(time.Time) string {
	if t.under == 0 {
		return "nothing it is about is there"
	}
	return fmt.Sprintf("the first of %s on %s", gate.Count(t.under, "object"), t.begins.Format(time.DateOnly))
}

// fate says whether what goes can be had back.
func (b bucket) fate(steps []gate.LifecycleStep) []string {
	var out []string
	does := map[string]bool{}
	for _, s := range steps {
		does[s.Does] = true
	}
	if does[gate.StepExpire] {
		versioning := b.store.Facts["versioning"]
		switch {
		case !b.read(gate.SourceVersioning):
			// What may have no version behind it is gone when it is deleted.
			out = append(out, "whether anything stays behind is not known")
		case versioning == "Enabled":
			out = append(out, "versioning is enabled, so that a delete marker hides each and its version stays"+b.until())
		case versioning == "Suspended":
			out = append(out, "versioning is suspended: what was written since then is gone for good")
		default:
			out = append(out, "versioning was never enabled: they are gone for good")
		}
	}
	if does[gate.StepExpireVersions] {
		out = append(out, "noncurrent versions are gone for good")
	}
	if does[gate.StepArchive] || does[gate.StepArchiveOld] {
		out = append(out, "what is archived cannot be read until it is restored")
	}
	if lock := b.store.Facts["object_lock"]; lock == "Enabled" && b.read(gate.SourceLock) {
		out = append(out, "object lock keeps the locked versions")
	}
	return out
}

// until says how long hidden versions stay.
func (b bucket) until() string {
	rules := slices.Concat(b.store.Holds.Rules, b.after)
	least := -1
	for _, r := range rules {
		for _, s := range r.Acts {
			if r.Active && s.Does == gate.StepExpireVersions && (least < 0 || s.Days < least) {
				least = s.Days
			}
		}
	}
	if least < 0 {
		return ""
	}
	return ", for " + gate.Count(least, "day")
}

// copies says where else the objects may be, and whether that is safe.
func (b bucket) copies(r gate.LifecycleRule) []string {
	var out []string
	for _, l := range b.store.Links {
		if l.Kind != gate.LinkBucket || l.To != "peer" || l.Active == gate.No || !b.read(gate.SourceReplicas) {
			continue
		}
		text := fmt.Sprintf("it replicates to %s, which has what was written since replication began", l.Peer)
		if b.widens(l.Peer) {
			text = fmt.Sprintf("it replicates to %s, and the plan widens the rules there too", l.Peer)
		}
		out = append(out, text)
	}
	for _, place := range b.Config.Promise(b.bucket, b.Address).Backups {
		name, prefix, _ := strings.Cut(place, "/")
		below := gate.Filter{Prefix: prefix}
		switch {
		case name == b.bucket && (below.Within(gate.Filter{Prefix: r.Filter.Prefix}) || r.Filter.Within(below)):
			out = append(out, "the backups in "+place+" fall under the same rule")
		case name != b.bucket && b.widens(name):
			out = append(out, "the plan widens the rules of the backups in "+place+" too")
		default:
			out = append(out, "the backups in "+place+" are not under it")
		}
	}
	return out
}

// widens reports whether the plan changes the rules of another bucket so that
// they take more.
func (b bucket) widens(name string) bool {
	return slices.ContainsFunc(changes(b.Plan), func(c change) bool {
		return c.bucket == name && slices.ContainsFunc(c.after, func(r gate.LifecycleRule) bool { return len(beyond(r, c.before, b.Now)) > 0 })
	})
}

// unseen says what could not be read.
func (b bucket) unseen() []string {
	var out []string
	for _, s := range b.Snapshot.Sources {
		if s.Region == b.Region && !s.Complete && slices.Contains([]string{gate.SourceObjects, gate.SourceVersions, gate.SourceStorage, gate.SourceReplicas}, s.Name) {
			out = append(out, s.Name+" was not read ("+s.Err+")")
		}
	}
	slices.Sort(out)
	return out
}

// differs says in what a rule covers more than one of the same id.
func differs(old, r gate.LifecycleRule) string {
	var out []string
	if !old.Active {
		out = append(out, "it was disabled and would be enabled")
	}
	if !r.Filter.Within(old.Filter) {
		out = append(out, fmt.Sprintf("it was about %s and would be about %s", scope(old.Filter), scope(r.Filter)))
	}
	if before, after := takes(old.Acts), takes(r.Acts); before != after {
		out = append(out, fmt.Sprintf("it %s and by the plan %s", before, after))
	}
	if len(out) == 0 {
		return "other rules took it later, or not at all"
	}
	return strings.Join(out, ", ")
}

func cover(r gate.LifecycleRule) string {
	if !r.Active {
		return "disabled"
	}
	return takes(r.Acts) + " " + scope(r.Filter)
}

// scope says what a filter is about.
func scope(f gate.Filter) string {
	var parts []string
	if f.Prefix != "" {
		parts = append(parts, "prefix "+f.Prefix)
	}
	for _, k := range slices.Sorted(maps.Keys(f.Tags)) {
		parts = append(parts, "tag "+k+"="+f.Tags[k])
	}
	if f.Over > 0 {
		parts = append(parts, "more than "+size(f.Over))
	}
	if f.Under > 0 {
		parts = append(parts, "less than "+size(f.Under))
	}
	if len(parts) == 0 {
		return "the whole bucket"
	}
	return strings.Join(parts, " and ")
}

// takes says what steps do.
func takes(steps []gate.LifecycleStep) string {
	var out []string
	for _, s := range steps {
		text := s.Does
		switch {
		case !s.Date.IsZero():
			text += " from " + s.Date.UTC().Format(time.DateOnly)
		case s.Days == 0:
			text += " at once"
		default:
			text += " after " + gate.Count(s.Days, "day")
		}
		if s.Keep > 0 {
			text += fmt.Sprintf(" but for the newest %d", s.Keep)
		}
		if s.Class != "" {
			text += " to " + s.Class
		}
		out = append(out, text)
	}
	if len(out) == 0 {
		return "takes nothing"
	}
	return strings.Join(out, " and ")
}

func size(n int64) string {
	units := []string{"B", "KiB", "MiB", "GiB", "TiB", "PiB"}
	v, i := float64(n), 0
	for v >= 1024 && i < len(units)-1 {
		v, i = v/1024, i+1
	}
	if i == 0 {
		return fmt.Sprintf("%d B", n)
	}
	return fmt.Sprintf("%.1f %s", v, units[i])
}
