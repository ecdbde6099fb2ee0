package tool

import (
	"os"
	"path/filepath"
	"runtime"
)

// MirrorVariable names a directory that is laid out as a filesystem mirror of
// providers, as "terraform providers mirror" makes one.
const MirrorVariable = "HOLDFAST_PLUGIN_MIRROR"

// Mirror returns a filesystem mirror that has hashicorp/aws for this platform:
// the one that HOLDFAST_PLUGIN_MIRROR names, else one of the directories where
// terraform looks by itself. It is empty where there is none, and then the
// provider has to come from its registry.
func Mirror() string {
	dirs := []string{os.Getenv(MirrorVariable)}
	if home, err := os.UserHomeDir(); err == nil {
		dirs = append(dirs, filepath.Join(home, ".terraform.d", "plugins"), filepath.Join(home, ".local", "share", "terraform", "plugins"))
	}
	dirs = append(dirs, "/usr/local/share/terraform/plugins", "/usr/share/terraform/plugins")
	for _, dir := range dirs {
		// Unpacked as VERSION/OS_ARCH/, or packed as terraform-provider-aws_VERSION_OS_ARCH.zip.
		for _, pattern := range []string{"*/" + runtime.GOOS + "_" + runtime.GOARCH, "terraform-provider-aws_*_" + runtime.GOOS + "_" + runtime.GOARCH + ".zip"} {
			found, err := filepath.Glob(filepath.Join(dir, "registry.terraform.io", "hashicorp", "aws", pattern))
			if dir != "" && err == nil && len(found) > 0 {
				return dir
			}
		}
	}
	return ""
}
