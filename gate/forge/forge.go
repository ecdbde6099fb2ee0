// Package forge says a verdict where a change is reviewed: as one comment of a
// pull or merge request that is kept up to date, and as a status of its
// commit. One file per forge. It decides nothing and writes no Markdown: what
// is said, and how much of it fits, is handed to it.
package forge

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"time"
)

// A Change is what a job reviews: a pull or merge request, or a group of them
// that waits to be merged.
type Change struct {
	Repository string // "owner/name" on GitHub, the number of the project on GitLab
	Number     int    // of the pull or merge request; zero for a group, which has no thread to comment in
	Head       string // commit that is reviewed, in hexadecimal
	Base       string // name of the branch that it is to go into
	Log        string // address of the job's log; empty if there is none

	pipeline string // of GitLab, if it ran for Head
}

// A Subject is what of a change is reviewed. A change may be reviewed once for
// each of its root modules and workspaces, and each has its own comment.
type Subject struct {
	Dir       string // relative to the root of the repository, with slashes; "." is the root
	Workspace string // of Terraform; empty means that it is not known
}

// Name is the name of the status, which branch rules refer to: it depends on
// nothing but the subject.
func (s Subject) Name() string {
	var parts []string
	if s.Dir != "." && s.Dir != "" {
		parts = append(parts, s.Dir)
	}
	if s.Workspace != "" && s.Workspace != "default" {
		parts = append(parts, s.Workspace)
	}
	if len(parts) == 0 {
		return "holdfast"
	}
	return "holdfast (" + strings.Join(parts, ", ") + ")"
}

// key tells subjects apart, in characters that nothing makes anything of. A
// workspace that is not known is the default one.
func (s Subject) key() string {
	sum := sha256.Sum256([]byte(s.Name()))
	return hex.EncodeToString(sum[:16])
}

// An Outcome is what a status says.
type Outcome uint8

// The outcomes. The zero value fails, as does what is not one of them.
const (
	Undecided Outcome = iota // the change could not be judged
	Blocked
	Allowed
)

// A Review is what is to be said about a subject.
type Review struct {
	Subject
	Outcome Outcome
	Title   string                 // one line of plain text
	Body    func(limit int) string // Markdown of at most so many bytes
	Notes   []Note
	At      time.Time // when it was judged: of two reviews of one commit the later one stands
}

// A Note is said at a line of a file.
type Note struct {
	File    string // relative to the root of the repository, with slashes
	Line    int    // from 1
	Stops   bool   // it blocks; else it warns
	Title   string // one line of plain text
	Message string // plain text
}

// Said is where a review could be said. What is missing was refused by the
// forge: the token may not, as that of a fork.
type Said struct {
	Status     bool // a status that fails unless the outcome is Allowed
	Notes      bool // at their lines
	Comment    bool // in the thread, up to date
	Superseded bool // the change has moved on, or was reviewed later: its comment was left alone
}

// cut is text of at most so many characters, with a sign that it was longer.
func cut(s string, most int) string {
	if r := []rune(s); len(r) > most {
		return string(r[:most-1]) + "…"
	}
	return s
}
