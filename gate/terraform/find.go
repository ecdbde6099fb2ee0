package terraform

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// DepthVariable counts, in the environment of a child, how many holdfasts it
// runs under.
const DepthVariable = "HOLDFAST_DEPTH"

// maxDepth permits a provisioner to run holdfast within holdfast a few times; a
// script named terraform that calls holdfast passes it at once.
const maxDepth = 5

// Deeper returns the environment for a child, one level deeper. It is an error
// when holdfast keeps starting itself.
func Deeper(env []string) ([]string, error) {
	depth, _ := strconv.Atoi(Getenv(env, DepthVariable))
	if depth >= maxDepth {
		return nil, fmt.Errorf("holdfast keeps starting itself: the terraform it finds runs holdfast again\n" +
			"Name the real binary with --tf-path or HOLDFAST_TF_PATH")
	}
	return Setenv(env, DepthVariable, strconv.Itoa(depth+1)), nil
}

// Find returns the path of the binary to run, never of holdfast itself. An
// explicit choice (--tf-path, HOLDFAST_TF_PATH; empty means none) must exist;
// else the first of these that does is taken: the binary Atlantis chose for the
// project, the one that setup-terraform or setup-opentofu hides behind its
// wrapper, terraform, tofu. self is the path of the running executable.
func Find(explicit, self string, env []string) (string, error) {
	f := finder{path: Getenv(env, "PATH")}
	if info, err := os.Stat(self); err == nil {
		f.self = info
	}
	if explicit != "" {
		if found := f.look(explicit); found != "" {
			return found, nil
		}
		return "", fmt.Errorf("%s is not a terraform or tofu that can be run\n"+
			"Correct --tf-path or HOLDFAST_TF_PATH; it must not name holdfast itself", explicit)
	}
	for _, name := range candidates(env) {
		if found := f.look(name); found != "" {
			return found, nil
		}
	}
	return "", fmt.Errorf("neither terraform nor tofu was found on PATH\n" +
		"Install one of them, or name it with --tf-path or HOLDFAST_TF_PATH")
}

// candidates lists names and paths in the order in which they are tried.
func candidates(env []string) []string {
	var list []string
	if version := Getenv(env, "ATLANTIS_TERRAFORM_VERSION"); version != "" {
		distribution := Getenv(env, "ATLANTIS_TERRAFORM_DISTRIBUTION")
		if distribution == "" {
			distribution = "terraform" // Atlantis before it knew OpenTofu
		}
		list = append(list, distribution+version)
	}
	if dir := Getenv(env, "TERRAFORM_CLI_PATH"); dir != "" {
		list = append(list, filepath.Join(dir, "terraform-bin"))
	}
	if dir := Getenv(env, "TOFU_CLI_PATH"); dir != "" {
		list = append(list, filepath.Join(dir, "tofu-bin"))
	}
	return append(list, "terraform", "tofu")
}

// A finder looks for executables that are not holdfast.
type finder struct {
	path string
	self os.FileInfo // nil when it is not known
}

// look returns the absolute path of an executable: a name is looked up in every
// folder of PATH, so that a holdfast installed there as terraform hides nothing.
func (f finder) look(name string) string {
	if strings.ContainsRune(name, filepath.Separator) {
		return f.accept(name)
	}
	for _, dir := range filepath.SplitList(f.path) {
		// An empty entry means the current directory; running what lies in a
		// checkout would hand it the credentials, so it is left out.
		if dir == "" || dir == "." {
			continue
		}
		if found := f.accept(filepath.Join(dir, name)); found != "" {
			return found
		}
	}
	return ""
}

// accept returns the absolute path of an executable file that is not holdfast,
// else nothing.
func (f finder) accept(path string) string {
	info, err := os.Stat(path)
	if err != nil || info.IsDir() || info.Mode()&0o111 == 0 {
		return ""
	}
	if f.self != nil && os.SameFile(f.self, info) {
		return ""
	}
	abs, err := filepath.Abs(path)
	if err != nil {
		return ""
	}
	return abs
}
