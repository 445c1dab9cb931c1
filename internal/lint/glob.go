package lint

import (
	"fmt"
	"strings"
)

// globProblem says what is wrong with a filter pattern, or "". The syntax is
// that of GitHub's filter pattern cheat sheet: `*`, `**`, `?` (the character
// before, at most once), `+` (at least once), `[...]`, `\` and a leading `!`.
func globProblem(pattern string) string {
	rest := strings.TrimPrefix(pattern, "!")
	if rest == "" {
		return "is empty"
	}
	repeatable := false // whether `?` or `+` may follow
	for rest != "" {
		c := rest[0]
		rest = rest[1:]
		switch c {
		case '\\':
			if rest == "" {
				return "ends with a backslash that escapes nothing"
			}
			if isLetterOrDigit(rest[0]) {
				return fmt.Sprintf("has '\\%c', which is just '%c': patterns are globs, not regular expressions", rest[0], rest[0])
			}
			rest, repeatable = rest[1:], true
		case '?', '+':
			if !repeatable {
				return fmt.Sprintf("has a '%c' that follows no character; it means the character before it, and is escaped with a backslash", c)
			}
			repeatable = false
		case '*':
			repeatable = false
		case '[':
			body, after, closed := strings.Cut(rest, "]")
			if !closed {
				return "has a '[' without a ']'"
			}
			if problem := bracketProblem(body); problem != "" {
				return problem
			}
			rest, repeatable = after, true
		default:
			repeatable = true
		}
	}
	return ""
}

func isLetterOrDigit(b byte) bool {
	return 'a' <= b && b <= 'z' || 'A' <= b && b <= 'Z' || '0' <= b && b <= '9'
}

// bracketProblem says what is wrong with what stands between `[` and `]`.
func bracketProblem(body string) string {
	if body == "" {
		return "has an empty '[]'"
	}
	for i := 0; i+2 < len(body); i++ {
		if body[i+1] == '-' {
			if body[i] > body[i+2] {
				return fmt.Sprintf("has the range '%s', which ends before it begins", body[i:i+3])
			}
			i += 2
		}
	}
	return ""
}

// refProblem says why a pattern can match no branch or tag, or "". The rules
// for names are those of git check-ref-format.
func refProblem(pattern string) string {
	p := strings.TrimPrefix(pattern, "!")
	switch {
	case strings.HasPrefix(p, "refs/heads/"), strings.HasPrefix(p, "refs/tags/"):
		short := strings.TrimPrefix(strings.TrimPrefix(p, "refs/heads/"), "refs/tags/")
		return fmt.Sprintf("never matches: filters see the short name, write '%s'", short)
	case strings.HasPrefix(p, "/"), strings.HasSuffix(p, "/"):
		return "never matches: a name neither begins nor ends with '/'"
	}
	if i := strings.IndexAny(p, " ~^:"); i >= 0 {
		return fmt.Sprintf("never matches: a name can't hold '%c' (patterns are globs, not regular expressions)", p[i])
	}
	return ""
}

// pathProblem says why a pattern can match no path, or "". Paths are relative
// to the root of the repository, without "./".
func pathProblem(pattern string) string {
	p := strings.TrimPrefix(pattern, "!")
	switch {
	case strings.HasPrefix(p, "./"), strings.HasPrefix(p, "../"):
		return fmt.Sprintf("never matches: paths begin at the root of the repository, write '%s'", strings.TrimLeft(p, "./"))
	case strings.HasSuffix(p, "/"):
		return fmt.Sprintf("never matches: it names a folder, write '%s**'", p)
	case strings.TrimSpace(p) != p:
		return "never matches: it begins or ends with a space"
	}
	return ""
}
