// Package e2e drives holdfast as its users do: the Main of the binary, a real
// terraform or tofu, and an AWS that is simulated. A promise of the product is
// a script here or beside the example that shows it; nothing else is tested
// here.
package e2e

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/holdfast-gate/holdfast/e2e/demo"
	"github.com/holdfast-gate/holdfast/e2e/stage"
	"github.com/holdfast-gate/holdfast/e2e/tool"
	"github.com/holdfast-gate/holdfast/gate/awssim"
	"github.com/holdfast-gate/holdfast/gate/cli"
	"github.com/holdfast-gate/holdfast/gate/planfile"
)

// Both are what CI gives. Without the first holdfast reads plan files as it does for
// everybody; the recorded pairs of gate/planfile hold its reader either way.
var (
	both = flag.Bool("both", false, "terraform reads each plan file too, and a difference fails the story")
	long = flag.Bool("long", false, "TestScripts plays the scripts of testdata/long, which are long, and not the others")
)

func TestMain(m *testing.M) {
	// Many scripts wait for a clock or a lease most of the time: more of them at
	// once than there are processors, if nobody says how many.
	if err := flag.Set("test.parallel", strconv.Itoa(3*runtime.GOMAXPROCS(0))); err != nil {
		panic(err)
	}
	testscript.Main(m, map[string]func(){
		"holdfast":      func() { os.Exit(cli.Main()) },
		"holdfast-demo": func() { os.Exit(demo.Main()) },
	})
}

// A layer is a kind of stage that scripts play on.
type layer struct {
	name string
	sim  bool // members can be seen in transition; the condition [sim] in scripts
	open func() (*stage.Stage, error)

	// plays names the scripts of an example that this layer plays, without
	// ending; nil means all of every example.
	plays map[string][]string

	// install lets terraform install its providers in a directory; nil where it
	// needs none.
	install func(s *stage.Stage, terraform, dir string) error
}

// quick is real terraform with the test provider on a simulated AWS.
func quick() layer {
	return layer{name: "quick", sim: true, open: func() (*stage.Stage, error) {
		s, err := simulated(5 * time.Second)
		if err != nil {
			return nil, err
		}
		return s, s.Attach()
	}}
}

// simulated opens a stage whose World begins a day ago, so that a script can
// have a past.
func simulated(step time.Duration) (*stage.Stage, error) {
	return stage.Simulated(awssim.New(time.Now().Add(-24*time.Hour)), step)
}

func TestExamples(t *testing.T) {
	playExamples(t, quick())
}

func TestScripts(t *testing.T) {
	dir := "script"
	if *long {
		dir = "long"
	}
	play(t, quick(), filepath.Join("testdata", dir), "")
}

// playExamples plays the scripts of every example.
func playExamples(t *testing.T, l layer) {
	dirs := map[string]bool{}
	// An incident may come in several shapes, each in a folder of its own.
	for _, pattern := range []string{"*", "*/*"} {
		scripts, err := filepath.Glob(filepath.Join("..", "examples", filepath.FromSlash(pattern), "*.txtar"))
		if err != nil {
			t.Fatal(err)
		}
		for _, path := range scripts {
			dirs[filepath.Dir(path)] = true
		}
	}
	if len(dirs) == 0 {
		t.Fatal("there are no examples with scripts")
	}
	for dir := range dirs {
		name := exampleName(t, dir)
		if l.plays != nil && len(l.plays[name]) == 0 {
			continue
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			play(t, l, dir, dir)
		})
	}
}

// exampleName is the path of an example below examples, with slashes.
func exampleName(t *testing.T, dir string) string {
	t.Helper()
	name, err := filepath.Rel(filepath.Join("..", "examples"), dir)
	if err != nil {
		t.Fatal(err)
	}
	return filepath.ToSlash(name)
}

// play plays every script of a directory on a stage of its own, in a copy of
// the example if there is one. Its scripts can say more than commands.
func play(t *testing.T, l layer, dir, example string, more ...map[string]command) {
	all := commands()
	for _, m := range more {
		maps.Copy(all, m)
	}
	terraform, product, err := tool.Terraform(context.Background(), os.Stderr)
	if err != nil {
		t.Fatal(err)
	}
	reader := "auto"
	if *both {
		if reader, err = planReader(terraform, product); err != nil {
			t.Fatal(err)
		}
	}
	var files []string
	if l.plays != nil {
		for _, script := range l.plays[exampleName(t, dir)] {
			files = append(files, filepath.Join(dir, script+".txtar"))
		}
		dir = ""
	}
	testscript.Run(t, testscript.Params{
		Dir:   dir,
		Files: files,
		Cmds:  all,
		Condition: func(cond string) (bool, error) {
			if cond != "sim" {
				return false, fmt.Errorf("there is no condition %q", cond)
			}
			return l.sim, nil
		},
		Setup: func(env *testscript.Env) error {
			s, err := l.open()
			if err != nil {
				return err
			}
			env.Defer(func() {
				if err := s.Close(); err != nil {
					t.Error(err)
				}
			})
			env.Values[stageKey{}] = s
			env.Vars = append(env.Vars, s.Vars()...)
			// The demo finds its terraform on PATH, as everybody does.
			env.Setenv("PATH", filepath.Dir(terraform)+string(os.PathListSeparator)+env.Getenv("PATH"))
			subnet, err := s.Console().Subnet(context.Background())
			if err != nil {
				return err
			}
			env.Vars = append(env.Vars, "HOLDFAST_PLAN_READER="+reader, "HOLDFAST_TF_PATH="+terraform, "TERRAFORM="+terraform, "SUBNET="+subnet)
			for _, name := range reviewVars() {
				env.Vars = append(env.Vars, name+"=")
			}
			env.Values[actorsKey{}] = newActors(env)
			env.Values[forgeKey{}] = &forge{}
			if example == "" {
				return nil
			}
			return place(s, l, terraform, env.WorkDir, example)
		},
	})
}

// planReader is who reads the plan files of the stories: both readers, each held
// against the other, where holdfast reads those of this terraform.
func planReader(terraform, product string) (string, error) {
	out, err := exec.Command(terraform, "version", "-json").Output()
	if err != nil {
		return "", fmt.Errorf("%s version -json: %w", terraform, err)
	}
	var v struct {
		Version string `json:"terraform_version"`
	}
	if err := json.Unmarshal(out, &v); err != nil {
		return "", err
	}
	if planfile.Proved(product + "-" + v.Version) {
		return "compare", nil
	}
	fmt.Fprintf(os.Stderr, "!!! plan files of version %s are read by %s alone: nothing here says anything about holdfast's own reader\n", v.Version, terraform)
	return "auto", nil
}

// place copies an example and installs what it needs.
func place(s *stage.Stage, l layer, terraform, dir, example string) error {
	// It is a repository of its own, as far as holdfast looks for its config.
	if err := os.Mkdir(filepath.Join(dir, ".git"), 0o755); err != nil {
		return err
	}
	if err := copyExample(dir, example); err != nil || l.install == nil {
		return err
	}
	for _, pattern := range []string{"main.tf", "*/main.tf"} {
		roots, err := filepath.Glob(filepath.Join(dir, pattern))
		if err != nil {
			return err
		}
		for _, root := range roots {
			if err := l.install(s, terraform, filepath.Dir(root)); err != nil {
				return err
			}
		}
	}
	return nil
}

// copyExample copies what a user would have in his repository.
func copyExample(to, from string) error {
	return filepath.WalkDir(from, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		if ext := filepath.Ext(path); ext != ".tf" && ext != ".hcl" && ext != ".yml" {
			return nil
		}
		name, err := filepath.Rel(from, path)
		if err != nil {
			return err
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		target := filepath.Join(to, name)
		if err := os.MkdirAll(filepath.Dir(target), 0o755); err != nil {
			return fmt.Errorf("copying the example: %w", err)
		}
		return os.WriteFile(target, text, 0o644)
	})
}
