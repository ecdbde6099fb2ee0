package aws_test

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"runtime"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"

	"github.com/holdfast-gate/holdfast/gate"
	"github.com/holdfast-gate/holdfast/gate/awssim"
	"github.com/holdfast-gate/holdfast/gate/live"
	"github.com/holdfast-gate/holdfast/gate/live/aws"
)

// A census is an account of clusters, some of them groups and the others instances
// with a tag, among instances that no plan is about.
type census struct {
	clusters, perCluster, others int
	groups                       int // the first so many clusters are groups
}

func (c census) members() int { return c.clusters * c.perCluster }

// calls is how many find all of the clusters at most, without those about each
// group and about the status of each member, of which there are more.
func (c census) calls() int { return up(c.clusters, 200) + c.members()/1000 + up(c.groups, 100) }

func up(n, by int) int { return (n + by - 1) / by }

// build makes the account, and says what a plan that touches all of its
// clusters wants to know.
func (c census) build() (*awssim.World, live.Want) {
	w := awssim.New(noon)
	want := live.Want{Tags: []live.Tag{{Key: live.ClusterTag}}}
	for i := range c.clusters {
		name := fmt.Sprintf("c%03d", i)
		want.Tags[0].Values = append(want.Tags[0].Values, name)
		tags := map[string]string{live.ClusterTag: name}
		if i < c.groups {
			want.Groups = append(want.Groups, name)
			w.CreateGroup(awssim.GroupSpec{Region: here, Name: name, Max: c.perCluster, Desired: c.perCluster, Tags: tags, Type: "t3.micro", Image: "ami-1", Settled: true})
			continue
		}
		for range c.perCluster {
			want.Instances = append(want.Instances, w.RunInstance(awssim.InstanceSpec{Region: here, Type: "t3.micro", Image: "ami-1", Tags: tags, Age: time.Hour}))
		}
	}
	for range c.others {
		w.RunInstance(awssim.InstanceSpec{Region: here, Type: "t3.micro", Image: "ami-1", Tags: map[string]string{"Name": "other"}, Age: time.Hour})
	}
	return w, want
}

// limited has each service of a region answer as EC2 does whose token bucket
// is empty: 100 requests at once, and 20 a second (EC2 API throttling).
func limited(w *awssim.World) (throttled *int) {
	tokens, at, n := map[string]float64{}, map[string]time.Time{}, 0
	var mu sync.Mutex
	w.Intercept = func(r *awssim.Request) {
		mu.Lock()
		defer mu.Unlock()
		key, now := r.Service+" "+r.Region, time.Now()
		if _, known := tokens[key]; !known {
			tokens[key], at[key] = 100, now
		}
		tokens[key] = min(100, tokens[key]+20*now.Sub(at[key]).Seconds())
		if at[key] = now; tokens[key] < 1 {
			n++
			r.Failure = &awssim.Failure{Code: "RequestLimitExceeded", Message: "Request limit exceeded.", Status: http.StatusServiceUnavailable}
			return
		}
		tokens[key]--
	}
	return &n
}

// direct calls a World instead of a server, so that no time is lost on the way.
type direct struct{ *awssim.World }

// Do implements the SDK's HTTPClient.
func (d direct) Do(r *http.Request) (*http.Response, error) {
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	answer := httptest.NewRecorder()
	d.ServeHTTP(answer, r)
	return answer.Result(), nil
}

func (c census) read(tb testing.TB, w *awssim.World, want live.Want, touched live.Touched, client sdk.HTTPClient) *gate.Snapshot {
	tb.Helper()
	tb.Setenv("AWS_CA_BUNDLE", "")
	o := aws.Options{Now: w.Now, Load: append(settings("http://127.0.0.1"), config.WithHTTPClient(client))}
	snapshot := live.ReadTouched(tb.Context(), w.Now, aws.New(tb.Context(), o), map[string]live.Want{here: want}, touched)
	if got := len(snapshot.Members); got != c.members() {
		tb.Fatalf("got %d members, want %d", got, c.members())
	}
	for _, s := range snapshot.Sources {
		if !s.Complete {
			tb.Errorf("%s was not read: %s", s.Name, s.Err)
		}
	}
	return snapshot
}

// Five hundred clusters cost few calls, of which none is throttled, whatever
// else the account holds: those of all, and those of each group that is touched.
// The clock is synctest's.
func TestManyClustersCostFewCalls(t *testing.T) {
	c := census{clusters: 500, perCluster: 4, others: 500, groups: 50}
	for name, test := range map[string]struct {
		touched live.Touched
		groups  int
	}{
		"all are touched": {live.EveryGroup, c.groups},
		"few are touched": {touchesTwo, 2},
	} {
		t.Run(name, func(t *testing.T) { c.costs(t, test.touched, test.groups) })
	}
}

func (c census) costs(t *testing.T, touched live.Touched, groups int) {
	w, want := c.build()
	synctest.Test(t, func(t *testing.T) {
		throttled := limited(w)
		began := time.Now()
		c.read(t, w, want, touched, direct{w})
		calls := map[string]int{}
		for _, call := range w.Calls() {
			calls[call.Action]++
		}
		for action, most := range map[string]int{
			"DescribeInstances":         up(c.clusters, 200) + c.members()/1000,
			"DescribeAutoScalingGroups": up(c.clusters, 100),
			"DescribeInstanceStatus":    up(c.members(), 100),
			"DescribeScalingActivities": groups,
			"DescribeInstanceRefreshes": groups,
			"GetCallerIdentity":         1,
		} {
			if calls[action] == 0 || calls[action] > most {
				t.Errorf("%s: got %d calls, want at least 1 and at most %d", action, calls[action], most)
			}
		}
		t.Logf("%v in %s", calls, time.Since(began).Round(time.Second))
		if *throttled > 0 {
			t.Errorf("%d calls were throttled", *throttled)
		}
		// Another call for each cluster is what the bucket is not large enough for.
		for _, name := range want.Tags[0].Values {
			r := httptest.NewRequest("GET", "/?Action=DescribeInstances&Version=2016-11-15&Filter.1.Name=tag:Cluster&Filter.1.Value.1="+name, nil)
			r.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=AKIDTEST/20261122/"+here+"/ec2/aws4_request, ")
			w.ServeHTTP(httptest.NewRecorder(), r)
		}
		if *throttled == 0 {
			t.Error("500 calls at once were not throttled, so that nothing is shown of those before")
		}
	})
}

// touchesTwo is a plan that touches two of the clusters.
func touchesTwo(*gate.Snapshot) map[string][]string {
	return map[string][]string{here: {"c010", "c020"}}
}

// What reading five hundred clusters costs that are groups, of which a plan
// touches two: calls that find them and how many may be, calls for members that
// their groups let go and for statuses, and calls that were throttled.
func BenchmarkReadManyClusters(b *testing.B) {
	c := census{clusters: 500, perCluster: 4, others: 500, groups: 500}
	var found, strays, statuses, throttled int
	for b.Loop() {
		w, want := c.build()
		refused := limited(w)
		c.read(b, w, want, touchesTwo, direct{w})
		found, strays, statuses, throttled = 0, 0, 0, *refused
		for _, call := range w.Calls() {
			switch {
			case call.Params.Get("Filter.1.Name") == "tag:aws:autoscaling:groupName":
				strays++
			case call.Action == "DescribeInstances" || call.Action == "DescribeAutoScalingGroups":
				found++
			case call.Action == "DescribeInstanceStatus":
				statuses++
			}
		}
	}
	if found == 0 || found > c.calls() || throttled > 0 {
		b.Errorf("got %d calls, %d of them throttled; want at least 1 and at most %d, and none throttled", found, throttled, c.calls())
	}
	b.ReportMetric(float64(found), "calls")
	b.ReportMetric(float64(c.calls()), "calls-allowed")
	b.ReportMetric(float64(strays), "stray-calls")
	b.ReportMetric(float64(statuses), "status-calls")
	b.ReportMetric(float64(throttled), "throttled-calls")
}

// replay answers as a World did the first time, at no cost of its own.
type replay struct {
	direct
	mu      sync.Mutex
	answers map[string]*httptest.ResponseRecorder
}

// Do implements the SDK's HTTPClient.
func (p *replay) Do(r *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	known := p.answers[string(body)]
	if known == nil {
		known = httptest.NewRecorder()
		r.Body = io.NopCloser(bytes.NewReader(body))
		p.ServeHTTP(known, r)
		p.answers[string(body)] = known
	}
	answer := *known.Result()
	answer.Body = io.NopCloser(bytes.NewReader(known.Body.Bytes()))
	return &answer, nil
}

// What reading and decoding one member costs, and what stays of it, however
// many others the account has.
func BenchmarkReadManyMembers(b *testing.B) {
	for _, others := range []int{0, 20000} {
		b.Run(fmt.Sprintf("others=%d", others), func(b *testing.B) {
			c := census{clusters: 500, perCluster: 4, others: others}
			w, want := c.build()
			p := &replay{direct: direct{w}, answers: map[string]*httptest.ResponseRecorder{}}
			c.read(b, w, want, live.EveryGroup, p)
			before := heap()
			kept := c.read(b, w, want, live.EveryGroup, p)
			after := heap()
			runtime.KeepAlive(kept)
			for b.Loop() {
				c.read(b, w, want, live.EveryGroup, p)
			}
			b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N*c.members()), "µs/member")
			b.ReportMetric((float64(after)-float64(before))/float64(c.members()), "B-kept/member")
		})
	}
}

func heap() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}
