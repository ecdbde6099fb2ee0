package e2e

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/renderer/html"
	"go.yaml.in/yaml/v3"
	nethtml "golang.org/x/net/html"

	"github.com/holdfast-gate/holdfast/gate/forge/forgetest"
)

// reviewCommands are what a script can say about where changes are reviewed.
//
//	repository               what is here is on main, in an origin that was not fetched, and the change begins
//	forge github [fork]      the job runs on GitHub from now on; that of a fork has a token that reads
//	forge gitlab [tokenless] the same on GitLab
//	push                     everything here is the change now, and the job is about it
//	event merge_group        the job is about a merge group, or with "schedule" about nothing
//	quote                    somebody else writes what our comment says
//	comment FILE             there is one comment of ours; put it into a file. With a ! there is none
//	status STATE             the status is held, passed or failed, or there is "none"
//	asked FILE               the requests made since the last look are those of the file
//	step FILE NAME           run the shell step of that name of a workflow, an action or a GitLab pipeline; with a ! it exits with not 0
//	dated FILE               the plan in a file was made now
//	harmless TEXT FILE...    nothing that was said, and no file, has TEXT in it, and rendered nothing of them is more than ours
func reviewCommands() map[string]command {
	return map[string]command{
		"repository": beginRepository, "forge": beginForge, "push": push, "event": event, "quote": quote, "comment": ourComment,
		"status": status, "asked": asked, "step": step, "dated": dated, "harmless": harmless,
	}
}

// reviewVars are what jobs on a forge have in their environment.
func reviewVars() []string {
	return strings.Fields(`GITHUB_ACTIONS GITHUB_API_URL GITHUB_GRAPHQL_URL GITHUB_TOKEN GITHUB_REPOSITORY GITHUB_SERVER_URL GITHUB_RUN_ID GITHUB_BASE_REF GITHUB_EVENT_PATH
		GITHUB_STEP_SUMMARY GITLAB_CI CI_API_V4_URL CI_PROJECT_ID CI_MERGE_REQUEST_IID CI_PIPELINE_ID CI_MERGE_REQUEST_TARGET_BRANCH_NAME CI_JOB_URL CI_COMMIT_SHA
		HOLDFAST_GITLAB_TOKEN GITLAB_TOKEN TF_WORKSPACE`)
}

// A forge is a GitHub or a GitLab that a script's jobs run on.
type forge struct {
	http.Handler
	github *forgetest.GitHub
	gitlab *forgetest.GitLab
}

type forgeKey struct{}

func forgeOf(ts *testscript.TestScript) *forge { return ts.Value(forgeKey{}).(*forge) }

func (f *forge) comments() []forgetest.Comment {
	if f.github != nil {
		return f.github.Comments()
	}
	return f.gitlab.Comments()
}

const ourLogin = "github-actions[bot]"

func git(ts *testscript.TestScript, args ...string) string {
	ts.Check(ts.Exec("git", args...))
	return strings.TrimSpace(ts.ReadFile("stdout"))
}

func beginRepository(ts *testscript.TestScript, neg bool, args []string) {
	need(ts, !neg && len(args) == 0, "repository")
	for _, name := range []string{"AUTHOR", "COMMITTER"} {
		ts.Setenv("GIT_"+name+"_NAME", "somebody")
		ts.Setenv("GIT_"+name+"_EMAIL", "somebody@example.com")
	}
	ts.Setenv("GIT_CONFIG_GLOBAL", os.DevNull)
	git(ts, "-c", "init.defaultBranch=main", "init", "-q")
	ts.Check(os.WriteFile(ts.MkAbs(".git/info/exclude"), []byte("*.txt\n*.md\n*.tfstate*\ntfplan\n.terraform*\n*.json\n*.yml\n.tmp\n"), 0o600))
	git(ts, "add", ".")
	git(ts, "commit", "-qm", "base")
	origin := ts.MkAbs(".git/origin.git")
	git(ts, "clone", "-q", "--bare", ".", origin)
	git(ts, "remote", "add", "origin", origin)
	git(ts, "checkout", "-qb", "change")
}

func beginForge(ts *testscript.TestScript, neg bool, args []string) {
	need(ts, !neg && len(args) > 0, "forge github|gitlab [fork|tokenless]")
	f := &forge{}
	weak := len(args) == 2
	switch args[0] {
	case "github":
		f.github = &forgetest.GitHub{Repository: "acme/infra", Number: 7, Base: "main", Login: ourLogin, App: true, Comment: !weak, Check: !weak, Status: !weak}
		f.Handler = f.github
	case "gitlab":
		f.gitlab = &forgetest.GitLab{Project: 42, Number: 7, Username: ourLogin, API: true, Member: true}
		f.Handler = f.gitlab
	default:
		ts.Fatalf("there is no forge %s", args[0])
	}
	server := httptest.NewServer(f)
	ts.Defer(server.Close)
	env := map[string]string{
		"GITHUB_ACTIONS": "true", "GITHUB_API_URL": server.URL, "GITHUB_GRAPHQL_URL": server.URL + "/graphql", "GITHUB_TOKEN": forgetest.Token, "GITHUB_REPOSITORY": "acme/infra",
		"GITHUB_SERVER_URL": "https://github.com", "GITHUB_RUN_ID": "1", "GITHUB_BASE_REF": "main", "GITHUB_EVENT_PATH": ts.MkAbs("event.json"), "GITHUB_STEP_SUMMARY": ts.MkAbs("summary.md"),
	}
	if f.gitlab != nil {
		env = map[string]string{
			"GITLAB_CI": "true", "CI_API_V4_URL": server.URL + "/api/v4", "CI_PROJECT_ID": "42", "CI_MERGE_REQUEST_IID": "7", "CI_PIPELINE_ID": "3",
			"CI_MERGE_REQUEST_TARGET_BRANCH_NAME": "main", "CI_JOB_URL": "https://gitlab.com/j/1", "HOLDFAST_GITLAB_TOKEN": forgetest.Token,
		}
		if weak {
			env["HOLDFAST_GITLAB_TOKEN"] = ""
		}
	}
	for name, value := range env {
		ts.Setenv(name, value)
	}
	*forgeOf(ts) = *f
	push(ts, false, nil)
}

func push(ts *testscript.TestScript, neg bool, args []string) {
	need(ts, !neg && len(args) == 0, "push")
	git(ts, "add", "-A")
	git(ts, "commit", "-q", "--allow-empty", "-m", "change")
	head, f := git(ts, "rev-parse", "HEAD"), forgeOf(ts)
	if f.gitlab != nil {
		f.gitlab.Push(head)
		ts.Setenv("CI_COMMIT_SHA", head)
		return
	}
	f.github.Push(head)
	tell(ts, map[string]any{"pull_request": map[string]any{"number": 7, "head": map[string]any{"sha": head}, "base": map[string]any{"ref": "main"}}})
}

func tell(ts *testscript.TestScript, event any) {
	b, err := json.Marshal(event)
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs("event.json"), b, 0o600))
}

func event(ts *testscript.TestScript, neg bool, args []string) {
	need(ts, !neg && len(args) == 1, "event merge_group|schedule")
	if args[0] == "merge_group" {
		tell(ts, map[string]any{"merge_group": map[string]any{"head_sha": git(ts, "rev-parse", "HEAD"), "base_ref": "refs/heads/main"}})
		return
	}
	tell(ts, map[string]any{"schedule": "*/15 * * * *"})
}

func ours(ts *testscript.TestScript) []forgetest.Comment {
	return slices.DeleteFunc(forgeOf(ts).comments(), func(c forgetest.Comment) bool { return c.Author != ourLogin })
}

func quote(ts *testscript.TestScript, neg bool, args []string) {
	need(ts, !neg && len(args) == 0 && len(ours(ts)) == 1, "quote")
	body := ours(ts)[0].Body
	if f := forgeOf(ts); f.github != nil {
		f.github.Write("mallory", body)
	} else {
		f.gitlab.Write("mallory", body)
	}
}

func ourComment(ts *testscript.TestScript, neg bool, args []string) {
	c := ours(ts)
	if neg {
		need(ts, len(c) == 0, "there is a comment")
		return
	}
	need(ts, len(args) == 1, "comment FILE")
	if len(c) != 1 {
		ts.Fatalf("got %d comments of ours, want 1: %+v", len(c), c)
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(c[0].Body), 0o600))
}

func status(ts *testscript.TestScript, neg bool, args []string) {
	need(ts, !neg && len(args) == 1, "status held|passed|failed|none")
	got := "none"
	if f := forgeOf(ts); f.github != nil {
		if runs := f.github.Runs(); len(runs) > 0 {
			last := runs[len(runs)-1]
			got = last.Status + last.Conclusion
		}
	} else if all := f.gitlab.Statuses(); len(all) > 0 {
		got = all[len(all)-1].State
	}
	words := map[string]string{"in_progress": "held", "running": "held", "completedsuccess": "passed", "success": "passed", "completedfailure": "failed"}
	if word, ok := words[got]; ok {
		got = word
	}
	if got != args[0] {
		ts.Fatalf("the status is %s, want %s", got, args[0])
	}
}

func asked(ts *testscript.TestScript, neg bool, args []string) {
	need(ts, !neg && len(args) == 1, "asked FILE")
	var got []string
	if f := forgeOf(ts); f.github != nil {
		got = f.github.Requests()
	} else {
		got = f.gitlab.Requests()
	}
	text := strings.Join(got, "\n") + "\n"
	text = regexp.MustCompile(`[0-9a-f]{40}`).ReplaceAllString(text, "HEAD")
	if want := ts.ReadFile(args[0]); text != want {
		ts.Fatalf("got requests\n%swant\n%s", text, want)
	}
}

// step runs a step as the runner does: bash that ends with the first command
// that fails.
func step(ts *testscript.TestScript, neg bool, args []string) {
	need(ts, len(args) == 2, "step FILE NAME")
	path := ts.MkAbs(args[0])
	if args[0] == "action.yml" { // the one of this repository
		path = filepath.Join("..", args[0])
	}
	text, err := os.ReadFile(path)
	ts.Check(err)
	script, err := stepOf(text, args[1])
	ts.Check(err)
	end := stageOf(ts).Act()
	err = ts.Exec("bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script)
	end()
	if (err != nil) != neg {
		ts.Fatalf("%s of %s: got %v", args[1], args[0], err)
	}
}

// stepOf is the shell of a named step, or of a job of GitLab with the "script"
// of that name.
func stepOf(text []byte, name string) (string, error) {
	var document any
	if err := yaml.Unmarshal(text, &document); err != nil {
		return "", err
	}
	var found []string
	var walk func(key string, node any)
	walk = func(key string, node any) {
		switch node := node.(type) {
		case map[string]any:
			if run, ok := node["run"].(string); ok && node["name"] == name {
				found = append(found, run)
			}
			if lines, ok := node["script"].([]any); ok && key == name {
				var all []string
				for _, line := range lines {
					all = append(all, fmt.Sprint(line))
				}
				found = append(found, strings.Join(all, "\n"))
			}
			for key, child := range node {
				walk(key, child)
			}
		case []any:
			for _, child := range node {
				walk("", child)
			}
		}
	}
	walk("", document)
	if len(found) != 1 {
		return "", fmt.Errorf("got %d steps %q, want 1", len(found), name)
	}
	if strings.Contains(found[0], "${{") {
		return "", fmt.Errorf("step %q puts an expression into its shell: whatever is in it would be run", name)
	}
	return found[0], nil
}

func dated(ts *testscript.TestScript, neg bool, args []string) {
	need(ts, !neg && len(args) == 1, "dated FILE")
	text := strings.ReplaceAll(ts.ReadFile(args[0]), "NOW", time.Now().UTC().Format(time.RFC3339))
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(text), 0o600))
}

func harmless(ts *testscript.TestScript, neg bool, args []string) {
	need(ts, !neg && len(args) > 0, "harmless TEXT FILE...")
	f := forgeOf(ts)
	said := []string{ts.ReadFile("stdout"), ts.ReadFile("stderr")}
	var rendered []string
	for _, c := range f.comments() {
		_, text, _ := strings.Cut(c.Body, "\n")
		said, rendered = append(said, c.Body), append(rendered, text)
	}
	if f.github != nil {
		for _, r := range f.github.Runs() {
			said, rendered = append(said, fmt.Sprintf("%+v", r)), append(rendered, r.Summary)
		}
	} else {
		need(ts, len(f.gitlab.Acts()) == 0, "GitLab was given an order")
		said = append(said, fmt.Sprintf("%+v", f.gitlab.Statuses()))
	}
	for _, name := range args[1:] {
		text := ts.ReadFile(name)
		said = append(said, text)
		if first, rest, _ := strings.Cut(text, "\n"); strings.HasPrefix(first, "<!-- holdfast review=") {
			text = rest // our mark, which the comments of the forge were looked at without, too
		}
		if filepath.Ext(name) == ".md" {
			rendered = append(rendered, text)
		}
	}
	need(ts, len(rendered) > 0, "nothing was said")
	for _, text := range said {
		need(ts, !strings.Contains(text, args[0]), "a secret was told: "+text)
		need(ts, !regexp.MustCompile(`(?m)^::(add-mask|set-output|stop-commands)`).MatchString(text), "a plan gave an order to the runner: "+text)
		need(ts, !strings.ContainsAny(text, "\x1b\x00\u202e"), "a terminal could be drawn on: "+text)
	}
	for _, text := range rendered {
		ts.Check(onlyOurs(text))
	}
}

// onlyOurs returns an error if Markdown, rendered, has an element that we never
// write, or text outside of code that mentions somebody.
func onlyOurs(md string) error {
	var b bytes.Buffer
	if err := goldmark.New(goldmark.WithExtensions(extension.GFM), goldmark.WithRendererOptions(html.WithUnsafe())).Convert([]byte(md), &b); err != nil {
		return err
	}
	doc, err := nethtml.Parse(&b)
	if err != nil {
		return err
	}
	allowed := strings.Fields("html head body h3 h4 p table thead tbody tr th td sub ul li strong b br code details summary blockquote")
	for n := range doc.Descendants() {
		if n.Type == nethtml.CommentNode || n.Type == nethtml.ElementNode && !slices.Contains(allowed, n.Data) {
			return fmt.Errorf("a plan put <%s> into\n%s", n.Data, md)
		}
		if n.Type == nethtml.TextNode && n.Parent.Data != "code" && regexp.MustCompile(`(^|\W)[@#!]\w|https?:`).MatchString(n.Data) {
			return fmt.Errorf("a plan mentions somebody in %q of\n%s", n.Data, md)
		}
	}
	return nil
}
