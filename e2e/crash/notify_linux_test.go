package crash

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync/atomic"
	"syscall"
	"testing"
)

// watch lets this process die when the system has told it n times that a file
// of the store was made, written, closed or renamed: in the middle of what
// store.Directory does for one write.
func watch(store string, n int) error {
	fd, err := syscall.InotifyInit1(syscall.IN_CLOEXEC)
	if err != nil {
		return err
	}
	for _, dir := range folders() {
		dir = filepath.Join(store, dir)
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return err
		}
		if _, err := syscall.InotifyAddWatch(fd, dir, syscall.IN_CREATE|syscall.IN_MODIFY|syscall.IN_CLOSE_WRITE|syscall.IN_MOVED_TO); err != nil {
			return err
		}
	}
	go func() {
		buf := make([]byte, syscall.SizeofInotifyEvent+syscall.NAME_MAX+1) // room for one event at least
		for {
			read, err := syscall.Read(fd, buf)
			if err != nil {
				panic(err)
			}
			for at := 0; at+syscall.SizeofInotifyEvent <= read; {
				length := int(buf[at+12]) | int(buf[at+13])<<8 // of the name (inotify(7), struct inotify_event)
				at += syscall.SizeofInotifyEvent + length
				if n--; n == 0 {
					die()
				}
			}
		}
	}()
	return nil
}

// folders are where the store keeps what belongs to the clusters.
func folders() []string {
	return []string{"leases/123456789012", "heads/123456789012", "records/123456789012/search", "records/123456789012/web"}
}

// TestKilledInsideAWrite kills as soon as the system tells of a write.
func TestKilledInsideAWrite(t *testing.T) {
	var dead atomic.Int64
	t.Run("kill", func(t *testing.T) {
		for i := range max(1, *kills/4) {
			event := 1 + rand.IntN(events)
			t.Run(fmt.Sprint(i+1, " at event ", event), func(t *testing.T) {
				t.Parallel()
				if killed(t, directory(t), spec{Seen: event}) {
					dead.Add(1)
				}
			})
		}
	})
	t.Logf("%d runs were killed, the others had fewer events", dead.Load())
}

// events is about how many times the system tells of something in one run.
const events = 80
