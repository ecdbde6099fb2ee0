package faults

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/holdfast-gate/holdfast/gate/awssim"
)

// A draft is a plan in the making: resource_changes, and what refresh found.
type draft struct {
	world          *awssim.World
	changes, drift []any
}

type values = map[string]any

// instance adds an aws_instance that is live. Its values are those of before
// the recent acts, as a plan made then records them.
func (d *draft) instance(n int, in awssim.Instance, action string, more values) {
	v := d.values(in, more)
	after := any(v)
	if action == "delete" {
		after = nil
	}
	d.changes = append(d.changes, change(fmt.Sprintf("aws_instance.node[%d]", n), "aws_instance", action, v, after))
}

func (d *draft) values(in awssim.Instance, more values) values {
	v := values{"id": in.ID, "arn": fmt.Sprintf("arn:aws:ec2:%s:%s:instance/%s", in.Region, awssim.DefaultAccount, in.ID), "region": in.Region,
		"instance_state": "running", "instance_type": in.Type, "availability_zone": in.Zone, "tags": in.Tags, "tags_all": in.Tags}
	for k, value := range more {
		v[k] = value
	}
	return v
}

// group adds an aws_autoscaling_group whose sizes change; before and after are
// min_size, max_size and desired_capacity.
func (d *draft) group(name string, g awssim.Group, before, after [3]int, more values) {
	v := func(n [3]int) values {
		out := values{"id": g.Name, "name": g.Name, "arn": g.ARN, "region": g.Region, "min_size": n[0], "max_size": n[1], "desired_capacity": n[2]}
		for k, value := range more {
			out[k] = value
		}
		return out
	}
	action := "update"
	if before == after {
		action = "no-op"
	}
	d.changes = append(d.changes, change("aws_autoscaling_group."+name, "aws_autoscaling_group", action, v(before), v(after)))
}

// cache adds an aws_elasticache_replication_group that gets as many nodes.
func (d *draft) cache(id string, before, after int) {
	v := func(n int) values {
		return values{"id": id, "replication_group_id": id, "arn": fmt.Sprintf("arn:aws:elasticache:%s:%s:replicationgroup:%s", home, awssim.DefaultAccount, id), "num_cache_clusters": n}
	}
	d.changes = append(d.changes, change("aws_elasticache_replication_group."+id, "aws_elasticache_replication_group", "update", v(before), v(after)))
}

func change(address, kind, action string, before, after any) values {
	_, name, _ := strings.Cut(address, ".")
	name, _, _ = strings.Cut(name, "[")
	return values{"address": address, "mode": "managed", "type": kind, "name": name, "provider_name": "registry.terraform.io/hashicorp/aws",
		"change": values{"actions": []string{action}, "before": before, "after": after, "after_unknown": values{}, "before_sensitive": values{}, "after_sensitive": values{}}}
}

// json is the plan as terraform show -json prints it.
func (d *draft) json(t *testing.T) []byte {
	t.Helper()
	b, err := json.Marshal(values{
		"format_version": "1.2", "terraform_version": "1.11.4", "timestamp": noon.Add(-minutes).Format("2006-01-02T15:04:05Z"),
		"complete": true, "applyable": true, "errored": false,
		"resource_changes": d.changes, "resource_drift": d.drift,
		"configuration": values{"provider_config": values{"aws": values{"name": "aws", "full_name": "registry.terraform.io/hashicorp/aws",
			"expressions": values{"region": values{"constant_value": home}}}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	return b
}
