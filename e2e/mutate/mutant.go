package main

import (
	"fmt"
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// mutant is one file with one thing changed.
type mutant struct {
	id       int // what wakes it
	file, fn string
	line     int
	what     string // "x < y → x <= y"
	source   string // its whole file, for one that cannot sleep in the others' midst
}

func (m mutant) String() string { return fmt.Sprintf("%s:%d %s: %s", m.file, m.line, m.fn, m.what) }

// key names a mutant without its line, so that it survives edits elsewhere.
func (m mutant) key() string { return m.file + " " + m.fn + " " + m.what }

// maker makes the mutants of one file.
type maker struct {
	sleeper
	file string
	fset *token.FileSet
	info *types.Info
	fn   string
	next int // the id of the next mutant
	out  []mutant
}

// mutants makes those of one package, with ids from first on, and its files
// with all of them asleep, by name.
func mutants(dir string, only *regexp.Regexp, first int) ([]mutant, map[string]string, error) {
	paths, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil {
		return nil, nil, err
	}
	paths = slices.DeleteFunc(paths, func(p string) bool { return strings.HasSuffix(p, "_test.go") })
	fset := token.NewFileSet()
	var files []*ast.File
	for _, p := range paths {
		f, err := parser.ParseFile(fset, p, nil, 0)
		if err != nil {
			return nil, nil, err
		}
		files = append(files, f)
	}
	info := &types.Info{Types: map[ast.Expr]types.TypeAndValue{}}
	check := types.Config{Importer: importer.ForCompiler(fset, "source", nil)}
	if _, err := check.Check(dir, fset, files, info); err != nil {
		return nil, nil, err
	}
	var out []mutant
	changed := map[string]string{}
	for i, f := range files {
		if !only.MatchString(paths[i]) {
			continue
		}
		m := &maker{file: paths[i], fset: fset, info: info, next: first + len(out)}
		if err := m.read(paths[i]); err != nil {
			return nil, nil, err
		}
		for _, d := range f.Decls {
			if fn, ok := d.(*ast.FuncDecl); ok && fn.Body != nil {
				m.fn = fn.Name.Name
				ast.Inspect(fn.Body, m.visit)
			}
		}
		out = append(out, m.out...)
		changed[paths[i]] = m.asleep()
		changed[filepath.Join(dir, "mutants.go")] = "package " + f.Name.Name + "\n" + switches
	}
	return out, changed, nil
}

func (m *maker) visit(n ast.Node) bool {
	switch n := n.(type) {
	case *ast.GenDecl:
		if n.Tok == token.CONST {
			ast.Inspect(n, m.constant)
			return false
		}
	case *ast.BinaryExpr:
		m.binary(n)
	case *ast.IfStmt:
		if c, ok := n.Cond.(*ast.BinaryExpr); !ok || c.Op == token.LAND || c.Op == token.LOR {
			id := m.add(n.Cond.Pos(), n.Cond.End(), "!("+m.text(n.Cond)+")", n.Cond)
			m.wrap(n.Cond, "((", fmt.Sprintf(") != mutantIs(%d))", id))
		}
	case *ast.BasicLit:
		if v, err := strconv.Atoi(n.Value); n.Kind == token.INT && err == nil {
			id := m.add(n.Pos(), n.End(), strconv.Itoa(v+1), n)
			m.wrap(n, fmt.Sprintf("mutantNext[%s](%d, ", m.typeOf(n), id), ")")
		}
	case *ast.Ident:
		if other := map[string]string{"true": "false", "false": "true"}[n.Name]; other != "" {
			id := m.add(n.Pos(), n.End(), other, n)
			m.wrap(n, "(", fmt.Sprintf(" != mutantIs(%d))", id))
		}
	case *ast.CallExpr:
		if id, ok := n.Fun.(*ast.Ident); ok && (id.Name == "min" || id.Name == "max") {
			other := map[string]string{"min": "max", "max": "min"}[id.Name]
			k := m.add(id.Pos(), id.End(), other, n)
			m.put(n.Pos(), int(n.Lparen+1-n.Pos()), fmt.Sprintf("mutant%s(%d, ", id.Name, k))
		}
	case *ast.BlockStmt:
		m.statements(n.List)
	case *ast.CaseClause:
		m.statements(n.Body)
	}
	return true
}

// constant makes the mutants of a constant, which no switch can reach.
func (m *maker) constant(n ast.Node) bool {
	if lit, ok := n.(*ast.BasicLit); ok && lit.Kind == token.INT {
		if v, err := strconv.Atoi(lit.Value); err == nil {
			m.add(lit.Pos(), lit.End(), strconv.Itoa(v+1), lit)
			a, b := m.offset(lit.Pos()), m.offset(lit.End())
			m.out[len(m.out)-1].source = string(m.src[:a]) + strconv.Itoa(v+1) + string(m.src[b:])
		}
	}
	return true
}

// binary swaps an operator for each that a slip of the finger makes of it.
func (m *maker) binary(n *ast.BinaryExpr) {
	others := map[token.Token][]token.Token{
		token.EQL: {token.NEQ}, token.NEQ: {token.EQL},
		token.LSS: {token.LEQ, token.GEQ}, token.LEQ: {token.LSS, token.GTR},
		token.GTR: {token.GEQ, token.LEQ}, token.GEQ: {token.GTR, token.LSS},
		token.LAND: {token.LOR}, token.LOR: {token.LAND},
		token.ADD: {token.SUB}, token.SUB: {token.ADD}, token.MUL: {token.QUO}, token.QUO: {token.MUL},
	}[n.Op]
	arithmetic := n.Op == token.ADD || n.Op == token.SUB || n.Op == token.MUL || n.Op == token.QUO
	if len(others) == 0 || (arithmetic && m.typeOf(n) == "string") {
		return
	}
	length := len(n.Op.String())
	id := m.next
	for _, other := range others {
		m.add(n.OpPos, n.OpPos+token.Pos(length), other.String(), n)
	}
	switch n.Op {
	case token.EQL, token.NEQ:
		m.wrap(n, "((", fmt.Sprintf(") != mutantIs(%d))", id))
	case token.LAND, token.LOR:
		m.wrap(n, fmt.Sprintf("mutantBool(%d, %q, ", id, n.Op), ")})")
		m.put(n.OpPos, length, ", func() bool { return (")
	case token.LSS, token.LEQ, token.GTR, token.GEQ:
		m.wrap(n, fmt.Sprintf("mutantOrder(%d, %q, %q, %q, ", id, n.Op, others[0], others[1]), ")")
		m.put(n.OpPos, length, ",")
	default:
		m.wrap(n, fmt.Sprintf("mutantNumber(%d, %q, %q, ", id, n.Op, others[0]), ")")
		m.put(n.OpPos, length, ",")
	}
}

// statements removes one at a time.
func (m *maker) statements(list []ast.Stmt) {
	for _, s := range list {
		switch s := s.(type) {
		case *ast.ExprStmt, *ast.IncDecStmt, *ast.BranchStmt:
			m.remove(s)
		case *ast.AssignStmt:
			if s.Tok != token.DEFINE {
				m.remove(s)
			}
		}
	}
}

func (m *maker) remove(s ast.Stmt) {
	id := m.add(s.Pos(), s.End(), "", s)
	m.wrap(s, fmt.Sprintf("if !mutantIs(%d) { ", id), " }")
}

// typeOf is the type of an expression as its own package writes it; a number
// without one is an int.
func (m *maker) typeOf(e ast.Expr) string {
	return types.TypeString(types.Default(m.info.Types[e].Type), func(p *types.Package) string {
		if strings.HasSuffix(filepath.Dir(m.file), p.Name()) {
			return ""
		}
		return p.Name()
	})
}

// add notes a mutant whose source has text between two positions; whole is
// what a reader is shown of it.
func (m *maker) add(from, to token.Pos, text string, whole ast.Node) int {
	a, b, start := m.offset(from), m.offset(to), m.offset(whole.Pos())
	before := m.text(whole)
	after := before[:a-start] + text + before[b-start:]
	m.out = append(m.out, mutant{id: m.next, file: m.file, fn: m.fn, line: m.fset.Position(from).Line, what: strconv.Quote(before) + " → " + strconv.Quote(after)})
	m.next++
	return m.next - 1
}

func (m *maker) text(n ast.Node) string { return string(m.src[m.offset(n.Pos()):m.offset(n.End())]) }

func (m *maker) offset(p token.Pos) int { return m.fset.Position(p).Offset }

// wrap puts text around an expression or statement, inside of what was put
// around those that hold it.
func (m *maker) wrap(n ast.Node, before, after string) {
	m.put(n.Pos(), 0, before)
	m.edits = append(m.edits, edit{at: m.offset(n.End()), text: after, closes: true})
}

// put replaces some bytes.
func (m *maker) put(at token.Pos, length int, text string) {
	m.edits = append(m.edits, edit{at: m.offset(at), length: length, text: text})
}
