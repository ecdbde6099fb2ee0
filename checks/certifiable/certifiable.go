// Package certifiable holds the check that a plan describes what applying it
// will do. It does not judge what that is.
package certifiable

import (
	"fmt"
	"slices"
	"strings"

	"github.com/holdfast-gate/holdfast/gate"
)

// Check returns the check.
func Check() *gate.Check {
	return &gate.Check{Name: "certifiable", Plan: true, Run: run, Doc: `a plan can only be judged if it says all that it will do

A plan made with -target, one with deferred changes, one that ended in an error
or one with actions does not describe where it ends. Pass by planning the whole
configuration. Changes of members that holdfast cannot count yet are refused
here too, by type.`}
}

func run(p *gate.Pass) error {
	plan := p.Plan
	if plan.Errored {
		p.Report(gate.Finding{Code: "certifiable.errored", Decision: gate.Block, Message: "planning ended in an error, so the plan lacks what came after it", Remedy: "mend the error and plan again"})
	}
	switch plan.Complete {
	case gate.Yes:
	case gate.No:
		p.Report(gate.Finding{Code: "certifiable.incomplete", Decision: gate.Block, Message: "the plan is incomplete: it was made with -target or leaves changes for later, so it does not say where it ends", Remedy: "plan the whole configuration, without -target"})
	default:
		// OpenTofu and Terraform before 1.8 do not say it; every change that is in
		// the plan is judged all the same, so this is a warning.
		p.Report(gate.Finding{Code: "certifiable.unsaid", Decision: gate.Warn, Message: "the plan does not say whether it is complete (OpenTofu, and Terraform before 1.8, never do)", Remedy: "make sure that it was made without -target"})
	}
	if n := len(plan.Deferred); n > 0 {
		p.Report(gate.Finding{Code: "certifiable.deferred", Decision: gate.Block, Subjects: plan.Deferred, Message: fmt.Sprintf("the plan defers %s, beginning with %s", gate.Count(n, "change"), plan.Deferred[0]), Remedy: "plan again when what they wait for is known"})
	}
	for _, c := range plan.Changes {
		change(p, c)
	}
	for _, a := range plan.Actions {
		if !slices.Contains(harmless(), a.Type) {
			// An action is no resource change, but it acts: some stop instances.
			p.Report(gate.Finding{Code: "certifiable.action", Decision: gate.Block, Subjects: []string{a.Address},
				Message: fmt.Sprintf("the plan runs action %s (%s), whose effect on members is not known%s", a.Address, a.Type, on(a)), Remedy: "plan without the action, and run it by itself when nothing else changes"})
		}
	}
	return nil
}

// harmless are the provider's actions that touch no member.
func harmless() []string {
	return []string{"aws_dynamodb_create_backup", "aws_cloudfront_create_invalidation", "aws_ses_send_email", "aws_sns_publish"}
}

func on(a gate.ActionCall) string {
	if len(a.Members) == 0 {
		return ""
	}
	return ": it names " + strings.Join(a.Members, ", ")
}

func change(p *gate.Pass, c gate.Change) {
	switch {
	case c.Action == gate.ActionUnknown:
		// An action this version does not know may do anything.
		p.Report(gate.Finding{Code: "certifiable.unknown", Decision: gate.Block, Subjects: []string{c.Address}, Message: fmt.Sprintf("the plan would %q %s, an action this version of holdfast does not know", c.RawAction, c.Address), Remedy: "use a newer holdfast"})
	case gate.KeptAttributes(c.Type) != nil && c.ID == "" && (c.Action.Ends() || c.Action == gate.Update):
		// Without its id nobody knows which live object this is.
		p.Report(gate.Finding{Code: "certifiable.unidentified", Decision: gate.Block, Subjects: []string{c.Address}, Message: fmt.Sprintf("the plan does not say which live object %s is, so its loss cannot be counted", c.Address), Remedy: "plan again with a refresh"})
	case hiddenDatabase(c):
		// A database whose name is hidden would be looked for under no name, and not
		// found.
		p.Report(gate.Finding{Code: "certifiable.unidentified", Decision: gate.Block, Subjects: []string{c.Address}, Message: fmt.Sprintf("the plan hides which database %s is (its identifier is sensitive), so what it leaves cannot be told", c.Address), Remedy: "take the identifier out of the sensitive value, and plan again"})
	case hiddenCache(c):
		// A node whose group is hidden would be looked for as a cluster of its own, and
		// not found; nodes whose number is hidden cannot be counted.
		p.Report(gate.Finding{Code: "certifiable.unidentified", Decision: gate.Block, Subjects: []string{c.Address}, Message: fmt.Sprintf("the plan hides which cache %s is, or how many nodes it has (sensitive), so what it leaves cannot be told", c.Address), Remedy: "take these out of the sensitive value, and plan again"})
	case c.Type == "aws_ec2_instance_state" && slices.Contains(c.Unknown, "instance_id") && c.After.String("state") != "running":
		// Which instance it stops will be known only when it does.
		p.Report(gate.Finding{Code: "certifiable.unidentified", Decision: gate.Block, Subjects: []string{c.Address}, Message: fmt.Sprintf("the plan does not say yet which instance %s stops", c.Address), Remedy: "apply what it depends on first, then plan again"})
	case nameless(c):
		// Whom it takes off its disk or load balancer is not known here.
		p.Report(gate.Finding{Code: "certifiable.unidentified", Decision: gate.Block, Subjects: []string{c.Address}, Message: fmt.Sprintf("the plan would %s %s and does not name an instance that it is about, so its loss cannot be counted", c.Action, c.Address), Remedy: "apply this change by itself, watched, with terraform"})
	case later(c):
		p.Report(gate.Finding{Code: "certifiable.later", Decision: gate.Warn, Subjects: []string{c.Address}, Message: fmt.Sprintf("the plan would %s %s, which may take members later, or traffic, in a way that is not counted", verb(c), c.Address), Remedy: "watch the cluster when it takes effect"})
	case uncounted(c):
		// A type that holds or scales members and has no arithmetic yet.
		p.Report(gate.Finding{Code: "certifiable.uncounted", Decision: gate.Block, Subjects: []string{c.Address},
			Message: fmt.Sprintf("the plan would %s %s, and this version of holdfast cannot count what that leaves of %s", verb(c), c.Address, c.Type), Remedy: "apply this change by itself, watched, with terraform"})
	}
}

// hiddenDatabase reports whether a change is about a database that is there and
// does not say which.
func hiddenDatabase(c gate.Change) bool {
	kind, id := gate.DatabaseOf(c)
	return kind != "" && id == "" && (c.Action.Ends() || c.Action == gate.Update)
}

// hiddenCache reports whether a change is about a cache that is there and does
// not say which, or hides whether it is a node of a group or how many it has.
func hiddenCache(c gate.Change) bool {
	kind, id := gate.CacheOf(c)
	hidden := id == "" || slices.ContainsFunc(c.Sensitive, func(n string) bool {
		return slices.Contains([]string{"replication_group_id", "cluster_id", "num_cache_nodes"}, n)
	})
	return kind != "" && hidden && (c.Action.Ends() || c.Action == gate.Update)
}

func verb(c gate.Change) string {
	if c.Action != gate.Update {
		return c.Action.String()
	}
	return "change " + strings.Join(c.Changed, ", ") + " of"
}

// uncounted reports whether a change may cost members of a kind whose
// arithmetic this version does not have (aws-semantics 1.1). Making one, and
// changing its tags, costs nobody.
func uncounted(c gate.Change) bool {
	if strings.HasPrefix(c.Type, "awscc_") {
		// The other AWS provider names everything else, so all it ends may be members.
		return c.Action.Ends()
	}
	if slices.Contains(roads(), c.Type) {
		return c.Action.Ends()
	}
	if !slices.Contains(holders(), c.Type) {
		return false
	}
	switch c.Action {
	case gate.NoOp, gate.Read, gate.Forget, gate.ForgetReplace, gate.Create:
		return false
	case gate.Update:
		return altered(c)
	}
	return true
}

// altered reports whether an update changes more than tags, which never matter.
func altered(c gate.Change) bool {
	idle := []string{"tags", "tags_all", "timeouts"}
	return slices.ContainsFunc(c.Changed, func(n string) bool { return !slices.Contains(idle, n) })
}

// nameless reports whether a change detaches something and the plan hides, or
// does not name, the instance: it is sensitive, or a target by address.
func nameless(c gate.Change) bool {
	attr := map[string]string{"aws_lb_target_group_attachment": "target_id", "aws_alb_target_group_attachment": "target_id", "aws_volume_attachment": "instance_id",
		"aws_autoscaling_attachment": "autoscaling_group_name", "aws_autoscaling_traffic_source_attachment": "autoscaling_group_name", "aws_ec2_instance_state": "instance_id"}[c.Type]
	if attr == "" || c.Action == gate.NoOp || c.Action == gate.Forget {
		return false
	}
	if slices.Contains(c.Sensitive, attr) {
		return true
	}
	id := c.Before.String(attr)
	return attr == "target_id" && c.Action.Ends() && !strings.HasPrefix(id, "i-") && !strings.HasPrefix(id, "arn:")
}

// later reports whether a change moves members by a clock or an alarm, or
// traffic by a rule, so that nothing of it can be counted now.
func later(c gate.Change) bool {
	switch c.Type {
	case "aws_autoscaling_schedule", "aws_autoscaling_policy", "aws_appautoscaling_target", "aws_appautoscaling_policy", "aws_appautoscaling_scheduled_action":
		return c.Action == gate.Create || c.Action.Ends() || (c.Action == gate.Update && altered(c))
	case "aws_lb_listener", "aws_alb_listener", "aws_lb_listener_rule", "aws_alb_listener_rule", "aws_lb", "aws_alb", "aws_elb":
		return c.Action == gate.Update && altered(c)
	case "aws_lb_target_group", "aws_alb_target_group":
		return c.Action == gate.Update && slices.Contains(c.Changed, "health_check")
	}
	return false
}

// roads are what traffic takes to members: without one they serve nobody.
func roads() []string {
	return []string{"aws_lb", "aws_alb", "aws_elb", "aws_elb_attachment", "aws_lb_listener", "aws_alb_listener", "aws_lb_listener_rule", "aws_alb_listener_rule"}
}

// holders are the types that hold or scale members, or data, without an
// arithmetic of their own yet.
func holders() []string {
	return []string{
		"aws_spot_fleet_request", "aws_ec2_fleet", "aws_ecs_service", "aws_ecs_task_set", "aws_ecs_capacity_provider", "aws_ecs_cluster_capacity_providers",
		"aws_eks_node_group", "aws_eks_cluster", "aws_eks_fargate_profile",
		"aws_docdb_cluster", "aws_docdb_cluster_instance", "aws_docdb_global_cluster", "aws_neptune_cluster", "aws_neptune_cluster_instance", "aws_neptune_global_cluster",
		"aws_memorydb_cluster",
		"aws_opensearch_domain", "aws_elasticsearch_domain", "aws_msk_cluster", "aws_emr_cluster", "aws_emr_instance_group", "aws_emr_instance_fleet",
		"aws_memorydb_multi_region_cluster", "aws_docdbelastic_cluster", "aws_rds_shard_group", "aws_keyspaces_table", "aws_timestreamwrite_table",
		"aws_redshift_cluster", "aws_redshiftserverless_namespace", "aws_kinesis_stream", "aws_efs_file_system", "aws_fsx_ontap_volume", "aws_fsx_openzfs_volume", "aws_fsx_lustre_file_system",
		"aws_fsx_windows_file_system", "aws_fsx_ontap_file_system", "aws_fsx_openzfs_file_system", "aws_backup_vault",
		"aws_spot_instance_request", "aws_mq_broker", "aws_cloudformation_stack",
	}
}
