package glob

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf16"
)

// tokens are what a part of a pattern says of a name, character by character.
type tokens struct {
	list   []token
	magic  bool // a wildcard is among them
	points bool // a class is among them for which a character is a code point
}

// token is a character, one of some, or any number of any.
type token struct {
	char rune
	set  func(rune) bool // nil for a character
	star bool
}

func (t *token) holds(r rune) bool {
	if t.set != nil {
		return t.set(r)
	}
	return r == t.char && !t.star
}

// parseTokens reads a part. One with points is to be read again as code points.
func parseTokens(text []rune) (t tokens) {
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c == '*':
			if n := len(t.list); n == 0 || !t.list[n-1].star {
				t.list = append(t.list, token{star: true})
			}
			t.magic = true
			continue
		case c == '?':
			t.list = append(t.list, token{set: func(rune) bool { return true }})
			t.magic = true
			continue
		case c == '\\' && i+1 < len(text):
			i++
		case c == '[':
			if set, length := parseSet(text[i:]); length > 0 {
				if set.magic {
					t.list = append(t.list, token{set: set.holds})
				} else {
					t.list = append(t.list, token{char: set.ranges[0].low})
				}
				t.magic, t.points = t.magic || set.magic, t.points || set.points
				i += length - 1
				continue
			}
		}
		t.list = append(t.list, token{char: text[i]})
	}
	return t
}

// name is what tokens without a wildcard stand for; they are UTF-16 units.
func (t *tokens) name() string {
	var name []uint16
	for _, token := range t.list {
		name = append(name, uint16(token.char))
	}
	return string(utf16.Decode(name))
}

// match matches a whole name.
func (t *tokens) match(name []rune) bool {
	at, n := 0, 0
	star, again := -1, 0 // the last star, and where the name goes on behind it
	for n < len(name) {
		switch {
		case at < len(t.list) && t.list[at].star:
			star, again = at, n
			at++
		case at < len(t.list) && t.list[at].holds(name[n]):
			at++
			n++
		case star >= 0:
			again++
			at, n = star+1, again
		default:
			return false
		}
	}
	for at < len(t.list) && t.list[at].star {
		at++
	}
	return at == len(t.list)
}

// set is a `[…]`.
type set struct {
	negate bool
	ranges []span                // with classes
	lacks  []*unicode.RangeTable // of classes that are said by what they lack
	never  bool
	magic  bool // more than one character in brackets
	points bool
}

// span is a range of characters, or a class.
type span struct {
	low, high rune
	tables    []*unicode.RangeTable
}

func (s *set) holds(r rune) bool {
	in := slices.ContainsFunc(s.ranges, func(x span) bool {
		return x.low <= r && r <= x.high || unicode.In(r, x.tables...)
	})
	lacking := unicode.In(r, s.lacks...)
	switch {
	case s.never:
		return false
	case len(s.lacks) == 0:
		return in != s.negate
	case len(s.ranges) == 0:
		return lacking == s.negate
	}
	return in != s.negate || lacking == s.negate
}

// parseSet reads the set that text begins with and returns its length, 0 when
// it is not closed and so no set (minimatch's parseClass).
func parseSet(text []rune) (s *set, length int) {
	s = new(set)
	escaping, begun, low, entries := false, false, rune(-1), 0
	add := func(x ...span) { s.ranges, entries = append(s.ranges, x...), entries+1 }
	for i := 1; i < len(text); {
		c := text[i]
		switch {
		case (c == '!' || c == '^') && i == 1:
			s.negate = true
			i++
			continue
		case c == ']' && begun && !escaping:
			s.finish(entries)
			return s, i + 1
		}
		begun = true
		if c == '\\' && !escaping {
			escaping = true
			i++
			continue
		}
		if class := classAt(text[i:]); class != nil && !escaping {
			if low >= 0 {
				return &set{never: true, magic: true}, len(text) // [a-[:digit:]]
			}
			if class.lacking {
				s.lacks = append(s.lacks, class.tables...)
			} else {
				add(append(class.spans, span{-1, -1, class.tables})...)
			}
			s.points = s.points || class.points
			i += len(class.name)
			continue
		}
		escaping = false
		next := string(text[i+1 : min(i+3, len(text))])
		switch {
		case low >= 0:
			if c >= low {
				add(span{low: low, high: c})
			}
			low = -1
			i++
		case next == "-]":
			add(span{low: c, high: c}, span{low: '-', high: '-'})
			i += 2
		case strings.HasPrefix(next, "-"):
			low = c
			i += 2
		default:
			add(span{low: c, high: c})
			i++
		}
	}
	return nil, 0
}

// finish decides what a closed set with some entries is.
func (s *set) finish(entries int) {
	switch {
	case entries == 0 && len(s.lacks) == 0:
		s.never, s.magic = true, true
	case entries == 1 && len(s.ranges) == 1 && len(s.lacks) == 0 && !s.negate:
		s.magic = s.ranges[0].low != s.ranges[0].high || s.ranges[0].tables != nil
	default:
		s.magic = true
	}
}

// class is a POSIX class as minimatch has it.
type class struct {
	name    string
	spans   []span
	tables  []*unicode.RangeTable
	lacking bool // it holds what the tables don't
	points  bool
}

// classAt returns the class text begins with, or nil.
func classAt(text []rune) *class {
	if len(text) < 2 || text[0] != '[' || text[1] != ':' {
		return nil
	}
	space := []span{{low: '\t', high: '\r'}}
	for _, c := range []class{
		{"[:alnum:]", nil, []*unicode.RangeTable{unicode.L, unicode.Nl, unicode.Nd}, false, true},
		{"[:alpha:]", nil, []*unicode.RangeTable{unicode.L, unicode.Nl}, false, true},
		{"[:ascii:]", []span{{low: 0, high: 0x7F}}, nil, false, false},
		{"[:blank:]", []span{{low: '\t', high: '\t'}}, []*unicode.RangeTable{unicode.Zs}, false, true},
		{"[:cntrl:]", nil, []*unicode.RangeTable{unicode.Cc}, false, true},
		{"[:digit:]", nil, []*unicode.RangeTable{unicode.Nd}, false, true},
		{"[:graph:]", nil, []*unicode.RangeTable{unicode.Z, unicode.C}, true, true},
		{"[:lower:]", nil, []*unicode.RangeTable{unicode.Ll}, false, true},
		{"[:print:]", nil, []*unicode.RangeTable{unicode.C}, false, true}, // sic
		{"[:punct:]", nil, []*unicode.RangeTable{unicode.P}, false, true},
		{"[:space:]", space, []*unicode.RangeTable{unicode.Z}, false, true},
		{"[:upper:]", nil, []*unicode.RangeTable{unicode.Lu}, false, true},
		{"[:word:]", nil, []*unicode.RangeTable{unicode.L, unicode.Nl, unicode.Nd, unicode.Pc}, false, true},
		{"[:xdigit:]", []span{{low: 'A', high: 'F'}, {low: 'a', high: 'f'}, {low: '0', high: '9'}}, nil, false, false},
	} {
		if len(text) >= len(c.name) && string(text[:len(c.name)]) == c.name {
			return &c
		}
	}
	return nil
}
