package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/hashicorp/go-version"
	"github.com/rogpeppe/go-internal/txtar"

	"github.com/holdfast-gate/holdfast/e2e/stage"
	"github.com/holdfast-gate/holdfast/gate/awssim"
)

// errNotInVersion means that a story is about something that this version of
// the program does not have.
var errNotInVersion = errors.New("not in this version")

// A player plays one story: terraform in a directory, on a stage.
type player struct {
	program
	stage *stage.Stage
	dir   string
	files map[string][]byte
}

// play plays a story and writes the plan at its end to to.tfplan, and what
// terraform shows of it to to.json. The lines of a story are
//
//	since PRODUCT VERSION   the first version that has what the story is about
//	use FILE                it is the configuration from now on
//	launch NAME             somebody launches an instance by hand
//	retag NAME              somebody changes a tag of the instance by hand
//	end NAME                somebody ends the instance by hand
//	unmark                  the state is one of before Terraform kept in it what is sensitive
//	[fails] WORDS...        a command of terraform
func play(ctx context.Context, is program, story *txtar.Archive, to string) error {
	s, err := stage.Simulated(awssim.New(time.Now().Add(-24*time.Hour)), 5*time.Second)
	if err != nil {
		return err
	}
	defer s.Close()
	if err := s.Attach(); err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "holdfast-pairs-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	p := &player{program: is, stage: s, dir: dir, files: map[string][]byte{}}
	for _, f := range story.Files {
		p.files[f.Name] = f.Data
	}
	for line := range strings.Lines(string(story.Comment)) {
		words := strings.Fields(line)
		if len(words) == 0 || words[0] == "#" {
			continue
		}
		if err := p.line(ctx, words); err != nil {
			return fmt.Errorf("%s: %w", strings.TrimSpace(line), err)
		}
	}
	shown, err := p.terraform(ctx, "show", "-json", plan)
	if err != nil {
		return err
	}
	file, err := os.ReadFile(filepath.Join(dir, plan))
	if err != nil {
		return err
	}
	return errors.Join(os.WriteFile(to+".tfplan", file, 0o644), os.WriteFile(to+".json", shown, 0o644))
}

const plan = "plan.tfplan"

func (p *player) line(ctx context.Context, words []string) error {
	world := p.stage.World
	switch words[0] {
	case "since":
		return p.since(words[1], words[2])
	case "use":
		return p.use(words[1])
	case "launch":
		id := world.RunInstance(awssim.InstanceSpec{Region: stage.Region, Type: "t3.micro", Image: "ami-1", Tags: map[string]string{"Name": words[1]}, Age: time.Hour})
		for name, text := range p.files {
			p.files[name] = []byte(strings.ReplaceAll(string(text), "ID_OF_"+words[1], id))
		}
		return nil
	case "retag":
		world.SetTags(p.named(words[1]), map[string]string{"Name": words[1], "By": "hand"})
		return nil
	case "end":
		world.TerminateInstance(p.named(words[1]))
		world.Advance(time.Hour)
		return nil
	case "unmark":
		return p.unmark()
	case "fails":
		if _, err := p.terraform(ctx, words[1:]...); err == nil {
			return errors.New("it did not fail")
		}
		return nil
	}
	_, err := p.terraform(ctx, words...)
	return err
}

func (p *player) since(product, first string) error {
	if product != p.product {
		return nil
	}
	// "never" is no version, and later than all.
	need, err := version.NewVersion(first)
	if err != nil && first == "never" {
		return errNotInVersion
	}
	if err != nil {
		return err
	}
	have, err := version.NewVersion(p.version)
	if err == nil && have.LessThan(need) {
		err = errNotInVersion
	}
	return err
}

// use makes a file the configuration, and every file in a folder a module.
func (p *player) use(name string) error {
	if p.files[name] == nil {
		return errors.New("there is no such file")
	}
	main := "main.tf"
	if strings.HasSuffix(name, ".json") {
		main += ".json"
	}
	for file, text := range p.files {
		to := file
		switch {
		case file == name:
			to = main
		case !strings.Contains(file, "/"):
			continue
		}
		to = filepath.Join(p.dir, filepath.FromSlash(to))
		if err := errors.Join(os.MkdirAll(filepath.Dir(to), 0o755), os.WriteFile(to, text, 0o644)); err != nil {
			return err
		}
	}
	_, err := p.terraform(context.Background(), "init", "-input=false")
	return err
}

// unmark takes out of the state what is sensitive in it.
func (p *player) unmark() error {
	file := filepath.Join(p.dir, "terraform.tfstate")
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	var state map[string]any
	if err := json.Unmarshal(text, &state); err != nil {
		return err
	}
	resources, _ := state["resources"].([]any)
	for _, r := range resources {
		for _, i := range r.(map[string]any)["instances"].([]any) {
			delete(i.(map[string]any), "sensitive_attributes")
		}
	}
	if text, err = json.Marshal(state); err != nil {
		return err
	}
	return os.WriteFile(file, text, 0o644)
}

// named is the instance with a name; empty where there is none.
func (p *player) named(name string) string {
	all := p.stage.World.Instances(stage.Region)
	i := slices.IndexFunc(all, func(i awssim.Instance) bool { return i.Tags["Name"] == name && i.State == "running" })
	if i < 0 {
		return ""
	}
	return all[i].ID
}

// terraform runs one command.
func (p *player) terraform(ctx context.Context, words ...string) ([]byte, error) {
	if words[0] == "apply" {
		words = append(words, "-auto-approve")
	}
	if words[0] == "plan" {
		words = append(words, "-out="+plan)
	}
	end := p.stage.Act()
	defer end()
	cmd := exec.CommandContext(ctx, p.path, words...)
	cmd.Dir, cmd.Env = p.dir, append(p.stage.Env(), "TF_CLI_ARGS=-no-color")
	if words[0] == "show" {
		cmd.Env = p.stage.Env()
	}
	var complaint strings.Builder
	cmd.Stderr = &complaint
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("%s: %w\n%s%s", words[0], err, complaint.String(), out)
	}
	return out, nil
}
