package ledger

import (
	"net/url"
	"strings"
)

// An Actor is who made a change, as far as AWS, the CI system and the machine
// can tell. Only ARN and Account are proved; the rest is what was said.
type Actor struct {
	ARN       string `json:"arn,omitempty"`       // of the credentials, as STS names it; empty when not known
	Account   string `json:"account,omitempty"`   // of the credentials
	User      string `json:"user,omitempty"`      // of the machine
	Host      string `json:"host,omitempty"`      // name of the machine
	Directory string `json:"directory,omitempty"` // that terraform ran in
	CI        *CI    `json:"ci,omitempty"`        // nil outside of CI
}

// CI is the job that ran holdfast, by what its environment says.
type CI struct {
	System     string `json:"system"`               // "atlantis", "github", "gitlab", ...
	Actor      string `json:"actor,omitempty"`      // who started the job
	Run        string `json:"run,omitempty"`        // its number or id; of a pull request for Atlantis
	URL        string `json:"url,omitempty"`        // without credentials
	Repository string `json:"repository,omitempty"` // "owner/name"
}

// Who is the one name to show: the person where CI knows one, else the user,
// else the credentials.
func (a Actor) Who() string {
	switch {
	case a.CI != nil && a.CI.Actor != "":
		return a.CI.Actor + " (" + a.CI.System + ")"
	case a.CI == nil && a.User != "":
		return a.User
	}
	return a.ARN
}

// longest is how many bytes of one value of the environment are kept.
const longest = 500

// NewActor reads from an environment ("NAME=value") who started this run. It
// looks at the variables named in this file and at no other. User, host and
// directory are the machine's own.
func NewActor(env []string, user, host, directory string) Actor {
	e := environment{}
	for _, line := range env {
		name, value, _ := strings.Cut(line, "=")
		e[name] = strings.ToValidUTF8(value[:min(len(value), longest)], "")
	}
	a := Actor{User: user, Host: host, Directory: directory}
	for _, ci := range []func(environment) CI{atlantis, github, gitlab, jenkins, circle, buildkite, azure} {
		if c := ci(e); c.System != "" {
			c.URL = bare(c.URL)
			a.CI = &c
			break
		}
	}
	return a
}

type environment map[string]string

// when is a CI if its mark is set.
func (e environment) when(mark string, c CI) CI {
	if e[mark] == "" {
		return CI{}
	}
	return c
}

func atlantis(e environment) CI {
	return e.when("ATLANTIS_TERRAFORM_VERSION", CI{System: "atlantis", Actor: e["USER_NAME"], Run: e["PULL_NUM"], URL: e["PULL_URL"], Repository: e.path("BASE_REPO_OWNER", "BASE_REPO_NAME")})
}

func github(e environment) CI {
	actor := e["GITHUB_TRIGGERING_ACTOR"] // who ran it again, where that is somebody else
	if actor == "" {
		actor = e["GITHUB_ACTOR"]
	}
	link := ""
	if e["GITHUB_SERVER_URL"] != "" {
		link = e["GITHUB_SERVER_URL"] + "/" + e["GITHUB_REPOSITORY"] + "/actions/runs/" + e["GITHUB_RUN_ID"]
	}
	return e.when("GITHUB_ACTIONS", CI{System: "github", Actor: actor, Run: e["GITHUB_RUN_ID"], URL: link, Repository: e["GITHUB_REPOSITORY"]})
}

func gitlab(e environment) CI {
	return e.when("GITLAB_CI", CI{System: "gitlab", Actor: e["GITLAB_USER_LOGIN"], Run: e["CI_JOB_ID"], URL: e["CI_JOB_URL"], Repository: e["CI_PROJECT_PATH"]})
}

func jenkins(e environment) CI {
	return e.when("JENKINS_URL", CI{System: "jenkins", Actor: e["BUILD_USER_ID"], Run: e["BUILD_NUMBER"], URL: e["BUILD_URL"]})
}

func circle(e environment) CI {
	return e.when("CIRCLECI", CI{System: "circleci", Actor: e["CIRCLE_USERNAME"], Run: e["CIRCLE_BUILD_NUM"], URL: e["CIRCLE_BUILD_URL"], Repository: e.path("CIRCLE_PROJECT_USERNAME", "CIRCLE_PROJECT_REPONAME")})
}

func buildkite(e environment) CI {
	return e.when("BUILDKITE", CI{System: "buildkite", Actor: e["BUILDKITE_BUILD_CREATOR"], Run: e["BUILDKITE_BUILD_NUMBER"], URL: e["BUILDKITE_BUILD_URL"]})
}

func azure(e environment) CI {
	return e.when("TF_BUILD", CI{System: "azure", Actor: e["BUILD_REQUESTEDFOR"], Run: e["BUILD_BUILDID"], Repository: e["BUILD_REPOSITORY_NAME"]})
}

// path joins an owner and a name; empty if neither is there.
func (e environment) path(owner, name string) string {
	return strings.Trim(e[owner]+"/"+e[name], "/")
}

// bare is a link without the user, the password and the query it may hold; a
// link that cannot be read is dropped.
func bare(link string) string {
	u, err := url.Parse(link)
	if err != nil {
		return ""
	}
	u.User, u.RawQuery, u.Fragment = nil, "", ""
	return u.String()
}
