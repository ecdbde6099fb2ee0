//go:build moto

package awssim_test

import (
	"bytes"
	"flag"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
)

var record = flag.Bool("record", false, "write what is recorded to testdata/sessions")

// keep compares what was recorded with what is kept, or keeps it.
func (r *recorder) keep(t *testing.T, name string) {
	t.Helper()
	s := r.session(t)
	path := filepath.Join("testdata", "sessions", name+".session")
	if *record {
		if err := os.WriteFile(path, []byte("# Recorded against moto; see session_test.go and record_test.go.\n"+s.String()), 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	calls := func(s session) (out []string) {
		for _, st := range s {
			out = append(out, st.service+" "+st.action)
		}
		slices.Sort(out)
		return slices.Compact(out)
	}
	if got, want := calls(s), calls(readSession(t, path)); !slices.Equal(got, want) {
		t.Errorf("got the calls %v, and %s has %v; record it again", got, path, want)
	}
}

// A recorder passes calls on to an endpoint and notes them.
type recorder struct {
	endpoint string

	mu   sync.Mutex
	said []exchange
}

type exchange struct {
	step
	body []byte
}

// ServeHTTP implements http.Handler.
func (r *recorder) ServeHTTP(w http.ResponseWriter, hr *http.Request) {
	r.mu.Lock()
	defer r.mu.Unlock()
	body, err := io.ReadAll(hr.Body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	next, err := http.NewRequestWithContext(hr.Context(), hr.Method, r.endpoint+hr.URL.RequestURI(), bytes.NewReader(body))
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadGateway)
		return
	}
	next.Header = hr.Header.Clone()
	resp, err := http.DefaultTransport.RoundTrip(next)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadGateway)
		return
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadGateway)
		return
	}
	w.Header().Set("Content-Type", resp.Header.Get("Content-Type"))
	w.WriteHeader(resp.StatusCode)
	_, _ = w.Write(answer) // a client that is gone has what it wanted
	form, err := url.ParseQuery(string(body))
	if err != nil || hr.Method != http.MethodPost || form.Get("Action") == "" {
		form = url.Values{"Action": {hr.Method + hr.URL.Path}}
	}
	e := exchange{step: step{action: form.Get("Action"), params: form, status: resp.StatusCode}, body: answer}
	if scope := strings.Split(hr.Header.Get("Authorization"), "/"); len(scope) > 3 {
		e.region, e.service = scope[2], scope[3]
	}
	r.said = append(r.said, e)
}

var given = regexp.MustCompile(`\b[a-z]+-[0-9a-f]{8,17}\b`)

// session is what was said, with placeholders for what answers gave, and
// without what was asked again while nothing had changed.
func (r *recorder) session(t *testing.T) session {
	t.Helper()
	var out session
	type origin struct {
		step  int
		place string
	}
	first := map[string]origin{} // value -> where it was given first
	names := map[string]string{} // value -> placeholder
	kinds := map[string]int{}
	asked, own := map[string]bool{}, map[string]bool{} // own: what the caller said first
	for _, e := range r.said {
		st := e.step
		st.gives = map[string]string{}
		st.params.Del("Action")
		if st.params.Has("ClientToken") {
			st.params.Set("ClientToken", fmt.Sprintf("session-%d", len(out)))
		}
		name := func(value, kind string) string {
			key := value
			if kind == page {
				key = page + value // it may look like an id, and is none
			}
			from, known := first[key]
			if !known {
				own[key] = true
			}
			if own[key] {
				return value
			}
			if names[key] == "" {
				kinds[kind]++
				names[key] = fmt.Sprintf("{%s-%d}", kind, kinds[kind])
				out[from.step].gives[names[key]] = from.place
			}
			return names[key]
		}
		for _, param := range slices.Sorted(maps.Keys(st.params)) {
			value := st.params.Get(param)
			if strings.ContainsAny(value, "\r\n") {
				t.Fatalf("%s: %s has a line break, which a session cannot hold", st.action, param)
			}
			switch {
			case strings.HasPrefix(value, "arn:"):
				value = name(value, "arn")
			case isToken(param):
				st.params.Set(param, name(value, page))
				continue
			}
			st.params.Set(param, given.ReplaceAllStringFunc(value, func(id string) string {
				kind, _, _ := strings.Cut(id, "-")
				return name(id, kind)
			}))
		}
		key := st.service + st.region + st.action + st.params.Encode()
		if !isRead(st.action) {
			clear(asked)
		} else if asked[key] {
			continue
		}
		asked[key] = true
		leaves, err := leavesOf(e.body)
		// What moto does not know it answers with a web page.
		if err != nil && st.status == http.StatusOK {
			t.Fatalf("%s: %v", st.action, err)
		}
		for _, l := range leaves {
			key, gives := l.value, given.MatchString(l.value) || strings.HasPrefix(l.value, "arn:")
			if isToken(l.names[len(l.names)-1]) {
				key, gives = page+l.value, l.value != ""
			}
			if _, known := first[key]; !known && gives {
				first[key] = origin{len(out), l.place()}
			}
		}
		out = append(out, st)
	}
	return out
}

// page is the kind of a placeholder for the token of a page.
const page = "page"

func isToken(name string) bool { return strings.EqualFold(name, "NextToken") }
