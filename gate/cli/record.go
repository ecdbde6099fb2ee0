package cli

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/holdfast-gate/holdfast/gate/ledger"
)

// recordOptions is one run of a verb of record.
type recordOptions struct {
	*global
	open    func(context.Context) (*ledger.Ledger, error)
	place   string // of a record, "search/42"
	cluster string // records of this cluster only; empty means of all
	last    int    // most records to list; zero means all
}

func newRecord(g *global, runF func(context.Context, *recordOptions) error) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "record",
		Short: "Show, prove and replay what was decided and done",
		Long: `Every change leaves records in the store of holdfast.hcl: what was about to be
done before it began, how it ended, what was refused and what was overridden.
Each names the one before it by its digest, in one chain per cluster.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	verb := func(use, short, long string, args cobra.PositionalArgs, run func(context.Context, *recordOptions) error) *cobra.Command {
		o := &recordOptions{global: g, open: g.ledger}
		sub := &cobra.Command{Use: use, Short: short, Long: long, Args: args, RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 1 {
				o.place = args[0]
			}
			if runF != nil {
				return runF(cmd.Context(), o)
			}
			return run(cmd.Context(), o)
		}}
		if args == nil {
			sub.Args = oneRecord
		}
		if sub.Name() == "list" {
			sub.Flags().StringVar(&o.cluster, "cluster", "", "records of this cluster only")
			sub.Flags().IntVarP(&o.last, "last", "n", 50, "most records to list, the newest; 0 lists all")
		}
		return sub
	}
	cmd.AddCommand(
		verb("list", "List records, the newest first, and count what they say", "", cobra.NoArgs, runRecordList),
		verb("show CLUSTER/NUMBER", "Show one record; -o json gives its very bytes", "", nil, runRecordShow),
		verb("verify", "Prove that no record was edited, cut, moved or put in", `Prove that no record was edited, cut, moved or put in.

It cannot find a chain that was rewritten up to its end, head included, or
removed altogether, by somebody who may write to the store: keep the ends that
-v or -o json gives where others cannot write.

Exit status: 0 intact, 1 could not be read, 3 not intact.`, cobra.NoArgs, runRecordVerify),
		verb("replay CLUSTER/NUMBER", "Make a recorded decision again, and compare", `Make a recorded decision again, from what was recorded, and compare the two
verdicts byte for byte. It reads neither AWS nor any file but the record.

Exit status: 0 the same, 1 could not be replayed, 3 not the same.`, nil, runRecordReplay),
	)
	return cmd
}

// oneRecord wants exactly one place.
func oneRecord(cmd *cobra.Command, args []string) error {
	if len(args) == 1 {
		return nil
	}
	return usageError{fmt.Errorf("%s takes one record, such as search/42, and %d were given", cmd.Name(), len(args)), "Run 'holdfast record list' to see them.\n"}
}

// ledger is the ledger in the store of the config.
func (g *global) ledger(ctx context.Context) (*ledger.Ledger, error) {
	kept, err := g.store(ctx)
	if err != nil {
		return nil, err
	}
	return &ledger.Ledger{Store: kept, Now: g.Now, Sleep: g.Sleep, Version: buildVersion()}, nil
}

// print writes a result to stdout or --output-file: a document where JSON is
// wanted, else text.
func (o *recordOptions) print(document any, text func(p *lines)) error {
	w, err := writeTo(o.outputFile, o.Out)
	if err != nil {
		return err
	}
	if o.output == "json" {
		err = writeDocument(w, document)
	} else {
		p := &lines{w: w}
		text(p)
		err = p.err
	}
	return errors.Join(err, w.Close())
}

func runRecordList(ctx context.Context, o *recordOptions) error {
	if o.last < 0 {
		return errors.New("-n must not be negative\nGive the most records to list, or 0 for all")
	}
	l, err := o.open(ctx)
	if err != nil {
		return err
	}
	d := recordList{FormatVersion: ledger.FormatVersion, Records: []ledger.Record{}, store: fmt.Sprint(l.Store)}
	for e, err := range l.Records(ctx, o.cluster) {
		if err != nil && e.Seq == 0 {
			return err
		}
		if o.last > 0 && d.Listed == o.last {
			break
		}
		d.add(e, err)
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	d.count()
	if err := o.print(d, d.text); err != nil {
		return err
	}
	if len(d.Unreadable) > 0 {
		return fmt.Errorf("%d of the records cannot be read\nRun holdfast record verify", len(d.Unreadable))
	}
	return nil
}

func runRecordShow(ctx context.Context, o *recordOptions) error {
	l, err := o.open(ctx)
	if err != nil {
		return err
	}
	e, err := l.Find(ctx, o.place)
	if err != nil {
		return err
	}
	if o.output == "json" {
		w, err := writeTo(o.outputFile, o.Out)
		if err != nil {
			return err
		}
		_, err = w.Write(ledger.Printable(e.Data))
		return errors.Join(err, w.Close())
	}
	r, err := e.Whole()
	if err != nil {
		return err
	}
	w, err := writeTo(o.outputFile, o.Out)
	if err != nil {
		return err
	}
	return errors.Join(showRecord(w, r, e.Ref, o.reportOptions(w)), w.Close())
}

func runRecordVerify(ctx context.Context, o *recordOptions) error {
	l, err := o.open(ctx)
	if err != nil {
		return err
	}
	faults, n, err := l.Verify(ctx)
	if err != nil {
		return err
	}
	d := recordProof{FormatVersion: ledger.FormatVersion, Intact: len(faults) == 0, Records: n, Faults: faults}
	if d.Intact {
		if d.Ends, err = l.Heads(ctx); err != nil {
			return err
		}
	}
	if err := o.print(d, func(p *lines) { d.text(p, o.verbose) }); err != nil {
		return err
	}
	if !d.Intact {
		return exit(exitBlocked)
	}
	return nil
}

func runRecordReplay(ctx context.Context, o *recordOptions) error {
	l, err := o.open(ctx)
	if err != nil {
		return err
	}
	e, err := l.Find(ctx, o.place)
	if err != nil {
		return err
	}
	if e, err = l.Origin(ctx, e); err != nil {
		return err
	}
	same, diff, err := ledger.Replay(e, o.Suite, buildVersion())
	if err != nil {
		return err
	}
	d := recordReplay{FormatVersion: ledger.FormatVersion, Record: e.Ref, Decision: e.Record.Decision, Same: same, Difference: diff}
	if err := o.print(d, d.text); err != nil {
		return err
	}
	if !same {
		return exit(exitBlocked)
	}
	return nil
}
