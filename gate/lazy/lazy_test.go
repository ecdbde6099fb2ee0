package lazy_test

import (
	"testing"

	"github.com/holdfast-gate/holdfast/gate/lazy"
)

func TestRegexpIsCompiledOnceAndLate(t *testing.T) {
	broken := lazy.MustCompile("(")
	good := lazy.MustCompile("^a+$")
	if good() != good() || !good().MatchString("aa") || good().MatchString("b") {
		t.Error("want one expression, as regexp compiles it")
	}
	defer func() {
		if recover() == nil {
			t.Error("an expression that is none was compiled")
		}
	}()
	broken()
}
