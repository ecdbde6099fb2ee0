package wrapper

import (
	"bytes"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/creack/pty"
)

// slow makes a member that takes long to create and says when it begins. The
// wait ends when the file go is there, or with the interrupt of the group. Only
// the shell says the word, terraform not yet: an interrupt that comes while it is
// made reaches it as a second terraform, which counts it twice.
const slow = `
resource "terraform_data" "first" {
  provisioner "local-exec" {
    command = "echo work''ing; while ! test -e go; do sleep 0.1; done"
  }
}

resource "terraform_data" "second" {
  depends_on = [terraform_data.first]
}
`

// run is holdfast in a directory with a configuration.
type run struct {
	*exec.Cmd
	t    *testing.T
	dir  string
	said bytes.Buffer
	out  *os.File
}

// newRun prepares holdfast with these words. The configuration is applied by
// nobody yet.
func newRun(t *testing.T, words ...string) *run {
	t.Helper()
	terraform, _ := find(t)
	holdfast, err := exec.LookPath("holdfast") // put on PATH by TestMain
	if err != nil {
		t.Fatal(err)
	}
	r := &run{t: t, dir: t.TempDir()}
	if err := os.WriteFile(filepath.Join(r.dir, "main.tf"), []byte(slow), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(r.dir, "tmp"), 0o700); err != nil {
		t.Fatal(err)
	}
	r.Cmd = exec.Command(holdfast, words...)
	r.Dir = r.dir
	r.Env = append(os.Environ(), environment(terraform, r.dir)...)
	init := exec.Command(terraform, "init")
	init.Dir, init.Env = r.dir, r.Env
	if out, err := init.CombinedOutput(); err != nil {
		t.Fatalf("init: %v\n%s", err, out)
	}
	return r
}

// onTerminal starts it on a terminal of its own, as in an interactive shell.
func (r *run) onTerminal() *os.File {
	r.t.Helper()
	terminal, err := pty.Start(r.Cmd)
	if err != nil {
		r.t.Fatal(err)
	}
	r.out = terminal
	return terminal
}

// onPipe starts it without a terminal, in a session of its own.
func (r *run) onPipe() {
	r.t.Helper()
	read, write, err := os.Pipe()
	if err != nil {
		r.t.Fatal(err)
	}
	r.Stdout, r.Stderr = write, write
	r.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := r.Start(); err != nil {
		r.t.Fatal(err)
	}
	write.Close()
	r.out = read
}

// until reads its output until it has said something.
func (r *run) until(text string) {
	r.t.Helper()
	for !strings.Contains(r.said.String(), text) {
		if !r.more() {
			r.t.Fatalf("it ended without saying %q:\n%s", text, r.said.String())
		}
	}
}

func (r *run) more() bool {
	p := make([]byte, 4096)
	n, err := r.out.Read(p)
	r.said.Write(p[:n])
	return err == nil
}

// ends reads the rest and checks how it ended, and that it left nothing behind.
func (r *run) ends(code int, saying ...string) {
	r.t.Helper()
	for r.more() {
	}
	_ = r.Wait()
	if got := r.ProcessState.ExitCode(); got != code {
		r.t.Errorf("exit status: got %d, want %d", got, code)
	}
	for _, text := range saying {
		if !strings.Contains(r.said.String(), text) {
			r.t.Errorf("it did not say %q", text)
		}
	}
	if left, err := os.ReadDir(filepath.Join(r.dir, "tmp")); err != nil || len(left) > 0 {
		r.t.Errorf("left behind: %v, %v", left, err)
	}
	if r.t.Failed() {
		r.t.Logf("it said:\n%s", r.said.String())
	}
}

// finish lets the slow member come into being.
func (r *run) finish() {
	r.t.Helper()
	if err := os.WriteFile(filepath.Join(r.dir, "go"), nil, 0o600); err != nil {
		r.t.Fatal(err)
	}
}

func TestAnswerOnATerminal(t *testing.T) {
	r := newRun(t, "apply")
	terminal := r.onTerminal()
	r.until("Enter a value:")
	r.finish()
	if _, err := terminal.WriteString("yes\n"); err != nil {
		t.Fatal(err)
	}
	r.ends(0, "Apply complete! Resources: 2 added")
}

func TestCtrlCAtThePrompt(t *testing.T) {
	r := newRun(t, "apply")
	terminal := r.onTerminal()
	r.until("Enter a value:")
	if _, err := terminal.WriteString("\x03"); err != nil {
		t.Fatal(err)
	}
	r.ends(1, "error asking for approval: interrupted")
	if _, err := os.Stat(filepath.Join(r.dir, "terraform.tfstate")); err == nil {
		t.Error("something was applied")
	}
}

func TestCtrlCDuringApply(t *testing.T) {
	r := newRun(t, "apply", "-auto-approve")
	terminal := r.onTerminal()
	r.until("working")
	if _, err := terminal.WriteString("\x03"); err != nil {
		t.Fatal(err)
	}
	r.until("Gracefully shutting down")
	r.finish()
	r.ends(1, "Interrupt received")
	if strings.Contains(r.said.String(), "Two interrupts received") {
		t.Error("terraform was interrupted twice")
	}
}

func TestSignalToHoldfastAlone(t *testing.T) {
	// Under nohup holdfast would inherit that SIGHUP is ignored, and rightly heed
	// it; what this process handles, its children find as usual.
	hangup := make(chan os.Signal, 1)
	signal.Notify(hangup, syscall.SIGHUP)
	defer signal.Stop(hangup)
	for _, signal := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP} {
		t.Run(signal.String(), func(t *testing.T) {
			r := newRun(t, "apply", "-auto-approve")
			r.onPipe()
			r.until("working")
			if err := r.Process.Signal(signal); err != nil {
				t.Fatal(err)
			}
			r.until("Gracefully shutting down")
			r.finish()
			r.ends(1, "Interrupt received")
			if strings.Contains(r.said.String(), "Two interrupts received") {
				t.Error("terraform was interrupted twice")
			}
		})
	}
}
