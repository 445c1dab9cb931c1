package workflow

import (
	"bytes"
	"strings"
	"unicode"
	"unicode/utf8"

	"slipway/internal/expr"
)

// part is one `${{ }}` of a scalar.
type part struct {
	Source string // trimmed
	Number int    // from 0, of the `${{` in the scalar
}

// parts splits a scalar into its expressions, ignoring those that are wrong.
func parts(text string) []part {
	var found []part
	for at, n := 0, 0; ; n++ {
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
			found = append(found, part{source, n})
		}
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
	if len(pieces) == 0 { // an `if:` without ${{ }}
		return []Embedded{t.embeddedAt(t.expr, t.contentStart())}
	}
	var list []Embedded
	for _, piece := range pieces {
		e := t.expr
		if e.Source() != piece.Source {
			var err error
			if e, err = expr.Parse(piece.Source, &everyName); err != nil {
				continue
			}
		}
		list = append(list, t.embeddedAt(e, t.expressionStart(piece.Number)))
	}
	return list
}

func (t *Token) embeddedAt(e *expr.Expr, start int) Embedded {
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

func isBlank(c byte) bool { return c == ' ' || c == '\t' || c == '\n' || c == '\r' }

// contentStart returns the offset in the file of the first byte of a scalar's
// text: after an anchor, a tag, a quote or the header of a block. -1 is unknown.
func (t *Token) contentStart() int {
	if t.src == nil || t.line == 0 {
		return -1
	}
	at := t.src.offset(int(t.line), int(t.column))
	if at < 0 {
		return -1
	}
	data := t.src.data
	for at < len(data) && (data[at] == '&' || data[at] == '!') {
		for at < len(data) && !isBlank(data[at]) {
			at++
		}
		at = skipBlanks(data, at)
	}
	if at >= len(data) {
		return -1
	}
	switch data[at] {
	case '\'', '"':
		return skipBlanks(data, at+1)
	case '|', '>':
		end := bytes.IndexByte(data[at:], '\n')
		if end < 0 {
			return -1
		}
		return skipBlanks(data, at+end)
	}
	return at
}

// expressionStart returns the offset in the file of what follows the n-th
// `${{` of the scalar, or -1.
func (t *Token) expressionStart(n int) int {
	at := t.contentStart()
	for ; at >= 0 && n >= 0; n-- {
		next := bytes.Index(t.src.data[at:], []byte(openExpression))
		if next < 0 {
			return -1
		}
		at += next + len(openExpression)
	}
	if at < 0 {
		return -1
	}
	return skipBlanks(t.src.data, at)
}

func skipBlanks(data []byte, at int) int {
	for at < len(data) && isBlank(data[at]) {
		at++
	}
	return at
}

// lineStarts returns the offset of every line, by YAML's line breaks.
func (s *source) lineStarts() []int {
	s.once.Do(func() {
		s.lines = []int{0}
		for i := 0; i < len(s.data); i++ {
			switch c := s.data[i]; {
			case c == '\n', c == '\r' && (i+1 == len(s.data) || s.data[i+1] != '\n'):
				s.lines = append(s.lines, i+1)
			case c == 0xc2 && i+1 < len(s.data) && s.data[i+1] == 0x85: // NEL
				s.lines = append(s.lines, i+2)
			case c == 0xe2 && i+2 < len(s.data) && s.data[i+1] == 0x80 && s.data[i+2]&0xfe == 0xa8: // LS, PS
				s.lines = append(s.lines, i+3)
			}
		}
	})
	return s.lines
}

// offset returns the offset of a line and column, or -1.
func (s *source) offset(line, column int) int {
	lines := s.lineStarts()
	if line > len(lines) {
		return -1
	}
	at := lines[line-1]
	if line == 1 && bytes.HasPrefix(s.data, []byte("\ufeff")) {
		at += len("\ufeff")
	}
	for ; column > 1; column-- {
		if at >= len(s.data) {
			return -1
		}
		_, size := utf8.DecodeRune(s.data[at:])
		at += size
	}
	return at
}

// position returns the line and column of an offset.
func (s *source) position(at int) Pos {
	lines := s.lineStarts()
	line := 0
	for low, high := 0, len(lines); low < high; {
		middle := (low + high) / 2
		if lines[middle] <= at {
			line = middle
			low = middle + 1
		} else {
			high = middle
		}
	}
	text := bytes.TrimPrefix(s.data[lines[line]:at], []byte("\ufeff"))
	return Pos{File: s.file, Line: line + 1, Column: utf8.RuneCount(text) + 1}
}
