package tfplan

import (
	"slices"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/holdfast-gate/holdfast/gate"
)

// invocation is an entry of action_invocations (Terraform 1.14; terraform-json
// v0.29, ActionInvocation).
type invocation struct {
	Address   string         `json:"address"`
	Type      string         `json:"type"`
	Values    jsontext.Value `json:"config_values"`
	Sensitive jsontext.Value `json:"config_sensitive"`
	Trigger   struct {
		Resource string `json:"triggering_resource_address"`
	} `json:"lifecycle_action_trigger"`
}

// actionInvocation reads something that acts without being a resource change:
// aws_ec2_stop_instance stops a member in a plan that changes nothing.
func (d *decoder) actionInvocation(i int) error {
	var raw invocation
	if err := d.value(&raw); err != nil {
		return err
	}
	if raw.Address == "" {
		return malformed("entry %d of action_invocations has no address", i)
	}
	members, err := raw.members()
	if err != nil {
		return malformed("entry %d of action_invocations, %.200q, holds values of another form than Terraform writes", i, raw.Address)
	}
	d.plan.Actions = append(d.plan.Actions, gate.ActionCall{
		Address: raw.Address,
		Type:    raw.Type,
		Trigger: raw.Trigger.Resource,
		Members: members,
	})
	return nil
}

// deferredActionInvocation reads an action that a later plan will call.
func (d *decoder) deferredActionInvocation(i int) error {
	var raw struct {
		Invocation invocation `json:"action_invocation"`
	}
	if err := d.value(&raw); err != nil {
		return err
	}
	return d.deferred("deferred_action_invocations", i, raw.Invocation.Address)
}

// members is the instances an action names, as far as they are known and not
// sensitive. An unknown value is not among the values at all.
func (i *invocation) members() ([]string, error) {
	var v values
	if err := json.Unmarshal(orNull(i.Values), &v.after); err != nil {
		return nil, err
	}
	if err := v.afterMask.parse(i.Sensitive, object{}, interner{}); err != nil {
		return nil, err
	}
	_, attrs, err := v.keep([]string{"instance_id"})
	if err != nil {
		return nil, err
	}
	members := attrs.Strings("instance_id")
	if id := attrs.String("instance_id"); id != "" {
		members = append(members, id)
	}
	slices.Sort(members)
	return slices.Compact(members), nil
}
