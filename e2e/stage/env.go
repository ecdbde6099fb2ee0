package stage

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Env is the environment for a program on this stage: the caller's without
// anything that steers AWS, terraform or holdfast, and with the stage's own in
// its place.
func (s *Stage) Env() []string {
	env := slices.DeleteFunc(os.Environ(), func(pair string) bool {
		name, _, _ := strings.Cut(pair, "=")
		return slices.ContainsFunc([]string{"AWS_", "TF_", "HOLDFAST_", "ATLANTIS_"}, func(p string) bool { return strings.HasPrefix(name, p) })
	})
	return append(env, s.Vars()...)
}

// Vars is what the stage itself puts into the environment.
func (s *Stage) Vars() []string {
	vars := []string{
		"AWS_ENDPOINT_URL=" + s.URL,
		"AWS_ACCESS_KEY_ID=test",
		"AWS_SECRET_ACCESS_KEY=test",
		"AWS_REGION=" + Region,
		"AWS_EC2_METADATA_DISABLED=true",
		"AWS_CONFIG_FILE=" + s.config(),
		"AWS_SHARED_CREDENTIALS_FILE=" + s.config(),
		"CHECKPOINT_DISABLE=1",
		"HOLDFAST_STORE=" + filepath.Join(s.dir, "holdfast"),
		"HOLDFAST_TRAIL_WAIT=0s", // who did it is asked where a script is about that
		"HOLDFAST_FOLLOW=0s",     // a stage's clock does not run after an act
		"TF_CLI_CONFIG_FILE=" + s.config(),
	}
	if s.reattach != "" {
		vars = append(vars, "TF_REATTACH_PROVIDERS="+s.reattach)
	}
	return vars
}

// UseMirror lets terraform install providers from a directory laid out as a
// filesystem mirror, and from nowhere else. An empty dir means the registry.
func (s *Stage) UseMirror(dir string) error {
	if dir == "" {
		return nil
	}
	text := "provider_installation {\n  filesystem_mirror {\n    path = \"" + filepath.ToSlash(dir) + "\"\n  }\n}\n"
	return os.WriteFile(s.config(), []byte(text), 0o600)
}
