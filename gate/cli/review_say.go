package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/holdfast-gate/holdfast/gate"
	"github.com/holdfast-gate/holdfast/gate/forge"
	"github.com/holdfast-gate/holdfast/gate/report"
	"github.com/holdfast-gate/holdfast/gate/terraform"
)

// say says a verdict in the log, in files, and on the forge. Where it is
// allowed and cannot be said, it is not allowed.
func (r *reviewing) say(ctx context.Context, v gate.Verdict) error {
	o := r.reportOptions(nil)
	o.Place, o.Root = r.places(r.repository())
	o.Log = r.change.Log
	body := func(limit int) string {
		top, foot := r.above(), r.below()
		o.Limit = limit - len(top) - len(foot)
		var b bytes.Buffer
		// A buffer takes everything.
		_ = report.Markdown(&b, v, o)
		return top + b.String() + foot
	}
	if r.policy.edited != "" {
		fmt.Fprintf(r.Err, "holdfast: %s\n", report.Plain(r.policy.edited))
	}
	if err := r.reporter(r.Out)(v); err != nil {
		return err
	}
	review := forge.Review{Outcome: outcomeOf(v, r.observe), Title: title(v, r.observe), Body: body, At: v.At}
	for _, n := range report.Notes(v, o) {
		review.Notes = append(review.Notes, forge.Note{File: n.File, Line: n.Line, Stops: n.Stops, Title: n.Title, Message: n.Message})
	}
	said, err := r.publish(ctx, review)
	if !said.Notes && r.onGitHub() && r.output != "github" {
		err = errors.Join(err, report.Annotations(r.Out, v, o))
	}
	return err
}

// sayUndecided says that there is no verdict, so that no earlier one stands.
func (r *reviewing) sayUndecided(ctx context.Context, why error) error {
	what, fix, _ := strings.Cut(why.Error(), "\n")
	if errors.Is(why, context.Canceled) {
		what, fix = "the job was interrupted before holdfast could decide", "Run it again"
	}
	review := forge.Review{
		Outcome: forge.Undecided, At: r.Now().UTC(), Title: report.Plain("could not decide: " + what),
		Body: func(int) string { return r.above() + report.UndecidedMarkdown(what, fix, r.Now()) },
	}
	_, err := r.publish(ctx, review)
	return err
}

// publish says a review on the forge and, on GitHub, in the summary of the
// job; and in the log what the forge did not let it say.
func (r *reviewing) publish(ctx context.Context, review forge.Review) (forge.Said, error) {
	review.Subject = r.subject
	said, err := r.host.Say(ctx, review)
	if err != nil {
		err = fmt.Errorf("the review could not be said where the change is: %w\nRun the job again", err)
	}
	if r.output != "github" || review.Outcome == forge.Undecided { // else the reporter has done so
		err = errors.Join(err, r.stepSummary(review.Body))
	}
	r.tell(said, review)
	return said, err
}

// tell says in the log where the review is, and where it could not be.
func (r *reviewing) tell(said forge.Said, review forge.Review) {
	switch {
	case said.Comment:
		fmt.Fprintf(r.Err, "The review is in the thread of the change, as %s.\n", r.subject.Name())
	case said.Superseded:
		fmt.Fprintln(r.Err, "The change has moved on or was reviewed later, so its comment was left alone.")
	case r.change.Number > 0:
		fmt.Fprintln(r.Err, "The review is not in the thread of the change: the token may not write there, or there is none. It is here and in the reports of the job.")
	}
	if !said.Status {
		fmt.Fprintln(r.Err, "No status was set on the commit; that of the job tells.")
	}
}

// onGitHub reports whether the job is one of GitHub Actions.
func (r *reviewing) onGitHub() bool { return terraform.Getenv(r.Env, "GITHUB_ACTIONS") == "true" }

// above is what has to be read before the verdict.
func (r *reviewing) above() string {
	if r.policy.edited == "" {
		return ""
	}
	return "> ⚠️ **The policy:** " + report.Sentence(r.policy.edited) + ". This was judged by " + report.Sentence(r.policy.from) + ".\n\n"
}

// below is what the verdict was judged by.
func (r *reviewing) below() string {
	return "\n<sub>Policy: " + report.Sentence(r.policy.from) + ".</sub>\n"
}

// outcomeOf is what a status says of a verdict.
func outcomeOf(v gate.Verdict, observe bool) forge.Outcome {
	switch {
	case v.Decision.Permits() || observe:
		return forge.Allowed
	case statusOf(v) == exitBlocked:
		return forge.Blocked
	}
	return forge.Undecided
}

// title is a verdict in one line.
func title(v gate.Verdict, observe bool) string {
	word, sentence := report.Headline(v)
	text := report.Plain(word + ": " + sentence)
	if observe {
		text = "observe mode, nothing is refused: " + text
	}
	return text
}
