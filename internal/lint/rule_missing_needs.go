package lint

var missingNeeds = rule{
	Rule: Rule{"missing-needs", "A job looks at another one that it doesn't need"},
	expression: func(p *pass, e *expression) {
		if e.job == nil {
			return
		}
		for _, problem := range e.problems {
			u, ok := problem.(*unknownProperty)
			if !ok || u.of != e.context("needs") {
				continue
			}
			switch other := p.job(u.name); {
			case other == nil:
				p.report(e.at(u.Span), "there is no job '%s'%s", u.name, didYouMean(u.name, jobIDs(p.workflow)))
			case other == e.job:
				p.report(e.at(u.Span), "a job can't see its own result in 'needs'")
			default:
				p.report(e.at(u.Span), "job '%s' doesn't need '%s', so this is empty; add '%s' to its 'needs'", e.job.ID, other.ID, other.ID)
			}
		}
	},
}
