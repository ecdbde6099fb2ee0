package terraform

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/mattn/go-shellwords"
)

// where says which calls a flag of apply belongs to when apply is done as a
// plan and an apply of that plan.
type where uint8

const (
	toPlan  where = 1 << iota // decides what the plan is
	toApply                   // decides how a plan is applied
	onlyOut                   // a flag of plan that apply does not have
)

// A flagSpec is one row of the table of flags.
type flagSpec struct {
	value bool // takes a value, perhaps as the next word
	to    where
}

// spec is the table of the flags of plan, apply and destroy, of Terraform to
// 1.14 and OpenTofu to 1.12.
func spec(name string) (flagSpec, bool) {
	switch name {
	case "lock", "no-color", "compact-warnings", "input", "json",
		"concise", "show-sensitive", "consolidate-warnings", "consolidate-errors":
		return flagSpec{to: toPlan | toApply}, true
	case "lock-timeout", "parallelism", "state", "deprecation":
		return flagSpec{value: true, to: toPlan | toApply}, true
	case "destroy", "refresh", "refresh-only", "allow-deferral":
		return flagSpec{to: toPlan}, true
	case "target", "target-file", "exclude", "exclude-file", "replace", "var", "var-file", "invoke":
		return flagSpec{value: true, to: toPlan}, true
	case "detailed-exitcode":
		return flagSpec{to: onlyOut}, true
	case "out", "generate-config-out":
		return flagSpec{value: true, to: onlyOut}, true
	case "auto-approve", "suppress-forget-errors":
		return flagSpec{to: toApply}, true
	case "backup", "state-out", "json-into":
		return flagSpec{value: true, to: toApply}, true
	}
	return flagSpec{}, false
}

// Args is the words after plan, apply or destroy, understood as far as the
// gate must. The words themselves are kept as they were.
type Args struct {
	Words []string // as given
	Plan  []string // those that make the plan
	Apply []string // those for the apply of a plan made before
	Vars  []string // -var and -var-file, which Plan has too: an ephemeral variable is asked for again by apply
	Fixed []string // names of the flags given that a saved plan has already answered
	File  string   // the plan file; empty means none was given
	Out   string   // value of -out; empty means none was given

	AutoApprove bool
	JSON        bool
	NoColor     bool
	NoInput     bool // -input=false
	Destroy     bool
	RefreshOnly bool
	Partial     bool // -target, -exclude or their files: the plan leaves out a part of the configuration
	Help        bool
}

// ParsePlan takes apart the words after plan.
func ParsePlan(words []string) (Args, error) { return parse("plan", words) }

// ParseApply takes apart the words after apply or destroy; destroy is apply
// with -destroy.
func ParseApply(verb string, words []string) (Args, error) {
	a, err := parse(verb, words)
	if err == nil && verb == "destroy" {
		a.Destroy = true
		a.Plan = append([]string{"-destroy"}, a.Plan...)
	}
	return a, err
}

// parse reads words as Go's flag package does, which terraform uses: one dash
// or two, -name=value or -name value, flags end at the first other word.
func parse(verb string, words []string) (Args, error) {
	a := Args{Words: slices.Clone(words)}
	unknown := "" // the last flag, if it is not in the table and had no "="
	for i := 0; i < len(words); i++ {
		word := words[i]
		if word == "--" {
			return a, a.positional(verb, words[i+1:], "")
		}
		name, value, joined := cutFlag(word)
		if name == "" {
			return a, a.positional(verb, words[i:], unknown)
		}
		s, known := spec(name)
		unknown = ""
		tokens := []string{word}
		switch {
		case name == "help" || name == "h":
			a.Help = true
			return a, nil
		case !known:
			// The plan gets it, so that terraform says what it thinks of it.
			s.to = toPlan
			if !joined {
				unknown = word
			}
		case s.value && !joined:
			if i++; i == len(words) {
				return a, fmt.Errorf("the flag %s needs a value\nGive it as %s=VALUE", word, word)
			}
			value = words[i]
			tokens = append(tokens, value)
		}
		if err := a.note(verb, name, value, joined, s); err != nil {
			return a, err
		}
		a.keep(name, tokens, s.to)
	}
	return a, nil
}

// cutFlag returns the name of a flag and its value after "=", an empty name if
// the word is not a flag.
func cutFlag(word string) (name, value string, joined bool) {
	rest, ok := strings.CutPrefix(word, "-")
	if !ok || rest == "" {
		return "", "", false
	}
	return strings.Cut(strings.TrimPrefix(rest, "-"), "=")
}

// keep files the words of one flag under the calls they belong to.
func (a *Args) keep(name string, tokens []string, to where) {
	if to&toPlan != 0 {
		a.Plan = append(a.Plan, tokens...)
	}
	if to&toPlan != 0 && to&toApply == 0 {
		a.Fixed = append(a.Fixed, "-"+name)
	}
	// The answer to the prompt is holdfast's to take; a saved plan asks nothing.
	if to&toApply != 0 && name != "auto-approve" {
		a.Apply = append(a.Apply, tokens...)
	}
	if name == "var" || name == "var-file" {
		a.Vars = append(a.Vars, tokens...)
	}
}

// note remembers the flags that the gate itself goes by.
func (a *Args) note(verb, name, value string, joined bool, s flagSpec) error {
	if s.to == onlyOut && verb != "plan" {
		return fmt.Errorf("-%s is a flag of plan, not of %s\nRun holdfast plan -%s first, or leave it out", name, verb, name)
	}
	switch name {
	case "out":
		a.Out = value
	case "target", "target-file", "exclude", "exclude-file":
		a.Partial = true
	}
	on := map[string]*bool{
		"auto-approve": &a.AutoApprove, "json": &a.JSON, "no-color": &a.NoColor,
		"input": &a.NoInput, "destroy": &a.Destroy, "refresh-only": &a.RefreshOnly,
	}[name]
	if on == nil {
		return nil
	}
	set := true
	if joined {
		var err error
		if set, err = strconv.ParseBool(value); err != nil {
			return fmt.Errorf("-%s=%s is neither true nor false\nWrite -%s or -%s=false", name, value, name, name)
		}
	}
	*on = set != (name == "input") // -input=false is what matters
	return nil
}

// positional takes the words after the flags. A word after a flag that is not
// in the table may be its value: guessing would apply a plan nobody meant.
func (a *Args) positional(verb string, rest []string, unknown string) error {
	if len(rest) == 0 || verb == "plan" {
		return nil // plan takes none; terraform says so
	}
	if unknown != "" {
		return fmt.Errorf("holdfast does not know the flag %s and cannot tell whether %q is its value or the plan file\n"+
			"Write %s=VALUE, or put the plan file after --", unknown, rest[0], unknown)
	}
	if verb == "destroy" {
		return fmt.Errorf("destroy takes no plan file, and %q was given\nRun holdfast apply with the plan file", rest[0])
	}
	if len(rest) > 1 {
		return fmt.Errorf("apply takes one plan file, and %q stands after it\nPut every flag before the plan file", rest[1])
	}
	a.File = rest[0]
	return nil
}

// EnvWords returns the words that terraform itself puts in front of those of
// the command line: TF_CLI_ARGS_<verb>, then TF_CLI_ARGS.
func EnvWords(env []string, verb string) ([]string, error) {
	var words []string
	for _, name := range []string{"TF_CLI_ARGS_" + verb, "TF_CLI_ARGS"} {
		w, err := shellwords.Parse(Getenv(env, name))
		if err != nil {
			return nil, fmt.Errorf("%s cannot be split into words\nCorrect its quotes", name)
		}
		words = append(words, w...)
	}
	return words, nil
}
