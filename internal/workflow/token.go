package workflow

import (
	"iter"
	"strings"

	"slipway/internal/expr"
)

// TokenKind says what a Token is.
type TokenKind uint8

// The kinds of token.
const (
	TokenNull TokenKind = iota
	TokenBoolean
	TokenNumber
	TokenString
	TokenSequence
	TokenMapping
	TokenExpression
	TokenInsert // the key `${{ insert }}`: the pairs of its value become pairs of the mapping around it
)

// String returns GitHub's name of the kind, as its messages use it.
func (k TokenKind) String() string {
	switch k {
	case TokenBoolean:
		return "BooleanToken"
	case TokenNumber:
		return "NumberToken"
	case TokenString:
		return "StringToken"
	case TokenSequence:
		return "SequenceToken"
	case TokenMapping:
		return "MappingToken"
	case TokenExpression:
		return "BasicExpressionToken"
	case TokenInsert:
		return "InsertExpressionToken"
	default:
		return "NullToken"
	}
}

// Token is one positioned value of a workflow file: a literal, a sequence, a
// mapping, or a scalar that holds expressions. A Token is never changed once
// it was read and may be shared between goroutines; every method accepts nil,
// which reads as null.
type Token struct {
	src    *source
	line   uint32 // from 1; 0 is unknown
	column uint32
	kind   TokenKind
	truth  bool
	text   string  // a string; for an expression, the scalar as it was written
	number float64 // a number
	kids   []*Token
	expr   *expr.Expr
}

// Kind returns what t is.
func (t *Token) Kind() TokenKind {
	if t == nil {
		return TokenNull
	}
	return t.kind
}

// Pos returns where t starts. Tokens reached through a YAML alias stand where
// the anchor stands.
func (t *Token) Pos() Pos {
	if t == nil {
		return Pos{}
	}
	pos := Pos{Line: int(t.line), Column: int(t.column)}
	if t.src != nil {
		pos.File = t.src.file
	}
	return pos
}

// IsLiteral reports whether there is no expression anywhere inside t.
func (t *Token) IsLiteral() bool {
	switch t.Kind() {
	case TokenExpression, TokenInsert:
		return false
	case TokenSequence, TokenMapping:
		for _, kid := range t.kids {
			if !kid.IsLiteral() {
				return false
			}
		}
	}
	return true
}

// Str returns a scalar literal as a string, as GitHub turns it into one, and
// an expression as it was written (`a ${{ b }}`). It is "" for null,
// sequences and mappings.
func (t *Token) Str() string {
	switch t.Kind() {
	case TokenBoolean:
		if t.truth {
			return "true"
		}
		return "false"
	case TokenNumber:
		return expr.Number(t.number).Text()
	case TokenInsert:
		return "${{ insert }}"
	case TokenString, TokenExpression:
		return t.text
	default:
		return ""
	}
}

// Bool returns the value of a boolean literal, and false for anything else.
func (t *Token) Bool() bool { return t.Kind() == TokenBoolean && t.truth }

// Number returns the value of a number literal, and 0 for anything else.
func (t *Token) Number() float64 {
	if t.Kind() != TokenNumber {
		return 0
	}
	return t.number
}

// Items returns the items of a sequence, and nil for anything else. The slice
// must not be changed.
func (t *Token) Items() []*Token {
	if t.Kind() != TokenSequence {
		return nil
	}
	return t.kids
}

// Pairs yields the keys and values of a mapping in file order, and nothing for
// anything else. A key is a string, an expression or TokenInsert.
func (t *Token) Pairs() iter.Seq2[*Token, *Token] {
	return func(yield func(key, value *Token) bool) {
		if t.Kind() != TokenMapping {
			return
		}
		for i := 0; i+1 < len(t.kids); i += 2 {
			if !yield(t.kids[i], t.kids[i+1]) {
				return
			}
		}
	}
}

// Len returns the number of items of a sequence or of pairs of a mapping.
func (t *Token) Len() int {
	switch t.Kind() {
	case TokenSequence:
		return len(t.kids)
	case TokenMapping:
		return len(t.kids) / 2
	default:
		return 0
	}
}

// Lookup returns the value that a mapping holds under the literal key, the
// case of letters ignored, or nil.
func (t *Token) Lookup(key string) *Token {
	for k, v := range t.Pairs() {
		if k.kind == TokenString && strings.EqualFold(k.text, key) {
			return v
		}
	}
	return nil
}

// Expr returns the expression of a TokenExpression, and nil for anything
// else. A scalar that mixes text and expressions is one expression, as GitHub
// makes it: `a ${{ x }} b` is format('a {0} b', x).
func (t *Token) Expr() *expr.Expr {
	if t == nil {
		return nil
	}
	return t.expr
}

// NewString returns a string literal without a position.
func NewString(s string) *Token { return &Token{kind: TokenString, text: s} }

// NewExpression returns an expression without a position. src is written
// without `${{ }}`; every context and function may be named in it. The error
// is an *expr.Error.
func NewExpression(src string) (*Token, error) {
	e, err := expr.Parse(src, &everyName)
	if err != nil {
		return nil, err
	}
	return &Token{kind: TokenExpression, text: "${{ " + src + " }}", expr: e}, nil
}

// NewSequence returns a sequence without a position.
func NewSequence(items ...*Token) *Token { return &Token{kind: TokenSequence, kids: items} }

// NewMapping returns a mapping without a position from keys and values in turn.
func NewMapping(pairs ...*Token) *Token {
	return &Token{kind: TokenMapping, kids: pairs[:len(pairs)&^1]}
}
