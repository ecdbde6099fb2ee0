package forge

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/holdfast-gate/holdfast/gate/forge/forgetest"
)

func TestFirstReview(t *testing.T) {
	server := job()
	g := onGitHub(server, new(waits), head)
	if err := g.Hold(t.Context(), root, "waits until search has settled"); err != nil {
		t.Fatal(err)
	}
	if run := server.Runs()[0]; run.Name != "holdfast (infra, prod)" || run.Head != head || run.Status != "in_progress" || run.Conclusion != "" {
		t.Errorf("held: got %+v", run)
	}
	r := review("text", noon())
	r.Notes = notes(2)
	said, err := g.Say(t.Context(), r)
	if err != nil || said != (Said{Status: true, Notes: true, Comment: true}) {
		t.Errorf("got %+v, %v", said, err)
	}
	asked(t, server.Requests(), "POST /check-runs", "PATCH /check-runs/1", "POST /graphql", "GET /issues/7/comments", "GET /pulls/7", "POST /issues/7/comments", "GET /issues/7/comments")
	run := server.Runs()[0]
	if run.Status != "completed" || run.Conclusion != "failure" || run.Title != r.Title || run.Summary != "text" || len(run.Annotations) != 2 || run.Annotations[0].Level != "failure" || run.Annotations[1].Level != "warning" {
		t.Errorf("got %+v", run)
	}
	if c := server.Comments(); len(c) != 1 || body(c[0]) != "text" || !strings.HasPrefix(c[0].Body, "<!-- holdfast review=") {
		t.Errorf("got %+v", c)
	}
}

func TestUpdateInPlace(t *testing.T) {
	server := job()
	for i, text := range []string{"first", "second"} {
		server.Requests()
		said, err := onGitHub(server, new(waits), head).Say(t.Context(), review(text, noon().Add(time.Duration(i)*time.Minute)))
		if err != nil || !said.Comment {
			t.Fatalf("got %+v, %v", said, err)
		}
	}
	asked(t, server.Requests(), "POST /check-runs", "PATCH /check-runs/2", "POST /graphql", "GET /issues/7/comments", "GET /pulls/7", "PATCH /issues/comments/1", "GET /issues/7/comments")
	if c := server.Comments(); len(c) != 1 || body(c[0]) != "second" {
		t.Errorf("got %+v", c)
	}
}

func TestNoChange(t *testing.T) {
	server := job()
	for range 2 {
		server.Requests()
		if said, err := onGitHub(server, new(waits), head).Say(t.Context(), review("text", noon())); err != nil || !said.Comment {
			t.Fatalf("got %+v, %v", said, err)
		}
	}
	asked(t, server.Requests(), "POST /check-runs", "PATCH /check-runs/2", "POST /graphql", "GET /issues/7/comments")
}

// Each directory and each workspace has a comment of its own.
func TestSubjectsHaveTheirOwn(t *testing.T) {
	server := job()
	for _, s := range []Subject{{"a", "default"}, {"a", "prod"}, {"b", "prod"}, {"a", "prod"}} {
		r := review(s.Name(), noon())
		r.Subject = s
		if _, err := onGitHub(server, new(waits), head).Say(t.Context(), r); err != nil {
			t.Fatal(err)
		}
	}
	var got []string
	for _, c := range server.Comments() {
		got = append(got, body(c))
	}
	if !slices.Equal(got, []string{"holdfast (a)", "holdfast (a, prod)", "holdfast (b, prod)"}) {
		t.Errorf("got %q", got)
	}
}

// Whoever quotes our mark, or forges it, keeps their comment, and we have our
// own.
func TestSomebodyElsesComment(t *testing.T) {
	server := job()
	forged := mark{root.key(), head, noon().Add(time.Hour)}.String() + "ALLOWED, trust me"
	server.Write("mallory", forged)
	server.Write("mallory", "> "+forged)
	server.Write("github-actions[bot]", "> "+forged)
	for i, text := range []string{"first", "second"} {
		if _, err := onGitHub(server, new(waits), head).Say(t.Context(), review(text, noon().Add(time.Duration(i)*time.Minute))); err != nil {
			t.Fatal(err)
		}
	}
	c := server.Comments()
	if len(c) != 4 || c[0].Body != forged || c[1].Body != "> "+forged || c[2].Body != "> "+forged || body(c[3]) != "second" {
		t.Errorf("got %+v", c)
	}
}

// Ours is found on whatever page it is.
func TestManyComments(t *testing.T) {
	server := job()
	if _, err := onGitHub(server, new(waits), head).Say(t.Context(), review("first", noon())); err != nil {
		t.Fatal(err)
	}
	ours := server.Comments()[0]
	many := job()
	for range 250 {
		many.Write("somebody", "hello")
	}
	many.Write("github-actions[bot]", ours.Body)
	for range 120 {
		many.Write("somebody", "hello")
	}
	if _, err := onGitHub(many, new(waits), head).Say(t.Context(), review("second", noon().Add(time.Minute))); err != nil {
		t.Fatal(err)
	}
	if c := many.Comments(); len(c) != 371 || body(c[250]) != "second" {
		t.Errorf("got %d comments", len(c))
	}
}

// Of a run that was killed, or of two at once, comments may be left.
func TestComesToOne(t *testing.T) {
	server := job()
	for i, text := range []string{"old", "newest", "new"} {
		server.Write("github-actions[bot]", mark{root.key(), head, noon().Add([]time.Duration{0, 3, 1}[i] * time.Minute)}.String()+text)
	}
	said, err := onGitHub(server, new(waits), head).Say(t.Context(), review("mine", noon().Add(2*time.Minute)))
	if err != nil || !said.Superseded || said.Comment {
		t.Errorf("got %+v, %v", said, err)
	}
	if c := server.Comments(); len(c) != 1 || c[0].ID != 1 || body(c[0]) != "newest" {
		t.Errorf("got %+v", c)
	}
}

// A job for a commit that is no longer the head says nothing in the thread, and
// one for the head says it whatever the clock of another machine was.
func TestMovedOn(t *testing.T) {
	server := job()
	server.Push(other)
	if said, err := onGitHub(server, new(waits), other).Say(t.Context(), review("of the head", noon().Add(-time.Hour))); err != nil || !said.Comment {
		t.Fatalf("got %+v, %v", said, err)
	}
	server.Requests()
	g := onGitHub(server, new(waits), head)
	g.denied = true // the simulated GitHub knows no commit but the head
	if said, err := g.Say(t.Context(), review("late", noon())); err != nil || !said.Superseded {
		t.Errorf("got %+v, %v", said, err)
	}
	asked(t, server.Requests(), "POST /graphql", "GET /issues/7/comments", "GET /pulls/7")
	if c := server.Comments(); len(c) != 1 || body(c[0]) != "of the head" {
		t.Errorf("got %+v", c)
	}
}

// The token of a fork reads. Nothing is asked twice, and what cannot be said
// is told.
func TestFork(t *testing.T) {
	server := job()
	server.Check, server.Status, server.Comment = false, false, false
	g := onGitHub(server, new(waits), head)
	if err := g.Hold(t.Context(), root, "being judged"); err != nil {
		t.Fatal(err)
	}
	said, err := g.Say(t.Context(), review("text", noon()))
	if err != nil || said != (Said{}) {
		t.Errorf("got %+v, %v", said, err)
	}
	asked(t, server.Requests(), "POST /check-runs", "POST /statuses/"+head, "POST /graphql", "GET /issues/7/comments", "GET /pulls/7", "POST /issues/7/comments")
}

func TestNoToken(t *testing.T) {
	server := job()
	c := client(server, "https://api.github.com", new(waits))
	c.Token = ""
	g := NewGitHub(c, "https://api.github.com/graphql", Change{Repository: "acme/infra", Number: 7, Head: head, Base: "main"})
	if err := g.Hold(t.Context(), root, "being judged"); err != nil {
		t.Fatal(err)
	}
	if said, err := g.Say(t.Context(), review("text", noon())); err != nil || said != (Said{}) {
		t.Errorf("got %+v, %v", said, err)
	}
	asked(t, server.Requests())
}

// A token that is wrong is a mistake, not a fork.
func TestBadToken(t *testing.T) {
	c := client(job(), "https://api.github.com", new(waits))
	c.Token = "expired"
	g := NewGitHub(c, "https://api.github.com/graphql", Change{Repository: "acme/infra", Number: 7, Head: head, Base: "main"})
	if err := g.Hold(t.Context(), root, "being judged"); err == nil || !strings.Contains(err.Error(), "Bad credentials") {
		t.Errorf("got %v", err)
	}
}

// A person's token may not make check runs, but may set a status.
func TestStatusInstead(t *testing.T) {
	server := job()
	server.App, server.Login = false, "bob"
	g := onGitHub(server, new(waits), head)
	if err := g.Hold(t.Context(), root, "being judged"); err != nil {
		t.Fatal(err)
	}
	r := review("text", noon())
	r.Title = strings.Repeat("é", 200)
	said, err := g.Say(t.Context(), r)
	if err != nil || said != (Said{Status: true, Comment: true}) {
		t.Errorf("got %+v, %v", said, err)
	}
	var states []string
	for _, s := range server.Statuses() {
		states = append(states, s.Name+" "+s.State)
	}
	if !slices.Equal(states, []string{"holdfast (infra, prod) pending", "holdfast (infra, prod) failure"}) {
		t.Errorf("got %q", states)
	}
}

// A status passes on Allowed and on nothing else.
func TestOutcomes(t *testing.T) {
	for outcome, want := range map[Outcome][2]string{Allowed: {"success", "success"}, Blocked: {"failure", "failure"}, Undecided: {"failure", "error"}, Allowed + 1: {"failure", "error"}} {
		for i, app := range []bool{true, false} {
			server := job()
			server.App = app
			r := review("text", noon())
			r.Outcome = outcome
			if _, err := onGitHub(server, new(waits), head).Say(t.Context(), r); err != nil {
				t.Fatal(err)
			}
			got := ""
			if app {
				got = server.Runs()[0].Conclusion
			} else {
				got = server.Statuses()[1].State
			}
			if got != want[i] {
				t.Errorf("outcome %d, app %v: got %s, want %s", outcome, app, got, want[i])
			}
		}
	}
}

// 120 annotations take three requests, and the conclusion is in the last.
func TestManyAnnotations(t *testing.T) {
	server := job()
	r := review("text", noon())
	r.Notes = notes(120)
	r.Notes[3].Message = strings.Repeat("x", 70_000)
	if _, err := onGitHub(server, new(waits), head).Say(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	run := server.Runs()[0]
	if len(run.Annotations) != 120 || run.Calls != 4 || run.Conclusion != "failure" || run.Annotations[119].Start != 120 {
		t.Errorf("got %d annotations in %d requests, %s", len(run.Annotations), run.Calls, run.Conclusion)
	}
}

// Where a portion is refused the run is not concluded.
func TestHalfWrittenIsNotConcluded(t *testing.T) {
	server := job()
	r := review("text", noon())
	r.Outcome, r.Notes = Allowed, notes(60)
	r.Notes[55].Message = ""
	said, err := onGitHub(server, new(waits), head).Say(t.Context(), r)
	if err == nil || said.Status || !said.Comment {
		t.Errorf("got %+v, %v", said, err)
	}
	if run := server.Runs()[0]; run.Status != "in_progress" || run.Conclusion != "" {
		t.Errorf("got %+v", run)
	}
}

// A report of any size is told how much there is room for.
func TestLargeReport(t *testing.T) {
	server := job()
	r := review("", noon())
	var limits []int
	r.Body = func(limit int) string {
		limits = append(limits, limit)
		return strings.Repeat("x", min(limit, 70_000))
	}
	said, err := onGitHub(server, new(waits), head).Say(t.Context(), r)
	if err != nil || said != (Said{Status: true, Notes: true, Comment: true}) {
		t.Errorf("got %+v, %v", said, err)
	}
	if !slices.Equal(limits, []int{65_535, 65_336}) {
		t.Errorf("got limits %v", limits)
	}
	r.Body = func(int) string { return strings.Repeat("x", 70_000) }
	if said, err := onGitHub(server, new(waits), head).Say(t.Context(), r); err == nil || said.Status || said.Comment {
		t.Errorf("a report that is too large: got %+v, %v", said, err)
	}
}

// The comment may have been made though the answer was lost.
func TestLostAnswers(t *testing.T) {
	for _, after := range []bool{true, false} {
		for _, request := range []string{"POST /issues/7/comments", "GET /issues/7/comments", "GET /pulls/7", "POST /graphql", "POST /check-runs", "PATCH /check-runs/1"} {
			server, slept := job(), waits{}
			method, path, _ := strings.Cut(request, " ")
			server.Fail(method, path, forgetest.Fault{Status: http.StatusBadGateway, After: after})
			said, err := onGitHub(server, &slept, head).Say(t.Context(), review("text", noon()))
			if err != nil || said != (Said{Status: true, Notes: true, Comment: true}) {
				t.Errorf("%s, done %v: got %+v, %v", request, after, said, err)
			}
			if c := server.Comments(); len(c) != 1 || len(slept) != 1 {
				t.Errorf("%s, done %v: got %d comments, waits %v", request, after, len(c), slept)
			}
			runs := server.Runs()
			if last := runs[len(runs)-1]; last.Conclusion != "failure" {
				t.Errorf("%s, done %v: got %+v", request, after, last)
			}
		}
	}
}

// A forge that is down is an error, after a bounded number of requests.
func TestDown(t *testing.T) {
	n := 0
	down := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { n++; w.WriteHeader(http.StatusServiceUnavailable) })
	said, err := onGitHub(down, new(waits), head).Say(t.Context(), review("text", noon()))
	if err == nil || said != (Said{}) || n > 20 {
		t.Errorf("got %+v, %v after %d requests", said, err, n)
	}
}

// Two reviews of one head at once, in every order in which their requests can
// come: there is one comment in the end, it is one of the two as a whole, and it
// is the later one unless the earlier job stood between its last look and its
// change while the later one came and went.
func TestTwoAtOnce(t *testing.T) {
	const turns = 10
	lost := 0
	for order := range 2 << turns {
		server := job()
		if order>>turns == 1 { // there is one from before
			server.Write(server.Login, mark{root.key(), head, noon().Add(-time.Hour)}.String()+"before")
		}
		server.Check, server.Status = false, false
		jobs := []*turn{newTurn(server), newTurn(server)}
		for i, j := range jobs {
			g := onGitHub(j, new(waits), head)
			g.denied = true
			go func() {
				defer close(j.done)
				_, j.err = g.Say(t.Context(), review([]string{"earlier", "later"}[i], noon().Add(time.Duration(i)*time.Second)))
			}()
		}
		var played []int
		for i := 0; jobs[0].runs() || jobs[1].runs(); i++ {
			next := order >> i & 1
			if !jobs[next].runs() {
				next = 1 - next
			}
			jobs[next].let()
			played = append(played, next)
		}
		if jobs[0].err != nil || jobs[1].err != nil {
			t.Fatalf("order %v: got %v and %v", played, jobs[0].err, jobs[1].err)
		}
		c := server.Comments()
		if len(c) != 1 || body(c[0]) != "later" && body(c[0]) != "earlier" {
			t.Fatalf("order %v: got %+v", played, c)
		}
		if body(c[0]) == "earlier" {
			lost++
			if log := jobs[0].log; !slices.ContainsFunc(log, func(r string) bool { return strings.HasPrefix(r, "PATCH") }) {
				t.Fatalf("order %v: the earlier review stands though its job only made it: %v", played, log)
			}
			// Whoever comes next puts it right.
			if _, err := onGitHub(server, new(waits), head).Say(t.Context(), review("next", noon().Add(time.Minute))); err == nil && body(server.Comments()[0]) != "next" {
				t.Fatalf("order %v: got %+v", played, server.Comments())
			}
		}
	}
	if lost == 0 || lost > 1<<turns/4 {
		t.Errorf("the earlier review stood in %d of %d orders; that it can is known, and that it is rare", lost, 2<<turns)
	}
}

// A turn is a job that makes a request only when it is let.
type turn struct {
	http.Handler
	wants, gate, done chan struct{}
	log               []string
	err               error
	waiting           bool
}

func newTurn(h http.Handler) *turn {
	return &turn{Handler: h, wants: make(chan struct{}), gate: make(chan struct{}), done: make(chan struct{})}
}

func (j *turn) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	j.wants <- struct{}{}
	<-j.gate
	j.log = append(j.log, r.Method+" "+r.URL.Path)
	j.Handler.ServeHTTP(w, r)
}

// runs waits until the job wants to make a request, or has ended.
func (j *turn) runs() bool {
	if j.waiting {
		return true
	}
	select {
	case <-j.wants:
		j.waiting = true
	case <-j.done:
	}
	return j.waiting
}

// let lets the job make its request; runs returns when that was answered.
func (j *turn) let() {
	j.waiting = false
	j.gate <- struct{}{}
	j.runs()
}

func TestGitHubChange(t *testing.T) {
	env := map[string]string{"GITHUB_REPOSITORY": "acme/infra", "GITHUB_SERVER_URL": "https://github.com", "GITHUB_RUN_ID": "9"}
	getenv := func(name string) string { return env[name] }
	const log = "https://github.com/acme/infra/actions/runs/9"
	for event, want := range map[string]Change{
		`{"action":"synchronize","number":7,"pull_request":{"number":7,"head":{"sha":"` + head + `"},"base":{"ref":"main","sha":"` + other + `"}}}`: {Repository: "acme/infra", Number: 7, Head: head, Base: "main", Log: log},
		`{"action":"checks_requested","merge_group":{"head_sha":"` + head + `","base_ref":"refs/heads/main","base_sha":"` + other + `"}}`:           {Repository: "acme/infra", Head: head, Base: "main", Log: log},
		`{"schedule":"*/10 * * * *"}`: {Repository: "acme/infra", Log: log},
	} {
		if got, err := GitHubChange(getenv, []byte(event)); err != nil || got != want {
			t.Errorf("%s: got %+v, %v", event, got, err)
		}
	}
	for _, event := range []string{"", "[]", `{"pull_request":{"number":7,"head":{"sha":"main"},"base":{"ref":"main"}}}`, `{"merge_group":{"head_sha":"` + head + `"}}`} {
		if got, err := GitHubChange(getenv, []byte(event)); err == nil {
			t.Errorf("%s: got %+v", event, got)
		}
	}
	env["GITHUB_REPOSITORY"] = "acme/infra/../other"
	if got, err := GitHubChange(getenv, []byte("{}")); err == nil {
		t.Errorf("got %+v", got)
	}
}

// A merge group has a status and no thread.
func TestMergeGroup(t *testing.T) {
	server := job()
	g := onGitHub(server, new(waits), head)
	g.Change.Number = 0
	r := review("text", noon())
	r.Outcome = Allowed
	if said, err := g.Say(t.Context(), r); err != nil || said != (Said{Status: true, Notes: true}) {
		t.Errorf("got %+v, %v", said, err)
	}
	asked(t, server.Requests(), "POST /check-runs", "PATCH /check-runs/1")
}

// A job on a schedule asks what a pull request is at.
func TestPull(t *testing.T) {
	server := job()
	server.Push(other)
	g := onGitHub(server, new(waits), "")
	if err := g.Pull(t.Context(), 7); err != nil || g.Change.Head != other || g.Change.Base != "main" || g.Change.Number != 7 || g.Change.Repository != "acme/infra" {
		t.Errorf("got %+v, %v", g.Change, err)
	}
	if err := g.Pull(t.Context(), 8); err == nil {
		t.Error("there is no pull request 8")
	}
}
