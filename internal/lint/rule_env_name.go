package lint

import (
	"strings"

	"slipway/internal/workflow"
)

var envName = rule{
	Rule: Rule{"env-name", "An environment variable whose name no shell can use"},
	workflow: func(p *pass) {
		checkEnvNames(p, p.workflow.Env)
	},
	job: func(p *pass, j *workflow.Job) {
		checkEnvNames(p, j.Env)
		checkEnvNames(p, j.Container.Lookup("env"))
		for _, service := range j.Services.Pairs() {
			checkEnvNames(p, service.Lookup("env"))
		}
	},
	step: func(p *pass, s *step) {
		checkEnvNames(p, s.Env)
	},
}

func checkEnvNames(p *pass, env *workflow.Token) {
	for key := range env.Pairs() {
		if key.Kind() == workflow.TokenString && strings.ContainsAny(key.Str(), "= \t$") {
			p.report(p.source.scalar(key), "'%s' can't be the name of an environment variable: it holds '=', '$' or a space", key.Str())
		}
	}
}
