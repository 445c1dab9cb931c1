package runner

import (
	"strings"

	"slipway/internal/jobproto"
	"slipway/internal/workflow"
)

// name is what the step's phase is called (ActionRunner.cs, GenerateDisplayName).
func (r *stepRun) name() string {
	name := ""
	if t := r.step.def.Name; t != nil {
		name = firstLine(r.text(t))
	} else {
		name = r.step.task.title(r)
	}
	if name == "" {
		name = "run"
	}
	if _, isHook := r.step.task.(hookTask); isHook {
		return name
	}
	switch r.ref.Phase {
	case jobproto.Pre:
		return "Pre " + name
	case jobproto.Post:
		return "Post " + name
	}
	return name
}

// text evaluates a token for display; what can't be evaluated is shown as written.
func (r *stepRun) text(t *workflow.Token) string {
	if t.IsLiteral() {
		return t.Str()
	}
	value, err := workflow.EvaluateString(t, r.scope(), "")
	if err != nil {
		return t.Str()
	}
	return value
}

// runTitle is the name of a step that was given none: "Run " and what it runs.
func runTitle(what string) string {
	if what = firstLine(what); what == "" {
		return ""
	}
	return "Run " + what
}

// firstLine is the first line of s that has something in it.
func firstLine(s string) string {
	s = strings.TrimLeft(s, " \t\r\n")
	if at := strings.IndexAny(s, "\r\n"); at >= 0 {
		s = s[:at]
	}
	return s
}
