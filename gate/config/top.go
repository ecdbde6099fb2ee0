package config

import (
	"time"

	"github.com/hashicorp/hcl/v2"

	"github.com/holdfast-gate/holdfast/gate"
	"github.com/holdfast-gate/holdfast/gate/lazy"
)

// config decodes the whole file. Its result means nothing if d has diagnostics.
func (d *decoder) config(body hcl.Body) *gate.Config {
	cfg := gate.DefaultConfig()
	content := d.content(body, fileSchema())
	if attr := content.Attributes["workspaces"]; attr != nil {
		cfg.Workspaces = d.texts(attr, func(hcl.Range, string) bool { return true })
	}
	if attr := content.Attributes["mode"]; attr != nil {
		cfg.Observe = d.observes(attr)
	}
	blocks := content.Blocks.ByType()
	if b := d.single(blocks["gate"]); b != nil {
		d.content(b.Body, only("required_version"))
	}
	if b := d.single(blocks["aws"]); b != nil {
		d.aws(b, cfg)
	}
	if b := d.single(blocks["scope"]); b != nil {
		d.scope(b, cfg)
	}
	if b := d.single(blocks["freshness"]); b != nil {
		d.freshness(b, cfg)
	}
	if b := d.single(blocks["store"]); b != nil {
		cfg.Store = d.store(b)
	}
	if b := d.single(blocks["override"]); b != nil {
		cfg.Override = d.override(b)
	}
	cfg.Data = d.data(blocks["data"])
	if b := d.single(blocks["drift"]); b != nil {
		cfg.Drift = d.drift(b)
	}
	cfg.Owners = d.owners(blocks["owner"])
	if attr := content.Attributes["humans"]; attr != nil {
		cfg.Humans = d.texts(attr, d.human)
	}
	cfg.Clusters = d.clusters(blocks["cluster"])
	return cfg
}

// content reads a body by its schema; HCL itself reports what does not belong.
func (d *decoder) content(body hcl.Body, schema *hcl.BodySchema) *hcl.BodyContent {
	content, diags := body.Content(schema)
	d.diags = append(d.diags, diags...)
	return content
}

// single returns the first of blocks that may stand only once in their place.
func (d *decoder) single(blocks hcl.Blocks) *hcl.Block {
	if len(blocks) == 0 {
		return nil
	}
	for _, b := range blocks[1:] {
		d.fail(b.DefRange, "Duplicate block", "There is a block %q already, at %s. Put everything into that one.", b.Type, place(blocks[0].DefRange))
	}
	return blocks[0]
}

var (
	accountPattern = lazy.MustCompile(`^[0-9]{12}$`)
	regionPattern  = lazy.MustCompile(`^[a-z]{2,}(-[a-z]+)+-[0-9]+$`)
)

func (d *decoder) aws(b *hcl.Block, cfg *gate.Config) {
	content := d.content(b.Body, only("accounts", "regions"))
	if attr := content.Attributes["accounts"]; attr != nil {
		cfg.Accounts = d.texts(attr, func(at hcl.Range, s string) bool {
			ok := accountPattern().MatchString(s)
			if !ok {
				d.fail(at, "Invalid account", `%q is not an AWS account ID. Write its 12 digits in quotes, like "123456789012".`, s)
			}
			return ok
		})
	}
	if attr := content.Attributes["regions"]; attr != nil {
		cfg.Regions = d.texts(attr, d.region)
	}
}

// region checks the code of a region.
func (d *decoder) region(at hcl.Range, s string) bool {
	ok := regionPattern().MatchString(s)
	if !ok {
		d.fail(at, "Invalid region", `%q is not an AWS region. Write its code, like "us-east-1".`, s)
	}
	return ok
}

// observes reads whether the gate refuses, or only says that it would have.
func (d *decoder) observes(attr *hcl.Attribute) bool {
	s, ok := d.text(attr.Expr, attr.Name)
	if ok && s != "observe" && s != "enforce" {
		// Whatever else is written, the gate goes on refusing.
		d.fail(attr.Expr.Range(), "Invalid mode", `%s: %q is not a mode. Write "enforce" to refuse what is not allowed, or "observe" to refuse nothing and record what would have been.`, attr.Name, s)
	}
	return ok && s == "observe"
}

func (d *decoder) scope(b *hcl.Block, cfg *gate.Config) {
	content := d.content(b.Body, only("clusters", "victims"))
	if attr := content.Attributes["clusters"]; attr != nil {
		n, _ := d.number(attr, 0)
		cfg.MaxClusters = &n
	}
	if attr := content.Attributes["victims"]; attr != nil {
		n, _ := d.number(attr, 0)
		cfg.MaxVictims = &n
	}
}

func (d *decoder) freshness(b *hcl.Block, cfg *gate.Config) {
	content := d.content(b.Body, only("plan", "snapshot", "verdict"))
	// An age of nothing would refuse every plan, which nobody means to write.
	if attr := content.Attributes["plan"]; attr != nil {
		cfg.PlanAge, _ = d.duration(attr, time.Second)
	}
	if attr := content.Attributes["snapshot"]; attr != nil {
		cfg.SnapshotAge, _ = d.duration(attr, time.Second)
	}
	if attr := content.Attributes["verdict"]; attr != nil {
		cfg.VerdictAge, _ = d.duration(attr, time.Second)
	}
}
