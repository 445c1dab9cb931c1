package lint

import (
	"strings"

	"slipway/internal/workflow"
)

var actionInput = rule{
	Rule: Rule{"action-input", "An input that an action doesn't have, or one it needs and doesn't get"},
	step: func(p *pass, s *step) {
		if s.Uses == nil || s.With != nil && (s.With.Kind() != workflow.TokenMapping || hasDynamicKey(s.With)) {
			return
		}
		a := p.repo.find(s.Uses.Str())
		if a == nil || a.problem != "" {
			return
		}
		checkGivenInputs(p, s, a)
		for _, in := range a.inputs {
			if in.required && s.With.Lookup(in.name) == nil {
				p.report(p.source.scalar(s.Uses), "%s needs the input '%s'; add it below 'with'", s.Uses.Str(), in.name)
			}
		}
	},
}

func checkGivenInputs(p *pass, s *step, a *action) {
	names := make([]string, len(a.inputs))
	for i, in := range a.inputs {
		names[i] = in.name
	}
	for key := range s.With.Pairs() {
		in := a.input(key.Str())
		switch {
		case in != nil && in.deprecated != "":
			p.report(p.source.scalar(key), "the input '%s' is deprecated: %s", in.name, in.deprecated)
		case in != nil, key.Str() == "entrypoint", key.Str() == "args":
			// The last two are the runner's own, for actions that are containers.
		case !a.typos || nearest(key.Str(), names) != "":
			p.report(p.source.scalar(key), "%s has no input '%s'%s", s.Uses.Str(), key.Str(), choices(key.Str(), names))
		}
	}
}

// input returns what is known of the input of that name, or nil.
func (a *action) input(name string) *actionInputInfo {
	for i := range a.inputs {
		if strings.EqualFold(a.inputs[i].name, name) {
			return &a.inputs[i]
		}
	}
	return nil
}
