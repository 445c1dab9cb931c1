package lint

import "strings"

var constantCondition = rule{
	Rule: Rule{"constant-condition", "An 'if' that is always true because of text around ${{ }}"},
	expression: func(p *pass, e *expression) {
		if !e.use.condition || e.whole {
			return
		}
		text := strings.TrimSpace(e.token.Str())
		if inner, ok := strings.CutPrefix(text, "${{"); ok && strings.TrimSpace(strings.TrimSuffix(inner, "}}")) == e.Expr.Source() {
			p.report(p.source.scalar(e.token), "this is always true: the line break or space around ${{ }} makes it a string, and not an empty one; leave out ${{ }}, or begin the block with '|-' or '>-'")
			return
		}
		p.report(p.source.scalar(e.token), "this is always true: the text around ${{ }} makes it a string, and not an empty one; write the whole condition inside one ${{ }}")
	},
}
