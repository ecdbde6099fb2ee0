package planfile

import (
	"strconv"

	"github.com/go-json-experiment/json/jsontext"
)

// value appends one value as JSON and reports whether it is unknown, or a part
// of it is. Where something is unknown, null stands for it, as far as its
// place asks for anything to stand there: terraform show leaves an unknown
// attribute of an object out.
func (c *cursor) value(b []byte, depth int) (out []byte, known bool, err error) {
	t, err := c.next()
	if err != nil {
		return b, false, err
	}
	if depth > maxDepth {
		return b, false, errDamaged()
	}
	switch t.kind {
	case null:
		return append(b, "null"...), true, nil
	case boolFalse:
		return append(b, "false"...), true, nil
	case boolTrue:
		return append(b, "true"...), true, nil
	case integer:
		return strconv.AppendInt(b, t.int, 10), true, nil
	case unsigned:
		return strconv.AppendUint(b, t.uint, 10), true, nil
	case floating:
		return strconv.AppendFloat(b, t.float, 'f', -1, 64), true, nil
	case text:
		b, err = quote(b, t.bytes)
		return b, true, err
	case array:
		return c.array(b, t.n, depth)
	case mapping:
		return c.mapping(b, t.n, depth)
	case unknown:
		return append(b, "null"...), false, nil
	}
	return b, false, errDamaged()
}

// quote appends a string as JSON.
func quote(b, s []byte) ([]byte, error) {
	b, err := jsontext.AppendQuote(b, s)
	if err != nil {
		return b, unproven("a string in it is not UTF-8")
	}
	return b, nil
}

func (c *cursor) array(b []byte, n, depth int) (out []byte, known bool, err error) {
	// A value of an open type comes with its type before it.
	if n == 2 && len(c.b) > 0 && c.b[0] >= 0xc4 && c.b[0] <= 0xc6 {
		if _, err := c.next(); err != nil {
			return b, false, err
		}
		return c.value(b, depth+1)
	}
	known = true
	b = append(b, '[')
	for i := range n {
		if i > 0 {
			b = append(b, ',')
		}
		var whole bool
		if b, whole, err = c.value(b, depth+1); err != nil {
			return b, false, err
		}
		known = known && whole
	}
	return append(b, ']'), known, nil
}

func (c *cursor) mapping(b []byte, n, depth int) (out []byte, known bool, err error) {
	known = true
	b = append(b, '{')
	empty := len(b)
	for range n {
		before := len(b)
		name, err := c.name()
		if err != nil {
			return b, false, err
		}
		if len(b) > empty {
			b = append(b, ',')
		}
		if b, err = quote(b, name); err != nil {
			return b, false, err
		}
		left := c.b
		var whole bool
		if b, whole, err = c.value(append(b, ':'), depth+1); err != nil {
			return b, false, err
		}
		if !whole && isUnknown(left) {
			b = b[:before]
		}
		known = known && whole
	}
	return append(b, '}'), known, nil
}

// name reads the name of an attribute, or a key.
func (c *cursor) name() ([]byte, error) {
	t, err := c.next()
	if err != nil || t.kind != text {
		return nil, errDamaged()
	}
	return t.bytes, nil
}

// isUnknown reports whether the value that begins b is unknown as a whole.
func isUnknown(b []byte) bool {
	c := cursor{b}
	t, err := c.next()
	if err == nil && t.kind == array && t.n == 2 && len(c.b) > 0 && c.b[0] >= 0xc4 && c.b[0] <= 0xc6 {
		if _, err = c.next(); err == nil {
			t, err = c.next()
		}
	}
	return err == nil && t.kind == unknown
}
