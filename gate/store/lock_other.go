//go:build !(darwin || dragonfly || freebsd || linux || netbsd || openbsd || windows)

package store

import (
	"errors"
	"os"
)

// noFolderSync reports whether folders cannot be made durable by themselves.
const noFolderSync = false

// tryLock refuses: without a lock two could hold one lease.
func tryLock(*os.File) (bool, error) { return false, errors.ErrUnsupported }
