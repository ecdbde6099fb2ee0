package gate

import "strings"

// restarts are the attributes of an instance that the provider changes by
// stopping and starting it, all instances of a count at once and with no wait
// for health (aws-semantics 1.2.1, provider ec2_instance.go:1623-2111).
func restarts() []string {
	return []string{"instance_type", "user_data", "user_data_base64", "capacity_reservation_specification", "cpu_options"}
}

// inPlace are the attributes of an instance that change without disturbing it,
// and those the provider computes. What forces a replacement is in the action.
func inPlace() []string {
	return []string{"tags", "tags_all", "volume_tags", "monitoring", "iam_instance_profile", "vpc_security_group_ids", "security_groups", "source_dest_check",
		"disable_api_termination", "disable_api_stop", "instance_initiated_shutdown_behavior", "credit_specification", "metadata_options", "maintenance_options",
		"root_block_device", "get_password_data", "force_destroy", "timeouts", "user_data_replace_on_change", "private_dns_name_options", "launch_template",
		"id", "arn", "region", "instance_state", "public_ip", "public_dns", "private_dns", "private_ip", "password_data", "primary_network_interface",
		"primary_network_interface_id", "secondary_private_ips", "ipv6_addresses", "ipv6_address_count", "associate_public_ip_address", "availability_zone", "outpost_arn",
		"ebs_block_device", "ephemeral_block_device", "network_interface", "host_id", "host_resource_group_arn", "instance_lifecycle", "spot_instance_request_id",
		"placement_group_id", "secondary_network_interface", "enable_primary_ipv6", "ebs_optimized", "subnet_id"}
}

// instanceEffect is what a change of one aws_instance does.
func (v *View) instanceEffect(c Change) Effect {
	switch {
	case c.Action.Ends():
		e := Effect{Ends: []string{c.ID}, Does: "ends " + c.ID}
		if c.Action == ReplaceDeleteFirst || c.Action == ReplaceCreateFirst {
			e.Joins, e.Does = 1, "ends "+c.ID+" and makes another"
		}
		return e
	case c.Action == Create:
		return Effect{Joins: 1, Does: "adds a member"}
	case c.Action == ForgetReplace:
		return Effect{Joins: 1, Does: "adds a member and leaves " + c.ID + " running, unmanaged"}
	case c.Action != Update:
		return Effect{}
	}
	if role, out := v.retagged(c); out {
		return Effect{Ends: []string{c.ID}, Does: "takes " + c.ID + " out of " + role + " by its tags"}
	}
	stops := Effect{Stops: []string{c.ID}}
	if names := c.changes(restarts()...); len(names) > 0 {
		stops.Does = "stops and starts " + c.ID + " to change " + strings.Join(names, ", ")
		return stops
	}
	// An attribute this version does not know may need a stop: take it as one.
	if names := c.unlisted(restarts(), inPlace()); len(names) > 0 {
		stops.Does = "changes " + c.ID
		stops.Guess = "whether a change of " + strings.Join(names, ", ") + " stops an instance is not known"
		return stops
	}
	return Effect{}
}

// retagged reports whether an update takes a member out of a declared cluster,
// or out of one of its roles, by changing its tags.
func (v *View) retagged(c Change) (string, bool) {
	if v.Cluster.Implicit || len(c.changes("tags", "tags_all")) == 0 {
		return "", false
	}
	leaves := func(s Selector) bool {
		return s.selects(c.Before.Tags(), "", []string{c.Address}) && !s.selects(c.After.Tags(), "", []string{c.Address})
	}
	if leaves(v.Cluster.Members) {
		return v.Cluster.Name, true
	}
	for _, r := range v.Cluster.Roles {
		if leaves(r.Members) {
			return v.Cluster.Name + "/" + r.Name, true
		}
	}
	return "", false
}

// instanceStateEffect is what aws_ec2_instance_state does to its instance.
func (v *View) instanceStateEffect(c Change) (Effect, bool) {
	id := c.After.String("instance_id")
	if c.After == nil {
		id = c.Before.String("instance_id")
	}
	if _, ok := v.member(id); !ok {
		return Effect{}, false
	}
	state, ok := c.After["state"]
	switch {
	case c.Action == Delete || c.Action == NoOp || c.Action == Forget || c.Action == Read:
		return Effect{}, true
	case ok && state == "running":
		return Effect{Does: "starts " + id}, true
	default:
		// A state that is not known may be "stopped".
		return Effect{Ends: []string{id}, Does: "stops " + id}, true
	}
}
