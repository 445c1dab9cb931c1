package lint

import (
	"strings"

	"slipway/internal/workflow"
)

var filterPattern = rule{
	Rule: Rule{"filter-pattern", "A branch, tag or path filter that is malformed or can match nothing"},
	workflow: func(p *pass) {
		for _, e := range p.workflow.On.Events {
			config := e.Config
			for key, value := range config.Pairs() {
				checkFilter(p, strings.ToLower(key.Str()), key, value)
			}
		}
	},
}

func checkFilter(p *pass, name string, key, value *workflow.Token) {
	var particular func(string) string
	switch strings.TrimSuffix(name, "-ignore") {
	case "branches", "tags":
		particular = refProblem
	case "paths":
		particular = pathProblem
	default:
		return
	}
	patterns := listOf(value)
	positive := 0
	for _, t := range patterns {
		pattern := t.Str()
		if !strings.HasPrefix(pattern, "!") {
			positive++
		}
		problem := globProblem(pattern)
		if problem == "" {
			problem = particular(pattern)
		}
		if problem != "" {
			p.report(p.source.scalar(t), "the pattern '%s' %s", pattern, problem)
		}
	}
	if len(patterns) > 0 && positive == 0 && !strings.HasSuffix(name, "-ignore") {
		p.report(p.source.scalar(key), "'%s' has only patterns that begin with '!', so nothing matches; add one that doesn't, or use '%s-ignore'", name, name)
	}
}

// listOf returns the scalars of a token that may be one or a sequence of them.
func listOf(t *workflow.Token) []*workflow.Token {
	switch t.Kind() {
	case workflow.TokenSequence:
		return t.Items()
	case workflow.TokenNull, workflow.TokenMapping:
		return nil
	}
	return []*workflow.Token{t}
}
