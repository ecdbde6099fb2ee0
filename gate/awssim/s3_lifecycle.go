package awssim

import (
	"encoding/xml"
	"slices"
	"strings"
	"time"
)

const day = 24 * time.Hour

// nightly lets S3 run the rules of every bucket at each midnight UTC from now
// on, to the end of the World.
func (w *World) nightly() {
	if w.runs {
		return
	}
	w.runs = true
	w.tonight()
}

func (w *World) tonight() {
	midnight := w.clock.now.Truncate(day).Add(day)
	w.after(midnight.Sub(w.clock.now), func() {
		for _, b := range sorted(w.buckets) {
			b.night(w, midnight)
		}
		w.tonight()
	})
}

// lifecycle is as much of a configuration as the World acts on.
type lifecycle struct {
	Rule []struct {
		Status string
		Prefix string
		Filter struct {
			Prefix string
			And    *struct{ Prefix string }
			Tag    *struct{ Key string }
		}
		Expiration struct {
			Days int
			Date string
		}
		NoncurrentVersionExpiration struct {
			NoncurrentDays          int
			NewerNoncurrentVersions int
		}
		Transition []struct {
			Days         int
			StorageClass string
		}
	}
}

// night is one run of a bucket's rules. The World keeps no tags of objects, so
// that a rule about tags finds none.
func (b *bucket) night(w *World, midnight time.Time) {
	var l lifecycle
	if xml.Unmarshal(b.settings["lifecycle"], &l) != nil {
		return
	}
	for _, r := range l.Rule {
		if r.Status != "Enabled" || r.Filter.Tag != nil {
			continue
		}
		prefix := r.Prefix + r.Filter.Prefix
		if r.Filter.And != nil {
			prefix = r.Filter.And.Prefix
		}
		due := func(at time.Time, days int) bool {
			return !at.Truncate(day).Add(time.Duration(days+1) * day).After(midnight)
		}
		for _, key := range keys(b.objects) {
			if !strings.HasPrefix(key, prefix) {
				continue
			}
			o := b.objects[key]
			for _, t := range r.Transition {
				if due(o.at, t.Days) {
					o.class = t.StorageClass
					b.objects[key] = o
				}
			}
			date, err := time.Parse(time.RFC3339, r.Expiration.Date)
			if r.Expiration.Days > 0 && due(o.at, r.Expiration.Days) || err == nil && !date.After(midnight) {
				b.bury(w, key)
			}
		}
		if days := r.NoncurrentVersionExpiration.NoncurrentDays; days > 0 {
			b.forget(prefix, r.NoncurrentVersionExpiration.NewerNoncurrentVersions, func(since time.Time) bool { return due(since, days) })
		}
	}
}

// forget deletes versions that are due, but for the newest of each key.
func (b *bucket) forget(prefix string, keep int, due func(time.Time) bool) {
	for _, key := range keys(b.old) {
		if !strings.HasPrefix(key, prefix) {
			continue
		}
		newer := time.Time{}
		if o, there := b.objects[key]; there {
			newer = o.at
		}
		kept := 0
		b.old[key] = slices.DeleteFunc(slices.Clone(b.old[key]), func(v version) bool {
			since := newer
			newer = v.at
			if v.marker {
				return false
			}
			kept++
			return kept > keep && due(since)
		})
	}
}
