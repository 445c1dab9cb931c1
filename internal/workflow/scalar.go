package workflow

import (
	"math"
	"strconv"

	"go.yaml.in/yaml/v4"
)

// literal reads a scalar without looking for expressions.
func (r *reader) literal(n *yaml.Node) *Token {
	t := r.token(n, TokenString)
	t.text = n.Value
	if n.Style&yaml.TaggedStyle != 0 {
		r.tagged(t, n)
		return t
	}
	if n.Style != 0 {
		return t
	}
	var bad string
	if t.kind, t.truth, t.number, bad = plainScalar(n.Value); bad != "" {
		r.stopInvalid(n, bad)
	}
	return t
}

// tagged reads a scalar whose type is written out.
func (r *reader) tagged(t *Token, n *yaml.Node) {
	tag := n.LongTag()
	if tag == stringTag {
		return
	}
	if style := styleName(n.Style); style != "" {
		r.stop("The scalar style '" + style + "' on " + lineAndColumn(n) + " is not valid with the tag '" + tag + "'")
		return
	}
	ok := false
	switch tag {
	case nullTag:
		t.kind, ok = TokenNull, isNull(n.Value)
	case booleanTag:
		t.kind = TokenBoolean
		t.truth, ok = parseBoolean(n.Value)
	case integerTag:
		t.kind = TokenNumber
		t.number, ok, _ = parseInteger(n.Value)
	case floatTag:
		t.kind = TokenNumber
		t.number, ok = parseFloat(n.Value)
	default:
		r.stop("Unexpected tag '" + tag + "'")
		return
	}
	if !ok {
		r.stopInvalid(n, tag)
	}
}

func (r *reader) stopInvalid(n *yaml.Node, tag string) {
	r.stop("The value '" + n.Value + "' on " + lineAndColumn(n) + " is invalid for the type '" + tag + "'")
}

func lineAndColumn(n *yaml.Node) string {
	return "line " + itoa(n.Line) + " and column " + itoa(n.Column)
}

// styleName is the name YamlDotNet has for a style, "" for the plain one.
func styleName(s yaml.Style) string {
	switch {
	case s&yaml.DoubleQuotedStyle != 0:
		return "DoubleQuoted"
	case s&yaml.SingleQuotedStyle != 0:
		return "SingleQuoted"
	case s&yaml.LiteralStyle != 0:
		return "Literal"
	case s&yaml.FoldedStyle != 0:
		return "Folded"
	}
	return ""
}

// plainScalar gives the meaning of an unquoted scalar without a tag: YAML 1.2's
// core schema, as GitHub's YamlObjectReader.cs reads it. err says why a number
// has no meaning.
func plainScalar(text string) (kind TokenKind, truth bool, number float64, err string) {
	if !couldMeanMore(text) {
		return TokenString, false, 0, ""
	}
	if isNull(text) {
		return TokenNull, false, 0, ""
	}
	if truth, ok := parseBoolean(text); ok {
		return TokenBoolean, truth, 0, ""
	}
	switch number, ok, err := parseInteger(text); {
	case err:
		return TokenString, false, 0, integerTag
	case ok:
		return TokenNumber, false, number, ""
	}
	if number, ok := parseFloat(text); ok {
		return TokenNumber, false, number, ""
	}
	return TokenString, false, 0, ""
}

// The long forms of YAML's tags, as GitHub's messages write them.
const (
	nullTag    = "tag:yaml.org,2002:null"
	booleanTag = "tag:yaml.org,2002:bool"
	integerTag = "tag:yaml.org,2002:int"
	floatTag   = "tag:yaml.org,2002:float"
	stringTag  = "tag:yaml.org,2002:str"
)

// couldMeanMore reports whether an unquoted scalar may be anything but a
// string. Nearly all are ruled out by their first byte.
func couldMeanMore(text string) bool {
	if text == "" {
		return true
	}
	switch c := text[0]; {
	case c >= '0' && c <= '9', c == '-', c == '+', c == '.', c == '~':
		return true
	case c == 't' || c == 'T' || c == 'n' || c == 'N':
		return len(text) == 4
	case c == 'f' || c == 'F':
		return len(text) == 5
	}
	return false
}

func isNull(text string) bool {
	switch text {
	case "", "null", "Null", "NULL", "~":
		return true
	}
	return false
}

func parseBoolean(text string) (truth, ok bool) {
	switch text {
	case "true", "True", "TRUE":
		return true, true
	case "false", "False", "FALSE":
		return false, true
	}
	return false, false
}

// parseInteger reads [-+]?[0-9]+, 0x… and 0o…. bad means that text is an
// integer but does not fit: hexadecimal and octal ones have 32 bits.
func parseInteger(text string) (number float64, ok, bad bool) {
	digits := text
	if text != "" && (text[0] == '-' || text[0] == '+') {
		digits = text[1:]
	}
	switch {
	case allDigits(digits, '9'):
		number, _ = strconv.ParseFloat(text, 64) // out of range is ±Inf, as in .NET
		return number, true, false
	case len(text) > 2 && text[:2] == "0x" && allHex(text[2:]):
		n, err := strconv.ParseUint(text[2:], 16, 32)
		return float64(int32(n)), err == nil, err != nil
	case len(text) > 2 && text[:2] == "0o" && allDigits(text[2:], '7'):
		n, err := strconv.ParseUint(text[2:], 8, 32)
		return float64(int32(n)), err == nil, err != nil
	}
	return 0, false, false
}

// parseFloat reads [-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)? and the
// names of the infinities and of not-a-number.
func parseFloat(text string) (number float64, ok bool) {
	switch text {
	case ".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF":
		return math.Inf(1), true
	case "-.inf", "-.Inf", "-.INF":
		return math.Inf(-1), true
	case ".nan", ".NaN", ".NAN":
		return math.NaN(), true
	}
	rest := text
	if rest != "" && (rest[0] == '-' || rest[0] == '+') {
		rest = rest[1:]
	}
	whole, rest := cutDigits(rest)
	var fraction string
	if rest != "" && rest[0] == '.' {
		fraction, rest = cutDigits(rest[1:])
	}
	if whole == "" && fraction == "" {
		return 0, false
	}
	if rest != "" && (rest[0] == 'e' || rest[0] == 'E') {
		rest = rest[1:]
		if rest != "" && (rest[0] == '-' || rest[0] == '+') {
			rest = rest[1:]
		}
		var exponent string
		if exponent, rest = cutDigits(rest); exponent == "" {
			return 0, false
		}
	}
	if rest != "" {
		return 0, false
	}
	number, _ = strconv.ParseFloat(text, 64)
	return number, true
}

// cutDigits splits the decimal digits that s starts with from the rest.
func cutDigits(s string) (digits, rest string) {
	i := 0
	for i < len(s) && s[i] >= '0' && s[i] <= '9' {
		i++
	}
	return s[:i], s[i:]
}

func allDigits(s string, highest byte) bool {
	for i := 0; i < len(s); i++ {
		if s[i] < '0' || s[i] > highest {
			return false
		}
	}
	return s != ""
}

func allHex(s string) bool {
	for i := 0; i < len(s); i++ {
		c := s[i] | 0x20
		if !(s[i] >= '0' && s[i] <= '9' || c >= 'a' && c <= 'f') {
			return false
		}
	}
	return s != ""
}
