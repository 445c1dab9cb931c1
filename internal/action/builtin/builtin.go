// Package builtin holds the actions that are Go code of ours, in the place of
// well-known ones: checkout, upload-artifact, download-artifact, setup-python,
// setup-node and setup-go. They take the same inputs and leave the same things
// behind. It imports action, workflow, expr, gitrepo, glob and fault only.
package builtin

import (
	"fmt"
	"strconv"
	"strings"

	"slipway/internal/action"
	"slipway/internal/fault"
	"slipway/internal/gitrepo"
	"slipway/internal/workflow"
)

// Config is what the actions need to know of the run.
type Config struct {
	Repo *gitrepo.Repo // the run's repository
	// Commit is the run's commit; "" when the run is about the working tree.
	Commit       string
	Repositories *action.Repositories
	Artifacts    *Artifacts
}

// All returns the built-in actions for a run.
func All(c Config) []action.Native {
	return []action.Native{
		{Name: "actions/setup-python", Manifest: pythonManifest(), Builtin: setupPython{}},
		{Name: "actions/setup-node", Manifest: nodeManifest(), Builtin: setupNode{}},
		{Name: "actions/setup-go", Manifest: goManifest(), Builtin: setupGo{}},
		{Name: "actions/checkout", First: true, Manifest: checkoutManifest(), Builtin: checkout{c}},
		{Name: "actions/upload-artifact", First: true, Manifest: uploadManifest(), Builtin: uploadArtifact{c.Artifacts}},
		{Name: "actions/download-artifact", First: true, Manifest: downloadManifest(), Builtin: downloadArtifact{c.Artifacts}},
	}
}

// input declares an input with a literal default; "" is no default.
func input(name, value string) action.ManifestInput {
	in := action.ManifestInput{Name: name}
	if value != "" {
		in.Default = workflow.NewString(value)
	}
	return in
}

// computed declares an input whose default is an expression of ours.
func computed(name, expression string) action.ManifestInput {
	token, err := workflow.NewExpression(expression)
	if err != nil { // a mistake of ours, and one that every test of the action meets
		return action.ManifestInput{Name: name, Description: err.Error()}
	}
	return action.ManifestInput{Name: name, Default: token}
}

func outputs(names ...string) []action.ManifestOutput {
	var out []action.ManifestOutput
	for _, name := range names {
		out = append(out, action.ManifestOutput{Name: name})
	}
	return out
}

// truth is an input that is true or false, as YAML 1.2's core schema writes them
// (@actions/core getBooleanInput). Errors: fault.Invalid.
func truth(call *action.Call, name string) (bool, error) {
	switch value := strings.TrimSpace(call.Inputs[name]); value {
	case "true", "True", "TRUE":
		return true, nil
	case "false", "False", "FALSE", "":
		return false, nil
	default:
		return false, fault.New(fault.Invalid, "Input does not meet YAML 1.2 \"Core Schema\" specification: %s\nSupport boolean input list: `true | True | TRUE | false | False | FALSE`, found %q", name, value)
	}
}

// text is an input without the space around it.
func text(call *action.Call, name string) string { return strings.TrimSpace(call.Inputs[name]) }

// lines is an input's lines that aren't blank.
func lines(call *action.Call, name string) []string {
	var out []string
	for line := range strings.Lines(call.Inputs[name]) {
		if line = strings.TrimSpace(line); line != "" {
			out = append(out, line)
		}
	}
	return out
}

// github is a string of the github context.
func github(call *action.Call, name string) string { return call.Github.Field(name).Text() }

// count is an input that is a number; what is none counts as 0, as actions/checkout reads fetch-depth.
func count(call *action.Call, name string) int {
	n, err := strconv.Atoi(text(call, name))
	if err != nil || n < 0 {
		return 0
	}
	return n
}

// say writes a line to the step's log.
func say(call *action.Call, format string, args ...any) error {
	if _, err := fmt.Fprintf(call.Log, format+"\n", args...); err != nil {
		return fault.New(fault.Internal, "write to the log: %w", err)
	}
	return nil
}
