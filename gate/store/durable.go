package store

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// replace puts data in the place of a file, by way of a temporary one next to
// it. A kill leaves the old file or the new one, whole, and perhaps the
// temporary one, which the next write takes over: the lock is held. A store
// that only looked as if it had written is what customerio-2018 is about, so
// the bytes are made durable before the name points at them, and the name
// before anybody is told.
func (d *Directory) replace(file string, data []byte) error {
	folder, name := filepath.Split(file)
	temp := filepath.Join(folder, "."+name+".new")
	f, err := os.OpenFile(temp, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if err == nil {
		err = d.sync(f)
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return errors.Join(err, os.Remove(temp))
	}
	if err := os.Rename(temp, file); err != nil {
		return err
	}
	return d.syncFolder(filepath.Clean(folder))
}

// folder makes a folder and the ones above it. The name of each is made
// durable once in the life of the process, even if it was there: who made it
// may have been killed before it was.
func (d *Directory) folder(path string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.durable[path] {
		// Somebody may have removed it since.
		if _, err := os.Stat(path); err == nil {
			return nil
		}
	}
	if err := os.MkdirAll(path, 0o700); err != nil {
		return err
	}
	for at := path; at != filepath.Dir(at); at = filepath.Dir(at) {
		// What is above the store may be closed to us; then it was there before.
		if err := d.syncFolder(filepath.Dir(at)); err != nil && (len(at) > len(d.path) || !errors.Is(err, fs.ErrPermission)) {
			return err
		}
	}
	d.durable[path] = true
	return nil
}

// syncFolder makes the names in a folder durable.
func (d *Directory) syncFolder(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	err = d.sync(f)
	// Windows and some network file systems have no such thing for a folder, and
	// say so.
	if errors.Is(err, syscall.EINVAL) || errors.Is(err, errors.ErrUnsupported) || noFolderSync && err != nil {
		return nil
	}
	return err
}

// lock takes the lock of a folder, waiting for others for as long as ctx lasts.
// The system lets go of the lock of a process that was killed.
func (d *Directory) lock(ctx context.Context, path string) (unlock func(), err error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	for pause := time.Millisecond; ; pause = min(2*pause, 50*time.Millisecond) {
		got, err := tryLock(f)
		switch {
		case err != nil:
			return nil, errors.Join(fmt.Errorf("%w: %w", errNoLocks, err), f.Close())
		case got:
			return func() { _ = f.Close() }, nil
		}
		timer := time.NewTimer(pause)
		select {
		case <-ctx.Done():
			timer.Stop()
			return nil, errors.Join(errBusy, f.Close())
		case <-timer.C:
		}
	}
}

var (
	errNoLocks = errors.New("the file system has no locks")
	errBusy    = errors.New("another process holds its lock")
)

// failed says in one sentence what could not be done and in the next what
// helps. Nothing of the bytes is in it.
func (d *Directory) failed(done, key string, err error) error {
	what := fmt.Sprintf("%s could not be %s in the store %s", strings.TrimSuffix(key, "/"), done, d.path)
	switch {
	case errors.Is(err, fs.ErrNotExist) && done == "read":
		return fmt.Errorf("%s is not in the store %s: %w", key, d.path, fs.ErrNotExist)
	case errors.Is(err, context.Canceled):
		return fmt.Errorf("%s: it was interrupted%w\nRun it again", what, silent{err})
	case errors.Is(err, context.DeadlineExceeded):
		return fmt.Errorf("%s: the file system gave no answer in time%w\nSee whether it answers, and run it again", what, silent{err})
	case errors.Is(err, errBusy):
		return fmt.Errorf("%s: %w\nSee which process has .lock open there, a stopped one perhaps, and let it go on or end it", what, errBusy)
	case errors.Is(err, errNoLocks):
		return fmt.Errorf("%s: %w\nUse a directory on another file system, or s3://BUCKET/PREFIX", what, errNoLocks)
	case errors.Is(err, fs.ErrPermission), errors.Is(err, syscall.EROFS):
		return fmt.Errorf("%s: it is not permitted%w\nGive this user the right to write there, or name another store with --store", what, silent{err})
	case errors.Is(err, syscall.ENOSPC):
		return fmt.Errorf("%s: the disk is full%w\nMake room, or name another store with --store", what, silent{err})
	}
	return fmt.Errorf("%s: %s%w\nCorrect that, or name another store with --store", what, cause(err), silent{err})
}

// silent lets errors.Is see an error whose words are not for users.
type silent struct{ error }

func (silent) Error() string   { return "" }
func (s silent) Unwrap() error { return s.error }

// cause is the last and plainest part of an error of the system.
func cause(err error) string {
	var path *fs.PathError
	if errors.As(err, &path) {
		return path.Err.Error()
	}
	return err.Error()
}
