package lint

import (
	"strings"

	"slipway/internal/expr"
	"slipway/internal/workflow"
)

// expression is one `${{ }}` of a file, typed, for the rules to look at.
type expression struct {
	*scope
	workflow.Embedded
	token    *workflow.Token // the scalar it stands in
	whole    bool            // it is all there is in the scalar
	use      purpose
	typ      *typ
	problems []problem
}

// value looks at a scalar: the expressions in it, if any, are typed and shown
// to every rule.
func (p *pass) value(s *scope, t *workflow.Token, use purpose) {
	if t.Kind() != workflow.TokenExpression {
		return
	}
	embedded := t.Embedded()
	for _, em := range embedded {
		c := checker{source: em.Expr.Source(), contexts: s.context}
		e := &expression{
			scope:    s,
			Embedded: em,
			token:    t,
			whole:    em.Expr == t.Expr(),
			use:      use,
			typ:      c.typeOf(em.Expr.Root()),
		}
		e.problems = c.problems
		p.each(func(r *rule) {
			if r.expression != nil {
				r.expression(p, e)
			}
		})
	}
}

// at is the place of a part of the expression.
func (e *expression) at(part expr.Span) place {
	start := e.At(part.Start)
	p := place{file: start.File, line: start.Line, column: start.Column}
	if end := e.At(max(part.Start, part.End-1)); end.Line == start.Line && end.Column >= start.Column {
		p.width = end.Column - start.Column + 1
	}
	return p
}

// root is the place of the whole expression.
func (e *expression) root() place { return e.at(e.Expr.Root().Place()) }

// propertyOf returns key when an expression is nothing but context.key.
func propertyOf(e *expr.Expr, context string) (key string, ok bool) {
	if e == nil {
		return "", false
	}
	index, ok := e.Root().(*expr.Index)
	if !ok || index.Form != expr.Property {
		return "", false
	}
	c, ok := index.X.(*expr.Context)
	if !ok || !strings.EqualFold(c.Name, context) {
		return "", false
	}
	return index.Name, true
}
