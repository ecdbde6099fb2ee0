package large

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"
	"time"

	sdkconfig "github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/google/go-cmp/cmp"

	"github.com/holdfast-gate/holdfast/checks"
	"github.com/holdfast-gate/holdfast/gate"
	"github.com/holdfast-gate/holdfast/gate/awssim"
	"github.com/holdfast-gate/holdfast/gate/live"
	"github.com/holdfast-gate/holdfast/gate/live/aws"
)

// account is a simulated account that chance made, without a socket.
type account struct {
	*awssim.World
	*rand.Rand
	plan gate.Plan
}

// Do implements the SDK's HTTPClient.
func (a account) Do(r *http.Request) (*http.Response, error) {
	answer := httptest.NewRecorder()
	a.ServeHTTP(answer, r)
	return answer.Result(), nil
}

// fill makes groups, some of them of one cluster or behind one target group, has
// people do this and that to them, and plans changes of a few.
func (a *account) fill() {
	const region = "us-east-1"
	shared := a.CreateTargetGroup(region, "shared")
	for i := range 4 + a.IntN(5) {
		s := awssim.GroupSpec{Region: region, Name: fmt.Sprintf("g%d", i), Max: 9, Desired: 1 + a.IntN(3), WarmPool: a.IntN(2), Settled: true}
		if s.Tags = map[string]string{"Cluster": s.Name}; a.IntN(3) == 0 {
			s.Tags["Cluster"] = "pair"
		}
		if a.IntN(3) == 0 {
			s.TargetGroups = []string{shared}
		}
		a.CreateGroup(s)
	}
	a.Advance(time.Hour)
	for range 1 + a.IntN(4) {
		groups := a.Groups(region)
		g := groups[a.IntN(len(groups))]
		switch members := g.Members; {
		case a.IntN(3) == 0:
			a.SetDesired(g.Name, a.IntN(5))
		case len(members) == 0:
		case a.IntN(2) == 0:
			a.TerminateInstance(members[a.IntN(len(members))].ID)
		default:
			a.SetStatus(members[a.IntN(len(members))].ID, "ok", "impaired")
		}
		a.Advance(time.Duration(a.IntN(90)) * time.Second)
	}
	a.plan = gate.Plan{FormatVersion: "1.2", Complete: gate.Yes, Applyable: gate.Yes, CreatedAt: a.Now(), Regions: []string{region}}
	for _, g := range a.Groups(region) {
		at := func(size int) gate.Attrs {
			return gate.Attrs{"name": g.Name, "desired_capacity": float64(size), "min_size": 0.0, "max_size": 9.0}
		}
		c := gate.Change{Address: "aws_autoscaling_group." + g.Name, Type: "aws_autoscaling_group", ID: g.Name, Region: region, Action: gate.NoOp, Before: at(g.Desired), After: at(g.Desired)}
		if a.IntN(4) == 0 {
			c.Action, c.After, c.Changed = gate.Update, at(g.Desired+1-2*a.IntN(2)), []string{"desired_capacity"}
		}
		a.plan.Changes = append(a.plan.Changes, c)
	}
}

// judge reads the account and decides, and says how often it asked a group what it does.
func (a *account) judge(t *testing.T, touched live.Touched, c *gate.Config) (gate.Verdict, int) {
	t.Helper()
	wants, err := live.Wants(&a.plan, c, gate.Asked(&a.plan, checks.Suite()))
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("AWS_CA_BUNDLE", "")
	collector := aws.New(t.Context(), aws.Options{Now: a.Now, Load: []func(*sdkconfig.LoadOptions) error{
		sdkconfig.WithSharedConfigFiles(nil), sdkconfig.WithSharedCredentialsFiles(nil),
		sdkconfig.WithCredentialsProvider(credentials.NewStaticCredentialsProvider("AKIDTEST", "none", "")),
		sdkconfig.WithBaseEndpoint("http://aws.test"), sdkconfig.WithHTTPClient(a),
	}})
	before := len(a.Calls())
	s := live.ReadTouched(t.Context(), a.Now, collector, wants, touched)
	asked := 0
	for _, call := range a.Calls()[before:] {
		if call.Action == "DescribeScalingActivities" {
			asked++
		}
	}
	return gate.Evaluate(gate.Input{Now: a.Now(), Config: c, Plan: &a.plan, Snapshot: s}, checks.Suite()), asked
}

// What the collector reads of an account is judged alike, whether it asked all
// groups what they do or those that the plan touches.
func TestAccountsAreJudgedAlike(t *testing.T) {
	config := gate.DefaultConfig()
	config.Clusters = []gate.Cluster{{Name: "pair", Members: gate.Selector{Tags: map[string]string{"Cluster": "pair"}}, Settle: gate.DefaultSettle, Roles: []gate.Role{{SurvivorFloor: 1}}}}
	const accounts = 60
	all, some, barred := 0, 0, 0
	for seed := range uint64(accounts) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			a := &account{World: awssim.New(now), Rand: rand.New(rand.NewPCG(seed, 16))}
			a.fill()
			every, n := a.judge(t, live.EveryGroup, config)
			touched, m := a.judge(t, live.TouchedBy(gate.Input{Now: a.Now(), Config: config, Plan: &a.plan}), config)
			all, some = all+n, some+m
			if diff := cmp.Diff(every.Findings, touched.Findings); diff != "" || every.Decision != touched.Decision {
				t.Errorf("every group was asked: %s, and only some: %s (-every +some):\n%s", every.Decision, touched.Decision, diff)
			}
			if slices.ContainsFunc(touched.Findings, func(f gate.Finding) bool { return f.Code == "settled.operation" || f.Code == "settled.recent" }) {
				barred++
			}
		})
	}
	t.Logf("groups were asked %d times of %d; what they do barred %d of %d plans", some, all, barred, accounts)
	if some == 0 || some > all/2 || barred < accounts/20 {
		t.Errorf("got %d of %d groups asked, %d of %d plans barred by what groups do: these accounts do not try it", some, all, barred, accounts)
	}
}
