package matcher

import (
	"bytes"
	"errors"
	"fmt"
	"regexp/syntax"
	"strings"
	"time"

	"github.com/dlclark/regexp2"
)

const (
	// matchTimeout is how long a pattern may work on one line before it is
	// given up (OutputManager.cs): .NET's engine backtracks, so its expressions may explode.
	matchTimeout = time.Second
	// maxPattern and maxNesting are limits of ours: a pattern's length in
	// bytes, and its groups in each other.
	maxPattern = 16 << 10
	maxNesting = 100
)

// expression is a compiled regular expression. It is safe for concurrent use.
type expression struct {
	regexp *regexp2.Regexp
	groups int // with the whole match, which is group 0
	// literals stand in every line that matches, in this order, and first may
	// begin it. They spare most lines the slow engine.
	literals [][]byte
	first    *[128]bool // ASCII characters; nil: any. Others may always begin a line

	// coloured says that the pattern speaks of colours: it sees lines with
	// their escape sequences.
	coloured bool
}

// compile compiles a pattern as .NET does with RegexOptions.ECMAScript, which
// Go's own engine can't: patterns in use look behind and ahead.
func compile(pattern string) (e *expression, err error) {
	defer recovered(&err)
	if len(pattern) > maxPattern || nesting(pattern) > maxNesting {
		return nil, fmt.Errorf("The regular expression is too large: at most %d bytes and %d groups in each other are read", maxPattern, maxNesting)
	}
	re, err := regexp2.Compile(pattern, regexp2.ECMAScript)
	if err != nil {
		return nil, fmt.Errorf("The regular expression '%s' can't be read: %w", pattern, err)
	}
	re.MatchTimeout = matchTimeout
	e = &expression{regexp: re, groups: len(re.GetGroupNumbers())}
	lower := strings.ToLower(pattern)
	for _, escape := range []string{`\x1b`, `\u001b`, `\033`, `\e`, "\x1b"} {
		e.coloured = e.coloured || strings.Contains(lower, escape)
	}
	// Where Go reads a pattern otherwise than .NET, it is never in what is
	// plain text, and white space is allowed for below. It knows no
	// assertions: such patterns see every line.
	if tree, err := syntax.Parse(pattern, syntax.Perl); err == nil {
		e.literals = appendLiterals(nil, tree)
		e.first = firstOf(tree)
	}
	return e, nil
}

// possible reports whether a line might match.
func (e *expression) possible(line []byte) bool {
	if e.first != nil && (len(line) == 0 || line[0] < 128 && !e.first[line[0]]) {
		return false
	}
	for _, literal := range e.literals {
		i := bytes.Index(line, literal)
		if i < 0 {
			return false
		}
		line = line[i+len(literal):]
	}
	return true
}

// match returns the match in a line, nil when there is none. The error is a timeout.
func (e *expression) match(line []rune) (m *regexp2.Match, err error) {
	defer recovered(&err)
	return e.regexp.FindRunesMatch(line)
}

// recovered turns a panic of the engine into an error: patterns come from
// anyone, and none may end the process.
func recovered(err *error) {
	if p := recover(); p != nil {
		*err = errors.New(fmt.Sprint("The regular expression engine failed: ", p))
	}
}

// nesting is how deep groups may stand in each other at most.
func nesting(pattern string) int {
	depth, deepest := 0, 0
	for i := range len(pattern) {
		switch pattern[i] {
		case '(', '[':
			depth++
			deepest = max(deepest, depth)
		case ')', ']':
			depth = max(depth-1, 0)
		}
	}
	return deepest
}

// appendLiterals appends the texts that stand in whatever matches, in order.
func appendLiterals(list [][]byte, re *syntax.Regexp) [][]byte {
	switch re.Op {
	case syntax.OpLiteral:
		if re.Flags&syntax.FoldCase == 0 {
			list = append(list, []byte(string(re.Rune)))
		}
	case syntax.OpCapture, syntax.OpPlus, syntax.OpConcat:
		for _, sub := range re.Sub {
			list = appendLiterals(list, sub)
		}
	case syntax.OpRepeat:
		if re.Min > 0 {
			list = appendLiterals(list, re.Sub[0])
		}
	}
	return list
}

// firstOf returns the ASCII characters a line may begin with if the pattern is
// bound to its beginning by `^`, nil for any.
func firstOf(re *syntax.Regexp) *[128]bool {
	if re.Op != syntax.OpConcat || len(re.Sub) < 2 || re.Sub[0].Op != syntax.OpBeginText {
		return nil
	}
	next := re.Sub[1]
	for next.Op == syntax.OpCapture || next.Op == syntax.OpPlus || next.Op == syntax.OpConcat && len(next.Sub) > 0 {
		next = next.Sub[0]
	}
	if next.Op != syntax.OpCharClass {
		return nil // a literal is looked for anyway
	}
	first := new([128]bool)
	for i := 0; i+1 < len(next.Rune); i += 2 {
		for r := next.Rune[i]; r <= next.Rune[i+1] && r < 128; r++ {
			first[r] = true
		}
	}
	for r := range ' ' {
		first[r] = true // for .NET, \s holds a vertical tab
	}
	return first
}
