package change

import (
	"context"
	"errors"
	"io"
	"strings"
	"time"

	"github.com/holdfast-gate/holdfast/checks"
	"github.com/holdfast-gate/holdfast/gate"
	"github.com/holdfast-gate/holdfast/gate/lease"
	"github.com/holdfast-gate/holdfast/gate/ledger"
	"github.com/holdfast-gate/holdfast/gate/pipeline"
	"github.com/holdfast-gate/holdfast/gate/tfplan"
)

// A Run is what one run of holdfast is made of. All fields are required.
type Run struct {
	ID    string // of its records and its lease
	Store lease.Store
	Live  func(context.Context, *gate.Plan) (*gate.Snapshot, error)
	Tool  Terraform
	Now   func() time.Time
	Sleep func(context.Context, time.Duration) error
	Log   io.Writer
}

// Wrapper is the pipeline that command-line holdfast would have made, with the
// whole suite of checks. It waits for nothing and does not follow.
func (c *Cluster) Wrapper(r Run) *pipeline.Wrapper {
	return &pipeline.Wrapper{
		Gate: &pipeline.Gate{
			Config: c.Config(), Decode: tfplan.Decode, Live: r.Live, Now: r.Now, Sleep: r.Sleep, Log: r.Log,
			Evaluate: func(in gate.Input) gate.Verdict { return gate.Evaluate(in, checks.Suite()) },
			Find:     func() (pipeline.Shower, error) { return r.Tool, nil },
		},
		Tool:   r.Tool,
		Report: func(gate.Verdict) error { return nil },
		In:     strings.NewReader(""), Out: io.Discard,
		Leases: &lease.Keeper{Store: r.Store, Now: r.Now, Sleep: r.Sleep, Log: r.Log, Holder: lease.Holder{ID: r.ID, Run: r.ID, Actor: r.ID}},
		Ledger: &ledger.Ledger{Store: r.Store, Now: r.Now, Sleep: r.Sleep, Version: "test"},
		Actor:  ledger.Actor{User: r.ID},
		Reload: func() (*gate.Config, error) { return c.Config(), nil },
	}
}

// Records reads every record of a store, the oldest first, with its decision.
func Records(ctx context.Context, l *ledger.Ledger) ([]ledger.Record, error) {
	var out []ledger.Record
	for e, err := range l.Records(ctx, "") {
		if err != nil {
			return nil, err
		}
		r, err := e.Whole()
		if err != nil {
			return nil, err
		}
		out = append([]ledger.Record{r}, out...)
	}
	return out, nil
}

// Sound says what is wrong with a ledger; nil if it verifies.
func Sound(ctx context.Context, l *ledger.Ledger) error {
	faults, _, err := l.Verify(ctx)
	if err != nil {
		return err
	}
	var all []error
	for _, f := range faults {
		all = append(all, errors.New(f.Text))
	}
	return errors.Join(all...)
}
