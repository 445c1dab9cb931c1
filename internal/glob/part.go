package glob

import (
	"slices"
	"strings"
	"unicode/utf16"
)

// part is what a pattern says of one part of a path, as minimatch reads it
// with its options dot, nobrace, noext, nonegate and nocomment.
type part struct {
	globstar bool
	literal  string            // the name, when there is no wildcard
	test     func(string) bool // nil for a literal
}

func (p *part) matches(name string) bool {
	if p.test != nil {
		return p.test(name)
	}
	return name == p.literal
}

// matchParts reports whether a pattern matches a whole path. Between
// globstars stand runs of parts, which are found one after the other, each as
// early as can be: if any way leads to the end, that one does.
func matchParts(pattern []part, path []string) bool {
	first := slices.IndexFunc(pattern, isGlobstar)
	if first < 0 {
		if len(path) == len(pattern)+1 && path[len(pattern)] == "" {
			path = path[:len(pattern)] // a/* matches a/b/
		}
		return len(path) == len(pattern) && matchRun(pattern, path)
	}
	last := len(pattern) - 1
	for !pattern[last].globstar {
		last--
	}
	head, tail := pattern[:first], pattern[last+1:]
	if len(path) < len(head)+len(tail) || !matchRun(head, path) || !matchRun(tail, path[len(path)-len(tail):]) {
		return false
	}
	rest := path[len(head) : len(path)-len(tail)]
	for first < last {
		run := pattern[first+1:]
		run = run[:slices.IndexFunc(run, isGlobstar)]
		at := 0
		for ; at+len(run) <= len(rest); at++ {
			if matchRun(run, rest[at:]) {
				break
			}
		}
		if at+len(run) > len(rest) {
			return false
		}
		rest = rest[at+len(run):]
		first += 1 + len(run)
	}
	// A globstar at the end stands for something.
	return len(tail) > 0 || len(rest) > 0
}

// matchBeginning reports whether a pattern may match something below a path.
func matchBeginning(pattern []part, path []string) bool {
	if first := slices.IndexFunc(pattern, isGlobstar); first >= 0 {
		n := min(first, len(path))
		return matchRun(pattern[:n], path)
	}
	return len(path) <= len(pattern) && matchRun(pattern[:len(path)], path)
}

func isGlobstar(p part) bool { return p.globstar }

// matchRun matches parts without a globstar with as many names.
func matchRun(pattern []part, path []string) bool {
	for i := range pattern {
		if !pattern[i].matches(path[i]) {
			return false
		}
	}
	return true
}

// parsePart reads one part of a pattern's path.
func parsePart(s string) part {
	switch {
	case s == "**":
		return part{globstar: true}
	case s == "":
		return part{}
	}
	tokens := parseTokens(units(s))
	if !tokens.magic {
		return part{literal: tokens.name()}
	}
	if test := commonTest(s); test != nil {
		return part{test: test}
	}
	if tokens.points {
		tokens = parseTokens([]rune(s))
		return part{test: func(name string) bool { return tokens.match([]rune(name)) }}
	}
	return part{test: func(name string) bool { return tokens.match(units(name)) }}
}

// units is a text as most JavaScript expressions see it: UTF-16 units.
func units(s string) []rune {
	runes := []rune(s)
	if !slices.ContainsFunc(runes, func(r rune) bool { return r > 0xFFFF }) {
		return runes
	}
	var out []rune
	for _, u := range utf16.Encode(runes) {
		out = append(out, rune(u))
	}
	return out
}

// commonTest is minimatch's short cut for the usual patterns. It takes what
// follows the wildcards as it is written, backslashes too.
func commonTest(s string) func(string) bool {
	stars := len(s) - len(strings.TrimLeft(s, "*"))
	marks := len(s) - len(strings.TrimLeft(s, "?"))
	rest := s[stars+marks:]
	switch {
	case stars > 0 && marks > 0:
	case stars == len(s):
		return func(name string) bool { return name != "" }
	case stars > 0 && !strings.ContainsAny(rest, "+@!?*[("):
		return func(name string) bool { return strings.HasSuffix(name, rest) }
	case marks > 0 && !strings.ContainsAny(rest, "+@!?*[("):
		n := length16(s)
		return func(name string) bool { return length16(name) == n && strings.HasSuffix(name, rest) }
	case stars > 0 && rest[0] == '.' && strings.Trim(rest[1:], "*") == "":
		return func(name string) bool { return strings.Contains(name, ".") }
	case s[0] == '.' && len(s) > 1 && strings.Trim(s[1:], "*") == "":
		return func(name string) bool { return strings.HasPrefix(name, ".") }
	}
	return nil
}
