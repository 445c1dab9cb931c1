// Package glob finds files as @actions/glob does: patterns one a line, `!` takes
// away, a folder stands for what is in it. It imports nothing of ours.
//
// Behaviour follows @actions/glob 0.7 and minimatch 10, on Linux.
package glob

import (
	"errors"
	"fmt"
	"path"
	"strings"
	"unicode"
)

// kinds are what a pattern matches at a path.
type kinds uint8

const (
	folders kinds = 1 << iota
	files
)

// pattern is one line, or the pattern it implies for what
// lies below a folder it names.
type pattern struct {
	negate     bool
	implicit   bool
	foldersly  bool // ends in a slash: matches no file
	segments   []string
	searchPath string // without the part from the first wildcard on
	parts      []part // of its path
}

// Patterns are the lines of a text, in order: the last that matches a path decides.
type Patterns []*pattern

// Parse reads patterns, one a line, with those they imply. Lines that are blank
// or begin with # count for nothing. dir is the folder they are relative to, home
// what ~ stands for ("": an error when it is asked for); both are absolute paths.
func Parse(text, dir, home string) (Patterns, error) {
	var out Patterns
	for line := range strings.SplitSeq(text, "\n") {
		line = trim(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		p, err := newPattern(line, dir, home)
		if err != nil {
			return nil, err
		}
		out = append(out, p)
		if p.foldersly || p.segments[len(p.segments)-1] != "**" {
			below := join(append(p.segments[:len(p.segments):len(p.segments)], "**"))
			if p.negate {
				below = "!" + below
			}
			implied, err := newPattern(below, dir, home)
			if err != nil {
				return nil, err
			}
			implied.implicit = true
			out = append(out, implied)
		}
	}
	return out, nil
}

// maxPattern is minimatch's limit.
const maxPattern = 64 << 10

func newPattern(text, cwd, home string) (*pattern, error) {
	p := new(pattern)
	text = trim(text)
	for strings.HasPrefix(text, "!") {
		p.negate = !p.negate
		text = trim(text[1:])
	}
	text, err := absolute(text, cwd, home)
	if err != nil {
		return nil, err
	}
	if len(text) > maxPattern {
		return nil, errors.New("pattern is too long")
	}
	p.segments = segments(text)
	p.foldersly = strings.HasSuffix(text, "/")
	var literals []string
	for _, s := range p.segments {
		literal := literalOf(s)
		if literal == "" {
			break
		}
		literals = append(literals, literal)
	}
	p.searchPath = join(literals)
	for _, s := range splitPath(trimSlash(text)) {
		if s == "**" && len(p.parts) > 0 && p.parts[len(p.parts)-1].globstar {
			continue
		}
		p.parts = append(p.parts, parsePart(s))
	}
	return p, nil
}

// absolute makes a pattern's path absolute; what it adds is taken literally.
func absolute(text, cwd, home string) (string, error) {
	if text == "" {
		return "", errors.New("pattern cannot be empty")
	}
	for i, s := range segments(text) {
		if literal := literalOf(s); literal == ".." || literal == "." && i > 0 {
			return "", fmt.Errorf("Invalid pattern '%s'. Relative pathing '.' and '..' is not allowed.", text)
		}
	}
	text = oneSlash(text)
	switch {
	case text == "." || strings.HasPrefix(text, "./"):
		text = escape(cwd) + text[1:]
	case text == "~" || strings.HasPrefix(text, "~/"):
		if !strings.HasPrefix(home, "/") {
			return "", fmt.Errorf("Unable to determine HOME directory for the pattern '%s'", text)
		}
		text = escape(home) + text[1:]
	case !strings.HasPrefix(text, "/"):
		text = strings.TrimSuffix(escape(cwd), "/") + "/" + text
	}
	return oneSlash(text), nil
}

// match is what a pattern matches at a path, whose parts are given too.
func (p *pattern) match(parts []string) kinds {
	if p.segments[len(p.segments)-1] == "**" && !p.implicit {
		// `a/**` matches a, too, which `a/` says to the matcher.
		if parts[len(parts)-1] != "" {
			parts = append(parts[:len(parts):len(parts)], "")
		}
	}
	switch {
	case !matchParts(p.parts, parts):
		return 0
	case p.foldersly:
		return folders
	}
	return folders | files
}

// match is what the patterns match at a path, given by its parts: the later one wins.
func (ps Patterns) match(parts []string) kinds {
	var kind kinds
	for _, p := range ps {
		if p.negate {
			kind &^= p.match(parts)
		} else {
			kind |= p.match(parts)
		}
	}
	return kind
}

// partial reports whether something below a path may match a pattern.
func (ps Patterns) partial(path string, parts []string) bool {
	for _, p := range ps {
		if !p.negate && (path == "/" || matchBeginning(p.parts, parts)) {
			return true
		}
	}
	return false
}

// SearchPaths lists where to look: each pattern's path up to its first wildcard,
// without those below another one.
func (ps Patterns) SearchPaths() []string {
	candidates, included := map[string]bool{}, map[string]bool{}
	for _, p := range ps {
		if !p.negate {
			candidates[p.searchPath] = true
		}
	}
	var out []string
	for _, p := range ps {
		if p.negate || included[p.searchPath] {
			continue
		}
		below := false
		for at := p.searchPath; at != "/" && !below; {
			at = path.Dir(at)
			below = candidates[at]
		}
		if !below {
			out = append(out, p.searchPath)
			included[p.searchPath] = true
		}
	}
	return out
}

// trim removes white space as JavaScript's trim.
func trim(s string) string {
	return strings.TrimFunc(s, func(r rune) bool { return r != '\u0085' && unicode.IsSpace(r) || r == '\uFEFF' })
}

// oneSlash makes every run of slashes one.
func oneSlash(s string) string {
	for strings.Contains(s, "//") {
		s = strings.ReplaceAll(s, "//", "/")
	}
	return s
}

// trimSlash removes a slash at the end, unless it is all there is.
func trimSlash(s string) string {
	if s = oneSlash(s); len(s) > 1 {
		s = strings.TrimSuffix(s, "/")
	}
	return s
}

// splitPath splits at slashes; an absolute path has an empty first part.
func splitPath(s string) []string { return strings.Split(s, "/") }

// segments splits a path; the root of an absolute one is a segment, "/".
func segments(s string) []string {
	s = trimSlash(s)
	if !strings.HasPrefix(s, "/") {
		return splitPath(s)
	}
	if s == "/" {
		return []string{"/"}
	}
	return append([]string{"/"}, splitPath(s[1:])...)
}

// join puts the segments of an absolute path together again.
func join(segments []string) string { return "/" + strings.Join(segments[1:], "/") }

// escape makes a path a pattern that matches it alone.
func escape(s string) string {
	s = strings.ReplaceAll(s, `\`, `\\`)
	var b strings.Builder
	for i := range len(s) {
		switch s[i] {
		case '?', '*':
			b.Write([]byte{'[', s[i], ']'})
		case '[':
			// It begins a set only when something and a ] follow.
			segment, _, _ := strings.Cut(s[i+1:], "/")
			if strings.LastIndexByte(segment, ']') > 0 {
				b.WriteString("[[]")
			} else {
				b.WriteByte('[')
			}
		default:
			b.WriteByte(s[i])
		}
	}
	return b.String()
}

// literalOf is the name a segment stands for, "" when it holds a wildcard.
func literalOf(segment string) string {
	var b strings.Builder
	for i := 0; i < len(segment); i++ {
		switch c := segment[i]; {
		case c == '\\' && i+1 < len(segment):
			i++
			b.WriteByte(segment[i])
		case c == '*' || c == '?':
			return ""
		case c == '[' && i+1 < len(segment):
			set, end := literalSet(segment, i)
			switch {
			case end < 0 || set == "":
				b.WriteByte(c)
			case length16(set) > 1:
				return ""
			default:
				b.WriteString(set)
				i = end
			}
		default:
			b.WriteByte(c)
		}
	}
	return b.String()
}

// literalSet is what stands between the [ at an offset and its ], whose offset
// is end; -1 when there is none.
func literalSet(segment string, start int) (set string, end int) {
	var b strings.Builder
	for i := start + 1; i < len(segment); i++ {
		switch c := segment[i]; {
		case c == '\\' && i+1 < len(segment):
			i++
			b.WriteByte(segment[i])
		case c == ']':
			return b.String(), i
		default:
			b.WriteByte(c)
		}
	}
	return "", -1
}

// length16 is a string's length as JavaScript counts it.
func length16(s string) int {
	n := 0
	for _, r := range s {
		n++
		if r > 0xFFFF {
			n++
		}
	}
	return n
}
