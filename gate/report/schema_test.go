package report

import (
	"bytes"
	"encoding/json"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	generator "github.com/invopop/jsonschema"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/holdfast-gate/holdfast/gate"
)

// The published schema is made from the types and their comments, so that it
// cannot say anything else than they do.
func TestSchemaIsThatOfTheTypes(t *testing.T) {
	for _, s := range []struct {
		file        string
		document    any
		name, title string
		published   []byte
	}{
		{"schema/verdict.schema.json", &document{}, "document", "A verdict of holdfast, as -o json writes it", Schema()},
		{"schema/status.schema.json", &statusDocument{}, "statusDocument", "The members of clusters, as holdfast -o json status writes them", StatusSchema()},
		{"schema/drift.schema.json", &DriftReport{}, "DriftReport", "Drift of clusters, as holdfast -o json drift writes it", DriftSchema()},
	} {
		got := generate(t, s.document, s.name, s.title)
		if *update {
			if err := os.WriteFile(s.file, got, 0o644); err != nil {
				t.Fatal(err)
			}
			continue
		}
		if !bytes.Equal(got, s.published) {
			t.Errorf("%s is not that of the types: run go test ./gate/report -run TestSchema -update, and raise FormatVersion if a reader could break", s.file)
		}
	}
}

func generate(t *testing.T, document any, name, title string) []byte {
	t.Helper()
	r := generator.Reflector{Anonymous: true, AllowAdditionalProperties: true, Mapper: special, CommentMap: comments(t)}
	s := r.Reflect(document)
	s.Title = title
	s.Definitions[name].Properties.Set("format_version", &generator.Schema{Type: "string", Pattern: `^1\.`, Description: "read nothing whose first number you do not know"})
	b, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	return append(b, '\n')
}

// special describes the types that are not written as they are declared: words
// for enums, and durations as nanoseconds.
func special(t reflect.Type) *generator.Schema {
	if t == reflect.TypeFor[time.Duration]() {
		return &generator.Schema{Type: "integer", Description: "nanoseconds"}
	}
	if t.Kind() != reflect.Uint8 || !t.Implements(reflect.TypeFor[fmt.Stringer]()) {
		return nil
	}
	s := &generator.Schema{Type: "string"}
	for i := range uint64(256) {
		v := reflect.New(t).Elem()
		v.SetUint(i)
		word := v.Interface().(fmt.Stringer).String()
		if i > 0 && word == s.Enum[0] {
			return s
		}
		s.Enum = append(s.Enum, word)
	}
	return s
}

// comments reads what the source says of each type and field.
func comments(t *testing.T) map[string]string {
	t.Helper()
	out := map[string]string{}
	for dir, pkg := range map[string]string{"..": "github.com/holdfast-gate/holdfast/gate", ".": "github.com/holdfast-gate/holdfast/gate/report", "../drift": "github.com/holdfast-gate/holdfast/gate/drift"} {
		paths, err := filepath.Glob(filepath.Join(dir, "*.go"))
		if err != nil {
			t.Fatal(err)
		}
		for _, path := range paths {
			file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ParseComments)
			if err != nil {
				t.Fatal(err)
			}
			ast.Inspect(file, func(n ast.Node) bool {
				if s, ok := n.(*ast.TypeSpec); ok {
					describe(out, pkg+"."+s.Name.Name, s)
				}
				return true
			})
		}
	}
	return out
}

func describe(out map[string]string, name string, s *ast.TypeSpec) {
	st, ok := s.Type.(*ast.StructType)
	if !ok {
		return
	}
	for _, f := range st.Fields.List {
		text := strings.TrimSpace(f.Doc.Text() + f.Comment.Text())
		for _, id := range f.Names {
			if text != "" {
				out[name+"."+id.Name] = text
			}
		}
	}
}

func compiled(t *testing.T, schema []byte) *jsonschema.Schema {
	t.Helper()
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(schema))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	if err := c.AddResource("schema.json", doc); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile("schema.json")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// Every verdict, whatever it lacks, is written as the schema says.
func TestJSONIsValid(t *testing.T) {
	s := compiled(t, Schema())
	for name, v := range verdicts() {
		t.Run(name, func(t *testing.T) {
			var b bytes.Buffer
			if err := JSON(&b, v, Options{}); err != nil {
				t.Fatal(err)
			}
			doc, err := jsonschema.UnmarshalJSON(&b)
			if err != nil {
				t.Fatal(err)
			}
			if err := s.Validate(doc); err != nil {
				t.Error(err)
			}
		})
	}
}

// So is what is running, with clusters and without.
func TestStatusJSONIsValid(t *testing.T) {
	s := compiled(t, StatusSchema())
	for name, v := range verdicts() {
		for _, snapshot := range []*gate.Snapshot{nil, {Account: "123456789012", Finished: at(), Sources: v.Sources}} {
			var b bytes.Buffer
			if err := StatusJSON(&b, v.Clusters, snapshot); err != nil {
				t.Fatal(err)
			}
			doc, err := jsonschema.UnmarshalJSON(&b)
			if err != nil {
				t.Fatal(err)
			}
			if err := s.Validate(doc); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
	if s.Validate(map[string]any{}) == nil {
		t.Error("the schema refuses nothing")
	}
}

// The schema refuses what is not a verdict, or it would validate nothing.
func TestSchemaRefuses(t *testing.T) {
	s := compiled(t, Schema())
	var b bytes.Buffer
	if err := JSON(&b, gate.Verdict{Decision: gate.Block}, Options{}); err != nil {
		t.Fatal(err)
	}
	for name, edit := range map[string]func(map[string]any){
		"no decision":     func(m map[string]any) { delete(m, "decision") },
		"another word":    func(m map[string]any) { m["decision"] = "maybe" },
		"another version": func(m map[string]any) { m["format_version"] = "2.0" },
		"null findings":   func(m map[string]any) { m["findings"] = nil },
	} {
		var m map[string]any
		if err := json.Unmarshal(b.Bytes(), &m); err != nil {
			t.Fatal(err)
		}
		edit(m)
		if s.Validate(m) == nil {
			t.Errorf("%s: got no error", name)
		}
	}
}
