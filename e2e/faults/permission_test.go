package faults

import (
	"cmp"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	sdkconfig "github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials"

	"github.com/holdfast-gate/holdfast/checks"
	"github.com/holdfast-gate/holdfast/gate"
	"github.com/holdfast-gate/holdfast/gate/awssim"
	"github.com/holdfast-gate/holdfast/gate/live"
	"github.com/holdfast-gate/holdfast/gate/live/aws"
)

// Without one IAM action exactly the checks that need what it reads are blind,
// for a plan that touches something of everything, and the message names the
// action.
func TestEachMissingPermissionBlindsThoseWhoNeedIt(t *testing.T) {
	plan := touchesEverything()
	whole, calls := decided(t, plan, "")
	for _, s := range whole.Sources {
		if !s.Complete {
			t.Fatalf("with every permission: %s: %s", s.Name, s.Err)
		}
	}
	for _, r := range whole.Runs {
		if r.Outcome != gate.Ran {
			t.Fatalf("with every permission: %s %s: %s", r.Check, r.Outcome, r.Reason)
		}
	}
	for _, action := range gate.Actions(checks.Suite()) {
		t.Run(action, func(t *testing.T) {
			sources := taking(action)
			if !calls[action] {
				t.Fatalf("it is never called: the plan or the world of this test lacks what it reads")
			}
			v, _ := decided(t, plan, action)
			missed(t, v, plan, action, sources)
		})
	}
}

// A plan that touches no store and takes nobody makes no call about any: what
// was read shows it, and so does the cloud.
func TestAPlanThatTouchesNoStoreMakesNoCallAboutAny(t *testing.T) {
	plan := touchesEverything()
	for i, c := range plan.Changes {
		plan.Changes[i].Action, plan.Changes[i].After, plan.Changes[i].Changed = gate.Update, c.Before, []string{"tags", "tags_all"}
		if c.Type == "aws_s3_bucket_lifecycle_configuration" { // it has no tags
			plan.Changes[i].Action, plan.Changes[i].Changed = gate.NoOp, nil
		}
	}
	v, calls := decided(t, plan, "")
	for _, s := range v.Sources {
		if s.Name != gate.SourceIdentity && !slices.Contains(gate.Live(), s.Name) {
			t.Errorf("%s was read, with %d calls", s.Name, s.Calls)
		}
	}
	var always []string
	for _, s := range gate.Live() {
		always = append(always, gate.Permissions(s)...)
	}
	for action := range calls {
		if !slices.Contains(always, action) {
			t.Errorf("%s was called", action)
		}
	}
	if len(calls) == 0 || len(v.Clusters) == 0 {
		t.Error("nothing was read: the test looks in the wrong place")
	}
}

// missed judges a verdict that was reached without an action.
func missed(t *testing.T, v gate.Verdict, plan *gate.Plan, action string, sources []string) {
	t.Helper()
	incomplete := map[string]bool{}
	for _, s := range v.Sources {
		if s.Complete {
			continue
		}
		incomplete[s.Name] = true
		denied := slices.Contains(sources, s.Name)
		if denied && (s.Problem != gate.ProblemDenied || !strings.Contains(s.Err, action)) {
			t.Errorf("%s: got %q, %q, want it denied and %s named", s.Name, s.Problem, s.Err, action)
		}
		// Others may lack only what this one would have told them.
		if !denied && s.Problem != gate.ProblemMissing {
			t.Errorf("%s: got %q, %q, want it complete or missing", s.Name, s.Problem, s.Err)
		}
	}
	blinded := 0
	for _, c := range checks.Suite() {
		needs := slices.Clone(c.Needs)
		for _, a := range gate.Asked(plan, []*gate.Check{c}) {
			if !a.Optional {
				needs = append(needs, a.Source)
			}
		}
		want := slices.ContainsFunc(needs, func(s string) bool { return incomplete[s] })
		for _, r := range v.Runs {
			if r.Check == c.Name && (r.Outcome == gate.Blind) != want {
				t.Errorf("%s: got %s, want blind: %v", c.Name, r.Outcome, want)
			}
			if r.Check == c.Name && r.Outcome == gate.Blind {
				blinded++
			}
		}
	}
	if optional(plan, sources) {
		// Nobody needs it to be sure: what was not seen is said, and blocks nobody by
		// itself.
		if !slices.ContainsFunc(v.Sources, func(s gate.Source) bool { return slices.Contains(sources, s.Name) && strings.Contains(s.Err, action) }) || v.Decision != gate.Block {
			t.Errorf("got %s; want it blocked all the same, and %s named by its source", v.Decision, action)
		}
		return
	}
	said := slices.ContainsFunc(v.Findings, func(f gate.Finding) bool {
		return f.Code == "source.denied" && strings.Contains(f.Message, action)
	})
	if blinded == 0 || !said || v.Decision != gate.Block {
		t.Errorf("got %s, %d blind, named %v; want it blocked, somebody blind and %s in a message", v.Decision, blinded, said, action)
	}
}

// optional reports whether every check can do without these sources.
func optional(plan *gate.Plan, sources []string) bool {
	return !slices.ContainsFunc(gate.Asked(plan, checks.Suite()), func(a gate.Ask) bool { return !a.Optional && slices.Contains(sources, a.Source) }) &&
		!slices.ContainsFunc(checks.Suite(), func(c *gate.Check) bool {
			return slices.ContainsFunc(sources, func(s string) bool { return slices.Contains(c.Needs, s) })
		})
}

// taking are the sources that an action is needed for.
func taking(action string) []string {
	var out []string
	for _, c := range checks.Suite() {
		for _, s := range slices.Concat(c.Needs, c.May) {
			if slices.Contains(gate.Permissions(s), action) && !slices.Contains(out, s) {
				out = append(out, s)
			}
		}
	}
	return out
}

// decided judges the plan in a world of its own that allows all actions but one,
// and says which were called.
func decided(t *testing.T, plan *gate.Plan, denied string) (gate.Verdict, map[string]bool) {
	t.Helper()
	w := awssim.New(noon)
	p := *plan
	p.Changes = fill(w, plan.Changes)
	if denied != "" {
		service, action, _ := strings.Cut(denied, ":")
		w.Deny(scopes()[service] + "." + namedBy(denied, action))
	}
	server := httptest.NewServer(w)
	defer server.Close()
	now := w.Now
	wants, err := live.Wants(&p, gate.DefaultConfig(), gate.Asked(&p, checks.Suite()))
	if err != nil {
		t.Fatal(err)
	}
	collector := aws.New(t.Context(), aws.Options{Now: now, Attempts: 1, Load: []func(*sdkconfig.LoadOptions) error{
		sdkconfig.WithSharedConfigFiles(nil), sdkconfig.WithSharedCredentialsFiles(nil),
		sdkconfig.WithCredentialsProvider(credentials.NewStaticCredentialsProvider("AKIDTEST", secret, secret)), sdkconfig.WithBaseEndpoint(server.URL)}})
	snapshot := live.Read(t.Context(), now, collector, wants)
	called := map[string]bool{}
	for _, c := range w.Calls() {
		for iam, scope := range scopes() {
			if scope == c.Service {
				called[iam+":"+c.Action] = true
			}
		}
	}
	for iam, name := range bucketCalls() {
		if called["s3:"+name] && "s3:"+name != iam {
			delete(called, "s3:"+name)
			called[iam] = true
		}
	}
	return gate.Evaluate(gate.Input{Now: now(), Config: gate.DefaultConfig(), Plan: &p, Snapshot: snapshot}, checks.Suite()), called
}

// namedBy is the call that an action is needed for. Only S3 names the two
// differently.
func namedBy(iam, action string) string { return cmp.Or(bucketCalls()[iam], action) }

// bucketCalls are the calls of S3, by the actions they need (aws-semantics 6).
func bucketCalls() map[string]string {
	return map[string]string{"s3:GetLifecycleConfiguration": "GetBucketLifecycleConfiguration", "s3:GetBucketVersioning": "GetBucketVersioning", "s3:GetReplicationConfiguration": "GetBucketReplication",
		"s3:GetBucketObjectLockConfiguration": "GetObjectLockConfiguration", "s3:ListBucket": "ListObjectsV2", "s3:ListBucketVersions": "ListObjectVersions", "s3:ListAllMyBuckets": "ListBuckets"}
}

// scopes are the names of services in signatures, by those in IAM.
func scopes() map[string]string {
	return map[string]string{"ec2": "ec2", "autoscaling": "autoscaling", "elasticloadbalancing": "elasticloadbalancing", "dynamodb": "dynamodb", "lambda": "lambda", "pipes": "pipes", "dms": "dms",
		"rds": "rds", "cloudwatch": "monitoring", "elasticache": "elasticache", "s3": "s3"}
}

// touchesEverything is a plan that takes something of every kind a check knows.
func touchesEverything() *gate.Plan {
	c := func(address, id string, before gate.Attrs) gate.Change {
		kind, _, _ := strings.Cut(address, ".")
		return gate.Change{Address: address, Resource: address, Type: kind, Action: gate.Delete, ID: id, Region: home, Account: awssim.DefaultAccount, Before: before}
	}
	return &gate.Plan{FormatVersion: "1.2", TerraformVersion: "1.11.4", Complete: gate.Yes, CreatedAt: noon, Regions: []string{home}, Accounts: []string{awssim.DefaultAccount},
		Changes: []gate.Change{
			c("aws_instance.node", "", nil),
			c("aws_autoscaling_group.web", "web", gate.Attrs{"name": "web"}),
			c("aws_ebs_volume.data", "", nil),
			c("aws_dynamodb_table.orders", "orders", gate.Attrs{"name": "orders"}),
			c("aws_db_instance.orders", "db-1", gate.Attrs{"identifier": "orders", "resource_id": "db-1"}),
			widened(c("aws_s3_bucket_lifecycle_configuration.recordings", "recordings", gate.Attrs{"bucket": "recordings", "rule": rule("logs/")})),
			c("aws_s3_bucket.recordings", "recordings", gate.Attrs{"bucket": "recordings", "force_destroy": true}),
			c("aws_rds_cluster.orders", "cluster", gate.Attrs{"cluster_identifier": "cluster"}),
			c("aws_elasticache_replication_group.shop", "shop", gate.Attrs{"replication_group_id": "shop"}),
			fewer(c("aws_elasticache_replication_group.sessions", "sessions", gate.Attrs{"replication_group_id": "sessions", "num_cache_clusters": float64(3)})),
			c("aws_elasticache_serverless_cache.carts", "carts", gate.Attrs{"name": "carts"}),
			c("aws_rds_global_cluster.orders", "global", gate.Attrs{"global_cluster_identifier": "global"}),
		}}
}

// fewer lets a replication group have one replica less.
func fewer(c gate.Change) gate.Change {
	c.Action, c.After, c.Changed = gate.Update, gate.Attrs{"replication_group_id": "sessions", "num_cache_clusters": float64(2)}, []string{"num_cache_clusters"}
	return c
}

// rule is a rule of a bucket that expires what is below a prefix.
func rule(prefix string) []any {
	return []any{map[string]any{"id": "expire", "status": "Enabled", "filter": []any{map[string]any{"prefix": prefix}}, "expiration": []any{map[string]any{"days": float64(30)}}}}
}

// widened lets the rules of a bucket be about everything.
func widened(c gate.Change) gate.Change {
	c.Action, c.After, c.Changed = gate.Update, gate.Attrs{"bucket": "recordings", "rule": rule("")}, []string{"rule"}
	return c
}

// fill makes what the plan is about, and gives the changes the ids it has.
func fill(w *awssim.World, changes []gate.Change) []gate.Change {
	node := w.RunInstance(awssim.InstanceSpec{Tags: cluster(), Age: time.Hour})
	arn := w.CreateTargetGroup(home, "web")
	w.CreateGroup(awssim.GroupSpec{Name: "web", Max: 4, Desired: 2, Settled: true, WarmPool: 1, TargetGroups: []string{arn}})
	volume := w.MakeVolume(home, "", 10)
	w.CreateTable(awssim.TableSpec{Name: "orders", Stream: "NEW_AND_OLD_IMAGES", Recovery: true})
	w.Map(home, "orders", "copier", "Enabled")
	w.AddPipe(home, "orders", "copier", "RUNNING", "RUNNING")
	w.MakeDatabase(home, "orders", "")
	w.MakeDatabase(home, "orders-ro", "orders")
	w.MakeCache(awssim.CacheSpec{ID: "shop", Replicas: 1, Failover: true})
	w.MakeCache(awssim.CacheSpec{ID: "sessions", Replicas: 2, Failover: true})
	w.MakeServerless(home, "carts", "valkey")
	w.CreateBucket(home, "recordings")
	w.KeepVersions("recordings")
	w.FillBucket("recordings", "calls/", 3, 1000, 90*24*time.Hour)
	w.AddTask(awssim.TaskSpec{Name: "copier", SourceEngine: "dynamodb", TargetEngine: "dynamodb", Status: "running"})
	out := slices.Clone(changes)
	for i := range out {
		switch out[i].Type {
		case "aws_instance":
			out[i].ID, out[i].Before = node, gate.Attrs{"tags": map[string]any{"Cluster": "search"}}
		case "aws_ebs_volume":
			out[i].ID = volume
		}
	}
	return out
}
