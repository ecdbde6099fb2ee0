package tfplan

import (
	"bytes"
	"errors"
	"io"
	"os"
	"runtime"
	"strings"
	"testing"
	"testing/iotest"
)

func TestRefuses(t *testing.T) {
	plan, err := os.ReadFile("testdata/plans/f03_shutting_down_6_to_3.json")
	if err != nil {
		t.Fatal(err)
	}
	big := strings.Repeat("x", maxValue+2*sniffSize)
	for _, tc := range []struct {
		name string
		in   string
		kind Kind
		says string // part of the sentence
	}{
		{"empty", "", KindEmpty, "empty"},
		{"blank", " \n\t ", KindEmpty, "empty"},
		{"byte order mark alone", "\xef\xbb\xbf", KindEmpty, "empty"},
		{"plan file", "PK\x03\x04\x14\x00", KindBinary, "binary plan file"},
		{"UTF-16", "\xff\xfe{\x00", KindEncoding, "PowerShell"},
		{"text plan", "\nTerraform used the selected providers to generate the following execution plan.\n", KindText, "text for people"},
		{"coloured text plan", "\x1b[1mTerraform will perform the following actions:\x1b[0m\n", KindText, "text for people"},
		{"tofu text plan", "OpenTofu will perform the following actions:\n", KindText, "text for people"},
		{"no changes", "\x1b[0m\x1b[1m\x1b[32mNo changes. \x1b[0m Your infrastructure matches", KindText, "text for people"},
		{"cloud text plan", "Running plan in HCP Terraform. Output will stream here.\n", KindText, "text for people"},
		{"cloud bookmark", `{"remote_plan_format":1,"run_id":"run-1","hostname":"app.terraform.io"}`, KindRemote, "HCP Terraform"},
		{"log", `{"@level":"info","@message":"Terraform 1.11.4","type":"version"}` + "\n{}", KindLog, "log"},
		{"state", `{"format_version":"1.0","terraform_version":"1.11.4","values":{"root_module":{}}}`, KindState, "this is state, not a plan"},
		{"state file", `{"version":4,"terraform_version":"1.11.4","serial":3,"lineage":"x","resources":[]}`, KindState, "this is state, not a plan"},
		{"state of nothing", `{"format_version":"1.0"}`, KindNotPlan, "not a Terraform plan"},
		{"provider schemas", `{"format_version":"1.0","provider_schemas":{}}`, KindNotPlan, "not a Terraform plan"},
		{"configuration alone", `{"format_version":"1.0","configuration":{"root_module":{}}}`, KindNotPlan, "not a Terraform plan"},
		{"empty object", `{}`, KindNotPlan, "not a Terraform plan"},
		{"no format version", `{"resource_changes":[]}`, KindNotPlan, "not a Terraform plan"},
		{"array", `[]`, KindNotPlan, "not a Terraform plan"},
		{"prose", "Error: no such file", KindNotPlan, "not a Terraform plan"},
		{"newer", `{"format_version":"2.0","resource_changes":[]}`, KindVersion, `"2.0", which is newer than the 1.x that this holdfast reads; upgrade holdfast`},
		{"newer by far", `{"format_version":"10.1"}`, KindVersion, "upgrade holdfast"},
		{"version zero", `{"format_version":"0.0"}`, KindVersion, "not a format version"},
		{"version is prose", `{"format_version":"new"}`, KindVersion, "not a format version"},
		{"version is a number", `{"format_version":1.2}`, KindMalformed, "another form"},
		{"truncated", string(plan[:len(plan)/2]), KindTruncated, "truncated) at byte 33705"},
		{"truncated at once", `{`, KindTruncated, "truncated) at byte 1"},
		{"truncated by its last byte", strings.TrimRight(string(plan), "}\n"), KindTruncated, "truncated"},
		{"garbage after it", string(plan) + "x", KindMalformed, "follows its end"},
		{"second object after it", string(plan) + "{}", KindMalformed, "follows its end"},
		{"broken", `{"format_version":"1.2",}`, KindMalformed, "not JSON at byte 2"},
		{"NUL", "{\x00}", KindMalformed, "not JSON at byte 1"},
		{"not UTF-8", "{\"format_version\":\"1.2\",\"resource_changes\":[{\"address\":\"\xff\"}]}", KindMalformed, "not JSON at byte"},
		{"same name twice", `{"format_version":"1.2","resource_changes":[],"resource_changes":[]}`, KindMalformed, "same name twice"},
		{"same name twice in a change", entries(`{"address":"a.b","type":"a","change":{"actions":["delete"],"actions":["no-op"]}}`), KindMalformed, "same name twice"},
		{"same object twice", entries(instance("delete"), instance("no-op")), KindMalformed, `"aws_instance.node[0]" twice`},
		{"changes are no list", `{"format_version":"1.2","resource_changes":{}}`, KindMalformed, "another form"},
		{"change is null", entries(`null`), KindMalformed, "entry 0 of resource_changes has no address"},
		{"change without address", entries(`{"type":"aws_instance","change":{"actions":["delete"]}}`), KindMalformed, "no address"},
		{"change without type", entries(`{"address":"aws_instance.a","change":{"actions":["delete"]}}`), KindMalformed, "no type"},
		{"actions are no list", entries(`{"address":"a.b","type":"a","change":{"actions":"delete"}}`), KindMalformed, "another form"},
		{"before is no object", entries(`{"address":"aws_instance.a","type":"aws_instance","change":{"actions":["delete"],"before":[1]}}`), KindMalformed, `entry 0 of resource_changes, "aws_instance.a"`},
		{"number beyond any", entries(`{"address":"aws_instance.a","type":"aws_instance","change":{"actions":["delete"],"before":{"id":1e999}}}`), KindMalformed, "another form"},
		{"deferred without address", `{"format_version":"1.2","deferred_changes":[{"reason":"x"}]}`, KindMalformed, "entry 0 of deferred_changes has no address"},
		{"action without address", `{"format_version":"1.2","action_invocations":[{"type":"x"}]}`, KindMalformed, "entry 0 of action_invocations has no address"},
		{"nested without end", `{"x":` + strings.Repeat("[", 1<<20), KindMalformed, "nested more than 9999 deep"},
		{"one huge string, skipped", `{"x":"` + big + `"}`, KindTooLarge, "64 MiB"},
		{"one huge change", entries(`{"address":"` + big + `"}`), KindTooLarge, "64 MiB"},
		{"blanks without end", `{` + strings.Repeat(" ", maxValue+2*sniffSize) + `}`, KindTooLarge, "64 MiB"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			p, err := Decode(strings.NewReader(tc.in))
			var e *Error
			if !errors.As(err, &e) || p != nil {
				t.Fatalf("got plan %v and error %v, want none and an *Error", p, err)
			}
			if e.Kind != tc.kind || !strings.Contains(err.Error(), tc.says) {
				t.Errorf("got %s %q, want %s with %q", e.Kind, err, tc.kind, tc.says)
			}
			if strings.ContainsAny(err.Error(), "\n\t") || strings.Contains(err.Error(), "json:") {
				t.Errorf("got %q, want one sentence of ours", err)
			}
		})
	}
}

func TestRefusesFailedRead(t *testing.T) {
	broken := errors.New("pipe broke")
	for _, begin := range []string{"", `{"format_version":"1.2","planned_values":{"a":` + strings.Repeat(" ", 2*sniffSize)} {
		_, err := Decode(io.MultiReader(strings.NewReader(begin), iotest.ErrReader(broken)))
		var e *Error
		if !errors.As(err, &e) || e.Kind != KindUnreadable || !errors.Is(err, broken) {
			t.Errorf("after %d bytes: got %v, want %s because %v", len(begin), err, KindUnreadable, broken)
		}
	}
}

func TestAcceptsByteOrderMarkAndSmallReads(t *testing.T) {
	plan, err := os.ReadFile("testdata/plans/a03_6_to_3.json")
	if err != nil {
		t.Fatal(err)
	}
	in := iotest.HalfReader(io.MultiReader(strings.NewReader("\xef\xbb\xbf \n"), bytes.NewReader(plan), strings.NewReader("\n\n")))
	if _, err := Decode(in); err != nil {
		t.Errorf("got %v, want a plan", err)
	}
}

// TestGarbageInBoundedMemory reads what looks like a plan and never ends.
func TestGarbageInBoundedMemory(t *testing.T) {
	for name, r := range map[string]io.Reader{
		"no JSON":        &endless{text: "garbage "},
		"endless string": &endless{head: `{"format_version":"1.2","variables":{"x":"`, text: "garbage "},
		"endless array":  io.LimitReader(&endless{head: `{"format_version":"1.2","prior_state":[0`, text: `,{"a":[1,2]}`}, 16<<20),
	} {
		t.Run(name, func(t *testing.T) {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			if _, err := Decode(r); err == nil {
				t.Error("got a plan, want an error")
			}
			runtime.ReadMemStats(&after)
			if got := (after.TotalAlloc - before.TotalAlloc) >> 20; got > 8*maxValue>>20 {
				t.Errorf("got %d MiB allocated, want at most %d", got, 8*maxValue>>20)
			}
		})
	}
}

// endless is head once, then text forever.
type endless struct {
	head, text string
	at         int
}

func (e *endless) Read(p []byte) (int, error) {
	if e.head != "" {
		n := copy(p, e.head)
		e.head = e.head[n:]
		return n, nil
	}
	n := copy(p, e.text[e.at:])
	for n < len(p) {
		n += copy(p[n:], e.text)
	}
	e.at = (e.at + n) % len(e.text)
	return n, nil
}
