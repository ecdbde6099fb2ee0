package tfplan

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// Limits on what is held at once. They are far beyond what Terraform writes and
// are there so that no input can take all memory.
const (
	maxValue   = 64 << 20 // bytes of one resource change, or of one string anywhere
	maxMembers = 1 << 20  // members of one object: their names are held to find duplicates
	maxParts   = 2 << 20  // values within one resource change: three bytes of one take a hundred in memory
	maxAddress = 64 << 10 // bytes of one address, or of one type
	maxDepth   = 9_999    // levels of nesting that the JSON package reads
)

// stream reads JSON that is never held whole. Its errors are *Error.
type stream struct {
	dec *jsontext.Decoder
	in  *meter
	buf []byte // of text
}

func newStream(r io.Reader) *stream {
	in := &meter{r: r}
	in.next()
	return &stream{dec: jsontext.NewDecoder(in), in: in}
}

// object calls f for each member of the next value, which is an object or
// null; f consumes the member's value.
func (s *stream) object(f func(name string) error) error {
	n := 0
	return s.each('{', '}', func() error {
		if n++; n > maxMembers {
			return tooLarge()
		}
		name, err := s.token()
		if err != nil {
			return err
		}
		return f(name.String())
	})
}

// array calls f with the index of each element of the next value, which is an
// array or null; f consumes the element.
func (s *stream) array(f func(i int) error) error {
	i := -1
	return s.each('[', ']', func() error { i++; return f(i) })
}

func (s *stream) each(open, closing jsontext.Kind, f func() error) error {
	begin, err := s.token()
	switch {
	case err != nil:
		return err
	case begin.Kind() == 'n':
		return nil
	case begin.Kind() != open:
		return s.unexpected()
	}
	for {
		s.in.next()
		// A peek that fails is reported by the read that f begins with.
		if s.dec.PeekKind() == closing {
			_, err := s.token()
			return err
		}
		if err := f(); err != nil {
			return err
		}
	}
}

// raw reads the next value whole. It is good until the next read.
func (s *stream) raw() (jsontext.Value, error) {
	s.in.next()
	v, err := s.dec.ReadValue()
	if err != nil {
		return nil, s.explain(err)
	}
	return v, bounded(v)
}

// value reads the next value whole into v.
func (s *stream) value(v any) error {
	raw, err := s.raw()
	if err != nil {
		return err
	}
	if json.Unmarshal(raw, v) != nil {
		return s.unexpected()
	}
	return nil
}

// text reads a string, null being the empty one. It is good until the next
// read, or the next call.
func (s *stream) text() ([]byte, error) {
	raw, err := s.raw()
	if err != nil {
		return nil, err
	}
	switch raw.Kind() {
	case 'n':
		return nil, nil
	case '"':
		if s.buf, err = jsontext.AppendUnquote(s.buf[:0], raw); err == nil {
			return s.buf, nil
		}
	}
	return nil, s.unexpected()
}

// pass passes over the next value, which it holds whole.
func (s *stream) pass() error {
	s.in.next()
	_, err := s.dec.ReadValue()
	return s.explain(err)
}

// skip passes over the next value and holds nothing of it but the names of the
// objects it is in, and of a list of resources one at a time: to read those whole
// takes half the time, and each of them is in resource_changes too.
func (s *stream) skip() error {
	depth := s.dec.StackDepth()
	resources := false // is the name that was read last
	for {
		if resources && s.dec.PeekKind() == '[' {
			if err := s.array(func(int) error { return s.pass() }); err != nil {
				return err
			}
		}
		t, err := s.token()
		if err != nil {
			return err
		}
		now := s.dec.StackDepth()
		if now <= depth {
			return nil
		}
		kind, n := s.dec.StackIndex(now)
		if kind == '{' && n > 2*maxMembers {
			return tooLarge()
		}
		resources = kind == '{' && n%2 == 1 && t.String() == "resources"
	}
}

// end makes sure that nothing follows the plan.
func (s *stream) end() error {
	_, err := s.token()
	var e *Error
	switch {
	case s.in.err == nil && errors.As(err, &e) && e.Kind == KindTruncated:
		return nil
	case err == nil, e.Kind == KindMalformed:
		return malformed("something follows its end at byte %d", s.dec.InputOffset())
	}
	return err
}

func (s *stream) token() (jsontext.Token, error) {
	s.in.next()
	t, err := s.dec.ReadToken()
	return t, s.explain(err)
}

// explain turns an error of the JSON package into a sentence. Its own text is
// dropped: it may quote from the plan.
func (s *stream) explain(err error) error {
	if err == nil {
		return nil
	}
	var syntax *jsontext.SyntacticError
	switch {
	case errors.Is(err, errTooLarge):
		return tooLarge()
	case s.in.err != nil:
		return unreadable(s.in.err)
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return &Error{Kind: KindTruncated, Message: fmt.Sprintf("the plan ends in the middle (truncated) at byte %d; write it again with %s", s.in.read, showJSON)}
	case errors.Is(err, jsontext.ErrDuplicateName):
		return malformed("an object has the same name twice before byte %d", s.dec.InputOffset())
	case errors.As(err, &syntax) && strings.Count(string(syntax.JSONPointer), "/") >= maxDepth:
		return malformed("it is nested more than %d deep at byte %d, which no Terraform writes", maxDepth, syntax.ByteOffset)
	case errors.As(err, &syntax):
		return malformed("it is not JSON at byte %d", syntax.ByteOffset)
	}
	return s.unexpected()
}

// unexpected is for JSON that is whole and has another shape than a plan's.
func (s *stream) unexpected() *Error {
	return malformed("what stands before byte %d has another form than in the plans of Terraform", s.dec.InputOffset())
}

func tooLarge() *Error {
	return &Error{Kind: KindTooLarge, Message: "the plan holds a single value of more than 64 MiB, a million names or two million parts, which no Terraform writes; check where it comes from"}
}

func unreadable(err error) *Error {
	return &Error{Kind: KindUnreadable, Message: "the plan could not be read to its end: " + err.Error(), Err: err}
}

var errTooLarge = errors.New("too large")

// meter counts what is read and stops when one value takes more than its due.
type meter struct {
	r    io.Reader
	left int   // bytes that may still be read for the current value
	read int64 // bytes read so far
	err  error // of the reader, other than io.EOF
}

// next gives the next value its due.
func (m *meter) next() { m.left = maxValue }

func (m *meter) Read(p []byte) (int, error) {
	if m.left <= 0 {
		return 0, errTooLarge
	}
	n, err := m.r.Read(p[:min(len(p), m.left)])
	m.left -= n
	m.read += int64(n)
	if err != nil && !errors.Is(err, io.EOF) {
		m.err = err
	}
	return n, err
}

// bounded refuses a value of more parts than Terraform writes. Parts are
// counted by what must stand before each of them, or within an empty one; a
// value has no more of them than bytes.
func bounded(v jsontext.Value) error {
	if len(v) > maxParts && parts(v) > maxParts {
		return tooLarge()
	}
	return nil
}

func parts(v jsontext.Value) int {
	parts, quoted, escaped := 0, false, false
	for _, c := range v {
		switch {
		case escaped:
			escaped = false
		case c == '"':
			quoted = !quoted
		case quoted:
			escaped = c == '\\'
		case c == ',' || c == '[' || c == '{':
			parts++
		}
	}
	return parts
}
