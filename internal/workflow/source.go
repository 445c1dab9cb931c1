package workflow

import (
	"bytes"
	"slices"
	"sync"
	"unicode/utf8"
)

// source is the file tokens come from. The bytes are kept so that the place
// of an expression inside a scalar can be found when somebody asks.
type source struct {
	file string
	data []byte

	once  sync.Once
	lines []int // see lineStarts
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

// offset returns the offset of a line and column, or -1. A nil source knows none.
func (s *source) offset(line, column int) int {
	if s == nil || line == 0 {
		return -1
	}
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
	line, found := slices.BinarySearch(lines, at)
	if !found {
		line-- // the line that at is inside of
	}
	text := bytes.TrimPrefix(s.data[lines[line]:at], []byte("\ufeff"))
	return Pos{File: s.file, Line: line + 1, Column: utf8.RuneCount(text) + 1}
}

// content returns the offset of the first byte of the text of the scalar that
// starts at a line and column: after an anchor, a tag, a quote or the header
// of a block. -1 is unknown.
func (s *source) content(line, column int) int {
	at := s.offset(line, column)
	if at < 0 {
		return -1
	}
	data := s.data
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

// afterOpening returns the offset of what the next `${{` from at on opens, or -1.
func (s *source) afterOpening(at int) int {
	if at < 0 {
		return -1
	}
	next := bytes.Index(s.data[at:], []byte(openExpression))
	if next < 0 {
		return -1
	}
	return skipBlanks(s.data, at+next+len(openExpression))
}

func skipBlanks(data []byte, at int) int {
	for at < len(data) && isBlank(data[at]) {
		at++
	}
	return at
}

func isBlank(c byte) bool { return c == ' ' || c == '\t' || c == '\n' || c == '\r' }
