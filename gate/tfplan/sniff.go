package tfplan

import (
	"bufio"
	"bytes"
	"errors"
	"io"
)

// sniffSize is how much of the beginning is looked at to tell what it is.
const sniffSize = 64 << 10

// sniff tells from the first bytes what was given instead of JSON, so that a
// common mistake gets its own sentence. It consumes only a byte order mark.
func sniff(in *bufio.Reader) error {
	head, err := in.Peek(sniffSize)
	if err != nil && !errors.Is(err, io.EOF) {
		return unreadable(err)
	}
	if rest, ok := bytes.CutPrefix(head, []byte("\xef\xbb\xbf")); ok {
		head = rest
		if _, err := in.Discard(3); err != nil {
			return unreadable(err)
		}
	}
	text := bytes.TrimLeft(head, " \t\r\n")
	switch {
	case bytes.HasPrefix(head, []byte("PK\x03\x04")):
		return fail(KindBinary)
	case bytes.HasPrefix(head, []byte("\xff\xfe")), bytes.HasPrefix(head, []byte("\xfe\xff")):
		return fail(KindEncoding)
	case len(text) == 0 && len(head) < sniffSize-3:
		return fail(KindEmpty)
	case bytes.HasPrefix(text, []byte("{")):
		return nil
	case isTextPlan(text):
		return fail(KindText)
	}
	return fail(KindNotPlan)
}

// isTextPlan looks for the sentences of terraform and tofu, local or run in
// HCP Terraform. Colours stand around the sentences, not within.
func isTextPlan(text []byte) bool {
	for _, sentence := range []string{
		" will perform the following actions", // Terraform, OpenTofu
		" used the selected providers to generate",
		"Running plan in ", // HCP Terraform, Terraform Cloud, the remote backend
		"No changes. ",
		"Refreshing state...",
		"Changes to Outputs:",
	} {
		if bytes.Contains(text, []byte(sentence)) {
			return true
		}
	}
	return false
}
