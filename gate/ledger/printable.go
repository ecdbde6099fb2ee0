package ledger

import (
	"bytes"
	"fmt"
	"unicode"
	"unicode/utf8"
)

// Printable escapes in JSON what a terminal would act on and JSON lets through,
// such as C1 controls and marks that reorder text. JSON holds such characters
// only within strings, so what it says stays the same. Records are written like
// this, so that one can be shown as it is.
func Printable(data []byte) []byte {
	if !bytes.ContainsFunc(data, hidden) {
		return data
	}
	var out bytes.Buffer
	for len(data) > 0 {
		r, n := utf8.DecodeRune(data)
		switch {
		case !hidden(r):
			out.Write(data[:n])
		case r < 0x10000:
			fmt.Fprintf(&out, `\u%04x`, r)
		default:
			r -= 0x10000
			fmt.Fprintf(&out, `\u%04x\u%04x`, 0xd800+r>>10, 0xdc00+r&0x3ff)
		}
		data = data[n:]
	}
	return out.Bytes()
}

// hidden reports whether a character must not reach a terminal as it is. Nor
// does the one that stands for bytes that are no text: encoding/json escapes it
// where it puts it in, and must be no different where it was in the input.
func hidden(r rune) bool { return r != '\n' && !unicode.IsPrint(r) || r == utf8.RuneError }
