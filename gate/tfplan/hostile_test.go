package tfplan

import (
	"errors"
	"fmt"
	"io"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"unicode"
)

// MiB is what memory is bounded in.
const MiB = 1 << 20

// held is an aws_instance that is deleted, with this as one of its kept values.
func held(tags string) string {
	return entries(entry("aws_instance.a", []string{"delete"}, ``, `{"id":"i-1","tags":`+tags+`}`, `null`))
}

// part is one change with this member in its change.
func part(member string) string {
	return entries(`{"address":"aws_instance.a","type":"aws_instance","change":{"actions":["delete"],` + member + `}}`)
}

// section is a plan with this top-level member.
func section(member string) string {
	return `{"format_version":"1.2","resource_changes":[],` + member + `}`
}

// long is text that is made while it is read: what goes before, a piece many
// times, and what goes after.
func long(before, piece string, times int, after string) io.Reader {
	body := &endless{text: piece}
	return io.MultiReader(strings.NewReader(before), io.LimitReader(body, int64(len(piece)*times)), strings.NewReader(after))
}

// hostile decodes and holds what must be true whatever was given: no panic, an
// *Error of one printable sentence or a plan, and no more than so much
// allocated, of which what is held at once is a part.
func hostile(t *testing.T, in io.Reader, most int) error {
	t.Helper()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	plan, err := Decode(in)
	runtime.ReadMemStats(&after)
	if got := int(after.TotalAlloc - before.TotalAlloc); got > most {
		t.Errorf("got %d MiB allocated, want at most %d", got/MiB, most/MiB)
	}
	if (plan == nil) == (err == nil) {
		t.Fatalf("got plan %v and error %v, want one of them", plan != nil, err)
	}
	var e *Error
	switch {
	case err == nil:
	case !errors.As(err, &e):
		t.Errorf("got %#v, want an *Error", err)
	case len(e.Message) > 600 || strings.ContainsFunc(e.Message, func(r rune) bool { return !unicode.IsPrint(r) }):
		t.Errorf("got %.700q, want one sentence that shows on any terminal as it is", e.Message)
	}
	return err
}

// Depth: a hundred thousand levels, in what is kept and in what is skipped.
func TestDepthBombs(t *testing.T) {
	const deep = 100_000
	arrays := strings.Repeat("[", deep) + strings.Repeat("]", deep)
	objects := strings.Repeat(`{"a":`, deep) + "1" + strings.Repeat("}", deep)
	for name, in := range map[string]string{
		"a skipped member":      section(`"x":%s`),
		"the planned values":    section(`"planned_values":%s`),
		"the prior state":       section(`"prior_state":%s`),
		"a resource of it":      section(`"prior_state":{"resources":[%s]}`),
		"a variable":            section(`"variables":{"a":{"value":%s}}`),
		"a provider block":      section(`"configuration":{"provider_config":{"aws":{"expressions":{"region":{"constant_value":%s}}}}}`),
		"the configuration":     section(`"configuration":{"root_module":%s}`),
		"an action":             section(`"action_invocations":[{"address":"a","config_values":{"instance_id":%s}}]`),
		"a deferred change":     section(`"deferred_changes":[%s]`),
		"the list of changes":   `{"format_version":"1.2","resource_changes":%s}`,
		"a kept value":          held(`%s`),
		"a value nobody keeps":  part(`"before":{"user_data":%s}`),
		"what is unknown":       part(`"after":{},"after_unknown":{"tags":%s}`),
		"what is sensitive":     part(`"before":{"tags":{}},"before_sensitive":{"tags":%s}`),
		"paths that replace it": part(`"replace_paths":%s`),
		"an index":              entries(`{"address":"aws_instance.a","type":"aws_instance","index":%s,"change":{"actions":["delete"]}}`),
	} {
		for shape, bomb := range map[string]string{"arrays": arrays, "objects": objects} {
			t.Run(name+"/"+shape, func(t *testing.T) {
				err := hostile(t, strings.NewReader(strings.Replace(in, "%s", bomb, 1)), 32*MiB)
				if err == nil || !strings.Contains(err.Error(), "nested more than") && !strings.Contains(err.Error(), "another form") {
					t.Errorf("got %v, want it refused for its depth or its form", err)
				}
			})
		}
	}
	// As deep as JSON is read at all, everything that goes down a value comes back.
	const read = 9_900
	for name, value := range map[string]string{
		"arrays":  strings.Repeat("[", read) + strings.Repeat("]", read),
		"objects": strings.Repeat(`{"a":`, read) + "true" + strings.Repeat("}", read),
	} {
		in := part(`"before":{"tags":` + value + `},"after":{"tags":[` + value + `]},"after_unknown":{"tags":` + value + `},"before_sensitive":{"tags":` + value + `}`)
		if err := hostile(t, strings.NewReader(in), 96*MiB); err != nil {
			t.Errorf("%s: got %v, want the plan", name, err)
		}
	}
}

// Size: what is huge is skipped, or refused in a sentence, and never held many
// times over.
func TestSizeBombs(t *testing.T) {
	const refused, taken = true, false
	string20 := func(before, after string) io.Reader { return long(before, "0123456789", 2_000_000, after) }
	around := func(plan string) (before, after string) {
		before, after, _ = strings.Cut(plan, "%s")
		return before, after
	}
	with := func(plan, piece string, times int) io.Reader {
		before, after := around(plan)
		return long(before, piece, times, after)
	}
	for _, tc := range []struct {
		name   string
		in     io.Reader
		refuse bool
		most   int
	}{
		{"20 MB of string, skipped", string20(around(section(`"x":"%s"`))), taken, 160 * MiB},
		{"20 MB of string, not kept", string20(around(part(`"before":{"user_data":"%s"}`))), taken, 256 * MiB},
		{"20 MB of string, kept", string20(around(held(`{"a":"%s"}`))), taken, 320 * MiB},
		{"20 MB of address", string20(around(entries(`{"address":"aws_instance.%s","type":"aws_instance","change":{"actions":["delete"]}}`))), refused, 256 * MiB},
		{"20 MB of type", string20(around(entries(`{"address":"aws_instance.a","type":"%s","change":{"actions":["delete"]}}`))), refused, 256 * MiB},
		{"20 MB of action", string20(around(entries(`{"address":"aws_instance.a","type":"aws_instance","change":{"actions":["%s"]}}`))), taken, 256 * MiB},
		{"20 MB of version", string20(around(`{"format_version":"%s","resource_changes":[]}`)), refused, 256 * MiB},
		{"20 MB of digits, kept", string20(around(held(`1%s`))), refused, 256 * MiB},
		{"20 MB of digits, skipped", string20(around(section(`"x":1%s`))), taken, 160 * MiB},
		{"a million digits that differ", with(part(`"before":{"x":1%s},"after":{"x":2}`), "0", 1_000_000), taken, 64 * MiB},
		{"100 MB of blanks", with(section(`"x":%s1`), "    ", 25_000_000), refused, 512 * MiB},
		{"30 MB of list, skipped", with(section(`"prior_state":[%s1]`), `{"a":[1]},`, 3_000_000), taken, 16 * MiB},
		{"30 MB of a list of resources, skipped", with(section(`"prior_state":{"resources":[%s1]}`), `{"a":[1]},`, 3_000_000), taken, 16 * MiB},
		{"100 MB of one resource, skipped", with(section(`"prior_state":{"resources":[[%s1]]}`), `{"a":[1]},`, 10_000_000), refused, 512 * MiB},
		{"three million lists in a kept value", with(held(`[%s0]`), "[],", 3_000_000), refused, 256 * MiB},
		{"three million objects in a kept value", with(held(`[%s0]`), "{},", 3_000_000), refused, 256 * MiB},
		{"three million lists within lists", with(held(`[%s0]`), "[[[[[[]]]]]],", 500_000), refused, 256 * MiB},
		{"three million paths", with(part(`"replace_paths":[%s[]]`), "[],", 3_000_000), refused, 256 * MiB},
		{"three million actions", with(entries(`{"address":"aws_instance.a","type":"aws_instance","change":{"actions":[%s"delete"]}}`), `"",`, 3_000_000), refused, 384 * MiB},
		{"three million references", with(section(`"configuration":{"provider_config":{"aws":{"expressions":{"region":{"references":[%s""]}}}}}`), `"",`, 3_000_000), refused, 384 * MiB},
		{"three million commas in a string", with(part(`"before":{"user_data":"\"%s"}`), `,`, 3_000_000), taken, 64 * MiB},
		{"a million tags", tags(1_000_000), taken, 1024 * MiB},
		{"two million names, skipped", io.MultiReader(strings.NewReader(`{"format_version":"1.2","resource_changes":[],"x":`), tagMap(2_000_000), strings.NewReader(`}`)), refused, 512 * MiB},
	} {
		t.Run(tc.name, func(t *testing.T) {
			err := hostile(t, tc.in, tc.most)
			if (err != nil) != tc.refuse {
				t.Errorf("got %v, want it refused: %t", err, tc.refuse)
			}
		})
	}
}

// tags is a plan that deletes one instance with so many tags.
func tags(n int) io.Reader {
	return io.MultiReader(strings.NewReader(`{"format_version":"1.2","resource_changes":[{"address":"aws_instance.a","type":"aws_instance","change":{"actions":["delete"],"before":{"id":"i-1","tags":`),
		tagMap(n), strings.NewReader(`}}}]}`))
}

// tagMap is an object of so many members, none of which is held.
func tagMap(n int) io.Reader {
	return made(n, func(b []byte, i int) []byte {
		return append(strconv.AppendInt(append(b, `"tag`...), int64(i), 10), `":"v"`...)
	}, "{", "}")
}

// made is a list or an object of n items, each made when it is read.
func made(n int, item func([]byte, int) []byte, opening, closing string) io.Reader {
	return &maker{n: n, item: item, rest: []byte(opening), closing: closing}
}

type maker struct {
	i, n      int
	item      func([]byte, int) []byte
	buf, rest []byte
	closing   string
}

func (m *maker) Read(p []byte) (int, error) {
	for len(m.rest) == 0 {
		if m.i > m.n {
			return 0, io.EOF
		}
		// A few at a time, so that making them takes little of what is measured.
		m.buf = m.buf[:0]
		for len(m.buf) < 4096 && m.i < m.n {
			if m.i > 0 {
				m.buf = append(m.buf, ',')
			}
			m.buf = m.item(m.buf, m.i)
			m.i++
		}
		if m.i == m.n {
			m.buf = append(m.buf, m.closing...)
			m.i++
		}
		m.rest = m.buf
	}
	n := copy(p, m.rest)
	m.rest = m.rest[n:]
	return n, nil
}

// A million resources with next to nothing in them: those that Terraform leaves
// alone take no memory, those it deletes take some hundred bytes each.
func TestMillionResources(t *testing.T) {
	resources := func(n int, action string) io.Reader {
		return io.MultiReader(strings.NewReader(`{"format_version":"1.2","resource_changes":`), made(n, func(b []byte, i int) []byte {
			return append(strconv.AppendInt(append(b, `{"address":"x.y[`...), int64(i), 10), `]","type":"x","change":{"actions":["`+action+`"]}}`...)
		}, "[", "]"), strings.NewReader("}"))
	}
	for _, tc := range []struct {
		n      int
		action string
		kept   int
		peak   uint64
	}{{1_000_000, "no-op", 0, 128 * MiB}, {100_000, "delete", 100_000, 256 * MiB}} {
		p := newPeak(resources(tc.n, tc.action))
		runtime.GC()
		p.Read(nil)
		base := p.most
		plan, err := Decode(p)
		if err != nil {
			t.Fatal(err)
		}
		if plan.Resources != tc.n || len(plan.Changes) != tc.kept {
			t.Errorf("%s: got %d resources, %d changes; want %d, %d", tc.action, plan.Resources, len(plan.Changes), tc.n, tc.kept)
		}
		if got := p.most - min(base, p.most); got > tc.peak {
			t.Errorf("%d x %s: got a peak of %d MiB, want at most %d", tc.n, tc.action, got/MiB, tc.peak/MiB)
		}
	}
}

// Two members of one name: which of them Terraform means nobody can tell, so
// there is no plan, however the second is written and wherever it stands.
func TestDuplicateNames(t *testing.T) {
	twice := map[string]string{}
	for _, name := range []string{"format_version", "terraform_version", "timestamp", "complete", "errored", "resource_changes", "resource_drift", "deferred_changes",
		"action_invocations", "configuration", "variables", "planned_values", "x"} {
		value := map[string]string{"format_version": `"1.2"`, "terraform_version": `"1"`, "timestamp": `"x"`, "complete": `true`, "errored": `false`, "configuration": `{}`, "variables": `{}`, "planned_values": `{}`}[name]
		if value == "" {
			value = `[]`
		}
		member := fmt.Sprintf("%q:%s", name, value)
		twice[name] = `{"format_version":"1.2","resource_changes":[],` + member + `,` + member + `}`
	}
	for _, member := range []string{`"address":"aws_instance.a"`, `"type":"aws_instance"`, `"mode":"managed"`, `"deposed":"1"`, `"change":{"actions":["delete"]}`, `"x":1`} {
		twice["entry "+member] = entries(`{"address":"aws_instance.a","type":"aws_instance","change":{"actions":["delete"]},` + member + `,` + member + `}`)
	}
	for _, member := range []string{`"actions":["no-op"]`, `"\u0061ctions":["no-op"]`, `"before":{}`, `"after":{}`, `"after_unknown":{}`, `"before_sensitive":{}`, `"replace_paths":[]`, `"x":{}`} {
		twice["change "+member] = part(member + `,"x":1,` + member)
	}
	twice["actions written in two ways"] = part(`"\u0061ctions":["no-op"]`)
	for _, member := range []string{`"tags":{}`, `"id":"i-2"`, `"user_data":""`} {
		twice["value "+member] = part(`"before":{` + member + `,` + member + `}`)
	}
	twice["tag"] = held(`{"Cluster":"a","Cluster":"b"}`)
	twice["tag of a value nobody keeps"] = part(`"before":{"user":{"a":1,"a":2}}`)
	twice["unknown"] = part(`"after":{},"after_unknown":{"tags":{"a":true,"a":false}}`)
	twice["action values"] = section(`"action_invocations":[{"address":"a","config_values":{"instance_id":"i-1","instance_id":"i-2"}}]`)
	twice["skipped, deep"] = section(`"prior_state":{"values":[{"a":{"b":1,"b":2}}]}`)
	twice["skipped, in a list of resources"] = section(`"prior_state":{"values":{"root_module":{"resources":[{"address":"a"},{"values":{"id":"i-1","id":"i-2"}}]}}}`)
	twice["a list of resources"] = section(`"prior_state":{"values":{"root_module":{"resources":[],"resources":[]}}}`)
	twice["provider"] = section(`"configuration":{"provider_config":{"aws":{},"aws":{}}}`)
	for name, in := range twice {
		t.Run(name, func(t *testing.T) {
			if err := hostile(t, strings.NewReader(in), MiB); err == nil || !strings.Contains(err.Error(), "same name twice") {
				t.Errorf("got %v, want it refused because of a name that stands twice: %s", err, in)
			}
		})
	}
}

// Text that is no text: anywhere in a plan, also in what nobody keeps.
func TestBrokenText(t *testing.T) {
	for name, text := range map[string]string{
		"no UTF-8": "\xff", "half a character": "\xe2\x82", "overlong": "\xc0\xaf", "a surrogate in UTF-8": "\xed\xa0\x80",
		"a lone surrogate": `\ud800`, "a lone low surrogate": `\udc00`, "two high surrogates": `\ud800\ud800`,
		"a NUL": "\x00", "an escape as it is": "\x1b[31m", "a line break as it is": "\n", "an escape nobody knows": `\x41`, "half an escape": `\u00`,
	} {
		for place, in := range map[string]string{
			"address": entries(`{"address":"aws_instance.a[\"%s\"]","type":"aws_instance","change":{"actions":["delete"]}}`),
			"type":    entries(`{"address":"aws_instance.a","type":"%s","change":{"actions":["delete"]}}`),
			"action":  entries(`{"address":"aws_instance.a","type":"aws_instance","change":{"actions":["%s"]}}`),
			"tag":     held(`{"Cluster":"%s"}`), "tag's name": held(`{"%s":"x"}`),
			"skipped": section(`"x":"%s"`), "skipped name": section(`"%s":1`), "not kept": part(`"before":{"user_data":"%s"}`),
		} {
			if err := hostile(t, strings.NewReader(strings.Replace(in, "%s", text, 1)), MiB); err == nil {
				t.Errorf("%s in the %s: got a plan, want it refused", name, place)
			}
		}
	}
}

// Names that would draw on a terminal are data like any other; a sentence that
// repeats one shows it escaped (hostile holds that).
func TestNamesThatDraw(t *testing.T) {
	for name, text := range map[string]string{
		"colour": `\u001b[31m`, "clear screen": `\u001b[2J\u001b[H`, "lines": `\r\nholdfast: ALLOWED`, "bidi": `\u202eevil\u2066`, "zero width": `a\u200bb\ufeff`,
		"NUL": `\u0000`, "C1": `\u009b31m`, "tag characters": `\udb40\udc41`,
	} {
		address := `aws_instance.a[\"` + text + `\"]`
		if err := hostile(t, strings.NewReader(entries(`{"address":"`+address+`","type":"aws_instance","change":{"actions":["delete"],"before":{"tags":{"`+text+`":"`+text+`"}}}}`)), MiB); err != nil {
			t.Errorf("%s: got %v, want a plan", name, err)
		}
		one := `{"address":"` + address + `","type":"aws_instance","change":{"actions":["delete"]%s}}`
		plain, broken := strings.Replace(one, "%s", "", 1), strings.Replace(one, "%s", `,"before":[1]`, 1)
		for what, in := range map[string]string{
			"twice": entries(plain, plain), "of another form": entries(broken), "drift": `{"format_version":"1.2","planned_values":{},"resource_drift":[` + broken + `]}`,
			"version": `{"format_version":"` + text + `"}`, "action": section(`"action_invocations":[{"address":"` + address + `","config_values":[]}]`),
		} {
			if err := hostile(t, strings.NewReader(in), MiB); err == nil {
				t.Errorf("%s, %s: got a plan, want it refused", name, what)
			}
		}
	}
}

// Cut anywhere, a plan is none: what is missing could be the delete.
func TestTruncatedAnywhere(t *testing.T) {
	plan := section(`"resource_drift":[` + instance("update") + `],"timestamp":"2026-11-22T08:00:00Z","configuration":{"provider_config":{"aws":{}}},"prior_state":{"a":[1,"\u0061",true],"resources":[{"values":{"id":"i-1"}},[]]}`)
	plan = strings.Replace(plan, `"resource_changes":[]`, `"resource_changes":[`+instance("delete")+`,`+entry("aws_instance.b", []string{"no-op"}, ``, `{"id":"i-2"}`, `{"id":"i-2"}`)+`]`, 1)
	if err := hostile(t, strings.NewReader(plan), MiB); err != nil {
		t.Fatal(err)
	}
	for n := range len(plan) {
		if err := hostile(t, strings.NewReader(plan[:n]), MiB); err == nil {
			t.Errorf("cut after %d of %d bytes: got a plan, want it refused", n, len(plan))
		}
	}
}

// Nothing may stand around a plan but blanks, and one byte order mark before.
func TestAroundAPlan(t *testing.T) {
	plan := entries(instance("delete"))
	for name, tc := range map[string]struct {
		before, after string
		ok            bool
	}{
		"blanks": {" \n", "\r\n\t ", true}, "a byte order mark": {"\xef\xbb\xbf", "\n", true},
		"two byte order marks": {"\xef\xbb\xbf\xef\xbb\xbf", "", false}, "a byte order mark after it": {"", "\xef\xbb\xbf", false},
		"a NUL after it": {"", "\x00", false}, "a NUL before it": {"\x00", "", false}, "a bracket": {"", "}", false}, "null": {"", " null", false},
		"itself": {"", plan, false}, "a comment": {"", "// x", false}, "an escape": {"\x1b[0m", "", false}, "a form feed": {"", "\f", false},
		"UTF-16 BE": {"\xfe\xff", "", false}, "UTF-32": {"\x00\x00\xfe\xff", "", false}, "a list around it": {"[", "]", false},
	} {
		if err := hostile(t, strings.NewReader(tc.before+plan+tc.after), MiB); (err == nil) != tc.ok {
			t.Errorf("%s: got %v, want it accepted: %t", name, err, tc.ok)
		}
	}
}
