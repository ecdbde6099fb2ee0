package awssim

import "strings"

// An Actor is who makes calls, as CloudTrail describes them. The zero value is
// the caller of the credentials (see SetCaller) with the client's own user agent.
type Actor struct {
	User           string // an IAM user; or
	Role, Session  string // a session of a role; or
	Service        string // a service of AWS, "autoscaling.amazonaws.com"
	SourceIdentity string // whom the session was begun for, where the role asks for it
	Agent          string // user agent; empty: what the client sends
	Address        string // source address; empty: some address
	Console        bool   // with the credentials of a console session
	Backend        bool   // called by a back end of AWS: the record has no TLS details
}

// SetActor says who the requests signed with an access key are from.
func (w *World) SetActor(accessKey string, a Actor) {
	defer w.enter()()
	w.trail.actors[accessKey] = a
}

// SetHuman says who acts at the World's console from now on. At first that is
// the user "admin".
func (w *World) SetHuman(a Actor) {
	defer w.enter()()
	w.trail.human = a
}

const (
	browser  = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36"
	cliAgent = "aws-cli/2.31.18 md/awscrt#0.28.2 ua/2.1 os/linux#6.1.0 md/arch#x86_64 lang/python#3.13.7 md/pyimpl#CPython m/b,E,Z cfg/retry-mode#standard md/installer#exe md/prompt#off md/command#ec2.terminate-instances"
	ssoRole  = "AWSReservedSSO_AdministratorAccess_0123456789abcdef"
)

// ConsoleUser is an IAM user in the console.
func ConsoleUser(name string) Actor {
	return Actor{User: name, Agent: browser, Console: true, Backend: true}
}

// ConsoleSSO is somebody who signed in to the console through IAM Identity
// Center.
func ConsoleSSO(email string) Actor {
	return Actor{Role: ssoRole, Session: email, Agent: "AWS Internal", Console: true, Backend: true}
}

// CloudShell is somebody at the CLI within the console.
func CloudShell(email string) Actor {
	return Actor{Role: ssoRole, Session: email, Agent: strings.Replace(cliAgent, " os/", " exec-env/CloudShell os/", 1), Console: true}
}

// CLIUser is an IAM user with the CLI and an access key.
func CLIUser(name string) Actor { return Actor{User: name, Agent: cliAgent} }

// SSOSession is somebody with the CLI who signed in through IAM Identity Center.
func SSOSession(email string) Actor { return Actor{Role: ssoRole, Session: email, Agent: cliAgent} }

// TerraformRun is terraform in a session of a role; more is what
// TF_APPEND_USER_AGENT adds.
func TerraformRun(role, session, more string) Actor {
	return Actor{Role: role, Session: session,
		Agent: strings.TrimSpace("APN/1.0 HashiCorp/1.0 Terraform/1.11.4 (+https://www.terraform.io) terraform-provider-aws/5.100.0 (+https://registry.terraform.io/providers/hashicorp/aws) aws-sdk-go-v2/1.36.5 ua/2.1 os/linux lang/go#1.23.8 md/GOOS#linux api/autoscaling#1.53.2 " + more)}
}

// CrossplaneRun is Crossplane's provider, which sends Terraform's user agent
// and its own name.
func CrossplaneRun(role string) Actor {
	return Actor{Role: role, Session: "1763812345678901234",
		Agent: "APN/1.0 HashiCorp/1.0 Terraform/1.5.5 (+https://www.terraform.io) crossplane-provider-upjet-aws/v1.21.0 aws-sdk-go-v2/1.36.5 ua/2.1 os/linux lang/go#1.23.8"}
}

// ByService is a service of AWS in its own role.
func ByService(name, role, session string) Actor {
	return Actor{Role: role, Session: session, Service: name, Agent: name, Address: name, Backend: true}
}

// byGroup is Auto Scaling, doing what a group needs.
func byGroup() Actor {
	return ByService("autoscaling.amazonaws.com", "aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling", "AutoScaling")
}

// identity is the userIdentity of a record.
func (a Actor) identity(account, key string) map[string]any {
	if a.Role == "" && a.User == "" {
		return map[string]any{"accountId": account, "invokedBy": a.Service}
	}
	if a.User != "" {
		id := map[string]any{"type": "IAMUser", "principalId": userID, "arn": "arn:aws:iam::" + account + ":user/" + a.User, "accountId": account, "accessKeyId": key, "userName": a.User}
		if a.Console {
			id["sessionContext"] = map[string]any{"attributes": map[string]any{"mfaAuthenticated": "true"}}
		}
		return id
	}
	name := a.Role[strings.LastIndex(a.Role, "/")+1:]
	context := map[string]any{
		"sessionIssuer": map[string]any{"type": "Role", "principalId": roleID, "arn": "arn:aws:iam::" + account + ":role/" + a.path(), "accountId": account, "userName": name},
		"attributes":    map[string]any{"mfaAuthenticated": "false"},
	}
	if a.SourceIdentity != "" {
		context["sourceIdentity"] = a.SourceIdentity
	}
	id := map[string]any{
		"type": "AssumedRole", "principalId": roleID + ":" + a.Session, "accountId": account, "accessKeyId": key,
		"arn": "arn:aws:sts::" + account + ":assumed-role/" + name + "/" + a.Session, "sessionContext": context,
	}
	if a.Service != "" {
		id["invokedBy"] = a.Service
		delete(id, "accessKeyId")
	}
	return id
}

// path is the role with its path: those of Identity Center have one.
func (a Actor) path() string {
	if strings.HasPrefix(a.Role, "AWSReservedSSO_") {
		return "aws-reserved/sso.amazonaws.com/" + a.Role
	}
	return a.Role
}

// name is what LookupEvents calls the user.
func (a Actor) name() string {
	if a.User != "" {
		return a.User
	}
	return a.Session
}

const roleID = "AROA0000000000000TEST"

// actorOf is who signed with an access key: who SetActor said, else who
// SetCaller said.
func (w *World) actorOf(key string) Actor {
	if a, ok := w.trail.actors[key]; ok {
		return a
	}
	arn, _ := w.caller(key)
	kind, rest, _ := strings.Cut(arn[strings.LastIndex(arn, ":")+1:], "/")
	if kind == "assumed-role" {
		role, session, _ := strings.Cut(rest, "/")
		return Actor{Role: role, Session: session}
	}
	return Actor{User: rest[strings.LastIndex(rest, "/")+1:]}
}
