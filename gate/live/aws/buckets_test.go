package aws_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/holdfast-gate/holdfast/gate"
	"github.com/holdfast-gate/holdfast/gate/awssim"
	"github.com/holdfast-gate/holdfast/gate/live"
	"github.com/holdfast-gate/holdfast/gate/live/aws"
)

const tmpRule = `<LifecycleConfiguration><Rule><ID>tmp</ID><Status>Enabled</Status><Filter><Prefix>tmp/</Prefix></Filter><Expiration><Days>30</Days></Expiration>` +
	`<NoncurrentVersionExpiration><NoncurrentDays>7</NoncurrentDays></NoncurrentVersionExpiration></Rule></LifecycleConfiguration>`

// tell writes a setting of a bucket, as the console does.
func tell(t *testing.T, w *awssim.World, region, path, body string) {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPut, "http://aws/"+path, strings.NewReader(body))
	r.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=console/20261122/"+region+"/s3/aws4_request, ")
	answer := httptest.NewRecorder()
	if w.ServeHTTP(answer, r); answer.Code != http.StatusOK {
		t.Fatalf("%s: %d %s", path, answer.Code, answer.Body)
	}
}

// files is a bucket with 12 recordings of last year, 3 of this week and a rule
// about something else.
func files(t *testing.T, s *sim, region string) {
	t.Helper()
	s.CreateBucket(region, "files")
	s.FillBucket("files", "recordings/", 12, 2048, 400*24*time.Hour)
	s.FillBucket("files", "recordings/new/", 3, 100, 3*24*time.Hour)
	tell(t, s.World, region, "files?lifecycle", tmpRule)
}

// ask is what a check asks about the bucket files.
func ask(prefixes ...string) live.Want {
	w := live.Want{Asked: map[string][]string{}}
	for _, source := range []string{gate.SourceLifecycle, gate.SourceVersioning, gate.SourceLock, gate.SourceReplicas, gate.SourceStorage} {
		w.Asked[source] = []string{"files"}
	}
	for _, p := range append(prefixes, "") {
		w.Asked[gate.SourceObjects] = append(w.Asked[gate.SourceObjects], "files/"+p)
		w.Asked[gate.SourceVersions] = append(w.Asked[gate.SourceVersions], "files/"+p)
	}
	return w
}

func collect(t *testing.T, s *sim, w live.Want) *gate.Snapshot {
	t.Helper()
	return live.Read(t.Context(), s.Now, s.collector, map[string]live.Want{"us-east-1": w})
}

func row(t *testing.T, s *gate.Snapshot, name string) gate.Source {
	t.Helper()
	for _, src := range s.Sources {
		if src.Name == name {
			return src
		}
	}
	t.Fatalf("no row for %s", name)
	return gate.Source{}
}

func TestBucketIsReadWithWhatItHolds(t *testing.T) {
	s := newSim(t, aws.Options{PageSize: 4})
	files(t, s, "us-east-1")
	got := collect(t, s, ask("tmp/"))
	for _, src := range got.Sources {
		if !src.Complete {
			t.Errorf("%s: %s", src.Name, src.Err)
		}
	}
	b, ok := got.DataStore(gate.KindBucket, "us-east-1", "files")
	if !ok {
		t.Fatal("the bucket is not in the snapshot")
	}
	if len(b.Holds.Rules) != 1 || !b.Holds.Rules[0].Active || b.Holds.Rules[0].Filter.Prefix != "tmp/" || len(b.Holds.Rules[0].Acts) != 2 || b.Holds.Rules[0].Acts[0].Days != 30 {
		t.Errorf("rules: got %+v", b.Holds.Rules)
	}
	if b.Facts["versioning"] != "off" || b.Facts["object_lock"] != "off" {
		t.Errorf("facts: got %v", b.Facts)
	}
	if len(b.Holds.Samples) != 2 {
		t.Fatalf("samples: got %+v, want one of the bucket and one of tmp/", b.Holds.Samples)
	}
	all, tmp := b.Holds.Samples[0], b.Holds.Samples[1]
	if all.Objects.Count() != 15 || !all.Objects.Whole || len(all.Objects.Days) != 2 || all.Objects.Days[0].Bytes != 12*2048 || !all.Noncurrent.Empty() {
		t.Errorf("sample: got %+v", all)
	}
	if tmp.Prefix != "tmp/" || !tmp.Objects.Empty() || !tmp.Noncurrent.Empty() {
		t.Errorf("sample of tmp/: got %+v, want it empty and whole", tmp)
	}
	if u := b.Holds.Usage; u == nil || u.Objects != 15 || u.Bytes != 12*2048+300 {
		t.Errorf("usage: got %+v", u)
	}
	if out, err := json.Marshal(got); err != nil || bytes.Contains(out, []byte("recordings")) {
		t.Errorf("a key is in the snapshot, or it cannot be written: %v", err)
	}
}

func TestSampleIsBounded(t *testing.T) {
	s := newSim(t, aws.Options{PageSize: 1})
	files(t, s, "us-east-1")
	got := collect(t, s, ask())
	b, _ := got.DataStore(gate.KindBucket, "us-east-1", "files")
	if o := b.Holds.Samples[0].Objects; o.Whole || o.Read != gate.Yes || o.Count() != 10 {
		t.Errorf("got %+v, want ten pages and no claim that this is all", o)
	}
	if n := row(t, got, gate.SourceObjects).Calls; n != 10 {
		t.Errorf("calls: got %d, want 10", n)
	}
}

// A version is noncurrent since its successor came, across pages too.
func TestNoncurrentVersionsAgeFromTheirSuccessor(t *testing.T) {
	for _, size := range []int32{0, 1} {
		s := newSim(t, aws.Options{PageSize: size})
		s.CreateBucket("us-east-1", "files")
		tell(t, s.World, "us-east-1", "files?versioning", "<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>")
		s.PutObject("files", "a", []byte("1"))
		s.Advance(10 * 24 * time.Hour)
		s.PutObject("files", "a", []byte("2"))
		s.Advance(48 * time.Hour)
		b, _ := collect(t, s, ask()).DataStore(gate.KindBucket, "us-east-1", "files")
		n := b.Holds.Samples[0].Noncurrent
		if len(n.Days) != 1 || !n.Whole || !n.Days[0].Day.Equal(noon.AddDate(0, 0, 10).Truncate(24*time.Hour)) {
			t.Errorf("page of %d: got %+v, want one version, of the day its successor came", size, n)
		}
	}
}

// The rules of a bucket in another region than the provider's are read there.
func TestBucketInAnotherRegion(t *testing.T) {
	s := newSim(t, aws.Options{})
	files(t, s, "eu-west-1")
	got := collect(t, s, ask())
	b, ok := got.DataStore(gate.KindBucket, "us-east-1", "files")
	if !ok || b.Facts["region"] != "eu-west-1" || len(b.Holds.Rules) != 1 || b.Holds.Usage == nil {
		t.Errorf("got %v, %+v, want it as it is in eu-west-1", ok, b)
	}
	for _, src := range got.Sources {
		if !src.Complete {
			t.Errorf("%s: %s", src.Name, src.Err)
		}
	}
}

func TestBucketThatIsNotThere(t *testing.T) {
	s := newSim(t, aws.Options{})
	got := collect(t, s, ask())
	if len(got.DataStores) != 0 || !row(t, got, gate.SourceLifecycle).Complete {
		t.Errorf("got %+v, %+v, want no store, for sure", got.DataStores, row(t, got, gate.SourceLifecycle))
	}
}

func TestWithoutRulesNothingIsTaken(t *testing.T) {
	s := newSim(t, aws.Options{})
	s.CreateBucket("us-east-1", "files")
	got := collect(t, s, ask())
	b, ok := got.DataStore(gate.KindBucket, "us-east-1", "files")
	if !ok || len(b.Holds.Rules) != 0 || !row(t, got, gate.SourceLifecycle).Complete || !b.Holds.Samples[0].Objects.Empty() {
		t.Errorf("got %+v", b)
	}
}

// Each missing permission makes its own source incomplete, names the action of
// IAM, and no other.
func TestEachPermissionOfBuckets(t *testing.T) {
	for action, source := range map[string]string{
		"s3.GetBucketLifecycleConfiguration": gate.SourceLifecycle, "s3.GetBucketVersioning": gate.SourceVersioning, "s3.GetObjectLockConfiguration": gate.SourceLock,
		"s3.GetBucketReplication": gate.SourceReplicas, "s3.ListObjectsV2": gate.SourceObjects, "s3.ListObjectVersions": gate.SourceVersions, "monitoring.GetMetricData": gate.SourceStorage,
	} {
		s := newSim(t, aws.Options{})
		files(t, s, "us-east-1")
		tell(t, s.World, "us-east-1", "files?versioning", "<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>")
		s.Deny(action)
		got := collect(t, s, ask())
		for _, src := range got.Sources {
			want := src.Name != source
			if src.Complete != want {
				t.Errorf("%s denied: %s: got complete %v (%s)", action, src.Name, src.Complete, src.Err)
			}
			if !src.Complete && (src.Problem != gate.ProblemDenied || !strings.Contains(src.Err, "allow "+gate.Permissions(source)[0])) {
				t.Errorf("%s denied: got %q, %q, want the action named", action, src.Problem, src.Err)
			}
		}
	}
}

func TestBucketThrottledAndPartial(t *testing.T) {
	s := newSim(t, aws.Options{PageSize: 4, Attempts: 2, Backoff: time.Millisecond})
	files(t, s, "us-east-1")
	s.Throttle("s3.ListObjectsV2", -1)
	s.FailPage("s3.ListObjectVersions", 2, awssim.Failure{Code: "InternalError", Status: http.StatusInternalServerError})
	tell(t, s.World, "us-east-1", "files?versioning", "<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>")
	got := collect(t, s, ask())
	if r := row(t, got, gate.SourceObjects); r.Complete || r.Problem != gate.ProblemThrottled {
		t.Errorf("throttled: got %+v", r)
	}
	if r := row(t, got, gate.SourceVersions); r.Complete || r.Problem != gate.ProblemPartial {
		t.Errorf("partial: got %+v", r)
	}
	b, _ := got.DataStore(gate.KindBucket, "us-east-1", "files")
	for _, sample := range b.Holds.Samples {
		if sample.Objects.Read == gate.Yes || sample.Objects.Whole || sample.Noncurrent.Whole {
			t.Errorf("got %+v, want no claim", sample)
		}
	}
}

// There is no call that says who copies to a bucket: all of the account's are
// asked.
func TestWhoCopiesToABucket(t *testing.T) {
	s := newSim(t, aws.Options{})
	s.SetPageSize(1)
	files(t, s, "us-east-1")
	s.CreateBucket("eu-west-1", "source")
	tell(t, s.World, "eu-west-1", "source?replication", `<ReplicationConfiguration><Role>r</Role><Rule><ID>all</ID><Status>Enabled</Status><Filter><Prefix></Prefix></Filter>`+
		`<DeleteMarkerReplication><Status>Enabled</Status></DeleteMarkerReplication><Destination><Bucket>arn:aws:s3:::files</Bucket></Destination></Rule></ReplicationConfiguration>`)
	w := live.Want{Asked: map[string][]string{gate.SourceBuckets: {"files"}, gate.SourceReplicas: {"files"}}}
	got := collect(t, s, w)
	b, _ := got.DataStore(gate.KindBucket, "us-east-1", "files")
	if len(b.Links) != 1 || b.Links[0].To != "store" || b.Links[0].Peer != "source" || b.Links[0].Active != gate.Yes || b.Links[0].Detail != "rule all with delete markers" {
		t.Errorf("got %+v, %+v", b.Links, row(t, got, gate.SourceBuckets))
	}
}

// What the rules do at night is what the World shows afterwards.
func TestRulesRunAtMidnight(t *testing.T) {
	s := newSim(t, aws.Options{})
	files(t, s, "us-east-1")
	s.FillBucket("files", "tmp/", 2, 1, 40*24*time.Hour)
	s.Advance(11 * time.Hour)
	if n := len(s.Objects("files")); n != 17 {
		t.Errorf("before midnight: got %d objects, want 17", n)
	}
	s.Advance(2 * time.Hour)
	if n := len(s.Objects("files")); n != 15 {
		t.Errorf("after midnight: got %d objects, want 15", n)
	}
	tell(t, s.World, "us-east-1", "files?lifecycle", strings.Replace(tmpRule, "tmp/", "", 1))
	s.Advance(24 * time.Hour)
	if n := len(s.Objects("files")); n != 3 {
		t.Errorf("without the filter: got %d objects, want the 3 new ones", n)
	}
}
