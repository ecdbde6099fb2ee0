package store

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestMain(m *testing.M) {
	if path := os.Getenv("STORE_TEST_WRITER"); path != "" {
		write(path)
	}
	os.Exit(m.Run())
}

// write writes to a store until it is killed. It prints every number that Swap
// said is durable.
func write(path string) {
	d, err := NewDirectory(path)
	version := ""
	for i := 0; err == nil; i++ {
		data := bytes.Repeat(fmt.Appendf(nil, "%09d\n", i), 1000)
		if version, err = d.Swap(context.Background(), "killed/often", version, data); err == nil {
			fmt.Println(i)
		}
	}
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}

// A writer that is killed in the middle leaves the old bytes or the new ones,
// whole, loses nothing that it was told is written, and locks nobody out.
func TestKilledWhileWriting(t *testing.T) {
	for i := range 12 {
		path := t.TempDir()
		cmd := exec.Command(os.Args[0])
		cmd.Env = append(os.Environ(), "STORE_TEST_WRITER="+path)
		out := must(cmd.StdoutPipe())(t)
		ok(t, cmd.Start())
		// It is killed at some moment after a number of writes that differs.
		said, line := bytes.Buffer{}, make([]byte, 64)
		for range i%5 + 1 {
			n := must(out.Read(line))(t)
			said.Write(line[:n])
		}
		ok(t, cmd.Process.Kill())
		_, _ = said.ReadFrom(out)
		_ = cmd.Wait()
		durable := strings.Fields(said.String())

		d := must(NewDirectory(path))(t)
		data, version, _, err := d.Read(t.Context(), "killed/often")
		ok(t, err)
		if len(data) != 10_000 || !bytes.Equal(data, bytes.Repeat(data[:10], 1000)) {
			t.Fatalf("the object is torn: %d bytes", len(data))
		}
		if last := durable[len(durable)-1]; fmt.Sprintf("%09s", last) > string(data[:9]) {
			t.Fatalf("write %s was durable, and %s is there", last, data[:9])
		}
		if diff := cmp.Diff([]string{"killed/often"}, must(d.List(t.Context(), ""))(t)); diff != "" {
			t.Errorf("keys (-want +got):\n%s", diff)
		}
		must(d.Swap(t.Context(), "killed/often", version, []byte("on")))(t)
	}
}

// The bytes are durable before the name points at them; the name, and those of
// new folders, before Swap returns.
func TestDurableBeforeAnybodyIsTold(t *testing.T) {
	root := t.TempDir()
	d := must(NewDirectory(filepath.Join(root, "new", "store")))(t)
	var synced []string
	d.sync = func(f *os.File) error {
		name, err := filepath.Rel(root, f.Name())
		if strings.HasPrefix(name, "..") {
			return nil // above the test
		}
		data, readErr := os.ReadFile(filepath.Join(root, "new/store/a/b"))
		there := string(data)
		if readErr != nil {
			there = "nothing"
		}
		synced = append(synced, filepath.ToSlash(name)+" while there is "+there)
		return err
	}
	version := must(d.Swap(t.Context(), "a/b", "", []byte("1")))(t)
	want := []string{
		"new/store while there is nothing", "new while there is nothing", ". while there is nothing",
		"new/store/a/.b.new while there is nothing", "new/store/a while there is 1",
	}
	if diff := cmp.Diff(want, synced); diff != "" {
		t.Errorf("first write (-want +got):\n%s", diff)
	}
	synced = nil
	must(d.Swap(t.Context(), "a/b", version, []byte("2")))(t)
	if diff := cmp.Diff([]string{"new/store/a/.b.new while there is 1", "new/store/a while there is 2"}, synced); diff != "" {
		t.Errorf("second write (-want +got):\n%s", diff)
	}

	// Another process made the folders, and may have been killed before their
	// names were durable.
	other := must(NewDirectory(d.path))(t)
	other.sync, synced = d.sync, nil
	must(other.Swap(t.Context(), "a/c", "", []byte("3")))(t)
	if want := "new/store while there is 2"; len(synced) < 3 || synced[0] != want {
		t.Errorf("another process: made durable were %q, want %s first", synced, want)
	}
}

func TestADiskThatCannotKeepIt(t *testing.T) {
	d := must(NewDirectory(t.TempDir()))(t)
	version := must(d.Swap(t.Context(), "a/b", "", []byte("1")))(t)
	d.sync = func(f *os.File) error {
		return &fs.PathError{Op: "sync", Path: f.Name(), Err: errors.New("input/output error")}
	}
	_, err := d.Swap(t.Context(), "a/b", version, []byte("2"))
	if err == nil || errors.Is(err, fs.ErrExist) {
		t.Fatalf("got %v, want an error that is no conflict", err)
	}
	sentence(t, err, "a/b could not be written in the store")
	d.sync = (*os.File).Sync
	must(d.Swap(t.Context(), "a/b", version, []byte("3")))(t)
}

func TestOnlyTheUserMayRead(t *testing.T) {
	path := filepath.Join(t.TempDir(), "store")
	d := must(NewDirectory(path))(t)
	must(d.Swap(t.Context(), "a/b", "", []byte("1")))(t)
	must3(d.Read(t.Context(), "a/b"))(t)
	ok(t, filepath.WalkDir(path, func(name string, entry fs.DirEntry, err error) error {
		info, infoErr := entry.Info()
		want := fs.FileMode(0o600)
		if entry.IsDir() {
			want = 0o700 | fs.ModeDir
		}
		if err == nil && infoErr == nil && info.Mode() != want {
			t.Errorf("%s: got mode %s, want %s", name, info.Mode(), want)
		}
		return errors.Join(err, infoErr)
	}))
}

func must3[T any](v T, _ string, _ time.Duration, err error) func(*testing.T) T { return must(v, err) }

// A process that was stopped while it wrote keeps the others out, and they say
// so rather than wait for ever.
func TestAnotherHasTheLock(t *testing.T) {
	path := t.TempDir()
	d := must(NewDirectory(path))(t)
	version := must(d.Swap(t.Context(), "a/b", "", []byte("1")))(t)
	unlock, err := d.lock(t.Context(), filepath.Join(path, "a", ".lock"))
	ok(t, err)
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	_, err = must(NewDirectory(path))(t).Swap(ctx, "a/b", version, []byte("2"))
	sentence(t, err, "another process holds its lock")
	if data := must3(d.Read(t.Context(), "a/b"))(t); string(data) != "1" {
		t.Errorf("got %q, want what was there", data)
	}
	unlock()
	must(d.Swap(t.Context(), "a/b", version, []byte("2")))(t)
}

func TestADirectoryThatIsNone(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	ok(t, os.WriteFile(file, nil, 0o600))
	d := must(NewDirectory(file))(t)
	_, err := d.Swap(t.Context(), "a/b", "", []byte("1"))
	sentence(t, err, "a/b could not be written in the store")
	if _, _, _, err := d.Read(t.Context(), "a/b"); err == nil || errors.Is(err, fs.ErrNotExist) {
		t.Errorf("got %v, want an error that is not that of an absent object", err)
	}
	if _, err := d.List(t.Context(), ""); err == nil {
		t.Error("a file was listed as an empty store")
	}
}

// Looking at a store that nobody has written to makes none.
func TestLookingLeavesNoTrace(t *testing.T) {
	path := filepath.Join(t.TempDir(), "store")
	d := must(NewDirectory(path))(t)
	_, _, _, err := d.Read(t.Context(), "a/b")
	is(t, err, fs.ErrNotExist)
	must(d.List(t.Context(), ""))(t)
	_, err = os.Stat(path)
	is(t, err, fs.ErrNotExist)
}

// sentence wants an error of one line of what, with the given words, and at
// least one of how to fix it, and nothing that was signed.
func sentence(t *testing.T, err error, words string) {
	t.Helper()
	if err == nil {
		t.Fatalf("got no error, want one with %q", words)
	}
	lines := strings.Split(err.Error(), "\n")
	if !strings.Contains(lines[0], words) || len(lines) != 2 || lines[1] == "" {
		t.Errorf("got error %q, want one line with %q and one that helps", err, words)
	}
	for _, never := range []string{"canary", "operation error", "https response", "StatusCode", "goroutine", "%!"} {
		if strings.Contains(strings.ToLower(err.Error()), strings.ToLower(never)) {
			t.Errorf("error %q has %q in it", err, never)
		}
	}
	if slices.Contains(lines, "") {
		t.Errorf("error %q has an empty line", err)
	}
}
