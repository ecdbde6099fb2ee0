//go:build moto

package awssim_test

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// A session is the calls that somebody made to AWS, in order, as they are kept
// in testdata/sessions. Nobody's credentials and no signature are in it, and
// the ids that answers gave are placeholders: {i-1} is what an answer before
// gave, at the place that its step names.
type session []step

// A step is one call, and which parts of its answer later calls repeat.
type step struct {
	service, region, action string
	params                  url.Values
	status                  int               // of the answer that was recorded
	gives                   map[string]string // placeholder -> place in the answer
}

// readSession reads a session as text has it: a line for the call, a line for
// each parameter, and a line for each placeholder.
func readSession(t *testing.T, path string) session {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var s session
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSuffix(line, "\n")
		name, value, _ := strings.Cut(strings.TrimSpace(line), "=")
		switch word := strings.Fields(line); {
		case line == "" || line[0] == '#':
		case line[0] != ' ' && len(word) == 4:
			st := step{service: word[0], region: word[1], action: word[2], params: url.Values{}, gives: map[string]string{}}
			if _, err := fmt.Sscan(word[3], &st.status); err != nil {
				t.Fatalf("%s: %q: %v", path, line, err)
			}
			s = append(s, st)
		case len(s) > 0 && strings.HasPrefix(name, "{"):
			s[len(s)-1].gives[name] = value
		case len(s) > 0 && name != "":
			s[len(s)-1].params.Set(name, value)
		default:
			t.Fatalf("%s: %q is no line of a session", path, line)
		}
	}
	if len(s) == 0 {
		t.Fatalf("%s: no call is in it", path)
	}
	return s
}

func (s session) String() string {
	var b strings.Builder
	for _, st := range s {
		fmt.Fprintf(&b, "\n%s %s %s %d\n", st.service, st.region, st.action, st.status)
		for _, name := range slices.Sorted(maps.Keys(st.params)) {
			fmt.Fprintf(&b, "  %s=%s\n", name, st.params.Get(name))
		}
		for _, name := range slices.Sorted(maps.Keys(st.gives)) {
			fmt.Fprintf(&b, "  %s=%s\n", name, st.gives[name])
		}
	}
	return b.String()
}

// An answered step is what came back for it.
type answered struct {
	step
	status int
	code   string // of an error
	fields fields
}

// fields are the leaves of an answer: where each stands, without the numbers of
// items, and what it says there, sorted.
type fields map[string][]string

// replay makes the calls of a session and notes the answers. settle is called
// after each change.
func (s session) replay(t *testing.T, endpoint string, settle func()) []answered {
	t.Helper()
	bound := map[string]string{}
	var out []answered
	for n, st := range s {
		form := url.Values{"Action": {st.action}}
		for name := range st.params {
			form.Set(name, fill(st.params.Get(name), bound))
		}
		status, body := send(t, endpoint, st, form)
		leaves, err := leavesOf(body)
		// What moto does not know it answers with a web page.
		if err != nil && status == http.StatusOK {
			t.Fatalf("%s: step %d, %s: %v:\n%.500s", endpoint, n, st.action, err, body)
		}
		for name, place := range st.gives {
			i := slices.IndexFunc(leaves, func(l leaf) bool { return l.place() == place })
			if i < 0 {
				t.Fatalf("%s: step %d, %s: nothing is at %s, which later calls need:\n%.2000s", endpoint, n, st.action, place, body)
			}
			bound[name] = leaves[i].value
		}
		a := answered{step: st, status: status, fields: fields{}}
		for _, l := range leaves {
			if l.names[len(l.names)-1] == "Code" && status != http.StatusOK {
				a.code = l.value
			}
			// An element with nothing in it says as much as none.
			if l.value != "" {
				a.fields[l.field()] = append(a.fields[l.field()], plain(l.value, bound))
			}
		}
		out = append(out, a)
		if !isRead(st.action) {
			settle()
		}
	}
	return together(out)
}

// together puts the pages of one answer into one: where pages are cut is an
// endpoint's own business.
func together(all []answered) []answered {
	var out []answered
	question := func(a answered) string {
		params := maps.Clone(a.params)
		params.Del("NextToken")
		return a.service + a.region + a.action + params.Encode()
	}
	for _, a := range all {
		for _, b := range slices.Backward(out) {
			if a.params.Has("NextToken") && question(a) == question(b) {
				for field, values := range a.fields {
					b.fields[field] = append(b.fields[field], values...)
				}
				a.fields = nil
				break
			}
		}
		if a.fields != nil {
			out = append(out, a)
		}
	}
	for _, a := range out {
		for _, values := range a.fields {
			slices.Sort(values)
		}
	}
	return out
}

func isRead(action string) bool {
	return strings.HasPrefix(action, "Describe") || strings.HasPrefix(action, "Get") || strings.HasPrefix(action, "List")
}

// fill puts what is known in place of placeholders.
func fill(text string, bound map[string]string) string {
	for name, value := range bound {
		text = strings.ReplaceAll(text, name, value)
	}
	return text
}

var (
	instants = regexp.MustCompile(`\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?Z?`)
	suffixes = regexp.MustCompile(`\b[0-9a-f]{16,17}\b|\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b`)
)

// plain is a value without what is an endpoint's own: ids that are known get
// their placeholder back, others and times become one of their kind.
func plain(text string, bound map[string]string) string {
	for _, name := range slices.Sorted(maps.Keys(bound)) {
		text = strings.ReplaceAll(text, bound[name], name)
	}
	text = suffixes.ReplaceAllString(instants.ReplaceAllString(text, "TIME"), "ID")
	return ids.ReplaceAllString(text, "$1-ID")
}

func send(t *testing.T, endpoint string, st step, form url.Values) (int, []byte) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, endpoint+"/", strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded; charset=utf-8")
	r.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=session/20261122/"+st.region+"/"+st.service+"/aws4_request, SignedHeaders=host, Signature=0")
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, body
}

// A leaf is an element with text in it; names and numbers lead to it from
// below the root, numbers counting elements of one name.
type leaf struct {
	names   []string
	numbers []int
	value   string
}

// place is where a leaf stands, exactly.
func (l leaf) place() string {
	var parts []string
	for i, name := range l.names {
		if l.numbers[i] > 0 {
			name = fmt.Sprintf("%s[%d]", name, l.numbers[i])
		}
		parts = append(parts, name)
	}
	return strings.Join(parts, "/")
}

// field is place for all the items of a list together.
func (l leaf) field() string {
	return strings.Join(slices.DeleteFunc(slices.Clone(l.names), func(n string) bool {
		return n == "item" || n == "member" || strings.HasSuffix(n, "Result")
	}), "/")
}

// leavesOf reads the leaves of an answer in XML. Two elements in JSON's place,
// or none, are no answer.
func leavesOf(body []byte) ([]leaf, error) {
	var out []leaf
	var names []string
	var numbers []int
	counts := []map[string]int{{}}
	text, parent := "", false
	d := xml.NewDecoder(bytes.NewReader(body))
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) && len(counts) == 1 && len(counts[0]) == 1 {
			return out, nil
		}
		if err != nil {
			return nil, fmt.Errorf("this is no XML: %w", err)
		}
		switch e := token.(type) {
		case xml.StartElement:
			here := counts[len(counts)-1]
			names, numbers = append(names, e.Name.Local), append(numbers, here[e.Name.Local])
			here[e.Name.Local]++
			counts, text, parent = append(counts, map[string]int{}), "", false
		case xml.CharData:
			text += string(e)
		case xml.EndElement:
			if !parent && len(names) > 1 {
				out = append(out, leaf{slices.Clone(names[1:]), slices.Clone(numbers[1:]), strings.TrimSpace(text)})
			}
			names, numbers, counts, text, parent = names[:len(names)-1], numbers[:len(numbers)-1], counts[:len(counts)-1], "", true
		}
	}
}
