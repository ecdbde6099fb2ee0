package gate

import (
	"testing"
	"time"
)

func TestAddressesLoseTheirKeys(t *testing.T) {
	tests := map[string]struct{ resource, unkeyed string }{
		`aws_instance.web`:                                  {`aws_instance.web`, `aws_instance.web`},
		`aws_instance.web[0]`:                               {`aws_instance.web`, `aws_instance.web`},
		`aws_instance.web["a"]`:                             {`aws_instance.web`, `aws_instance.web`},
		`aws_instance.web["a[0]"]`:                          {`aws_instance.web`, `aws_instance.web`},
		`aws_instance.web["a]\"[b"]`:                        {`aws_instance.web`, `aws_instance.web`},
		`aws_instance.web["\\"]`:                            {`aws_instance.web`, `aws_instance.web`},
		`module.m["x"].aws_instance.web[0]`:                 {`module.m["x"].aws_instance.web`, `module.m.aws_instance.web`},
		`module.m["x"].aws_instance.web`:                    {`module.m["x"].aws_instance.web`, `module.m.aws_instance.web`},
		`module.m["a[0"].module.n[1].aws_instance.web["b"]`: {`module.m["a[0"].module.n[1].aws_instance.web`, `module.m.module.n.aws_instance.web`},
		`aws_instance.web[0] (deposed 1a2b)`:                {`aws_instance.web`, `aws_instance.web`},
		`aws_instance.web (deposed 1a2b)`:                   {`aws_instance.web`, `aws_instance.web`},
		`a[0]`:                                              {`a`, `a`},
		`module.m["a\"b"].aws_instance.web`:                 {`module.m["a\"b"].aws_instance.web`, `module.m.aws_instance.web`},
		`[0]`:                                               {`[0]`, ``},
		`a[`:                                                {`a[`, `a`},
		`a]`:                                                {`a]`, `a`},
	}
	for address, want := range tests {
		if got := resourceOf(address); got != want.resource {
			t.Errorf("the resource of %s: got %s, want %s", address, got, want.resource)
		}
		if got := Unkeyed(address); got != want.unkeyed {
			t.Errorf("%s without keys: got %s, want %s", address, got, want.unkeyed)
		}
	}
}

func TestAMemberServesOnceItIsOldEnough(t *testing.T) {
	now := time.Date(2018, 1, 2, 20, 37, 0, 0, time.UTC)
	tests := map[string]struct {
		member MemberView
		after  time.Duration
		want   bool
	}{
		"steady":                           {MemberView{Member: Member{Phase: Steady, Serving: ServingYes}}, 0, true},
		"changing, and serving all along":  {MemberView{Member: Member{Phase: Changing, Serving: ServingYes}}, 0, true},
		"arriving":                         {MemberView{Member: Member{Phase: Arriving, Serving: ServingYes}}, 0, false},
		"not known to serve":               {MemberView{Member: Member{Phase: Steady, Serving: ServingUnknown}}, 0, false},
		"recorded and not there":           {MemberView{Member: Member{Phase: Steady, Serving: ServingYes}, Absent: true}, 0, false},
		"exactly old enough":               {MemberView{Member: Member{Phase: Steady, Serving: ServingYes, Launched: now.Add(-time.Hour)}}, time.Hour, true},
		"a moment too young":               {MemberView{Member: Member{Phase: Steady, Serving: ServingYes, Launched: now.Add(-time.Hour + 1)}}, time.Hour, false},
		"nobody knows how old":             {MemberView{Member: Member{Phase: Steady, Serving: ServingYes}}, time.Hour, false},
		"nobody knows, for the least time": {MemberView{Member: Member{Phase: Steady, Serving: ServingYes}}, 1, false},
	}
	for name, test := range tests {
		if got := test.member.serves(Role{ReadyAfter: test.after}, now); got != test.want {
			t.Errorf("%s: got %v, want %v", name, got, test.want)
		}
	}
}

func TestEveryStateHasItsBucket(t *testing.T) {
	tests := []struct {
		phase   Phase
		serving Serving
		want    Bucket
	}{
		{PhaseUnknown, ServingUnknown, BucketUnknown},
		{PhaseUnknown, ServingNo, BucketUnknown},
		{PhaseUnknown, ServingYes, BucketUnknown},
		{Steady, ServingUnknown, BucketUnknown},
		{Steady, ServingNo, BucketOutOfService},
		{Steady, ServingYes, BucketArriving}, // too young for its role
		{Arriving, ServingNo, BucketArriving},
		{Leaving, ServingNo, BucketLeaving},
		{Changing, ServingNo, BucketChanging},
		{Changing, ServingYes, BucketChanging},
		{Failed, ServingUnknown, BucketFailed},
		{Failed, ServingNo, BucketFailed},
		{Gone, ServingNo, BucketGone},
	}
	for _, test := range tests {
		m := MemberView{Member: Member{Phase: test.phase, Serving: test.serving}}
		if got := m.bucket(false); got != test.want {
			t.Errorf("%s, serving %s: got %s, want %s", test.phase, test.serving, got, test.want)
		}
		if m.Absent = true; m.bucket(false) != BucketUnknown {
			t.Errorf("%s and absent: got %s, want unknown", test.phase, m.bucket(false))
		}
	}
	if got := (MemberView{Member: Member{Phase: Steady, Serving: ServingYes}}).bucket(true); got != BucketSurvivor {
		t.Errorf("serving: got %s, want survivor", got)
	}
}

func TestOneMemberIsEnoughToTake(t *testing.T) {
	for _, e := range []Effect{{Ends: []string{"i-1"}}, {Stops: []string{"i-1"}}, {Kills: 1}, {Rolls: 1}} {
		if !e.Takes() {
			t.Errorf("%+v takes nobody", e)
		}
	}
	if e := (Effect{Joins: 1, Pending: 1, Brakes: []string{"Launch"}}); e.Takes() {
		t.Errorf("%+v takes somebody", e)
	}
}

func TestARoleMakesOnlyItsPromises(t *testing.T) {
	p := Projection{Floors: Role{SurvivorFloor: 2, ZoneFloor: 1}.floors(0, false)}
	for promise, want := range map[string]int{PromiseSurvivorFloor: 2, PromiseZoneFloor: 1, PromiseQuorum: 0, PromiseBudget: 0} {
		if got := p.Floor(promise).Needs; got != want {
			t.Errorf("%s: got %d, want %d", promise, got, want)
		}
	}
}

func TestAMembersWordIsWhatItsStateRestsOn(t *testing.T) {
	tests := map[string]struct {
		member MemberView
		want   string
	}{
		"absent":                                   {MemberView{Absent: true, Member: Member{Phase: PhaseUnknown}}, "not found"},
		"nobody said anything":                     {MemberView{Member: Member{Phase: Failed}}, "failed"},
		"the worst phase":                          {MemberView{Member: Member{Observed: []Observation{{Raw: "running", Phase: Steady, Serving: ServingYes, Opinion: true}, {Raw: "draining", Phase: Leaving, Serving: ServingNo, Opinion: true}}}}, "draining"},
		"who has no opinion is not asked":          {MemberView{Member: Member{Observed: []Observation{{Raw: "warm", Phase: Leaving, Serving: ServingNo}, {Raw: "draining", Phase: Leaving, Serving: ServingNo, Opinion: true}}}}, "draining"},
		"steady, and one says that it does not":    {MemberView{Member: Member{Observed: []Observation{{Raw: "running", Phase: Steady, Serving: ServingYes, Opinion: true}, {Raw: "unused", Phase: Steady, Serving: ServingNo, Opinion: true}}}}, "unused"},
		"leaving, though the first had it serving": {MemberView{Member: Member{Observed: []Observation{{Raw: "draining", Phase: Leaving, Serving: ServingYes, Opinion: true}, {Raw: "gone by itself", Phase: Leaving, Serving: ServingNo, Opinion: true}}}}, "draining"},
	}
	for name, test := range tests {
		if len(test.member.Observed) > 0 {
			test.member.Join()
		}
		if got := test.member.Word(); got != test.want {
			t.Errorf("%s: got %s, want %s", name, got, test.want)
		}
	}
}
