package main

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"slices"
	"strconv"
)

// mutant is one file with one thing changed.
type mutant struct {
	file, fn string
	line     int
	what     string // "x < y → x <= y"
	source   []byte
}

func (m mutant) String() string { return fmt.Sprintf("%s:%d %s: %s", m.file, m.line, m.fn, m.what) }

// key names a mutant without its line, so that it survives edits elsewhere.
func (m mutant) key() string { return m.file + " " + m.fn + " " + m.what }

// maker makes the mutants of one file.
type maker struct {
	file string
	src  []byte
	fset *token.FileSet
	fn   string
	out  []mutant
}

func mutants(file string) ([]mutant, error) {
	src, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	m := &maker{file: file, src: src, fset: token.NewFileSet()}
	f, err := parser.ParseFile(m.fset, file, src, 0)
	if err != nil {
		return nil, err
	}
	for _, d := range f.Decls {
		fn, ok := d.(*ast.FuncDecl)
		if !ok || fn.Body == nil {
			continue
		}
		m.fn = fn.Name.Name
		ast.Inspect(fn.Body, func(n ast.Node) bool { m.visit(n); return true })
	}
	return m.out, nil
}

func (m *maker) visit(n ast.Node) {
	switch n := n.(type) {
	case *ast.BinaryExpr:
		for _, op := range swaps(n.Op) {
			m.replace(n.OpPos, n.OpPos+token.Pos(len(n.Op.String())), op.String(), n)
		}
	case *ast.IfStmt:
		m.replace(n.Cond.Pos(), n.Cond.End(), "!("+m.text(n.Cond)+")", n.Cond)
	case *ast.BasicLit:
		if v, err := strconv.Atoi(n.Value); n.Kind == token.INT && err == nil {
			m.replace(n.Pos(), n.End(), strconv.Itoa(v+1), n)
		}
	case *ast.Ident:
		if other := map[string]string{"true": "false", "false": "true"}[n.Name]; other != "" {
			m.replace(n.Pos(), n.End(), other, n)
		}
	case *ast.CallExpr:
		if id, ok := n.Fun.(*ast.Ident); ok {
			if other := map[string]string{"min": "max", "max": "min"}[id.Name]; other != "" {
				m.replace(id.Pos(), id.End(), other, n)
			}
		}
	case *ast.BlockStmt:
		m.statements(n.List)
	case *ast.CaseClause:
		m.statements(n.Body)
	}
}

// statements removes, one at a time, those whose loss still compiles.
func (m *maker) statements(list []ast.Stmt) {
	for _, s := range list {
		switch s := s.(type) {
		case *ast.ExprStmt, *ast.IncDecStmt:
			m.replace(s.Pos(), s.End(), "", s)
		case *ast.AssignStmt:
			if s.Tok != token.DEFINE {
				m.replace(s.Pos(), s.End(), "", s)
			}
		case *ast.BranchStmt:
			m.replace(s.Pos(), s.End(), "", s)
		}
	}
}

func swaps(op token.Token) []token.Token {
	return map[token.Token][]token.Token{
		token.EQL: {token.NEQ}, token.NEQ: {token.EQL},
		token.LSS: {token.LEQ, token.GEQ}, token.LEQ: {token.LSS, token.GTR},
		token.GTR: {token.GEQ, token.LEQ}, token.GEQ: {token.GTR, token.LSS},
		token.LAND: {token.LOR}, token.LOR: {token.LAND},
		token.ADD: {token.SUB}, token.SUB: {token.ADD}, token.MUL: {token.QUO}, token.QUO: {token.MUL},
	}[op]
}

func (m *maker) text(n ast.Node) string {
	return string(m.src[m.fset.Position(n.Pos()).Offset:m.fset.Position(n.End()).Offset])
}

// replace adds a mutant whose source has text between two positions; whole is
// what a reader is shown of it.
func (m *maker) replace(from, to token.Pos, text string, whole ast.Node) {
	a, b := m.fset.Position(from).Offset, m.fset.Position(to).Offset
	start, end := m.fset.Position(whole.Pos()).Offset, m.fset.Position(whole.End()).Offset
	before := string(m.src[start:end])
	after := before[:a-start] + text + before[b-start:]
	m.out = append(m.out, mutant{file: m.file, fn: m.fn, line: m.fset.Position(from).Line, what: strconv.Quote(before) + " → " + strconv.Quote(after),
		source: slices.Concat(m.src[:a], []byte(text), m.src[b:])})
}
