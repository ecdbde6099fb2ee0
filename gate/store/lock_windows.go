package store

import (
	"errors"
	"os"

	"golang.org/x/sys/windows"
)

// noFolderSync reports whether folders cannot be made durable by themselves:
// NTFS keeps names in its journal.
const noFolderSync = true

// tryLock locks an open file against everybody else who opened it, in this
// process or another, until it is closed.
func tryLock(f *os.File) (bool, error) {
	err := windows.LockFileEx(windows.Handle(f.Fd()), windows.LOCKFILE_EXCLUSIVE_LOCK|windows.LOCKFILE_FAIL_IMMEDIATELY, 0, 1, 0, &windows.Overlapped{})
	if errors.Is(err, windows.ERROR_LOCK_VIOLATION) {
		return false, nil
	}
	return err == nil, err
}
