package tfplan

import (
	"bytes"

	"github.com/go-json-experiment/json/jsontext"
)

// eachMember calls f with every member of an object that was read as JSON
// before: its name, quoted, and its value. It looks for ends and checks nothing.
func eachMember(raw jsontext.Value, f func(name, value jsontext.Value)) {
	i := blank(raw, 0) + 1 // past the brace
	for {
		i = blank(raw, i)
		if raw[i] == ',' {
			i = blank(raw, i+1)
		}
		if raw[i] == '}' {
			return
		}
		name := raw[i:endOf(raw, i)]
		i = blank(raw, i+len(name))
		i = blank(raw, i+1) // past the colon
		value := raw[i:endOf(raw, i)]
		f(name, value)
		i += len(value)
	}
}

// blank is the first place from i on where there is no white space.
func blank(raw jsontext.Value, i int) int {
	for raw[i] == ' ' || raw[i] == '\n' || raw[i] == '\t' || raw[i] == '\r' {
		i++
	}
	return i
}

// endOf is where the value that begins at i ends.
func endOf(raw jsontext.Value, i int) int {
	switch raw[i] {
	case '"':
		return endOfString(raw, i)
	case '{', '[':
		for depth := 0; ; i++ {
			switch raw[i] {
			case '"':
				i = endOfString(raw, i) - 1
			case '{', '[':
				depth++
			case '}', ']':
				if depth--; depth == 0 {
					return i + 1
				}
			}
		}
	}
	for i < len(raw) && raw[i] != ',' && raw[i] != '}' && raw[i] != ']' && raw[i] > ' ' {
		i++
	}
	return i
}

func endOfString(raw jsontext.Value, i int) int {
	for i++; raw[i] != '"'; i++ {
		if raw[i] == '\\' {
			i++
		}
	}
	return i + 1
}

// countable reports whether every number of a value is one that decoding takes:
// it has no exponent, and few enough digits.
func countable(raw jsontext.Value) bool {
	const digits = 300
	for i := 0; i < len(raw); i++ {
		switch c := raw[i]; {
		case c == '"':
			i = endOfString(raw, i) - 1
		case c == '-' || c >= '0' && c <= '9':
			end := endOf(raw, i)
			if end-i > digits || bytes.ContainsAny(raw[i:end], "eE") {
				return false
			}
			i = end - 1
		}
	}
	return true
}
