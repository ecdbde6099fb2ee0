package main

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"github.com/holdfast-gate/holdfast/gate/planfile"
)

// modules are where the sources of a product are published.
func modules() map[string]string {
	return map[string]string{"terraform": "github.com/hashicorp/terraform", "tofu": "github.com/opentofu/opentofu"}
}

// decisive are the packages that make a plan file what it is: what is in a plan
// of a resource, how it is written, and how show prints it.
func decisive() []string {
	return []string{"plans", "states", "depsfile", "configs/configload", "configs/configschema", "lang/marks",
		"command/jsonplan", "command/jsonstate", "command/jsonconfig", "terraform/node_resource"}
}

// sources compares every version that is read because it lies between two
// recorded ones with both of them, and fails where they are not alike.
func sources(ctx context.Context) error {
	for _, name := range slices.Sorted(maps.Keys(planfile.Between())) {
		ends := planfile.Between()[name]
		for _, end := range ends {
			if err := alike(ctx, name, end); err != nil {
				return err
			}
		}
		fmt.Printf("%s is as %s and %s\n", name, ends[0], ends[1])
	}
	return nil
}

// alike fails where a decisive file is in one version only, or differs.
func alike(ctx context.Context, one, other string) error {
	a, err := digests(ctx, one)
	if err != nil {
		return err
	}
	b, err := digests(ctx, other)
	if err != nil {
		return err
	}
	for name := range a {
		if a[name] != b[name] {
			return fmt.Errorf("%s: %s is another than in %s", one, name, other)
		}
	}
	if len(a) != len(b) || len(a) < 100 {
		return fmt.Errorf("%s has %d decisive files, %s has %d", one, len(a), other, len(b))
	}
	return nil
}

// digests are those of the decisive files of a version, from its module as the
// checksum database of Go knows it.
func digests(ctx context.Context, version string) (map[string][sha256.Size]byte, error) {
	product, number, _ := strings.Cut(version, "-")
	cmd := exec.CommandContext(ctx, "go", "mod", "download", "-json", modules()[product]+"@v"+number)
	said, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("%s cannot be had: %w\n%s", version, err, said)
	}
	var module struct{ Dir string }
	if err := json.Unmarshal(said, &module); err != nil {
		return nil, err
	}
	all := map[string][sha256.Size]byte{}
	// It writes the values.
	needs, err := os.ReadFile(filepath.Join(module.Dir, "go.mod"))
	if err != nil {
		return nil, err
	}
	for line := range strings.Lines(string(needs)) {
		if strings.Contains(line, "zclconf/go-cty ") {
			all["go.mod"] = sha256.Sum256([]byte(line))
		}
	}
	root := filepath.Join(module.Dir, "internal")
	err = filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		name, err := filepath.Rel(root, path)
		if err != nil || !decides(filepath.ToSlash(name)) {
			return err
		}
		text, err := os.ReadFile(path)
		all[filepath.ToSlash(name)] = sha256.Sum256(text)
		return err
	})
	return all, err
}

// decides reports whether a file below internal is decisive. What is generated
// from a .proto says nothing that it does not.
func decides(name string) bool {
	code := strings.HasSuffix(name, ".proto") || strings.HasSuffix(name, ".go") && !strings.HasSuffix(name, "_test.go") && !strings.HasSuffix(name, ".pb.go")
	return code && slices.ContainsFunc(decisive(), func(p string) bool {
		return strings.HasPrefix(name, p+"/") || strings.HasPrefix(name, p+"_")
	})
}
