package lint

import (
	"bytes"
	"strings"
	"unicode/utf8"

	"slipway/internal/workflow"
)

// source finds where in a file's text tokens stand, and what they hold.
type source struct {
	file  string
	data  []byte
	lines []int // the offset of each line
	last  cursor
}

// place is a part of one line. Columns and widths count characters, lines and
// columns from 1; a width of 0 leaves to the report what to underline.
type place struct {
	file                string
	line, column, width int
}

// cursor is a position inside a scalar: at bytes into its value, offset bytes
// into the file. Findings in one scalar come in order, so the last is kept.
type cursor struct {
	token   *workflow.Token
	at      int
	offset  int
	escapes bool // the scalar is written in double quotes
}

func newSource(file string, data []byte) *source {
	s := &source{file: file, data: data, lines: []int{0}}
	for i, b := range data {
		if b == '\n' {
			s.lines = append(s.lines, i+1)
		}
	}
	return s
}

// at is the place of a position, with nothing known of its width.
func (s *source) at(pos workflow.Pos) place {
	return place{file: pos.File, line: pos.Line, column: pos.Column}
}

// offset returns the byte offset of a position, or -1 when the file has no
// such position.
func (s *source) offset(pos workflow.Pos) int {
	if pos.Line < 1 || pos.Line > len(s.lines) || pos.Column < 1 || pos.File != s.file {
		return -1
	}
	o := s.lines[pos.Line-1]
	for range pos.Column - 1 {
		if o >= len(s.data) || s.data[o] == '\n' {
			return -1
		}
		_, size := utf8.DecodeRune(s.data[o:])
		o += size
	}
	return o
}

// scalar is the place of a whole scalar, or of its first line.
func (s *source) scalar(t *workflow.Token) place {
	switch t.Kind() {
	case workflow.TokenNull, workflow.TokenBoolean, workflow.TokenNumber:
		p := s.at(t.Pos())
		p.width = utf8.RuneCountInString(s.plain(t))
		return p
	}
	return s.part(t, 0, len(t.Str()))
}

// plain returns how the file writes a scalar that isn't a string: 3.10, yes.
func (s *source) plain(t *workflow.Token) string {
	o := s.offset(t.Pos())
	if o < 0 {
		return ""
	}
	end := o
	for end < len(s.data) && !isSpace(s.data[end]) && !strings.ContainsRune(",]}", rune(s.data[end])) {
		end++
	}
	return string(s.data[o:end])
}

// key is the place of a key of a mapping, or of the mapping.
func (s *source) key(mapping *workflow.Token, name string) place {
	for key := range mapping.Pairs() {
		if strings.EqualFold(key.Str(), name) {
			return s.scalar(key)
		}
	}
	return s.at(mapping.Pos())
}

// part is the place of the bytes from start to end of a scalar's value.
func (s *source) part(t *workflow.Token, start, end int) place {
	p := s.at(t.Pos())
	from := s.seek(t, start)
	if from < 0 {
		return p
	}
	to := s.seek(t, end-1) + 1
	line := s.lineOf(from, p.line)
	rest := s.data[from:]
	if i := bytes.IndexByte(rest, '\n'); i >= 0 {
		rest = bytes.TrimRight(rest[:i], " \r")
	}
	if to > from && to-from < len(rest) {
		rest = rest[:to-from]
	}
	p.line = line + 1
	p.column = utf8.RuneCount(s.data[s.lines[line]:from]) + 1
	p.width = utf8.RuneCount(rest)
	return p
}

// lineOf returns the index of the line that holds an offset, searching from a
// line number on.
func (s *source) lineOf(offset, from int) int {
	line := from - 1
	for line+1 < len(s.lines) && s.lines[line+1] <= offset {
		line++
	}
	return line
}

// seek returns the offset in the file of the byte `at` of a scalar's value, or
// -1. YAML folds lines, strips indentation and knows escapes; value and file
// are walked side by side and what only one of them has is passed over.
func (s *source) seek(t *workflow.Token, at int) int {
	value := t.Str()
	c := s.last
	if c.token != t || c.at > at {
		c = cursor{token: t, offset: s.content(t)}
		c.escapes = c.offset > 0 && s.data[c.offset-1] == '"'
	}
	if c.offset < 0 || at < 0 {
		return -1
	}
	for c.offset < len(s.data) && c.at < len(value) {
		here := s.data[c.offset]
		switch {
		case c.escapes && here == '\\':
			width, size := escape(s.data[c.offset:], value[c.at:])
			if c.at <= at && at < c.at+width {
				s.last = c
				return c.offset
			}
			c.at += width
			c.offset += size
		case value[c.at] == here && c.at == at:
			s.last = c
			return c.offset
		case value[c.at] == here:
			c.at++
			c.offset++
		case isSpace(here), here == '\'' && !c.escapes:
			c.offset++
		case isSpace(value[c.at]) && c.at < at:
			c.at++
		default:
			return -1
		}
	}
	return -1
}

// escape returns how many bytes of the value and of the file an escape of a
// double-quoted scalar takes. One at the end of a line yields nothing.
func escape(file []byte, value string) (width, size int) {
	if len(file) < 2 || file[1] == '\n' || file[1] == '\r' {
		return 0, 1
	}
	_, width = utf8.DecodeRuneInString(value)
	switch file[1] {
	case 'x':
		return width, 4
	case 'u':
		return width, 6
	case 'U':
		return width, 10
	}
	return width, 2
}

// content returns the offset at which the text of a scalar begins: after an
// anchor, a tag, an opening quote or the header of a block. It is -1 when unknown.
func (s *source) content(t *workflow.Token) int {
	o := s.offset(t.Pos())
	if o < 0 {
		return -1
	}
	for o < len(s.data) && (s.data[o] == '&' || s.data[o] == '!') {
		for o < len(s.data) && !isSpace(s.data[o]) {
			o++
		}
		for o < len(s.data) && isSpace(s.data[o]) {
			o++
		}
	}
	if o >= len(s.data) {
		return -1
	}
	switch s.data[o] {
	case '"', '\'':
		return o + 1
	case '|', '>':
		if i := bytes.IndexByte(s.data[o:], '\n'); i >= 0 {
			return o + i + 1
		}
		return -1
	}
	return o
}

func isSpace(b byte) bool { return b == ' ' || b == '\n' || b == '\t' || b == '\r' }
