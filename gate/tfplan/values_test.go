package tfplan

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/holdfast-gate/holdfast/gate"
)

func TestEqual(t *testing.T) {
	for _, tc := range []struct {
		a, b string
		want bool
	}{
		{`null`, `""`, true}, {`null`, `[]`, true}, {`{}`, `[]`, true}, {``, `null`, true}, {``, `""`, true},
		{`null`, `false`, false}, {`null`, `0`, false}, {`""`, `false`, false}, {``, `0`, false}, {`[]`, `[null]`, false},
		{`[{"x":null}]`, `[{"x":""}]`, true}, {`[{"x":null}]`, `[{}]`, true}, {`[{}]`, `[{"x":[]}]`, true}, {`[{"x":0}]`, `[{}]`, false},
		{`{"a":{"b":[]}}`, `{"a":{"b":null,"c":""}}`, true}, {`{"a":1}`, `{"b":1}`, false},
		{`1`, `1.0`, true}, {`1e2`, `100`, true}, {`1`, `2`, false}, {`1`, `"1"`, false}, {`true`, `"true"`, false}, {`true`, `true `, true},
		{`9007199254740993`, `9007199254740992`, false}, {`1e999`, `1e998`, false}, {`-0`, `0`, true},
		{`["a","b"]`, `["b","a"]`, false}, {`["a"]`, `["a","b"]`, false}, {`"a"`, `"\u0061"`, true}, {`{"a":1,"b":2}`, `{"b":2,"a":1}`, true},
	} {
		for _, pair := range [][2]string{{tc.a, tc.b}, {tc.b, tc.a}} {
			got, err := equal(jsontext.Value(pair[0]), jsontext.Value(pair[1]))
			if err != nil || got != tc.want {
				t.Errorf("%s and %s: got %t (%v), want %t", pair[0], pair[1], got, err, tc.want)
			}
		}
	}
}

func TestDriftWithoutNoise(t *testing.T) {
	drift := func(address, action, before, after string) string {
		return entry(address, []string{action}, ``, before, after)
	}
	p := decode(t, `{"format_version":"1.2","planned_values":{},"resource_drift":[`+strings.Join([]string{
		drift("aws_instance.noise", "update", `{"tags":null,"user_data":null,"ebs":[{"x":null}]}`, `{"tags":{},"user_data":"","ebs":[{"x":""}]}`),
		drift("aws_instance.moved", "no-op", `{"id":"i-1"}`, `{"id":"i-1"}`),
		drift("aws_instance.stopped", "update", `{"instance_state":"running","tags":null}`, `{"instance_state":"stopped","tags":{}}`),
		drift("aws_instance.gone", "delete", `{"id":"i-3"}`, `null`),
		drift("aws_sqs_queue.other", "update", `{"a":1}`, `{"a":2}`),
	}, ",")+`]}`)
	if len(p.Drift) != 2 {
		t.Fatalf("got %v, want the stopped and the gone", p.Drift)
	}
	equalTo(t, "stopped", []string{"instance_state"}, p.Drift[0].Changed)
	if c := p.Drift[1]; c.Address != "aws_instance.gone" || c.Action != gate.Delete || c.ID != "i-3" {
		t.Errorf("got %+v, want the delete of i-3", c)
	}
}

// A no-op says nothing about health: only drift and the state read say that
// the member is on its way out.
func TestShuttingDownIsANoOp(t *testing.T) {
	p := decodeFile(t, "testdata/plans/f01_shutting_down_plan.json")
	for _, c := range p.Changes {
		if c.Action != gate.NoOp {
			t.Errorf("%s: got %s, want no-op", c.Address, c.Action)
		}
	}
	c := p.Drift[0]
	if was, is := c.Before.String("instance_state"), c.After.String("instance_state"); was != "running" || is != "shutting-down" {
		t.Errorf("got drift %s -> %s, want running -> shutting-down", was, is)
	}
}

func TestSensitiveParts(t *testing.T) {
	c := only(t, entries(entry("aws_instance.a", []string{"update"}, ``,
		`{"id":"CANARY1","ami":"CANARY2","tags":{"Cluster":"search","token":"CANARY3"},"launch_template":[{"id":"lt","name":"CANARY4"}],"subnet_id":"CANARY5","user_data":"CANARY6"}`,
		`{"id":"i-1","ami":"ami-2","tags":{"Cluster":"search","token":"CANARY7"},"launch_template":[{"id":"lt","name":"x"}],"subnet_id":"s"}`,
		`"before_sensitive":{"id":true,"ami":true,"tags":{"token":true},"launch_template":[{"name":true}],"subnet_id":{"shape":true},"user_data":true}`,
		`"after_sensitive":{"tags":{"token":true},"ami":false}`)))
	want := gate.Attrs{
		"id": nil, "ami": nil, "subnet_id": nil,
		"tags":            map[string]any{"Cluster": "search", "token": nil},
		"launch_template": []any{map[string]any{"id": "lt", "name": nil}},
	}
	equalTo(t, "before", want, c.Before)
	equalTo(t, "after: what one side hides, both hide", want, c.After)
	equalTo(t, "sensitive, of what is kept", []string{"ami", "id", "launch_template", "subnet_id", "tags"}, c.Sensitive)
	equalTo(t, "changed", []string{"ami", "id", "launch_template", "subnet_id", "tags", "user_data"}, c.Changed)
	if c.ID != "" {
		t.Errorf("got id %q, want none: it is sensitive", c.ID)
	}
}

func TestWhollySensitive(t *testing.T) {
	for _, mask := range []string{`true`, `[true]`, `"x"`} {
		c := only(t, entries(entry("aws_instance.a", []string{"delete"}, ``, `{"id":"CANARY","arn":"arn:aws:ec2:us-east-1:123456789012:instance/CANARY"}`, `null`, `"before_sensitive":`+mask)))
		equalTo(t, mask, gate.Attrs{"id": nil, "arn": nil}, c.Before)
		if c.ID != "" || c.Region != "" || c.Account != "" || len(c.Sensitive) == 0 {
			t.Errorf("%s: got %+v, want nothing of what is sensitive", mask, c)
		}
	}
}

// TestNoSecretLeavesTheDecoder writes a canary wherever a plan can hold a
// secret, and looks for it in all that comes out.
func TestNoSecretLeavesTheDecoder(t *testing.T) {
	const values = `{"id":"i-1","ami":"CANARY","arn":"CANARY","tags":{"k":"CANARY"},"user_data":"CANARY","password_data":"CANARY","metadata_options":[{"x":"CANARY"}]}`
	const masks = `"before_sensitive":{"ami":true,"arn":true,"tags":{"k":true}},"after_sensitive":{"user_data":true}`
	change := entry("aws_instance.a", []string{"delete", "create"}, ``, values, values, masks,
		`"replace_paths":[["tags","CANARY"]],"importing":{"id":"CANARY"},"generated_config":"CANARY","before_identity":{"id":"CANARY"},"after_identity":{"id":"CANARY"}`)
	database := entry("aws_db_instance.db", []string{"update"}, ``, `{"password":"CANARY"}`, `{"password":"CANARY2"}`)
	state := `{"values":{"root_module":{"resources":[{"address":"aws_instance.a","values":` + values + `}]}}}`
	text := `{"format_version":"1.2","terraform_version":"1.11.4",
		"variables":{"secret":{"value":"CANARY"}},
		"planned_values":` + state + `,"prior_state":` + state + `,
		"resource_changes":[` + change + `,` + database + `],
		"resource_drift":[` + strings.NewReplacer(`"delete","create"`, `"update"`, `"running"`, `"stopped"`).Replace(change) + `,` + entry("aws_instance.b", []string{"delete"}, ``, values, `null`, masks) + `],
		"deferred_changes":[{"reason":"x","resource_change":` + change + `}],
		"output_changes":{"o":{"actions":["create"],"before":null,"after":"CANARY","after_sensitive":true}},
		"action_invocations":[{"address":"action.a.b","type":"a","config_values":{"instance_id":"CANARY","payload":"CANARY"},"config_sensitive":{"instance_id":true}}],
		"checks":[{"instances":[{"problems":[{"message":"CANARY"}]}]}],
		"configuration":{"provider_config":{"aws":{"name":"aws","expressions":{"secret_key":{"constant_value":"CANARY"},"region":{"constant_value":"CANARY"}}}},
			"root_module":{"outputs":{"o":{"expression":{"constant_value":"CANARY"}}},"resources":[{"address":"aws_instance.a","type":"aws_instance","provider_config_key":"aws","expressions":{"user_data":{"constant_value":"CANARY"}}}],
			"variables":{"secret":{"default":"CANARY","sensitive":true}}}}}`
	out, err := json.Marshal(decode(t, text))
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(out), "CANARY") {
		t.Errorf("got a secret in %s", out)
	}
	// Broken at any fifth byte, the sentence about it quotes nothing either.
	for i := 0; i < len(text); i += 5 {
		for _, broken := range []string{text[:i], text[:i] + "}" + text[i:], text[:i] + "[" + text[i:], text[:i] + "1" + text[i:]} {
			if _, err := Decode(strings.NewReader(broken)); err != nil && strings.Contains(err.Error(), "CANARY") {
				t.Fatalf("got a secret in %q", err)
			}
		}
	}
}

// The provider repeats tags in tags_all, where Terraform marks no secret.
func TestASecretTagIsHiddenWhereItIsRepeated(t *testing.T) {
	plan, err := Decode(strings.NewReader(`{"format_version":"1.2","resource_changes":[{"address":"aws_instance.a","mode":"managed","type":"aws_instance","change":{"actions":["create"],"before":null,
		"after":{"tags":{"Name":"x","Secret":"canary"},"tags_all":{"Name":"x","Secret":"canary"}},"after_unknown":{},"before_sensitive":false,"after_sensitive":{"tags":{"Secret":true},"tags_all":{}}}}]}`))
	if err != nil {
		t.Fatal(err)
	}
	if tags := plan.Changes[0].After.Tags(); tags["Secret"] != "" || tags["Name"] != "x" {
		t.Errorf("got tags %v, want the name and no secret", tags)
	}
}
