package tfplan

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/holdfast-gate/holdfast/gate"
)

// entries is a plan with these entries in resource_changes.
func entries(list ...string) string {
	return `{"format_version":"1.2","resource_changes":[` + strings.Join(list, ",") + `]}`
}

// instance is an entry for aws_instance.node[0] with these actions.
func instance(actions ...string) string {
	return entry("aws_instance.node[0]", actions, ``, `{"id":"i-1","instance_state":"running"}`, `null`)
}

// entry is an entry of resource_changes; more is further members of it, each
// followed by a comma.
func entry(address string, actions []string, more, before, after string, change ...string) string {
	words, _ := json.Marshal(actions)
	resource, _ := stripKey(address)
	part := strings.Split(resource, ".")
	kind := part[len(part)-2]
	name, _ := json.Marshal(address)
	return fmt.Sprintf(`{"address":%s,"mode":"managed","type":%q,%s"change":{"actions":%s,"before":%s,"after":%s%s}}`,
		name, kind, more, words, before, after, strings.Join(append([]string{""}, change...), ","))
}

func decode(t *testing.T, text string) *gate.Plan {
	t.Helper()
	p, err := Decode(strings.NewReader(text))
	if err != nil {
		t.Fatalf("got %v, want a plan from %s", err, text)
	}
	return p
}

// only is the one change of a plan.
func only(t *testing.T, text string) gate.Change {
	t.Helper()
	p := decode(t, text)
	if len(p.Changes) != 1 {
		t.Fatalf("got %d changes, want 1 from %s", len(p.Changes), text)
	}
	return p.Changes[0]
}

func equalTo(t *testing.T, what string, want, got any) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

func TestPlannedValuesAreNoChanges(t *testing.T) {
	p := decode(t, `{"format_version":"1.2","planned_values":{"root_module":{"resources":[{"address":"aws_instance.a","type":"aws_instance"}]}}}`)
	if len(p.Changes) != 0 || p.Resources != 0 {
		t.Errorf("got %d changes of %d resources, want 0 of 0: planned_values is not what Terraform does", len(p.Changes), p.Resources)
	}
}

// What is skipped may be called resources and be no list of them, or be one deep
// down: whatever it is, what comes after it is read.
func TestWhatIsCalledResourcesIsSkipped(t *testing.T) {
	for _, value := range []string{`[]`, `[1,"resources",[{"resources":{}}],{}]`, `{}`, `{"resources":[{}]}`, `"resources"`, `1`, `null`, `true`} {
		p := decode(t, `{"format_version":"1.2","prior_state":{"values":[{"resources":`+value+`,"x":"resources"},"resources",[1]],"x":1},"x":["resources",[2]],`+
			`"resource_changes":[`+instance("delete")+`],"errored":true}`)
		if len(p.Changes) != 1 || !p.Errored {
			t.Errorf("%s: got %d changes and errored %t, want the delete that follows it and true", value, len(p.Changes), p.Errored)
		}
	}
}

func TestActions(t *testing.T) {
	for _, tc := range []struct {
		words []string
		want  gate.Action
		raw   string
	}{
		{[]string{"no-op"}, gate.NoOp, ""},
		{[]string{"read"}, gate.Read, ""},
		{[]string{"create"}, gate.Create, ""},
		{[]string{"update"}, gate.Update, ""},
		{[]string{"delete"}, gate.Delete, ""},
		{[]string{"delete", "create"}, gate.ReplaceDeleteFirst, ""},
		{[]string{"create", "delete"}, gate.ReplaceCreateFirst, ""},
		{[]string{"forget"}, gate.Forget, ""},
		{[]string{"create", "forget"}, gate.ForgetReplace, ""},
		{[]string{"forget", "create"}, gate.ActionUnknown, `["forget" "create"]`},
		{[]string{"evacuate"}, gate.ActionUnknown, `["evacuate"]`},
		{[]string{"create,forget"}, gate.ActionUnknown, `["create,forget"]`},
		{[]string{"no-op", "delete"}, gate.ActionUnknown, `["no-op" "delete"]`},
		{[]string{}, gate.ActionUnknown, `[]`},
		{[]string{"\x1b[2J"}, gate.ActionUnknown, `["\x1b[2J"]`},
	} {
		c := only(t, entries(instance(tc.words...)))
		if c.Action != tc.want || c.RawAction != tc.raw {
			t.Errorf("%q: got %s %q, want %s %q", tc.words, c.Action, c.RawAction, tc.want, tc.raw)
		}
	}
	if c := only(t, entries(`{"address":"null_resource.a","type":"null_resource"}`)); c.Action != gate.ActionUnknown {
		t.Errorf("no actions: got %s, want unknown", c.Action)
	}
}

func TestDeposedObjectIsAChangeOfItsOwn(t *testing.T) {
	p := decode(t, entries(
		instance("no-op"),
		entry("aws_instance.node[0]", []string{"delete"}, `"deposed":"12ab34cd",`, `{"id":"i-2"}`, `null`),
	))
	var got []string
	for _, c := range p.Changes {
		got = append(got, c.Address+" "+c.Deposed+" "+c.ID+" "+c.Action.String())
	}
	equalTo(t, "changes", []string{"aws_instance.node[0]  i-1 no-op", "aws_instance.node[0] 12ab34cd i-2 delete"}, got)
}

func TestMoveIsNoDeath(t *testing.T) {
	c := only(t, entries(entry("aws_instance.b", []string{"no-op"}, `"previous_address":"aws_instance.a",`, `{"id":"i-1"}`, `{"id":"i-1"}`)))
	if c.Previous != "aws_instance.a" || c.Action.Ends() {
		t.Errorf("got previous %q, action %s, want aws_instance.a, no-op", c.Previous, c.Action)
	}
	c = only(t, entries(entry("aws_instance.b", []string{"no-op"}, `"previous_address":"aws_instance.b",`, `{}`, `{}`)))
	if c.Previous != "" {
		t.Errorf("got previous %q, want none: it is the same address", c.Previous)
	}
}

func TestActionReasonDecidesNothing(t *testing.T) {
	c := only(t, entries(entry("aws_instance.a", []string{"delete"}, `"action_reason":"delete_because_it_is_harmless",`, `{"id":"i-1"}`, `null`)))
	if c.Action != gate.Delete || c.Reason != "delete_because_it_is_harmless" {
		t.Errorf("got %s because %q, want delete", c.Action, c.Reason)
	}
}

func TestIncompletePlans(t *testing.T) {
	for text, want := range map[string]gate.Plan{
		`"complete":true,"applyable":true,"errored":false`: {Complete: gate.Yes, Applyable: gate.Yes},
		`"complete":false,"applyable":false`:               {Complete: gate.No, Applyable: gate.No}, // -target
		`"errored":true`:                                   {Errored: true},
		`"complete":null`:                                  {},
		`"deferred_changes":[{"reason":"instance_count_unknown","resource_change":` + instance("create") + `}]`:                                    {Deferred: []string{"aws_instance.node[0]"}},
		`"deferred_action_invocations":[{"reason":"deferred_prereq","action_invocation":{"address":"action.aws_ec2_stop_instance.x","type":"x"}}]`: {Deferred: []string{"action.aws_ec2_stop_instance.x"}},
	} {
		want.FormatVersion, want.Changes = "1.2", []gate.Change{}
		equalTo(t, text, &want, decode(t, `{"format_version":"1.2","planned_values":{},`+text+`}`))
	}
}

func TestActionInvocations(t *testing.T) {
	p := decode(t, `{"action_invocations":[
		{"address":"action.aws_ec2_stop_instance.x","type":"aws_ec2_stop_instance","config_values":{"instance_id":"i-1","force":true},"config_sensitive":{},"config_unknown":{},
		 "lifecycle_action_trigger":{"triggering_resource_address":"terraform_data.t","action_trigger_event":"AfterCreate","action_trigger_block_index":0,"actions_list_index":0}},
		{"address":"action.aws_ec2_stop_instance.y","type":"aws_ec2_stop_instance","config_values":{},"config_unknown":{"instance_id":true},"invoke_action_trigger":{}},
		{"address":"action.aws_ec2_stop_instance.z","type":"aws_ec2_stop_instance","config_values":{"instance_id":"CANARY"},"config_sensitive":{"instance_id":true}}
	],"format_version":"1.2","resource_changes":null}`)
	equalTo(t, "actions", []gate.ActionCall{
		{Address: "action.aws_ec2_stop_instance.x", Type: "aws_ec2_stop_instance", Trigger: "terraform_data.t", Members: []string{"i-1"}},
		{Address: "action.aws_ec2_stop_instance.y", Type: "aws_ec2_stop_instance"},
		{Address: "action.aws_ec2_stop_instance.z", Type: "aws_ec2_stop_instance"},
	}, p.Actions)
}

func TestWhichEntriesAreKept(t *testing.T) {
	data := strings.Replace(instance("read"), `"managed"`, `"data"`, 1)
	p := decode(t, entries(
		instance("no-op"),
		data,
		entry("aws_sqs_queue.idle", []string{"no-op"}, ``, `{"id":"d"}`, `{"id":"d"}`),
		entry("aws_sqs_queue.db", []string{"delete"}, ``, `{"id":"d"}`, `null`),
		entry("data.aws_instance.odd", []string{"delete"}, ``, `{"id":"i-9"}`, `null`),
	))
	var got []string
	for _, c := range p.Changes {
		got = append(got, c.Address)
	}
	equalTo(t, "kept", []string{"aws_instance.node[0]", "aws_sqs_queue.db", "data.aws_instance.odd"}, got)
	if p.Resources != 5 {
		t.Errorf("got %d resources, want all 5 counted", p.Resources)
	}
	if c := p.Changes[1]; c.Before != nil || c.After != nil || c.ID != "" {
		t.Errorf("got %v %v %q, want no value of a type the gate does not know", c.Before, c.After, c.ID)
	}
}

func TestUnknownValues(t *testing.T) {
	c := only(t, entries(entry("aws_autoscaling_group.web", []string{"update"}, ``,
		`{"desired_capacity":6,"name":"web","tag":[{"key":"a","value":"b"}],"min_size":1}`,
		`{"name":"web","tag":[{"key":"a"}],"min_size":1}`,
		`"after_unknown":{"desired_capacity":true,"tag":[{"value":true}],"min_size":false,"load_balancers":[]}`)))
	equalTo(t, "unknown", []string{"desired_capacity", "tag"}, c.Unknown)
	equalTo(t, "changed", []string{"desired_capacity", "tag"}, c.Changed)
	if _, kept := c.After["desired_capacity"]; kept {
		t.Errorf("got after %v, want no planned desired_capacity", c.After)
	}

	c = only(t, entries(entry("aws_ec2_instance_state.s", []string{"create"}, ``, `null`, `{"state":"stopped"}`,
		`"after_unknown":{"instance_id":true,"timeouts":true}`)))
	equalTo(t, "unknown of a create", []string{"instance_id"}, c.Unknown)

	c = only(t, entries(entry("aws_ec2_instance_state.s", []string{"update"}, ``, `{"state":"running"}`, `{}`, `"after_unknown":true`)))
	equalTo(t, "all unknown", []string{"id", "instance_id", "region", "state"}, c.Unknown)
}

func TestReplacePaths(t *testing.T) {
	c := only(t, entries(entry("aws_instance.a", []string{"delete", "create"}, ``, `{"id":"i-1"}`, `{}`,
		`"replace_paths":[["ami"],["root_block_device",0,"encrypted"],["tags","CANARY"]]`,
		`"before_sensitive":{"tags":true}`)))
	equalTo(t, "replaces", []string{"ami", "root_block_device[0].encrypted", "tags"}, c.Replaces)
}

func TestAddresses(t *testing.T) {
	for _, tc := range []struct {
		address, resource, config string
		indexed                   bool
	}{
		{"aws_instance.a", "aws_instance.a", "aws_instance.a", false},
		{"aws_instance.a[3]", "aws_instance.a", "aws_instance.a", true},
		{`module.m[0].aws_instance.a["x"]`, "module.m[0].aws_instance.a", "module.m.aws_instance.a", true},
		{`module.m["a.b[0]"].aws_instance.a`, `module.m["a.b[0]"].aws_instance.a`, "module.m.aws_instance.a", false},
		{`aws_instance.a["]\"[x"]`, "aws_instance.a", "aws_instance.a", true},
		{`module.m[0].module.n["k"].aws_instance.a[1]`, `module.m[0].module.n["k"].aws_instance.a`, "module.m.module.n.aws_instance.a", true},
	} {
		resource, indexed := stripKey(tc.address)
		if config := stripKeys(tc.address); resource != tc.resource || indexed != tc.indexed || config != tc.config {
			t.Errorf("%s: got %s %t %s, want %s %t %s", tc.address, resource, indexed, config, tc.resource, tc.indexed, tc.config)
		}
		if c := only(t, entries(entry(tc.address, []string{"delete"}, ``, `{}`, `null`))); c.Resource != tc.resource || c.Indexed != tc.indexed {
			t.Errorf("%s: got %s %t in the change", tc.address, c.Resource, c.Indexed)
		}
	}
}
