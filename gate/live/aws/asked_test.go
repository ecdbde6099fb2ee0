package aws

import "testing"

// Two readers of one source would give two answers about one store, of which
// the wrong one might count.
func TestEachSourceHasOneReader(t *testing.T) {
	seen := map[string]bool{}
	for _, r := range readers() {
		for _, source := range r.sources {
			if seen[source] {
				t.Errorf("%s is read by two readers", source)
			}
			seen[source] = true
		}
	}
}
