package aws

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"sync"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	s3types "github.com/aws/aws-sdk-go-v2/service/s3/types"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/holdfast-gate/holdfast/gate"
)

// A site is a region that buckets are in. A bucket is in one, and need not be in
// that of the provider that manages it.
type site struct {
	region string
	client *s3.Client
}

// A bucketRead is one bucket being read.
type bucketRead struct {
	*reading
	name string

	mu      sync.Mutex
	at      *site
	there   bool // some call said so
	missing bool // some call said that nobody has a bucket of that name
	store   gate.DataStore
	samples []gate.Sample
	current map[string]int // objects that the versions below a prefix show; without an entry they were not read
}

// sites are the clients made so far, by region; buckets share them, so that
// they share the limits too.
type sites struct {
	mu  sync.Mutex
	all map[string]*site
}

func (s *sites) in(r *reading, region string) *site {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.all == nil {
		s.all = map[string]*site{}
	}
	if s.all[region] == nil {
		client := s3.NewFromConfig(r.settings(region, wholeXML), func(o *s3.Options) {
			// A server of somebody else has no name for each bucket.
			o.UsePathStyle = o.BaseEndpoint != nil
			o.DisableLogOutputChecksumValidationSkipped = true
		})
		s.all[region] = &site{region, client}
	}
	return s.all[region]
}

// readBuckets reads every bucket that a source was asked about, and all of the
// account where it was asked who copies to whom.
func (r *reading) readBuckets(ctx context.Context) {
	all := &sites{}
	var names []string
	for _, source := range bucketSources() {
		for _, about := range r.about(source) {
			name, _, _ := strings.Cut(about, "/")
			names = append(names, name)
		}
	}
	slices.Sort(names)
	reads := map[string]*bucketRead{}
	for _, name := range slices.Compact(names) {
		reads[name] = &bucketRead{reading: r, name: name, at: all.in(r, r.region), current: map[string]int{}}
	}
	var fs []func()
	for _, b := range reads {
		fs = append(fs, func() { b.read(ctx, all) })
	}
	together(fs...)
	r.readCopiers(ctx, all, reads)
	for _, b := range reads {
		b.keep()
	}
}

func bucketSources() []string {
	return []string{gate.SourceLifecycle, gate.SourceVersioning, gate.SourceLock, gate.SourceReplicas, gate.SourceBuckets, gate.SourceObjects, gate.SourceVersions, gate.SourceStorage}
}

// wants is a source that was asked about this bucket; nil if it was not.
func (b *bucketRead) wants(source string) *source {
	for _, about := range b.about(source) {
		if name, _, _ := strings.Cut(about, "/"); name == b.name {
			return b.extra[source]
		}
	}
	return nil
}

// read asks for the settings first, which say in which region the bucket is and
// whether there are versions, and then for what is in it.
func (b *bucketRead) read(ctx context.Context, all *sites) {
	b.store = gate.DataStore{Kind: gate.KindBucket, ID: b.name, Region: b.region, Facts: map[string]string{}, Holds: &gate.Holding{},
		Observed: []gate.Observation{{Source: gate.SourceLifecycle, Field: "s3.Bucket", Raw: "exists", Phase: gate.Steady, Serving: gate.ServingYes, Opinion: true}}}
	b.readRules(ctx, all)
	together(
		func() { b.readVersioning(ctx, all) },
		func() { b.readLock(ctx, all) },
		func() { b.readReplicas(ctx, all) },
	)
	together(
		func() { b.readObjects(ctx, all) },
		func() { b.readVersions(ctx, all) },
		func() { b.readStorage(ctx) },
	)
	b.agree()
}

// keep hands over the bucket, if there is one.
func (b *bucketRead) keep() {
	if b.gone() {
		return
	}
	b.store.Facts["region"] = b.where().region
	slices.SortFunc(b.samples, func(a, c gate.Sample) int { return strings.Compare(a.Prefix, c.Prefix) })
	b.store.Holds.Samples = b.samples
	b.hold(b.store)
}

// gone reports whether nobody has the bucket.
func (b *bucketRead) gone() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.missing && !b.there
}

// where is the region that the bucket is in, as far as it is known.
func (b *bucketRead) where() *site {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.at
}

// call makes one call about the bucket, where the bucket is: a server that is
// not in its region says which one it is in. It reports whether there is an
// answer; a bucket that nobody has, and a setting that a bucket has not, are
// none and no fault.
func (b *bucketRead) call(ctx context.Context, s *source, action string, all *sites, none string, do func(context.Context, *site) error) bool {
	for range 2 {
		at := b.where()
		err := do(s.ctx(ctx), at)
		region := movedTo(err)
		switch {
		case err == nil:
			b.mu.Lock()
			b.there = true
			b.mu.Unlock()
			s.got()
			return true
		case region != "" && region != at.region:
			b.mu.Lock()
			b.at = all.in(b.reading, region)
			b.mu.Unlock()
			continue
		case codeOf(err) == "NoSuchBucket":
			b.mu.Lock()
			b.missing = true
			b.mu.Unlock()
			s.got()
			return false
		case none != "" && codeOf(err) == none:
			b.mu.Lock()
			b.there = true
			b.mu.Unlock()
			s.got()
			return false
		}
		s.fail(aboutBucket(explain(ctx, action, at.region, err), b.name))
		return false
	}
	// Each of two regions says that the bucket is in the other.
	s.fail(fault{gate.ProblemFailed, action + " did not find the region of bucket " + b.name + ": try again"})
	return false
}

// movedTo is the region that an answer sends to, empty if it sends nowhere.
func movedTo(err error) string {
	var answer *smithyhttp.ResponseError
	if err == nil || !errors.As(err, &answer) || answer.Response == nil || answer.HTTPStatusCode() == http.StatusNotFound {
		return ""
	}
	if answer.HTTPStatusCode() != http.StatusMovedPermanently && codeOf(err) != "AuthorizationHeaderMalformed" && codeOf(err) != "IllegalLocationConstraintException" {
		return ""
	}
	return answer.Response.Header.Get("X-Amz-Bucket-Region")
}

func aboutBucket(f fault, name string) fault {
	f.text += ", for bucket " + name
	return f
}

func (b *bucketRead) readVersioning(ctx context.Context, all *sites) {
	s := b.wants(gate.SourceVersioning)
	if s == nil {
		return
	}
	b.call(ctx, s, "s3:GetBucketVersioning", all, "", func(ctx context.Context, at *site) error {
		out, err := at.client.GetBucketVersioning(ctx, &s3.GetBucketVersioningInput{Bucket: &b.name})
		if err == nil {
			b.fact("versioning", string(out.Status))
		}
		return err
	})
}

func (b *bucketRead) readLock(ctx context.Context, all *sites) {
	s := b.wants(gate.SourceLock)
	if s == nil {
		return
	}
	ok := b.call(ctx, s, "s3:GetBucketObjectLockConfiguration", all, "ObjectLockConfigurationNotFoundError", func(ctx context.Context, at *site) error {
		out, err := at.client.GetObjectLockConfiguration(ctx, &s3.GetObjectLockConfigurationInput{Bucket: &b.name})
		if err == nil && out.ObjectLockConfiguration != nil {
			b.fact("object_lock", string(out.ObjectLockConfiguration.ObjectLockEnabled))
		}
		return err
	})
	if !ok && s.whole() {
		b.fact("object_lock", "")
	}
}

// fact notes a setting; one that a bucket never had is "off".
func (b *bucketRead) fact(name, value string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if value == "" {
		value = "off"
	}
	b.store.Facts[name] = value
}

// known is a setting that was read, empty if it was not.
func (b *bucketRead) known(name string) string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.store.Facts[name]
}

func (b *bucketRead) readReplicas(ctx context.Context, all *sites) {
	s := b.wants(gate.SourceReplicas)
	if s == nil {
		return
	}
	links := b.replicas(ctx, s, all)
	b.mu.Lock()
	defer b.mu.Unlock()
	b.store.Links = append(b.store.Links, links...)
}

// replicas are where the bucket's own rules copy it to.
func (b *bucketRead) replicas(ctx context.Context, s *source, all *sites) []gate.Link {
	var links []gate.Link
	b.call(ctx, s, "s3:GetReplicationConfiguration", all, "ReplicationConfigurationNotFoundError", func(ctx context.Context, at *site) error {
		out, err := at.client.GetBucketReplication(ctx, &s3.GetBucketReplicationInput{Bucket: &b.name})
		if err == nil && out.ReplicationConfiguration != nil {
			for _, r := range out.ReplicationConfiguration.Rules {
				links = append(links, replica(r))
			}
		}
		return err
	})
	return links
}

func replica(r s3types.ReplicationRule) gate.Link {
	l := gate.Link{To: "peer", Kind: gate.LinkBucket, State: string(r.Status), Active: gate.Yes}
	if r.Destination != nil {
		l.Peer = bucketName(sdk.ToString(r.Destination.Bucket))
	}
	// A status that nobody knows may be one in which it copies.
	if r.Status == s3types.ReplicationRuleStatusDisabled {
		l.Active = gate.No
	}
	// Rules of the first version have no filter, and copy delete markers too.
	markers := r.Filter == nil
	if r.DeleteMarkerReplication != nil {
		markers = r.DeleteMarkerReplication.Status == s3types.DeleteMarkerReplicationStatusEnabled
	}
	l.Detail = "rule " + sdk.ToString(r.ID)
	if markers {
		l.Detail += " with delete markers"
	}
	return l
}

// bucketName is the name in a bucket's ARN, "arn:aws:s3:::files".
func bucketName(arn string) string { return arn[strings.LastIndex(arn, ":")+1:] }

// maxBuckets is how many buckets of the account are asked for their replication
// at most.
const maxBuckets = 500

// readCopiers looks for the buckets that copy to those asked about. There is no
// call for it: every bucket of the account is asked, and those of other
// accounts cannot be.
func (r *reading) readCopiers(ctx context.Context, all *sites, reads map[string]*bucketRead) {
	s := r.extra[gate.SourceBuckets]
	if s == nil {
		return
	}
	names, ok := r.allBuckets(ctx, s, all)
	if !ok {
		return
	}
	if len(names) > maxBuckets {
		// Those that are not asked may copy to it.
		s.fail(fault{gate.ProblemPartial, "the account has more buckets than this version asks for their replication: look for rules that copy to the bucket by hand"})
		return
	}
	var mu sync.Mutex
	each(names, func(name string) {
		other := &bucketRead{reading: r, name: name, at: all.in(r, r.region)}
		for _, l := range other.replicas(ctx, s, all) {
			to := reads[l.Peer]
			if to == nil || !slices.Contains(r.about(gate.SourceBuckets), l.Peer) {
				continue
			}
			l.To, l.Peer = "store", name
			mu.Lock()
			to.store.Links = append(to.store.Links, l)
			mu.Unlock()
		}
	})
}

func (r *reading) allBuckets(ctx context.Context, s *source, all *sites) (names []string, ok bool) {
	at := all.in(r, r.region)
	var token *string
	seen := map[string]bool{}
	for {
		out, err := at.client.ListBuckets(s.ctx(ctx), &s3.ListBucketsInput{ContinuationToken: token})
		if err == nil && seen[sdk.ToString(out.ContinuationToken)] {
			err = errSamePage
		}
		if err != nil {
			s.fail(explain(ctx, "s3:ListAllMyBuckets", r.region, err))
			return nil, false
		}
		s.got()
		for _, b := range out.Buckets {
			names = append(names, sdk.ToString(b.Name))
		}
		if token = out.ContinuationToken; sdk.ToString(token) == "" {
			return names, true
		}
		seen[*token] = true
	}
}
