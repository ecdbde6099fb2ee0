package ledger

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Where things are in a store:
//
//	records/<account>/<cluster>/<sequence number, 10 digits>.json   one record each, written once
//	heads/<account>/<cluster>                                       the last record's number and digest
//
// The head is moved after each record, so that a cut tail is found. After a
// crash it may be one record behind, and never more: nobody writes a record
// before the head stands at the one before.
const (
	recordPrefix = "records/"
	headPrefix   = "heads/"
	none         = "none"   // where there is no account, or no cluster
	maxRecord    = 64 << 20 // bytes; what a store takes
	maxName      = 100      // bytes of a name in a key
)

// Chain is the name of the chain of a cluster: its account and its name, so
// written that two clusters never share one, on a file system that does not
// tell upper from lower case either. An empty account or name is "none".
func Chain(account, cluster string) string { return safe(account) + "/" + safe(cluster) }

// safe writes a name with lower-case letters, digits, '-', '_' and inner dots;
// every other byte is "~" and two hex digits. A long name ends in its digest.
func safe(name string) string {
	if name == "" {
		return none
	}
	var b strings.Builder
	for i := range len(name) {
		c := name[i]
		plain := c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c == '-' || c == '_' || c == '.' && i > 0 && i < len(name)-1
		// A cluster that is called none is not the same as no cluster.
		if plain && (i > 0 || name != none) {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, "~%02x", c)
		}
	}
	if b.Len() > maxName {
		return b.String()[:maxName-33] + "~~" + digest([]byte(name))[:32]
	}
	return b.String()
}

func recordKey(chain string, seq int) string {
	return fmt.Sprintf("%s%s/%010d.json", recordPrefix, chain, seq)
}

func headKey(chain string) string { return headPrefix + chain }

// place is where a record's key says it is; false for a key of something else.
func place(key string) (chain string, seq int, ok bool) {
	rest, mine := strings.CutPrefix(key, recordPrefix)
	i := strings.LastIndexByte(rest, '/')
	if !mine || i < 0 {
		return "", 0, false
	}
	chain = rest[:i]
	seq, err := strconv.Atoi(strings.TrimLeft(strings.TrimSuffix(rest[i+1:], ".json"), "0"))
	return chain, seq, err == nil && seq > 0 && key == recordKey(chain, seq) && strings.Count(chain, "/") == 1
}

func digest(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

// headFormat is the version of what heads hold, which does not grow.
const headFormat = "1"

// A head says where a chain ends. It repeats what the last record leaves
// behind, so that the next can be written without reading that.
type head struct {
	FormatVersion string `json:"format_version"`
	Seq           int    `json:"seq"`
	SHA256        string `json:"sha256"`
	Fence         int64  `json:"fence,omitempty"`
	Marks         []Mark `json:"marks,omitempty"`
}

func (h head) bytes() ([]byte, error) {
	b, err := json.Marshal(h)
	if err != nil {
		return nil, err
	}
	return append(b, '\n'), nil
}

func decodeHead(data []byte) (head, error) {
	var h head
	err := json.Unmarshal(data, &h)
	// What this code did not write, byte for byte, is not believed: it was
	// edited, or a newer holdfast keeps its heads otherwise.
	if again, _ := h.bytes(); err != nil || h.Seq < 1 || h.FormatVersion != headFormat || !bytes.Equal(again, data) {
		return head{}, fmt.Errorf("%w: its head was edited, or written by a newer holdfast", ErrDamaged)
	}
	return h, nil
}

// seal makes the bytes of a record that stands behind a head, and the head
// after it.
func seal(r Record, chain string, h head) ([]byte, head, error) {
	r.Chain, r.Seq, r.Previous, r.Fence, r.Marks = chain, h.Seq+1, h.SHA256, h.Fence, h.Marks
	if r.Intent = nil; r.Kind == Outcome || r.Kind == Settled {
		r.Intent = begun(h.Marks, r.Run)
	}
	data, err := json.Marshal(r)
	if err != nil {
		return nil, head{}, fmt.Errorf("%w: %w", errTooLong, err)
	}
	data = append(Printable(data), '\n')
	if len(data) > maxRecord {
		return nil, head{}, errTooLong
	}
	// What is left behind is worked out from the bytes, as every reader will.
	e, err := decode(chain, r.Seq, data)
	if err != nil {
		return nil, head{}, err
	}
	return data, after(e.Record, e.Ref.SHA256), nil
}

// begun is the last intent of a run among marks; nil if there is none.
func begun(marks []Mark, run string) *Mark {
	for _, m := range slices.Backward(marks) {
		if m.Kind == Intent && m.Run == run {
			return &m
		}
	}
	return nil
}

// mostOpen is how many unfinished intents a chain marks. Where more in a row
// were killed, the first of them were so long ago that every read shows what
// they did.
const mostOpen = 32

// kept is how long after its end an override is still marked: clocks differ.
const kept = time.Hour

// after is the head that a record leaves behind. An intent stays marked until
// an outcome, its own or that of a later change: whoever came later saw the
// world as it was left. An override stays marked until it has expired.
func after(r Record, sum string) head {
	h := head{FormatVersion: headFormat, Seq: r.Seq, SHA256: sum, Fence: max(r.Fence, r.Token)}
	for _, m := range r.Marks {
		if m.Kind == Intent && !r.closes(m.Seq) || m.Kind == Overridden && r.At.Before(m.Expires.Add(kept)) {
			h.Marks = append(h.Marks, m)
		}
	}
	mark := Mark{Seq: r.Seq, SHA256: sum, Kind: r.Kind, Run: r.Run}
	switch {
	case r.Kind == Intent:
		h.Marks = append(h.Marks, mark)
		if open := intents(h.Marks); len(open) > mostOpen {
			h.Marks = slices.Delete(h.Marks, open[0], open[0]+1)
		}
	case r.Kind == Overridden && r.Override != nil:
		mark.Expires = r.Override.Expires
		h.Marks = append(h.Marks, mark)
	}
	return h
}

// closes reports whether a record ends the change of an intent, or makes what
// became of it past. A change that was not begun makes nothing past.
func (r Record) closes(intent int) bool {
	if r.Kind != Outcome && r.Kind != Settled || r.Intent == nil {
		return false
	}
	return intent == r.Intent.Seq || intent < r.Intent.Seq && !r.Idle
}

// intents are the indices of the intents among marks.
func intents(marks []Mark) []int {
	var out []int
	for i, m := range marks {
		if m.Kind == Intent {
			out = append(out, i)
		}
	}
	return out
}

// An Entry is a record as it was read.
type Entry struct {
	Ref
	Record  Record        // without Input and Verdict, which Whole decodes
	Data    []byte        // the exact bytes
	Age     time.Duration // since it was written, by the store's clock
	input   json.RawMessage
	verdict json.RawMessage
}

// light is a record whose large parts are left as they are.
type light struct {
	*plain
	Input   json.RawMessage `json:"input"`
	Verdict json.RawMessage `json:"verdict"`
}

type plain Record

// decode reads the bytes of a record at a place. A record that says it stands
// elsewhere is an error.
func decode(chain string, seq int, data []byte) (Entry, error) {
	e := Entry{Ref: Ref{Chain: chain, Seq: seq, SHA256: digest(data)}, Data: data}
	if len(data) > maxRecord {
		return e, errTooLong
	}
	l := light{plain: (*plain)(&e.Record)}
	if err := json.Unmarshal(data, &l); err != nil {
		return e, fmt.Errorf("it is not a record: %w", err)
	}
	e.input, e.verdict = l.Input, l.Verdict
	r := e.Record
	switch {
	case known(r.FormatVersion) != nil:
		return e, known(r.FormatVersion)
	case r.Chain != chain || r.Chain != Chain(r.Account, r.Cluster):
		return e, fmt.Errorf("it says that it is of %q", r.Chain)
	case r.Seq != seq:
		return e, fmt.Errorf("it says that it is record %d", r.Seq)
	}
	return e, nil
}

// known refuses a format whose first number this version does not know.
func known(format string) error {
	if first, _, ok := strings.Cut(format, "."); !ok || first != "1" {
		return fmt.Errorf("its format %q is not one that this version of holdfast knows", format)
	}
	return nil
}

// strict decodes one JSON value without names that v does not have.
func strict(data []byte, v any) error {
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	if err := d.Decode(v); err != nil {
		return err
	}
	if _, err := d.Token(); err != io.EOF {
		return fmt.Errorf("something follows it")
	}
	return nil
}

// same reports whether two heads say the same.
func (h head) same(other head) bool {
	return h.Seq == other.Seq && h.SHA256 == other.SHA256 && h.Fence == other.Fence &&
		slices.EqualFunc(h.Marks, other.Marks, func(a, b Mark) bool {
			return a.Seq == b.Seq && a.SHA256 == b.SHA256 && a.Kind == b.Kind && a.Run == b.Run && a.Expires.Equal(b.Expires)
		})
}
