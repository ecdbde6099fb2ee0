package cli

import (
	"errors"
	"fmt"
	"strings"

	"github.com/holdfast-gate/holdfast/gate/pipeline"
)

// asks reads what --override gives: CODE, or CODE@CLUSTER where a code blocks
// more than one.
func (g *global) asks() ([]pipeline.Ask, error) {
	if len(g.overrides) == 0 && (g.reason != "" || g.overrideFor != 0) {
		return nil, errors.New("--reason and --override-for say nothing without --override\nAdd --override CODE, with the code that a report names")
	}
	var out []pipeline.Ask
	for _, o := range g.overrides {
		code, cluster, _ := strings.Cut(o, "@")
		if check, kind, ok := strings.Cut(code, "."); !ok || check == "" || kind == "" || strings.ContainsAny(code, "* ") {
			return nil, fmt.Errorf("--override %q is not the code of a finding\nGive one code as the report names it, such as survivorfloor.breached, or CODE@CLUSTER", o)
		}
		if strings.TrimSpace(g.reason) == "" {
			return nil, errors.New("--override needs a reason: it is shown and kept\nAdd --reason \"why this must go on\"")
		}
		out = append(out, pipeline.Ask{Code: code, Cluster: cluster, Reason: g.reason, For: g.overrideFor})
	}
	return out, nil
}
