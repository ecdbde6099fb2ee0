package tfplan

import (
	"fmt"
	"strconv"
	"strings"
)

// A Kind says what stands where a plan should; it is stable, for programs.
type Kind string

// The kinds of input that Decode refuses.
const (
	KindEmpty      Kind = "empty"      // nothing at all
	KindNotPlan    Kind = "not-plan"   // something else, JSON or not
	KindState      Kind = "state"      // a Terraform state
	KindLog        Kind = "log"        // the machine-readable log of `terraform plan -json`
	KindText       Kind = "text"       // a plan rendered for people
	KindBinary     Kind = "binary"     // a plan file
	KindRemote     Kind = "remote"     // the bookmark of a plan kept in HCP Terraform
	KindEncoding   Kind = "encoding"   // UTF-16
	KindTruncated  Kind = "truncated"  // the end is missing
	KindVersion    Kind = "version"    // a format version this package does not know
	KindMalformed  Kind = "malformed"  // JSON that is broken, or that no Terraform writes
	KindTooLarge   Kind = "too-large"  // one value beyond any that Terraform writes
	KindUnreadable Kind = "unreadable" // the reader failed
)

// An Error says why there is no plan to judge.
type Error struct {
	Kind    Kind
	Message string // one sentence: what is wrong and, where that is known, what to do; no value of the plan is in it
	Err     error  // what the reader said, for KindUnreadable; else nil
}

func (e *Error) Error() string { return e.Message }

// Unwrap returns the error of the reader, if that is what failed.
func (e *Error) Unwrap() error { return e.Err }

const showJSON = "`terraform show -json PLANFILE`"

// fail is the error of a kind whose sentence is always the same.
func fail(k Kind) *Error {
	e := &Error{Kind: k}
	switch k {
	case KindEmpty:
		e.Message = "the plan is empty; give the output of " + showJSON
	case KindState:
		e.Message = "this is state, not a plan; run " + showJSON
	case KindLog:
		e.Message = "this is the log of `terraform plan -json`, not a plan; save the plan with -out and run " + showJSON
	case KindText:
		e.Message = "this is a plan in text for people, which holds too little to judge; run " + showJSON
	case KindBinary:
		e.Message = "this is a binary plan file; run " + showJSON + " on it"
	case KindRemote:
		e.Message = "this is a bookmark of a plan kept in HCP Terraform, not the plan; run " + showJSON + " on it"
	case KindEncoding:
		e.Message = "this is UTF-16 text, which a redirection in PowerShell writes; write the plan's JSON as UTF-8"
	default:
		e.Message = "this is not a Terraform plan in JSON; run " + showJSON
	}
	return e
}

func malformed(format string, args ...any) *Error {
	return &Error{Kind: KindMalformed, Message: "the plan is malformed: " + fmt.Sprintf(format, args...)}
}

// checkVersion accepts format versions from 0.1 up to, and without, 2.0. A
// minor version only adds to the format; a major one may change what it means.
func checkVersion(version string) error {
	major, minor, _ := strings.Cut(version, ".")
	n, err := strconv.ParseUint(major, 10, 32)
	switch {
	case err != nil, n == 0 && strings.Trim(minor, "0.") == "":
		return &Error{Kind: KindVersion, Message: fmt.Sprintf("%.20q is not a format version of Terraform plans; run %s", version, showJSON)}
	case n >= 2:
		return &Error{Kind: KindVersion, Message: fmt.Sprintf("the plan has format version %.20q, which is newer than the 1.x that this holdfast reads; upgrade holdfast", version)}
	}
	return nil
}
