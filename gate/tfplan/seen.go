package tfplan

import "hash/maphash"

// seen is the objects that were read: what tells two apart is the address and
// the key of a deposed object, each of which may be a living member. It holds a
// hash of each, with a seed of its own; that two of a million objects share one
// happens in one plan out of thirty million, which is then refused.
type seen struct {
	seed   maphash.Seed
	hashes map[uint64]struct{}
}

func newSeen() seen { return seen{maphash.MakeSeed(), map[uint64]struct{}{}} }

// add notes an object and reports whether it is new.
func (s seen) add(address, deposed string) bool {
	var h maphash.Hash
	h.SetSeed(s.seed)
	// Writing to a hash does not fail.
	_, _ = h.WriteString(address)
	_ = h.WriteByte(0)
	_, _ = h.WriteString(deposed)
	before := len(s.hashes)
	s.hashes[h.Sum64()] = struct{}{}
	return len(s.hashes) > before
}
