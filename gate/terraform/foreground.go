package terraform

import (
	"os"

	"golang.org/x/sys/unix"
)

// foreground reports whether this process is in the group that the terminal
// sends Ctrl-C to. The terminal itself is asked, because stdin may be a pipe
// while Ctrl-C still reaches everyone.
func foreground() bool {
	tty, err := os.OpenFile("/dev/tty", os.O_RDONLY, 0)
	if err != nil {
		return false
	}
	defer tty.Close()
	group, err := unix.IoctlGetInt(int(tty.Fd()), unix.TIOCGPGRP)
	return err == nil && group == unix.Getpgrp()
}
