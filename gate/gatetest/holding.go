package gatetest

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/holdfast-gate/holdfast/gate"
)

// holding reads a line about what a bucket holds.
func (c *builder) holding(word string, f *fields) error {
	s := c.in.Snapshot
	i := slices.IndexFunc(s.DataStores, func(d gate.DataStore) bool { return d.ID == f.arg(0) })
	if i < 0 {
		return fmt.Errorf("no store %q", f.arg(0))
	}
	d := &s.DataStores[i]
	if d.Holds == nil {
		d.Holds = &gate.Holding{}
	}
	switch word {
	case "rule":
		d.Holds.Rules = append(d.Holds.Rules, liveRule(f))
	case "usage":
		n, err := strconv.ParseInt(f.arg(1), 10, 64)
		if err != nil {
			return err
		}
		d.Holds.Usage = &gate.Usage{Objects: n, Bytes: n << 10, At: now().Truncate(24 * time.Hour)}
	case "sample":
		sample := gate.Sample{Prefix: f.str("prefix", "")}
		part, unread := f.flag("part"), f.flag("unread")
		for name, ages := range map[string]*gate.Ages{"ages": &sample.Objects, "versions": &sample.Noncurrent} {
			if ages.Read, ages.Whole = gate.Yes, !part; unread {
				ages.Read, ages.Whole = gate.TriUnknown, false
			}
			for _, pair := range f.list(name) {
				var old, count int
				if _, err := fmt.Sscanf(strings.Replace(pair, ":", " ", 1), "%d %d", &old, &count); err != nil {
					return fmt.Errorf("%s %q: want DAYS:COUNT", name, pair)
				}
				at := now().Truncate(24*time.Hour).AddDate(0, 0, -old)
				ages.Days = append(ages.Days, gate.Day{Day: at, Count: count, Bytes: int64(count) << 10, Smallest: 1 << 10, Largest: 1 << 10})
			}
		}
		d.Holds.Samples = append(d.Holds.Samples, sample)
	}
	return f.unused()
}

func liveRule(f *fields) gate.LifecycleRule {
	r := gate.LifecycleRule{ID: f.arg(1), Active: !f.flag("disabled"), Filter: gate.Filter{Prefix: f.str("prefix", ""), Tags: f.pairs("tags"), Over: int64(f.num("over", 0)), Under: int64(f.num("under", 0))}}
	for name, does := range map[string]string{"expires": gate.StepExpire, "versions": gate.StepExpireVersions, "archives": gate.StepArchive} {
		if f.has(name) {
			s := gate.LifecycleStep{Does: does, Days: f.num(name, 0)}
			switch does {
			case gate.StepExpireVersions:
				s.Keep = f.num("keep", 0)
			case gate.StepArchive:
				s.Class = f.str("class", "GLACIER")
			}
			r.Acts = append(r.Acts, s)
		}
	}
	slices.SortFunc(r.Acts, func(a, b gate.LifecycleStep) int { return strings.Compare(a.Does, b.Does) })
	return r
}
