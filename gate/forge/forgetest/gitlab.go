package forgetest

import (
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
)

// A GitLab is one merge request of one project. Set its fields before it is
// asked. The limits are those of docs.gitlab.com, REST API.
type GitLab struct {
	common
	Project  int
	Number   int
	Username string // whom the token speaks for
	API      bool   // the token has the scope "api"; else it may only read
	Member   bool   // it is of somebody who may see the project

	head     atomic.Value // string
	statuses []Status
	acts     []string
}

// Push moves the merge request to another commit.
func (g *GitLab) Push(head string) { g.head.Store(head) }

// Statuses returns the statuses, each as it is now.
func (g *GitLab) Statuses() []Status {
	g.mu.Lock()
	defer g.mu.Unlock()
	return append([]Status(nil), g.statuses...)
}

// Acts returns the quick actions that notes have triggered.
func (g *GitLab) Acts() []string {
	g.mu.Lock()
	defer g.mu.Unlock()
	return append([]string(nil), g.acts...)
}

// ServeHTTP implements http.Handler.
func (g *GitLab) ServeHTTP(w http.ResponseWriter, r *http.Request) { g.serve(w, r, g.handle) }

func (g *GitLab) handle(w http.ResponseWriter, r *http.Request) {
	if r.Header.Get("Private-Token") != Token {
		answer(w, http.StatusUnauthorized, said("401 Unauthorized"))
		return
	}
	path, ok := strings.CutPrefix(r.URL.Path, "/api/v4")
	if !ok {
		answer(w, http.StatusNotFound, said("404 Not Found"))
		return
	}
	if path == "/user" && r.Method == http.MethodGet {
		answer(w, http.StatusOK, map[string]any{"id": 7, "username": g.Username})
		return
	}
	path, ok = strings.CutPrefix(path, "/projects/"+strconv.Itoa(g.Project))
	if !ok || !g.Member {
		answer(w, http.StatusNotFound, said("404 Project Not Found"))
		return
	}
	if !g.API && r.Method != http.MethodGet {
		answer(w, http.StatusForbidden, map[string]any{"error": "insufficient_scope", "error_description": "The request requires higher privileges than provided by the access token.", "scope": "api"})
		return
	}
	request := "/merge_requests/" + strconv.Itoa(g.Number)
	switch what := r.Method + " " + path; {
	case what == "GET "+request:
		head, _ := g.head.Load().(string)
		answer(w, http.StatusOK, map[string]any{"iid": g.Number, "sha": head})
	case what == "GET "+request+"/notes":
		var all []any
		for _, c := range g.comments {
			all = append(all, g.shown(c))
		}
		if r.FormValue("sort") != "asc" {
			slices.Reverse(all)
		}
		page(w, r, 20, all)
	case what == "POST "+request+"/notes":
		g.change(w, r, -1)
	case strings.HasPrefix(path, request+"/notes/"):
		i := g.find(strings.TrimPrefix(path, request+"/notes/"))
		switch {
		case i < 0:
			answer(w, http.StatusNotFound, said("404 Not found"))
		case g.comments[i].Author != g.Username:
			answer(w, http.StatusForbidden, said("403 Forbidden"))
		case r.Method == http.MethodPut:
			g.change(w, r, i)
		case r.Method == http.MethodDelete:
			g.comments = append(g.comments[:i:i], g.comments[i+1:]...)
			answer(w, http.StatusNoContent, nil)
		}
	case strings.HasPrefix(what, "POST /statuses/"):
		g.status(w, r, strings.TrimPrefix(path, "/statuses/"))
	default:
		answer(w, http.StatusNotFound, said("404 Not Found"))
	}
}

func (g *GitLab) shown(c Comment) any {
	return map[string]any{"id": c.ID, "body": c.Body, "author": map[string]any{"username": c.Author}, "system": c.Author == ""}
}

// quick is a line that GitLab takes for an order.
var quick = regexp.MustCompile(`(?m)^/[a-z_]+`)

// change writes the note at a place, or a new one.
func (g *GitLab) change(w http.ResponseWriter, r *http.Request, i int) {
	var in struct{ Body string }
	if !read(w, r, &in) {
		return
	}
	g.acts = append(g.acts, quick.FindAllString(in.Body, -1)...)
	switch {
	case strings.TrimSpace(in.Body) == "":
		answer(w, http.StatusBadRequest, said("400 Bad request - Note {:note=>[\"can't be blank\"]}"))
	case characters(in.Body) > 1_000_000:
		answer(w, http.StatusBadRequest, said("400 Bad request - Note {:note=>[\"is too long (maximum is 1000000 characters)\"]}"))
	case i < 0:
		answer(w, http.StatusCreated, g.shown(g.write(g.Username, in.Body)))
	default:
		g.comments[i].Body = in.Body
		answer(w, http.StatusOK, g.shown(g.comments[i]))
	}
}

// status sets an external status: one that is running or pending is changed,
// else there is a new one (lib/api/commit_statuses.rb, CreateCommitStatusService).
func (g *GitLab) status(w http.ResponseWriter, r *http.Request, head string) {
	var in struct {
		State, Name, Description string
		Log                      string `json:"target_url"`
		Pipeline                 string `json:"pipeline_id"`
	}
	if !read(w, r, &in) {
		return
	}
	now, _ := g.head.Load().(string)
	i := slices.IndexFunc(g.statuses, func(s Status) bool {
		return s.Head == head && s.Name == in.Name && (s.State == "running" || s.State == "pending")
	})
	switch {
	case head != now:
		answer(w, http.StatusNotFound, said("404 Commit Not Found"))
	case !strings.Contains(" pending running success failed canceled skipped ", " "+in.State+" "):
		answer(w, http.StatusBadRequest, map[string]any{"error": "state does not have a valid value"})
	case characters(in.Description) > 255:
		answer(w, http.StatusBadRequest, said("description is too long (maximum is 255 characters)"))
	case i >= 0 && (in.State == "running" || in.State == "pending"):
		answer(w, http.StatusBadRequest, said("Cannot transition status via :run from :running (Reason(s): Status cannot transition via \"run\")"))
	case i >= 0:
		g.statuses[i].State, g.statuses[i].Description = in.State, in.Description
		answer(w, http.StatusCreated, map[string]any{"id": i})
	default:
		g.statuses = append(g.statuses, Status{head, in.Name, in.State, in.Description})
		answer(w, http.StatusCreated, map[string]any{"id": len(g.statuses)})
	}
}
