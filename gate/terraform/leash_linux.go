package terraform

import (
	"os/exec"
	"runtime"
	"syscall"
)

// leash has the child interrupted when this process dies, by SIGKILL too: what
// nobody watches any more, under a lease that runs out, stops the way Ctrl-C
// stops it. The kernel goes by the thread that started the child (prctl(2),
// PR_SET_PDEATHSIG), so that thread is kept until the function it returns is
// called. A wrapper script in between does not pass it on.
func leash(cmd *exec.Cmd) (slip func()) {
	runtime.LockOSThread()
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGINT}
	return runtime.UnlockOSThread
}
