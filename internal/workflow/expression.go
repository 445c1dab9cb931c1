package workflow

import (
	"strings"
	"unicode"

	"slipway/internal/expr"
)

const (
	openExpression  = "${{"
	closeExpression = "}}"
	insertDirective = "insert"
)

const notClosed = "The expression is not closed. An unescaped ${{ sequence was found, but the closing }} sequence was not found."

// expressionReader turns strings of one file that hold `${{ }}`, or stand
// where `if:` does, into expressions.
type expressionReader struct {
	*errorList
	parsed parsedExpressions
	broken *Token // the last string with a wrong `${{ }}`
}

// text makes the string t an expression when it has a `${{`. names is what may
// be named there; nil where no expression may stand, which others report.
func (r *expressionReader) text(t *Token, names *expr.Names) {
	start := strings.Index(t.text, openExpression)
	if start < 0 {
		return
	}
	before := len(r.errors)
	r.embedded(t, start, names)
	if len(r.errors) > before {
		r.broken = t
	}
}

// embedded turns the string t, whose first `${{` is at start, into an
// expression. When it is wrong t stays the string it was.
func (r *expressionReader) embedded(t *Token, start int, names *expr.Names) {
	text := t.text
	end := expressionEnd(text, start)
	if end < 0 {
		r.fail(t, notClosed)
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
func (r *expressionReader) wholeExpression(t *Token, source string, names *expr.Names) {
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
func (r *expressionReader) inner(t *Token, start, end int) (source string, directive bool) {
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
func (r *expressionReader) mixed(t *Token, start int, names *expr.Names) {
	call := newFormatCall(len(t.text))
	at := 0
	for start >= 0 {
		end := expressionEnd(t.text, start)
		if end < 0 {
			r.fail(t, notClosed)
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
		call.text(t.text[at:start])
		call.argument(source)
		at = end
		if start = strings.Index(t.text[at:], openExpression); start >= 0 {
			start += at
		}
	}
	call.text(t.text[at:])
	source := call.source()
	if call.separable {
		if e, err := r.parsed.get(source, names); err == nil {
			t.kind, t.expr = TokenExpression, e
			return
		}
	}
	r.partByPart(t, source, names)
}

// partByPart is what GitHub does always, and we only when something is wrong:
// parse each expression for itself, then all of them in the format() call.
func (r *expressionReader) partByPart(t *Token, format string, names *expr.Names) {
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
func (r *expressionReader) condition(t *Token, names *expr.Names) {
	if t == r.broken || strings.TrimFunc(t.text, unicode.IsSpace) == "" {
		return
	}
	if e := r.parse(t, t.text, names); e != nil {
		t.kind, t.expr = TokenExpression, e
	}
}

// parse parses source and reports what is wrong with it, at t.
func (r *expressionReader) parse(t *Token, source string, names *expr.Names) *expr.Expr {
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
