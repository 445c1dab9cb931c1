package workflow

import (
	"strings"
	"unicode"

	"go.yaml.in/yaml/v4"

	"slipway/internal/expr"
)

const (
	openExpression  = "${{"
	closeExpression = "}}"
	insertDirective = "insert"
)

// scalar reads a scalar that stands, as a value or as a key of the mapping, at
// the place id: a literal or, when it has a `${{`, an expression.
func (r *reader) scalar(n *yaml.Node, id shapeID) *Token {
	t := r.literal(n)
	if t.kind != TokenString {
		return t
	}
	if start := strings.Index(t.text, openExpression); start >= 0 {
		before := len(r.errors.errors)
		r.embedded(t, start, shapes[id].contextNames())
		if len(r.errors.errors) > before {
			r.broken = t
		}
	}
	return t
}

// embedded turns the string t, whose first `${{` is at start, into an
// expression. When it is wrong t stays the string it was.
func (r *reader) embedded(t *Token, start int, names *expr.Names) {
	text := t.text
	end := expressionEnd(text, start)
	if end < 0 {
		r.fail(t, "The expression is not closed. An unescaped ${{ sequence was found, but the closing }} sequence was not found.")
		return
	}
	if start > 0 || end < len(text) {
		r.mixed(t, start, names)
		return
	}
	source, directive := r.inner(t, start, end)
	switch {
	case directive:
		t.kind = TokenInsert
	case source == "":
	default:
		r.wholeExpression(t, source, names)
	}
}

// wholeExpression makes t, which is nothing but `${{ source }}`, an expression.
func (r *reader) wholeExpression(t *Token, source string, names *expr.Names) {
	e := r.parse(t, source, names)
	if e == nil {
		return
	}
	if literal, ok := stringLiteral(source); ok {
		t.text = literal // how a `${{` is written that is none: ${{ '${{' }}
		return
	}
	t.kind, t.expr = TokenExpression, e
}

// inner returns what stands between `${{` and `}}`, trimmed, or whether that
// is the insert directive. It is "" when it was wrong.
func (r *reader) inner(t *Token, start, end int) (source string, directive bool) {
	source = strings.TrimFunc(t.text[start+len(openExpression):end-len(closeExpression)], unicode.IsSpace)
	if source == "" {
		r.fail(t, "An expression was expected")
		return "", false
	}
	rest, ok := strings.CutPrefix(source, insertDirective)
	if !ok || rest != "" && strings.TrimLeftFunc(rest, unicode.IsSpace) == rest {
		return source, false
	}
	if n := countParameters(rest); n > 0 {
		r.fail(t, "Exactly 0 parameter(s) were expected following the directive 'insert'. Actual parameter count: "+itoa(n))
		return "", false
	}
	return "", true
}

// mixed makes t, text and expressions in turn, one format() call.
func (r *reader) mixed(t *Token, start int, names *expr.Names) {
	text := t.text
	var format, arguments strings.Builder
	format.Grow(len(text) + 32)
	format.WriteString("format('")
	whole := true // no part can mean something else than it does alone
	for n, at := 0, 0; ; n++ {
		if start < 0 {
			writeFormat(&format, text[at:])
			break
		}
		writeFormat(&format, text[at:start])
		end := expressionEnd(text, start)
		if end < 0 {
			r.fail(t, "The expression is not closed. An unescaped ${{ sequence was found, but the closing }} sequence was not found.")
			return
		}
		source, directive := r.inner(t, start, end)
		if directive {
			r.fail(t, "The directive 'insert' is not allowed in this context. Directives are not supported for expressions that are embedded within a string. Directives are only supported when the entire value is an expression.")
			return
		}
		if source == "" {
			return
		}
		if !standsAlone(source) {
			whole = false
		}
		format.WriteString("{" + itoa(n) + "}")
		arguments.WriteString(", ")
		arguments.WriteString(source)
		at = end
		if start = strings.Index(text[at:], openExpression); start >= 0 {
			start += at
		}
	}
	format.WriteByte('\'')
	format.WriteString(arguments.String())
	format.WriteByte(')')
	if whole {
		if e, err := r.parsed.get(format.String(), names); err == nil {
			t.kind, t.expr = TokenExpression, e
			return
		}
	}
	r.partByPart(t, format.String(), names)
}

// partByPart is what GitHub does always, and we only when something is wrong:
// parse each expression for itself, then all of them in the format() call.
func (r *reader) partByPart(t *Token, format string, names *expr.Names) {
	for _, part := range parts(t.text) {
		if r.parse(t, part.source, names) == nil {
			return
		}
	}
	if e := r.parse(t, format, names); e != nil {
		t.kind, t.expr = TokenExpression, e
	}
}

// condition makes the string t an expression: the value of an `if:`. One that
// is blank stays a string; it means success().
func (r *reader) condition(t *Token, s *shape) {
	if t == r.broken || strings.TrimFunc(t.text, unicode.IsSpace) == "" {
		return
	}
	if e := r.parse(t, t.text, s.contextNames()); e != nil {
		t.kind, t.expr = TokenExpression, e
	}
}

// parse parses source and reports what is wrong with it, at t.
func (r *reader) parse(t *Token, source string, names *expr.Names) *expr.Expr {
	e, err := r.parsed.get(source, names)
	if err != nil {
		r.fail(t, err.Error())
		return nil
	}
	return e
}

// parsedExpressions holds the expressions of one file, so that one that is
// repeated, as they are, is parsed once.
type parsedExpressions struct {
	list []parsedExpression
}

type parsedExpression struct {
	names *expr.Names
	expr  *expr.Expr
}

// rememberedExpressions is how many expressions of a file are compared with a new one.
const rememberedExpressions = 16

func (p *parsedExpressions) get(source string, names *expr.Names) (*expr.Expr, error) {
	if names == nil {
		names = &namesOf[0]
	}
	for i := range p.list {
		if p.list[i].names == names && p.list[i].expr.Source() == source {
			return p.list[i].expr, nil
		}
	}
	e, err := expr.Parse(source, names)
	if err == nil && len(p.list) < rememberedExpressions {
		p.list = append(p.list, parsedExpression{names, e})
	}
	return e, err
}

// expressionEnd returns the offset after the `}}` that closes the `${{` at
// start, or -1. A `}}` inside a string closes nothing.
func expressionEnd(text string, start int) int {
	inString := false
	for i := start + len(openExpression); i < len(text); i++ {
		switch c := text[i]; {
		case c == '\'':
			inString = !inString
		case c == '}' && !inString && text[i-1] == '}':
			return i + 1
		}
	}
	return -1
}

// writeFormat writes literal text into the first argument of format().
func writeFormat(b *strings.Builder, text string) {
	for {
		i := strings.IndexAny(text, "'{}")
		if i < 0 {
			b.WriteString(text)
			return
		}
		b.WriteString(text[:i+1])
		b.WriteByte(text[i]) // doubled, it stands for itself
		text = text[i+1:]
	}
}

// standsAlone reports whether source, put between the commas of a call, is one
// argument and nothing more: its brackets match and no comma is outside them.
func standsAlone(source string) bool {
	depth, inString := 0, false
	for i := 0; i < len(source); i++ {
		c := source[i]
		if c == '\'' {
			inString = !inString
		}
		if inString {
			continue
		}
		switch c {
		case '(', '[':
			depth++
		case ')', ']':
			if depth--; depth < 0 {
				return false
			}
		case ',':
			if depth == 0 {
				return false
			}
		}
	}
	return depth == 0 && !inString
}

// stringLiteral returns the text of an expression that is one string literal.
func stringLiteral(source string) (string, bool) {
	if source[0] != '\'' {
		return "", false
	}
	var b strings.Builder
	inString := false
	for i := 0; i < len(source); i++ {
		switch c := source[i]; {
		case c == '\'':
			if inString = !inString; inString && i > 0 {
				b.WriteByte('\'')
			}
		case !inString:
			return "", false
		default:
			b.WriteByte(c)
		}
	}
	return b.String(), true
}

// countParameters counts what follows a directive, as GitHub's MatchesDirective does.
func countParameters(rest string) int {
	n, inWord, inString, depth := 0, false, false, 0
	for _, c := range rest {
		switch {
		case unicode.IsSpace(c) && !inString && depth == 0:
			inWord = false
			continue
		case c == '\'':
			inString = !inString
		case c == '(' && !inString:
			depth++
		case c == ')' && !inString:
			depth--
		}
		if !inWord {
			n++
			inWord = true
		}
	}
	return n
}
