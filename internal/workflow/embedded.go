package workflow

import (
	"strings"
	"unicode"

	"slipway/internal/expr"
)

// part is one `${{ }}` of a scalar.
type part struct {
	source  string // trimmed
	opening int    // which `${{` of the scalar it starts with, from 0; those inside strings count
}

// parts splits a scalar into its expressions, ignoring those that are wrong.
func parts(text string) []part {
	var found []part
	for at, openings := 0, 0; ; {
		start := strings.Index(text[at:], openExpression)
		if start < 0 {
			return found
		}
		start += at
		end := expressionEnd(text, start)
		if end < 0 {
			return found
		}
		source := strings.TrimFunc(text[start+len(openExpression):end-len(closeExpression)], unicode.IsSpace)
		if source != "" {
			found = append(found, part{source, openings})
		}
		openings += strings.Count(text[start:end], openExpression)
		at = end
	}
}

// Embedded is one expression of a scalar, with its place in the file.
type Embedded struct {
	Expr *expr.Expr
	Pos  Pos // of the expression's first byte

	token *Token
	start int // offset of the expression in the file, -1 when unknown
}

// Embedded returns the expressions of a TokenExpression, each for itself: a
// scalar that mixes text and expressions has several. For anything else it
// returns nil.
func (t *Token) Embedded() []Embedded {
	if t.Kind() != TokenExpression {
		return nil
	}
	pieces := parts(t.text)
	at := t.src.content(int(t.line), int(t.column))
	if len(pieces) == 0 { // an `if:` without ${{ }}
		return []Embedded{newEmbedded(t, t.expr, at)}
	}
	list := make([]Embedded, 0, len(pieces))
	opened := 0 // how many `${{` of the scalar are before at
	for _, piece := range pieces {
		for ; opened <= piece.opening; opened++ {
			at = t.src.afterOpening(at)
		}
		e := t.expr
		if e.Source() != piece.source {
			var err error
			if e, err = expr.Parse(piece.source, &everyName); err != nil {
				continue
			}
		}
		list = append(list, newEmbedded(t, e, at))
	}
	return list
}

func newEmbedded(t *Token, e *expr.Expr, start int) Embedded {
	found := Embedded{Expr: e, Pos: t.Pos(), token: t, start: start}
	if start >= 0 {
		found.Pos = t.src.position(start)
	}
	return found
}

// At returns the place in the file of the byte at offset of the expression's
// source, as offsets of expr's nodes and errors count. Line breaks and
// indentation that YAML takes out of a scalar are put back.
func (e Embedded) At(offset int) Pos {
	if e.start < 0 {
		return e.Pos
	}
	source, data, at := e.Expr.Source(), e.token.src.data, e.start
	for i := 0; i < offset && i < len(source); {
		switch {
		case at >= len(data):
			return e.Pos
		case source[i] == data[at]:
			i++
			at++
		case isBlank(data[at]):
			at++
		case isBlank(source[i]):
			i++
		case source[i] == '\'' || data[at] == '\'' || data[at] == '\\':
			at++ // an escape
		default:
			return e.Pos
		}
	}
	for at < len(data) && offset < len(source) && isBlank(data[at]) && !isBlank(source[offset]) {
		at++
	}
	return e.token.src.position(at)
}
