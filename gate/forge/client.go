package forge

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/holdfast-gate/holdfast/gate/lazy"
)

// A Client speaks to the API of a forge: it asks again where that can help, at
// most attempts times, and reads lists to their end. The few calls made here
// are plain JSON over HTTP; a library for them would be larger than they are,
// and the usual one breaks about monthly.
type Client struct {
	API   string       // address that paths are added to, without a slash at its end
	Token string       // empty if there is none: then nothing is asked
	Agent string       // User-Agent, which GitHub insists on
	HTTP  *http.Client // nil is http.DefaultClient
	Now   func() time.Time
	Sleep func(context.Context, time.Duration) error // lets time pass, or returns when the context ends

	header http.Header // of every request
}

const (
	attempts    = 5
	backoff     = time.Second      // doubled with each attempt
	longestWait = time.Minute      // what a server that asks for more patience gets
	oneRequest  = 30 * time.Second // that a single request may take
	largest     = 32 << 20         // bytes of one answer
	mostPages   = 100              // of a list, of 100 entries each
)

// A refusal is an answer that is no success.
type refusal struct {
	method, path string
	status       int
	said         string
}

func (r *refusal) Error() string {
	return fmt.Sprintf("%s %s was answered with %d: %s", r.method, r.path, r.status, r.said)
}

// refused reports whether the forge does not let this token do something. It
// hides what a token may not see, so "not found" is a refusal, too.
func refused(err error) bool {
	var r *refusal
	return errors.As(err, &r) && (r.status == http.StatusForbidden || r.status == http.StatusNotFound)
}

// unsure reports whether a request may have been carried out though it was not
// answered with success.
func unsure(err error) bool {
	var r *refusal
	return errors.As(err, &r) && r.status >= 500 || errors.As(err, new(*url.Error))
}

// A call is one request to the API.
type call struct {
	method, path string
	in, out      any
	once         bool // it must not be carried out twice
}

// do makes a call and returns the path of the next page, if there is one.
func (c *Client) do(ctx context.Context, k call) (next string, err error) {
	var body []byte
	if k.in != nil {
		if body, err = json.Marshal(k.in); err != nil {
			return "", err
		}
	}
	for attempt := 1; ; attempt++ {
		var wait time.Duration
		if next, wait, err = c.try(ctx, k, body); err == nil || ctx.Err() != nil {
			return next, err
		}
		again := wait > 0 || unsure(err) && !k.once
		if wait = max(wait, backoff<<(attempt-1)); !again || attempt == attempts || wait > longestWait {
			return "", err
		}
		if err := c.Sleep(ctx, wait); err != nil {
			return "", err
		}
	}
}

// try makes one request. wait is how long the forge asks to be left alone; it
// has done nothing then.
func (c *Client) try(ctx context.Context, k call, body []byte) (next string, wait time.Duration, err error) {
	ctx, cancel := context.WithTimeout(ctx, oneRequest)
	defer cancel()
	address := c.API + k.path
	if strings.HasPrefix(k.path, "http") {
		address = k.path
	}
	req, err := http.NewRequestWithContext(ctx, k.method, address, bytes.NewReader(body))
	if err != nil {
		return "", 0, err
	}
	req.Header.Set("User-Agent", c.Agent)
	req.Header.Set("Content-Type", "application/json")
	for name, values := range c.header {
		req.Header[name] = values
	}
	client := c.HTTP
	if client == nil {
		client = http.DefaultClient
	}
	resp, err := client.Do(req)
	if err != nil {
		return "", 0, err
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(resp.Body, largest+1))
	if err != nil {
		return "", 0, &url.Error{Op: k.method, URL: address, Err: err}
	}
	if resp.StatusCode >= 300 || len(answer) > largest {
		return "", c.patience(resp, answer), &refusal{k.method, k.path, resp.StatusCode, said(answer)}
	}
	if k.out != nil {
		if err := json.Unmarshal(answer, k.out); err != nil {
			return "", 0, fmt.Errorf("%s %s was answered with something that is not what the API promises: %w", k.method, k.path, err)
		}
	}
	next, err = follow(resp)
	return next, 0, err
}

// patience is how long a forge that limits the rate of requests asks to be left
// alone; zero if that is not why it refused. GitHub says so with 403 as well
// as with 429 (docs.github.com, "Rate limits for the REST API").
func (c *Client) patience(resp *http.Response, answer []byte) time.Duration {
	h := resp.Header
	limited := resp.StatusCode == http.StatusTooManyRequests || resp.StatusCode == http.StatusForbidden &&
		(h.Get("Retry-After") != "" || h.Get("X-RateLimit-Remaining") == "0" || bytes.Contains(bytes.ToLower(answer), []byte("secondary rate limit")))
	if !limited {
		return 0
	}
	if seconds, err := strconv.Atoi(h.Get("Retry-After")); err == nil && seconds >= 0 {
		return max(time.Duration(seconds)*time.Second, backoff)
	}
	if reset, err := strconv.ParseInt(h.Get("X-RateLimit-Reset"), 10, 64); err == nil && h.Get("X-RateLimit-Remaining") == "0" {
		return max(time.Unix(reset, 0).Sub(c.Now()), backoff)
	}
	return longestWait // what GitHub asks for where it names no time
}

// said is the forge's own words about a refusal, on one line and not many.
func said(answer []byte) string {
	return cut(strings.Join(strings.Fields(string(answer)), " "), 300)
}

var nextPage = lazy.MustCompile(`<([^>]+)>;\s*rel="next"`)

// follow returns the address of the next page, empty if this was the last. It
// must be of the host that was asked: the token goes with the request.
func follow(resp *http.Response) (string, error) {
	m := nextPage().FindStringSubmatch(resp.Header.Get("Link"))
	if m == nil {
		return "", nil
	}
	asked := resp.Request.URL
	next, err := asked.Parse(m[1])
	if err != nil || next.Host != asked.Host || next.Scheme != asked.Scheme {
		// A list that was not read to its end must not pass for one that was.
		return "", fmt.Errorf("the next page of %s is at another host", asked.Path)
	}
	return next.String(), nil
}

// list reads all pages of a list.
func list[T any](ctx context.Context, c *Client, path string) ([]T, error) {
	var all []T
	for range mostPages {
		var page []T
		next, err := c.do(ctx, call{method: http.MethodGet, path: path, out: &page})
		if err != nil {
			return nil, err
		}
		if all = append(all, page...); next == "" {
			return all, nil
		}
		path = next
	}
	return nil, fmt.Errorf("%s has more than %d pages", path, mostPages)
}
