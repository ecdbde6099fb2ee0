package gate

import "time"

// Action is what Terraform will do to one resource.
type Action uint8

// The actions. The zero value is one this version does not know; it is treated
// as a delete and makes the plan uncertifiable.
const (
	ActionUnknown Action = iota
	NoOp
	Read
	Create
	Update
	Delete
	ReplaceDeleteFirst // ["delete","create"]
	ReplaceCreateFirst // ["create","delete"]
	Forget             // leaves the state, stays in the cloud
	ForgetReplace      // ["create","forget"]: a new one is made, the old one stays in the cloud
)

var actionWords = words{"unknown", "no-op", "read", "create", "update", "delete", "replace (delete first)", "replace (create first)", "forget", "replace (forget old)"}

func (a Action) String() string { return actionWords.text(uint8(a)) }

// MarshalText implements encoding.TextMarshaler.
func (a Action) MarshalText() ([]byte, error) { return []byte(a.String()), nil }

// UnmarshalText implements encoding.TextUnmarshaler; an unknown word is an error.
func (a *Action) UnmarshalText(b []byte) error {
	v, err := actionWords.parse("action", b)
	*a = Action(v)
	return err
}

// Ends reports whether the action deletes the current object. A replace does,
// in either order, and so does an action that is not known.
func (a Action) Ends() bool {
	return a == Delete || a == ReplaceDeleteFirst || a == ReplaceCreateFirst || a == ActionUnknown
}

// A Plan is what Terraform says it will do, reduced to what a decision needs.
// No sensitive value is in it.
type Plan struct {
	Digest           string       `json:"digest,omitempty"` // SHA-256 of the plan file; of the JSON where only that was given
	FormatVersion    string       `json:"format_version"`
	TerraformVersion string       `json:"terraform_version"`
	CreatedAt        time.Time    `json:"created_at,omitzero"` // zero when the plan does not say, and then it is not fresh
	Workspace        string       `json:"workspace,omitempty"` // empty when not known; a plan's JSON does not carry it
	Complete         Tri          `json:"complete"`            // whether applying it reaches the desired state; unknown before Terraform 1.8
	Errored          bool         `json:"errored,omitempty"`   // planning ended in an error
	Applyable        Tri          `json:"applyable"`           // no when there is nothing to apply
	Deferred         []string     `json:"deferred,omitempty"`  // addresses of deferred changes
	Changes          []Change     `json:"changes"`             // of the types the gate knows, no-ops included; of others only real changes, without values
	Drift            []Change     `json:"drift,omitempty"`     // what refresh found different from the recorded state, of the types the gate knows
	Others           []Change     `json:"others,omitempty"`    // what other states record, so that nobody takes it for undeclared
	Actions          []ActionCall `json:"actions,omitempty"`   // action_invocations: not resource changes, but they act
	Resources        int          `json:"resources"`           // how many entries resource_changes had
	Regions          []string     `json:"regions,omitempty"`   // every region a change of a known type is in, sorted
	Accounts         []string     `json:"accounts,omitempty"`  // every account an ARN of a known type names, sorted
	Unjudged         int          `json:"unjudged,omitempty"`  // how many no-ops are not among Changes because no cluster that is judged has them; see Focused
	Aside            Aside        `json:"-"`                   // the no-ops that a decoder did not put among Changes; nil when there are none
}

// Tri is yes, no or not known.
type Tri uint8

// The values.
const (
	TriUnknown Tri = iota
	No
	Yes
)

var triWords = words{"unknown", "no", "yes"}

func (t Tri) String() string { return triWords.text(uint8(t)) }

// MarshalText implements encoding.TextMarshaler.
func (t Tri) MarshalText() ([]byte, error) { return []byte(t.String()), nil }

// UnmarshalText implements encoding.TextUnmarshaler; an unknown word is an error.
func (t *Tri) UnmarshalText(b []byte) error {
	v, err := triWords.parse("answer", b)
	*t = Tri(v)
	return err
}

// An ActionCall is one invocation of a provider action (Terraform 1.14).
type ActionCall struct {
	Address string   `json:"address"`
	Type    string   `json:"type"`              // "aws_ec2_stop_instance"
	Trigger string   `json:"trigger,omitempty"` // address of the resource that triggers it; empty for -invoke
	Members []string `json:"members,omitempty"` // instance_id values that are known
}

// A Change is one resource the plan touches, or leaves alone.
type Change struct {
	Address   string   `json:"address"`
	Deposed   string   `json:"deposed,omitempty"`  // key of a deposed object; identity is (Address, Deposed)
	Previous  string   `json:"previous,omitempty"` // address before a move: a move is no death
	Resource  string   `json:"resource"`           // Address without its last instance key, "module.a.aws_instance.node"
	Indexed   bool     `json:"indexed,omitempty"`  // made by count or for_each
	Type      string   `json:"type"`
	Provider  string   `json:"provider,omitempty"`
	Action    Action   `json:"action"`
	RawAction string   `json:"raw_action,omitempty"` // the plan's own words when Action is not known
	Reason    string   `json:"reason,omitempty"`     // Terraform's action_reason: shown, never decided on
	ID        string   `json:"id,omitempty"`         // live id, as the prior state knows it; empty for a create
	Region    string   `json:"region,omitempty"`     // resource's attribute, else its ARN, else the provider block; empty when none says
	Account   string   `json:"account,omitempty"`    // from its ARN; empty when it has none
	Before    Attrs    `json:"before,omitempty"`     // kept attributes only (KeptAttributes), null where sensitive
	After     Attrs    `json:"after,omitempty"`
	Changed   []string `json:"changed,omitempty"`   // top-level attributes that differ or will be known only after apply, sorted; null against empty is no difference
	Unknown   []string `json:"unknown,omitempty"`   // those of them that are unknown, wholly or in part, sorted
	Sensitive []string `json:"sensitive,omitempty"` // kept attributes, and tags of any type, with a sensitive part: their values were dropped
	Replaces  []string `json:"replaces,omitempty"`  // attribute paths that force the replacement: shown
	Found     string   `json:"found,omitempty"`     // of drift: "state" if it was found by comparing the recorded state; empty: by Terraform's refresh
	Bucket    string   `json:"bucket,omitempty"`    // address without instance keys of the aws_s3_bucket that its configuration takes its bucket from; empty when none, or not known
}

// Attrs is attributes of a resource, by name, as JSON decodes them. A name
// that is absent was not kept; a nil value is null.
type Attrs map[string]any

// Int returns a whole number; false if it is absent, null or not one.
func (a Attrs) Int(name string) (int, bool) {
	switch v := a[name].(type) {
	case float64:
		return int(v), v == float64(int(v))
	case int:
		return v, true
	}
	return 0, false
}

// String returns a string, empty if it is absent, null or not one.
func (a Attrs) String(name string) string { s, _ := a[name].(string); return s }

// Strings returns the strings of a list or set; nil if there are none.
func (a Attrs) Strings(name string) []string {
	list, _ := a[name].([]any)
	var out []string
	for _, v := range list {
		if s, ok := v.(string); ok {
			out = append(out, s)
		}
	}
	return out
}

// Block returns the first nested block of that name, nil if there is none.
func (a Attrs) Block(name string) Attrs {
	list, _ := a[name].([]any)
	if len(list) == 0 {
		return nil
	}
	m, _ := list[0].(map[string]any)
	return m
}

// Tags returns the tags of a resource: "tags_all", else "tags", else the
// key/value blocks "tag" that a group has.
func (a Attrs) Tags() map[string]string {
	out := map[string]string{}
	if list, ok := a["tag"].([]any); ok {
		for _, v := range list {
			if m, ok := v.(map[string]any); ok {
				out[Attrs(m).String("key")] = Attrs(m).String("value")
			}
		}
	}
	for _, name := range []string{"tags", "tags_all"} {
		m, _ := a[name].(map[string]any)
		for k, v := range m {
			if s, ok := v.(string); ok {
				out[k] = s
			}
		}
	}
	return out
}

// KeptAttributes names the attributes of a resource type whose values a
// decision needs. Nil means the type is not one the gate knows: a decoder
// keeps no value of it.
func KeptAttributes(resourceType string) []string {
	switch resourceType {
	case "aws_instance":
		return []string{"id", "arn", "region", "instance_state", "instance_type", "ami", "availability_zone", "subnet_id", "launch_template", "tags", "tags_all"}
	case "aws_autoscaling_group":
		return []string{"id", "arn", "region", "name", "min_size", "max_size", "desired_capacity", "launch_template", "launch_configuration",
			"mixed_instances_policy", "instance_refresh", "instance_maintenance_policy", "availability_zones", "vpc_zone_identifier", "suspended_processes",
			"target_group_arns", "load_balancers", "traffic_source", "force_delete", "health_check_type", "max_instance_lifetime", "protect_from_scale_in", "tag"}
	case "aws_launch_template":
		return []string{"id", "arn", "region", "name", "latest_version", "default_version"}
	case "aws_autoscaling_attachment":
		return []string{"id", "region", "autoscaling_group_name", "lb_target_group_arn", "elb"}
	case "aws_autoscaling_traffic_source_attachment":
		return []string{"id", "region", "autoscaling_group_name"}
	case "aws_lb_target_group_attachment", "aws_alb_target_group_attachment":
		return []string{"id", "region", "target_group_arn", "target_id", "port"}
	case "aws_lb_target_group", "aws_alb_target_group":
		return []string{"id", "arn", "region", "name"}
	case "aws_dynamodb_table":
		return []string{"id", "arn", "region", "name", "deletion_protection_enabled", "point_in_time_recovery", "replica", "stream_enabled", "stream_view_type", "ttl"}
	case "aws_dynamodb_table_replica":
		return []string{"id", "arn", "region", "global_table_arn", "deletion_protection_enabled", "point_in_time_recovery"}
	case "aws_dynamodb_global_table":
		return []string{"id", "arn", "region", "name", "replica"}
	case "aws_ec2_instance_state":
		return []string{"id", "region", "instance_id", "state"}
	case "aws_s3_bucket":
		return []string{"id", "arn", "region", "bucket", "force_destroy", "lifecycle_rule", "versioning"}
	case "aws_s3_bucket_lifecycle_configuration":
		return []string{"id", "region", "bucket", "rule", "transition_default_minimum_object_size"}
	case "aws_s3_bucket_versioning":
		return []string{"id", "region", "bucket", "versioning_configuration"}
	case "aws_s3_bucket_replication_configuration":
		return []string{"id", "region", "bucket", "rule"}
	case "aws_volume_attachment":
		return []string{"id", "region", "instance_id", "volume_id", "device_name", "force_detach", "skip_destroy", "stop_instance_before_detaching"}
	case "aws_db_instance":
		return []string{"id", "arn", "region", "identifier", "resource_id", "engine", "engine_version", "instance_class", "allocated_storage", "storage_type", "iops", "port", "multi_az",
			"replicate_source_db", "replicas", "availability_zone", "apply_immediately", "blue_green_update", "deletion_protection", "skip_final_snapshot", "final_snapshot_identifier",
			"delete_automated_backups", "backup_retention_period", "parameter_group_name", "ca_cert_identifier", "tags", "tags_all"}
	case "aws_rds_cluster":
		return []string{"id", "arn", "region", "cluster_identifier", "cluster_resource_id", "engine", "engine_version", "global_cluster_identifier", "replication_source_identifier", "port",
			"apply_immediately", "deletion_protection", "skip_final_snapshot", "final_snapshot_identifier", "delete_automated_backups", "backup_retention_period", "tags", "tags_all"}
	case "aws_rds_cluster_instance":
		return []string{"id", "arn", "region", "identifier", "cluster_identifier", "instance_class", "engine_version", "writer", "promotion_tier", "availability_zone", "apply_immediately", "tags", "tags_all"}
	case "aws_rds_global_cluster":
		return []string{"id", "arn", "region", "global_cluster_identifier", "force_destroy", "deletion_protection", "engine_version"}
	case "aws_elasticache_replication_group":
		return []string{"id", "arn", "region", "replication_group_id", "engine", "engine_version", "node_type", "num_cache_clusters", "num_node_groups", "replicas_per_node_group", "node_group_configuration",
			"automatic_failover_enabled", "multi_az_enabled", "cluster_mode", "global_replication_group_id", "apply_immediately", "final_snapshot_identifier", "tags", "tags_all"}
	case "aws_elasticache_cluster":
		return []string{"id", "arn", "region", "cluster_id", "replication_group_id", "engine", "engine_version", "node_type", "num_cache_nodes", "apply_immediately", "final_snapshot_identifier", "tags", "tags_all"}
	case "aws_elasticache_global_replication_group":
		return []string{"id", "arn", "region", "global_replication_group_id", "primary_replication_group_id", "num_node_groups", "automatic_failover_enabled"}
	case "aws_elasticache_serverless_cache":
		return []string{"id", "arn", "region", "name", "engine", "major_engine_version", "cache_usage_limits", "tags", "tags_all"}
	case "aws_ebs_volume":
		return []string{"id", "arn", "region", "availability_zone", "size", "iops", "throughput", "type", "final_snapshot", "snapshot_id"}
	}
	return nil
}
