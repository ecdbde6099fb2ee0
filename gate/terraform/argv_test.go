package terraform

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestArgv(t *testing.T) {
	plain := &Tool{}
	moved := &Tool{Chdir: "live/prod"}
	words := []string{"-var", "n=3", "-lock=false"}
	tests := map[string]struct{ got, want []string }{
		"plan, defaults":          {plain.planArgv(PlanCall{}), []string{"plan"}},
		"plan, override all":      {moved.planArgv(PlanCall{Words: words, Out: "/tmp/p", NoColor: true, Detail: true, Bare: true}), []string{"-chdir=live/prod", "plan", "-out=/tmp/p", "-no-color", "-detailed-exitcode", "-var", "n=3", "-lock=false"}},
		"apply, defaults":         {plain.applyArgv(ApplyCall{}), []string{"apply"}},
		"apply, override all":     {moved.applyArgv(ApplyCall{Words: words, File: "/tmp/p", NoColor: true, Bare: true}), []string{"-chdir=live/prod", "apply", "-no-color", "-var", "n=3", "-lock=false", "--", "/tmp/p"}},
		"show, defaults":          {plain.showArgv("p"), []string{"show", "-no-color", "-json", "p"}},
		"show, override all":      {moved.showArgv("/p"), []string{"-chdir=live/prod", "show", "-no-color", "-json", "/p"}},
		"version, defaults":       {plain.versionArgv(), []string{"version"}},
		"version, override all":   {moved.versionArgv(), []string{"-chdir=live/prod", "version"}},
		"workspace, defaults":     {plain.workspaceArgv(), []string{"workspace", "show"}},
		"workspace, override all": {moved.workspaceArgv(), []string{"-chdir=live/prod", "workspace", "show"}},
	}
	for name, test := range tests {
		if diff := cmp.Diff(test.want, test.got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func TestBareTakesOnlyTheWordsThatWereFolded(t *testing.T) {
	env := []string{"TF_WORKSPACE=prod", "TF_CLI_ARGS=-lock=false", "TF_CLI_ARGS_plan=-x", "TF_CLI_ARGS_apply=-y", "TF_CLI_ARGS_init=-z", "TF_VAR_n=1"}
	want := []string{"TF_WORKSPACE=prod", "TF_CLI_ARGS_init=-z", "TF_VAR_n=1"}
	if diff := cmp.Diff(want, bare(env, true)); diff != "" {
		t.Errorf("bare (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(env, bare(env, false)); diff != "" {
		t.Errorf("not bare (-want +got):\n%s", diff)
	}
}
