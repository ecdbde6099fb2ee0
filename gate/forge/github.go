package forge

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/holdfast-gate/holdfast/gate/lazy"
)

// What GitHub refuses (docs.github.com REST API "check runs", "commit statuses"
// and "issue comments"): lengths are in characters, and bytes are never fewer.
const (
	gitHubComment     = 65_536
	gitHubSummary     = 65_535
	gitHubStatus      = 140 // of the description of a commit status
	gitHubTitle       = 255
	gitHubAnnotations = 50 // in one request
	gitHubAnnotation  = 16_000
)

// A GitHub says a review in a pull request, or on the commit of a merge group.
// Hold may be called before Say.
type GitHub struct {
	Change Change

	client  *Client
	graphql string
	run     int64 // check run that was begun
	status  bool  // there are commit statuses instead
	denied  bool  // neither is allowed
}

// NewGitHub says reviews of a change with the token and the API of c. graphql is
// the address of the GraphQL API.
func NewGitHub(c Client, graphql string, change Change) *GitHub {
	c.header = http.Header{
		"Authorization":        {"Bearer " + c.Token},
		"Accept":               {"application/vnd.github+json"},
		"X-Github-Api-Version": {"2022-11-28"},
	}
	return &GitHub{client: &c, graphql: graphql, Change: change, denied: c.Token == ""}
}

type annotation struct {
	Path    string `json:"path"`
	Start   int    `json:"start_line"`
	End     int    `json:"end_line"`
	Level   string `json:"annotation_level"`
	Title   string `json:"title"`
	Message string `json:"message"`
}

type checkOutput struct {
	Title       string       `json:"title"`
	Summary     string       `json:"summary"`
	Annotations []annotation `json:"annotations,omitempty"`
}

type checkRun struct {
	Name       string       `json:"name,omitempty"`
	Head       string       `json:"head_sha,omitempty"`
	Log        string       `json:"details_url,omitempty"`
	Status     string       `json:"status,omitempty"`
	Conclusion string       `json:"conclusion,omitempty"`
	Output     *checkOutput `json:"output,omitempty"`
}

// Hold sets a status that has not been decided, so that nothing can be merged
// by it. A token that may not is no error.
func (g *GitHub) Hold(ctx context.Context, s Subject, why string) error {
	if g.denied {
		return nil
	}
	var made struct {
		ID int64 `json:"id"`
	}
	_, err := g.client.do(ctx, call{method: http.MethodPost, path: g.repo("/check-runs"), out: &made, in: checkRun{
		Name: s.Name(), Head: g.Change.Head, Log: g.Change.Log, Status: "in_progress", Output: &checkOutput{Title: cut(why, gitHubTitle), Summary: why},
	}})
	g.run = made.ID
	// Only Apps may make check runs, and the token of a job is one; people may
	// still set a status.
	if refused(err) {
		g.status = true
		err = g.setStatus(ctx, s, "pending", why)
	}
	if refused(err) {
		g.status, g.denied = false, true
		err = nil
	}
	return err
}

// Say says a review. An error leaves the status held, which nothing can be
// merged by either.
func (g *GitHub) Say(ctx context.Context, r Review) (Said, error) {
	var said Said
	if g.run == 0 && !g.status && !g.denied {
		if err := g.Hold(ctx, r.Subject, r.Title); err != nil {
			return said, err
		}
	}
	var errs []error
	if !g.denied {
		err := g.conclude(ctx, r)
		said.Status, said.Notes = err == nil, err == nil && g.run != 0
		errs = append(errs, err)
	}
	if g.Change.Number > 0 && g.client.Token != "" {
		err := g.comment(ctx, r)
		said.Superseded = errors.Is(err, errSuperseded)
		said.Comment = err == nil
		if !said.Superseded && !refused(err) {
			errs = append(errs, err)
		}
	}
	return said, errors.Join(errs...)
}

// conclude ends the status. The notes go first, in portions, and the conclusion
// with the last of them: a check run that is half written is not concluded.
func (g *GitHub) conclude(ctx context.Context, r Review) error {
	if g.run == 0 {
		state := map[Outcome]string{Allowed: "success", Blocked: "failure"}[r.Outcome]
		if state == "" {
			state = "error"
		}
		return g.setStatus(ctx, r.Subject, state, r.Title)
	}
	output := checkOutput{Title: cut(r.Title, gitHubTitle), Summary: r.Body(gitHubSummary)}
	notes := annotations(r.Notes)
	for {
		n := min(len(notes), gitHubAnnotations)
		output.Annotations, notes = notes[:n], notes[n:]
		in := checkRun{Status: "in_progress", Output: &output}
		if len(notes) == 0 {
			in.Status, in.Conclusion = "completed", "failure"
			if r.Outcome == Allowed {
				in.Conclusion = "success"
			}
		}
		// Notes that were taken though the answer was lost are shown twice if they
		// are sent again; a status that is never concluded would be worse.
		if _, err := g.client.do(ctx, call{method: http.MethodPatch, path: g.repo(fmt.Sprintf("/check-runs/%d", g.run)), in: in}); err != nil || len(notes) == 0 {
			return err
		}
	}
}

func annotations(notes []Note) []annotation {
	out := make([]annotation, len(notes))
	for i, n := range notes {
		out[i] = annotation{n.File, n.Line, n.Line, "warning", cut(n.Title, gitHubTitle), cut(n.Message, gitHubAnnotation)}
		if n.Stops {
			out[i].Level = "failure"
		}
	}
	return out
}

func (g *GitHub) setStatus(ctx context.Context, s Subject, state, text string) error {
	in := map[string]string{"state": state, "context": s.Name(), "description": cut(text, gitHubStatus)}
	if g.Change.Log != "" {
		in["target_url"] = g.Change.Log
	}
	_, err := g.client.do(ctx, call{method: http.MethodPost, path: g.repo("/statuses/" + g.Change.Head), in: in})
	return err
}

func (g *GitHub) comment(ctx context.Context, r Review) error {
	me, err := g.viewer(ctx)
	if err != nil {
		return err
	}
	t := thread{
		Client: g.client,
		list:   g.repo(fmt.Sprintf("/issues/%d/comments", g.Change.Number)),
		item:   g.repo("/issues/comments/"),
		verb:   http.MethodPatch,
		current: func(ctx context.Context) (string, error) {
			change, err := g.pull(ctx, g.Change.Number)
			return change.Head, err
		},
	}
	return t.keep(ctx, me, mark{r.key(), g.Change.Head, r.At}, r.Body(gitHubComment-markSize))
}

// viewer is who the token speaks for. The REST API does not tell that to the
// token of a job ("Resource not accessible by integration").
func (g *GitHub) viewer(ctx context.Context) (string, error) {
	var answer struct {
		Data struct {
			Viewer struct {
				Login string `json:"login"`
			} `json:"viewer"`
		} `json:"data"`
	}
	_, err := g.client.do(ctx, call{method: http.MethodPost, path: g.graphql, in: map[string]string{"query": "{viewer{login}}"}, out: &answer})
	if err == nil && answer.Data.Viewer.Login == "" {
		// Without a name nobody's comments are ours.
		return "", errors.New("GitHub does not say whom the token speaks for, so that no comment can be told to be ours")
	}
	return answer.Data.Viewer.Login, err
}

type gitHubPull struct {
	Number int `json:"number"`
	Head   struct {
		SHA string `json:"sha"`
	} `json:"head"`
	Base struct {
		Ref string `json:"ref"`
	} `json:"base"`
}

func (p gitHubPull) change() Change {
	return Change{Number: p.Number, Head: p.Head.SHA, Base: p.Base.Ref}
}

func (g *GitHub) pull(ctx context.Context, number int) (Change, error) {
	var p gitHubPull
	_, err := g.client.do(ctx, call{method: http.MethodGet, path: g.repo(fmt.Sprintf("/pulls/%d", number)), out: &p})
	return p.change(), err
}

// Pull asks for a pull request that no event is about, for a job that reviews
// it again on a schedule, and makes it the one to say reviews in.
func (g *GitHub) Pull(ctx context.Context, number int) error {
	c, err := g.pull(ctx, number)
	if err != nil {
		return err
	}
	c.Repository, c.Log = g.Change.Repository, g.Change.Log
	if !sha().MatchString(c.Head) || c.Base == "" || c.Number != number {
		return fmt.Errorf("GitHub does not say what commit pull request %d is at", number)
	}
	g.Change = c
	return nil
}

func (g *GitHub) repo(path string) string { return "/repos/" + g.Change.Repository + path }

var (
	sha        = lazy.MustCompile(`^[0-9a-f]{40}([0-9a-f]{24})?$`)
	repository = lazy.MustCompile(`^[0-9A-Za-z_.-]+/[0-9A-Za-z_.-]+$`)
)

// GitHubChange is what a job of GitHub Actions is about, by the environment of
// the job and the event that started it: a pull request, or a merge group.
// Of any other event only the repository is known. The commit is that of the
// pull request, not the merge of it that is checked out.
func GitHubChange(getenv func(string) string, event []byte) (Change, error) {
	var e struct {
		Pull  *gitHubPull `json:"pull_request"`
		Group *struct {
			Head string `json:"head_sha"`
			Base string `json:"base_ref"`
		} `json:"merge_group"`
	}
	if err := json.Unmarshal(event, &e); err != nil {
		return Change{}, fmt.Errorf("the event that started the job cannot be read: %w", err)
	}
	var c Change
	switch {
	case e.Pull != nil:
		c = e.Pull.change()
	case e.Group != nil:
		c = Change{Head: e.Group.Head, Base: strings.TrimPrefix(e.Group.Base, "refs/heads/")}
	}
	c.Repository = getenv("GITHUB_REPOSITORY")
	if server, run := getenv("GITHUB_SERVER_URL"), getenv("GITHUB_RUN_ID"); server != "" && run != "" {
		c.Log = server + "/" + c.Repository + "/actions/runs/" + run
	}
	if !repository().MatchString(c.Repository) {
		return Change{}, fmt.Errorf("GITHUB_REPOSITORY=%q is not a repository\nRun this in a job of GitHub Actions, which sets it", c.Repository)
	}
	if (e.Pull != nil || e.Group != nil) && (!sha().MatchString(c.Head) || c.Base == "") {
		return Change{}, errors.New("the event that started the job does not say what commit is reviewed, or where it is to go\nRun this on pull_request or merge_group")
	}
	return c, nil
}
