package faults

import (
	"bytes"
	"cmp"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"
)

// A call is one request that the collector makes, known by what it asks for.
type call struct {
	service, region, action string
	params                  string // without the action, sorted
	next                    bool   // it asks for a page after the first
	json                    bool   // it is of a JSON protocol
	answer                  answer // without a fault
}

// title names a call in the matrix.
func (c call) title() string {
	title := c.service + ":" + c.action
	if c.next {
		title += " (next page)"
	}
	return title
}

// divisible reports whether the call names several instances or volumes. One that fails is
// made again for fewer of them, which is another call.
func (c call) divisible() bool {
	return strings.Contains(c.params, "InstanceId.2=") || strings.Contains(c.params, "VolumeId.2=")
}

// same reports whether two requests ask for the same.
func (c call) same(d call) bool {
	return c.service == d.service && c.region == d.region && c.action == d.action && c.params == d.params
}

func order(a, b call) int {
	return cmp.Or(cmp.Compare(a.title(), b.title()), cmp.Compare(a.region, b.region), cmp.Compare(a.params, b.params))
}

// An answer is what comes back.
type answer struct {
	status int
	body   []byte
}

// A mode says how long a fault lasts.
type mode string

const (
	once    mode = "once"    // the first attempt of the call
	always  mode = "always"  // every attempt of the call
	onwards mode = "onwards" // every request from the call on
	until   mode = "until"   // every request before the call, and the call
)

// A proxy stands between the gate and AWS.
type proxy struct {
	world, past http.Handler     // AWS as it is, and as it was some minutes ago
	clock       func() time.Time // of AWS
	fault       fault            // none if it has no name
	at          call
	mode        mode
	known       []call // those of a run without a fault

	mu     sync.Mutex
	given  []given // every answer, as it went out
	calls  []call  // as they came, each once
	total  int     // requests, repeated ones too
	struck int
	begun  bool
}

// An exchange is one request that a fault strikes.
type exchange struct {
	*proxy
	call call
	w    http.ResponseWriter
	r    *http.Request
	body []byte
}

func (p *proxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	x := &exchange{proxy: p, w: w, r: r, body: body, call: callOf(r, body)}
	w.Header().Set("Date", p.clock().UTC().Format(http.TimeFormat))
	if p.strikes(x.call) {
		p.fault.hit(x)
		return
	}
	a := x.ask(p.world, "")
	x.call.answer = a
	p.note(x.call)
	x.reply(a)
}

// strikes reports whether the fault hits this request.
func (p *proxy) strikes(c call) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.total++
	if p.fault.name == "" {
		return false
	}
	here := c.same(p.at)
	hit := here && (p.mode != once || !p.begun) || p.begun && p.mode == onwards || !p.begun && p.mode == until
	p.begun = p.begun || here
	if hit {
		p.struck++
	}
	return hit
}

func (p *proxy) note(c call) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !slices.ContainsFunc(p.calls, c.same) {
		p.calls = append(p.calls, c)
	}
}

// callOf reads a request: of AWS's JSON, of REST, or of the Query protocol.
func callOf(r *http.Request, body []byte) call {
	c := call{}
	scope := strings.Split(r.Header.Get("Authorization"), "/")
	if len(scope) > 3 {
		c.region, c.service = scope[2], scope[3]
	}
	if target := r.Header.Get("X-Amz-Target"); target != "" {
		c.json, c.action, c.params = true, target[strings.LastIndexByte(target, '.')+1:], string(body)
		return c
	}
	form, err := url.ParseQuery(string(body))
	if err != nil || !form.Has("Action") {
		c.json, c.action, c.params = c.service != "s3", r.Method+" "+r.URL.Path, r.URL.Query().Encode()
		return c
	}
	c.action, c.next = form.Get("Action"), form.Get("NextToken")+form.Get("Marker") != ""
	form.Del("Action")
	form.Del("Version")
	c.params = form.Encode()
	return c
}

// ask hands the request to a world and returns its answer. A region asks there
// instead of in the region of the request.
func (x *exchange) ask(world http.Handler, region string) answer {
	r := httptest.NewRequest(x.r.Method, "http://aws"+x.r.URL.RequestURI(), bytes.NewReader(x.body))
	r.Header = x.r.Header.Clone()
	if region != "" {
		r.Header.Set("Authorization", strings.Replace(r.Header.Get("Authorization"), "/"+x.call.region+"/", "/"+region+"/", 1))
	}
	w := httptest.NewRecorder()
	world.ServeHTTP(w, r)
	return answer{w.Code, w.Body.Bytes()}
}

// A given is one answer that went out, and the request it went out to.
type given struct {
	*exchange
	answer answer
}

func (x *exchange) reply(a answer) {
	x.mu.Lock()
	x.given = append(x.given, given{x, a})
	x.mu.Unlock()
	x.w.Header().Set("Content-Type", map[bool]string{false: "text/xml;charset=UTF-8", true: "application/json"}[x.call.json])
	x.w.WriteHeader(a.status)
	_, _ = x.w.Write(a.body) // a client that is gone needs no answer
}

// pass answers as if there were no fault.
func (x *exchange) pass() { x.reply(x.ask(x.world, "")) }

// pipes is a network without sockets: what waits on it waits in the time of
// the test.
type pipes struct {
	conns chan net.Conn
	ended chan struct{}
}

func newPipes() *pipes { return &pipes{make(chan net.Conn), make(chan struct{})} }

func (p *pipes) dial() (net.Conn, error) {
	here, there := net.Pipe()
	select {
	case p.conns <- there:
		return here, nil
	case <-p.ended:
		return nil, net.ErrClosed
	}
}

// Accept implements net.Listener.
func (p *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.conns:
		return c, nil
	case <-p.ended:
		return nil, net.ErrClosed
	}
}

// Close implements net.Listener.
func (p *pipes) Close() error {
	close(p.ended)
	return nil
}

// Addr implements net.Listener.
func (p *pipes) Addr() net.Addr { return &net.UnixAddr{Name: "aws"} }

// tokenOf is the token a call asks with.
func tokenOf(c call) string {
	form, err := url.ParseQuery(c.params)
	if err != nil {
		panic(err)
	}
	return form.Get("NextToken") + form.Get("Marker")
}

// sameQuestion reports whether two calls differ in their pages only.
func sameQuestion(a, b call) bool {
	question := func(c call) string {
		form, err := url.ParseQuery(c.params)
		if err != nil {
			panic(err)
		}
		form.Del("NextToken")
		form.Del("Marker")
		return form.Encode()
	}
	return question(a) == question(b)
}
