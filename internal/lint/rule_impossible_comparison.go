package lint

import "slipway/internal/expr"

var impossibleComparison = rule{
	Rule: Rule{"impossible-comparison", "A comparison that always comes out the same"},
	expression: func(p *pass, e *expression) {
		for _, problem := range e.problems {
			if b, ok := problem.(*badComparison); ok {
				always := "false"
				if b.op == expr.NotEqual {
					always = "true"
				}
				p.report(e.at(b.Span), "this is always %s: %s", always, b.reason)
			}
		}
	},
}
