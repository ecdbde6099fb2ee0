package config

import (
	"bytes"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
)

// unfit says why bytes are not given to HCL's parser at all: because they look
// unlike what they say, or because parsing them could exhaust the machine. The
// lines themselves are not shown, as showing them could do harm too.
func unfit(filename string, src []byte, json bool) *hcl.Diagnostic {
	if at, r, found := hiddenCharacter(src); found {
		return refuse(filename, src, at, "Hidden character", fmt.Sprintf("This line holds the character %U, which does not show. Remove it.", r))
	}
	if json {
		// A template in a JSON string is parsed by other rules than the string.
		for _, mark := range []string{"${", "%{"} {
			if at := bytes.Index(src, []byte(mark)); at >= 0 {
				return refuse(filename, src, at, "Template not allowed", fmt.Sprintf("This line holds a template, %s. Write the value itself: a config has no variables and no functions.", mark))
			}
		}
	}
	return excessive(filename, src)
}

// hiddenCharacter finds the first one, and its offset.
func hiddenCharacter(src []byte) (int, rune, bool) {
	for at := 0; at < len(src); {
		r, n := utf8.DecodeRune(src[at:])
		if hidden(r) && r != '\n' && !bytes.HasPrefix(src[at:], []byte("\r\n")) {
			return at, r, true
		}
		at += n
	}
	return 0, 0, false
}

// maxDepth is how deep brackets may nest, where the schema needs four levels;
// maxOperators is how many operators may follow one another. Deeper, HCL's
// recursive parser could exhaust the stack.
const (
	maxDepth     = 64
	maxOperators = 64
	maxDigits    = 32 // of one number
)

// excessive finds what HCL's parser would not survive: deep nesting, and
// numbers like 1e999999999, which it writes out in full.
func excessive(filename string, src []byte) *hcl.Diagnostic {
	tokens, _ := hclsyntax.LexConfig(src, filename, hcl.InitialPos) // its mistakes are the parser's to tell
	depth, operators := 0, 0
	for _, token := range tokens {
		at := token.Range.Start.Byte
		switch token.Type {
		case hclsyntax.TokenOBrace, hclsyntax.TokenOBrack, hclsyntax.TokenOParen, hclsyntax.TokenTemplateInterp, hclsyntax.TokenTemplateControl:
			depth++
		case hclsyntax.TokenCBrace, hclsyntax.TokenCBrack, hclsyntax.TokenCParen, hclsyntax.TokenTemplateSeqEnd:
			depth--
		case hclsyntax.TokenNewline:
			operators = 0
		case hclsyntax.TokenBang, hclsyntax.TokenMinus, hclsyntax.TokenPlus, hclsyntax.TokenStar, hclsyntax.TokenSlash, hclsyntax.TokenPercent, hclsyntax.TokenQuestion:
			operators++
		case hclsyntax.TokenNumberLit:
			if _, exponent, ok := strings.Cut(strings.ToLower(string(token.Bytes)), "e"); ok && len(exponent) > 3 {
				return refuse(filename, src, at, "Invalid number", "This line holds a number with a huge exponent. Write the number out.")
			}
			// Far behind the point digits are rounded away, and 3.99... were 4.
			if len(token.Bytes) > maxDigits {
				return refuse(filename, src, at, "Invalid number", fmt.Sprintf("This line holds a number of more than %d digits. Write a whole number.", maxDigits))
			}
		}
		if depth > maxDepth || operators > maxOperators {
			return refuse(filename, src, at, "Nested too deeply", fmt.Sprintf("This line is inside more than %d brackets or operators. Check that this is a %s.", maxDepth, FileName))
		}
	}
	return nil
}

func refuse(filename string, src []byte, at int, summary, detail string) *hcl.Diagnostic {
	pos := hcl.Pos{Line: 1 + bytes.Count(src[:at], []byte("\n")), Column: 1, Byte: at}
	return &hcl.Diagnostic{
		Severity: hcl.DiagError,
		Summary:  summary,
		Detail:   detail,
		Subject:  &hcl.Range{Filename: filename, Start: pos, End: pos},
	}
}
