package ledger

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestActor(t *testing.T) {
	for _, tc := range []struct {
		name string
		env  string
		want CI
		who  string
	}{
		{"atlantis", "ATLANTIS_TERRAFORM_VERSION=1.11.4 USER_NAME=ann PULL_NUM=7 PULL_URL=https://git.example/o/r/pull/7 BASE_REPO_OWNER=o BASE_REPO_NAME=r GITHUB_ACTIONS=",
			CI{"atlantis", "ann", "7", "https://git.example/o/r/pull/7", "o/r"}, "ann (atlantis)"},
		{"github", "GITHUB_ACTIONS=true GITHUB_ACTOR=ann GITHUB_RUN_ID=99 GITHUB_SERVER_URL=https://github.com GITHUB_REPOSITORY=o/r",
			CI{"github", "ann", "99", "https://github.com/o/r/actions/runs/99", "o/r"}, "ann (github)"},
		{"github, run again by another", "GITHUB_ACTIONS=true GITHUB_ACTOR=ann GITHUB_TRIGGERING_ACTOR=bob",
			CI{System: "github", Actor: "bob"}, "bob (github)"},
		{"gitlab", "GITLAB_CI=true GITLAB_USER_LOGIN=ann CI_JOB_ID=5 CI_JOB_URL=https://u:CANARY@gl.example/j/5?private_token=CANARY CI_PROJECT_PATH=o/r",
			CI{"gitlab", "ann", "5", "https://gl.example/j/5", "o/r"}, "ann (gitlab)"},
		{"jenkins", "JENKINS_URL=https://j.example BUILD_USER_ID=ann BUILD_NUMBER=3 BUILD_URL=https://j.example/3/",
			CI{"jenkins", "ann", "3", "https://j.example/3/", ""}, "ann (jenkins)"},
		{"circleci", "CIRCLECI=true CIRCLE_USERNAME=ann CIRCLE_BUILD_NUM=3 CIRCLE_PROJECT_REPONAME=r", CI{"circleci", "ann", "3", "", "r"}, "ann (circleci)"},
		{"buildkite", "BUILDKITE=true BUILDKITE_BUILD_CREATOR=ann", CI{System: "buildkite", Actor: "ann"}, "ann (buildkite)"},
		{"azure", "TF_BUILD=True BUILD_REQUESTEDFOR=ann BUILD_BUILDID=4", CI{System: "azure", Actor: "ann", Run: "4"}, "ann (azure)"},
		{"a link that is none", "BUILDKITE=true BUILDKITE_BUILD_URL=http://[::1", CI{System: "buildkite"}, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			env := append(strings.Fields(tc.env), "AWS_SECRET_ACCESS_KEY=CANARY", "GITHUB_TOKEN=CANARY", "CI_JOB_TOKEN=CANARY", "TF_VAR_password=CANARY")
			a := NewActor(env, "root", "ci-1", "/srv/repo")
			if a.CI == nil {
				t.Fatal("got no CI")
			}
			if diff := cmp.Diff(tc.want, *a.CI); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if got := a.Who(); got != tc.who {
				t.Errorf("got %q, want %q", got, tc.who)
			}
			if b, _ := json.Marshal(a); strings.Contains(string(b), "CANARY") {
				t.Errorf("a secret is in %s", b)
			}
		})
	}
	a := NewActor([]string{"HOME=/home/ann", "CI_JOB_URL=x"}, "ann", "laptop", "/srv/repo")
	if a.CI != nil || a.Who() != "ann" {
		t.Errorf("got %+v, want ann, and no CI", a)
	}
	long := NewActor([]string{"BUILDKITE=true", "BUILDKITE_BUILD_CREATOR=" + strings.Repeat("é", 1000)}, "", "", "")
	if got := len(long.CI.Actor); got > longest {
		t.Errorf("got %d bytes of one value, want at most %d", got, longest)
	}
}
