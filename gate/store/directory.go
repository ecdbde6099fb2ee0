package store

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"
)

// A Directory keeps each object in a file below its path. It excludes whoever
// uses the same directory, on this machine or over a file system that carries
// locks (NFS does since version 4), and nobody else.
type Directory struct {
	path string
	sync func(*os.File) error // makes what was written to a file, or the names in a folder, durable

	mu      sync.Mutex
	durable map[string]bool // folders whose names are known to be durable, up to the root
}

// NewDirectory returns the store in the folder at path. It is made by the
// first write, so that looking leaves no trace.
func NewDirectory(path string) (*Directory, error) {
	abs, err := filepath.Abs(path)
	if err != nil || path == "" {
		return nil, fmt.Errorf("%q is not a directory for a store\nGive an absolute path", path)
	}
	return &Directory{path: abs, sync: (*os.File).Sync, durable: map[string]bool{}}, nil
}

// String says where the store is.
func (d *Directory) String() string { return d.path }

// Read returns an object, its version and how long ago it was written, by the
// clock of the file system, whichever machine that runs on. Where that clock
// cannot be asked, since nothing may be written, the age is zero: nothing is
// older than it is known to be. The error of an object that is not there is
// fs.ErrNotExist.
func (d *Directory) Read(ctx context.Context, key string) ([]byte, string, time.Duration, error) {
	if err := check(key); err != nil {
		return nil, "", 0, err
	}
	if err := ctx.Err(); err != nil {
		return nil, "", 0, d.failed("read", key, err)
	}
	data, written, err := read(d.file(key))
	if err != nil {
		return nil, "", 0, d.failed("read", key, err)
	}
	return data, version(data), d.age(written), nil
}

// Swap writes an object in the place of the version that the caller saw, an
// empty version being none at all, and returns its new version. When it
// returns without an error, a crash of the machine loses neither the bytes nor
// the name. fs.ErrExist: another version is there and nothing was written.
// After any other error it is not known whether it was.
func (d *Directory) Swap(ctx context.Context, key, seen string, data []byte) (string, error) {
	if err := check(key); err != nil {
		return "", err
	}
	if err := ctx.Err(); err != nil {
		return "", d.failed("written", key, err)
	}
	if len(data) > longest {
		return "", fmt.Errorf("%s is too long for the store: %d bytes\nPlan less at once", key, len(data))
	}
	file := d.file(key)
	if err := d.folder(filepath.Dir(file)); err != nil {
		return "", d.failed("written", key, err)
	}
	unlock, err := d.lock(ctx, filepath.Join(filepath.Dir(file), ".lock"))
	if err != nil {
		return "", d.failed("written", key, err)
	}
	defer unlock()
	there, _, err := read(file)
	switch {
	case err == nil && seen != version(there), errors.Is(err, fs.ErrNotExist) && seen != "":
		return "", fmt.Errorf("%s in %s is not what it was: %w", key, d.path, fs.ErrExist)
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return "", d.failed("read", key, err)
	}
	if err := d.replace(file, data); err != nil {
		return "", d.failed("written", key, err)
	}
	return version(data), nil
}

// List returns every key that begins with prefix, sorted. What interrupted
// writes left behind, and the store's own files, are no keys.
func (d *Directory) List(ctx context.Context, prefix string) ([]string, error) {
	var keys []string
	err := filepath.WalkDir(d.path, func(path string, entry fs.DirEntry, err error) error {
		rel, relErr := filepath.Rel(d.path, path)
		key := filepath.ToSlash(rel)
		switch {
		case err != nil || relErr != nil || ctx.Err() != nil:
			return errors.Join(err, relErr, ctx.Err())
		case key == "." && !entry.IsDir():
			return syscall.ENOTDIR
		case entry.IsDir() && key != "." && !strings.HasPrefix(key+"/", prefix) && !strings.HasPrefix(prefix, key+"/"):
			return fs.SkipDir
		case entry.Type().IsRegular() && strings.HasPrefix(key, prefix) && check(key) == nil:
			keys = append(keys, key)
		}
		return nil
	})
	if errors.Is(err, fs.ErrNotExist) {
		if _, gone := os.Stat(d.path); errors.Is(gone, fs.ErrNotExist) {
			return nil, nil
		}
	}
	if err != nil {
		return nil, d.failed("listed", prefix, err)
	}
	slices.Sort(keys)
	return keys, nil
}

func (d *Directory) file(key string) string { return filepath.Join(d.path, filepath.FromSlash(key)) }

// read returns the bytes of a file and when they were written. A writer puts a
// new file in the place of the old, so one that is open does not change.
func read(path string) ([]byte, time.Time, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, time.Time{}, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = errors.New("it is not a file")
	}
	if err != nil {
		return nil, time.Time{}, err
	}
	data, err := io.ReadAll(io.LimitReader(f, longest+1))
	if err == nil && len(data) > longest {
		err = errors.New("it is too long to be one of the store's")
	}
	return data, info.ModTime(), err
}

// version is the digest of the bytes, so that it survives a copy of the store.
func version(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

// age is how old something is that was written at a time of the file system's
// clock. A file that is written now says what that clock shows now.
func (d *Directory) age(written time.Time) time.Duration {
	f, err := os.OpenFile(filepath.Join(d.path, ".clock"), os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return 0
	}
	_, err = f.WriteString("The time of this file is the time of the file system.\n")
	if err := errors.Join(err, f.Close()); err != nil {
		return 0
	}
	info, err := os.Stat(f.Name())
	if err != nil {
		return 0
	}
	return max(0, info.ModTime().Sub(written))
}
