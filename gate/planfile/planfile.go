// Package planfile reads the file that terraform plan -out wrote, without
// terraform: as much of it, in the JSON of terraform show, as package tfplan
// reads. Terraform itself loads every provider to show a plan, which takes
// seconds; the file has all that is needed.
//
// Its format is Terraform's own and may change with any version. So only files
// of versions are read for which both ways were proved to give the same plan,
// and of those only what was seen in them: anything else is an *Unproven, and
// then terraform is to be asked.
package planfile

import (
	"archive/zip"
	"bytes"
	"fmt"
	"io"
)

// An Unproven is a plan file that this package does not read, and why, in a
// few words. It says nothing against the plan: terraform show reads it.
type Unproven struct{ Why string }

func (e *Unproven) Error() string { return e.Why }

func unproven(format string, args ...any) error {
	return &Unproven{fmt.Sprintf(format, args...)}
}

// maxPart bounds what is read of one part of the archive. A plan of a hundred
// thousand instances takes a third of it.
const maxPart = 1 << 30

// JSON writes a plan file as the JSON that terraform show would print of it,
// reduced to what package tfplan reads, and returns the workspace that the
// plan was made in. An error is an *Unproven, or one of w.
func JSON(r io.ReaderAt, size int64, w io.Writer) (workspace string, err error) {
	archive, err := zip.NewReader(r, size)
	if err != nil {
		return "", unproven("it is no whole zip archive")
	}
	product, err := maker(archive)
	if err != nil {
		return "", err
	}
	raw, err := part(archive, "tfplan")
	if err != nil {
		return "", err
	}
	p, err := parse(raw, product)
	if err != nil {
		return "", err
	}
	c, err := configure(archive)
	if err != nil {
		return "", err
	}
	out := newWriter(w)
	if err := out.plan(p, c); err != nil {
		return "", err
	}
	return p.workspace, out.flush()
}

// Maker says which product made a plan file: "Terraform" or "OpenTofu". An error is
// an *Unproven.
func Maker(r io.ReaderAt, size int64) (product string, err error) {
	archive, err := zip.NewReader(r, size)
	if err != nil {
		return "", unproven("it is no whole zip archive")
	}
	product, err = maker(archive)
	return map[string]string{"terraform": "Terraform", "tofu": "OpenTofu"}[product], err
}

// maker is which product made the archive: "terraform" or "tofu". The plan says
// only a number, and both count alike; but each begins the lock file that it
// packs with its own name, whoever wrote the one in the directory.
func maker(archive *zip.Reader) (product string, err error) {
	locks, err := part(archive, ".terraform.lock.hcl")
	if err != nil {
		return "", err
	}
	for _, product := range []string{"terraform", "tofu"} {
		if bytes.HasPrefix(locks, []byte("# This file is maintained automatically by \""+product+" init\".\n")) {
			return product, nil
		}
	}
	return "", unproven("it does not say whether Terraform or OpenTofu made it")
}

// part reads one file of the archive.
func part(archive *zip.Reader, name string) ([]byte, error) {
	f, err := archive.Open(name)
	if err != nil {
		return nil, unproven("it has no part named %s", name)
	}
	defer f.Close()
	// The checksum is compared at the end: a part that is cut or damaged fails.
	var b bytes.Buffer
	if info, err := f.Stat(); err == nil {
		// The archive says how large it is, and may not be believed.
		b.Grow(int(min(info.Size(), 64<<20)) + bytes.MinRead)
	}
	_, err = b.ReadFrom(io.LimitReader(f, maxPart+1))
	switch {
	case err != nil:
		return nil, unproven("its part %s cannot be read", name)
	case b.Len() > maxPart:
		return nil, unproven("its part %s is larger than any that was seen", name)
	}
	return b.Bytes(), nil
}
