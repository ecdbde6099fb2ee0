package tfplan

import "hash/maphash"

// recent holds one copy of strings that came lately, and no more of them than
// it has room for: zones, sizes and tags come again in every resource, ids never
// do. The nil one holds none.
type recent struct {
	seed  maphash.Seed
	texts [1 << 10]string
}

func newRecent() *recent { return &recent{seed: maphash.MakeSeed()} }

// shared is a decoded value whose strings are those held, where they are the
// same. It changes the value.
func (r *recent) shared(value any) any {
	if r == nil {
		return value
	}
	switch v := value.(type) {
	case string:
		return r.of(v)
	case []any:
		for i := range v {
			v[i] = r.shared(v[i])
		}
	case map[string]any:
		for name := range v {
			v[name] = r.shared(v[name])
		}
	}
	return value
}

func (r *recent) of(s string) string {
	if r == nil {
		return s
	}
	held := &r.texts[maphash.String(r.seed, s)%uint64(len(r.texts))]
	if *held != s {
		*held = s
	}
	return *held
}
