package terraform

import (
	"context"
	"fmt"
	"path/filepath"
	"regexp"
	"strings"

	goversion "github.com/hashicorp/go-version"
)

// A Version says which tool it is and which release.
type Version struct {
	Product string // "Terraform" or "OpenTofu"
	Number  *goversion.Version
}

// versionLine is the first line of `version`; wrappers rely on it too. The
// JSON form is the same for both tools and does not say which one it is.
var versionLine = regexp.MustCompile(`(?m)^(Terraform|OpenTofu) v(\S+)`)

func (t *Tool) versionArgv() []string { return append(t.global(), "version") }

// Version asks the tool what it is.
func (t *Tool) Version(ctx context.Context) (Version, error) {
	out, err := t.capture(ctx, t.versionArgv())
	if err != nil {
		return Version{}, err
	}
	m := versionLine.FindStringSubmatch(out)
	if m == nil {
		return Version{}, fmt.Errorf("%s does not say which version it is\nName a terraform or tofu with --tf-path or HOLDFAST_TF_PATH", t.Path)
	}
	v, err := NewVersion(m[1], m[2])
	if err != nil {
		return Version{}, fmt.Errorf("%s says it is version %q, which is not a version\nName a terraform or tofu with --tf-path or HOLDFAST_TF_PATH", t.Path, m[2])
	}
	return v, nil
}

// NewVersion is the version of a product, or an error if number is none.
func NewVersion(product, number string) (Version, error) {
	n, err := goversion.NewVersion(number)
	return Version{Product: product, Number: n}, err
}

// VarsWithPlan reports whether apply takes -var together with a saved plan,
// which it must where a variable is ephemeral: Terraform since 1.10, OpenTofu
// since 1.8.
func (v Version) VarsWithPlan() bool {
	since := "1.10"
	if v.Product == "OpenTofu" {
		since = "1.8"
	}
	return v.Number.Core().GreaterThanOrEqual(goversion.Must(goversion.NewVersion(since)))
}

// Name is what the tool is called in messages: the name of its file.
func (t *Tool) Name() string {
	return strings.TrimSuffix(filepath.Base(t.Path), "-bin")
}
