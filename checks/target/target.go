// Package target holds the check that the plan, the credentials and the config
// are about the same account, region and workspace. It reads none of them.
package target

import (
	"fmt"
	"slices"
	"strings"

	"github.com/holdfast-gate/holdfast/gate"
)

// Check returns the check.
func Check() *gate.Check {
	return &gate.Check{Name: "target", Plan: true, Needs: []string{gate.SourceIdentity}, Run: run, Doc: `the live reads must be about the world the plan changes

A plan for one account judged by what runs in another is judged by nothing. Pass
by running holdfast with credentials of the account, and in the region and
workspace, that the plan and holdfast.hcl name.`}
}

func run(p *gate.Pass) error {
	accounts(p)
	regions(p)
	empty(p)
	if want := p.Config.Workspaces; len(want) > 0 && !slices.Contains(want, p.Plan.Workspace) {
		got := p.Plan.Workspace
		if got == "" {
			// A workspace that is not known may be any.
			got = "not known"
		}
		p.Report(gate.Finding{Code: "target.workspace", Decision: gate.Block, Message: fmt.Sprintf("the workspace is %s, holdfast.hcl allows %s", got, strings.Join(want, ", ")),
			Remedy: "select the workspace, or add it to workspaces in holdfast.hcl"})
	}
	return nil
}

func accounts(p *gate.Pass) {
	live := p.Snapshot.Account
	for _, a := range p.Plan.Accounts {
		if a != live {
			p.Report(gate.Finding{Code: "target.account", Decision: gate.Block, Subjects: []string{a},
				Message: fmt.Sprintf("the plan changes account %s, the credentials holdfast reads with are of %s", a, or(live, "no known account")),
				Remedy:  "run holdfast with credentials of account " + a + "; a plan over several accounts must be split"})
		}
	}
	if want := p.Config.Accounts; len(want) > 0 && len(p.Plan.Regions) > 0 && !slices.Contains(want, live) {
		p.Report(gate.Finding{Code: "target.declared", Decision: gate.Block, Subjects: []string{or(live, "unknown")},
			Message: fmt.Sprintf("the credentials are of account %s, holdfast.hcl allows %s", or(live, "not known"), strings.Join(want, ", ")),
			Remedy:  "use credentials of an allowed account, or add it to aws.accounts in holdfast.hcl"})
	}
}

// empty judges a plan that takes instances of which AWS shows none, whichever
// cluster they may be in.
func empty(p *gate.Pass) {
	// Where the instances were not all read, whoever needs them is blind.
	if slices.ContainsFunc(p.Snapshot.Sources, func(s gate.Source) bool { return s.Name == gate.SourceInstances && !s.Complete }) {
		return
	}
	var lost []string
	for _, c := range p.Plan.Changes {
		if c.Type != "aws_instance" || c.ID == "" || !(c.Action.Ends() || c.Action == gate.Update) {
			continue
		}
		if slices.ContainsFunc(p.Snapshot.Members, func(m gate.Member) bool { return m.ID == c.ID }) {
			return
		}
		lost = append(lost, c.Address)
	}
	// An empty answer about instances that a refresh has just seen is no answer.
	if len(lost) > 0 {
		p.Report(gate.Finding{Code: "target.empty", Decision: gate.Block, Subjects: lost, Message: fmt.Sprintf("the plan takes %s and AWS shows none of them", gate.Count(len(lost), "instance")),
			Remedy: "check that holdfast reads the account, region and endpoint that Terraform changes, then plan again"})
	}
}

func regions(p *gate.Pass) {
	var lost []string
	for _, c := range p.Plan.Changes {
		// Without a region nobody knows where to look for the members.
		if gate.KeptAttributes(c.Type) != nil && c.Region == "" && (c.Action.Ends() || c.Action == gate.Update) {
			lost = append(lost, c.Address)
		}
	}
	if len(lost) > 0 {
		p.Report(gate.Finding{Code: "target.unknown", Decision: gate.Block, Subjects: lost, Message: "the plan does not say in which region " + lost[0] + " is, so its members cannot be read",
			Remedy: "set region in the provider block as a constant or a variable of the root module"})
	}
	for _, r := range p.Plan.Regions {
		if want := p.Config.Regions; len(want) > 0 && !slices.Contains(want, r) {
			p.Report(gate.Finding{Code: "target.region", Decision: gate.Block, Subjects: []string{r}, Message: fmt.Sprintf("the plan changes region %s, holdfast.hcl allows %s", r, strings.Join(want, ", ")),
				Remedy: "add it to aws.regions in holdfast.hcl if this is meant"})
		}
	}
}

func or(s, missing string) string {
	if s == "" {
		return missing
	}
	return s
}
