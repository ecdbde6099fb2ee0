package faults

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"time"
)

// A fault is one way in which one answer goes wrong.
type fault struct {
	name string
	hit  func(*exchange)
	fits func(c call, all []call) bool // calls it can happen to; nil: all

	broken   bool // anybody can see that it is no answer: it must end as a source.* finding
	retried  bool // and a second attempt helps, so that once changes nothing
	harmless bool // it says nothing about members, so it changes nothing
	single   bool // it is about one answer: going on with all others makes no sense
	lagging  bool // it may also strike everything before a call, and end with it
}

func (f fault) modes() []mode {
	if f.single {
		return []mode{once, always}
	}
	if f.lagging {
		return []mode{once, always, onwards, until}
	}
	return []mode{once, always, onwards}
}

// faults is all of them. A next token that is dropped is not among them: an
// answer without one is the last page, and no reader can tell.
func faults() []fault {
	return []fault{
		{name: "drop", broken: true, retried: true, hit: func(*exchange) { panic(http.ErrAbortHandler) }},
		{name: "hold", broken: true, hit: func(x *exchange) { <-x.r.Context().Done() }},
		{name: "stall", broken: true, hit: func(x *exchange) { x.half(true); <-x.r.Context().Done() }},
		{name: "cut", broken: true, retried: true, hit: func(x *exchange) { x.half(true); panic(http.ErrAbortHandler) }},
		{name: "truncate", broken: true, retried: true, hit: func(x *exchange) { x.half(false) }},
		{name: "empty body", broken: true, retried: true, hit: func(x *exchange) { x.reply(answer{http.StatusOK, nil}) }},
		{name: "garbage xml", broken: true, retried: true, hit: func(x *exchange) { x.reply(answer{http.StatusOK, []byte("<a><b></a>&&&")}) }},
		{name: "foreign xml", broken: true, retried: true, hit: func(x *exchange) { x.reply(answer{http.StatusOK, []byte("<feed><entry/></feed>")}) }},
		{name: "json", broken: true, retried: true, hit: func(x *exchange) { x.reply(answer{http.StatusOK, []byte(`{"Reservations":[]}`)}) }},
		{name: "garbage json", broken: true, retried: true, hit: func(x *exchange) { x.reply(answer{http.StatusOK, []byte(`{"Reservations":[`)}) }},
		{name: "html page", broken: true, retried: true, hit: func(x *exchange) { x.reply(answer{http.StatusOK, []byte(page)}) }},
		{name: "html error", broken: true, retried: true, hit: func(x *exchange) { x.reply(answer{http.StatusBadGateway, []byte(page)}) }},
		{name: "error in a 200", broken: true, retried: true, hit: func(x *exchange) { x.fail(http.StatusOK, "InternalError") }},
		{name: "redirect", broken: true, hit: func(x *exchange) {
			x.w.Header().Set("Location", "http://login.example/")
			x.reply(answer{http.StatusFound, nil})
		}},
		{name: "tls to plain", broken: true, retried: true, hit: tlsAlert},
		{name: "429", broken: true, retried: true, hit: func(x *exchange) { x.reply(answer{http.StatusTooManyRequests, nil}) }},
		{name: "500", broken: true, retried: true, hit: func(x *exchange) { x.fail(http.StatusInternalServerError, "InternalFailure") }},
		{name: "503", broken: true, retried: true, hit: func(x *exchange) { x.fail(http.StatusServiceUnavailable, "Unavailable") }},
		{name: "throttled", broken: true, retried: true, hit: func(x *exchange) { x.fail(http.StatusServiceUnavailable, "RequestLimitExceeded") }},
		{name: "denied", broken: true, hit: func(x *exchange) { x.fail(http.StatusForbidden, "UnauthorizedOperation") }},
		{name: "expired", broken: true, hit: func(x *exchange) { x.fail(http.StatusForbidden, "ExpiredToken") }},
		{name: "skewed", broken: true, hit: func(x *exchange) { x.fail(http.StatusForbidden, "RequestTimeTooSkewed") }},
		{name: "token refused", broken: true, single: true, fits: isNext, hit: func(x *exchange) { x.fail(http.StatusBadRequest, "InvalidNextToken") }},
		{name: "delay", harmless: true, hit: func(x *exchange) { <-time.After(5 * time.Second); x.pass() }},
		{name: "answered twice", harmless: true, fits: isXML, hit: func(x *exchange) { x.alter(x.twice) }},
		{name: "items twice", harmless: true, fits: hasItem, hit: func(x *exchange) { x.alter(itemsTwice) }},
		{name: "items reversed", harmless: true, fits: hasItems, hit: func(x *exchange) { x.alter(itemsReversed) }},
		{name: "odd date", harmless: true, hit: func(x *exchange) { x.w.Header().Set("Date", "Mon, 02 Jan 2006 15:04:05 GMT"); x.pass() }},
		{name: "answer of another action", broken: true, retried: true, single: true, fits: hasOtherAction, hit: func(x *exchange) { x.reply(otherAction(x.call, x.known)[0].answer) }},
		{name: "answer to another question", single: true, fits: hasSibling, hit: func(x *exchange) { x.reply(siblings(x.call, x.known)[0].answer) }},
		{name: "page before again", single: true, fits: isNext, hit: func(x *exchange) { x.reply(before(x.call, x.known).answer) }},
		{name: "another region", hit: func(x *exchange) { x.reply(x.ask(x.world, elsewhere)) }},
		{name: "first item missing", single: true, fits: hasItem, hit: func(x *exchange) { x.alter(withoutItem) }},
		{name: "last item missing", single: true, fits: hasItem, hit: func(x *exchange) { x.alter(withoutLast) }},
		{name: "first seat missing", single: true, fits: hasSeat, hit: func(x *exchange) { x.alter(withoutSeat) }},
		{name: "unknown words", hit: func(x *exchange) { x.alter(unknownWords) }},
		{name: "stale", lagging: true, hit: func(x *exchange) { x.reply(x.ask(x.past, "")) }},
	}
}

const page = `<!DOCTYPE html><html><head><title>Sign in</title><meta charset="utf-8"></head><body><p>Please sign in.</body></html>`

// elsewhere is a region in which nothing is.
const elsewhere = "ap-south-1"

// half sends the first half of the answer; whole announces all of it.
func (x *exchange) half(whole bool) {
	a := x.ask(x.world, "")
	if whole {
		x.w.Header().Set("Content-Length", strconv.Itoa(len(a.body)))
	}
	a.body = a.body[:len(a.body)/2]
	x.reply(a)
	if err := http.NewResponseController(x.w).Flush(); err != nil {
		panic(err)
	}
}

// fail answers with an error in the words of the service.
func (x *exchange) fail(status int, code string) {
	message := "Something went wrong."
	if status == http.StatusForbidden {
		// AWS repeats what was signed, the session token included.
		message = "The canonical string should have been x-amz-security-token:" + secret
	}
	body := fmt.Sprintf("<ErrorResponse><Error><Type>Sender</Type><Code>%s</Code><Message>%s</Message></Error><RequestId>1</RequestId></ErrorResponse>", code, escaped(message))
	if x.call.json {
		x.w.Header().Set("X-Amzn-Errortype", code)
		body = fmt.Sprintf(`{"__type":%q,"message":%q}`, code, message)
	}
	if x.call.service == "ec2" {
		body = fmt.Sprintf("<Response><Errors><Error><Code>%s</Code><Message>%s</Message></Error></Errors><RequestID>1</RequestID></Response>", code, escaped(message))
	}
	x.reply(answer{status, []byte(body)})
}

func escaped(s string) string {
	var b bytes.Buffer
	if err := xml.EscapeText(&b, []byte(s)); err != nil {
		panic(err)
	}
	return b.String()
}

// tlsAlert speaks TLS to a client that speaks plain HTTP.
func tlsAlert(x *exchange) {
	conn, _, err := http.NewResponseController(x.w).Hijack()
	if err != nil {
		panic(err)
	}
	_, _ = conn.Write([]byte{0x15, 3, 1, 0, 2, 2, 0x28, '\r', '\n'}) // the client may be gone
	_ = conn.Close()
}

func (x *exchange) alter(change func([]byte) []byte) {
	a := x.ask(x.world, "")
	a.body = change(a.body)
	x.reply(a)
}

// twice is an answer that stands there twice. Of JSON that is none.
func (x *exchange) twice(body []byte) []byte {
	if x.call.json {
		return body
	}
	return slices.Concat(body, body)
}

func isXML(c call, _ []call) bool            { return !c.json }
func isNext(c call, _ []call) bool           { return c.next }
func hasOtherAction(c call, all []call) bool { return len(otherAction(c, all)) > 0 }
func hasSibling(c call, all []call) bool     { return len(siblings(c, all)) > 0 }
func hasItem(c call, _ []call) bool          { return len(withoutItem(c.answer.body)) < len(c.answer.body) }
func hasItems(c call, _ []call) bool         { return len(items(c.answer.body, "")) > 1 }
func hasSeat(c call, _ []call) bool          { return len(withoutSeat(c.answer.body)) < len(c.answer.body) }

// otherAction are the calls of the same service with another action; of any
// service where it has none.
func otherAction(c call, all []call) []call {
	same := slices.DeleteFunc(slices.Clone(all), func(d call) bool { return d.service != c.service || d.action == c.action })
	if len(same) > 0 {
		return same
	}
	return slices.DeleteFunc(slices.Clone(all), func(d call) bool { return d.action == c.action })
}

// siblings are the other calls of the same action: other pages, other groups,
// other regions. The first is the one after the call.
func siblings(c call, all []call) []call {
	var out []call
	i := slices.IndexFunc(all, c.same)
	for n := 1; n < len(all); n++ {
		if d := all[(i+n)%len(all)]; d.service == c.service && d.action == c.action && !bytes.Equal(d.answer.body, c.answer.body) {
			out = append(out, d)
		}
	}
	return out
}

// before is the call whose answer gave a call its token.
func before(c call, all []call) call {
	i := slices.IndexFunc(all, func(d call) bool {
		token := tokenIn.FindSubmatch(d.answer.body)
		return d.service == c.service && d.action == c.action && d.region == c.region && token != nil && tokenOf(c) == string(token[1]) && sameQuestion(c, d)
	})
	return all[i]
}

var tokenIn = regexp.MustCompile(`<(?:nextToken|NextToken|Marker)>([^<]+)</`)

// withoutItem takes the first thing off the list that an answer is.
func withoutItem(body []byte) []byte { return without(body, items(body, ""), 0) }

// withoutLast takes the last thing off it.
func withoutLast(body []byte) []byte {
	list := items(body, "")
	return without(body, list, len(list)-1)
}

// withoutSeat takes the first instance off a group.
func withoutSeat(body []byte) []byte { return without(body, items(body, "Instances"), 0) }

func without(body []byte, list []span, n int) []byte {
	if len(list) == 0 {
		return body
	}
	return slices.Concat(body[:list[n].from], body[list[n].to:])
}

// itemsTwice doubles everything on the list that an answer is.
func itemsTwice(body []byte) []byte {
	for _, s := range slices.Backward(items(body, "")) {
		body = slices.Insert(slices.Clone(body), int(s.to), body[s.from:s.to]...)
	}
	return body
}

// itemsReversed turns that list round. Lists are sets: no service promises an
// order, but for the newest activity to come first.
func itemsReversed(body []byte) []byte {
	list := items(body, "")
	out, at := []byte(nil), int64(0)
	for i, s := range list {
		other := list[len(list)-1-i]
		out = append(append(out, body[at:s.from]...), body[other.from:other.to]...)
		at = s.to
	}
	return append(out, body[at:]...)
}

// A span is where an element stands in a body.
type span struct{ from, to int64 }

// items are the elements of the outermost lists, or of the lists of that name.
func items(body []byte, list string) []span {
	var out []span
	d := xml.NewDecoder(bytes.NewReader(body))
	inside := list == ""
	for {
		from := d.InputOffset()
		t, err := d.Token()
		if err == io.EOF {
			return out
		}
		if err != nil {
			panic(err)
		}
		e, ok := t.(xml.StartElement)
		switch {
		case !ok:
		case e.Name.Local == list:
			inside = true
		case inside && slices.Contains([]string{"item", "member", "ReplicationGroup", "CacheCluster", "DBInstance", "DBCluster", "DBClusterMember", "DBClusterSnapshot", "GlobalClusterMember"}, e.Name.Local):
			if err := d.Skip(); err != nil {
				panic(err)
			}
			out = append(out, span{from, d.InputOffset()})
		}
	}
}

var statusWord = regexp.MustCompile(`<(name|status|State|Status|StatusCode|LifecycleState|HealthStatus|CacheClusterStatus|CacheNodeStatus|AutomaticFailover|DBInstanceStatus)>[^<]+</`)

// unknownWords replaces every status by one that AWS may think of some day.
func unknownWords(body []byte) []byte {
	return statusWord.ReplaceAll(body, []byte("<$1>contemplating</"))
}
