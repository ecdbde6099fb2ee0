// Package stage is where a scenario plays: an AWS endpoint on a loopback port
// whose calls are written down, and the environment in which terraform and
// holdfast use it and nothing else. It runs neither of them and judges nothing.
package stage

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"github.com/holdfast-gate/holdfast/e2e/provider"
	"github.com/holdfast-gate/holdfast/gate/awssim"
)

// Region is the only region of a stage.
const Region = awssim.DefaultRegion

// A Stage is one AWS account behind one loopback endpoint. Stages share
// nothing.
type Stage struct {
	URL   string
	World *awssim.World // nil if the stage stands before an emulator of somebody else's

	front    *front
	server   *http.Server
	dir      string
	reattach string
	cancel   context.CancelFunc
}

// Simulated opens a stage with a World of its own. The World's clock moves
// only when it is told to, or when a program waits for what it has itself
// begun: then each read takes it step further.
func Simulated(world *awssim.World, step time.Duration) (*Stage, error) {
	s := &Stage{World: world, front: &front{next: world}}
	s.front.read = func() { world.Advance(step) }
	return s, s.open()
}

// Before opens a stage in front of somebody else's emulator, which keeps its
// own time.
func Before(emulator http.Handler) (*Stage, error) {
	s := &Stage{front: &front{next: emulator}}
	return s, s.open()
}

// open listens on a free loopback port.
func (s *Stage) open() error {
	dir, err := os.MkdirTemp("", "holdfast-stage-")
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return errors.Join(err, os.RemoveAll(dir))
	}
	s.dir, s.URL = dir, "http://"+listener.Addr().String()
	s.server = &http.Server{Handler: s.front, ReadHeaderTimeout: time.Minute}
	go func() {
		// It returns when Close is called; there is nobody to tell.
		_ = s.server.Serve(listener)
	}()
	// Whoever runs on the stage finds an empty configuration of terraform and of
	// AWS, not the user's.
	return os.WriteFile(s.config(), nil, 0o600)
}

// Attach serves the test provider for this stage, so that terraform uses it in
// place of hashicorp/aws.
func (s *Stage) Attach() error {
	ctx, cancel := context.WithCancel(context.Background())
	reattach, err := provider.Serve(ctx, s.URL)
	if err != nil {
		cancel()
		return fmt.Errorf("the test provider: %w", err)
	}
	s.reattach, s.cancel = reattach, cancel
	return nil
}

// Close ends what the stage serves and removes its files.
func (s *Stage) Close() error {
	if s.cancel != nil {
		s.cancel()
	}
	return errors.Join(s.server.Close(), os.RemoveAll(s.dir))
}

func (s *Stage) config() string { return filepath.Join(s.dir, "empty") }

// Act begins an act: one program that reads and perhaps changes what is on the
// stage. The clock stands still until the program has changed something, and
// again when the function that Act returns ends the act. Acts at the same time
// are one.
func (s *Stage) Act() (end func()) {
	s.front.begin()
	return s.front.end
}

// Watch has seen called after each request, when the clock has moved. It is
// called before anything runs on the stage.
func (s *Stage) Watch(seen func()) {
	s.front.seen = seen
	seen()
}

// Hang lets every request for an action wait for ever from now on; empty, none.
func (s *Stage) Hang(action string) {
	s.front.mu.Lock()
	defer s.front.mu.Unlock()
	s.front.hangs = action
}

// Writes returns the changing calls of the last act, in order.
func (s *Stage) Writes() []string { return s.front.written() }
