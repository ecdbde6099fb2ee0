package awssim

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// A Request is one call as it came in, before it is served.
type Request struct {
	Service string     // "ec2", "autoscaling", "elasticloadbalancing", "s3", "sts"
	Region  string     // from the credential scope
	Key     string     // the access key it is signed with
	Action  string     // "DescribeInstances"
	Agent   string     // user agent
	Params  url.Values // an Intercept may change them; of a JSON protocol, what stands in the path
	Body    []byte     // of a JSON protocol: the document
	Failure *Failure   // set by an Intercept: the answer, instead of serving the request
}

// name is the way knobs speak of an action: "ec2.DescribeInstances".
func (r Request) name() string { return r.Service + "." + r.Action }

// A Call is one request that was answered.
type Call struct {
	At      time.Time // in the World
	Service string
	Region  string
	Action  string
	Params  url.Values
	Code    string // the error it was answered with; empty: it went well
}

// A Failure is an error as AWS answers it. It implements error.
type Failure struct {
	Code    string
	Message string
	Status  int // HTTP status; zero means 400
}

func (f *Failure) Error() string { return f.Code + ": " + f.Message }

func failure(code, format string, args ...any) *Failure {
	return &Failure{Code: code, Message: fmt.Sprintf(format, args...)}
}

// service is one AWS API: its actions and the dialect of its answers.
type service struct {
	namespace string // of the XML
	flat      bool   // EC2's dialect: no Result element, errors of its own shape
	json      string // version of the AWS JSON protocol, "1.1"; "rest" is REST-JSON; empty is the Query protocol
	paths     func(*http.Request) (action string, params url.Values)
	actions   map[string]action
}

type action func(*request) (any, error)

// request is a call being served. Reads look at seen, as it was at time at;
// writes change live. They differ only while reads lag.
type request struct {
	form
	body []byte // of a JSON protocol
	w    *World
	live *region
	seen *region
	at   time.Time
	name string
	key  string
}

// Calls returns every call answered so far, in order.
func (w *World) Calls() []Call {
	defer w.enter()()
	return append([]Call(nil), w.calls...)
}

// ServeHTTP implements http.Handler.
func (w *World) ServeHTTP(rw http.ResponseWriter, hr *http.Request) {
	if err := hr.ParseForm(); err != nil {
		http.Error(rw, err.Error(), http.StatusBadRequest)
		return
	}
	r := Request{Action: hr.Form.Get("Action"), Params: hr.Form, Agent: hr.UserAgent()}
	r.Key, r.Service, r.Region = scope(hr.Header.Get("Authorization"))
	if r.Service == "s3" {
		r.Action, r.Params = s3Request(hr)
	}
	if w.services[r.Service].json != "" {
		if err := w.services[r.Service].readJSON(hr, &r); err != nil {
			http.Error(rw, err.Error(), http.StatusBadRequest)
			return
		}
	}
	if w.Intercept != nil {
		w.Intercept(&r)
	}
	if r.Service == "s3" {
		w.replyS3(rw, hr, &r)
		return
	}
	answer, err := w.serve(&r)
	w.reply(rw, r, answer, err)
}

// scope reads access key, service and region out of a signature's credential
// scope, "AKID/20261122/us-east-1/ec2/aws4_request".
func scope(authorization string) (key, service, region string) {
	_, rest, _ := strings.Cut(authorization, "Credential=")
	credential, _, _ := strings.Cut(rest, ",")
	parts := strings.Split(strings.TrimSpace(credential), "/")
	if len(parts) != 5 {
		return "", "", ""
	}
	return parts[0], parts[3], parts[2]
}

func (w *World) serve(r *Request) (answer any, err error) {
	defer w.enter()()
	defer func() { w.record(r, err); w.recordCall(r, answer, err) }()
	if r.Service == "" {
		return nil, &Failure{"MissingAuthenticationToken", "Request is missing Authentication Token", http.StatusForbidden}
	}
	if r.Failure != nil {
		return nil, r.Failure
	}
	if f := w.knobs.fault(r); f != nil {
		return nil, f
	}
	do := w.services[r.Service].actions[r.Action]
	if do == nil {
		return nil, failure("InvalidAction", "The action %s is not valid for this web service.", r.Action)
	}
	live := w.region(r.Region)
	seen, at := w.seen(r.Service, live)
	answer, err = do(&request{form: form(r.Params), body: r.Body, w: w, live: live, seen: seen, at: at, name: r.Action, key: r.Key})
	w.written()
	return answer, err
}

func (w *World) record(r *Request, err error) {
	c := Call{At: w.clock.now, Service: r.Service, Region: r.Region, Action: r.Action, Params: r.Params}
	if err != nil {
		c.Code = asFailure(err).Code
	}
	w.calls = append(w.calls, c)
}

func asFailure(err error) *Failure {
	var f *Failure
	if errors.As(err, &f) {
		return f
	}
	return &Failure{"InternalFailure", err.Error(), http.StatusInternalServerError}
}

func (w *World) reply(rw http.ResponseWriter, r Request, answer any, err error) {
	s := w.services[r.Service]
	status := http.StatusOK
	var body []byte
	if err != nil {
		f := asFailure(err)
		if status = f.Status; status == 0 {
			status = http.StatusBadRequest
		}
		body, err = s.fault(f)
		if s.json != "" {
			rw.Header().Set("X-Amzn-Errortype", f.Code)
		}
	} else {
		body, err = s.answer(r.Action, answer)
	}
	if err != nil {
		http.Error(rw, err.Error(), http.StatusInternalServerError)
		return
	}
	rw.Header().Set("Content-Type", s.contentType())
	rw.Header().Set("Content-Length", strconv.Itoa(len(body)))
	rw.Header().Set("x-amzn-RequestId", requestID)
	rw.Header().Set("Date", w.Now().UTC().Format(http.TimeFormat))
	time.Sleep(breath)
	rw.WriteHeader(status)
	// An error here means that the client is gone, and nobody is left to tell.
	_, _ = rw.Write(body)
}

// breath is how long an answer waits in real time. The SDK closes the body of
// its request as soon as the head of the answer is there; where that comes
// before Go's transport has seen the end of the body, the connection breaks and
// the SDK sends the request again. No real service is that quick. The wait makes
// it rare; a client that must never repeat a request hands over a whole body.
const breath = time.Millisecond

// requestID is the same in every answer: nothing reads it, and what does not
// vary can be compared.
const requestID = "00000000-0000-4000-8000-000000000000"

// done is the answer of an EC2 action that only says that it was done.
type done struct {
	Return bool `xml:"return"`
}

// empty is the answer of an action that returns nothing.
type empty struct{}

func (s service) answer(action string, answer any) ([]byte, error) {
	if s.json != "" {
		return json.Marshal(answer)
	}
	start := xml.StartElement{Name: xml.Name{Local: action + "Response"}}
	if !s.flat {
		start.Name.Local = action + "Result"
	}
	var b bytes.Buffer
	if err := xml.NewEncoder(&b).EncodeElement(answer, start); err != nil {
		return nil, err
	}
	if s.flat {
		inner := strings.TrimPrefix(b.String(), "<"+start.Name.Local+">")
		return fmt.Appendf(nil, "%s<%s xmlns=%q><requestId>%s</requestId>%s",
			xml.Header, start.Name.Local, s.namespace, requestID, inner), nil
	}
	return fmt.Appendf(nil, "<%sResponse xmlns=%q>%s<ResponseMetadata><RequestId>%s</RequestId></ResponseMetadata></%[1]sResponse>",
		action, s.namespace, b.String(), requestID), nil
}

func (s service) fault(f *Failure) ([]byte, error) {
	if s.json != "" {
		return json.Marshal(map[string]string{"__type": f.Code, "message": f.Message})
	}
	type fault struct {
		Type    string `xml:"Type,omitempty"`
		Code    string
		Message string
	}
	if s.flat {
		return xml.Marshal(struct {
			XMLName xml.Name `xml:"Response"`
			Errors  []fault  `xml:"Errors>Error"`
			ID      string   `xml:"RequestID"`
		}{Errors: []fault{{Code: f.Code, Message: f.Message}}, ID: requestID})
	}
	sender := "Sender"
	if f.Status >= http.StatusInternalServerError {
		sender = "Receiver"
	}
	return xml.Marshal(struct {
		XMLName xml.Name `xml:"ErrorResponse"`
		Space   string   `xml:"xmlns,attr,omitempty"`
		Error   fault
		ID      string `xml:"RequestId"`
	}{Space: s.namespace, Error: fault{sender, f.Code, f.Message}, ID: requestID})
}
