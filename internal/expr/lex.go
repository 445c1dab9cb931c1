package expr

import (
	"math"
	"strings"
	"unicode"
	"unicode/utf8"
)

type tokenKind uint8

const (
	tokenEnd     tokenKind = iota
	tokenInvalid           // no token at all: an error of the Lexing kind
	tokenName              // a context, function or property
	tokenKeyword           // null, true, false, NaN or Infinity, unless after a dot
	tokenNumber
	tokenString
	tokenOpen // (
	tokenClose
	tokenOpenIndex // [
	tokenCloseIndex
	tokenComma
	tokenDot
	tokenStar
	tokenNot
	tokenOr // the operators between two operands, from here on
	tokenAnd
	tokenEqual
	tokenNotEqual
	tokenLess
	tokenLessEqual
	tokenGreater
	tokenGreaterEqual
)

type token struct {
	Span
	kind   tokenKind
	number float64 // tokenNumber
	str    string  // tokenString, without quotes and escapes
}

// lexer splits src into tokens, one at a time (LexicalAnalyzer.cs, lexer.ts).
type lexer struct {
	src  string
	pos  int
	last tokenKind // the token before; tokenEnd at the start
}

// next reads the next token into t.
func (l *lexer) next(t *token) {
	l.skipSpace()
	t.Start = l.pos
	t.kind = l.scan(t)
	t.End = l.pos
	l.last = t.kind
}

// scan reads one token from l.pos, which stands on it, to its end.
func (l *lexer) scan(t *token) tokenKind {
	if l.pos == len(l.src) {
		return tokenEnd
	}
	c := l.src[l.pos]
	switch c {
	case '(':
		return l.take(1, tokenOpen)
	case ')':
		return l.take(1, tokenClose)
	case '[':
		return l.take(1, tokenOpenIndex)
	case ']':
		return l.take(1, tokenCloseIndex)
	case ',':
		return l.take(1, tokenComma)
	case '*':
		return l.take(1, tokenStar)
	case '\'':
		return l.scanString(t)
	case '!', '=', '<', '>', '&', '|':
		return l.scanOperator(c)
	case '.':
		switch l.last {
		case tokenName, tokenClose, tokenCloseIndex, tokenStar:
			return l.take(1, tokenDot)
		}
		return l.scanNumber(t)
	case '+', '-':
		return l.scanNumber(t)
	}
	if isDigit(c) {
		return l.scanNumber(t)
	}
	return l.scanName()
}

func (l *lexer) take(n int, k tokenKind) tokenKind {
	l.pos += n
	return k
}

func (l *lexer) skipSpace() {
	for l.pos < len(l.src) {
		c := l.src[l.pos]
		switch {
		case c == ' ' || '\t' <= c && c <= '\r':
			l.pos++
		case c < utf8.RuneSelf:
			return
		default:
			r, size := utf8.DecodeRuneInString(l.src[l.pos:])
			if !unicode.IsSpace(r) {
				return
			}
			l.pos += size
		}
	}
}

func (l *lexer) scanOperator(c byte) tokenKind {
	var second byte
	if l.pos+1 < len(l.src) {
		second = l.src[l.pos+1]
	}
	switch {
	case c == '&' && second == '&':
		return l.take(2, tokenAnd)
	case c == '|' && second == '|':
		return l.take(2, tokenOr)
	case second == '=' && c == '=':
		return l.take(2, tokenEqual)
	case second == '=' && c == '!':
		return l.take(2, tokenNotEqual)
	case second == '=' && c == '<':
		return l.take(2, tokenLessEqual)
	case second == '=' && c == '>':
		return l.take(2, tokenGreaterEqual)
	case c == '!':
		return l.take(1, tokenNot)
	case c == '<':
		return l.take(1, tokenLess)
	case c == '>':
		return l.take(1, tokenGreater)
	}
	l.pos++
	l.skipToBoundary(false)
	return tokenInvalid
}

func (l *lexer) scanString(t *token) tokenKind {
	start := l.pos + 1
	escaped := false
	for i := start; ; {
		n := strings.IndexByte(l.src[i:], '\'')
		if n < 0 { // not closed
			l.pos = len(l.src)
			return tokenInvalid
		}
		i += n + 1
		if i < len(l.src) && l.src[i] == '\'' {
			escaped = true
			i++
			continue
		}
		l.pos = i
		break
	}
	t.str = l.src[start : l.pos-1]
	if escaped {
		t.str = strings.ReplaceAll(t.str, "''", "'")
	}
	return tokenString
}

func (l *lexer) scanNumber(t *token) tokenKind {
	start := l.pos
	l.pos++
	l.skipToBoundary(true)
	t.number = parseNumber(l.src[start:l.pos])
	if math.IsNaN(t.number) {
		return tokenInvalid
	}
	return tokenNumber
}

func (l *lexer) scanName() tokenKind {
	start := l.pos
	for l.pos < len(l.src) && isNameByte(l.src[l.pos]) {
		l.pos++
	}
	end := l.pos
	l.skipToBoundary(false)
	if c := l.src[start]; l.pos != end || c == '-' || isDigit(c) {
		return tokenInvalid
	}
	if l.last != tokenDot {
		switch l.src[start:l.pos] {
		case "null", "true", "false", "NaN", "Infinity":
			return tokenKeyword
		}
	}
	return tokenName
}

// skipToBoundary moves to the end of the word l.pos is in; in a number, points
// are part of the word.
func (l *lexer) skipToBoundary(number bool) {
	for l.pos < len(l.src) {
		switch c := l.src[l.pos]; c {
		case '.':
			if !number {
				return
			}
			l.pos++
		case '(', ')', '[', ']', ',', '!', '>', '<', '=', '&', '|', ' ', '\t', '\n', '\v', '\f', '\r':
			return
		default:
			if c < utf8.RuneSelf {
				l.pos++
				continue
			}
			r, size := utf8.DecodeRuneInString(l.src[l.pos:])
			if unicode.IsSpace(r) {
				return
			}
			l.pos += size
		}
	}
}

func isNameByte(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || c == '_' || isDigit(c) || c == '-'
}

// isName reports whether s can stand after a `.`.
func isName(s string) bool {
	if s == "" || s[0] == '-' || isDigit(s[0]) {
		return false
	}
	for i := range len(s) {
		if !isNameByte(s[i]) {
			return false
		}
	}
	return true
}
