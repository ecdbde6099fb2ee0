package forge

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/holdfast-gate/holdfast/gate/forge/forgetest"
)

const (
	head  = "1111111111111111111111111111111111111111"
	other = "2222222222222222222222222222222222222222"
)

var root = Subject{Dir: "infra", Workspace: "prod"}

// direct sends requests to a handler, without a network.
type direct struct{ http.Handler }

func (d direct) RoundTrip(r *http.Request) (*http.Response, error) {
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	w := httptest.NewRecorder()
	d.ServeHTTP(w, r)
	resp := w.Result()
	resp.Request = r
	return resp, nil
}

// waits are how long a client slept.
type waits []time.Duration

func (w *waits) sleep(_ context.Context, d time.Duration) error {
	*w = append(*w, d)
	return nil
}

func noon() time.Time { return time.Date(2026, 11, 28, 12, 0, 0, 0, time.UTC) }

func client(h http.Handler, api string, w *waits) Client {
	return Client{API: api, Token: forgetest.Token, Agent: "holdfast", HTTP: &http.Client{Transport: direct{h}}, Now: noon, Sleep: w.sleep}
}

// job is a GitHub whose token is that of a job, with all that it needs.
func job() *forgetest.GitHub {
	g := &forgetest.GitHub{Repository: "acme/infra", Number: 7, Base: "main", Login: "github-actions[bot]", App: true, Comment: true, Check: true, Status: true}
	g.Push(head)
	return g
}

func onGitHub(h http.Handler, w *waits, commit string) *GitHub {
	return NewGitHub(client(h, "https://api.github.com", w), "https://api.github.com/graphql", Change{Repository: "acme/infra", Number: 7, Head: commit, Base: "main", Log: "https://github.com/acme/infra/actions/runs/1"})
}

func review(text string, at time.Time) Review {
	return Review{Subject: root, Outcome: Blocked, Title: "search would keep 0 of 3", Body: func(int) string { return text }, At: at}
}

func notes(n int) []Note {
	var out []Note
	for i := range n {
		out = append(out, Note{File: "infra/search.tf", Line: i + 1, Stops: i%2 == 0, Title: "survivorfloor.breached", Message: "too few"})
	}
	return out
}

func asked(t *testing.T, got []string, want ...string) {
	t.Helper()
	for i := range got {
		got[i] = strings.NewReplacer("/repos/acme/infra", "", "/api/v4/projects/42", "", "/api/v4", "").Replace(got[i])
	}
	if !slices.Equal(got, want) {
		t.Errorf("got requests\n  %s\nwant\n  %s", strings.Join(got, "\n  "), strings.Join(want, "\n  "))
	}
}

func body(c forgetest.Comment) string {
	_, text, _ := strings.Cut(c.Body, "\n")
	return text
}

func TestNames(t *testing.T) {
	for s, want := range map[Subject]string{
		{}:                                 "holdfast",
		{Dir: "."}:                         "holdfast",
		{Dir: ".", Workspace: "default"}:   "holdfast",
		{Dir: "a/b"}:                       "holdfast (a/b)",
		{Dir: ".", Workspace: "prod"}:      "holdfast (prod)",
		{Dir: "a/b", Workspace: "default"}: "holdfast (a/b)",
		{Dir: "a/b", Workspace: "prod"}:    "holdfast (a/b, prod)",
	} {
		if got := s.Name(); got != want {
			t.Errorf("%+v: got %q, want %q", s, got, want)
		}
	}
}

// Only the first line of a comment is a mark, and only if all of it is.
func TestMarks(t *testing.T) {
	m := mark{root.key(), head, noon()}
	if got, ok := markOf(m.String() + "text"); !ok || got != m {
		t.Errorf("got %v %v", got, ok)
	}
	if got, ok := markOf(strings.ReplaceAll(m.String(), "\n", "\r\n") + "text"); !ok || got != m {
		t.Errorf("with the line ends of a form: got %v %v", got, ok)
	}
	for _, body := range []string{"", "> " + m.String(), "\n" + m.String(), "see " + m.String(), strings.TrimSuffix(m.String(), "\n"), strings.Replace(m.String(), head, "HEAD", 1), strings.Replace(m.String(), "2026-11-28", "2026-99-28", 1)} {
		if m, ok := markOf(body); ok {
			t.Errorf("%q: got %v", body, m)
		}
	}
	if len(m.String()) > markSize {
		t.Errorf("a mark takes %d bytes", len(m.String()))
	}
}

// Rate limits are waited for as long as the forge says, errors of a server in
// growing steps, and neither for ever.
func TestPatience(t *testing.T) {
	header := func(pairs ...string) http.Header {
		h := http.Header{}
		for i := 0; i < len(pairs); i += 2 {
			h.Set(pairs[i], pairs[i+1])
		}
		return h
	}
	in := func(d time.Duration) string { return fmt.Sprint(noon().Add(d).Unix()) }
	for name, c := range map[string]struct {
		forgetest.Fault
		times int
		waits waits
		fails bool
	}{
		"one 502":                  {forgetest.Fault{Status: 502}, 1, waits{time.Second}, false},
		"four 500":                 {forgetest.Fault{Status: 500}, 4, waits{time.Second, 2 * time.Second, 4 * time.Second, 8 * time.Second}, false},
		"five 503":                 {forgetest.Fault{Status: 503}, 5, waits{time.Second, 2 * time.Second, 4 * time.Second, 8 * time.Second}, true},
		"429":                      {forgetest.Fault{Status: 429, Header: header("Retry-After", "17")}, 1, waits{17 * time.Second}, false},
		"429, at once":             {forgetest.Fault{Status: 429, Header: header("Retry-After", "0")}, 1, waits{time.Second}, false},
		"secondary limit":          {forgetest.Fault{Status: 403, Header: header("Retry-After", "30"), Body: `{"message":"You have exceeded a secondary rate limit."}`}, 1, waits{30 * time.Second}, false},
		"secondary limit, no time": {forgetest.Fault{Status: 403, Body: `{"message":"You have exceeded a secondary rate limit."}`}, 1, waits{time.Minute}, false},
		"primary limit":            {forgetest.Fault{Status: 403, Header: header("X-RateLimit-Remaining", "0", "X-RateLimit-Reset", in(20*time.Second))}, 1, waits{20 * time.Second}, false},
		"primary limit, an hour":   {forgetest.Fault{Status: 403, Header: header("X-RateLimit-Remaining", "0", "X-RateLimit-Reset", in(time.Hour))}, 1, nil, true},
		"Retry-After, an hour":     {forgetest.Fault{Status: 429, Header: header("Retry-After", "3600")}, 1, nil, true},
		"not valid":                {forgetest.Fault{Status: 422}, 1, nil, true},
		"not allowed":              {forgetest.Fault{Status: 403, Body: `{"message":"Resource not accessible by integration"}`}, 1, nil, true},
	} {
		t.Run(name, func(t *testing.T) {
			server, slept := job(), waits{}
			for range c.times {
				server.Fail("GET", "/pulls/7", c.Fault)
			}
			_, err := onGitHub(server, &slept, head).pull(t.Context(), 7)
			if (err != nil) != c.fails || !slices.Equal(slept, c.waits) {
				t.Errorf("got waits %v and error %v", slept, err)
			}
			if got, want := len(server.Requests()), min(c.times+1, len(c.waits)+1); got != want {
				t.Errorf("got %d requests, want %d", got, want)
			}
		})
	}
}

// Who is interrupted while waiting is done.
func TestInterrupted(t *testing.T) {
	server := job()
	server.Fail("GET", "/pulls/7", forgetest.Fault{Status: 502})
	g := onGitHub(server, new(waits), head)
	g.client.Sleep = func(context.Context, time.Duration) error { return context.Canceled }
	if _, err := g.pull(t.Context(), 7); !errors.Is(err, context.Canceled) || len(server.Requests()) != 1 {
		t.Errorf("got %v", err)
	}
}

// The token is not sent to another host because a page says that the next is
// there.
func TestNextPageElsewhere(t *testing.T) {
	var hosts []string
	h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		hosts = append(hosts, r.Host)
		w.Header().Set("Link", `<https://evil.example/next>; rel="next"`)
		fmt.Fprint(w, "[]")
	})
	g := onGitHub(h, new(waits), head)
	if _, err := list[comment](t.Context(), g.client, "/repos/acme/infra/issues/7/comments"); err == nil {
		t.Error("a list whose end was not read was taken for whole")
	}
	if !slices.Equal(hosts, []string{"api.github.com"}) {
		t.Errorf("got requests to %q", hosts)
	}
}

// What is not the API, such as the page of a proxy, is an error.
func TestNotAnAPI(t *testing.T) {
	h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, "<html>welcome</html>") })
	if _, err := onGitHub(h, new(waits), head).pull(t.Context(), 7); err == nil || !strings.Contains(err.Error(), "not what the API promises") {
		t.Errorf("got %v", err)
	}
}
