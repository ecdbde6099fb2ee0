package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path"

	"github.com/holdfast-gate/holdfast/gate"
	"github.com/holdfast-gate/holdfast/gate/config"
)

// A policy is the config that a review judges by.
type policy struct {
	config *gate.Config
	from   string // where it was read
	edited string // what the change does to it; empty if it leaves it alone
}

// A written is a config as somebody wrote it; the zero value is none.
type writtenPolicy struct {
	path string // in the repository
	text []byte
}

func (p writtenPolicy) String() string {
	if p.path == "" {
		return "no " + config.FileName
	}
	return p.path
}

// readPolicy reads the policy of the base branch, or that of --policy. A change
// may not say by what it is judged.
func (r *reviewing) readPolicy(ctx context.Context) (policy, error) {
	branch := orDefault(r.base, "refs/remotes/origin/"+r.change.Base)
	commit, err := r.repo.Commit(ctx, branch)
	if err != nil {
		err = fmt.Errorf("the policy of the base branch %s could not be read, as that is not in this clone (%s)\nFetch it (git fetch --depth=1 origin +refs/heads/%s:refs/remotes/origin/%s), or give --policy FILE", r.change.Base, branch, r.change.Base, r.change.Base)
	}
	var based writtenPolicy
	if err == nil {
		based, err = r.policyAt(ctx, commit)
	}
	given := orDefault(r.reviewOptions.policy, r.global.config)
	if given != "" {
		p, wrong := r.givenPolicy(ctx, given)
		if err != nil {
			p.edited = "whether this change edits the policy could not be told: the base branch could not be read"
			return p, wrong
		}
		p.edited, err = r.edits(ctx, based)
		return p, errors.Join(wrong, err)
	}
	if err != nil {
		return policy{}, err
	}
	p := policy{config: gate.DefaultConfig(), from: fmt.Sprintf("%s of %s at %.12s", based, r.change.Base, commit)}
	if based.path != "" {
		if p.config, err = r.parsePolicy(p.from, based.path, based.text); err != nil {
			return p, err
		}
	}
	p.edited, err = r.edits(ctx, based)
	return p, err
}

// givenPolicy is the one of a file that the job has from elsewhere.
func (r *reviewing) givenPolicy(ctx context.Context, file string) (policy, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return policy{}, fmt.Errorf("the policy %s could not be read\nGive --policy a file that the job has", file)
	}
	tracked, err := r.repo.Tracks(ctx, file)
	if err != nil {
		return policy{}, err
	}
	if tracked {
		return policy{}, fmt.Errorf("the policy %s is part of the change that it is to judge\nGive --policy a file from elsewhere, or none: that of the base branch is taken then", file)
	}
	cfg, err := r.parsePolicy(file, file, text)
	return policy{config: cfg, from: file + ", given by the job"}, err
}

func (r *reviewing) parsePolicy(from, name string, text []byte) (*gate.Config, error) {
	cfg, err := config.Parse(name, text, buildVersion())
	var mistakes *config.Error
	if errors.As(err, &mistakes) {
		// All of them at once, each with its lines of source.
		if err := mistakes.Write(r.Err, uint(r.reportOptions(r.Err).Width), r.colored(r.Err)); err != nil {
			return nil, err
		}
		return nil, fmt.Errorf("the policy has mistakes: %s\nThe log of the job has them with their lines; correct them where the policy is", from)
	}
	return cfg, err
}

// policyAt is the config that a commit has for the directory: the nearest one
// there or above it.
func (r *reviewing) policyAt(ctx context.Context, commit string) (writtenPolicy, error) {
	var names []string
	for dir := r.subject.Dir; ; dir = path.Dir(dir) {
		names = append(names, path.Join(dir, config.FileName), path.Join(dir, config.JSONFileName))
		if dir == "." {
			break
		}
	}
	files, err := r.repo.Files(ctx, commit, names)
	if err != nil {
		return writtenPolicy{}, fmt.Errorf("the policy of %s could not be read: %w\nKeep %s as a file", r.change.Base, err, config.FileName)
	}
	for i := 0; i < len(names); i += 2 {
		plain, isPlain := files[names[i]]
		inJSON, isJSON := files[names[i+1]]
		switch {
		case isPlain && isJSON:
			return writtenPolicy{}, fmt.Errorf("both %s and %s are on %s\nKeep one of them", names[i], names[i+1], r.change.Base)
		case isPlain:
			return writtenPolicy{names[i], plain}, nil
		case isJSON:
			return writtenPolicy{names[i+1], inJSON}, nil
		}
	}
	return writtenPolicy{}, nil
}

// edits says what the checkout would make of the policy of the base branch.
func (r *reviewing) edits(ctx context.Context, based writtenPolicy) (string, error) {
	var now writtenPolicy
	found, err := findConfig(r.chdir)
	if err == nil && found != "" {
		if now.path, err = r.repo.Path(found); err == nil {
			now.text, err = os.ReadFile(found)
		}
	}
	switch {
	case err != nil:
		return "this change makes the policy unreadable: " + err.Error(), nil
	case now.path == based.path && bytes.Equal(now.text, based.text):
		return "", nil
	case based.path == "":
		return fmt.Sprintf("this change adds a policy, %s, which takes effect once it is merged", now), nil
	case now.path == "":
		return fmt.Sprintf("this change removes the policy %s", based), nil
	case now.path != based.path:
		return fmt.Sprintf("this change puts the policy %s in the place of %s", now, based), nil
	}
	return fmt.Sprintf("this change edits the policy %s", based), nil
}
