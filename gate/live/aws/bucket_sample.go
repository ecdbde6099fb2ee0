package aws

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/holdfast-gate/holdfast/gate"
)

// samplePages bounds how much of one prefix is listed: ten pages of a thousand
// keys (aws-semantics 5.1). What is not looked at may be anything.
const samplePages = 10

// prefixes are those below which a source was asked to look.
func (b *bucketRead) prefixes(source string) []string {
	var out []string
	for _, about := range b.about(source) {
		if name, prefix, _ := strings.Cut(about, "/"); name == b.name {
			out = append(out, prefix)
		}
	}
	return out
}

// sampled adds what was seen below a prefix.
func (b *bucketRead) sampled(prefix string, set func(*gate.Sample)) {
	b.mu.Lock()
	defer b.mu.Unlock()
	i := slices.IndexFunc(b.samples, func(s gate.Sample) bool { return s.Prefix == prefix })
	if i < 0 {
		b.samples = append(b.samples, gate.Sample{Prefix: prefix})
		i = len(b.samples) - 1
	}
	set(&b.samples[i])
}

func (b *bucketRead) readObjects(ctx context.Context, all *sites) {
	s := b.wants(gate.SourceObjects)
	if s == nil {
		return
	}
	each(b.prefixes(gate.SourceObjects), func(prefix string) {
		var ages ages
		var token *string
		read := b.sample(ctx, s, "s3:ListBucket", all, func(ctx context.Context, at *site) (more bool, err error) {
			in := &s3.ListObjectsV2Input{Bucket: &b.name, Prefix: &prefix, ContinuationToken: token}
			if b.o.PageSize > 0 {
				in.MaxKeys = &b.o.PageSize
			}
			out, err := at.client.ListObjectsV2(ctx, in)
			switch {
			case err != nil:
				return false, err
			case sdk.ToString(out.Name) != b.name || sdk.ToString(out.Prefix) != prefix:
				return false, noAnswer{"it is about another bucket or prefix"}
			case sdk.ToBool(out.IsTruncated) && (sdk.ToString(out.NextContinuationToken) == "" || sdk.ToString(out.NextContinuationToken) == sdk.ToString(token)):
				return false, errSamePage
			}
			for _, o := range out.Contents {
				ages.add(sdk.ToTime(o.LastModified), sdk.ToInt64(o.Size))
			}
			token = out.NextContinuationToken
			return sdk.ToBool(out.IsTruncated), nil
		})
		b.sampled(prefix, func(s *gate.Sample) { s.Objects = ages.end(read) })
	})
}

// readVersions looks at the versions that are not current. A bucket that never
// had versioning has none.
func (b *bucketRead) readVersions(ctx context.Context, all *sites) {
	s := b.wants(gate.SourceVersions)
	if s == nil {
		return
	}
	each(b.prefixes(gate.SourceVersions), func(prefix string) {
		if b.known("versioning") == "off" {
			s.got()
			b.sampled(prefix, func(s *gate.Sample) { s.Noncurrent = (&ages{}).end(whole) })
			return
		}
		var ages ages
		var key, version *string
		var newer entry
		current := 0
		read := b.sample(ctx, s, "s3:ListBucketVersions", all, func(ctx context.Context, at *site) (more bool, err error) {
			in := &s3.ListObjectVersionsInput{Bucket: &b.name, Prefix: &prefix, KeyMarker: key, VersionIdMarker: version}
			if b.o.PageSize > 0 {
				in.MaxKeys = &b.o.PageSize
			}
			out, err := at.client.ListObjectVersions(ctx, in)
			switch {
			case err != nil:
				return false, err
			case sdk.ToString(out.Name) != b.name || sdk.ToString(out.Prefix) != prefix:
				return false, noAnswer{"it is about another bucket or prefix"}
			case sdk.ToBool(out.IsTruncated) && (sdk.ToString(out.NextKeyMarker) == "" || sdk.ToString(out.NextKeyMarker) == sdk.ToString(key) && sdk.ToString(out.NextVersionIdMarker) == sdk.ToString(version)):
				return false, errSamePage
			}
			for _, e := range entries(out) {
				if !e.latest && !e.marker {
					// It is noncurrent since the next newer one came.
					since := e.at
					if newer.key == e.key {
						since = newer.at
					}
					ages.add(since, e.size)
				}
				if e.latest && !e.marker {
					current++
				}
				newer = e
			}
			key, version = out.NextKeyMarker, out.NextVersionIdMarker
			return sdk.ToBool(out.IsTruncated), nil
		})
		b.sampled(prefix, func(s *gate.Sample) {
			if s.Noncurrent = ages.end(read); read != failed {
				b.current[prefix] = current
			}
		})
	})
}

// agree marks as read in part the list that shows nothing below a prefix where
// the other list of the same bucket shows objects: both are of the same moment (S3
// User Guide, "Amazon S3 data consistency model"), so one of them is not whole.
func (b *bucketRead) agree() {
	for i := range b.samples {
		s := &b.samples[i]
		current, read := b.current[s.Prefix]
		contradicts := func(source, other string) {
			b.extra[source].fail(fault{gate.ProblemPartial, source + " in " + b.where().region + " shows nothing in bucket " + b.name + ", and " + other + " shows objects there: try again in a minute"})
		}
		switch {
		case !read:
		case s.Objects.Empty() && current > 0:
			s.Objects.Whole = false
			contradicts(gate.SourceObjects, gate.SourceVersions)
		case s.Objects.Count() > 0 && current == 0 && s.Noncurrent.Whole:
			s.Noncurrent.Whole = false
			contradicts(gate.SourceVersions, gate.SourceObjects)
		}
	}
}

// An entry is a version or a delete marker.
type entry struct {
	key            string
	at             time.Time
	size           int64
	latest, marker bool
}

// entries are those of one page, by key, the newest of each first: the order in
// which S3 lists them.
func entries(out *s3.ListObjectVersionsOutput) []entry {
	var all []entry
	for _, v := range out.Versions {
		all = append(all, entry{sdk.ToString(v.Key), sdk.ToTime(v.LastModified), sdk.ToInt64(v.Size), sdk.ToBool(v.IsLatest), false})
	}
	for _, m := range out.DeleteMarkers {
		all = append(all, entry{sdk.ToString(m.Key), sdk.ToTime(m.LastModified), 0, sdk.ToBool(m.IsLatest), true})
	}
	slices.SortStableFunc(all, func(a, b entry) int {
		latest := 0
		if a.latest != b.latest {
			latest = 1
			if a.latest {
				latest = -1
			}
		}
		return cmp.Or(strings.Compare(a.key, b.key), latest, b.at.Compare(a.at))
	})
	return all
}

// How far a sample got.
type extent int

const (
	failed extent = iota
	part
	whole
)

// sample reads pages until there are no more or enough were read.
func (b *bucketRead) sample(ctx context.Context, s *source, action string, all *sites, page func(context.Context, *site) (bool, error)) extent {
	for range samplePages {
		more := false
		ok := b.call(ctx, s, action, all, "", func(ctx context.Context, at *site) (err error) {
			more, err = page(ctx, at)
			return err
		})
		switch {
		case !ok && b.gone():
			return whole
		case !ok:
			return failed
		case !more:
			return whole
		}
	}
	return part
}

// ages gathers objects by day.
type ages struct{ days map[time.Time]*gate.Day }

func (a *ages) add(at time.Time, size int64) {
	if a.days == nil {
		a.days = map[time.Time]*gate.Day{}
	}
	day := at.UTC().Truncate(24 * time.Hour)
	d := a.days[day]
	if d == nil {
		d = &gate.Day{Day: day, Smallest: size, Largest: size}
		a.days[day] = d
	}
	d.Count++
	d.Bytes += size
	d.Smallest, d.Largest = min(d.Smallest, size), max(d.Largest, size)
}

func (a *ages) end(read extent) gate.Ages {
	out := gate.Ages{Whole: read == whole}
	if read != failed {
		out.Read = gate.Yes
	}
	for _, d := range a.days {
		out.Days = append(out.Days, *d)
	}
	slices.SortFunc(out.Days, func(x, y gate.Day) int { return x.Day.Compare(y.Day) })
	return out
}
