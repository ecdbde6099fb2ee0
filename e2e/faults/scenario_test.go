package faults

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/holdfast-gate/holdfast/gate"
	"github.com/holdfast-gate/holdfast/gate/awssim"
	"github.com/holdfast-gate/holdfast/gate/config"
	"github.com/holdfast-gate/holdfast/gate/tfplan"
)

const (
	home    = "us-east-1"
	away    = "eu-west-1"
	minutes = 4 * time.Minute // how far a stale replica is behind; it may be five (aws-semantics 0.3)
)

var noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

// A scenario is a world, a plan and promises. What happened within the last
// minutes is apart from the rest: a stale replica does not show it.
type scenario struct {
	name    string
	want    gate.Decision // without a fault
	config  string        // holdfast.hcl; empty: none
	account string        // of the credentials; empty: the plan's
	page    int           // most items on a page; zero: no limit
	before  func(*awssim.World)
	acts    func(*awssim.World)
	draft   func(*draft)
	others  map[string]func() *awssim.World // other worlds that an answer which leaves something out may be about

	world, past *awssim.World
	json        []byte
	plan        *gate.Plan
	promises    *gate.Config
	calls       []call
}

const floor2 = `cluster "search" {
  members { tags = { Cluster = "search" } }
  survivor_floor = 2
}
`

// scenarios is all of them. Each block rests on as little as it can: one
// source says what keeps the plan from being applied.
func scenarios() []*scenario {
	return []*scenario{
		{name: "parakeet group", want: gate.Block, before: groupOf(6, ""), acts: oldest(3),
			draft: func(d *draft) { d.only(6, 3) }},
		{name: "count, dying", want: gate.Block, before: instances(6), acts: terminate(0, 3),
			draft: func(d *draft) { d.count(3, 6) }},
		{name: "count, dying, refreshed", want: gate.Block, before: instances(6), acts: terminate(0, 3),
			draft: func(d *draft) {
				d.count(3, 6)
				for n, in := range d.world.Instances(home)[:3] {
					d.drift = append(d.drift, change(fmt.Sprintf("aws_instance.node[%d]", n), "aws_instance", "update", d.values(in, nil), d.values(in, values{"instance_state": "shutting-down"})))
				}
			}},
		{name: "dying, unmanaged", want: gate.Block, config: strings.Replace(floor2, "floor = 2", "floor = 2\n  unmanaged = \"warn\"", 1), before: instances(7), acts: terminate(6, 7),
			others: map[string]func() *awssim.World{"the seventh has been gone for hours": func() *awssim.World {
				const hours = 3 * time.Hour
				w := awssim.New(noon.Add(-hours))
				for range 7 {
					w.RunInstance(awssim.InstanceSpec{Type: "t3.micro", Tags: cluster(), Age: 24*time.Hour - hours})
				}
				terminate(6, 7)(w)
				w.Advance(hours)
				return w
			}},
			draft: func(d *draft) {
				d.count(5, 6)
				d.changes = d.changes[:6]
			}},
		{name: "steady count", want: gate.Allow, config: floor2, before: instances(6), draft: func(d *draft) { d.count(3, 6) }},
		{name: "steady group", want: gate.Allow, config: floor2, before: groupOf(6, ""), draft: func(d *draft) { d.only(6, 3) }},
		{name: "scale out", want: gate.Allow, before: groupOf(3, ""), draft: func(d *draft) { d.only(3, 6) }},
		{name: "tags only", want: gate.Allow, before: instances(3),
			draft: func(d *draft) {
				for n, in := range d.world.Instances(home) {
					d.instance(n, in, "no-op", nil)
				}
				c := d.changes[0].(values)["change"].(values)
				c["actions"], c["after"] = []string{"update"}, d.values(d.world.Instances(home)[0], values{"tags": values{"Cluster": "search", "Team": "x"}, "tags_all": values{"Cluster": "search", "Team": "x"}})
			}},
		{name: "many pages", want: gate.Block, page: 2, before: instances(7), acts: terminate(0, 2),
			config: strings.Replace(floor2, "= 2", "= 3", 1), draft: func(d *draft) { d.count(4, 7) }},
		{name: "many pages, steady", want: gate.Allow, page: 2, config: floor2, before: groupOf(5, ""), draft: func(d *draft) { d.only(5, 3) }},
		{name: "target group", want: gate.Block, config: floor2, before: groupOf(5, "web"),
			acts: func(w *awssim.World) {
				g := w.Groups(home)[0]
				for _, in := range g.Members[:3] {
					w.SetTargetHealth(web(), in.ID, "unhealthy", "Target.FailedHealthChecks")
				}
			},
			draft: func(d *draft) { d.only(5, 4) }},
		{name: "target group, healthy", want: gate.Allow, config: floor2, before: groupOf(5, "web"), draft: func(d *draft) { d.only(5, 4) }},
		{name: "impaired", want: gate.Block, config: floor2, before: groupOf(3, ""),
			acts:  func(w *awssim.World) { w.SetStatus(w.Groups(home)[0].Members[0].ID, "", "impaired") },
			draft: func(d *draft) { d.only(3, 2) }},
		{name: "disk impaired", want: gate.Block, config: floor2, before: withDisk(3),
			acts:  func(w *awssim.World) { w.SetVolumeStatus(home, w.Volumes(home)[0].ID, "impaired", "") },
			draft: func(d *draft) { d.count(2, 3) }},
		{name: "disk modified", want: gate.Block, config: floor2, before: withDisk(3),
			acts: func(w *awssim.World) { w.Modify(w.Volumes(home)[0].ID, 20) },
			others: map[string]func() *awssim.World{"the disk was made that large": func() *awssim.World {
				w := awssim.New(noon)
				withDiskOf(3, 20)(w)
				return w
			}},
			draft: func(d *draft) { d.count(2, 3) }},
		{name: "disk detaching", want: gate.Block, config: floor2, before: withDisk(3),
			acts:  func(w *awssim.World) { w.Detach(w.Volumes(home)[0].ID) },
			draft: func(d *draft) { d.count(2, 3) }},
		{name: "retired today", want: gate.Block, config: floor2, before: instances(3),
			acts: func(w *awssim.World) {
				w.AddEvent(w.Instances(home)[0].ID, awssim.Event{Code: "instance-retirement", NotBefore: w.Now().Add(5 * time.Hour)})
			},
			draft: func(d *draft) { d.count(2, 3) }},
		{name: "activity open", want: gate.Block, before: groupOf(5, ""),
			acts: func(w *awssim.World) { w.AddActivity("search", "InProgress", "a test") }, draft: func(d *draft) { d.only(5, 3) }},
		{name: "refresh open", want: gate.Block, before: groupOf(5, ""),
			acts: func(w *awssim.World) { refresh(w, "search") }, draft: func(d *draft) { d.only(5, 3) }},
		{name: "group ended one", want: gate.Block, config: strings.Replace(floor2, "= 2", "= 4", 1), before: beside, acts: func(w *awssim.World) {
			w.SetDesired("search", 2)
			w.Advance(minutes)
		}, draft: func(d *draft) {
			n := 0
			for _, in := range d.world.Instances(home) {
				if in.Group == "" {
					action := "no-op"
					if n < 2 {
						action = "delete"
					}
					d.instance(n, in, action, nil)
					n++
				}
			}
			d.group("search", d.world.Groups(home)[0], [3]int{0, 9, 3}, [3]int{0, 9, 3}, nil)
		}},
		{name: "two regions", want: gate.Block, config: strings.Replace(floor2, "= 2", "= 5", 1), before: regions, acts: func(w *awssim.World) {
			w.TerminateInstance(w.Instances(away)[0].ID, w.Instances(away)[1].ID)
		}, draft: func(d *draft) {
			for i, region := range []string{home, away} {
				g := d.world.Groups(region)[0]
				d.group(fmt.Sprintf("in%d", i), g, [3]int{0, 9, 4}, [3]int{0, 9, 3}, nil)
			}
		}},
		{name: "warm pool", want: gate.Allow, config: floor2, before: func(w *awssim.World) {
			w.CreateGroup(awssim.GroupSpec{Name: "search", Max: 9, Desired: 4, Tags: cluster(), Settled: true, WarmPool: 2})
		}, draft: func(d *draft) { d.only(4, 3) }},
		{name: "cache", want: gate.Allow, before: caches, draft: func(d *draft) { d.cache("shop", 3, 2) }},
		{name: "cache behind", want: gate.Block, before: caches, others: noCache(), acts: func(w *awssim.World) { w.DelayCache(home, "shop-003", time.Hour) },
			draft: func(d *draft) { d.cache("shop", 3, 2) }},
		{name: "cache node ill", want: gate.Block, page: 20, before: caches, others: noCache(), acts: func(w *awssim.World) { w.SetCacheStatus(home, "shop-003", "incompatible-network") },
			draft: func(d *draft) { d.cache("shop", 3, 2) }},
		{name: "table with a reader", want: gate.Block, before: tableOf,
			others: map[string]func() *awssim.World{
				"the table is gone": func() *awssim.World { return awssim.New(noon) },
				"the table has no reader that runs": func() *awssim.World {
					w := awssim.New(noon)
					tableOf(w)
					w.SetMapping(home, "copy", "Disabled")
					return w
				},
			},
			acts:  func(w *awssim.World) { w.Map(home, "orders", "copy", "Enabled") },
			draft: tableEnds},
		{name: "table without a reader", want: gate.Allow, before: tableOf, draft: tableEnds},
		{name: "database, ready", want: gate.Allow, before: databaseOf, draft: restarts},
		{name: "database, behind", want: gate.Block, before: databaseOf, others: noDatabase(), acts: func(w *awssim.World) { w.Delay(home, "orders-ro", time.Hour) }, draft: restarts},
		{name: "database, its standby failed", want: gate.Block, before: databaseOf, others: noDatabase(), acts: func(w *awssim.World) { w.SetDatabaseStatus(home, "orders-ro", "failed") }, draft: restarts},
		{name: "aurora, a reader goes", want: gate.Allow, before: auroraOf(2), draft: readerGoes},
		{name: "aurora, behind", want: gate.Block, before: auroraOf(2), others: noDatabase(), acts: func(w *awssim.World) { w.Delay(home, "shop-1", time.Hour) }, draft: readerGoes},
		{name: "aurora, fails over", want: gate.Block, before: auroraOf(2), others: noDatabase(), acts: func(w *awssim.World) { w.FailOverCluster(home, "shop", "shop-1") }, draft: readerGoes},
		{name: "aurora, global", want: gate.Block, page: 20, before: auroraAmong, acts: func(w *awssim.World) { w.JoinGlobal("world", home, "shop") }, draft: auroraEnds,
			others: map[string]func() *awssim.World{
				"the cluster is gone": noDatabase()["there is no database"],
				"the cluster left the global one": func() *awssim.World {
					w := awssim.New(noon)
					auroraAmong(w)
					w.JoinGlobal("world", home, "shop")
					w.LeaveGlobal(home, "shop")
					return w
				},
			}},
		{name: "another account", want: gate.Block, account: "210987654321", before: groupOf(5, ""), draft: func(d *draft) { d.only(5, 4) }},
	}
}

// caches is a group with two replicas, and enough others for a second page.
func caches(w *awssim.World) {
	w.MakeCache(awssim.CacheSpec{ID: "shop", Replicas: 2, Failover: true})
	for i := range 22 {
		w.MakeCache(awssim.CacheSpec{ID: fmt.Sprintf("visits-%02d", i)})
	}
}

// tableOf makes a table with a fresh backup.
func tableOf(w *awssim.World) {
	w.CreateTable(awssim.TableSpec{Name: "orders", Stream: "NEW_AND_OLD_IMAGES"})
	w.BackUp(home, "orders", "daily")
}

// tableEnds is a plan that deletes it.
func tableEnds(d *draft) {
	v := values{"id": "orders", "name": "orders", "arn": "arn:aws:dynamodb:" + home + ":" + awssim.DefaultAccount + ":table/orders", "region": home}
	d.changes = append(d.changes, change("aws_dynamodb_table.orders", "aws_dynamodb_table", "delete", v, nil))
}

// auroraOf makes a cluster with that many readers that keep up, and a fresh
// snapshot.
func auroraOf(readers int) func(*awssim.World) {
	return func(w *awssim.World) {
		w.MakeCluster(home, "shop", readers+1)
		w.SnapshotCluster(home, "shop", "by-hand", "manual")
		w.Advance(minutes)
	}
}

// auroraAmong makes a cluster, and enough global ones of others for a second page.
func auroraAmong(w *awssim.World) {
	auroraOf(1)(w)
	for i := range 22 {
		id := fmt.Sprintf("other-%02d", i)
		w.MakeCluster(away, id, 0)
		w.JoinGlobal("all-"+id, away, id)
	}
}

// readerGoes is a plan that deletes one of the two readers.
func readerGoes(d *draft) {
	v := values{"id": "shop-2", "identifier": "shop-2", "cluster_identifier": "shop", "region": home}
	d.changes = append(d.changes, change("aws_rds_cluster_instance.m", "aws_rds_cluster_instance", "delete", v, nil))
}

// auroraEnds is a plan that deletes the cluster.
func auroraEnds(d *draft) {
	v := values{"id": "shop", "cluster_identifier": "shop", "region": home, "skip_final_snapshot": true}
	d.changes = append(d.changes, change("aws_rds_cluster.shop", "aws_rds_cluster", "delete", v, nil))
}

// databaseOf makes a database with one standby that keeps up.
func databaseOf(w *awssim.World) {
	w.MakeDatabase(home, "orders", "")
	w.MakeDatabase(home, "orders-ro", "orders")
	w.Advance(minutes)
}

// restarts is a plan that gives the database another class, which restarts it.
func restarts(d *draft) {
	v := func(class string) values {
		return values{"id": "orders", "identifier": "orders", "region": home, "apply_immediately": true, "instance_class": class}
	}
	d.changes = append(d.changes, change("aws_db_instance.orders", "aws_db_instance", "update", v("db.m5.large"), v("db.m5.xlarge")))
}

// noDatabase is the world in which the database is gone. Lists of another
// region, and of what has another name, are those of this world.
func noDatabase() map[string]func() *awssim.World {
	return map[string]func() *awssim.World{"there is no database": func() *awssim.World {
		w := awssim.New(noon)
		w.Advance(minutes)
		return w
	}}
}

// noCache is the world in which the group is gone. Nothing else names one, so
// that lists of another region are those of this world.
func noCache() map[string]func() *awssim.World {
	return map[string]func() *awssim.World{"there are no caches": func() *awssim.World { return awssim.New(noon) }}
}

func cluster() map[string]string { return map[string]string{"Cluster": "search"} }

func instances(n int) func(*awssim.World) {
	return func(w *awssim.World) {
		for range n {
			w.RunInstance(awssim.InstanceSpec{Type: "t3.micro", Tags: cluster(), Age: 24 * time.Hour})
		}
	}
}

// withDisk makes instances of which the first has a disk of its own.
func withDisk(n int) func(*awssim.World) { return withDiskOf(n, 10) }

// withDiskOf is withDisk with a disk of that many GiB.
func withDiskOf(n, gib int) func(*awssim.World) {
	return func(w *awssim.World) {
		instances(n)(w)
		w.Attach(w.MakeVolume(home, "", gib), w.Instances(home)[0].ID, "/dev/sdf")
	}
}

// terminate ends those of the instances, in the order of their ids.
func terminate(from, to int) func(*awssim.World) {
	return func(w *awssim.World) {
		for _, in := range w.Instances(home)[from:to] {
			w.TerminateInstance(in.ID)
		}
	}
}

func groupOf(n int, target string) func(*awssim.World) {
	return func(w *awssim.World) {
		s := awssim.GroupSpec{Name: "search", Max: 9, Desired: n, Tags: cluster(), Settled: true}
		if target != "" {
			s.TargetGroups = []string{w.CreateTargetGroup(home, target)}
		}
		w.CreateGroup(s)
	}
}

// oldest ends members through EC2; their group does not know it yet.
func oldest(n int) func(*awssim.World) {
	return func(w *awssim.World) {
		for _, in := range w.Groups(home)[0].Members[:n] {
			w.TerminateInstance(in.ID)
		}
	}
}

func regions(w *awssim.World) {
	for _, region := range []string{home, away} {
		w.CreateGroup(awssim.GroupSpec{Region: region, Name: "search", Max: 9, Desired: 4, Tags: cluster(), Settled: true})
	}
}

// beside is three instances beside a group of three, in one cluster.
func beside(w *awssim.World) {
	instances(3)(w)
	w.CreateGroup(awssim.GroupSpec{Name: "search", Max: 9, Desired: 3, Tags: cluster(), Settled: true})
}

// web is the ARN of the target group, which depends on its name only.
func web() string { return awssim.New(noon).CreateTargetGroup(home, "web") }

// refresh starts an instance refresh, as the console does.
func refresh(w *awssim.World, group string) {
	form := url.Values{"Action": {"StartInstanceRefresh"}, "AutoScalingGroupName": {group}}
	r := httptest.NewRequestWithContext(context.Background(), http.MethodPost, "http://aws/", strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=console/20261122/"+home+"/autoscaling/aws4_request, ")
	answer := httptest.NewRecorder()
	w.ServeHTTP(answer, r)
	if answer.Code != http.StatusOK {
		panic(answer.Body.String())
	}
}

// count adds all instances, of which those from on are deleted.
func (d *draft) count(from, to int) {
	for n, in := range d.world.Instances(home) {
		action := "no-op"
		if n >= from && n < to {
			action = "delete"
		}
		d.instance(n, in, action, nil)
	}
}

// only adds the only group, scaled.
func (d *draft) only(from, to int) {
	d.group("search", d.world.Groups(home)[0], [3]int{0, 9, from}, [3]int{0, 9, to}, nil)
}

// build makes the worlds, the plan and the promises. The plan was made before
// the recent acts.
func (s *scenario) build(t *testing.T) {
	t.Helper()
	s.world, s.past = awssim.New(noon), awssim.New(noon)
	for _, w := range []*awssim.World{s.world, s.past} {
		if s.before(w); s.account != "" {
			w.SetAccount(s.account)
		}
		w.SetPageSize(s.page)
	}
	if s.acts != nil {
		s.acts(s.world)
	}
	d := &draft{world: s.past}
	s.draft(d)
	s.json = d.json(t)
	var err error
	if s.plan, err = tfplan.Decode(bytes.NewReader(s.json)); err != nil {
		t.Fatalf("%s: %v", s.name, err)
	}
	s.promises = gate.DefaultConfig()
	if s.config != "" {
		if s.promises, err = config.Parse(config.FileName, []byte(s.config), "test"); err != nil {
			t.Fatalf("%s: %v", s.name, err)
		}
	}
}

// open builds the scenario and plays it without a fault; it notes the calls.
func (s *scenario) open(t *testing.T) outcome {
	t.Helper()
	s.build(t)
	free := cell{scenario: s}.run(t)
	s.calls = free.known
	slices.SortFunc(s.calls, order)
	if len(s.calls) < 4 {
		t.Fatalf("%s: only %d calls came: nothing is tested", s.name, len(s.calls))
	}
	return free
}
