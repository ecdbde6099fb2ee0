package aws

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// services is the import paths of the SDK's clients, all of which can write.
const services = "github.com/aws/aws-sdk-go-v2/service/"

var (
	reads    = regexp.MustCompile(`^(Describe|Get|List|Lookup)[A-Z]`)
	harmless = regexp.MustCompile(`^(Client|Options|NewFromConfig|New(Describe|Get|List)[A-Za-z]+Paginator)$`)
)

// The gate must never be able to change what it judges. The SDK has one client
// for reads and writes, so this looks at every use of one: of a service's
// package only inputs and paginators of reads may be named, and of a client
// only reads may be called.
func TestReadsOnly(t *testing.T) {
	files := token.NewFileSet()
	names, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	var sources []*ast.File
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(files, name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		sources = append(sources, f)
	}
	clients := []string{}
	calls := 0
	for _, f := range sources {
		clients = append(clients, clientFields(f)...)
	}
	slices.Sort(clients)
	clients = slices.Compact(clients)
	// A service that is read only when asked for has its client in "client",
	// where it needs one only.
	if want := []string{"asg", "client", "ec2", "elb", "rds", "sts"}; !slices.Equal(clients, want) {
		t.Fatalf("clients: got %v, want %v: this test does not see them all", clients, want)
	}
	for _, f := range sources {
		imported := serviceImports(f)
		ast.Inspect(f, func(n ast.Node) bool {
			s, ok := n.(*ast.SelectorExpr)
			if !ok {
				return true
			}
			at, name := files.Position(s.Pos()), s.Sel.Name
			switch x := s.X.(type) {
			case *ast.Ident:
				if imported[x.Name] && !reads.MatchString(name) && !harmless.MatchString(name) {
					t.Errorf("%s: %s.%s is no read", at, x.Name, name)
				}
				if x.Name == "client" && !reads.MatchString(name) {
					t.Errorf("%s: client calls %s, which is no read", at, name)
				}
			case *ast.SelectorExpr, *ast.CallExpr:
				if slices.Contains(clients, clientOf(x)) {
					calls++
					if !reads.MatchString(name) {
						t.Errorf("%s: %s calls %s, which is no read", at, clientOf(x), name)
					}
				}
			}
			return true
		})
	}
	if calls == 0 {
		t.Error("no call of a client was found: this test looks in the wrong place")
	}
}

// serviceImports returns the names under which a file knows SDK services. The
// packages of their types have no client in them.
func serviceImports(f *ast.File) map[string]bool {
	out := map[string]bool{}
	for _, i := range f.Imports {
		path := strings.Trim(i.Path.Value, `"`)
		service, ok := strings.CutPrefix(path, services)
		if !ok || strings.Contains(service, "/") {
			continue
		}
		if i.Name != nil {
			service = i.Name.Name
		}
		out[service] = true
	}
	return out
}

// clientOf returns the field that an expression takes, or calls, to have a
// client: elb of both r.elb and r.clients.elb().
func clientOf(n ast.Node) string {
	if call, ok := n.(*ast.CallExpr); ok {
		n = call.Fun
	}
	if s, ok := n.(*ast.SelectorExpr); ok {
		return s.Sel.Name
	}
	return ""
}

// clientFields returns the struct fields that are a client, or make one.
func clientFields(f *ast.File) []string {
	var out []string
	ast.Inspect(f, func(n ast.Node) bool {
		field, ok := n.(*ast.Field)
		if !ok {
			return true
		}
		of := field.Type
		if f, ok := of.(*ast.FuncType); ok && f.Results.NumFields() == 1 {
			of = f.Results.List[0].Type
		}
		star, ok := of.(*ast.StarExpr)
		if !ok {
			return true
		}
		if s, ok := star.X.(*ast.SelectorExpr); ok && s.Sel.Name == "Client" {
			for _, n := range field.Names {
				out = append(out, n.Name)
			}
		}
		return true
	})
	return out
}
