package forgetest

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"
)

// A GitHub is one pull request of one repository. Set its fields before it is
// asked. The limits are those of docs.github.com, REST API.
type GitHub struct {
	common
	Repository string
	Number     int
	Base       string
	Login      string // whom the token speaks for
	App        bool   // it is that of an App, as that of a job is: check runs, but no /user
	Comment    bool   // permission pull-requests: write
	Check      bool   // permission checks: write
	Status     bool   // permission statuses: write

	head     atomic.Value // string
	runs     []*Run
	statuses []Status
}

// Token is the one that is good, on both forges.
const Token = "forgetest-token"

// A Run is a check run.
type Run struct {
	ID                                             int64
	Name, Head, Status, Conclusion, Title, Summary string
	Annotations                                    []Annotation
	Calls                                          int // that wrote it
}

// An Annotation is one line's.
type Annotation struct {
	Path    string `json:"path"`
	Start   int    `json:"start_line"`
	End     int    `json:"end_line"`
	Level   string `json:"annotation_level"`
	Title   string `json:"title"`
	Message string `json:"message"`
}

// A Status is a status of a commit.
type Status struct {
	Head, Name, State, Description string
}

// Push moves the pull request to another commit.
func (g *GitHub) Push(head string) { g.head.Store(head) }

// Runs returns the check runs.
func (g *GitHub) Runs() []Run {
	g.mu.Lock()
	defer g.mu.Unlock()
	var out []Run
	for _, r := range g.runs {
		out = append(out, *r)
	}
	return out
}

// Statuses returns the statuses in the order in which they were set.
func (g *GitHub) Statuses() []Status {
	g.mu.Lock()
	defer g.mu.Unlock()
	return append([]Status(nil), g.statuses...)
}

// ServeHTTP implements http.Handler.
func (g *GitHub) ServeHTTP(w http.ResponseWriter, r *http.Request) { g.serve(w, r, g.handle) }

func (g *GitHub) handle(w http.ResponseWriter, r *http.Request) {
	switch {
	case r.Header.Get("User-Agent") == "" || strings.HasPrefix(r.Header.Get("User-Agent"), "Go-http-client"):
		answer(w, http.StatusForbidden, said("Request forbidden by administrative rules. Please make sure your request has a User-Agent header"))
		return
	case r.Header.Get("Authorization") != "Bearer "+Token:
		answer(w, http.StatusUnauthorized, said("Bad credentials"))
		return
	}
	path, inRepository := strings.CutPrefix(r.URL.Path, "/repos/"+g.Repository)
	number := strconv.Itoa(g.Number)
	switch what := r.Method + " " + path; {
	case what == "POST /graphql":
		g.viewer(w, r)
	case what == "GET /user" && g.App:
		g.forbid(w)
	case !inRepository:
		answer(w, http.StatusNotFound, said("Not Found"))
	case what == "GET /pulls/"+number:
		head, _ := g.head.Load().(string)
		answer(w, http.StatusOK, map[string]any{"number": g.Number, "head": map[string]any{"sha": head}, "base": map[string]any{"ref": g.Base}})
	case what == "GET /issues/"+number+"/comments":
		var all []any
		for _, c := range g.comments {
			all = append(all, g.shown(c))
		}
		page(w, r, 30, all)
	case what == "POST /issues/"+number+"/comments":
		g.change(w, r, -1)
	case strings.HasPrefix(path, "/issues/comments/"):
		i := g.find(strings.TrimPrefix(path, "/issues/comments/"))
		switch {
		case i < 0:
			answer(w, http.StatusNotFound, said("Not Found"))
		case r.Method == http.MethodPatch:
			g.change(w, r, i)
		case r.Method == http.MethodDelete && !g.Comment:
			g.forbid(w)
		case r.Method == http.MethodDelete:
			g.comments = append(g.comments[:i:i], g.comments[i+1:]...)
			answer(w, http.StatusNoContent, nil)
		}
	case what == "POST /check-runs":
		g.check(w, r, nil)
	case strings.HasPrefix(what, "PATCH /check-runs/"):
		for _, run := range g.runs {
			if path == fmt.Sprintf("/check-runs/%d", run.ID) {
				g.check(w, r, run)
				return
			}
		}
		answer(w, http.StatusNotFound, said("Not Found"))
	case strings.HasPrefix(what, "POST /statuses/"):
		g.status(w, r, strings.TrimPrefix(path, "/statuses/"))
	default:
		answer(w, http.StatusNotFound, said("Not Found"))
	}
}

func (g *GitHub) forbid(w http.ResponseWriter) {
	answer(w, http.StatusForbidden, said("Resource not accessible by integration"))
}

func invalid(w http.ResponseWriter, why string) {
	answer(w, http.StatusUnprocessableEntity, map[string]any{"message": "Validation Failed", "errors": []any{map[string]any{"message": why}}})
}

func (g *GitHub) viewer(w http.ResponseWriter, r *http.Request) {
	var in struct{ Query string }
	if !read(w, r, &in) {
		return
	}
	if strings.Join(strings.Fields(in.Query), "") != "{viewer{login}}" {
		answer(w, http.StatusOK, map[string]any{"errors": []any{said("no such query here")}})
		return
	}
	answer(w, http.StatusOK, map[string]any{"data": map[string]any{"viewer": map[string]any{"login": g.Login}}})
}

func (g *GitHub) shown(c Comment) any {
	return map[string]any{"id": c.ID, "body": c.Body, "user": map[string]any{"login": c.Author}, "author_association": "NONE"}
}

// change writes the comment at a place, or a new one.
func (g *GitHub) change(w http.ResponseWriter, r *http.Request, i int) {
	var in struct{ Body string }
	if !read(w, r, &in) {
		return
	}
	switch {
	case !g.Comment:
		g.forbid(w)
	case strings.TrimSpace(in.Body) == "":
		invalid(w, "body can't be blank")
	case characters(in.Body) > 65_536:
		invalid(w, "body is too long (maximum is 65536 characters)")
	case i < 0:
		answer(w, http.StatusCreated, g.shown(g.write(g.Login, in.Body)))
	default:
		g.comments[i].Body = in.Body
		answer(w, http.StatusOK, g.shown(g.comments[i]))
	}
}

// check writes a check run, or a new one.
func (g *GitHub) check(w http.ResponseWriter, r *http.Request, run *Run) {
	var in struct {
		Name, Status, Conclusion string
		Head                     string `json:"head_sha"`
		Log                      string `json:"details_url"`
		Output                   *struct {
			Title, Summary string
			Annotations    []Annotation
		}
	}
	if !read(w, r, &in) {
		return
	}
	if !g.App || !g.Check {
		g.forbid(w) // to other tokens: "You must authenticate via a GitHub App."
		return
	}
	conclusions := "success failure neutral cancelled skipped timed_out action_required"
	head, _ := g.head.Load().(string)
	switch {
	case run == nil && (in.Name == "" || in.Head == ""):
		invalid(w, "name and head_sha are missing")
		return
	case run == nil && in.Head != head:
		invalid(w, "No commit found for SHA: "+in.Head)
		return
	case in.Status != "" && in.Status != "queued" && in.Status != "in_progress" && in.Status != "completed":
		invalid(w, "status is not a member of the list")
		return
	case in.Status == "completed" && !strings.Contains(" "+conclusions+" ", " "+in.Conclusion+" "):
		invalid(w, "conclusion is missing")
		return
	}
	if o := in.Output; o != nil {
		if o.Title == "" || o.Summary == "" {
			invalid(w, "title and summary of output are missing")
			return
		}
		if characters(o.Summary) > 65_535 || characters(o.Title) > 255 {
			invalid(w, "output is too long (maximum is 65535 characters)")
			return
		}
		if len(o.Annotations) > 50 {
			invalid(w, "Only 50 annotations are allowed in one request")
			return
		}
		for _, a := range o.Annotations {
			if a.Path == "" || strings.HasPrefix(a.Path, "/") || a.Start < 1 || a.End < a.Start || a.Message == "" || len(a.Message) > 64<<10 || characters(a.Title) > 255 ||
				a.Level != "notice" && a.Level != "warning" && a.Level != "failure" {
				invalid(w, fmt.Sprintf("annotation %+v is not valid", a))
				return
			}
		}
	}
	if run == nil {
		run = &Run{ID: int64(len(g.runs) + 1), Name: in.Name, Head: in.Head, Status: "queued"}
		g.runs = append(g.runs, run)
	}
	run.Calls++
	if in.Status != "" {
		run.Status, run.Conclusion = in.Status, in.Conclusion
	}
	if in.Output != nil {
		run.Title, run.Summary = in.Output.Title, in.Output.Summary
		run.Annotations = append(run.Annotations, in.Output.Annotations...)
	}
	answer(w, http.StatusOK, map[string]any{"id": run.ID})
}

func (g *GitHub) status(w http.ResponseWriter, r *http.Request, head string) {
	var in struct {
		State, Context, Description string
		Log                         string `json:"target_url"`
	}
	if !read(w, r, &in) {
		return
	}
	now, _ := g.head.Load().(string)
	switch {
	case !g.Status:
		g.forbid(w)
	case head != now:
		invalid(w, "No commit found for SHA: "+head)
	case !strings.Contains(" error failure pending success ", " "+in.State+" "):
		invalid(w, "state is not included in the list")
	case characters(in.Description) > 140:
		invalid(w, "description is too long (maximum is 140 characters)")
	default:
		g.statuses = append(g.statuses, Status{head, in.Context, in.State, in.Description})
		answer(w, http.StatusCreated, map[string]any{"id": len(g.statuses)})
	}
}
