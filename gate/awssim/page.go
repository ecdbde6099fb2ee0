package awssim

import (
	"encoding/base64"
	"fmt"
)

// token is where a page begins, handed to the client in a form it cannot use.
type token struct{ page, offset int }

func (t token) String() string {
	return base64.StdEncoding.EncodeToString(fmt.Appendf(nil, "page %d at %d", t.page, t.offset))
}

func readToken(s string) (token, error) {
	t := token{page: 1}
	if s == "" {
		return t, nil
	}
	b, err := base64.StdEncoding.DecodeString(s)
	if err == nil {
		_, err = fmt.Sscanf(string(b), "page %d at %d", &t.page, &t.offset)
	}
	return t, err
}

// pageOf says which page a request asks for. ELB calls its token Marker.
func pageOf(f form) int {
	s := f.str("NextToken")
	if s == "" {
		s = f.str("Marker")
	}
	t, err := readToken(s)
	if err != nil {
		return 0
	}
	return t.page
}

// page cuts the page that a request asks for out of all items. size is the
// most the request allows, zero for no limit.
func page[T any](r *request, all []T, size int) (items []T, next string, err error) {
	return pageFrom(r, r.str("NextToken")+r.str("Marker"), all, size)
}

// pageFrom is page for a token that stands elsewhere in a request.
func pageFrom[T any](r *request, from string, all []T, size int) (items []T, next string, err error) {
	t, err := readToken(from)
	if err != nil {
		return nil, "", failure("InvalidNextToken", "The token %q is not valid.", from)
	}
	if limit := r.w.knobs.page; limit > 0 && (size == 0 || limit < size) {
		size = limit
	}
	rest := all[min(t.offset, len(all)):]
	if size == 0 || len(rest) <= size {
		return rest, "", nil
	}
	return rest[:size], token{t.page + 1, t.offset + size}.String(), nil
}
