// Package forgetest has a GitHub and a GitLab for tests: handlers that keep
// comments and statuses in memory and refuse what the real ones refuse, by
// size, permission, rate, form and state. What nobody here asks of a forge it
// does not have: an unknown request is an error.
package forgetest

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"unicode/utf8"
)

// A Comment is one of a pull or merge request.
type Comment struct {
	ID     int64
	Author string
	Body   string
}

// A Fault is what is answered instead of the real answer.
type Fault struct {
	Status int
	Header http.Header
	Body   string
	After  bool // the request was carried out, and only its answer is lost
}

// common is what both forges have.
type common struct {
	mu       sync.Mutex
	comments []Comment
	next     int64
	log      []string
	faults   []fault
}

type fault struct {
	method, path string
	Fault
}

// Comments returns what the thread holds.
func (c *common) Comments() []Comment {
	c.mu.Lock()
	defer c.mu.Unlock()
	return append([]Comment(nil), c.comments...)
}

// Write adds a comment of somebody.
func (c *common) Write(author, body string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.write(author, body)
}

func (c *common) write(author, body string) Comment {
	c.next++
	made := Comment{ID: c.next, Author: author, Body: body}
	c.comments = append(c.comments, made)
	return made
}

// Requests returns all requests as "METHOD path", without what follows "?", and
// forgets them.
func (c *common) Requests() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	log := c.log
	c.log = nil
	return log
}

// Fail answers the next request of a method whose path ends so with a fault.
func (c *common) Fail(method, path string, f Fault) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.faults = append(c.faults, fault{method, path, f})
}

// serve answers a request: with a fault if one is due, else as handle does. One
// at a time, as a database would have it.
func (c *common) serve(w http.ResponseWriter, r *http.Request, handle func(http.ResponseWriter, *http.Request)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.log = append(c.log, r.Method+" "+r.URL.Path)
	for i, f := range c.faults {
		if f.method != r.Method || !strings.HasSuffix(r.URL.Path, f.path) {
			continue
		}
		c.faults = append(c.faults[:i:i], c.faults[i+1:]...)
		if f.After {
			handle(httptest.NewRecorder(), r)
		}
		for name, values := range f.Header {
			w.Header()[name] = values
		}
		w.WriteHeader(f.Status)
		fmt.Fprint(w, f.Body)
		return
	}
	handle(w, r)
}

// find returns the place of a comment.
func (c *common) find(id string) int {
	for i, one := range c.comments {
		if strconv.FormatInt(one.ID, 10) == id {
			return i
		}
	}
	return -1
}

// page answers with one page of a list, and where the next is.
func page(w http.ResponseWriter, r *http.Request, usual int, all []any) {
	size, err := strconv.Atoi(r.FormValue("per_page"))
	if err != nil || size < 1 {
		size = usual
	}
	size = min(size, 100)
	n, err := strconv.Atoi(r.FormValue("page"))
	if err != nil || n < 1 {
		n = 1
	}
	from, to := min((n-1)*size, len(all)), min(n*size, len(all))
	if to < len(all) {
		next := *r.URL
		q := next.Query()
		q.Set("page", strconv.Itoa(n+1))
		next.RawQuery, next.Host = q.Encode(), r.Host
		if next.Scheme == "" {
			next.Scheme = "http"
		}
		w.Header().Set("Link", fmt.Sprintf(`<%s>; rel="next", <%s>; rel="last"`, next.String(), next.String()))
	}
	answer(w, http.StatusOK, append([]any{}, all[from:to]...))
}

// read reads the object of a request. False if it is none.
func read(w http.ResponseWriter, r *http.Request, into any) bool {
	if !strings.HasPrefix(r.Header.Get("Content-Type"), "application/json") {
		answer(w, http.StatusUnsupportedMediaType, said("no JSON"))
		return false
	}
	d := json.NewDecoder(io.LimitReader(r.Body, 16<<20))
	// The real ones pass over what they do not know; here that would be a typing
	// error.
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		answer(w, http.StatusBadRequest, said("Problems parsing JSON: "+err.Error()))
		return false
	}
	return true
}

func answer(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	if status != http.StatusNoContent {
		// The writer is a test's: an error of it shows there.
		_ = json.NewEncoder(w).Encode(body)
	}
}

func said(message string) map[string]any { return map[string]any{"message": message} }

func characters(s string) int { return utf8.RuneCountInString(s) }
