package awssim

import (
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"
)

// readJSON reads a request of a JSON protocol: the action stands in a header,
// or is told by method and path.
func (s service) readJSON(hr *http.Request, r *Request) (err error) {
	if s.paths != nil {
		r.Action, r.Params = s.paths(hr)
	} else {
		target := hr.Header.Get("X-Amz-Target")
		r.Action = target[strings.LastIndex(target, ".")+1:]
	}
	if r.Body, err = io.ReadAll(io.LimitReader(hr.Body, maxBody)); err != nil {
		return err
	}
	var paged struct{ NextToken string }
	// A body that cannot be read is for its action to refuse.
	if json.Unmarshal(r.Body, &paged) == nil && paged.NextToken != "" && s.paths == nil {
		r.Params = url.Values{"NextToken": {paged.NextToken}}
	}
	return nil
}

// maxBody bounds what is read of one request.
const maxBody = 8 << 20

func (s service) contentType() string {
	switch s.json {
	case "":
		return "text/xml;charset=UTF-8"
	case "rest":
		return "application/json"
	}
	return "application/x-amz-json-" + s.json
}

// decode reads the document of a JSON protocol into in.
func (r *request) decode(in any) error {
	if len(r.body) == 0 {
		return nil
	}
	if err := json.Unmarshal(r.body, in); err != nil {
		return failure("SerializationException", "%v", err)
	}
	return nil
}
