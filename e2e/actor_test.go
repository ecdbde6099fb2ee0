package e2e

import (
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// actorsKey is where a script's actors are kept.
type actorsKey struct{}

// actors are the programs that a script has begun, by name.
type actors struct {
	names []string // of the variables that a script begins with, which are all that an actor gets
	all   map[string]*actor
}

// An actor is a program that runs while the script goes on.
type actor struct {
	*exec.Cmd
	in   io.WriteCloser
	out  *os.File
	said strings.Builder
	end  func() // of its act
}

// patience is the longest that an actor may take from its beginning to its end.
const patience = 3 * time.Minute

func newActors(env *testscript.Env) *actors {
	a := &actors{all: map[string]*actor{}}
	for _, pair := range env.Vars {
		name, _, _ := strings.Cut(pair, "=")
		a.names = append(a.names, name)
	}
	env.Defer(func() {
		for _, one := range a.all {
			if one.ProcessState == nil { // the script failed before its end
				_ = one.Process.Kill()
				_ = one.Wait()
			}
			_ = one.out.Close()
		}
	})
	return a
}

func actorsOf(ts *testscript.TestScript) *actors { return ts.Value(actorsKey{}).(*actors) }

func actorOf(ts *testscript.TestScript, name string) *actor {
	a := actorsOf(ts).all[name]
	need(ts, a != nil, "nobody called "+name+" has begun anything")
	return a
}

func begin(ts *testscript.TestScript, neg bool, args []string) {
	need(ts, !neg && len(args) > 1, "begin NAME PROGRAM ARG...")
	all := actorsOf(ts)
	need(ts, all.all[args[0]] == nil, args[0]+" has begun already")
	program, err := exec.LookPath(args[1]) // holdfast was put on PATH by TestMain
	ts.Check(err)
	a := &actor{Cmd: exec.Command(program, args[2:]...)}
	a.Dir = ts.MkAbs(".")
	for _, name := range all.names {
		a.Env = append(a.Env, name+"="+ts.Getenv(name))
	}
	a.in, err = a.StdinPipe()
	ts.Check(err)
	read, write, err := os.Pipe()
	ts.Check(err)
	ts.Check(read.SetReadDeadline(time.Now().Add(patience)))
	// One pipe, so that the order of all lines is known.
	a.Stdout, a.Stderr, a.out = write, write, read
	a.end = stageOf(ts).Act()
	ts.Check(a.Start())
	ts.Check(write.Close())
	all.all[args[0]] = a
}

// more reads what it says next. It reports whether there may be more.
func (a *actor) more() bool {
	p := make([]byte, 4096)
	n, err := a.out.Read(p)
	a.said.Write(p[:n])
	return err == nil
}

func until(ts *testscript.TestScript, neg bool, args []string) {
	need(ts, !neg && len(args) == 2, "until NAME REGEXP")
	a, wanted := actorOf(ts, args[0]), regexp.MustCompile(args[1])
	for !wanted.MatchString(a.said.String()) {
		if !a.more() {
			ts.Fatalf("%s ended, or took too long, without saying %q:\n%s", args[0], args[1], a.said.String())
		}
	}
}

func answer(ts *testscript.TestScript, neg bool, args []string) {
	need(ts, !neg && len(args) == 2, "answer NAME TEXT")
	_, err := io.WriteString(actorOf(ts, args[0]).in, args[1]+"\n")
	ts.Check(err)
}

func interrupt(ts *testscript.TestScript, neg bool, args []string) {
	need(ts, !neg && len(args) == 1, "interrupt NAME")
	ts.Check(actorOf(ts, args[0]).Process.Signal(os.Interrupt))
}

func sigkill(ts *testscript.TestScript, neg bool, args []string) {
	need(ts, !neg && len(args) == 1, "sigkill NAME")
	ts.Check(actorOf(ts, args[0]).Process.Kill())
}

// ends reads on until nobody can say more: what a killed actor has started has
// ended then, too.
func ends(ts *testscript.TestScript, neg bool, args []string) {
	need(ts, !neg && len(args) == 2, "ends NAME STATUS")
	name, a := args[0], actorOf(ts, args[0])
	want, err := strconv.Atoi(args[1])
	ts.Check(err)
	for a.more() {
	}
	a.end()
	var exit *exec.ExitError
	if err := a.Wait(); err != nil && !errors.As(err, &exit) {
		ts.Check(err)
	}
	said := a.said.String()
	ts.Logf("[%s]\n%s", name, said)
	ts.Check(os.WriteFile(filepath.Join(ts.Getenv("WORK"), name+".out"), []byte(said), 0o600))
	if got := a.ProcessState.ExitCode(); got != want {
		ts.Fatalf("%s: got exit status %d, want %d", name, got, want)
	}
	delete(actorsOf(ts).all, name)
	ts.Check(a.out.Close())
}
