package tfplan

import (
	"bufio"
	"bytes"
	"compress/flate"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/holdfast-gate/holdfast/gate"
)

// decodeWith decodes a plan that has this much room for what is set aside, of
// these types.
func decodeWith(t *testing.T, text string, room int, types []string) *gate.Plan {
	t.Helper()
	d := newDecoder(bufio.NewReader(strings.NewReader(text)))
	d.aside.room, d.aside.loose, d.aside.types = room, room, types
	p, err := d.decode()
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// Whatever is set aside comes back as the change it would have been, whether or
// not there is room for it among the changes.
func TestWhatIsSetAsideIsTheSame(t *testing.T) {
	files, err := filepath.Glob("testdata/plans/*.json")
	if err != nil || len(files) < 21 {
		t.Fatalf("got %d plans, want all 21 (%v)", len(files), err)
	}
	var indented bytes.Buffer
	if err := json.Indent(&indented, []byte(odd()), "\r", "\t "); err != nil {
		t.Fatal(err)
	}
	texts := map[string]string{"odd": odd(), "indented": indented.String()}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		texts[filepath.Base(file)] = string(text)
	}
	var made strings.Builder
	if _, err := io.Copy(&made, generate(300, 1)); err != nil {
		t.Fatal(err)
	}
	texts["generated"] = made.String()
	apart := 0
	for name, text := range texts {
		t.Run(name, func(t *testing.T) {
			never := decodeWith(t, text, 0, nil)
			if diff := cmp.Diff(never, decodeWith(t, text, room, asideTypes()), cmpopts.IgnoreFields(gate.Plan{}, "Aside")); diff != "" {
				t.Errorf("never set aside (-) and put back (+):\n%s", diff)
			}
			always := decodeWith(t, text, 0, asideTypes())
			if always.Aside != nil {
				apart += always.Aside.Len()
			}
			byAddress := cmpopts.SortSlices(func(a, b gate.Change) bool { return a.Address+a.Deposed < b.Address+b.Deposed })
			if diff := cmp.Diff(never, always.Whole(), byAddress); diff != "" {
				t.Errorf("never set aside (-) and set aside (+):\n%s", diff)
			}
		})
	}
	if apart < 300 {
		t.Errorf("got %d entries set aside in all, want more: these plans do not try it", apart)
	}
}

// Of a large plan nothing that it leaves alone is among the changes, of what
// every cluster has: groups and what they are made of too.
func TestGroupsAreSetAside(t *testing.T) {
	p := decodeWith(t, odd(), 0, asideTypes())
	apart := map[string]bool{}
	for c := range p.Aside.All() {
		apart[c.Type] = true
	}
	for _, kind := range []string{"aws_autoscaling_group", "aws_launch_template", "aws_lb_target_group"} {
		if !apart[kind] {
			t.Errorf("%s is not set aside", kind)
		}
	}
	// They are judged whatever the plan is about.
	focused := p.Focused(nil)
	for _, c := range focused.Changes {
		delete(apart, c.Type)
	}
	if apart["aws_autoscaling_group"] || apart["aws_launch_template"] || apart["aws_lb_target_group"] {
		t.Errorf("got %+v, want every group, template and target group", focused.Changes)
	}
}

// odd is a plan of entries that are set aside by a hair, or are not.
func odd() string {
	mask := func(text string) string { return `"before_sensitive":` + text + `,"after_sensitive":` + text }
	one := func(i int, rest, values string, more ...string) string {
		return entry(fmt.Sprintf(`aws_instance.a["%d\"]["]`, i), []string{"no-op"}, rest, values, values, more...)
	}
	arn := `"arn":"arn:aws:ec2:eu-west-1:111111111111:instance/i-1"`
	const target = "arn:aws:elasticloadbalancing:eu-west-2:222222222222:targetgroup/t/1"
	const group = `{"id":"g","name":"g","desired_capacity":2,"launch_template":[{"id":"lt-1","version":"3"}],"target_group_arns":["` + target + `"],"tag":[{"key":"Cluster","value":"g","propagate_at_launch":true}]}`
	return entries(
		one(0, ``, `{"id":"i-0",`+arn+`,"tags":{"a":"b"},"tags_all":{"a":"b"}}`),
		one(1, ``, `{ "id" : "i-1" , `+arn+` , "tags" : null, "launch_template":[ {"id":"x,}]\"", "version":1.50} ] }`),
		one(2, `"deposed":"00000001",`, `{"id":"i-2"}`),
		one(3, `"previous_address":"aws_instance.b",`, `{"id":"i-3"}`),
		one(4, `"index":"k",`, `{"id":"i-4","user_data":"x","password_data":""}`, mask(`{"user_data":true,"password_data":[true]}`)),
		one(5, ``, `{"id":"i-5","tags":{"a":"secret"},"tags_all":{"a":"secret"}}`, mask(`{"tags":{"a":true}}`)),
		one(6, ``, `{"id":"i-6"}`, mask(`true`)),
		one(7, ``, `{"id":"i-7","ami":"\u0061mi","\u0061rn":"x","tags":{"\u2028":"\\\""}}`),
		one(8, ``, `{"id":"i-8"}`, `"after_unknown":{"id":true}`),
		one(9, ``, `{}`),
		one(10, ``, `{"id":"i-10","tags":{"a":"b"},"tags_all":{"a":"b"}}`),
		entry("aws_volume_attachment.v", []string{"no-op"}, ``, `{"id":"v","instance_id":"i-0"}`, `{"id":"v","instance_id":"i-0"}`),
		entry("aws_volume_attachment.w", []string{"no-op"}, ``, `{"id":"w","instance_id":"i-0"}`, `{"id":"w","instance_id":"i-0","x":1}`),
		entry("aws_instance.gone", []string{"delete"}, ``, `{"id":"i-11"}`, `null`),
		entry("aws_lb_target_group_attachment.t", []string{"no-op"}, ``, `{"id":"t","target_id":"i-1"}`, `{"id":"t","target_id":"i-1"}`),
		entry("aws_lb_target_group.t", []string{"no-op"}, ``, `{"id":"`+target+`","arn":"`+target+`","name":"t"}`, `{"id":"`+target+`","arn":"`+target+`","name":"t"}`),
		entry("aws_launch_template.l", []string{"no-op"}, ``, `{"id":"lt-1","latest_version":3}`, `{"id":"lt-1","latest_version":3}`),
		entry("aws_autoscaling_group.g", []string{"no-op"}, ``, group, group),
	)
}

// What is set aside holds no more than a change would: nothing that is not kept,
// and nothing that is sensitive.
func TestNothingSecretIsSetAside(t *testing.T) {
	values := func(i int) string {
		return fmt.Sprintf(`{"id":"i-%d","user_data":"CANARY-unkept","tags":{"n":"CANARY-tag"}}`, i)
	}
	p := decodeWith(t, entries(
		entry("aws_instance.a", []string{"no-op"}, ``, values(1), values(1), `"before_sensitive":{"tags":{"n":true}}`, `"after_sensitive":{}`),
		entry("aws_instance.b", []string{"no-op"}, ``, `{"id":"i-2","user_data":"CANARY-unkept"}`, `{"id":"i-2","user_data":"CANARY-unkept"}`, `"before_sensitive":{"user_data":true}`, `"after_sensitive":{"user_data":true}`),
	), 0, asideTypes())
	a, ok := p.Aside.(*aside)
	if !ok || a.n != 1 {
		t.Fatalf("got %+v set aside, want one", p.Aside)
	}
	text, err := io.ReadAll(flate.NewReader(&unpacking{from: a.packed}))
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Contains(text, []byte("i-2")) || bytes.Contains(text, []byte("CANARY")) || bytes.Contains(text, []byte("i-1")) {
		t.Errorf("got %q, want aws_instance.b alone and none of its secrets", text)
	}
}

// An entry of another form is refused however large the plan is, and so is one
// that stands twice.
func TestWhatIsSetAsideIsRead(t *testing.T) {
	one := func(i int, tags string) string {
		v := fmt.Sprintf(`{"id":"i-%d","tags":%s}`, i, tags)
		return entry(fmt.Sprintf("aws_instance.a[%d]", i), []string{"no-op"}, ``, v, v)
	}
	var list []string
	for i := range room + 1 {
		list = append(list, one(i, `{}`))
	}
	for name, last := range map[string]string{"number": one(room+1, `{"a":1e999}`), "twice": one(7, `{}`)} {
		p, err := Decode(strings.NewReader(entries(slices.Concat(list, []string{last})...)))
		if err == nil || p != nil {
			t.Errorf("%s: got %v and %v, want an error", name, p, err)
		}
	}
}

func TestEachMember(t *testing.T) {
	for _, text := range []string{
		`{}`, `{ }`, `{"a":1}`, `{"a":[],"b":{}}`, "{\n\t\"a\" : [ { \"x\\\"}\" : \"]\" } , -1.5e3 ] ,\r\n \"\\\\\" : null,\"c\":true ,\"d\":\"\\\\\"}",
	} {
		want, got := map[string]json.RawMessage{}, map[string]json.RawMessage{}
		if err := json.Unmarshal([]byte(text), &want); err != nil {
			t.Fatal(err)
		}
		eachMember([]byte(text), func(name, value jsontext.Value) {
			var s string
			if err := json.Unmarshal(name, &s); err != nil {
				t.Errorf("%s: got name %q: %v", text, name, err)
			}
			got[s] = json.RawMessage(value)
		})
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", text, diff)
		}
	}
}
