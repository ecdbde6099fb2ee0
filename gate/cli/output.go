package cli

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/holdfast-gate/holdfast/gate"
	written "github.com/holdfast-gate/holdfast/gate/lines"
	"github.com/holdfast-gate/holdfast/gate/report"
	"github.com/holdfast-gate/holdfast/gate/terraform"
)

// A copied report is one more form of a report, in a file: -o sarif=gate.sarif.
type copied struct{ form, path string }

// outputs takes the values of --output apart: at most one form for the report
// itself, and forms for files.
func (g *global) outputs(values []string) error {
	g.output = ""
	g.copies = nil
	for _, value := range values {
		form, path, file := strings.Cut(value, "=")
		_, known := report.Find(form)
		switch {
		case !known:
			return fmt.Errorf("--output %q is not a form of report\nUse one of %s, or FORM=FILE", value, strings.Join(forms(), ", "))
		case file && (path == "" || path == "-"):
			return fmt.Errorf("--output %q names no file\nWrite it as %s=FILE", value, form)
		case file:
			g.copies = append(g.copies, copied{form, path})
		case g.output != "":
			return fmt.Errorf("--output is given twice, as %s and as %s\nGive one of them a file: %s=FILE", g.output, form, form)
		default:
			g.output = form
		}
	}
	if g.output == "" {
		g.output = "text"
	}
	return nil
}

func forms() []string {
	var out []string
	for _, f := range report.Formats() {
		out = append(out, f.Name)
	}
	return out
}

// narrow sees to it that a verb that gives no verdict is asked for text or JSON
// only. What stands in the environment is meant for those that do.
func (g *global) narrow(cmd *cobra.Command, asked bool) error {
	if slices.Contains([]string{"plan", "apply", "destroy", "check", "review"}, cmd.Name()) || g.output == "text" || g.output == "json" {
		return nil
	}
	if asked {
		return fmt.Errorf("%s has no form %s\nUse text or json", cmd.Name(), g.output)
	}
	g.output = "text"
	return nil
}

// copy writes a verdict into every file that --output names.
func (g *global) copy(v gate.Verdict) error {
	for _, c := range g.copies {
		if err := writeFile(c.path, func(w io.Writer) error { return g.write(w, c.form, v) }); err != nil {
			return err
		}
	}
	return nil
}

func writeFile(path string, write func(io.Writer) error) error {
	w, err := writeTo(path, nil)
	if err != nil {
		return err
	}
	if err := write(w); err != nil {
		w.Close()
		return err
	}
	return w.Close()
}

// write writes a verdict in one form.
func (g *global) write(w io.Writer, form string, v gate.Verdict) error {
	f, _ := report.Find(form) // outputs has seen to it that there is one
	o := g.reportOptions(w)
	base := ""
	if form != "text" && form != "atlantis" {
		base = g.repository() // programs look files up from there
	}
	o.Place, o.Root = g.places(base)
	return f.Write(w, v, o)
}

// places is where the addresses of the configuration are written, in files
// relative to base, and where it begins.
func (g *global) places(base string) (func(string) (report.Place, bool), report.Place) {
	c := &written.Configuration{Dir: g.chdir, Base: base, Data: terraform.Getenv(g.Env, "TF_DATA_DIR")}
	place := func(p written.Position, ok bool) (report.Place, bool) { return report.Place(p), ok }
	root, _ := place(c.Root())
	return func(address string) (report.Place, bool) { return place(c.Block(address)) }, root
}

// repository is the root of the repository that the configuration is in; empty,
// which is the working directory, if it is in none.
func (g *global) repository() string {
	dir, err := filepath.Abs(g.chdir)
	if err != nil {
		return ""
	}
	for {
		if _, err := os.Lstat(filepath.Join(dir, ".git")); err == nil {
			return dir
		}
		if filepath.Dir(dir) == dir {
			return ""
		}
		dir = filepath.Dir(dir)
	}
}

// stepLimit is the most bytes that GitHub takes as the summary of a step
// (docs.github.com, "Workflow commands", "Step isolation and limits").
const stepLimit = 1 << 20

// summarise adds a verdict to the summary of a step of GitHub, where the report
// is for its log.
func (g *global) summarise(v gate.Verdict) error {
	if g.output != "github" {
		return nil
	}
	o := g.reportOptions(nil)
	o.Place, o.Root = g.places(g.repository())
	return g.stepSummary(func(limit int) string {
		o.Limit = limit
		var b bytes.Buffer
		_ = report.Markdown(&b, v, o) // a buffer takes everything
		return b.String()
	})
}

// stepSummary adds Markdown to the summary of a step of GitHub, where the
// environment names one and there is room. body is told how much.
func (g *global) stepSummary(body func(limit int) string) error {
	path := terraform.Getenv(g.Env, "GITHUB_STEP_SUMMARY")
	if path == "" {
		return nil
	}
	file, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("the summary of the step could not be written\nCheck GITHUB_STEP_SUMMARY")
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return err
	}
	limit := stepLimit - int(info.Size())
	const least = 8 << 10 // less has no room for a report
	if limit < least {
		return nil
	}
	if _, err := io.WriteString(file, body(limit)); err != nil {
		return err
	}
	return file.Close()
}
