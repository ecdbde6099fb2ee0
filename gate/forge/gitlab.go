package forge

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"github.com/holdfast-gate/holdfast/gate/lazy"
)

// What GitLab refuses (docs.gitlab.com API "notes" and "commits", and its
// limits): lengths are in characters, and bytes are never fewer.
const (
	gitLabNote   = 1_000_000
	gitLabStatus = 255
)

// A GitLab says a review in a merge request: as a note, and as an external
// status of the commit. The token of a job may do neither; without another one
// it asks nothing of GitLab.
type GitLab struct {
	Change Change

	client *Client
	denied bool // no status is allowed
}

// NewGitLab says reviews of a change with the token and the API of c.
func NewGitLab(c Client, change Change) *GitLab {
	c.header = http.Header{"Private-Token": {c.Token}}
	return &GitLab{client: &c, Change: change, denied: c.Token == ""}
}

// Hold sets a status that has not been decided. A token that may not is no
// error.
func (g *GitLab) Hold(ctx context.Context, s Subject, why string) error {
	if g.denied {
		return nil
	}
	err := g.setStatus(ctx, s, "running", why)
	// A status that runs cannot be made to run, so it is held.
	if r := (*refusal)(nil); errors.As(err, &r) && r.status == http.StatusBadRequest && strings.Contains(r.said, "Cannot transition status") {
		err = nil
	}
	if g.denied = refused(err); g.denied {
		err = nil
	}
	return err
}

// Say says a review. GitLab has no notes at lines but those of its Code Quality
// report.
func (g *GitLab) Say(ctx context.Context, r Review) (Said, error) {
	var said Said
	var errs []error
	if !g.denied {
		state := "failed"
		if r.Outcome == Allowed {
			state = "success"
		}
		err := g.setStatus(ctx, r.Subject, state, r.Title)
		said.Status = err == nil
		if !refused(err) {
			errs = append(errs, err)
		}
	}
	if g.Change.Number > 0 && g.client.Token != "" {
		err := g.note(ctx, r)
		said.Superseded = errors.Is(err, errSuperseded)
		said.Comment = err == nil
		if !said.Superseded && !refused(err) {
			errs = append(errs, err)
		}
	}
	return said, errors.Join(errs...)
}

func (g *GitLab) setStatus(ctx context.Context, s Subject, state, text string) error {
	in := map[string]string{"state": state, "name": s.Name(), "description": cut(text, gitLabStatus)}
	if g.Change.Log != "" {
		in["target_url"] = g.Change.Log
	}
	if g.Change.pipeline != "" {
		in["pipeline_id"] = g.Change.pipeline
	}
	_, err := g.client.do(ctx, call{method: http.MethodPost, path: g.project("/statuses/" + g.Change.Head), in: in})
	return err
}

func (g *GitLab) note(ctx context.Context, r Review) error {
	var me struct {
		Username string `json:"username"`
	}
	if _, err := g.client.do(ctx, call{method: http.MethodGet, path: "/user", out: &me}); err != nil {
		return err
	}
	if me.Username == "" {
		// Without a name nobody's notes are ours.
		return errors.New("GitLab does not say whom the token speaks for, so that no note can be told to be ours")
	}
	request := g.project("/merge_requests/" + strconv.Itoa(g.Change.Number))
	t := thread{
		Client: g.client,
		list:   request + "/notes",
		item:   request + "/notes/",
		verb:   http.MethodPut,
		current: func(ctx context.Context) (string, error) {
			var m struct {
				SHA string `json:"sha"`
			}
			_, err := g.client.do(ctx, call{method: http.MethodGet, path: request, out: &m})
			return m.SHA, err
		},
	}
	return t.keep(ctx, me.Username, mark{r.key(), g.Change.Head, r.At}, r.Body(gitLabNote-markSize))
}

func (g *GitLab) project(path string) string { return "/projects/" + g.Change.Repository + path }

var number = lazy.MustCompile(`^[0-9]+$`)

// GitLabChange is what a job of GitLab CI is about, by its environment. Of a
// merge that GitLab made to try it, the commit is that of the source branch.
func GitLabChange(getenv func(string) string) (Change, error) {
	c := Change{
		Repository: getenv("CI_PROJECT_ID"),
		Head:       getenv("CI_MERGE_REQUEST_SOURCE_BRANCH_SHA"),
		Base:       getenv("CI_MERGE_REQUEST_TARGET_BRANCH_NAME"),
		Log:        getenv("CI_JOB_URL"),
	}
	if c.Head == "" {
		c.Head, c.pipeline = getenv("CI_COMMIT_SHA"), getenv("CI_PIPELINE_ID")
	}
	c.Number, _ = strconv.Atoi(getenv("CI_MERGE_REQUEST_IID"))
	if !number().MatchString(c.Repository) || !sha().MatchString(c.Head) || c.Number < 1 || c.Base == "" {
		return Change{}, fmt.Errorf("this job is not about a merge request\nRun it with rules: [{if: $CI_PIPELINE_SOURCE == \"merge_request_event\"}]")
	}
	return c, nil
}
