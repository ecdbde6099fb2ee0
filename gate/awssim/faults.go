package awssim

import (
	"net/http"
	"path"
)

// knobs is what a test has turned to make calls go wrong.
type knobs struct {
	page   int // most items on a page; zero: what the service itself allows
	faults []*fault
}

// fault makes some calls fail.
type fault struct {
	pattern string // of "service.Action", as path.Match has it
	page    int    // only this page; zero: every one
	left    int    // times still to fail; negative: for ever
	failure Failure
}

// SetPageSize limits every page of every answer to n items, however many the
// caller allows; zero lifts the limit.
func (w *World) SetPageSize(n int) {
	defer w.enter()()
	w.knobs.page = n
}

// Fail lets the next n calls of an action fail, all of them if n is negative.
// The action is "ec2.DescribeInstances", or a pattern such as "autoscaling.*".
// A load balancer's service is called "elasticloadbalancing".
func (w *World) Fail(action string, n int, f Failure) {
	w.addFault(&fault{pattern: action, left: n, failure: f})
}

// FailPage lets page n, counted from 1, of an action's answer fail, each time
// it is asked for.
func (w *World) FailPage(action string, n int, f Failure) {
	w.addFault(&fault{pattern: action, page: n, left: -1, failure: f})
}

// Throttle answers the next n calls of an action as its service does when it
// is called too often, all of them if n is negative.
func (w *World) Throttle(action string, n int) {
	w.addFault(&fault{pattern: action, left: n, failure: Failure{Code: throttled}})
}

// Deny answers every call of an action as its service does when the
// credentials may not make it.
func (w *World) Deny(action string) {
	w.addFault(&fault{pattern: action, left: -1, failure: Failure{Code: denied}})
}

// Heal takes back every Fail, FailPage, Throttle and Deny.
func (w *World) Heal() {
	defer w.enter()()
	w.knobs.faults = nil
}

func (w *World) addFault(f *fault) {
	defer w.enter()()
	w.knobs.faults = append(w.knobs.faults, f)
}

// throttled and denied stand for the code that the called service has for it.
const (
	throttled = "(throttled)"
	denied    = "(denied)"
)

// fault returns how a request must fail, nil if it need not.
func (k *knobs) fault(r *Request) *Failure {
	for _, f := range k.faults {
		if ok, err := path.Match(f.pattern, r.name()); err != nil || !ok || f.left == 0 {
			continue
		}
		if f.page != 0 && f.page != pageOf(form(r.Params)) {
			continue
		}
		if f.left > 0 {
			f.left--
		}
		return f.failure.of(r)
	}
	return nil
}

// of gives a failure the words of the service that answers it.
func (f Failure) of(r *Request) *Failure {
	ec2 := r.Service == "ec2"
	switch {
	case f.Code == throttled && ec2:
		return &Failure{"RequestLimitExceeded", "Request limit exceeded.", http.StatusServiceUnavailable}
	case f.Code == throttled && r.Service == "s3":
		return &Failure{"SlowDown", "Please reduce your request rate.", http.StatusServiceUnavailable}
	case f.Code == throttled:
		return &Failure{"Throttling", "Rate exceeded", http.StatusBadRequest}
	case f.Code == denied && ec2:
		return &Failure{"UnauthorizedOperation", "You are not authorized to perform this operation.", http.StatusForbidden}
	case f.Code == denied:
		return &Failure{"AccessDenied", "User is not authorized to perform: " + r.Service + ":" + r.Action, http.StatusForbidden}
	}
	return &f
}
