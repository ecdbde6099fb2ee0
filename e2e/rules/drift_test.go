package rules

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// unpasted are the kinds of drift whose way out no script pastes, and why.
func unpasted() map[string]string {
	return map[string]string{
		"unmanaged.surplus": "it is that of the size, which stands beside it",
	}
}

// Every kind of drift has a script that pastes its way out, after which
// terraform's plan is empty.
func TestEveryKindOfDriftIsRepairedByAScript(t *testing.T) {
	scripts, err := filepath.Glob(filepath.Join("..", "testdata", "*", "drift_*.txtar"))
	if err != nil {
		t.Fatal(err)
	}
	pasted := map[string]bool{}
	for _, path := range scripts {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		var waiting []string // until the plan is seen to be empty
		for line := range strings.Lines(string(text)) {
			switch words := strings.Fields(line); {
			case len(words) == 3 && words[0] == "paste":
				waiting = append(waiting, words[1])
			case strings.HasPrefix(line, "exits 0 terraform plan -detailed-exitcode"):
				for _, kind := range waiting {
					pasted[kind] = true
				}
				waiting = nil
			}
		}
	}
	kinds := kindsOfDrift(t)
	if len(kinds) < 15 {
		t.Fatalf("got %v; there are more kinds", kinds)
	}
	excused := unpasted()
	for _, kind := range kinds {
		_, excuse := excused[kind]
		if pasted[kind] == excuse {
			t.Errorf("%s: pasted by a script: %v, excused: %v; it has to be one of them", kind, pasted[kind], excuse)
		}
		delete(excused, kind)
	}
	for kind := range excused {
		t.Errorf("%s is excused, and is no kind of drift", kind)
	}
}

// kindsOfDrift are the codes of gate/drift and, of those that are about an
// attribute, the attributes that it knows how to restore.
func kindsOfDrift(t *testing.T) []string {
	t.Helper()
	var out []string
	dir := filepath.Join("..", "..", "gate", "drift")
	for _, name := range []string{"drift.go", "repair.go", "group.go"} {
		file, err := parser.ParseFile(token.NewFileSet(), filepath.Join(dir, name), nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range file.Decls {
			switch d := d.(type) {
			case *ast.GenDecl:
				ast.Inspect(d, func(n ast.Node) bool {
					if v, ok := n.(*ast.ValueSpec); ok && d.Tok == token.CONST && len(v.Values) == 1 {
						switch text := literal(v.Values[0]); {
						case v.Names[0].Name == "protection":
							out = append(out, "drifted.attribute/"+text)
						case text == "drifted.attribute", text == "drifted.template": // by attribute, below
						case strings.HasPrefix(text, "drifted."), strings.HasPrefix(text, "unmanaged."):
							out = append(out, text)
						}
					}
					return true
				})
			case *ast.FuncDecl:
				if d.Name.Name != "restored" {
					continue
				}
				ast.Inspect(d, func(n ast.Node) bool {
					if c, ok := n.(*ast.CaseClause); ok {
						for _, e := range c.List {
							switch text := literal(e); text {
							case "":
							case "launch_template":
								out = append(out, "drifted.template")
							case "launch_configuration":
								out = append(out, "drifted.template/"+text)
							default:
								out = append(out, "drifted.attribute/"+text)
							}
						}
					}
					return true
				})
			}
		}
	}
	return out
}

func literal(e ast.Expr) string {
	l, ok := e.(*ast.BasicLit)
	if !ok || l.Kind != token.STRING {
		return ""
	}
	text, err := strconv.Unquote(l.Value)
	if err != nil {
		return ""
	}
	return text
}
