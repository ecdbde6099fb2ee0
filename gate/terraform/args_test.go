package terraform

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParseApply(t *testing.T) {
	tests := map[string]struct {
		verb  string
		words string
		want  Args
	}{
		"nothing": {words: ""},
		"a plan file": {words: "tfplan",
			want: Args{File: "tfplan"}},
		"a plan file after a flag that takes a value": {words: "-var n=1 tfplan",
			want: Args{Plan: []string{"-var", "n=1"}, Vars: []string{"-var", "n=1"}, Fixed: []string{"-var"}, File: "tfplan"}},
		"a value is not a plan file": {words: "-target aws_instance.a",
			want: Args{Plan: []string{"-target", "aws_instance.a"}, Fixed: []string{"-target"}, Partial: true}},
		"two dashes": {words: "--var=n=1 --auto-approve",
			want: Args{Plan: []string{"--var=n=1"}, Vars: []string{"--var=n=1"}, Fixed: []string{"-var"}, AutoApprove: true}},
		"a flag for both calls": {words: "-lock-timeout 5s -no-color -parallelism=2",
			want: Args{Plan: []string{"-lock-timeout", "5s", "-no-color", "-parallelism=2"}, Apply: []string{"-lock-timeout", "5s", "-no-color", "-parallelism=2"}, NoColor: true}},
		"a flag only for apply": {words: "-backup=- -state-out x",
			want: Args{Apply: []string{"-backup=-", "-state-out", "x"}}},
		"approval taken back": {words: "-auto-approve -auto-approve=false"},
		"no input":            {words: "-input=false", want: Args{Plan: []string{"-input=false"}, Apply: []string{"-input=false"}, NoInput: true}},
		"input":               {words: "-input=true", want: Args{Plan: []string{"-input=true"}, Apply: []string{"-input=true"}}},
		"an unknown flag goes to plan": {words: "-frobnicate=1 -json",
			want: Args{Plan: []string{"-frobnicate=1", "-json"}, Apply: []string{"-json"}, Fixed: []string{"-frobnicate"}, JSON: true}},
		"an unknown flag with its value joined, then the plan file": {words: "-frobnicate=1 tfplan",
			want: Args{Plan: []string{"-frobnicate=1"}, Fixed: []string{"-frobnicate"}, File: "tfplan"}},
		"flags end at two dashes": {words: "-refresh-only -- -odd",
			want: Args{Plan: []string{"-refresh-only"}, Fixed: []string{"-refresh-only"}, RefreshOnly: true, File: "-odd"}},
		"destroy is apply -destroy": {verb: "destroy", words: "-auto-approve",
			want: Args{Plan: []string{"-destroy"}, Destroy: true, AutoApprove: true}},
		"help": {words: "-lock=false -help", want: Args{Plan: []string{"-lock=false"}, Apply: []string{"-lock=false"}, Help: true}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			verb := test.verb
			if verb == "" {
				verb = "apply"
			}
			words := strings.Fields(test.words)
			got, err := ParseApply(verb, words)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(words, got.Words); diff != "" && len(words) > 0 {
				t.Errorf("words (-want +got):\n%s", diff)
			}
			got.Words = nil
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("args (-want +got):\n%s", diff)
			}
		})
	}
}

func TestParseApplyRefuses(t *testing.T) {
	tests := map[string]string{
		"-frobnicate tfplan":    "cannot tell whether",
		"-var":                  "needs a value",
		"tfplan -auto-approve":  "stands after it",
		"-out=x":                "flag of plan",
		"-detailed-exitcode":    "flag of plan",
		"-auto-approve=perhaps": "neither true nor false",
	}
	for words, want := range tests {
		_, err := ParseApply("apply", strings.Fields(words))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("apply %s: got %v, want an error with %q", words, err, want)
		}
	}
	if _, err := ParseApply("destroy", []string{"tfplan"}); err == nil {
		t.Error("destroy with a plan file: got no error")
	}
}

func TestParsePlan(t *testing.T) {
	got, err := ParsePlan([]string{"-out", "a", "-destroy", "-out=b", "-detailed-exitcode", "-json"})
	if err != nil {
		t.Fatal(err)
	}
	if got.Out != "b" || !got.Destroy || !got.JSON {
		t.Errorf("got out %q, destroy %v, json %v; want b, true, true", got.Out, got.Destroy, got.JSON)
	}
}

func TestEnvWords(t *testing.T) {
	env := []string{"TF_CLI_ARGS=-lock=false", `TF_CLI_ARGS_apply=-var 'name=a b'`}
	got, err := EnvWords(env, "apply")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"-var", "name=a b", "-lock=false"}, got); diff != "" {
		t.Errorf("words (-want +got):\n%s", diff)
	}
	if _, err := EnvWords([]string{"TF_CLI_ARGS=-var 'open"}, "apply"); err == nil {
		t.Error("an open quote: got no error")
	}
}
