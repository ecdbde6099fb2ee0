package cli

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/holdfast-gate/holdfast/gate"
	"github.com/holdfast-gate/holdfast/gate/drift"
	written "github.com/holdfast-gate/holdfast/gate/lines"
	"github.com/holdfast-gate/holdfast/gate/live"
	"github.com/holdfast-gate/holdfast/gate/pipeline"
	"github.com/holdfast-gate/holdfast/gate/report"
	"github.com/holdfast-gate/holdfast/gate/store"
	"github.com/holdfast-gate/holdfast/gate/terraform"
	"github.com/holdfast-gate/holdfast/gate/tfplan"
)

// drifting is what the pipeline compares before a plan.
func (g *global) drifting(cfg *gate.Config) *pipeline.Drift {
	c := g.configuration("")
	return &pipeline.Drift{
		Recorded: func(ctx context.Context) (*gate.State, []*gate.State, error) { return g.recorded(ctx, cfg, nil) },
		Live:     func(ctx context.Context, p *gate.Plan) (*gate.Snapshot, error) { return g.briefly(ctx, p, cfg) },
		Acts:     g.acts,
		Sets:     c.Sets,
		Defaults: g.defaults,
		Report: func(c *pipeline.Comparison) error {
			d := g.driftReport(c, c.Differences)
			d.Sources = nil // the verdict has said them
			return report.Drift(g.Err, d, g.reportOptions(g.Err))
		},
	}
}

// recorded reads the state of the configuration, and every other that the user
// or the config names.
func (g *global) recorded(ctx context.Context, cfg *gate.Config, files []string) (*gate.State, []*gate.State, error) {
	tool, err := g.tool()
	if err != nil {
		return nil, nil, err
	}
	var own *gate.State
	err = tool.State(ctx, func(r io.Reader) (err error) {
		if own, err = tfplan.DecodeState(r); err == nil && own.Outdated {
			// As it stands it may mean something else: terraform brings it up to date.
			err = fmt.Errorf("the state was written by an older provider\nRun %s init here, so that it can be brought up to date, then try again", tool.Name())
		}
		return err
	})
	if err != nil {
		return nil, nil, err
	}
	own.Name = tool.Name()
	others, err := g.stateFiles(files)
	if err != nil {
		return nil, nil, err
	}
	kept, err := g.stateBuckets(ctx, cfg.Drift.States)
	return own, append(others, kept...), err
}

func (g *global) stateFiles(files []string) ([]*gate.State, error) {
	var out []*gate.State
	for _, path := range files {
		f, err := os.Open(g.inDir(path))
		if err != nil {
			return nil, fmt.Errorf("the state %s could not be opened\nGive a file that terraform state pull or terraform show -json wrote", path)
		}
		s, err := tfplan.DecodeState(f)
		f.Close()
		if err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		s.Name = path
		out = append(out, s)
	}
	return out, nil
}

// stateBuckets reads every state below the prefixes of buckets. It only reads.
func (g *global) stateBuckets(ctx context.Context, places []string) ([]*gate.State, error) {
	var out []*gate.State
	for _, place := range places {
		at, err := parseStore(place)
		if err != nil {
			return nil, err
		}
		bucket, err := store.NewS3(ctx, store.Bucket{Name: at.Bucket, Prefix: at.Prefix})
		if err != nil {
			return nil, err
		}
		keys, err := bucket.List(ctx, "")
		if err != nil {
			return nil, notKept(bucket, err)
		}
		for _, key := range keys {
			if !strings.HasSuffix(key, ".tfstate") {
				continue
			}
			data, _, _, err := bucket.Read(ctx, key)
			if err != nil {
				return nil, notKept(bucket, err)
			}
			s, err := tfplan.DecodeState(bytes.NewReader(data))
			if err != nil {
				return nil, fmt.Errorf("%s/%s: %w", bucket, key, err)
			}
			s.Name = bucket.String() + "/" + key
			out = append(out, s)
		}
	}
	return out, nil
}

// notKept says why states could not be read. What says it speaks of a store,
// which is written too.
func notKept(bucket fmt.Stringer, err error) error {
	what, _, _ := strings.Cut(err.Error(), "\n")
	return fmt.Errorf("the states of others %s\nAllow s3:GetObject and s3:ListBucket on %s to these credentials, or take it out of drift in holdfast.hcl", strings.TrimSpace(what), bucket)
}

// briefly reads the members and groups that states are about, and the targets of
// those target groups that states put members in, and not how they are.
func (g *global) briefly(ctx context.Context, p *gate.Plan, cfg *gate.Config) (*gate.Snapshot, error) {
	wants, err := live.Wants(p, cfg, drift.Asks(p.Changes))
	if err != nil {
		return nil, err
	}
	places := map[string]bool{}
	for _, c := range p.Changes {
		for _, arn := range append(c.Before.Strings("target_group_arns"), c.Before.String("target_group_arn")) {
			places[arn] = true
		}
	}
	for region, w := range wants {
		w.Brief = true
		w.TargetGroups = slices.DeleteFunc(w.TargetGroups, func(arn string) bool { return !places[arn] })
		wants[region] = w
	}
	s := g.readAll(ctx, wants)
	// What is secret in one place may be the same in another.
	if drift.SecretTags(p.Changes) {
		live.Trim(s, cfg)
	}
	return s, nil
}

// acts reads the groups of a plan, and what they did.
func (g *global) acts(ctx context.Context, p *gate.Plan) (*gate.Snapshot, error) {
	wants, err := live.Wants(p, nil, nil)
	if err != nil {
		return nil, err
	}
	return g.read(ctx, wants, gate.DefaultConfig()), nil
}

func (g *global) configuration(base string) *written.Configuration {
	return &written.Configuration{Dir: g.chdir, Base: base, Data: terraform.Getenv(g.Env, "TF_DATA_DIR")}
}

// defaults reports whether nothing but the command line gives variables other
// values than their defaults.
func (g *global) defaults() bool {
	for _, pattern := range []string{"terraform.tfvars", "terraform.tfvars.json", "*.auto.tfvars", "*.auto.tfvars.json"} {
		if found, err := filepath.Glob(filepath.Join(g.chdir, pattern)); err != nil || len(found) > 0 {
			return false
		}
	}
	return !slices.ContainsFunc(g.Env, func(e string) bool { return strings.HasPrefix(e, "TF_VAR_") })
}

// driftReport puts differences together with the way out of each.
func (g *global) driftReport(c *pipeline.Comparison, ds []drift.Difference) report.DriftReport {
	conf := g.configuration("")
	where := func(address, attribute string) string {
		if p, ok := conf.Attribute(address, attribute); ok {
			return fmt.Sprintf("%s:%d", p.File, p.Line)
		}
		if p, ok := conf.Block(address); ok {
			return fmt.Sprintf("add it to the block at %s:%d", p.File, p.Line)
		}
		return ""
	}
	around := drift.Around{All: ds, Live: c.Snapshot, Where: where, Recorded: slices.Clone(c.Own.Objects)}
	out := report.DriftReport{At: g.Now().UTC(), Recorded: len(c.Own.Objects), States: []string{c.Own.Name}, Differences: []report.Drifted{}, Sources: c.Snapshot.Sources}
	for _, s := range c.Others {
		out.States, out.Recorded = append(out.States, s.Name), out.Recorded+len(s.Objects)
	}
	out.Trail = c.Trail
	for _, d := range ds {
		one := report.Drifted{Difference: d, Repair: drift.Repair(d, around)}
		if c.Trail != nil {
			one.ByHand = d.ByHand(*c.Trail)
		}
		out.Differences = append(out.Differences, one)
	}
	return out
}
