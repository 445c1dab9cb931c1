package lint

import (
	"bytes"
	"slices"
	"strings"
)

// ignoreMark begins a comment that allows what rules find on its line or, when
// the line has nothing else, on the next: `# lint-ignore: shell-name, matrix`.
const ignoreMark = "# lint-ignore:"

// ignored says whether a comment of the file allows a finding.
func (s *source) ignored(f Finding) bool {
	rules, _ := ignoredRules(s.line(f.Line))
	if slices.Contains(rules, f.Rule) {
		return true
	}
	rules, alone := ignoredRules(s.line(f.Line - 1))
	return alone && slices.Contains(rules, f.Rule)
}

// ignoredRules returns the rules that the comment on a line names, and whether
// the line is only that comment.
func ignoredRules(line []byte) (rules []string, alone bool) {
	before, list, found := bytes.Cut(line, []byte(ignoreMark))
	if !found {
		return nil, false
	}
	separator := func(r rune) bool { return r == ',' || r == ' ' || r == '\r' }
	return strings.FieldsFunc(string(list), separator), len(bytes.TrimSpace(before)) == 0
}

// line returns a line of the file without its end; empty when there is none.
func (s *source) line(number int) []byte {
	if number < 1 || number > len(s.lines) {
		return nil
	}
	rest := s.data[s.lines[number-1]:]
	if i := bytes.IndexByte(rest, '\n'); i >= 0 {
		return rest[:i]
	}
	return rest
}
