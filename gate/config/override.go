package config

import (
	"slices"
	"strings"
	"time"

	"github.com/hashicorp/hcl/v2"

	"github.com/holdfast-gate/holdfast/gate"
	"github.com/holdfast-gate/holdfast/gate/lazy"
)

var (
	// personPattern is an ARN, or the beginning or end of one.
	personPattern = lazy.MustCompile(`^(arn:|\*)[^\s]*$`)
	// codePattern is the code of a finding, parts of which may be any.
	codePattern = lazy.MustCompile(`^([a-z_*-]+\.[a-z_*-]+|\*)$`)
	// roleARN is a role as IAM names it, which is never who calls.
	roleARN = lazy.MustCompile(`^arn:[a-z*-]+:iam::([0-9*]*):role/(.+)$`)
)

// override reads who may override what.
func (d *decoder) override(b *hcl.Block) gate.OverridePolicy {
	content := d.content(b.Body, only("people", "never", "approvals", "longest"))
	var p gate.OverridePolicy
	if attr := content.Attributes["people"]; attr != nil {
		p.People = d.texts(attr, d.person)
	}
	if attr := content.Attributes["never"]; attr != nil {
		p.Never = d.texts(attr, func(at hcl.Range, s string) bool {
			ok := codePattern().MatchString(s)
			if !ok {
				d.fail(at, "Invalid code", `%q is not the code of a finding. Write it as a report names it, like "quorum.breached"; "quorum.*" is any of a check, "*" all.`, s)
			}
			return ok
		})
	}
	if attr := content.Attributes["approvals"]; attr != nil {
		p.Approvals, _ = d.number(attr, 1)
		if n := len(slices.Compact(slices.Sorted(slices.Values(p.People)))); n > 0 && p.Approvals > n && !strings.Contains(strings.Join(p.People, ""), "*") {
			d.fail(attr.Expr.Range(), "Too many approvals", "approvals is %d, and people names %d, so nothing could be overridden. Lower approvals, or name more people.", p.Approvals, n)
		}
	}
	if attr := content.Attributes["longest"]; attr != nil {
		p.Longest, _ = d.duration(attr, time.Second)
	}
	return p
}

// person checks a pattern of who may override. A pattern that can match nobody
// whom STS names would leave somebody out on the day it counts.
func (d *decoder) person(at hcl.Range, s string) bool {
	if m := roleARN().FindStringSubmatch(s); m != nil {
		name := m[2][strings.LastIndexByte(m[2], '/')+1:]
		d.fail(at, "Not a caller", `%q is a role; who acts in one is an assumed role with a session. Write "arn:aws:sts::%s:assumed-role/%s/*", or name the session.`, s, m[1], name)
		return false
	}
	ok := personPattern().MatchString(s)
	if !ok {
		d.fail(at, "Invalid caller", `%q is not an ARN, or a pattern of one. Write what aws sts get-caller-identity says, with "*" for any characters, like "arn:aws:sts::123456789012:assumed-role/sre/*".`, s)
	}
	return ok
}
