package planfile

import (
	"encoding/binary"
	"math"
)

// A token is the beginning of one value in msgpack, or all of it. Terraform
// writes values as go-cty does: the data says itself what it is, an unknown
// value is an extension, a value of a type that the schema leaves open is an
// array of its type, as bytes, and itself, and a number that neither an integer
// nor a float holds exactly is a string of its digits.
type token struct {
	kind  kind
	n     int    // parts of an array, pairs of a map
	bytes []byte // of a string, of bytes
	int   int64
	uint  uint64
	float float64
}

type kind uint8

const (
	null kind = iota
	boolFalse
	boolTrue
	integer  // in token.int
	unsigned // in token.uint, beyond what integer holds
	floating
	text
	binaryText
	array
	mapping
	unknown // what will be known only after apply
)

// cursor reads msgpack.
type cursor struct{ b []byte }

// errDamaged is what every break of the format comes to: it is read as written
// or not at all.
func errDamaged() error { return unproven("a value in it is damaged") }

// take returns the next n bytes.
func (c *cursor) take(n int) ([]byte, error) {
	if n < 0 || n > len(c.b) {
		return nil, errDamaged()
	}
	out := c.b[:n]
	c.b = c.b[n:]
	return out, nil
}

// size reads a big-endian number of n bytes.
func (c *cursor) size(n int) (uint64, error) {
	b, err := c.take(n)
	if err != nil {
		return 0, err
	}
	var wide [8]byte
	copy(wide[8-n:], b)
	return binary.BigEndian.Uint64(wide[:]), nil
}

// next reads one token (the msgpack specification, "Formats").
func (c *cursor) next() (t token, err error) {
	head, err := c.take(1)
	if err != nil {
		return t, err
	}
	switch code := head[0]; {
	case code <= 0x7f:
		return token{kind: integer, int: int64(code)}, nil
	case code >= 0xe0:
		return token{kind: integer, int: int64(int8(code))}, nil
	case code <= 0x8f:
		return c.parts(mapping, int(code&0x0f))
	case code <= 0x9f:
		return c.parts(array, int(code&0x0f))
	case code <= 0xbf:
		return c.run(text, int(code&0x1f))
	case code == 0xc0:
		return token{kind: null}, nil
	case code == 0xc2:
		return token{kind: boolFalse}, nil
	case code == 0xc3:
		return token{kind: boolTrue}, nil
	case code >= 0xc4 && code <= 0xc6:
		return c.sized(1<<(code-0xc4), func(n int) (token, error) { return c.run(binaryText, n) })
	case code >= 0xd9 && code <= 0xdb:
		return c.sized(1<<(code-0xd9), func(n int) (token, error) { return c.run(text, n) })
	case code == 0xdc || code == 0xdd:
		return c.sized(2<<(code-0xdc), func(n int) (token, error) { return c.parts(array, n) })
	case code == 0xde || code == 0xdf:
		return c.sized(2<<(code-0xde), func(n int) (token, error) { return c.parts(mapping, n) })
	case code == 0xca || code == 0xcb:
		return c.float(4 << (code - 0xca))
	case code >= 0xcc && code <= 0xcf:
		n, err := c.size(1 << (code - 0xcc))
		if n > math.MaxInt64 {
			return token{kind: unsigned, uint: n}, err
		}
		return token{kind: integer, int: int64(n)}, err
	case code >= 0xd0 && code <= 0xd3:
		width := 1 << (code - 0xd0)
		n, err := c.size(width)
		shift := 64 - 8*width
		return token{kind: integer, int: int64(n<<shift) >> shift}, err
	case code >= 0xd4 && code <= 0xd8:
		return c.extension(1 << (code - 0xd4))
	case code >= 0xc7 && code <= 0xc9:
		return c.sized(1<<(code-0xc7), c.extension)
	}
	return t, errDamaged()
}

// sized reads a size of so many bytes and then what has it.
func (c *cursor) sized(width int, do func(n int) (token, error)) (token, error) {
	n, err := c.size(width)
	if err != nil || n > uint64(len(c.b)) {
		return token{}, errDamaged()
	}
	return do(int(n))
}

// parts begins an array or a map; each part takes a byte at least.
func (c *cursor) parts(k kind, n int) (token, error) {
	if n > len(c.b) {
		return token{}, errDamaged()
	}
	return token{kind: k, n: n}, nil
}

func (c *cursor) run(k kind, n int) (token, error) {
	b, err := c.take(n)
	return token{kind: k, bytes: b}, err
}

func (c *cursor) float(width int) (token, error) {
	n, err := c.size(width)
	if width == 4 {
		return token{kind: floating, float: float64(math.Float32frombits(uint32(n)))}, err
	}
	return token{kind: floating, float: math.Float64frombits(n)}, err
}

// extension reads an extension of n bytes. Of types 0 and 12 it is an unknown
// value, in the second with what is known of it all the same.
func (c *cursor) extension(n int) (token, error) {
	b, err := c.take(n + 1)
	if err != nil {
		return token{}, err
	}
	if b[0] != 0 && b[0] != 12 {
		return token{}, unproven("a value in it has a type %d that was not seen before", b[0])
	}
	return token{kind: unknown}, nil
}

// maxDepth is how deep values are read: deeper than any schema of a provider.
const maxDepth = 500

// skip passes over one value.
func (c *cursor) skip(depth int) error {
	t, err := c.next()
	if err != nil {
		return err
	}
	if depth > maxDepth {
		return errDamaged()
	}
	parts := t.n
	if t.kind == mapping {
		parts *= 2
	}
	for range parts {
		if err := c.skip(depth + 1); err != nil {
			return err
		}
	}
	return nil
}
