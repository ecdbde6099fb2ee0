package terraform

import (
	"encoding/json"
	"os"
	"path/filepath"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
)

// reattach names the providers that run already, in the environment of terraform
// and tofu: who debugs one sets it.
const reattach = "TF_REATTACH_PROVIDERS"

// unchecked is an environment for a call that starts no provider. Terraform
// holds the whole package of each against the lock file before every call, 700
// MB of hashicorp/aws alone; one that is said to run already it does not, as seen
// with Terraform 1.5, 1.11 and 1.15 and OpenTofu 1.6 and 1.12. The address is
// nobody's, so that a call that wants a provider after all fails.
func (t *Tool) unchecked(env []string) []string {
	names := t.locked()
	if len(names) == 0 || Getenv(env, reattach) != "" {
		return env
	}
	type address struct{ Network, String string }
	type running struct {
		Protocol        string
		ProtocolVersion int
		Test            bool // terraform is not the one to end it
		Addr            address
	}
	all := map[string]running{}
	for _, name := range names {
		all[name] = running{"grpc", 5, true, address{"unix", os.DevNull}}
	}
	text, err := json.Marshal(all)
	if err != nil {
		return env
	}
	return Setenv(env, reattach, string(text))
}

// locked are the providers in the lock file; none where that cannot be read.
func (t *Tool) locked() []string {
	const name = ".terraform.lock.hcl"
	text, err := os.ReadFile(filepath.Join(t.Chdir, name))
	if err != nil {
		return nil
	}
	file, diags := hclsyntax.ParseConfig(text, name, hcl.InitialPos)
	if diags.HasErrors() {
		return nil
	}
	content, _, diags := file.Body.PartialContent(&hcl.BodySchema{Blocks: []hcl.BlockHeaderSchema{{Type: "provider", LabelNames: []string{"source"}}}})
	if diags.HasErrors() {
		return nil
	}
	var out []string
	for _, b := range content.Blocks {
		out = append(out, b.Labels[0])
	}
	return out
}
