// Package rules holds the rules of the house as tests: who may import whom,
// what a package must say of itself, and what no package may do. It reads the
// files in-process, because a test that asks the go command passes stale from
// the test cache.
package rules

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/holdfast-gate/holdfast/gate"
)

const (
	module = "github.com/holdfast-gate/holdfast"
	root   = "../.."
)

// quiet is the part of the standard library the core and the checks may use:
// no I/O, no clock, no context, no chance.
var quiet = []string{"cmp", "encoding/json", "errors", "fmt", "iter", "maps", "math", "reflect", "slices", "strconv", "strings", "time"}

// may says which packages of the module a package may import, besides itself.
// A package that is not in the table is an error: new rooms are named here.
var may = map[string][]string{
	"cmd/holdfast":         {"gate/cli"},
	"cmd/holdfast-demo":    {"e2e/demo"},
	"gate":                 {},
	"gate/config":          {"gate", "gate/lazy"},
	"gate/tfplan":          {"gate"},
	"gate/drift":           {"gate"},
	"gate/planfile":        {"gate"},
	"gate/report":          {"gate", "gate/drift", "gate/lazy"},
	"gate/lazy":            {},
	"gate/lines":           {},
	"gate/report/schema":   {"gate"},
	"gate/store":           {},
	"gate/forge":           {"gate/lazy"},
	"gate/forge/forgetest": {},
	"gate/git":             {},
	"gate/terraform":       {"gate"},
	"gate/lease":           {"gate"},
	"gate/ledger":          {"gate"},
	"gate/live":            {"gate"},
	"gate/live/aws":        {"gate", "gate/lazy", "gate/live"},
	"gate/live/livetest":   {"gate", "gate/live", "gate/awssim"},
	"gate/pipeline":        {"gate", "gate/config", "gate/drift", "gate/lease", "gate/ledger", "gate/live", "gate/report", "gate/terraform", "gate/tfplan"},
	"gate/cli":             {"checks", "e2e/tool", "gate", "gate/config", "gate/drift", "gate/forge", "gate/git", "gate/lease", "gate/ledger", "gate/lines", "gate/live", "gate/live/aws", "gate/pipeline", "gate/planfile", "gate/report", "gate/store", "gate/terraform", "gate/tfplan"},
	"gate/awssim":          {},
	"gate/gatetest":        {"gate"},
	"checks":               {"checks/*", "gate"},
	"checks/*":             {"gate"},
	"e2e":                  {"e2e/demo", "e2e/provider", "e2e/stage", "e2e/tool", "gate", "gate/awssim", "gate/cli", "gate/planfile"},
	"e2e/bench":            {"e2e/bench/measure", "gate", "gate/tfplan"},
	"e2e/bench/measure":    {},
	"e2e/bench/whole":      {"e2e/bench/measure", "e2e/stage", "e2e/tool", "gate/awssim"},
	"e2e/bench/saved":      {"e2e/bench/measure", "e2e/stage", "e2e/tool", "gate", "gate/awssim", "gate/planfile", "gate/tfplan"},
	"e2e/change":           {"checks", "gate", "gate/awssim", "gate/lease", "gate/ledger", "gate/lines", "gate/live", "gate/live/aws", "gate/pipeline", "gate/terraform", "gate/tfplan"},
	"e2e/crash":            {},
	"e2e/demo":             {"e2e/stage", "e2e/tool", "examples", "gate/awssim"},
	"e2e/emulator":         {},
	"e2e/faults":           {},
	"e2e/hostile":          {},
	"e2e/large":            {},
	"e2e/mutate":           {},
	"e2e/oracle":           {},
	"e2e/pairs":            {"e2e/stage", "gate/awssim", "gate/planfile"},
	"e2e/provider":         {},
	"e2e/race":             {},
	"e2e/rules":            {},
	"e2e/stage":            {"e2e/provider", "e2e/tool", "gate/awssim"},
	"e2e/tool":             {},
	"examples":             {},
}

// pure are the packages that may use only the quiet part of the standard
// library; readers may use more of it, but neither files nor clocks.
func pure(pkg string) bool {
	return pkg == "gate" || pkg == "gate/drift" || strings.HasPrefix(pkg, "checks/")
}

type file struct {
	pkg  string // folder below the root
	name string
	ast  *ast.File
	test bool
}

func files(t *testing.T) []file {
	t.Helper()
	var out []file
	err := filepath.WalkDir(root, func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name := d.Name()
		if d.IsDir() && p != root && (strings.HasPrefix(name, ".") && name != ".." || name == "testdata" || name == "tofu") {
			return filepath.SkipDir
		}
		if d.IsDir() || !strings.HasSuffix(name, ".go") {
			return nil
		}
		rel, err := filepath.Rel(root, filepath.Dir(p))
		if err != nil {
			return err
		}
		f, err := parser.ParseFile(token.NewFileSet(), p, nil, parser.ParseComments)
		if err != nil {
			return err
		}
		out = append(out, file{pkg: filepath.ToSlash(rel), name: p, ast: f, test: strings.HasSuffix(name, "_test.go")})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(out) < 50 {
		t.Fatalf("only %d Go files found: the rules look in the wrong place", len(out))
	}
	return out
}

func allowed(pkg, imported string) (bool, bool) {
	list, known := may[pkg]
	if !known && strings.HasPrefix(pkg, "checks/") {
		list, known = may["checks/*"]
	}
	return slices.ContainsFunc(list, func(p string) bool { ok, _ := path.Match(p, imported); return ok }), known
}

func imports(f file) []string {
	var out []string
	for _, i := range f.ast.Imports {
		p, _ := strconv.Unquote(i.Path.Value)
		out = append(out, p)
	}
	return out
}

func TestImportsFollowTheMap(t *testing.T) {
	for _, f := range files(t) {
		if f.test {
			continue
		}
		for _, p := range imports(f) {
			own, ours := strings.CutPrefix(p, module+"/")
			ok, known := allowed(f.pkg, own)
			switch {
			case !known:
				t.Errorf("%s: package %s is not in the table of this test", f.name, f.pkg)
			case ours && !ok:
				t.Errorf("%s: %s must not import %s", f.name, f.pkg, own)
			case pure(f.pkg) && !ours && !slices.Contains(quiet, p):
				t.Errorf("%s: %s may use only the quiet part of the standard library, not %s", f.name, f.pkg, p)
			}
		}
	}
}

// A pure package is told the time; it never asks.
func TestPurePackagesReadNoClock(t *testing.T) {
	for _, f := range files(t) {
		if f.test || !pure(f.pkg) && f.pkg != "gate/report" && f.pkg != "gate/tfplan" && f.pkg != "gate/config" {
			continue
		}
		ast.Inspect(f.ast, func(n ast.Node) bool {
			if s, ok := n.(*ast.SelectorExpr); ok {
				if x, ok := s.X.(*ast.Ident); ok && x.Name == "time" && slices.Contains([]string{"Now", "Since", "Until", "Sleep", "After", "AfterFunc", "Tick", "NewTimer", "NewTicker"}, s.Sel.Name) {
					t.Errorf("%s: time.%s in a pure package", f.name, s.Sel.Name)
				}
			}
			return true
		})
	}
}

func TestNoInitAndNoMutablePackageVariables(t *testing.T) {
	for _, f := range files(t) {
		if f.test {
			continue
		}
		for _, d := range f.ast.Decls {
			if fn, ok := d.(*ast.FuncDecl); ok && fn.Recv == nil && fn.Name.Name == "init" {
				t.Errorf("%s: func init", f.name)
			}
			g, ok := d.(*ast.GenDecl)
			if !ok || g.Tok != token.VAR {
				continue
			}
			for _, s := range g.Specs {
				if v := s.(*ast.ValueSpec); !constant(f, g, v) {
					t.Errorf("%s: package variable %s", f.name, v.Names[0].Name)
				}
			}
		}
	}
}

// constant reports whether a package variable is one that nothing changes: an
// embedded file, a compiled expression, a sentinel error, an interface proof,
// the word list of an enum, or what the linker sets.
func constant(f file, g *ast.GenDecl, v *ast.ValueSpec) bool {
	if v.Names[0].Name == "_" || (g.Doc != nil && strings.Contains(g.Doc.Text(), "go:embed")) || embedded(g) {
		return true
	}
	if len(v.Values) != 1 {
		return false
	}
	switch x := v.Values[0].(type) {
	case *ast.CallExpr:
		s, ok := x.Fun.(*ast.SelectorExpr)
		return ok && slices.Contains([]string{"MustCompile", "Must", "New", "NewReplacer"}, s.Sel.Name)
	case *ast.CompositeLit:
		id, ok := x.Type.(*ast.Ident)
		return ok && f.pkg == "gate" && id.Name == "words"
	}
	return false
}

func embedded(g *ast.GenDecl) bool {
	return g.Doc != nil && slices.ContainsFunc(g.Doc.List, func(c *ast.Comment) bool { return strings.HasPrefix(c.Text, "//go:embed") })
}

func TestEveryPackageSaysWhatItDoesAndWhatNot(t *testing.T) {
	docs := map[string]int{}
	for _, f := range files(t) {
		if _, ok := docs[f.pkg]; !ok {
			docs[f.pkg] = 0
		}
		if f.ast.Doc == nil {
			continue
		}
		docs[f.pkg]++
		text := strings.TrimSpace(f.ast.Doc.Text())
		if f.ast.Name.Name != "main" && !strings.HasPrefix(text, "Package "+strings.TrimSuffix(f.ast.Name.Name, "_test")) {
			t.Errorf("%s: the package comment must begin with its name", f.name)
		}
		if len(regexp.MustCompile(`[.:](\s|$)`).FindAllString(text, -1)) < 2 {
			t.Errorf("%s: the package comment needs two sentences: what it does, and what it does not", f.name)
		}
	}
	for pkg, n := range docs {
		if n != 1 {
			t.Errorf("package %s has %d package comments, want 1", pkg, n)
		}
	}
}

func TestEveryExportedNameIsDocumented(t *testing.T) {
	for _, f := range files(t) {
		if f.test || strings.HasPrefix(f.pkg, "e2e") {
			continue
		}
		for _, d := range f.ast.Decls {
			switch d := d.(type) {
			case *ast.FuncDecl:
				if d.Name.IsExported() && receiverExported(d) && d.Doc == nil && d.Name.Name != "String" && d.Name.Name != "Error" {
					t.Errorf("%s: %s has no comment", f.name, d.Name.Name)
				}
			case *ast.GenDecl:
				for _, s := range d.Specs {
					if ts, ok := s.(*ast.TypeSpec); ok && ts.Name.IsExported() && d.Doc == nil && ts.Doc == nil {
						t.Errorf("%s: type %s has no comment", f.name, ts.Name.Name)
					}
				}
			}
		}
	}
}

func receiverExported(d *ast.FuncDecl) bool {
	if d.Recv == nil {
		return true
	}
	x := d.Recv.List[0].Type
	if s, ok := x.(*ast.StarExpr); ok {
		x = s.X
	}
	id, ok := x.(*ast.Ident)
	return ok && id.IsExported()
}

func TestNoTestSleeps(t *testing.T) {
	for _, f := range files(t) {
		if !f.test {
			continue
		}
		ast.Inspect(f.ast, func(n ast.Node) bool {
			if s, ok := n.(*ast.SelectorExpr); ok && s.Sel.Name == "Sleep" {
				if x, ok := s.X.(*ast.Ident); ok && x.Name == "time" {
					t.Errorf("%s: time.Sleep in a test", f.name)
				}
			}
			return true
		})
	}
}

// Every call that the collectors make is one that some source takes, so that it
// is in the policy as soon as a check may ask for that source; and nothing is in
// the README's policy that nobody calls.
func TestTheReadmesPolicyIsWhatIsCalled(t *testing.T) {
	services := map[string]string{"ec2": "ec2", "autoscaling": "autoscaling", "elb": "elasticloadbalancing", "elbv2": "elasticloadbalancing", "elasticloadbalancingv2": "elasticloadbalancing",
		"rds": "rds", "dynamodb": "dynamodb", "lambda": "lambda", "pipes": "pipes", "cloudwatch": "cloudwatch", "databasemigrationservice": "dms", "dms": "dms"}
	called, read := map[string]bool{}, map[string]bool{}
	for _, f := range files(t) {
		if f.pkg != "gate/live/aws" || f.test {
			continue
		}
		ast.Inspect(f.ast, func(n ast.Node) bool {
			lit, ok := n.(*ast.CompositeLit)
			if !ok {
				return true
			}
			s, ok := lit.Type.(*ast.SelectorExpr)
			if !ok || !strings.HasSuffix(s.Sel.Name, "Input") {
				return true
			}
			if service := services[s.X.(*ast.Ident).Name]; service != "" {
				read[service] = true
				called[service+":"+strings.TrimSuffix(s.Sel.Name, "Input")] = true
			}
			return true
		})
	}
	readme, err := os.ReadFile(root + "/README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, policy, _ := strings.Cut(string(readme), `"Sid": "HoldfastReads"`)
	policy, _, _ = strings.Cut(policy, "```")
	allowed := map[string]bool{}
	for _, a := range regexp.MustCompile(`"([a-z0-9]+:[A-Za-z]+)"`).FindAllStringSubmatch(policy, -1) {
		allowed[a[1]] = true
	}
	known := map[string]bool{}
	for _, s := range sourceNames(t) {
		for _, a := range gate.Permissions(s) {
			known[a] = true
		}
	}
	for a := range called {
		if !known[a] {
			t.Errorf("%s is called, and gate.Permissions has no source that takes it: no policy would allow it", a)
		}
	}
	for a := range allowed {
		if service, _, _ := strings.Cut(a, ":"); read[service] && !called[a] {
			t.Errorf("%s is in the README's policy and never called", a)
		}
	}
	if len(called) == 0 {
		t.Error("no call was found: the test looks in the wrong place")
	}
}

// sourceNames are the values of the constants Source... of package gate.
func sourceNames(t *testing.T) []string {
	var out []string
	for _, f := range files(t) {
		if f.pkg != "gate" || f.test {
			continue
		}
		ast.Inspect(f.ast, func(n ast.Node) bool {
			spec, ok := n.(*ast.ValueSpec)
			if !ok || !strings.HasPrefix(spec.Names[0].Name, "Source") || len(spec.Values) != 1 {
				return true
			}
			if lit, ok := spec.Values[0].(*ast.BasicLit); ok {
				value, err := strconv.Unquote(lit.Value)
				if err != nil {
					t.Fatal(err)
				}
				out = append(out, value)
			}
			return true
		})
	}
	return out
}
