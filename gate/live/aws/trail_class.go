package aws

import (
	"path"
	"slices"
	"strings"

	"github.com/holdfast-gate/holdfast/gate"
)

// OwnAgent is what a user agent begins its own part with in the runs that
// holdfast starts: "holdfast/1.2.3 (run 0123)".
const OwnAgent = "holdfast/"

// Rules are what the config says of who does things.
type Rules struct {
	Owners []gate.Owner
	Humans []string // patterns of names
}

// classify says by what means a call was made and by whom. The first rule that
// fits holds (aws-semantics 4.4). Most of a record is in the client's hands:
// it is good for an explanation and for nothing else.
func (known Rules) classify(r record) gate.Attribution {
	u := r.UserIdentity
	a := gate.Attribution{Who: u.UserName}
	if session := u.session(); u.UserName == "" {
		a.Who = session
	}
	if u.Type == "AssumedRole" {
		a.Who, a.Through = u.session(), u.SessionContext.SessionIssuer.UserName
	}
	fromConsole := r.SessionCredentialFromConsole == "true"
	switch {
	case u.service(r) != "":
		a.Means, a.Who, a.Through = gate.MeansService, u.service(r), ""
	case strings.Contains(r.UserAgent, " "+OwnAgent) || strings.HasPrefix(r.UserAgent, OwnAgent):
		a.Means = gate.MeansHoldfast
		a.Through = run(r.UserAgent)
	case strings.Contains(r.UserAgent, "APN/1.0 HashiCorp/1.0 Terraform/"):
		a.Means = gate.MeansTerraform
		if strings.Contains(r.UserAgent, "crossplane-provider") {
			a.Through = joined("Crossplane", a.Through)
		}
	case fromConsole && !present(r.TLSDetails):
		a.Means = gate.MeansConsole
	case fromConsole:
		a.Means = gate.MeansConsoleCLI
	case consoleAgent(r.UserAgent):
		a.Means = gate.MeansConsole
	case identityCenter(u):
		a.Means = gate.MeansSSO
	case slices.ContainsFunc([]string{"aws-cli/", "Boto3/", "aws-sdk-", "APN/1.0 "}, func(p string) bool { return strings.HasPrefix(r.UserAgent, p) }):
		a.Means = gate.MeansCLI
	}
	// A human in the console is no program, whatever role he took on.
	if owner := known.owner(u); owner != "" && !a.Manual() && a.Means != gate.MeansHoldfast && a.Means != gate.MeansService {
		a.Means, a.Who = gate.MeansOwner, owner
		return a
	}
	return known.named(a, u)
}

// named decides who it was, and whether that is a human. A session of a role
// has a name that its client chose: it is a human's only if a directory or the
// console vouches for it, or if the config says that humans have such names.
func (known Rules) named(a gate.Attribution, u identity) gate.Attribution {
	switch {
	case a.Means == gate.MeansService:
	case u.Type == "Root":
		a.Who = "the root user" // whoever that was
	case u.SessionContext.SourceIdentity != "":
		a.Who, a.Human = u.SessionContext.SourceIdentity, true
	case a.Who == "":
	case a.Manual() || identityCenter(u):
		a.Human = true
	default:
		a.Human = slices.ContainsFunc(known.Humans, func(p string) bool { return matches(p, a.Who) })
	}
	return a
}

// owner is the name of the declared owner whose role made a call.
func (known Rules) owner(u identity) string {
	for _, o := range known.Owners {
		for _, role := range o.Roles {
			if matches(role, u.SessionContext.SessionIssuer.ARN) {
				return o.Name
			}
		}
	}
	return ""
}

// matches reports whether a pattern, in which * stands for anything, is s.
func matches(pattern, s string) bool {
	flat := strings.NewReplacer("/", "\x00", "[", "\\[", "?", "\\?", "\\", "\\\\")
	ok, err := path.Match(flat.Replace(pattern), strings.ReplaceAll(s, "/", "\x00"))
	return err == nil && ok && s != ""
}

// service is the service of AWS that made a call, empty if none did. The
// console is one that people use; "AWS Internal" is its back ends.
func (u identity) service(r record) string {
	if strings.HasSuffix(u.InvokedBy, ".amazonaws.com") {
		return u.InvokedBy
	}
	for _, said := range []string{r.UserAgent, r.SourceIPAddress} {
		name, ok := strings.CutSuffix(said, ".amazonaws.com")
		if ok && !strings.ContainsAny(name, " /()") && name != "signin" && name != "console" && !strings.HasPrefix(name, "console.") {
			return said
		}
	}
	if u.Type == "AWSService" {
		return "a service of AWS"
	}
	return ""
}

// consoleAgent reports whether a user agent is that of the console or of a
// browser.
func consoleAgent(agent string) bool {
	name, service := strings.CutSuffix(agent, ".amazonaws.com")
	if service && (name == "signin" || name == "console" || strings.HasPrefix(name, "console.")) {
		return true
	}
	return slices.ContainsFunc([]string{"AWS Internal", "[S3Console/", "AWSConsole", "Mozilla/"}, func(p string) bool { return strings.HasPrefix(agent, p) })
}

// identityCenter reports whether somebody signed in through IAM Identity
// Center, which names the session after its user.
func identityCenter(u identity) bool {
	return u.Type == "IdentityCenterUser" || strings.HasPrefix(u.SessionContext.SessionIssuer.UserName, "AWSReservedSSO_")
}

// present reports whether a part of a record is there.
func present(raw []byte) bool { return len(raw) > 0 && string(raw) != "null" }

// run is the run that a user agent of ours names.
func run(agent string) string {
	_, rest, _ := strings.Cut(agent, OwnAgent)
	_, rest, ok := strings.Cut(rest, "(run ")
	id, _, closed := strings.Cut(rest, ")")
	if !ok || !closed {
		return ""
	}
	return "run " + id
}
