package demo

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"strings"
)

// Main plays what the words of the command line ask for and returns the exit
// status of the process.
func Main() int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	o := Options{Out: os.Stdout, Log: os.Stderr}
	words := flag.NewFlagSet("holdfast demo", flag.ContinueOnError)
	words.Usage = func() { fmt.Fprint(words.Output(), usage()) }
	words.StringVar(&o.Holdfast, "holdfast", "holdfast", "path of the holdfast that refuses")
	words.BoolVar(&o.Color, "color", false, "colour the signs")
	words.BoolVar(&o.Official, "official", false, "use the official provider")
	all := words.Bool("all", false, "play every incident")
	switch err := words.Parse(os.Args[1:]); {
	case errors.Is(err, flag.ErrHelp):
		return 0
	case err != nil:
		return 1
	}
	if err := chosen(ctx, o, *all, words.Args()); err != nil {
		what, fix, _ := strings.Cut(err.Error(), "\n")
		fmt.Fprintln(os.Stderr, "Error: "+what)
		if fix != "" {
			fmt.Fprintln(os.Stderr, "  "+strings.ReplaceAll(fix, "\n", "\n  "))
		}
		return 1
	}
	return 0
}

func chosen(ctx context.Context, o Options, all bool, names []string) error {
	switch {
	case len(names) > 1 || all && len(names) > 0:
		return errors.New("demo plays one incident or, with --all, every one: leave out either")
	case all:
		return RunAll(ctx, o)
	case len(names) == 0:
		names = Incidents()
	}
	return Run(ctx, names[0], o)
}

func usage() string {
	return `Play an outage that happened, twice, in two identical simulated worlds: plain
terraform apply does the harm, holdfast apply refuses and says why.

Usage: holdfast demo [--all] [--official] [INCIDENT]

  --all        play every incident, and end with a table of them
  --official   use the official hashicorp/aws provider, from a plugin mirror or
               its registry; takes minutes

The incidents are ` + strings.Join(Incidents(), ", ") + `;
without a name the first is played.

It needs no AWS account and touches none. It runs the terraform or tofu on
PATH; where there is none, OpenTofu is built from its Go module, once.
`
}
