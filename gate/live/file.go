package live

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/holdfast-gate/holdfast/gate"
)

// FormatVersion is the version of the form in which Save writes a snapshot.
// Load reads no other.
const FormatVersion = "1"

// maxFile is the size, in bytes, from which on a file is not taken for a
// snapshot: ten times what ten thousand members need.
const maxFile = 1 << 28

// file is a snapshot as it is saved.
type file struct {
	FormatVersion string         `json:"format_version"`
	Snapshot      *gate.Snapshot `json:"snapshot"`
}

// Digest is the SHA-256, in hexadecimal, over the JSON of a snapshot without
// its digest. Two reads of one world differ in it, because their times do.
func Digest(s *gate.Snapshot) string {
	undigested := *s
	undigested.Digest = ""
	b, err := json.Marshal(undigested)
	if err != nil {
		// Only a time outside years 0 to 9999 cannot be written. The empty
		// digest is one that Load refuses.
		return ""
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

// Save writes a snapshot so that Load reads the same one back.
func Save(w io.Writer, s *gate.Snapshot) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	return e.Encode(file{FormatVersion: FormatVersion, Snapshot: s})
}

// Load reads what Save wrote. Its errors are one sentence each and need no
// prefix: not a snapshot, a version or a field this version does not know, or
// a snapshot that was changed after it was saved.
func Load(r io.Reader) (*gate.Snapshot, error) {
	b, err := io.ReadAll(io.LimitReader(r, maxFile+1))
	if err != nil {
		return nil, fmt.Errorf("the snapshot cannot be read: %w", err)
	}
	if len(b) > maxFile {
		return nil, errors.New("the file is too large to be a snapshot: pass what `holdfast snapshot` wrote")
	}
	var head struct {
		FormatVersion string `json:"format_version"`
	}
	if err := json.Unmarshal(b, &head); err != nil || head.FormatVersion == "" {
		return nil, errors.New("the file is not a snapshot: pass what `holdfast snapshot` wrote")
	}
	if head.FormatVersion != FormatVersion {
		return nil, fmt.Errorf("the snapshot has format version %q and this holdfast reads %q: save it again with this version", head.FormatVersion, FormatVersion)
	}
	var f file
	d := json.NewDecoder(bytes.NewReader(b))
	// A field nobody reads could be the one that says a member is dying.
	d.DisallowUnknownFields()
	if err := d.Decode(&f); err != nil {
		return nil, fmt.Errorf("the snapshot has something this holdfast does not know (%w): save it again with this version", err)
	}
	if f.Snapshot == nil {
		return nil, errors.New("the file has no snapshot in it: pass what `holdfast snapshot` wrote")
	}
	if f.Snapshot.Digest == "" || f.Snapshot.Digest != Digest(f.Snapshot) {
		return nil, errors.New("the snapshot does not match its digest: it was changed after it was saved, save it again")
	}
	return f.Snapshot, nil
}
