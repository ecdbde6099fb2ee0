package lease

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
)

const prefix = "leases/"

// key is where the lease of a cluster is kept.
func key(account, cluster string) string { return prefix + element(account) + "/" + element(cluster) }

// element writes any name as one element of a key, such that two names never
// share one, on a file system that does not tell upper from lower case either:
// lower-case letters, digits, '-', '_' and inner dots stay, every other byte is
// "~" and two hex digits. A long name ends in its digest.
func element(name string) string {
	var b strings.Builder
	for i := range len(name) {
		c := name[i]
		if c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c == '-' || c == '_' || c == '.' && i > 0 && i < len(name)-1 {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, "~%02x", c)
		}
	}
	if b.Len() > 150 {
		sum := sha256.Sum256([]byte(name))
		return b.String()[:80] + "~~" + hex.EncodeToString(sum[:])
	}
	return b.String()
}
