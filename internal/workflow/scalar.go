package workflow

import (
	"math"
	"strconv"

	"go.yaml.in/yaml/v4"
)

// literal is what a scalar means that is looked at without its expressions.
type literal struct {
	kind   TokenKind // TokenNull to TokenString
	truth  bool
	number float64
}

// readLiteral returns what the scalar n means, or says why GitHub would stop
// reading the file there.
func readLiteral(n *yaml.Node) (l literal, problem string) {
	switch {
	case n.Style == 0:
		var tag string
		if l, tag = plainScalar(n.Value); tag != "" {
			return l, invalidScalar(n, tag)
		}
	case n.Style&yaml.TaggedStyle != 0:
		return taggedScalar(n)
	default:
		l.kind = TokenString
	}
	return l, ""
}

// taggedScalar gives the meaning of a scalar whose type is written out.
func taggedScalar(n *yaml.Node) (l literal, problem string) {
	tag := n.LongTag()
	if tag == stringTag {
		return literal{kind: TokenString}, ""
	}
	if style := styleName(n.Style); style != "" {
		return l, "The scalar style '" + style + "' on " + lineAndColumn(n) + " is not valid with the tag '" + tag + "'"
	}
	ok := false
	switch tag {
	case nullTag:
		l.kind, ok = TokenNull, isNull(n.Value)
	case booleanTag:
		l.kind = TokenBoolean
		l.truth, ok = parseBoolean(n.Value)
	case integerTag:
		l.kind = TokenNumber
		l.number, ok, _ = parseInteger(n.Value)
	case floatTag:
		l.kind = TokenNumber
		l.number, ok = parseFloat(n.Value)
	default:
		return l, "Unexpected tag '" + tag + "'"
	}
	if !ok {
		return l, invalidScalar(n, tag)
	}
	return l, ""
}

func invalidScalar(n *yaml.Node, tag string) string {
	return "The value '" + n.Value + "' on " + lineAndColumn(n) + " is invalid for the type '" + tag + "'"
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
// core schema, as GitHub's YamlObjectReader.cs reads it. A tag is returned when
// text has the form of one of its values and is none.
func plainScalar(text string) (l literal, tag string) {
	if !couldMeanMore(text) {
		return literal{kind: TokenString}, ""
	}
	if isNull(text) {
		return literal{kind: TokenNull}, ""
	}
	if truth, ok := parseBoolean(text); ok {
		return literal{kind: TokenBoolean, truth: truth}, ""
	}
	switch number, ok, bad := parseInteger(text); {
	case bad:
		return literal{}, integerTag
	case ok:
		return literal{kind: TokenNumber, number: number}, ""
	}
	if number, ok := parseFloat(text); ok {
		return literal{kind: TokenNumber, number: number}, ""
	}
	return literal{kind: TokenString}, ""
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
