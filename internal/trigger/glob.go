package trigger

import (
	"strings"
	"unicode/utf8"
)

// GitHub's filter patterns: `*` is any run of characters but `/`, `**` any run
// at all, `**/` any folders or none, `?` and `+` repeat the character before
// them as in a regular expression, `[a-z]` is one character of a set, and `\`
// takes the next character as it stands. The whole name must match.
// Source: "Filter pattern cheat sheet" in GitHub's workflow syntax.

// matchGlob reports whether the whole of name matches pattern, in time
// proportional to the product of their lengths: patterns come from strangers.
func matchGlob(pattern, name string) bool {
	return compileGlob(parseGlob(pattern)).match(name)
}

// part is one element of a pattern with what repeats it.
type part struct {
	kind     partKind
	char     rune   // partChar
	set      []span // partSet
	optional bool   // may match nothing
	repeats  bool   // may match more than once
}

type partKind uint8

const (
	partChar    partKind = iota // one given character
	partSet                     // one of a set
	partSegment                 // one character but '/'
	partAny                     // one character
	partFolders                 // `**/`: one or more characters and a '/'
	partSplit                   // in a program: go on at both next and other
	partEnd                     // in a program: matched
)

type span struct{ low, high rune }

func parseGlob(pattern string) []part {
	parts := make([]part, 0, len(pattern))
	for pattern != "" {
		if (pattern[0] == '?' || pattern[0] == '+') && len(parts) > 0 {
			last := &parts[len(parts)-1]
			last.optional = last.optional || pattern[0] == '?'
			last.repeats = last.repeats || pattern[0] == '+'
			pattern = pattern[1:]
			continue
		}
		p, size := parsePart(pattern)
		parts, pattern = append(parts, p), pattern[size:]
	}
	return parts
}

// parsePart reads one element and returns how many bytes it took.
func parsePart(pattern string) (part, int) {
	switch {
	case strings.HasPrefix(pattern, "**/"):
		return part{kind: partFolders, optional: true}, 3
	case strings.HasPrefix(pattern, "**"):
		return part{kind: partAny, optional: true, repeats: true}, 2
	case pattern[0] == '*':
		return part{kind: partSegment, optional: true, repeats: true}, 1
	case pattern[0] == '[':
		if set, size := parseSet(pattern); size > 0 {
			return part{kind: partSet, set: set}, size
		}
	}
	r, size := parseRune(pattern)
	return part{kind: partChar, char: r}, size
}

// parseSet reads "[…]". A size of 0 says that the bracket is never closed or
// holds nothing, and so is an ordinary character.
func parseSet(pattern string) (set []span, size int) {
	i := 1
	for i < len(pattern) && pattern[i] != ']' {
		low, n := parseRune(pattern[i:])
		i += n
		high := low
		if i+1 < len(pattern) && pattern[i] == '-' && pattern[i+1] != ']' {
			high, n = parseRune(pattern[i+1:])
			i += 1 + n
		}
		set = append(set, span{low, high})
	}
	if i >= len(pattern) || len(set) == 0 {
		return nil, 0
	}
	return set, i + 1
}

// parseRune reads one character, or the one a backslash stands before.
func parseRune(s string) (rune, int) {
	if s[0] == '\\' && len(s) > 1 {
		r, size := utf8.DecodeRuneInString(s[1:])
		return r, size + 1
	}
	return utf8.DecodeRuneInString(s)
}

// instruction is one state of the automaton a pattern becomes: a part that
// eats a character and goes on at next, or a split.
type instruction struct {
	part
	next, other int
}

type program []instruction

func compileGlob(parts []part) program {
	p := make(program, 0, 2*len(parts)+1)
	for _, x := range parts {
		start := len(p)
		if x.optional {
			p = append(p, instruction{part: part{kind: partSplit}, next: start + 1})
		}
		body := len(p)
		if x.kind == partFolders {
			p = append(p,
				instruction{part: part{kind: partAny}, next: body + 1},
				instruction{part: part{kind: partSplit}, next: body, other: body + 2},
				instruction{part: part{kind: partChar, char: '/'}, next: body + 3})
		} else {
			p = append(p, instruction{part: x, next: body + 1})
		}
		if x.repeats {
			p = append(p, instruction{part: part{kind: partSplit}, next: body, other: len(p) + 1})
		}
		if x.optional {
			p[start].other = len(p)
		}
	}
	return append(p, instruction{part: part{kind: partEnd}})
}

// match runs the automaton in all its states at once.
func (p program) match(name string) bool {
	now, next := newStates(len(p)), newStates(len(p))
	p.enter(now, 0)
	for _, r := range name {
		for _, state := range now.list {
			if p[state].eats(r) {
				p.enter(next, p[state].next)
			}
		}
		now, next = next, now
		next.clear()
	}
	return now.has[len(p)-1]
}

// enter adds a state and those reached from it without a character.
func (p program) enter(s *states, state int) {
	for s.add(state) && p[state].kind == partSplit {
		p.enter(s, p[state].next)
		state = p[state].other
	}
}

func (p *part) eats(r rune) bool {
	switch p.kind {
	case partChar:
		return r == p.char
	case partSegment:
		return r != '/'
	case partAny:
		return true
	case partSet:
		for _, s := range p.set {
			if s.low <= r && r <= s.high {
				return true
			}
		}
	}
	return false
}

// states is a set of states, in the order they were entered.
type states struct {
	list []int
	has  []bool
}

func newStates(size int) *states {
	return &states{list: make([]int, 0, size), has: make([]bool, size)}
}

func (s *states) add(state int) bool {
	if s.has[state] {
		return false
	}
	s.has[state] = true
	s.list = append(s.list, state)
	return true
}

func (s *states) clear() {
	for _, state := range s.list {
		s.has[state] = false
	}
	s.list = s.list[:0]
}
