package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime/debug"
	"time"

	"github.com/holdfast-gate/holdfast/gate"
	"github.com/holdfast-gate/holdfast/gate/config"
	"github.com/holdfast-gate/holdfast/gate/live"
	"github.com/holdfast-gate/holdfast/gate/pipeline"
	"github.com/holdfast-gate/holdfast/gate/planfile"
	"github.com/holdfast-gate/holdfast/gate/terraform"
	"github.com/holdfast-gate/holdfast/gate/tfplan"
)

// tool finds terraform or tofu and puts it into the user's world.
func (g *global) tool() (*terraform.Tool, error) {
	path, err := terraform.Find(g.tfPath, g.Self, g.Env)
	if err != nil {
		return nil, err
	}
	env, err := terraform.Deeper(g.Env)
	if err != nil {
		return nil, err
	}
	return &terraform.Tool{Path: path, Chdir: g.chdir, Env: env, Stdin: g.In, Stdout: g.Out, Stderr: g.Err}, nil
}

// gate is the pipeline's gate with the live world behind it.
func (g *global) gate() (*pipeline.Gate, error) {
	cfg, err := g.loadConfig()
	if err != nil {
		return nil, err
	}
	return g.gateUnder(cfg), nil
}

// decode reads a plan in little memory. What follows, the reading of AWS above
// all, has not as much to collect and is not to pay for it.
func decode(r io.Reader) (*gate.Plan, error) {
	defer debug.SetGCPercent(debug.SetGCPercent(tfplan.GCPercent))
	return tfplan.Decode(r)
}

// gateUnder is the gate under a config.
func (g *global) gateUnder(cfg *gate.Config) *pipeline.Gate {
	g.observe = cfg.Observe
	return &pipeline.Gate{
		Config: cfg,
		Decode: decode,
		Live: func(ctx context.Context, plan *gate.Plan) (*gate.Snapshot, error) {
			wants, err := live.Wants(plan, cfg, gate.Asked(plan, g.Suite))
			if err != nil {
				return nil, err
			}
			s := g.readTouched(ctx, wants, live.TouchedBy(gate.Input{Now: g.Now(), Config: cfg, Plan: plan}))
			live.Trim(s, cfg)
			return s, nil
		},
		Evaluate: func(in gate.Input) gate.Verdict { return gate.Evaluate(in, g.Suite) },
		Now:      g.Now,
		Saved:    planfile.JSON, Maker: planfile.Maker, PlanReader: pipeline.PlanReader(g.planReader),
		Find:  func() (pipeline.Shower, error) { return g.tool() },
		Wait:  g.wait,
		Sleep: g.Sleep,
		Log:   g.Err,
		Drift: g.drifting(cfg),
		Trail: g.trail(cfg), TrailWait: g.trailWait,
	}
}

// read reads what is wanted from AWS, within --timeout. Nothing wanted means
// that no AWS is asked, and no credentials are needed.
func (g *global) read(ctx context.Context, wants map[string]live.Want, cfg *gate.Config) *gate.Snapshot {
	s := g.readAll(ctx, wants)
	live.Trim(s, cfg)
	return s
}

// readAll is read with every tag, for what compares them.
func (g *global) readAll(ctx context.Context, wants map[string]live.Want) *gate.Snapshot {
	return g.readTouched(ctx, wants, live.EveryGroup)
}

// readTouched is readAll, and asks what they do only of the groups that touched names.
func (g *global) readTouched(ctx context.Context, wants map[string]live.Want, touched live.Touched) *gate.Snapshot {
	ctx, cancel := context.WithTimeout(ctx, g.timeout)
	defer cancel()
	var collector live.Collector
	if len(wants) > 0 {
		collector = g.Collector(ctx, Reading{Now: g.Now, Timeout: g.timeout})
		g.last = collector
	}
	return live.ReadTouched(ctx, g.Now, collector, wants, touched)
}

// saved returns a Live that answers from a snapshot file.
func saved(path string) (func(context.Context, *gate.Plan) (*gate.Snapshot, error), error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("the snapshot %s could not be opened\nGive a file that holdfast snapshot wrote", path)
	}
	defer file.Close()
	snapshot, err := live.Load(file)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return func(context.Context, *gate.Plan) (*gate.Snapshot, error) { return snapshot, nil }, nil
}

// loadConfig returns the config: that of --config, which must exist, else the
// one in the directory of the Terraform configuration or above it, up to the
// root of the repository, else the default.
func (g *global) loadConfig() (*gate.Config, error) {
	path := g.config
	if path == "" {
		var err error
		if path, err = findConfig(g.chdir); err != nil {
			return nil, err
		}
	}
	if path == "" {
		return gate.DefaultConfig(), nil
	}
	cfg, err := config.Load(path, buildVersion())
	var mistakes *config.Error
	if errors.As(err, &mistakes) {
		// All of them at once, each with its lines of source.
		if err := mistakes.Write(g.Err, uint(g.reportOptions(g.Err).Width), g.colored(g.Err)); err != nil {
			return nil, err
		}
		return nil, exit(exitUndecided)
	}
	return cfg, err
}

// findConfig looks in dir and, if dir is in a repository, in every directory
// above it up to the root of that. Outside a repository nothing above dir is
// the project's.
func findConfig(dir string) (string, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return "", err
	}
	found := ""
	for at := dir; ; at = filepath.Dir(at) {
		if found == "" {
			if found, err = config.Find(at); err != nil {
				return "", err
			}
		}
		if at == dir && found != "" {
			return found, nil
		}
		if _, err := os.Lstat(filepath.Join(at, ".git")); err == nil {
			return found, nil
		}
		if at == filepath.Dir(at) {
			return "", nil
		}
	}
}

// inDir is where a path given next to -chdir is, as terraform sees it.
func (g *global) inDir(path string) string {
	if path == "-" || filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(g.chdir, path)
}

// clock returns a clock that stands at an instant.
func clock(at time.Time) func() time.Time { return func() time.Time { return at } }

// writeTo opens the file of a flag, or hands back the stream where there is
// none. What it returns must be closed.
func writeTo(path string, stream io.Writer) (io.WriteCloser, error) {
	if path == "" || path == "-" {
		return nopCloser{stream}, nil
	}
	file, err := os.OpenFile(path, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o644)
	if err != nil {
		return nil, fmt.Errorf("%s could not be written\nGive the path of a file you can write", path)
	}
	return file, nil
}

type nopCloser struct{ io.Writer }

func (nopCloser) Close() error { return nil }
