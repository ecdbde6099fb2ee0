package cli

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"regexp"
	"strings"
	"time"

	"github.com/spf13/cobra"
)

// setupAtlantisOptions is one run of setup atlantis.
type setupAtlantisOptions struct {
	*global
	owners []string      // who may approve what a policy check refuses
	repo   string        // id of the repositories, as repos.yaml has it
	wait   time.Duration // of the check before apply
}

// atlantisConfig is where the server's holdfast.hcl is if --config does not
// say. A file of the pull request could loosen its own gate.
const atlantisConfig = "/etc/atlantis/holdfast.hcl"

func newSetupAtlantis(g *global, runF func(context.Context, *setupAtlantisOptions) error) *cobra.Command {
	o := &setupAtlantisOptions{global: g}
	cmd := &cobra.Command{
		Use:   "atlantis --owner USER",
		Short: "Write the server-side repos.yaml of Atlantis, 0.39 or later",
		Long: `Write the server-side configuration of Atlantis, 0.39 or later (atlantis
server --enable-policy-checks --repo-config repos.yaml): a custom policy check right after
plan, which an owner may approve, and a check of what is running right before
apply, which nobody can. Both read the holdfast.hcl of --config, a path on the
server, and never that of the pull request.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if runF != nil {
				return runF(cmd.Context(), o)
			}
			return runSetupAtlantis(cmd.Context(), o)
		},
	}
	cmd.Flags().StringSliceVar(&o.owners, "owner", nil, "a user who may approve what the policy check refuses; repeatable")
	cmd.Flags().StringVar(&o.repo, "repo", "/.*/", "the repositories: an id, or a regular expression between slashes")
	cmd.Flags().DurationVar(&o.wait, "settle-wait", 10*time.Minute, "longest that apply waits for clusters to settle")
	return cmd
}

func runSetupAtlantis(_ context.Context, o *setupAtlantisOptions) error {
	path := cmp.Or(o.config, atlantisConfig)
	switch {
	case len(o.owners) == 0:
		// A policy set without an owner is one that nobody can approve, and
		// Atlantis without a policy set takes a check that ended early for passed.
		return fmt.Errorf("no owner of the policy is named\nAdd --owner USER for each who may approve what it refuses")
	case !word.MatchString(path) || !strings.HasPrefix(path, "/"):
		return fmt.Errorf("--config %q is not the path of a file on the server\nGive an absolute path of letters, digits and . _ / -", path)
	case o.wait < 0:
		return fmt.Errorf("--settle-wait must not be negative\nGive a duration such as 10m")
	}
	for _, owner := range o.owners {
		if !word.MatchString(owner) {
			return fmt.Errorf("--owner %q is not the name of a user\nGive the name by which the forge knows somebody", owner)
		}
	}
	if strings.ContainsAny(o.repo, "'\n") || o.repo == "" {
		return fmt.Errorf("--repo %q is not an id of repositories\nGive HOST/OWNER/REPO, or a regular expression between slashes", o.repo)
	}
	w, err := writeTo(o.outputFile, o.Out)
	if err != nil {
		return err
	}
	named := strings.NewReplacer("{repo}", o.repo, "{owners}", strings.Join(o.owners, ", "), "{config}", path, "{wait}", short(o.wait))
	if _, err := io.WriteString(w, named.Replace(reposYAML)); err != nil {
		return err
	}
	return w.Close()
}

// word is what stands in YAML and in a shell for itself.
var word = regexp.MustCompile(`^[0-9A-Za-z._/-]+$`)

// short is a duration without the units that are zero, "10m".
func short(d time.Duration) string {
	s := d.String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}

// reposYAML is the file, with names in braces for what is asked for. It is no
// text/template: that looks methods up by name, for which the linker keeps
// every method there is, and so all of every AWS client.
const reposYAML = `# Server-side configuration of Atlantis, 0.39 or later:
#
#   atlantis server --enable-policy-checks --repo-config repos.yaml
#
# Without --enable-policy-checks Atlantis runs no policy check, whatever stands
# below. Versions before 0.39 judge one by other words, and those before 0.33
# go on to apply when a run step failed.
repos:
- id: '{repo}'
  workflow: holdfast
  apply_requirements: [approved, mergeable, undiverged]
  # Nothing of this may be changed by the atlantis.yaml of a pull request.
  allowed_overrides: []
  allow_custom_workflows: false
  policy_check: true
  custom_policy_check: true
policies:
  owners:
    users: [{owners}]
  # There must be one: without any, Atlantis takes a policy check whose command
  # failed for one that passed. What lies at its path is not read.
  policy_sets:
  - name: holdfast
    path: /unused
    source: local
workflows:
  holdfast:
    plan:
      steps: [init, plan]
    # Right after plan. Its text decides, it always exits with 0, and an owner may
    # approve what it refuses: atlantis approve_policies.
    policy_check:
      steps:
      - show
      - run: holdfast --config {config} -o atlantis check "$PLANFILE"
    # Right before apply, on what is running then. Its exit status decides, and
    # nobody can approve what it refuses.
    apply:
      steps:
      - run: holdfast --config {config} --wait {wait} check "$PLANFILE"
      - apply
`
