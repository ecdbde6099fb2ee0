package pipeline

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/holdfast-gate/holdfast/gate"
)

// Load reads the plan in a file that terraform plan wrote with -out, or in the
// JSON that terraform show made of one. path "-" is JSON on stdin.
func (g *Gate) Load(ctx context.Context, path string, stdin io.Reader) (*gate.Plan, error) {
	if path == "-" {
		in := bufio.NewReaderSize(stdin, sniff)
		if binary(in) {
			return nil, errors.New("a plan file cannot be read from stdin, only its JSON can\nGive the path of the file, or pipe terraform show -json FILE")
		}
		return g.decode(in, "stdin")
	}
	file, err := open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	in := bufio.NewReaderSize(file, sniff)
	if binary(in) {
		return g.saved(ctx, path)
	}
	return g.decode(in, path)
}

// sniff is how much of a file is looked at to tell what it is.
const sniff = 4 << 10

// binary reports whether terraform has to be asked what is in a file: a plan
// file is a zip archive, the saved plan of HCP Terraform is a small JSON that
// only names a run.
func binary(in *bufio.Reader) bool {
	start, _ := in.Peek(sniff)
	return bytes.HasPrefix(start, []byte("PK\x03\x04")) || bytes.Contains(start, []byte(`"remote_plan_format"`))
}

// decode reads JSON and the digest of it in one pass.
func (g *Gate) decode(in io.Reader, name string) (*gate.Plan, error) {
	sum := sha256.New()
	plan, err := g.Decode(io.TeeReader(in, sum))
	if err != nil {
		return nil, notPlan(name, err)
	}
	// The digest covers the whole file, also what a decoder has no need to read.
	if _, err := io.Copy(sum, in); err != nil {
		return nil, notPlan(name, err)
	}
	plan.Digest = hex.EncodeToString(sum.Sum(nil))
	return plan, nil
}

// saved reads a plan file. The digest is taken first, so that a file that
// changes under it never carries the digest of what it became.
func (g *Gate) saved(ctx context.Context, path string) (*gate.Plan, error) {
	// Terraform may work in another directory.
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	digest, err := Digest(path)
	if err != nil {
		return nil, err
	}
	plan, why := g.unaided(path)
	if why != nil || g.PlanReader == ReadCompare {
		shown, err := g.show(ctx, path)
		if err != nil {
			return nil, err
		}
		if why != nil && g.PlanReader == ReadCompare {
			// Who asks for both is not served by one.
			return nil, fmt.Errorf("%s: only terraform can read it: %w\nUse --plan-reader=auto", path, why)
		}
		if why == nil && !alike(plan, shown) {
			// One of the two is wrong, and it is not known which.
			return nil, fmt.Errorf("%s: holdfast reads another plan in it than terraform show\nReport this as a bug of holdfast, and use --plan-reader=show", path)
		}
		plan = shown
	}
	plan.Digest = digest
	return plan, nil
}

// unaided reads a plan file without terraform. Its error says why terraform is
// to be asked instead: it was not proved that we read what terraform shows.
func (g *Gate) unaided(path string) (*gate.Plan, error) {
	if g.Saved == nil || g.PlanReader == ReadShow {
		return nil, errors.New("terraform is to read it")
	}
	file, err := open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return nil, err
	}
	r, w := io.Pipe()
	var workspace string
	var writing sync.WaitGroup
	writing.Go(func() {
		var err error
		workspace, err = g.Saved(file, info.Size(), w)
		w.CloseWithError(err)
	})
	plan, err := g.Decode(r)
	// Whoever writes must have ended before the file is closed.
	r.CloseWithError(err)
	writing.Wait()
	if err != nil {
		return nil, err
	}
	plan.Workspace = workspace
	return plan, nil
}

// alike compares what two readers made of one file, in whatever order. Of a
// module in a module terraform show loses which provider block counts, and the
// file has it: there the file may name a region and terraform none.
func alike(file, shown *gate.Plan) bool {
	one, other := ordered(file), ordered(shown)
	for i := range min(len(one.Changes), len(other.Changes)) {
		if c := &other.Changes[i]; c.Region == "" && one.Changes[i].Region != "" && strings.Count(gate.Unkeyed(c.Address), "module.") > 1 {
			c.Region = one.Changes[i].Region
			other.Regions = append(slices.Clip(other.Regions), c.Region)
		}
	}
	other.Regions = slices.Compact(slices.Sorted(slices.Values(other.Regions)))
	text := func(p gate.Plan) string {
		text, err := json.Marshal(p)
		if err != nil {
			return ""
		}
		return string(text)
	}
	return text(one) != "" && text(one) == text(other)
}

// ordered is a copy of a plan in the order of addresses, without what only one
// of two readers can know.
func ordered(p *gate.Plan) gate.Plan {
	sorted := *p.Whole()
	sorted.Digest, sorted.Workspace = "", ""
	for _, list := range []*[]gate.Change{&sorted.Changes, &sorted.Drift} {
		*list = slices.SortedFunc(slices.Values(*list), func(a, b gate.Change) int {
			return cmp.Or(cmp.Compare(a.Address, b.Address), cmp.Compare(a.Deposed, b.Deposed))
		})
	}
	return sorted
}

// show reads a plan file through terraform.
func (g *Gate) show(ctx context.Context, path string) (*gate.Plan, error) {
	tool, err := g.Find()
	if err != nil {
		return nil, err
	}
	var plan *gate.Plan
	err = tool.Show(ctx, path, func(r io.Reader) (err error) {
		plan, err = g.Decode(r)
		return err
	})
	if err != nil {
		return nil, notPlan(path, err)
	}
	// Where terraform does not say, the workspace stays not known, and a config
	// that restricts workspaces refuses that.
	plan.Workspace, _ = tool.Workspace(ctx)
	return plan, nil
}

// Digest returns the SHA-256 of a file in hexadecimal.
func Digest(path string) (string, error) {
	file, err := open(path)
	if err != nil {
		return "", err
	}
	defer file.Close()
	sum := sha256.New()
	if _, err := io.Copy(sum, file); err != nil {
		return "", fmt.Errorf("%s could not be read: %v\nGive a plan file or its JSON", path, err)
	}
	return hex.EncodeToString(sum.Sum(nil)), nil
}

// open opens a file with an error that says what to do.
func open(path string) (*os.File, error) {
	file, err := os.Open(path)
	if err == nil {
		var info fs.FileInfo
		if info, err = file.Stat(); err == nil && info.IsDir() {
			err = errors.New("it is a directory")
		}
		if err == nil {
			return file, nil
		}
		file.Close()
	}
	why := err.Error()
	var p *fs.PathError
	if errors.As(err, &p) {
		why = p.Err.Error()
	}
	return nil, fmt.Errorf("the plan %s could not be opened: %s\nGive the path of a plan file or of its JSON", path, why)
}

// notPlan says which file could not be understood; an error that already names
// it is left as it is.
func notPlan(name string, err error) error {
	if errors.Is(err, context.Canceled) || strings.Contains(err.Error(), name) {
		return err
	}
	return fmt.Errorf("%s: %w", name, err)
}
