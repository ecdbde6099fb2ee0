package live_test

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/holdfast-gate/holdfast/gate"
	"github.com/holdfast-gate/holdfast/gate/live"
)

var noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

func atNoon() time.Time { return noon }

// collectorFunc is a Collector that is one function.
type collectorFunc func(ctx context.Context, region string, w live.Want) live.Part

func (f collectorFunc) Collect(ctx context.Context, region string, w live.Want) live.Part {
	return f(ctx, region, w)
}

func twoRegions(accounts map[string]string) live.Collector {
	return collectorFunc(func(_ context.Context, region string, _ live.Want) live.Part {
		return live.Part{
			Account: accounts[region],
			Members: []gate.Member{
				{ID: "i-2", Region: region, Observed: []gate.Observation{{Phase: gate.Steady, Serving: gate.ServingYes, Opinion: true}, {Phase: gate.Leaving, Serving: gate.ServingNo, Opinion: true}}},
				{ID: "i-1", Region: region, Observed: []gate.Observation{{Phase: gate.Steady, Serving: gate.ServingYes, Opinion: true}}},
			},
			Groups:  []gate.Group{{Name: "z", Region: region}, {Name: "a", Region: region}},
			Sources: []gate.Source{{Name: gate.SourceInstances, Region: region, Complete: true}, {Name: gate.SourceIdentity, Region: region, Complete: true}},
		}
	})
}

func TestReadJoinsAndSorts(t *testing.T) {
	s := live.Read(t.Context(), atNoon, twoRegions(map[string]string{"a": "1", "b": "1"}), map[string]live.Want{"b": {}, "a": {}})
	var got []string
	for _, m := range s.Members {
		got = append(got, m.Region+" "+m.ID+" "+m.Phase.String()+" "+m.Serving.String())
	}
	for _, g := range s.Groups {
		got = append(got, g.Region+" "+g.Name)
	}
	for _, src := range s.Sources {
		got = append(got, src.Name+" "+src.Region)
	}
	want := []string{
		"a i-1 steady yes", "a i-2 leaving no", "b i-1 steady yes", "b i-2 leaving no",
		"a a", "a z", "b a", "b z",
		"ec2.instances a", "ec2.instances b", "sts.identity a", "sts.identity b",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("snapshot (-want +got):\n%s", diff)
	}
	if s.Account != "1" || s.Digest != live.Digest(s) || !s.Started.Equal(noon) {
		t.Errorf("account, digest, started: got %q, %q, %v", s.Account, s.Digest, s.Started)
	}
}

func TestReadReadsRegionsAtTheSameTime(t *testing.T) {
	var both sync.WaitGroup
	both.Add(2)
	c := collectorFunc(func(context.Context, string, live.Want) live.Part {
		both.Done()
		both.Wait() // for ever, were the regions read one after the other
		return live.Part{}
	})
	live.Read(t.Context(), atNoon, c, map[string]live.Want{"a": {}, "b": {}})
}

func TestReadOfTwoAccountsKnowsNone(t *testing.T) {
	s := live.Read(t.Context(), atNoon, twoRegions(map[string]string{"a": "1", "b": "2"}), map[string]live.Want{"a": {}, "b": {}})
	if s.Account != "" {
		t.Errorf("account: got %q, want none", s.Account)
	}
	for _, src := range s.Sources {
		if src.Name == gate.SourceIdentity && (src.Complete || src.Problem != gate.ProblemFailed) {
			t.Errorf("identity in %s: got complete %v, problem %q, want it failed", src.Region, src.Complete, src.Problem)
		}
	}
}

func TestReadWithTwoCallersKnowsNone(t *testing.T) {
	read := func(callers map[string]string) *gate.Snapshot {
		c := collectorFunc(func(_ context.Context, region string, _ live.Want) live.Part {
			return live.Part{Account: "1", Caller: callers[region], Sources: []gate.Source{{Name: gate.SourceIdentity, Region: region, Complete: true}}}
		})
		return live.Read(t.Context(), atNoon, c, map[string]live.Want{"a": {}, "b": {}})
	}
	s := read(map[string]string{"a": "arn:aws:iam::1:user/ann", "b": "arn:aws:iam::1:user/bob"})
	if s.Caller != "" || s.Account != "1" || s.Sources[0].Complete || s.Sources[1].Complete {
		t.Errorf("got caller %q, account %q, sources %+v; want no caller and no identity", s.Caller, s.Account, s.Sources)
	}
	if got, want := read(map[string]string{"a": "arn:aws:iam::1:user/ann"}).Caller, "arn:aws:iam::1:user/ann"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestReadOfNothingHasNoSources(t *testing.T) {
	s := live.Read(t.Context(), atNoon, twoRegions(nil), nil)
	if len(s.Sources) != 0 || s.Digest == "" {
		t.Errorf("got %d sources, digest %q, want none and a digest", len(s.Sources), s.Digest)
	}
}

// broken is a Collector with a bug.
type broken struct{}

func (broken) Collect(context.Context, string, live.Want) live.Part { panic("a bug") }

func TestACollectorThatPanicsHasReadNothing(t *testing.T) {
	s := live.Read(t.Context(), time.Now, broken{}, map[string]live.Want{"us-east-1": {}})
	if len(s.Sources) != 0 || len(s.Members) != 0 {
		t.Errorf("got %+v, want a snapshot of nothing, which blinds every check", s)
	}
}

// A snapshot that was saved before holdfast kept the caller is still what it
// says it is.
func TestLoadReadsASnapshotWithoutCaller(t *testing.T) {
	const old = `{"format_version":"1","snapshot":{"digest":"DIGEST","account":"1","started":"2026-11-22T12:00:00Z","finished":"2026-11-22T12:00:00Z","members":[],"groups":[],"sources":[]}}`
	const digest = "db1ae3773664667d14e5f419372d37eaf39b0b39f904ae5c230d025850a982a6"
	s, err := live.Load(strings.NewReader(strings.Replace(old, "DIGEST", digest, 1)))
	if err != nil || s.Account != "1" || s.Caller != "" {
		t.Errorf("got %+v, %v; want it read, without a caller", s, err)
	}
}

// Who is there is seen in all regions before anybody is asked what groups do.
func TestReadTouchedAsksThoseThatAreTouched(t *testing.T) {
	asked := map[string][]string{}
	var mu sync.Mutex
	c := collectorFunc(func(_ context.Context, region string, _ live.Want) live.Part {
		p := live.Part{Groups: []gate.Group{{Name: "one", Region: region}, {Name: "two", Region: region}}}
		p.Ask = func(_ context.Context, groups []string) live.Part {
			mu.Lock()
			defer mu.Unlock()
			asked[region] = append(asked[region], groups...)
			return p
		}
		return p
	})
	live.ReadTouched(t.Context(), atNoon, c, map[string]live.Want{"a": {}, "b": {}}, func(s *gate.Snapshot) map[string][]string {
		if len(s.Groups) != 4 {
			t.Errorf("got %d groups, want those of both regions", len(s.Groups))
		}
		mu.Lock()
		defer mu.Unlock()
		if len(asked["a"]) == 0 {
			return map[string][]string{"a": {"one"}}
		}
		return map[string][]string{"a": {"one"}, "b": {"two"}}
	})
	if diff := cmp.Diff(map[string][]string{"a": {"one"}, "b": {"two"}}, asked); diff != "" {
		t.Errorf("asked (-want +got):\n%s", diff)
	}
}

func TestAnAnswerThatPanicsHasReadNothing(t *testing.T) {
	c := collectorFunc(func(_ context.Context, region string, _ live.Want) live.Part {
		return live.Part{Groups: []gate.Group{{Name: "one", Region: region}}, Sources: []gate.Source{{Name: gate.SourceGroups, Region: region, Complete: true}},
			Ask: func(context.Context, []string) live.Part { panic("a bug") }}
	})
	if s := live.Read(t.Context(), atNoon, c, map[string]live.Want{"a": {}}); len(s.Sources)+len(s.Groups) != 0 {
		t.Errorf("got %+v, want a snapshot of nothing, which blinds every check", s)
	}
}
