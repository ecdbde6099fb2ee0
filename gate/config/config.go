// Package config reads holdfast.hcl, or the same in HCL's JSON syntax, into a
// gate.Config: percentages become numbers, and every mistake is reported at
// once with its place in the file. It does not look at the plan or at what is
// running, so a promise that no live cluster can keep is not its to find.
package config

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclparse"

	"github.com/holdfast-gate/holdfast/gate"
)

// The names Find looks for, in a directory of Terraform configuration.
const (
	FileName     = "holdfast.hcl"
	JSONFileName = "holdfast.hcl.json"
)

// MaxBytes is the largest file that is read. A cluster takes about 500 bytes.
const MaxBytes = 128 << 10

// Find returns the path of the config in dir, or "" where there is none. It is
// an error if there are two, or if one is there that cannot be looked at.
func Find(dir string) (string, error) {
	found := ""
	for _, name := range []string{FileName, JSONFileName} {
		path := filepath.Join(dir, name)
		_, err := os.Lstat(path)
		switch {
		case errors.Is(err, fs.ErrNotExist):
		case err != nil:
			// A config that may be there and cannot be seen is not "no config".
			return "", fmt.Errorf("cannot tell whether there is a %s: %s; make %s readable", name, reason(err), dir)
		case found != "":
			return "", fmt.Errorf("both %s and %s are in %s; keep one of them", FileName, JSONFileName, dir)
		default:
			found = path
		}
	}
	return found, nil
}

// Load reads and parses the file at path. version is that of the running
// holdfast; see Parse.
func Load(path, version string) (*gate.Config, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("cannot read the config %s: %s", path, reason(err))
	}
	defer f.Close()
	src, err := io.ReadAll(io.LimitReader(f, MaxBytes+1))
	if err != nil {
		return nil, fmt.Errorf("cannot read the config %s: %s", path, reason(err))
	}
	return Parse(path, src, version)
}

// reason is the last part of a file error, without the path that the message
// has already named.
func reason(err error) string {
	var pe *fs.PathError
	if errors.As(err, &pe) {
		return pe.Err.Error()
	}
	return err.Error()
}

// Parse turns the bytes of a config into a Config. A filename that ends in
// ".json" is read in HCL's JSON syntax. version is that of the running
// holdfast, compared with gate.required_version before anything else is judged.
// The error is an *Error when the file itself is wrong.
func Parse(filename string, src []byte, version string) (*gate.Config, error) {
	if len(src) > MaxBytes {
		return nil, fmt.Errorf("the config %s is larger than %d KiB; is it a %s?", filename, MaxBytes>>10, FileName)
	}
	json := strings.HasSuffix(filename, ".json")
	if diag := unfit(filename, src, json); diag != nil {
		return nil, &Error{diags: hcl.Diagnostics{diag}}
	}
	parser := hclparse.NewParser()
	parse := parser.ParseHCL
	if json {
		parse = parser.ParseJSON
	}
	file, diags := parse(src, filename)
	if diags.HasErrors() {
		return nil, &Error{diags: diags, files: parser.Files()}
	}
	// A config written for another version may hold what this one does not
	// know, so the version is judged alone.
	if diags := checkVersion(file.Body, version); diags.HasErrors() {
		return nil, &Error{diags: diags, files: parser.Files()}
	}
	var d decoder
	cfg := d.config(file.Body)
	if d.diags.HasErrors() {
		return nil, &Error{diags: d.diags, files: parser.Files()}
	}
	sum := sha256.Sum256(src)
	cfg.Digest = hex.EncodeToString(sum[:])
	return cfg, nil
}
