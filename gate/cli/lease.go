package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/holdfast-gate/holdfast/gate/lease"
	"github.com/holdfast-gate/holdfast/gate/ledger"
)

// leaseOptions is one run of lease list or lease release.
type leaseOptions struct {
	*global
	all     bool // list: those that nobody holds, too
	cluster string
	account string // of the cluster; empty means the only one that has it
}

func newLease(g *global, runF func(context.Context, *leaseOptions) error) *cobra.Command {
	o := &leaseOptions{global: g}
	run := func(f func(context.Context, *leaseOptions) error) func(*cobra.Command, []string) error {
		return func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				o.cluster = args[0]
			}
			if runF != nil {
				return runF(cmd.Context(), o)
			}
			return f(cmd.Context(), o)
		}
	}
	root := &cobra.Command{
		Use:   "lease",
		Short: "Show who is changing a cluster, or end a lease",
		Long: `One change at a time happens in a cluster: apply takes its lease before it
proves the verdict again, renews it while terraform runs, and gives it back
when the cluster has settled. A lease that is not renewed runs out by itself.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	list := &cobra.Command{Use: "list", Short: "Show who holds which cluster", Args: cobra.NoArgs, RunE: run(runLeaseList)}
	list.Flags().BoolVar(&o.all, "all", false, "show the leases that nobody holds, too")
	release := &cobra.Command{
		Use:   "release CLUSTER --reason TEXT",
		Short: "End a lease that somebody else holds",
		Long: `End a lease that somebody else holds. Its holder may still be applying: it is
told by its next renewal, and stops terraform the way Ctrl-C does. So that two
never change a cluster at once, nobody can take the lease before the holder
must have noticed, two minutes at most. A run that is dead needs none of this:
its lease runs out in the same time.`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) != 1 {
				return usageError{fmt.Errorf("release takes the name of one cluster, and %d were given", len(args)), "Run 'holdfast lease list' to see them.\n"}
			}
			return nil
		},
		RunE: run(runLeaseRelease),
	}
	release.Flags().StringVar(&o.account, "account", "", "the account the cluster is in, where several have one of this name")
	root.AddCommand(list, release)
	return root
}

// A leaseList is the document of lease list.
type leaseList struct {
	FormatVersion string     `json:"format_version"`
	Store         string     `json:"store"`
	Leases        []leaseRow `json:"leases"`
}

// A leaseRow is one lease. Durations are whole seconds, by the store's clock.
type leaseRow struct {
	Account string        `json:"account,omitempty"`
	Cluster string        `json:"cluster,omitempty"`
	State   lease.State   `json:"state"`
	Token   int64         `json:"token,omitempty"`
	Holder  *lease.Holder `json:"holder,omitempty"` // who has it, or had it last
	Taken   int           `json:"taken_seconds_ago"`
	Silent  int           `json:"confirmed_seconds_ago"`
	Left    int           `json:"left_seconds"` // until another can take it, if it is not renewed
	By      string        `json:"ended_by,omitempty"`
	Reason  string        `json:"reason,omitempty"`
	Problem string        `json:"problem,omitempty"`
	Key     string        `json:"key"`
}

func row(e lease.Entry) leaseRow {
	r := leaseRow{Account: e.Account, Cluster: e.Cluster, State: e.State, Token: e.Token, Taken: seconds(e.Taken), Silent: seconds(e.Silent), Left: seconds(e.Left), Problem: e.Problem, Key: e.Key}
	if e.Token > 0 {
		r.Holder = &e.Holder
	}
	if e.Broken != nil {
		r.By, r.Reason = e.Broken.By, e.Broken.Reason
	}
	return r
}

func seconds(d time.Duration) int { return int(d.Round(time.Second) / time.Second) }

func runLeaseList(ctx context.Context, o *leaseOptions) error {
	kept, err := o.store(ctx)
	if err != nil {
		return err
	}
	entries, err := lease.List(ctx, kept)
	if err != nil {
		return err
	}
	w, err := writeTo(o.outputFile, o.Out)
	if err != nil {
		return err
	}
	list := leaseList{FormatVersion: "1.0", Store: kept.String(), Leases: []leaseRow{}}
	for _, e := range entries {
		// JSON is for programs, which choose by themselves.
		if o.all || o.output == "json" || e.State != lease.Released {
			list.Leases = append(list.Leases, row(e))
		}
	}
	if o.output == "json" {
		err = writeDocument(w, list)
	} else {
		err = list.text(w)
	}
	if err := errors.Join(err, w.Close()); err != nil {
		return err
	}
	for _, e := range entries {
		if e.State == lease.Unreadable {
			return exit(exitUndecided)
		}
	}
	return nil
}

func (l leaseList) text(w io.Writer) error {
	if len(l.Leases) == 0 {
		_, err := fmt.Fprintf(w, "Nobody holds a lease in %s.\n", l.Store)
		return err
	}
	t := tabwriter.NewWriter(w, 0, 8, 2, ' ', 0)
	fmt.Fprintln(t, "CLUSTER\tACCOUNT\tSTATE\tTAKEN\tRUNS OUT\tTOKEN\tHOLDER")
	var problems []string
	for _, r := range l.Leases {
		if r.State == lease.Unreadable {
			problems = append(problems, plain(r.Problem))
			fmt.Fprintf(t, "%s\t\t%s\t\t\t\t\n", plain(r.Key), r.State)
			continue
		}
		fmt.Fprintf(t, "%s\t%s\t%s\t%s ago\t%s\t%d\t%s\n", plain(r.Cluster), plain(r.Account), r.State, span(r.Taken), r.runsOut(), r.Token, r.holder())
	}
	err := t.Flush()
	for _, p := range problems {
		_, pErr := fmt.Fprintln(w, p)
		err = errors.Join(err, pErr)
	}
	return err
}

// runsOut says when another can take a lease.
func (r leaseRow) runsOut() string {
	switch {
	case r.State == lease.Released:
		return "-"
	case r.Left == 0:
		return "now"
	}
	return "in " + span(r.Left)
}

// holder says who has a lease, from where, and who has ended it.
func (r leaseRow) holder() string {
	out := r.Holder.String()
	for _, detail := range []string{r.Holder.Directory, r.Holder.Run} {
		if detail != "" {
			out += ", " + plain(detail)
		}
	}
	if r.By != "" {
		out += "; ended by " + plain(r.By) + ": " + plain(r.Reason)
	}
	return out
}

func span(seconds int) string { return (time.Duration(seconds) * time.Second).String() }

func runLeaseRelease(ctx context.Context, o *leaseOptions) error {
	if strings.TrimSpace(o.reason) == "" {
		return errors.New("ending somebody's lease needs a reason: it is shown to them and kept\nAdd --reason \"why that run cannot give it back\"")
	}
	kept, err := o.store(ctx)
	if err != nil {
		return err
	}
	account, err := o.leaseAccount(ctx, kept)
	if err != nil {
		return err
	}
	e, err := lease.Break(ctx, kept, account, o.cluster, o.actor().Who(), strings.TrimSpace(o.reason))
	if err != nil {
		return err
	}
	fmt.Fprintf(o.Out, "The lease of %s is ended; it was held by %s, token %d.\n", plain(e.Cluster), e.Holder, e.Token)
	l := ledger.Ledger{Store: kept, Now: o.Now, Sleep: o.Sleep, Version: buildVersion()}
	if _, err := l.Append(ctx, ledger.Record{Kind: ledger.Released, Run: ledger.NewRun(), Account: e.Account, Cluster: e.Cluster,
		Actor: o.actor(), Token: e.Token, Before: e.Holder.String(), Note: strings.TrimSpace(o.reason)}); err != nil {
		// It is ended all the same, and the lease itself says by whom.
		fmt.Fprintf(o.Err, "holdfast: ledger.unwritten: that it was ended could not be recorded: %v\n", err)
	}
	fmt.Fprintf(o.Err, "Warning: that run may still be applying until it notices. Nobody can take the lease for another %s.\n", span(seconds(e.Left)))
	return nil
}

// leaseAccount is the account of the one lease that the cluster's name means.
func (o *leaseOptions) leaseAccount(ctx context.Context, kept kept) (string, error) {
	if o.account != "" {
		return o.account, nil
	}
	entries, err := lease.List(ctx, kept)
	if err != nil {
		return "", err
	}
	var accounts []string
	for _, e := range entries {
		if e.Cluster == o.cluster && e.State != lease.Unreadable {
			accounts = append(accounts, e.Account)
		}
	}
	switch len(accounts) {
	case 0:
		return "", fmt.Errorf("nobody ever took a lease of %s in %s\nSee holdfast lease list --all for the names, and --store for another store", plain(o.cluster), kept)
	case 1:
		return accounts[0], nil
	}
	return "", fmt.Errorf("several accounts have a cluster %s: %s\nSay which one with --account", plain(o.cluster), plain(strings.Join(accounts, ", ")))
}
