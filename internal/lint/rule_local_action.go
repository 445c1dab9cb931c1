package lint

import (
	"strings"

	"slipway/internal/workflow"
)

var localAction = rule{
	Rule: Rule{"local-action", "A local action that isn't in the repository, or not there yet"},
	step: func(p *pass, s *step) {
		uses := s.Uses.Str()
		folder, local := localPath(uses)
		if !local {
			return
		}
		own := strings.HasPrefix(uses, "$/") // comes from the repository itself, not from the workspace
		switch a := p.repo.find(uses); {
		case !own && s.job != nil && startsEmpty(s):
			p.report(p.source.scalar(s.Uses), "the workspace is still empty here; add a step with actions/checkout before this one")
		case a == nil || a.problem == "" || !own && mayBringFiles(s, folder):
		default:
			p.report(p.source.scalar(s.Uses), "%s", a.problem)
		}
	},
}

// startsEmpty says whether nothing before a step can have filled the
// workspace: no other step ran, or only ones that set up tools. Runners of
// one's own keep what earlier jobs left.
func startsEmpty(s *step) bool {
	if hasUnknownLabel(s.job) {
		return false
	}
	for _, before := range s.steps.all {
		if before == s.steps.current {
			return true
		}
		if !onlySetsUp(before) {
			return false
		}
	}
	return false
}

func onlySetsUp(s *workflow.Step) bool {
	name, _, _ := strings.Cut(strings.ToLower(s.Uses.Str()), "@")
	switch name {
	case "actions/setup-node", "actions/setup-python", "actions/setup-go", "actions/setup-java",
		"actions/setup-dotnet", "actions/create-github-app-token", "docker/login-action",
		"docker/setup-buildx-action", "docker/setup-qemu-action":
		return true
	}
	return false
}

// mayBringFiles says whether a step before this one may have put files into
// the workspace that the repository doesn't have: a script, a checkout of
// another repository or into a folder, an action of which nothing is known.
func mayBringFiles(s *step, folder string) bool {
	if s.job == nil {
		return true
	}
	for _, before := range s.steps.all {
		if before == s.steps.current {
			return false
		}
		if onlySetsUp(before) {
			continue
		}
		if !isPlainCheckout(before) && (before.Run == nil || strings.Contains(before.Run.Str(), folder)) {
			return true
		}
	}
	return true
}

// isPlainCheckout says whether a step checks out this repository as it is,
// into the workspace.
func isPlainCheckout(s *workflow.Step) bool {
	if !hasPrefixFold(s.Uses.Str(), "actions/checkout@") {
		return false
	}
	for _, input := range []string{"repository", "ref", "path"} {
		if s.With.Lookup(input) != nil {
			return false
		}
	}
	return true
}
