//go:build !moto

package race

import "testing"

// more adds no server that this process does not carry itself.
func more() []string { return nil }

func bucket(t *testing.T, backend string) string {
	t.Fatalf("there is no backend %s", backend)
	return ""
}
