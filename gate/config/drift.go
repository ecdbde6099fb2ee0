package config

import (
	"strings"
	"time"

	"github.com/hashicorp/hcl/v2"

	"github.com/holdfast-gate/holdfast/gate"
)

// drift reads which drift is known and accepted, and where else members are
// recorded.
func (d *decoder) drift(b *hcl.Block) gate.DriftPolicy {
	content := d.content(b.Body, driftSchema())
	var p gate.DriftPolicy
	if attr := content.Attributes["states"]; attr != nil {
		p.States = d.texts(attr, d.bucket)
	}
	for _, rule := range content.Blocks {
		p.Ignore = append(p.Ignore, d.ignore(rule))
	}
	return p
}

// bucket checks where states are kept: a bucket, and the prefix of their keys.
func (d *decoder) bucket(at hcl.Range, s string) bool {
	rest, s3 := strings.CutPrefix(s, "s3://")
	bucket, prefix, _ := strings.Cut(rest, "/")
	ok := s3 && bucketPattern().MatchString(bucket) && (prefix == "" || isPrefix(strings.TrimSuffix(prefix, "/")))
	if !ok {
		d.fail(at, "Invalid states", `%q does not say where states are kept. Write a bucket and the prefix of their keys, like "s3://acme-terraform-state/prod".`, s)
	}
	return ok
}

// ignore reads one rule. Without a reason and a last day it would be forgotten.
func (d *decoder) ignore(b *hcl.Block) gate.IgnoredKind {
	content := d.content(b.Body, only("address", "reason", "expires"))
	rule := gate.IgnoredKind{Attribute: b.Labels[0]}
	if attr := content.Attributes["address"]; attr != nil {
		rule.Address, _ = d.text(attr.Expr, attr.Name)
	}
	rule.Reason = d.needed(b, content, "reason", "who changes it and why that is right", func(s string) bool { return strings.TrimSpace(s) != "" })
	rule.Expires = d.needed(b, content, "expires", `the last day on which it is ignored, like "2027-01-31"`, func(s string) bool {
		_, err := time.Parse(time.DateOnly, s)
		return err == nil
	})
	return rule
}

// needed reads a text that a rule must have.
func (d *decoder) needed(b *hcl.Block, content *hcl.BodyContent, name, what string, ok func(string) bool) string {
	attr := content.Attributes[name]
	if attr == nil {
		d.fail(b.DefRange, "No "+name, "This rule has no %s. Write %s = %s.", name, name, what)
		return ""
	}
	s, read := d.text(attr.Expr, attr.Name)
	if read && !ok(s) {
		d.fail(attr.Expr.Range(), "Invalid "+name, "%q is no %s. Write %s.", s, name, what)
	}
	return s
}
