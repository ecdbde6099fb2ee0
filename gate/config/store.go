package config

import (
	"path/filepath"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"

	"github.com/holdfast-gate/holdfast/gate"
	"github.com/holdfast-gate/holdfast/gate/lazy"
)

var (
	// bucketPattern is what S3 lets a general purpose bucket be called.
	bucketPattern = lazy.MustCompile(`^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$`)
	// prefixPattern is narrower than S3: characters that mean the same in every
	// tool that a key may be pasted into.
	prefixPattern = lazy.MustCompile(`^[A-Za-z0-9_=.-]+(/[A-Za-z0-9_=.-]+)*$`)
)

// maxPrefix leaves the keys below it room within the 1,024 bytes that S3 allows.
const maxPrefix = 512

// store reads where leases and records are kept.
func (d *decoder) store(b *hcl.Block) gate.Store {
	content := d.content(b.Body, only("directory", "bucket", "prefix", "region"))
	var s gate.Store
	directory, bucket := content.Attributes["directory"], content.Attributes["bucket"]
	switch {
	case directory != nil && bucket != nil:
		d.fail(bucket.NameRange, "Two stores", "This store names a directory, at %s, and a bucket. Leases must be in one place to exclude anybody: keep one of the two.", place(directory.NameRange))
	case directory != nil:
		s.Directory = d.directory(directory)
	case bucket != nil:
		s.Bucket = d.checked(bucket, "Invalid bucket", `%q is not the name of an S3 bucket. Write 3 to 63 lower-case letters, digits, hyphens and dots, without a scheme or a path.`,
			func(s string) bool { return bucketPattern().MatchString(s) && !strings.Contains(s, "..") })
	default:
		d.fail(b.DefRange, "No store", `This store does not say where it is. Write directory = "/var/lib/holdfast", or bucket = "name" for a team.`)
	}
	if attr := content.Attributes["prefix"]; d.ofBucket(attr, bucket) {
		s.Prefix = d.checked(attr, "Invalid prefix", `%q is not a prefix. Write up to 512 letters, digits, and any of - _ . = /, like "holdfast/prod", without a slash at either end.`, isPrefix)
	}
	if attr := content.Attributes["region"]; d.ofBucket(attr, bucket) {
		if text, ok := d.text(attr.Expr, attr.Name); ok && d.region(attr.Expr.Range(), text) {
			s.Region = text
		}
	}
	return s
}

// ofBucket reports whether an attribute is there, and whether a bucket is too:
// without one it would say nothing.
func (d *decoder) ofBucket(attr, bucket *hcl.Attribute) bool {
	if attr != nil && bucket == nil {
		d.fail(attr.NameRange, "No bucket", "%s is of a bucket, and this store names none. Add the bucket, or remove %s.", attr.Name, attr.Name)
		return false
	}
	return attr != nil
}

// directory reads an absolute path: one that depends on where holdfast is run
// would be another store for everybody who runs it elsewhere.
func (d *decoder) directory(attr *hcl.Attribute) string {
	return d.checked(attr, "Invalid directory", `%q is not the absolute path of a directory. Write it in full and without . or .., like "/var/lib/holdfast".`,
		func(s string) bool { return filepath.IsAbs(s) && filepath.Clean(s) == s && filepath.Dir(s) != s })
}

func isPrefix(s string) bool {
	dots := func(part string) bool { return part == "." || part == ".." }
	return len(s) <= maxPrefix && prefixPattern().MatchString(s) && !slices.ContainsFunc(strings.Split(s, "/"), dots)
}

// checked reads a text that has to satisfy ok; detail is given the text.
func (d *decoder) checked(attr *hcl.Attribute, summary, detail string, ok func(string) bool) string {
	s, read := d.text(attr.Expr, attr.Name)
	if !read {
		return ""
	}
	if !ok(s) {
		d.fail(attr.Expr.Range(), summary, detail, s)
		return ""
	}
	return s
}
