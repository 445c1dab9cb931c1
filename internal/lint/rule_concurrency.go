package lint

import (
	"strings"

	"slipway/internal/workflow"
)

var concurrencyDeadlock = rule{
	Rule: Rule{"concurrency-deadlock", "A job waits for the group that its own workflow holds"},
	job: func(p *pass, j *workflow.Job) {
		outer, inner := literalGroup(p.workflow.Concurrency), literalGroup(j.Concurrency)
		if outer != nil && inner != nil && strings.EqualFold(outer.Str(), inner.Str()) {
			p.report(p.source.scalar(inner), "the workflow itself holds the concurrency group '%s' (line %d), so this job would wait for its own run, or cancel it; give it a group of its own", inner.Str(), outer.Pos().Line)
		}
	},
}

// literalGroup returns the name of a concurrency group when the file spells it out.
func literalGroup(concurrency *workflow.Token) *workflow.Token {
	group := concurrency
	if group.Kind() == workflow.TokenMapping {
		group = group.Lookup("group")
	}
	if group.Kind() != workflow.TokenString || group.Str() == "" {
		return nil
	}
	return group
}
