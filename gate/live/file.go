package live

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	jsonv2 "github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/holdfast-gate/holdfast/gate"
)

// FormatVersion is the version of the form in which Save writes a snapshot.
// Load reads no other.
const FormatVersion = "1"

// What a file may hold at most and still be taken for a snapshot: several
// times what ten thousand members need. Three bytes of a file can take four
// hundred in memory, so that its size alone bounds nothing.
const (
	maxFile    = 1 << 27 // bytes
	maxObjects = 1 << 19 // members, groups, observations and the like
	maxParts   = 1 << 22 // values of any kind
)

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
// prefix: not a snapshot, a version or a field this version does not know, a
// name that stands twice, or a snapshot that was changed after it was saved.
func Load(r io.Reader) (*gate.Snapshot, error) {
	in := &bounded{r: r, bytes: maxFile, objects: maxObjects, parts: maxParts}
	dec := jsontext.NewDecoder(in)
	var f file
	// A field nobody reads could be the one that says a member is dying.
	err := jsonv2.UnmarshalDecode(dec, &f, jsonv2.RejectUnknownMembers(true))
	if err != nil {
		return nil, in.explain(err, f.FormatVersion)
	}
	switch _, err := dec.ReadToken(); {
	case in.err != nil:
		return nil, in.explain(err, f.FormatVersion)
	case !errors.Is(err, io.EOF):
		return nil, errors.New("something follows the snapshot in its file: pass what `holdfast snapshot` wrote, and nothing else")
	}
	if f.FormatVersion != FormatVersion {
		return nil, ofVersion(f.FormatVersion)
	}
	if f.Snapshot == nil {
		return nil, errors.New("the file has no snapshot in it: pass what `holdfast snapshot` wrote")
	}
	if f.Snapshot.Digest == "" || f.Snapshot.Digest != Digest(f.Snapshot) {
		return nil, errors.New("the snapshot does not match its digest: it was changed after it was saved, save it again")
	}
	return f.Snapshot, nil
}

func ofVersion(version string) error {
	if version == "" {
		return errors.New("the file is not a snapshot: pass what `holdfast snapshot` wrote")
	}
	return fmt.Errorf("the snapshot has format version %.20q and this holdfast reads %q: save it again with this version", version, FormatVersion)
}
