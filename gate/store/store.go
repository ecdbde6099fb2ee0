// Package store keeps small objects under keys, and changes one only where it
// still is what the caller last saw: in a directory, or in an S3 bucket. It
// does not know what the objects mean, deletes none, and tells no clock but its
// own.
//
// Two objects with the same bytes may have the same version, in both backends.
// Who must tell one write from another writes something that differs.
package store

import (
	"errors"
	"fmt"
	"strings"
)

// longest is the most bytes an object may have.
const longest = 64 << 20

// alphabet is what keys are made of: what every file system and S3 keep apart,
// upper case not being told from lower by some.
const alphabet = "abcdefghijklmnopqrstuvwxyz0123456789-_.~"

// check refuses a key that could leave the store, or mean something else in
// another backend. Elements with a dot in front are the store's own.
func check(key string) error {
	for element := range strings.SplitSeq(key, "/") {
		if element == "" || len(element) > 200 || element[0] == '.' || strings.Trim(element, alphabet) != "" || strings.HasSuffix(element, ".") {
			return fmt.Errorf("%q is not a key of a store\nThis is a defect of holdfast; report it", key)
		}
	}
	if len(key) > 900 { // S3 takes 1,024 bytes, prefix included
		return errors.New("a key of the store is too long\nGive the store a shorter prefix")
	}
	return nil
}
