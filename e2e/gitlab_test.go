//go:build atlantis

package e2e

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/cgi"
	"net/http/httptest"
	"os/exec"
	"path/filepath"
	"strings"
)

// A gitlab is as much of a GitLab server as Atlantis asks of one: a repository
// to clone, one merge request of it, and a place for notes. What it does not
// know is an error of the test.
type gitlab struct {
	*httptest.Server
	git     http.Handler
	head    string      // commit of the merge request
	notes   chan string // what Atlantis wrote, and "" for each status it set
	unknown chan string // requests that nobody answers here
}

const project = "acme/infra"

// newGitlab serves the bare repositories below a directory.
func newGitlab(dir, head string) (*gitlab, error) {
	path, err := exec.Command("git", "--exec-path").Output()
	if err != nil {
		return nil, err
	}
	g := &gitlab{head: head, notes: make(chan string, 1000), unknown: make(chan string, 100)}
	g.git = &cgi.Handler{
		Path: filepath.Join(strings.TrimSpace(string(path)), "git-http-backend"),
		Env:  []string{"GIT_PROJECT_ROOT=" + dir, "GIT_HTTP_EXPORT_ALL=1", "GIT_CONFIG_COUNT=1", "GIT_CONFIG_KEY_0=safe.directory", "GIT_CONFIG_VALUE_0=*"},
	}
	g.Server = httptest.NewServer(g)
	return g, nil
}

func (g *gitlab) clone() string { return g.URL + "/" + project + ".git" }

// ServeHTTP answers as docs.gitlab.com/api says.
func (g *gitlab) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if strings.HasPrefix(r.URL.Path, "/"+project+".git/") {
		g.git.ServeHTTP(w, r)
		return
	}
	path := r.URL.EscapedPath()
	for _, name := range []string{strings.ReplaceAll(project, "/", "%2F"), "1"} {
		path = strings.Replace(path, "/api/v4/projects/"+name, "P", 1)
	}
	answer := g.answer(r.Method+" "+path, r)
	if answer == nil {
		if !strings.HasPrefix(path, "P/repository/files/") { // no atlantis.yaml, which is no mistake
			g.unknown <- r.Method + " " + path
		}
		http.Error(w, `{"message":"404 Not found"}`, http.StatusNotFound)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	if r.Method == http.MethodPost {
		w.WriteHeader(http.StatusCreated)
	}
	// Whoever went away while this is written asks again.
	_ = json.NewEncoder(w).Encode(answer)
}

func (g *gitlab) answer(request string, r *http.Request) any {
	type object = map[string]any
	switch request {
	case "GET /api/v4/version":
		return object{"version": "17.0.0"}
	case "GET P":
		return object{"id": 1, "path_with_namespace": project, "http_url_to_repo": g.clone()}
	case "GET P/merge_requests/1":
		return object{"id": 1, "iid": 1, "project_id": 1, "state": "opened", "sha": g.head, "source_branch": "change", "target_branch": "main", "changes_count": "1",
			"merge_status": "can_be_merged", "detailed_merge_status": "mergeable", "blocking_discussions_resolved": true, "author": object{"username": "ann"}, "web_url": g.URL + "/" + project + "/-/merge_requests/1"}
	case "GET P/merge_requests/1/diffs":
		return []object{{"old_path": "main.tf", "new_path": "main.tf"}}
	case "GET P/merge_requests/1/approvals":
		return object{"approvals_left": 0}
	case "GET P/merge_requests/1/notes", "GET P/repository/commits/" + g.head + "/statuses":
		return []object{}
	case "POST P/merge_requests/1/notes":
		var note struct{ Body string }
		if err := json.NewDecoder(r.Body).Decode(&note); err != nil {
			return nil
		}
		g.notes <- note.Body
		return object{"id": 1}
	case "POST P/merge_requests/1/notes/7/award_emoji":
		return object{"id": 1}
	case "GET P/repository/commits/" + g.head:
		return object{"id": g.head, "last_pipeline": object{"id": 1}}
	case "POST P/statuses/" + g.head:
		g.notes <- ""
		return object{"id": 1}
	}
	return nil
}

// hook is the webhook of a comment on the merge request.
func (g *gitlab) hook(user, text string) []byte {
	type object = map[string]any
	b, err := json.Marshal(object{
		"object_kind": "note", "user": object{"username": user},
		"project":           object{"path_with_namespace": project, "git_http_url": g.clone()},
		"object_attributes": object{"id": 7, "note": text, "noteable_type": "MergeRequest"},
		"merge_request":     object{"iid": 1, "source": object{"path_with_namespace": project, "git_http_url": g.clone()}},
	})
	if err != nil {
		panic(fmt.Sprint(err)) // it is made of strings
	}
	return b
}
