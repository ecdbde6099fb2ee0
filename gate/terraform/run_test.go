package terraform

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestMain lets this test binary play terraform: with FAKE set it does what
// that says instead of running tests.
func TestMain(m *testing.M) {
	switch os.Getenv("FAKE") {
	case "":
		os.Exit(m.Run())
	case "exit 2":
		fmt.Println("two")
		os.Exit(2)
	case "killed":
		_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
		select {}
	case "version":
		fmt.Println("Warning: something first\nOpenTofu v1.9.0-rc1\non linux_amd64")
	case "show fails":
		fmt.Fprintln(os.Stderr, "╷\n│ Error: Failed to load plugin schemas\n│\n│ more\n╵")
		os.Exit(1)
	case "show warns":
		fmt.Print("Warning: {no such file}\n\n{\"a\":1}\n")
	case "state":
		fmt.Println(os.Args[1])
	case "state is not pulled":
		if os.Args[1] == "state" {
			fmt.Fprintln(os.Stderr, "Error: no state of that kind")
			os.Exit(1)
		}
		fmt.Println(os.Args[1])
	case "state, and what runs already":
		fmt.Println(os.Args[2] + " " + os.Getenv(reattach)) // after -chdir
	case "show much":
		for range 1 << 20 {
			fmt.Println(`{"x":1}`)
		}
	}
	os.Exit(0)
}

// fake is a Tool that plays a part of TestMain.
func fake(t *testing.T, part string) (*Tool, *bytes.Buffer) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	return &Tool{Path: self, Env: append(os.Environ(), "FAKE="+part), Stdout: &out, Stderr: io.Discard}, &out
}

func TestRunReturnsTheExitStatus(t *testing.T) {
	tool, out := fake(t, "exit 2")
	code, err := tool.Plan(PlanCall{})
	if code != 2 || err != nil || out.String() != "two\n" {
		t.Errorf("got %d, %v, %q; want 2, no error, its output", code, err, out)
	}
	tool, _ = fake(t, "killed")
	if code, err := tool.Apply(ApplyCall{}); code != 128+9 || err != nil {
		t.Errorf("killed: got %d, %v; want 137", code, err)
	}
	tool.Path = "/nonexistent"
	if code, err := tool.Apply(ApplyCall{}); code != 1 || err == nil {
		t.Errorf("no binary: got %d, %v; want 1 and an error", code, err)
	}
}

func TestVersion(t *testing.T) {
	tool, _ := fake(t, "version")
	v, err := tool.Version(context.Background())
	if err != nil || v.Product != "OpenTofu" || v.Number.String() != "1.9.0-rc1" || !v.VarsWithPlan() {
		t.Errorf("got %+v, %v; want OpenTofu 1.9.0-rc1, which takes -var with a plan", v, err)
	}
}

func TestShowFails(t *testing.T) {
	tool, _ := fake(t, "show fails")
	err := tool.Show(context.Background(), "p", func(r io.Reader) error { _, err := io.ReadAll(r); return err })
	if err == nil || !strings.Contains(err.Error(), "could not read the plan p: Failed to load plugin schemas\n") {
		t.Errorf("got %v, want terraform's own summary in one line", err)
	}
}

func TestShowReaderStopsEarly(t *testing.T) {
	tool, _ := fake(t, "show much")
	enough := errors.New("enough")
	err := tool.Show(context.Background(), "p", func(io.Reader) error { return enough })
	if !errors.Is(err, enough) {
		t.Errorf("got %v, want the reader's own error", err)
	}
}

func TestShowSkipsWarnings(t *testing.T) {
	tool, _ := fake(t, "show warns")
	var got []byte
	err := tool.Show(context.Background(), "p", func(r io.Reader) (err error) { got, err = io.ReadAll(r); return err })
	if err != nil || string(got) != "{\"a\":1}\n" {
		t.Errorf("got %q, %v; want the JSON alone", got, err)
	}
}

func TestForward(t *testing.T) {
	interrupt, term, hup := os.Signal(os.Interrupt), os.Signal(syscall.SIGTERM), os.Signal(syscall.SIGHUP)
	tests := map[string]struct {
		signals    []os.Signal // nil is our own stop
		foreground bool
		want       int
	}{
		"our own stop":                                 {[]os.Signal{nil}, false, 1},
		"our own stop at a terminal":                   {[]os.Signal{nil}, true, 1},
		"a SIGTERM after our own stop":                 {[]os.Signal{nil, term}, false, 1},
		"our own stop after a SIGTERM":                 {[]os.Signal{term, nil}, false, 1},
		"our own stop after Ctrl-C at the terminal":    {[]os.Signal{interrupt, nil}, true, 0},
		"two SIGTERMs after our own stop insist":       {[]os.Signal{nil, term, term}, false, 2},
		"Ctrl-C at the terminal has reached the child": {[]os.Signal{interrupt, interrupt}, true, 0},
		"an interrupt sent to holdfast alone":          {[]os.Signal{interrupt}, false, 1},
		"a SIGTERM, terminal or not":                   {[]os.Signal{term}, true, 1},
		"a SIGTERM and its SIGHUP are one request":     {[]os.Signal{term, hup}, false, 1},
		"the same signal twice is two":                 {[]os.Signal{term, hup, term}, false, 2},
	}
	for name, test := range tests {
		signals := make(chan os.Signal) // unbuffered: each is handled before the next is taken
		stop, done := make(chan struct{}), make(chan struct{})
		finished := make(chan struct{})
		got := 0
		go func() {
			forward(signals, stop, done, func() bool { return test.foreground }, func() { got++ })
			close(finished)
		}()
		for _, s := range test.signals {
			if s == nil {
				stop <- struct{}{}
				continue
			}
			signals <- s
		}
		close(done)
		<-finished
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("%s: interrupts (-want +got):\n%s", name, diff)
		}
	}
}
