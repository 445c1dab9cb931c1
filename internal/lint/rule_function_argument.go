package lint

var functionArgument = rule{
	Rule: Rule{"function-argument", "An argument that a function can do nothing with"},
	expression: func(p *pass, e *expression) {
		for _, problem := range e.problems {
			switch b := problem.(type) {
			case *badArgument:
				p.report(e.at(b.Span), "%s", b.message)
			case *complexText:
				p.report(e.at(b.Span), "%s becomes the word '%s' in a text; use toJSON() or pick a property", withArticle(b.of), capitalized(b.of))
			}
		}
	},
}
