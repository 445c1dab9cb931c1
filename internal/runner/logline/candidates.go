package logline

import (
	"bytes"
	"unicode"
)

var (
	colons   = []byte("::")
	brackets = []byte("##[")
)

// candidates finds the lines of a text that may be workflow commands: those
// that begin with `::`, white space aside, and those with `##[` anywhere. Of
// other lines it sees the first byte; the standard library's vectorized
// searches do the rest.
type candidates struct {
	text     []byte // whole lines
	at       int    // beginning of the line the search goes on with
	brackets int    // the next `##[`, known when after at
}

// next returns the offsets of the next candidate's beginning and of its LF.
func (c *candidates) next() (start, end int, ok bool) {
	if c.brackets <= c.at {
		c.brackets = len(c.text)
		if i := bytes.Index(c.text[c.at:], brackets); i >= 0 {
			c.brackets = c.at + i
		}
	}
	for start = c.at; start < len(c.text); start = end + 1 {
		end = start + bytes.IndexByte(c.text[start:], '\n')
		if end > c.brackets || beginsWithColons(c.text[start:end]) {
			c.at = end + 1
			return start, end, true
		}
	}
	c.at = start
	return 0, 0, false
}

// beginsWithColons reports whether a line begins with `::`, white space aside.
func beginsWithColons(line []byte) bool {
	if len(line) == 0 || line[0] > ' ' && line[0] < 0x80 && line[0] != ':' {
		return false // nearly always
	}
	return bytes.HasPrefix(bytes.TrimLeftFunc(line, unicode.IsSpace), colons)
}

// mayBeCommand reports whether a line, or its beginning, is a candidate.
func mayBeCommand(line []byte) bool {
	return beginsWithColons(line) || bytes.Contains(line, brackets)
}
