// Package change holds a world in which guarded changes are tried: a simulated
// account with a cluster or two, plans that end some of their members, and a
// terraform in this process that carries them out. It asserts nothing.
package change

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials"

	"github.com/holdfast-gate/holdfast/checks"
	"github.com/holdfast-gate/holdfast/gate"
	"github.com/holdfast-gate/holdfast/gate/awssim"
	"github.com/holdfast-gate/holdfast/gate/live"
	"github.com/holdfast-gate/holdfast/gate/live/aws"
)

// Name is the cluster's name, and that of its lease and its records; Other that
// of the second, where there are two.
const (
	Name  = "search"
	Other = "web"
)

// A Cluster is one cluster in a simulated account of its own, or two. Equal
// arguments of New give equal ids, in every process.
type Cluster struct {
	*awssim.World
	Names []string
	IDs   []string // of its members, in the order of their launch; or the names of its groups
	Floor int      // members of each cluster that must go on serving
}

// New starts clusters whose members have been running for an hour. They belong
// to one cluster and the other in turn.
func New(start time.Time, members, floor int, names ...string) *Cluster {
	c := &Cluster{World: awssim.New(start), Floor: floor, Names: names}
	t := c.Timing()
	t.ShuttingDown = 20 * time.Second
	c.SetTiming(t)
	for i := range members {
		tags := map[string]string{"Cluster": names[i%len(names)]}
		c.IDs = append(c.IDs, c.RunInstance(awssim.InstanceSpec{Type: "t3.micro", Image: "ami-1", Tags: tags, Age: time.Hour}))
	}
	return c
}

// NewGroups starts a cluster of several groups of one size, whose names are IDs.
func NewGroups(start time.Time, groups, size, floor int) *Cluster {
	c := &Cluster{World: awssim.New(start), Floor: floor, Names: []string{Name}}
	for i := range groups {
		name := fmt.Sprintf("search-%02d", i)
		c.CreateGroup(awssim.GroupSpec{Name: name, Max: size, Desired: size, Tags: map[string]string{"Cluster": Name}, Type: "t3.micro", Image: "ami-1", Settled: true})
		c.IDs = append(c.IDs, name)
	}
	return c
}

// End ends a member, or empties a group.
func (c *Cluster) End(id string) {
	if strings.HasPrefix(id, "i-") {
		c.TerminateInstance(id)
	} else {
		c.SetDesired(id, 0)
	}
}

// Serving is how many members really serve now.
func (c *Cluster) Serving() int {
	n := 0
	for _, in := range c.Instances("") {
		if in.InService {
			n++
		}
	}
	return n
}

// Config promises the floor. The cluster is spread over several states, so each
// plan knows only its own members.
func (c *Cluster) Config() *gate.Config {
	promises := gate.DefaultConfig()
	for _, name := range c.Names {
		promises.Clusters = append(promises.Clusters, gate.Cluster{
			Name: name, Members: gate.Selector{Tags: map[string]string{"Cluster": name}}, Unmanaged: gate.Allow,
			Roles: []gate.Role{{SurvivorFloor: c.Floor}},
		})
	}
	return promises
}

// Live reads the cluster through the real collector, without a socket.
func (c *Cluster) Live(ctx context.Context) func(context.Context, *gate.Plan) (*gate.Snapshot, error) {
	promises := c.Config()
	collector := aws.New(ctx, aws.Options{Now: c.Now, Load: []func(*config.LoadOptions) error{
		config.WithSharedConfigFiles(nil),
		config.WithSharedCredentialsFiles(nil),
		config.WithCredentialsProvider(credentials.NewStaticCredentialsProvider("AKIDTEST", "none", "")),
		config.WithBaseEndpoint("http://aws.test"),
		config.WithHTTPClient(direct{c.World}),
	}})
	return func(ctx context.Context, plan *gate.Plan) (*gate.Snapshot, error) {
		wants, err := live.Wants(plan, promises, gate.Asked(plan, checks.Suite()))
		if err != nil {
			return nil, err
		}
		s := live.ReadTouched(ctx, c.Now, collector, wants, live.TouchedBy(gate.Input{Now: c.Now(), Config: promises, Plan: plan}))
		live.Trim(s, promises)
		return s, nil
	}
}

// direct calls a handler instead of a server.
type direct struct{ http.Handler }

// Do implements the SDK's HTTPClient.
func (d direct) Do(r *http.Request) (*http.Response, error) {
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	answer := httptest.NewRecorder()
	d.ServeHTTP(answer, r)
	return answer.Result(), nil
}

type values = map[string]any

// WritePlan writes a plan file that ends members, or empties groups, made in a
// directory that manages no others.
func (c *Cluster) WritePlan(path string, made time.Time, victims ...string) error {
	var changes []any
	for i, id := range victims {
		kind, act := "aws_autoscaling_group", "update"
		var before, after values
		if strings.HasPrefix(id, "i-") {
			kind, act, before = "aws_instance", "delete", c.instance(id)
		} else {
			before, after = c.group(id)
		}
		change := values{"actions": []string{act}, "before": before, "after": nil, "after_unknown": values{}, "before_sensitive": values{}, "after_sensitive": values{}}
		if after != nil {
			change["after"] = after
		}
		changes = append(changes, values{
			"address": fmt.Sprintf("%s.member[%d]", kind, i), "mode": "managed", "type": kind, "name": "member", "index": i,
			"provider_name": "registry.terraform.io/hashicorp/aws", "change": change,
		})
	}
	data, err := json.Marshal(values{
		"format_version": "1.2", "terraform_version": "1.11.4", "timestamp": made.UTC().Format(time.RFC3339),
		"complete": true, "applyable": true, "errored": false, "resource_changes": changes,
		"configuration": values{"provider_config": values{"aws": values{"name": "aws", "full_name": "registry.terraform.io/hashicorp/aws",
			"expressions": values{"region": values{"constant_value": awssim.DefaultRegion}}}}},
	})
	if err != nil {
		return err
	}
	return os.WriteFile(path, append([]byte(magic), data...), 0o600)
}

// instance is a member as terraform records it.
func (c *Cluster) instance(id string) values {
	in := c.Instance(id)
	return values{
		"id": id, "arn": fmt.Sprintf("arn:aws:ec2:%s:%s:instance/%s", in.Region, awssim.DefaultAccount, id), "region": in.Region,
		"instance_state": "running", "instance_type": in.Type, "availability_zone": in.Zone, "tags": in.Tags, "tags_all": in.Tags,
	}
}

// group is a group as terraform records it, and as it is when it is emptied.
func (c *Cluster) group(name string) (before, after values) {
	groups := c.Groups("")
	g := groups[slices.IndexFunc(groups, func(g awssim.Group) bool { return g.Name == name })]
	before = values{"id": name, "name": name, "arn": g.ARN, "region": g.Region, "min_size": g.Min, "max_size": g.Max, "desired_capacity": g.Desired}
	after = maps.Clone(before)
	after["desired_capacity"] = 0
	return before, after
}

// magic is how a plan file begins: it is a zip archive.
const magic = "PK\x03\x04"
