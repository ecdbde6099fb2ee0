package lazy_test

import (
	"testing"

	"github.com/holdfast-gate/holdfast/gate/lazy"
)

func TestRegexpIsCompiledOnceAndLate(t *testing.T) {
	broken := lazy.MustCompile("(")
	good := lazy.MustCompile("^a+$")
	first, second := good(), good()
	if first != second || !first.MatchString("aa") || first.MatchString("b") {
		t.Error("want one expression, as regexp compiles it")
	}
	defer func() {
		if recover() == nil {
			t.Error("an expression that is none was compiled")
		}
	}()
	broken()
}
