package terraform

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"syscall"
)

// run runs what the user drives: with the user's own streams, in the same
// process group, and never killed. It returns the child's exit status, 128+n
// if signal n ended it. When stop is closed the child is interrupted, once.
//
// terraform-exec is not used for this: it drops TF_WORKSPACE, has no stdin,
// moves the child out of the terminal's process group and kills it after a
// minute, which for an apply is a lost state.
func (t *Tool) run(argv, env []string, stop <-chan struct{}) (int, error) {
	cmd := t.command(argv, env)
	cmd.Stdout, cmd.Stderr = t.Stdout, t.Stderr
	// Only a file is handed on: of anything else os/exec would read ahead, and
	// the answer to holdfast's own prompt would be gone.
	if f, ok := t.Stdin.(*os.File); ok {
		cmd.Stdin = f
	}
	// Caught before the child starts, so that no signal falls in between.
	signals := make(chan os.Signal, 8)
	if list := Signals(); len(list) > 0 { // Notify without a list means every signal
		signal.Notify(signals, list...)
	}
	defer signal.Stop(signals)
	defer leash(cmd)()
	if err := cmd.Start(); err != nil {
		return 1, t.cannotRun(err)
	}
	done := make(chan struct{})
	go forward(signals, stop, done, foreground, func() { _ = cmd.Process.Signal(os.Interrupt) })
	err := cmd.Wait()
	close(done)
	return status(err)
}

// Signals lists the signals that ask holdfast to stop, without those that the
// process was started to ignore, as under nohup.
func Signals() []os.Signal {
	var list []os.Signal
	for _, s := range []os.Signal{os.Interrupt, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGQUIT} {
		if !signal.Ignored(s) {
			list = append(list, s)
		}
	}
	return list
}

// forward passes signals on as interrupts, terraform's request for a graceful
// stop, until done is closed. An interrupt from the terminal has already
// reached the whole process group and is swallowed. Two interrupts make
// terraform drop everything, so a SIGTERM and the SIGHUP that comes with it
// count as one; a second one is passed on only when the same signal was sent
// twice. What is not guaranteed: a program that sends one signal to the whole
// group without a terminal, as timeout does without --foreground, interrupts
// terraform once by itself and once through here. Our own stop counts as an
// interrupt too: it adds none to one that terraform already has, and a SIGTERM
// after it adds none either.
func forward(signals <-chan os.Signal, stop, done <-chan struct{}, foreground func() bool, interrupt func()) {
	seen := map[os.Signal]int{}
	passed, atTerminal := 0, false
	for {
		select {
		case <-done:
			return
		case <-stop:
			stop = nil // closed for good, and once is enough
			if passed == 0 && !atTerminal {
				passed++
				interrupt()
			}
		case s := <-signals:
			if s == os.Interrupt && foreground() {
				atTerminal = true
				continue
			}
			if seen[s]++; seen[s] > passed {
				passed++
				interrupt()
			}
		}
	}
}

// status turns the end of a process into an exit status.
func status(err error) (int, error) {
	var exit *exec.ExitError
	switch {
	case err == nil:
		return 0, nil
	case !errors.As(err, &exit):
		return 1, fmt.Errorf("the end of terraform could not be observed: %w\nLook at its output and its state before running anything again", err)
	}
	if w, ok := exit.Sys().(syscall.WaitStatus); ok && w.Signaled() {
		return 128 + int(w.Signal()), nil
	}
	return exit.ExitCode(), nil
}
