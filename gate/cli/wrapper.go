package cli

import (
	"context"
	"fmt"
	"os"
	"os/user"
	"path/filepath"
	"slices"

	"github.com/holdfast-gate/holdfast/gate"
	"github.com/holdfast-gate/holdfast/gate/lease"
	"github.com/holdfast-gate/holdfast/gate/ledger"
	"github.com/holdfast-gate/holdfast/gate/pipeline"
	"github.com/holdfast-gate/holdfast/gate/report"
	"github.com/holdfast-gate/holdfast/gate/terraform"
)

// wrapper is the pipeline that stands where terraform stands. Its report goes
// to stderr: stdout is terraform's.
func (g *global) wrapper() (*pipeline.Wrapper, error) {
	gt, err := g.gate()
	if err != nil {
		return nil, err
	}
	tool, err := g.tool()
	if err != nil {
		return nil, err
	}
	return &pipeline.Wrapper{
		Gate: gt, Tool: tool, Env: tool.Env, Chdir: tool.Chdir, Report: g.reporter(g.Err),
		Product: tool.Name(), In: g.In, Out: g.Out, NoColor: g.colorless(),
	}, nil
}

// guarded is the wrapper with what only a change needs: the lease, the ledger,
// and what the user says about this one change.
func (g *global) guarded(ctx context.Context) (*pipeline.Wrapper, error) {
	w, err := g.wrapper()
	if err != nil {
		return nil, err
	}
	if w.Overrides, err = g.asks(); err != nil {
		return nil, err
	}
	if w.Given, err = g.given(); err != nil {
		return nil, err
	}
	kept, err := g.store(ctx)
	if err != nil {
		return nil, err
	}
	w.Follow, w.Reload = g.follow, g.loadConfig
	w.Actor = g.actor()
	w.Ledger = &ledger.Ledger{Store: kept, Now: g.Now, Sleep: g.Sleep, Version: buildVersion()}
	holder := lease.Holder{ID: ledger.NewRun(), Actor: w.Actor.Who(), Host: w.Actor.Host, Directory: w.Actor.Directory, PID: os.Getpid()}
	if tool, ok := w.Tool.(*terraform.Tool); ok {
		tool.Env = terraform.Marked(tool.Env, buildVersion(), holder.ID)
	}
	if w.Actor.CI != nil {
		holder.Run = w.Actor.CI.URL
		g.alone(w)
	}
	w.Leases = &lease.Keeper{Store: kept, Now: g.Now, Sleep: g.Sleep, Log: g.Err, Holder: holder}
	return w, nil
}

// alone says that leases and records stay on a machine that is thrown away
// after the job. Atlantis and Jenkins keep theirs.
func (g *global) alone(w *pipeline.Wrapper) {
	if g.storeAt == "" && w.Config.Store == (gate.Store{}) && !slices.Contains([]string{"atlantis", "jenkins"}, w.Actor.CI.System) {
		fmt.Fprintln(g.Err, "holdfast: leases and records stay on this runner, so other jobs are not kept out: name a bucket in holdfast.hcl (store).")
	}
}

// actor is who runs this, as far as the machine and the CI know.
func (g *global) actor() ledger.Actor {
	name := ""
	if u, err := user.Current(); err == nil {
		name = u.Username
	}
	host, _ := os.Hostname()        // empty where it is not known
	dir, _ := filepath.Abs(g.chdir) // empty where it is not known
	return ledger.NewActor(g.Env, name, host, dir)
}

// given reads the verdict of --verdict.
func (g *global) given() (*gate.Verdict, error) {
	if g.verdict == "" {
		return nil, nil
	}
	data, err := os.ReadFile(g.verdict)
	if err != nil {
		return nil, fmt.Errorf("the verdict %s could not be opened\nGive the file that holdfast -o json check wrote", g.verdict)
	}
	v, err := report.Open(data)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", g.verdict, err)
	}
	return &v, nil
}
