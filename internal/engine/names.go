package engine

import (
	"strings"
	"unicode/utf16"

	"slipway/internal/expr"
	"slipway/internal/workflow"
)

// maxNameLength is how long a job's name may be, in UTF-16 units
// (JobNameBuilder.cs).
const maxNameLength = 100

// legDisplayName is the name of a leg: "build (1, a)".
func legDisplayName(name, segments string) string {
	if segments != "" {
		name += " (" + segments + ")"
	}
	if units := utf16.Encode([]rune(name)); len(units) > maxNameLength {
		name = string(utf16.Decode(units[:maxNameLength-3])) + "..."
	}
	return name
}

// displayName puts the name of the call a job belongs to before its own.
func displayName(call, name string) string {
	if call == "" {
		return name
	}
	return call + " / " + name
}

// defaultRunName is a run's name without `run-name`: what GitHub shows for the event.
func defaultRunName(w *workflow.Workflow, github expr.Value) string {
	event := github.Field("event")
	title := ""
	switch name := github.Field("event_name").Text(); {
	case name == "push":
		title, _, _ = strings.Cut(event.Field("head_commit").Field("message").Text(), "\n")
	case strings.HasPrefix(name, "pull_request"):
		title = event.Field("pull_request").Field("title").Text()
	case strings.HasPrefix(name, "issue"):
		title = event.Field("issue").Field("title").Text()
	case name == "release":
		title = event.Field("release").Field("name").Text()
	}
	switch title = strings.TrimSpace(title); {
	case title != "":
		return title
	case w.Name != "":
		return w.Name
	}
	return w.File
}
