//go:build atlantis

package e2e

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// The real Atlantis server, from its Go module, with the repos.yaml that
// holdfast setup atlantis writes, between a GitLab of ours and the real
// terraform.
func TestAtlantis(t *testing.T) {
	binary := filepath.Join(t.TempDir(), "atlantis")
	build := exec.Command("go", "build", "-o", binary, "github.com/runatlantis/atlantis")
	build.Dir = "atlantis"
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("atlantis: %v\n%s", err, out)
	}
	var servers sync.Map // of each script, by its directory
	play(t, quick(), filepath.Join("testdata", "atlantis"), "", map[string]command{
		"atlantis": func(ts *testscript.TestScript, neg bool, args []string) {
			need(ts, !neg && len(args) == 3, "atlantis REPOS-YAML BASE HEAD")
			servers.Store(ts.MkAbs("."), startAtlantis(ts, binary, args[0], args[1], args[2]))
		},
		"comment": func(ts *testscript.TestScript, neg bool, args []string) {
			need(ts, !neg && len(args) == 3, "comment USER TEXT N")
			a, ok := servers.Load(ts.MkAbs("."))
			need(ts, ok, "no Atlantis was started")
			n, err := strconv.Atoi(args[2])
			ts.Check(err)
			a.(*atlantisServer).comment(ts, args[0], args[1], n)
		},
	})
}

type atlantisServer struct {
	*gitlab
	url string
}

// longest is how long Atlantis may take for anything.
const longest = 2 * time.Minute

// startAtlantis starts a GitLab with a repository whose main branch is one directory, and
// whose merge request is another, and Atlantis with a repos.yaml.
func startAtlantis(ts *testscript.TestScript, binary, repos, base, change string) *atlantisServer {
	head := repository(ts, ts.MkAbs("git"), ts.MkAbs(base), ts.MkAbs(change))
	forge, err := newGitlab(ts.MkAbs("git"), head)
	ts.Check(err)
	ts.Defer(forge.Close)
	port, err := freePort()
	ts.Check(err)
	url := "http://127.0.0.1:" + port
	server := exec.Command(binary, "server", "--port", port, "--atlantis-url", url, "--gitlab-hostname", forge.URL, "--gitlab-user", "atlantis", "--gitlab-token", "token",
		"--gitlab-webhook-secret", "secret", "--repo-allowlist", "*", "--data-dir", ts.MkAbs("data"), "--repo-config", ts.MkAbs(repos), "--enable-policy-checks", "--tf-download=false")
	server.Env = append(stageOf(ts).Env(), "HOME="+ts.MkAbs("."), "PATH="+ts.Getenv("PATH"), "HOLDFAST_PLAN_READER="+ts.Getenv("HOLDFAST_PLAN_READER"), "NO_PROXY=127.0.0.1", "GIT_TERMINAL_PROMPT=0")
	out, w := io.Pipe()
	server.Stdout, server.Stderr = w, w
	ts.Check(server.Start())
	ended := make(chan error, 1)
	go func() { err := server.Wait(); w.Close(); ended <- err }()
	ts.Defer(func() {
		_ = server.Process.Signal(os.Interrupt)
		select {
		case <-ended:
		case <-time.After(longest):
			_ = server.Process.Kill()
		}
	})
	go keep(out, ts.MkAbs("atlantis.log"))
	listening(ts, url+"/healthz", ended)
	return &atlantisServer{gitlab: forge, url: url}
}

// listening waits until Atlantis answers. It says that it has started before it
// listens.
func listening(ts *testscript.TestScript, url string, ended <-chan error) {
	again := time.NewTicker(50 * time.Millisecond)
	defer again.Stop()
	late := time.After(longest)
	for {
		if answer, err := http.Get(url); err == nil {
			answer.Body.Close()
			return
		}
		select {
		case <-again.C:
		case err := <-ended:
			ts.Fatalf("atlantis ended: %v", err)
		case <-late:
			ts.Fatalf("atlantis did not start")
		}
	}
}

// keep copies what Atlantis logs into a file.
func keep(r io.Reader, path string) {
	log, err := os.Create(path)
	if err != nil {
		log = os.Stderr
	}
	// Whatever happens to the file, Atlantis must not be held up by its log.
	_, _ = io.Copy(log, r)
	_, _ = io.Copy(io.Discard, r)
}

// repository makes a bare repository with two branches, and returns the commit
// of the second.
func repository(ts *testscript.TestScript, root, base, head string) string {
	bare := filepath.Join(root, project+".git")
	git := func(dir string, args ...string) string {
		cmd := exec.Command("git", append([]string{"-c", "user.name=ann", "-c", "user.email=ann@example.com", "--git-dir=" + bare, "--work-tree=" + dir}, args...)...)
		cmd.Env = append(os.Environ(), "GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_SYSTEM=/dev/null")
		out, err := cmd.CombinedOutput()
		if err != nil {
			ts.Fatalf("git %s: %v\n%s", strings.Join(args, " "), err, out)
		}
		return strings.TrimSpace(string(out))
	}
	ts.Check(os.MkdirAll(bare, 0o755))
	git(base, "init", "--quiet", "--initial-branch=main")
	git(base, "add", "--all", ".")
	git(base, "commit", "--quiet", "-m", "base")
	git(head, "checkout", "--quiet", "-B", "change")
	git(head, "add", "--all", ".")
	git(head, "commit", "--quiet", "--allow-empty", "-m", "change")
	sha := git(head, "rev-parse", "HEAD")
	git(head, "config", "core.bare", "true")
	return sha
}

// comment writes a comment on the merge request, waits for so many notes of
// Atlantis, and leaves them in notes.md. Where Atlantis has not yet put away the
// command before, it comments again, as it is told to.
func (a *atlantisServer) comment(ts *testscript.TestScript, user, text string, want int) {
	end := stageOf(ts).Act()
	defer end()
	ctx, cancel := context.WithTimeout(context.Background(), longest)
	defer cancel()
	a.post(ctx, ts, user, text)
	var notes []string
	// The last status is set when the command has been put away.
	for after := false; len(notes) < want || !after; {
		select {
		case note := <-a.notes:
			if after = note == ""; after {
				continue
			}
			if strings.Contains(note, "Wait until the previous command is complete and try again") {
				a.post(ctx, ts, user, text)
				continue
			}
			notes = append(notes, note)
		case what := <-a.unknown:
			ts.Fatalf("Atlantis asked for %s", what)
		case <-ctx.Done():
			ts.Fatalf("after %d notes Atlantis wrote no more", len(notes))
		}
	}
	ts.Check(os.WriteFile(ts.MkAbs("notes.md"), []byte(strings.Join(notes, "\n\n")), 0o600))
	ts.Logf("%s", strings.Join(notes, "\n\n"))
}

// post tells Atlantis of a comment, as GitLab does.
func (a *atlantisServer) post(ctx context.Context, ts *testscript.TestScript, user, text string) {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, a.url+"/events", bytes.NewReader(a.hook(user, text)))
	ts.Check(err)
	r.Header.Set("X-Gitlab-Event", "Note Hook")
	r.Header.Set("X-Gitlab-Token", "secret")
	answer, err := http.DefaultClient.Do(r)
	ts.Check(err)
	answer.Body.Close()
	need(ts, answer.StatusCode == http.StatusOK, "Atlantis answered "+answer.Status)
}
