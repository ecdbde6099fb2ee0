package config

import (
	"fmt"
	"math/big"
	"strconv"
	"strings"
	"time"

	"github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"
)

// A decoder collects every mistake of one file; what it returns is used only
// if there is none.
type decoder struct {
	diags hcl.Diagnostics
}

// place is where something else stands, as a person would look it up.
func place(r hcl.Range) string { return fmt.Sprintf("%s:%d", r.Filename, r.Start.Line) }

// fail records one mistake: what is wrong and what to write instead.
func (d *decoder) fail(at hcl.Range, summary, detail string, args ...any) {
	d.diags = append(d.diags, &hcl.Diagnostic{
		Severity: hcl.DiagError,
		Summary:  summary,
		Detail:   fmt.Sprintf(detail, args...),
		Subject:  at.Ptr(),
	})
}

// value evaluates an expression. A config has no variables and no functions:
// what it promises must be readable in it.
func (d *decoder) value(expr hcl.Expression, name string) (cty.Value, bool) {
	v, diags := expr.Value(nil)
	for _, diag := range diags {
		diag.Detail += " Write the value itself: a config has no variables and no functions."
	}
	d.diags = append(d.diags, diags...)
	if diags.HasErrors() {
		return v, false
	}
	if v.IsNull() || !v.IsWhollyKnown() {
		d.fail(expr.Range(), "No value", "%s is null. Give it a value, or remove it.", name)
		return v, false
	}
	return v, true
}

func (d *decoder) text(expr hcl.Expression, name string) (string, bool) {
	v, ok := d.value(expr, name)
	if !ok {
		return "", false
	}
	if v.Type() != cty.String {
		d.fail(expr.Range(), "Not a string", "%s must be a string: put it in double quotes.", name)
		return "", false
	}
	s := v.AsString()
	if s == "" || s != strings.TrimSpace(s) || strings.ContainsFunc(s, unseen) {
		d.fail(expr.Range(), "Invalid text", "%s must not be empty, begin or end with a space, or hold characters that do not show; got %q.", name, s)
		return "", false
	}
	return s, true
}

// texts reads a list of strings. An empty list is a mistake everywhere: where
// a list restricts, leaving it out means "any" and an empty one would too.
func (d *decoder) texts(attr *hcl.Attribute, check func(hcl.Range, string) bool) []string {
	list, diags := hcl.ExprList(attr.Expr)
	if diags.HasErrors() {
		d.fail(attr.Expr.Range(), "Not a list", `%s must be a list of strings, like %s = ["a", "b"].`, attr.Name, attr.Name)
		return nil
	}
	if len(list) == 0 {
		d.fail(attr.Expr.Range(), "Empty list", "%s lists nothing. Name at least one, or remove it.", attr.Name)
	}
	var out []string
	for _, expr := range list {
		s, ok := d.text(expr, "Every entry of "+attr.Name)
		if ok && check(expr.Range(), s) {
			out = append(out, s)
		}
	}
	return out
}

// maxNumber is far above any cluster, and keeps every product below in range.
const maxNumber = 1_000_000

// number reads a whole number from low to maxNumber.
func (d *decoder) number(attr *hcl.Attribute, low int) (int, bool) {
	v, ok := d.value(attr.Expr, attr.Name)
	if !ok {
		return 0, false
	}
	if v.Type() != cty.Number {
		d.fail(attr.Expr.Range(), "Not a number", "%s must be a whole number, without quotes.", attr.Name)
		return 0, false
	}
	return d.whole(attr, v.AsBigFloat(), low)
}

func (d *decoder) whole(attr *hcl.Attribute, f *big.Float, low int) (int, bool) {
	n, exact := f.Int64()
	if exact != big.Exact || n < int64(low) || n > maxNumber {
		d.fail(attr.Expr.Range(), "Invalid number", "%s must be a whole number from %d to %d.", attr.Name, low, maxNumber)
		return 0, false
	}
	return int(n), true
}

func (d *decoder) flag(attr *hcl.Attribute) bool {
	v, ok := d.value(attr.Expr, attr.Name)
	if ok && v.Type() != cty.Bool {
		d.fail(attr.Expr.Range(), "Not true or false", "%s must be true or false, without quotes.", attr.Name)
		ok = false
	}
	return ok && v.True()
}

// duration reads a duration of at least low.
func (d *decoder) duration(attr *hcl.Attribute, low time.Duration) (time.Duration, bool) {
	s, ok := d.text(attr.Expr, attr.Name)
	if !ok {
		return 0, false
	}
	t, err := time.ParseDuration(s)
	if err != nil {
		d.fail(attr.Expr.Range(), "Invalid duration", `%s: %q is not a duration. Write a number and a unit of s, m or h, like "90s", "2m" or "24h".`, attr.Name, s)
		return 0, false
	}
	if t < low {
		d.fail(attr.Expr.Range(), "Invalid duration", "%s must be at least %s; got %s.", attr.Name, low, t)
		return 0, false
	}
	return t, true
}

// An amount is a number of members, or a share of a declared size.
type amount struct {
	n       int
	percent bool
}

// amount reads 2 or "75%".
func (d *decoder) amount(attr *hcl.Attribute) (amount, bool) {
	v, ok := d.value(attr.Expr, attr.Name)
	if !ok {
		return amount{}, false
	}
	switch v.Type() {
	case cty.Number:
		n, ok := d.whole(attr, v.AsBigFloat(), 0)
		return amount{n: n}, ok
	case cty.String:
		n, ok := percentage(v.AsString())
		if ok {
			return amount{n: n, percent: true}, true
		}
		d.fail(attr.Expr.Range(), "Invalid percentage",
			`%s: %q is not a percentage. Write a whole one from "0%%" to "100%%", or a number of members without quotes.`, attr.Name, v.AsString())
	default:
		d.fail(attr.Expr.Range(), "Invalid amount", `%s must be a number of members, like 2, or a percentage of the size, like "75%%".`, attr.Name)
	}
	return amount{}, false
}

func percentage(s string) (int, bool) {
	digits, ok := strings.CutSuffix(s, "%")
	if !ok || len(digits) == 0 || len(digits) > 3 || strings.Trim(digits, "0123456789") != "" {
		return 0, false
	}
	n, err := strconv.Atoi(digits)
	return n, err == nil && n <= 100
}

// floor is the amount as the fewest of size members: rounded up, so that it
// never keeps less than what was promised.
func (a amount) floor(size int) int {
	if !a.percent {
		return a.n
	}
	return (size*a.n + 99) / 100
}

// budget is the amount as the most of size members: rounded down, so that it
// never takes more than what was permitted.
func (a amount) budget(size int) int {
	if !a.percent {
		return a.n
	}
	return size * a.n / 100
}
