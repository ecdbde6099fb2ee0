package awssim

import (
	"net/url"
	"strconv"
	"strings"
)

// form is the parameters of a Query request, flattened by the protocol into
// keys such as "Filter.1.Value.2" and "Tags.member.1.Key".
type form url.Values

func (f form) str(key string) string { return url.Values(f).Get(key) }

func (f form) has(key string) bool { return url.Values(f).Has(key) }

// num returns a number, or instead if the key is absent or no number.
func (f form) num(key string, instead int) int {
	n, err := strconv.Atoi(f.str(key))
	if err != nil {
		return instead
	}
	return n
}

func (f form) flag(key string) bool { return f.str(key) == "true" }

// strs returns the list of plain values under prefix, in order.
func (f form) strs(prefix string) []string {
	var list []string
	for i := 1; f.has(prefix + "." + strconv.Itoa(i)); i++ {
		list = append(list, f.str(prefix+"."+strconv.Itoa(i)))
	}
	return list
}

// sub returns the parameters below prefix, without it.
func (f form) sub(prefix string) form {
	under := form{}
	for key, values := range f {
		if rest, ok := strings.CutPrefix(key, prefix+"."); ok {
			under[rest] = values
		}
	}
	return under
}

// list returns the structures under prefix, in order.
func (f form) list(prefix string) []form {
	var list []form
	for i := 1; ; i++ {
		item := f.sub(prefix + "." + strconv.Itoa(i))
		if len(item) == 0 {
			return list
		}
		list = append(list, item)
	}
}

// anyUnder reports whether there is a parameter at prefix or below it.
func (f form) anyUnder(prefix string) bool { return f.has(prefix) || len(f.sub(prefix)) > 0 }
