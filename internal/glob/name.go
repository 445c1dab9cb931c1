package glob

import (
	"errors"
	"fmt"
	"strings"
)

// Name is a pattern for a single name, as minimatch reads one with no options:
// `!` in front turns it round, {a,b} and {1..9} stand for several, and only a
// pattern that begins with a point matches a name that does.
type Name struct {
	negate  bool
	choices [][]part
	pointed []bool // of choices: it begins with a point
}

// maxName is how long a pattern for a name may be, in bytes: names are shorter.
const maxName = 4 << 10

// ParseName reads a pattern. Extended ones, such as @(a|b), are an error, as is
// one that is too long or stands for too many.
func ParseName(text string) (Name, error) {
	var n Name
	if strings.HasPrefix(text, "#") {
		return n, nil // a comment, which matches nothing
	}
	written := text
	for strings.HasPrefix(text, "!") {
		n.negate, text = !n.negate, text[1:]
	}
	if extended(text) {
		return n, fmt.Errorf("pattern '%s': @(…), +(…), *(…), ?(…) and !(…) can't be read here; write the choices as {a,b}", written)
	}
	if len(text) > maxName {
		return n, errors.New("pattern is too long")
	}
	choices, err := expandBraces(text)
	if err != nil {
		return n, fmt.Errorf("pattern '%s': %w", written, err)
	}
	for _, choice := range choices {
		var parts []part
		for s := range strings.SplitSeq(choice, "/") {
			parts = append(parts, parsePart(s))
		}
		n.choices = append(n.choices, parts)
		n.pointed = append(n.pointed, strings.HasPrefix(choice, "."))
	}
	return n, nil
}

// Match reports whether the pattern matches a name.
func (n Name) Match(name string) bool {
	for i, parts := range n.choices {
		wild := parts[0].globstar || parts[0].test != nil
		if strings.HasPrefix(name, ".") && wild && !n.pointed[i] {
			continue
		}
		if matchParts(parts, []string{name}) {
			return !n.negate
		}
	}
	return n.negate
}

// extended reports whether a pattern holds something like @(…).
func extended(text string) bool {
	for i := 0; i+1 < len(text); i++ {
		switch text[i] {
		case '\\':
			i++
		case '@', '+', '*', '?', '!':
			if text[i+1] == '(' && strings.Contains(text[i+2:], ")") {
				return true
			}
		}
	}
	return false
}
