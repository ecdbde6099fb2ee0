package stage

import (
	"bytes"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
)

// front stands before an endpoint and writes down what actors change. What is
// done by hand meanwhile is no act.
type front struct {
	next http.Handler
	read func() // called before each read of an actor who waits; may be nil
	seen func() // called after each request; may be nil

	mu     sync.Mutex
	acting int // how many
	writes []string
	hangs  string // an action that is never answered; empty: none
}

// maxBody bounds what is read of one request; the longest are a few kilobytes.
const maxBody = 16 << 20

func (f *front) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	action := actionOf(r, body)
	if f.hung(action) {
		<-r.Context().Done()
		return
	}
	if byHand := strings.Contains(r.Header.Get("Authorization"), "Credential="+consoleKey+"/"); !byHand {
		if waits := f.note(action); waits && f.read != nil {
			f.read()
		}
	}
	f.next.ServeHTTP(w, r)
	if f.seen != nil {
		f.seen()
	}
}

// note writes down a change that an actor makes. It reports whether the action
// is a read by an actor that has changed something: then he waits for it.
func (f *front) note(action string) (waits bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	switch {
	case f.acting == 0:
		return false
	case changes(action):
		f.writes = append(f.writes, action)
		return false
	}
	return len(f.writes) > 0
}

// hung reports whether an action is never answered.
func (f *front) hung(action string) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.hangs != "" && f.hangs == action
}

func (f *front) begin() {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.acting == 0 {
		f.writes = nil
	}
	f.acting++
}

func (f *front) end() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.acting--
}

func (f *front) written() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.writes)
}

// actionOf is what a request asks for: the action of the Query protocol, the one
// a header names in AWS's JSON protocol, and of what speaks REST its method and
// its path.
func actionOf(r *http.Request, body []byte) string {
	// What stands before the last dot may have dots in it.
	if target := r.Header.Get("X-Amz-Target"); strings.Contains(target, ".") {
		return target[strings.LastIndex(target, ".")+1:]
	}
	if form, err := url.ParseQuery(string(body)); err == nil && form.Get("Action") != "" {
		return form.Get("Action")
	}
	switch r.Method {
	case http.MethodGet, http.MethodHead:
		return "Get " + r.URL.Path
	}
	return r.Method + " " + r.URL.Path
}

// changes reports whether an action changes anything. Whatever is not known to
// be a read is a change.
func changes(action string) bool {
	return !slices.ContainsFunc([]string{"Describe", "Get", "List", "Lookup"}, func(p string) bool { return strings.HasPrefix(action, p) })
}
