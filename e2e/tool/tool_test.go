package tool

import (
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

func TestTerraformOnPathIsTaken(t *testing.T) {
	for _, tt := range []struct {
		name  string
		there []string
		want  string
	}{
		{"terraform", []string{"terraform"}, "terraform"},
		{"tofu", []string{"tofu"}, "tofu"},
		{"both", []string{"tofu", "terraform"}, "terraform"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			for _, name := range tt.there {
				write(t, filepath.Join(dir, name+exe()), 0o755)
			}
			t.Setenv("PATH", dir)
			path, kind, err := Terraform(t.Context(), io.Discard)
			if want := filepath.Join(dir, tt.want+exe()); path != want || kind != tt.want || err != nil {
				t.Errorf("got %s, %s, %v, want %s, %s", path, kind, err, want, tt.want)
			}
		})
	}
}

// The module whose sums name the build must be found from any package of the
// repository.
func TestModuleIsFound(t *testing.T) {
	dir, err := moduleDir()
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(dir, "go.mod"))
	if err != nil {
		t.Fatal(err)
	}
	if want := "replace github.com/hashicorp/hcl/v2 => github.com/opentofu/hcl/v2"; !strings.Contains(string(text), want) {
		t.Errorf("%s: got no %q: OpenTofu does not build without its own fork", dir, want)
	}
}

func TestBuiltToolIsKept(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	cache := t.TempDir()
	t.Setenv("XDG_CACHE_HOME", cache)
	t.Setenv("HOME", cache)
	t.Setenv("LocalAppData", cache)
	var log strings.Builder
	// There is no go on this PATH, so the first call says what it is about to do and fails.
	if _, _, err := Terraform(t.Context(), &log); err == nil || !strings.Contains(err.Error(), "\nInstall") {
		t.Fatalf("got %v, want an error that says what to install", err)
	}
	if !strings.Contains(log.String(), "about five minutes, once") {
		t.Errorf("log: got %q, want that it takes about five minutes", log.String())
	}
	var locks []string
	err := filepath.WalkDir(cache, func(path string, d os.DirEntry, err error) error {
		if err == nil && d.Name() == "lock" {
			locks = append(locks, filepath.Dir(path))
		}
		return err
	})
	if err != nil || len(locks) != 1 {
		t.Fatalf("directories in the cache: got %v, %v, want one", locks, err)
	}
	write(t, filepath.Join(locks[0], "tofu"+exe()), 0o755)
	path, kind, err := Terraform(t.Context(), io.Discard)
	if want := filepath.Join(locks[0], "tofu"+exe()); path != want || kind != "tofu" || err != nil {
		t.Errorf("got %s, %s, %v, want %s", path, kind, err, want)
	}
}

func TestMirror(t *testing.T) {
	platform := runtime.GOOS + "_" + runtime.GOARCH
	for _, tt := range []struct {
		name, file string
		want       bool
	}{
		{"unpacked", "5.100.0/" + platform + "/terraform-provider-aws_v5.100.0_x5", true},
		{"packed", "terraform-provider-aws_6.0.0_" + platform + ".zip", true},
		{"other platform", "5.100.0/plan9_mips/terraform-provider-aws_v5.100.0_x5", false},
		{"empty", "index.json", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			t.Setenv("HOME", dir)
			write(t, filepath.Join(dir, "registry.terraform.io", "hashicorp", "aws", filepath.FromSlash(tt.file)), 0o644)
			t.Setenv(MirrorVariable, dir)
			if got := Mirror() == dir; got != tt.want {
				t.Errorf("found: got %v, want %v", got, tt.want)
			}
		})
	}
}

func write(t *testing.T, path string, mode os.FileMode) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, nil, mode); err != nil {
		t.Fatal(err)
	}
}
