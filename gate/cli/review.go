package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/holdfast-gate/holdfast/gate"
	"github.com/holdfast-gate/holdfast/gate/forge"
	"github.com/holdfast-gate/holdfast/gate/git"
	"github.com/holdfast-gate/holdfast/gate/terraform"
)

// reviewOptions is one run of review.
type reviewOptions struct {
	*global
	plan      string // plan file or JSON; "-" is JSON on stdin
	live      string // snapshot file; empty means AWS is read
	policy    string // file of the policy; empty means that of the base branch
	base      string // revision of the base branch; empty means as origin has it
	pull      int    // pull request to review; zero means that of the job's event
	workspace string // of the plan; empty means the one that terraform would use
}

func newReview(g *global, runF func(context.Context, *reviewOptions) error) *cobra.Command {
	o := &reviewOptions{global: g}
	cmd := &cobra.Command{
		Use:   "review PLAN",
		Short: "Judge the plan of a pull or merge request, and say so there",
		Long: `Judge the plan of a pull or merge request in a job of GitHub Actions or of
GitLab CI, and say so where it is reviewed: in one comment for each directory
and workspace, which is kept up to date, and as a status of the commit. Where
the token may not, it is said in the log, in annotations, and in the summary of
the job.

The policy, holdfast.hcl, is that of the branch that the change is to go into,
or the one of --policy; never that of the change itself.

A review is about its moment. With --wait the status is held until the clusters
have settled; run review again, on a schedule, to keep it fresh. At apply the
gate decides anew, whatever a review said.

The token is that of GITHUB_TOKEN, or of HOLDFAST_GITLAB_TOKEN or GITLAB_TOKEN.

Exit status: 0 allowed, 1 could not decide or say so, 3 blocked.`,
		Args: onePlan,
		RunE: func(cmd *cobra.Command, args []string) error {
			o.plan = args[0]
			if runF != nil {
				return runF(cmd.Context(), o)
			}
			return runReview(cmd.Context(), o)
		},
	}
	f := cmd.Flags()
	f.StringVar(&o.live, "live", "", "judge against a snapshot that holdfast snapshot saved, not against AWS")
	f.StringVar(&o.policy, "policy", "", "take the policy from this file, which must not be part of the change (default: holdfast.hcl of the base branch)")
	f.StringVar(&o.base, "base", "", "revision of the base branch (default: refs/remotes/origin/BRANCH)")
	f.IntVar(&o.pull, "pull-request", 0, "review this pull request, in a job that no pull request started; it must be checked out")
	f.StringVar(&o.workspace, "workspace", "", "workspace of the plan (default: the one that terraform would use here)")
	return cmd
}

// A forgeHost is where a review is said.
type forgeHost interface {
	Hold(ctx context.Context, s forge.Subject, why string) error
	Say(ctx context.Context, r forge.Review) (forge.Said, error)
}

func runReview(ctx context.Context, o *reviewOptions) error {
	repo, err := git.Open(ctx, o.chdir)
	if err != nil {
		return fmt.Errorf("what is reviewed is not in a repository: %w\nRun review in the checkout of the change, and let git trust it", err)
	}
	host, change, err := o.host(ctx, repo)
	if err != nil {
		return err
	}
	r := reviewing{reviewOptions: o, repo: repo, host: host, change: change}
	if r.subject, err = o.subject(repo); err != nil {
		return err
	}
	if err := host.Hold(ctx, r.subject, r.pending()); err != nil {
		fmt.Fprintf(o.Err, "holdfast: the status could not be held: %v\n", err)
	}
	verdict, err := r.judge(ctx)
	// What was found, or that nothing was, is said even by a job that is being
	// ended: the status must not stay as somebody else left it.
	saying, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Minute)
	defer cancel()
	if err != nil {
		return errors.Join(err, r.sayUndecided(saying, err))
	}
	if err := r.say(saying, verdict); err != nil {
		return err
	}
	if o.observe {
		return nil
	}
	return ended(statusOf(verdict), nil)
}

// A reviewing is a review under way.
type reviewing struct {
	*reviewOptions
	repo    *git.Repository
	host    forgeHost
	change  forge.Change
	subject forge.Subject
	policy  policy // once it was read
}

// pending says what the status waits for.
func (r *reviewing) pending() string {
	if r.wait > 0 && r.live == "" {
		return "being judged; waits for the clusters to settle, " + r.wait.String() + " at most"
	}
	return "being judged"
}

// judge gives the verdict under the policy of the base branch.
func (r *reviewing) judge(ctx context.Context) (_ gate.Verdict, err error) {
	// A defect decides nothing, which must be said: else the status waits for ever.
	defer func() {
		if defect := recover(); defect != nil {
			fmt.Fprintf(r.Err, "holdfast: %v\n", defect)
			err = errors.New("holdfast has a defect and decided nothing\nReport it with the log of the job; do not apply this change unchecked")
		}
	}()
	if r.policy, err = r.readPolicy(ctx); err != nil {
		return gate.Verdict{}, err
	}
	gt := r.gateUnder(r.policy.config)
	if r.live != "" {
		gt.Wait = 0 // what was saved does not settle
		if gt.Live, err = saved(r.live); err != nil {
			return gate.Verdict{}, err
		}
	}
	return gt.Check(ctx, r.inDir(r.plan), r.In)
}

// host is the forge that the job runs on, and what the job is about.
func (o *reviewOptions) host(ctx context.Context, repo *git.Repository) (forgeHost, forge.Change, error) {
	env := func(name string) string { return terraform.Getenv(o.Env, name) }
	client := forge.Client{Agent: "holdfast/" + buildVersion(), Now: o.Now, Sleep: o.Sleep}
	switch {
	case env("GITHUB_ACTIONS") == "true":
		client.API, client.Token = orDefault(env("GITHUB_API_URL"), "https://api.github.com"), env("GITHUB_TOKEN")
		event, err := os.ReadFile(env("GITHUB_EVENT_PATH"))
		if err != nil {
			return nil, forge.Change{}, errors.New("the event that started the job cannot be read\nRun review in a job of GitHub Actions, which sets GITHUB_EVENT_PATH")
		}
		change, err := forge.GitHubChange(env, event)
		if err != nil {
			return nil, change, err
		}
		g := forge.NewGitHub(client, orDefault(env("GITHUB_GRAPHQL_URL"), "https://api.github.com/graphql"), change)
		if o.pull != 0 {
			if err := g.Pull(ctx, o.pull); err != nil {
				return nil, change, fmt.Errorf("pull request %d could not be read: %w\nCheck the number, and that GITHUB_TOKEN may read it", o.pull, err)
			}
			// The status is for the commit that was planned, or for none.
			if at, err := repo.IsAt(ctx, g.Change.Head); err != nil || !at {
				return nil, change, errors.Join(fmt.Errorf("pull request %d is at %s and something else is checked out\nCheck out refs/pull/%d/head, plan it, and review that", o.pull, g.Change.Head, o.pull), err)
			}
		}
		if g.Change.Head == "" {
			return nil, change, errors.New("the job is not about a pull request\nRun review on pull_request or merge_group, or name one with --pull-request")
		}
		return g, g.Change, nil
	case env("GITLAB_CI") == "true":
		client.API, client.Token = env("CI_API_V4_URL"), orDefault(env("HOLDFAST_GITLAB_TOKEN"), env("GITLAB_TOKEN"))
		change, err := forge.GitLabChange(env)
		return forge.NewGitLab(client, change), change, err
	}
	return nil, forge.Change{}, errors.New("this is no job of GitHub Actions or GitLab CI, so there is nowhere to say a review\nUse holdfast check -o markdown, which is the same report")
}

func orDefault(value, otherwise string) string {
	if value == "" {
		return otherwise
	}
	return value
}

// subject is what the comment and the status are about: where the plan was
// made.
func (o *reviewOptions) subject(repo *git.Repository) (forge.Subject, error) {
	dir, err := repo.Path(orDefault(o.chdir, "."))
	return forge.Subject{Dir: dir, Workspace: o.planned()}, err
}

// planned is the workspace that terraform would use here: what TF_WORKSPACE
// says, else what "terraform workspace select" wrote down.
func (o *reviewOptions) planned() string {
	name := orDefault(o.workspace, terraform.Getenv(o.Env, "TF_WORKSPACE"))
	if name == "" {
		data := orDefault(terraform.Getenv(o.Env, "TF_DATA_DIR"), ".terraform")
		// No such file means that none was selected.
		selected, _ := os.ReadFile(o.inDir(filepath.Join(data, "environment")))
		name = strings.TrimSpace(string(selected))
	}
	return orDefault(name, "default")
}
