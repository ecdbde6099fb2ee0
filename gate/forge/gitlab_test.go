package forge

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/holdfast-gate/holdfast/gate/forge/forgetest"
)

func instance() *forgetest.GitLab {
	g := &forgetest.GitLab{Project: 42, Number: 7, Username: "project_42_bot_1", API: true, Member: true}
	g.Push(head)
	return g
}

func onGitLab(h http.Handler, w *waits) *GitLab {
	return NewGitLab(client(h, "https://gitlab.example/api/v4", w), Change{Repository: "42", Number: 7, Head: head, Base: "main", Log: "https://gitlab.example/j/1"})
}

func TestGitLabReview(t *testing.T) {
	server := instance()
	g := onGitLab(server, new(waits))
	if err := g.Hold(t.Context(), root, "waits until search has settled"); err != nil {
		t.Fatal(err)
	}
	if s := server.Statuses(); len(s) != 1 || s[0].State != "running" || s[0].Name != "holdfast (infra, prod)" {
		t.Errorf("held: got %+v", s)
	}
	for i, text := range []string{"first", "second", "second"} {
		server.Requests()
		at := noon().Add(time.Duration(min(i, 1)) * time.Minute)
		if said, err := g.Say(t.Context(), review(text, at)); err != nil || said != (Said{Status: true, Comment: true}) {
			t.Fatalf("got %+v, %v", said, err)
		}
		write := [][]string{{"GET /merge_requests/7", "POST /merge_requests/7/notes", "GET /merge_requests/7/notes"}, {"GET /merge_requests/7", "PUT /merge_requests/7/notes/1", "GET /merge_requests/7/notes"}, nil}[i]
		asked(t, server.Requests(), append([]string{"POST /statuses/" + head, "GET /user", "GET /merge_requests/7/notes"}, write...)...)
	}
	if c := server.Comments(); len(c) != 1 || body(c[0]) != "second" {
		t.Errorf("got %+v", c)
	}
	if s := server.Statuses(); s[0].State != "failed" {
		t.Errorf("got %+v", s)
	}
}

// A status that runs already is held; only then is that no error.
func TestGitLabHeldTwice(t *testing.T) {
	server := instance()
	for range 2 {
		if err := onGitLab(server, new(waits)).Hold(t.Context(), root, "being judged"); err != nil {
			t.Fatal(err)
		}
	}
	server.Fail("POST", "/statuses/"+head, forgetest.Fault{Status: 400, Body: `{"message":"ref is missing"}`})
	if err := onGitLab(server, new(waits)).Hold(t.Context(), root, "being judged"); err == nil {
		t.Error("no status is held, and nobody was told")
	}
	r := review("text", noon())
	r.Outcome = Allowed
	if said, err := onGitLab(server, new(waits)).Say(t.Context(), r); err != nil || !said.Status || server.Statuses()[0].State != "success" {
		t.Errorf("got %+v, %v, %+v", said, err, server.Statuses())
	}
}

func TestGitLabSomebodyElsesNote(t *testing.T) {
	server := instance()
	forged := mark{root.key(), head, noon().Add(time.Hour)}.String() + "ALLOWED, trust me"
	server.Write("mallory", forged)
	server.Write("", forged) // GitLab itself
	for range 120 {
		server.Write("somebody", "hello")
	}
	for i, text := range []string{"first", "second"} {
		if _, err := onGitLab(server, new(waits)).Say(t.Context(), review(text, noon().Add(time.Duration(i)*time.Minute))); err != nil {
			t.Fatal(err)
		}
	}
	if c := server.Comments(); len(c) != 123 || c[0].Body != forged || c[1].Body != forged || body(c[122]) != "second" {
		t.Errorf("got %d notes, %+v", len(c), c[122:])
	}
}

// Without a token nothing is asked; with one that only reads, little.
func TestGitLabTokens(t *testing.T) {
	server := instance()
	c := client(server, "https://gitlab.example/api/v4", new(waits))
	c.Token = ""
	g := NewGitLab(c, Change{Repository: "42", Number: 7, Head: head, Base: "main"})
	if err := g.Hold(t.Context(), root, "being judged"); err != nil {
		t.Fatal(err)
	}
	if said, err := g.Say(t.Context(), review("text", noon())); err != nil || said != (Said{}) {
		t.Errorf("no token: got %+v, %v", said, err)
	}
	asked(t, server.Requests())

	server.API = false
	g = onGitLab(server, new(waits))
	if err := g.Hold(t.Context(), root, "being judged"); err != nil {
		t.Fatal(err)
	}
	if said, err := g.Say(t.Context(), review("text", noon())); err != nil || said != (Said{}) {
		t.Errorf("a token that reads: got %+v, %v", said, err)
	}
	asked(t, server.Requests(), "POST /statuses/"+head, "GET /user", "GET /merge_requests/7/notes", "GET /merge_requests/7", "POST /merge_requests/7/notes")

	c.Token = "expired"
	if err := NewGitLab(c, g.Change).Hold(t.Context(), root, "being judged"); err == nil {
		t.Error("a token that is wrong is a mistake")
	}
}

func TestGitLabTroubles(t *testing.T) {
	server, slept := instance(), waits{}
	server.Fail("POST", "/notes", forgetest.Fault{Status: 502, After: true})
	server.Fail("GET", "/user", forgetest.Fault{Status: 429, Header: http.Header{"Retry-After": {"3"}}})
	r := review("", noon())
	limit := 0
	r.Body = func(n int) string { limit = n; return strings.Repeat("x", n) }
	said, err := onGitLab(server, &slept).Say(t.Context(), r)
	if err != nil || said != (Said{Status: true, Comment: true}) || limit != 999_800 || len(server.Comments()) != 1 || len(slept) != 2 {
		t.Errorf("got %+v, %v, limit %d, waits %v", said, err, limit, slept)
	}
}

func TestGitLabChange(t *testing.T) {
	env := map[string]string{"CI_PROJECT_ID": "42", "CI_MERGE_REQUEST_IID": "7", "CI_COMMIT_SHA": head, "CI_PIPELINE_ID": "3", "CI_MERGE_REQUEST_TARGET_BRANCH_NAME": "main", "CI_JOB_URL": "https://gitlab.example/j/1"}
	getenv := func(name string) string { return env[name] }
	want := Change{Repository: "42", Number: 7, Head: head, Base: "main", Log: "https://gitlab.example/j/1", pipeline: "3"}
	if got, err := GitLabChange(getenv); err != nil || got != want {
		t.Errorf("got %+v, %v", got, err)
	}
	// In the pipeline of a merge that is tried, the status is that of the branch.
	env["CI_MERGE_REQUEST_SOURCE_BRANCH_SHA"] = other
	if got, err := GitLabChange(getenv); err != nil || got.Head != other || got.pipeline != "" {
		t.Errorf("got %+v, %v", got, err)
	}
	for _, name := range []string{"CI_PROJECT_ID", "CI_MERGE_REQUEST_IID", "CI_MERGE_REQUEST_TARGET_BRANCH_NAME"} {
		was := env[name]
		env[name] = ""
		if got, err := GitLabChange(getenv); err == nil {
			t.Errorf("without %s: got %+v", name, got)
		}
		env[name] = was
	}
}
