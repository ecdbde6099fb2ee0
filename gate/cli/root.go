package cli

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/holdfast-gate/holdfast/gate/live"
	"github.com/holdfast-gate/holdfast/gate/terraform"
)

// global is the flags that stand before the subcommand.
type global struct {
	*Factory
	config     string
	chdir      string
	wait       time.Duration
	wanted     []string // what --output gave
	output     string   // the form of the report
	copies     []copied // more forms of it, in files
	outputFile string
	tfPath     string
	planReader string
	color      string
	noColor    bool
	quiet      bool
	verbose    bool
	timeout    time.Duration
	storeAt    string // where leases and records are kept; empty means where the config says

	observe     bool     // of the config: nothing is refused
	verdict     string   // file of a verdict that apply is to carry out
	overrides   []string // CODE or CODE@CLUSTER
	reason      string
	overrideFor time.Duration
	follow      time.Duration
	trailWait   time.Duration  // longest that a report waits to know who did it
	last        live.Collector // the collector that read last; nil: none did
}

// newRoot makes the whole command tree. Own verbs win only where terraform has
// no such verb; what is not in the tree is terraform's.
func newRoot(f *Factory) *cobra.Command {
	g, root := newGlobalRoot(f)
	root.AddCommand(
		newPlan(g, nil),
		newApply(g, "apply", nil),
		newApply(g, "destroy", nil),
		newVersion(g, nil),
		newCheck(g, nil),
		newReview(g, nil),
		newSnapshot(g, nil),
		newStatus(g, nil),
		newDrift(g, nil),
		newDemo(g, nil),
		newExplain(g, nil),
		newSchema(g),
		newSetup(g),
		newRecord(g, nil),
		newLease(g, nil),
	)
	return root
}

// newGlobalRoot makes the root without its subcommands, and the flags that all
// of them share.
func newGlobalRoot(f *Factory) (*global, *cobra.Command) {
	g := &global{Factory: f}
	root := &cobra.Command{
		Use:   "holdfast [flags] [-chdir=DIR] COMMAND [args]",
		Short: "A safety gate for infrastructure changes that scale clusters",
		Long: `Holdfast stands where you run terraform. It reads what Terraform wants to do,
reads what is really running, and lets the change through only if every
cluster it touches keeps enough serving members, whatever AWS chooses to do.

plan, apply and destroy take terraform's own arguments, and any other
terraform subcommand is passed straight through, so that

    alias terraform=holdfast

works. Holdfast's own flags stand before the subcommand, or in the
environment: --wait 10m is HOLDFAST_WAIT=10m. The report of plan, apply and
destroy goes to stderr, or to --output-file; their stdout is terraform's.

Exit status of plan, apply and destroy: terraform's own, 1 when blocked.
Of check, review and drift: 0 allowed, 1 could not decide, 3 blocked.`,
		TraverseChildren: true,
		SilenceErrors:    true,
		SilenceUsage:     true,
		Args:             cobra.ArbitraryArgs,
		PersistentPreRunE: func(cmd *cobra.Command, _ []string) error {
			asked := cmd.Root().PersistentFlags().Changed("output")
			if err := g.complete(cmd.Root().PersistentFlags()); err != nil {
				return err
			}
			return g.narrow(cmd, asked)
		},
		RunE: func(cmd *cobra.Command, words []string) error {
			if len(words) == 0 {
				return cmd.Help()
			}
			return g.pass(words)
		},
	}
	root.SetIn(f.In)
	root.SetOut(f.Out)
	root.SetErr(f.Err)
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return usageError{err, "Run '" + cmd.CommandPath() + " --help' for its flags.\n"}
	})
	p := root.PersistentFlags()
	g.flags(p)
	// Flags end at terraform's subcommand: what follows it is terraform's.
	root.Flags().AddFlagSet(p)
	root.Flags().SetInterspersed(false)
	return g, root
}

// flags declares the flags, each of which HOLDFAST_* can give, too.
func (g *global) flags(p *pflag.FlagSet) {
	p.StringVar(&g.config, "config", "", "path of holdfast.hcl (default: found in DIR or above it, up to the repository root)")
	p.StringVar(&g.chdir, "chdir", "", "terraform's -chdir=DIR")
	p.DurationVar(&g.wait, "wait", 0, "wait this long for clusters to settle")
	p.StringSliceVarP(&g.wanted, "output", "o", []string{"text"}, "form of the report: "+strings.Join(forms(), ", ")+"; or FORM=FILE, for one more in a file")
	p.StringVar(&g.outputFile, "output-file", "", "write the report to this file")
	p.StringVar(&g.tfPath, "tf-path", "", "the terraform or tofu to run (default: found on PATH)")
	p.StringVar(&g.planReader, "plan-reader", "auto", "who reads plan files: auto (holdfast where that was proved to read the same, else terraform), show (terraform), compare (both, refusing a difference)")
	p.StringVar(&g.color, "color", "auto", "colour in reports: auto, always or never")
	p.BoolVar(&g.noColor, "no-color", false, "no colour, in terraform's output too")
	p.BoolVarP(&g.quiet, "quiet", "q", false, "report only what blocks")
	p.BoolVarP(&g.verbose, "verbose", "v", false, "report every member and every check")
	p.StringVar(&g.storeAt, "store", "", "where leases and records are kept: an absolute path or s3://BUCKET/PREFIX (default: that of the config, else a directory of your own)")
	p.DurationVar(&g.timeout, "timeout", 2*time.Minute, "longest that reading what is live may take")
	p.StringVar(&g.verdict, "verdict", "", "apply: a verdict that holdfast -o json check gave; only what it is about is applied")
	p.StringSliceVar(&g.overrides, "override", nil, "apply: go on in spite of the finding with this CODE, or CODE@CLUSTER; needs --reason")
	p.StringVar(&g.reason, "reason", "", "why, for --override; it is shown and kept")
	p.DurationVar(&g.overrideFor, "override-for", 0, "how long the override is good for (default: as long as holdfast.hcl lets it)")
	p.DurationVar(&g.trailWait, "trail-wait", 4*time.Second, "longest that a report waits for CloudTrail to say who did it; nothing is decided by it, and 0 does not ask")
	p.DurationVar(&g.follow, "follow", 5*time.Minute, "apply: follow the clusters until they have settled, at most this long; 0 does not")
}

// complete takes what was not given as a flag from HOLDFAST_* and judges the
// values.
func (g *global) complete(flags *pflag.FlagSet) error {
	var err error
	flags.VisitAll(func(f *pflag.Flag) {
		name := "HOLDFAST_" + strings.ToUpper(strings.ReplaceAll(f.Name, "-", "_"))
		value := terraform.Getenv(g.Env, name)
		// An override is given for one change, never by what happens to be in the
		// environment.
		if f.Changed || value == "" || slices.Contains([]string{"chdir", "verdict", "override", "reason", "override-for"}, f.Name) || err != nil {
			return
		}
		if flags.Set(f.Name, value) != nil {
			err = fmt.Errorf("%s=%q is not a value of --%s\nCorrect or unset %s", name, value, f.Name, name)
		}
	})
	switch {
	case err != nil:
		return err
	case !slices.Contains([]string{"auto", "show", "compare"}, g.planReader):
		return fmt.Errorf("--plan-reader %q is not a reader\nUse auto, show or compare", g.planReader)
	case !slices.Contains([]string{"auto", "always", "never"}, g.color):
		return fmt.Errorf("--color %q is not a choice\nUse auto, always or never", g.color)
	case g.wait < 0 || g.timeout <= 0 || g.follow < 0 || g.trailWait < 0 || g.overrideFor < 0:
		return errors.New("--wait, --timeout, --follow, --trail-wait and --override-for must not be negative, and --timeout not zero\nGive a duration such as 10m")
	}
	return g.outputs(g.wanted)
}

// normalise turns what terraform accepts before its subcommand (-chdir=DIR,
// -help, -version) into what pflag accepts. For holdfast's own verbs it lets
// every long flag have one dash, as terraform's do.
func normalise(root *cobra.Command, words []string) ([]string, error) {
	out := make([]string, 0, len(words))
	flags := root.PersistentFlags()
	for i := 0; i < len(words); i++ {
		word := words[i]
		switch name, value, joined := strings.Cut(strings.TrimLeft(word, "-"), "="); {
		case !strings.HasPrefix(word, "-") || word == "-" || word == "--":
			return append(out, verbWords(root, words[i:])...), nil
		case name == "chdir" && !joined:
			return nil, errors.New("-chdir needs its directory after an equals sign\nWrite -chdir=DIR")
		case name == "chdir" && (value == "" || slices.Contains(out, "--chdir") || slices.ContainsFunc(out, func(w string) bool { return strings.HasPrefix(w, "--chdir=") })):
			return nil, errors.New("-chdir must name one directory, once\nWrite -chdir=DIR; a variable in it may be empty")
		case name == "chdir":
			out = append(out, "--"+strings.TrimLeft(word, "-"))
		case word == "-help" || word == "-h":
			out = append(out, "--help")
		case word == "-version" || word == "--version":
			return append(out, "version"), nil
		case word == "-v" && len(words) == 1: // terraform's short form; before a subcommand it is --verbose
			return []string{"version"}, nil
		default:
			out = append(out, word)
			if !joined && takesValue(flags, word) && i+1 < len(words) {
				i++
				out = append(out, words[i])
			}
		}
	}
	return out, nil
}

// takesValue reports whether the next word is the value of a flag of ours.
func takesValue(flags *pflag.FlagSet, word string) bool {
	var f *pflag.Flag
	if name, long := strings.CutPrefix(word, "--"); long {
		f = flags.Lookup(name)
	} else if len(word) == 2 {
		f = flags.ShorthandLookup(word[1:])
	}
	return f != nil && f.NoOptDefVal == ""
}

// verbWords gives the long flags after an own verb two dashes. Everything after
// a verb of terraform stays as it is.
func verbWords(root *cobra.Command, words []string) []string {
	cmd, _, err := root.Find(words[:1])
	if err != nil || cmd == root || cmd.DisableFlagParsing {
		return words
	}
	out := slices.Clone(words)
	for i, word := range out {
		name, _, _ := strings.Cut(strings.TrimPrefix(word, "-"), "=")
		if strings.HasPrefix(word, "-") && len(name) > 1 && !strings.HasPrefix(name, "-") &&
			(name == "help" || cmd.Flags().Lookup(name) != nil || cmd.InheritedFlags().Lookup(name) != nil) {
			out[i] = "-" + word
		}
	}
	return out
}
