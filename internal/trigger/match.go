package trigger

import (
	"fmt"
	"slices"
	"strings"

	"slipway/internal/workflow"
)

// Event is what happened, as far as it decides which workflows start.
type Event struct {
	Name   string // "push", "pull_request", …
	Action string // the activity type: "opened", "published", a repository_dispatch's event_type; "" when the event has none
	Ref    string // the full ref: "refs/heads/main", "refs/tags/v1"

	// BaseRef is the branch a pull request or merge group goes into. It may
	// be a full ref.
	BaseRef string

	// Message is the message of the commit pushed, or of a pull request's
	// head: it may ask to skip.
	Message string

	// ChangedFiles lists the files the push or pull request changes, relative
	// to the repository and slash-separated. It is asked only when a workflow
	// filters by path. Nil or an error means that nobody can know; then, as
	// on GitHub, the workflow runs.
	ChangedFiles func() ([]string, error)

	// Of the run that a workflow_run event is about.
	Workflow   string // its workflow's name
	HeadBranch string

	Cron string // the schedule that fired; "" matches any
}

// Match reports whether ev starts w, and why (not), in words.
func Match(w *workflow.Workflow, ev Event) (bool, string) {
	on := find(w.On, ev.Name)
	if on == nil {
		return false, fmt.Sprintf("the workflow does not run on %s", ev.Name)
	}
	if ev.Name == "workflow_call" {
		return false, "workflow_call is started by other workflows, not by an event"
	}
	if reason := skipRequest(ev); reason != "" {
		return false, reason
	}
	for _, check := range []func(*workflow.Event, Event) string{
		checkType, checkWorkflows, checkSchedule, checkRef, checkPaths,
	} {
		if reason := check(on, ev); reason != "" {
			return false, reason
		}
	}
	return true, fmt.Sprintf("the workflow runs on %s", strings.TrimSpace(ev.Name+" "+ev.Action))
}

func find(on *workflow.Triggers, name string) *workflow.Event {
	if on == nil {
		return nil
	}
	for _, e := range on.Events {
		if e.Name == name {
			return e
		}
	}
	return nil
}

// checkType compares the activity type. An event without one always fits.
func checkType(on *workflow.Event, ev Event) string {
	types := on.Types
	if types == nil && (ev.Name == "pull_request" || ev.Name == "pull_request_target") {
		types = []string{"opened", "synchronize", "reopened"}
	}
	if types == nil || ev.Action == "" || slices.Contains(types, ev.Action) {
		return ""
	}
	return fmt.Sprintf("%s has the type %q, the workflow runs on %s", ev.Name, ev.Action, strings.Join(types, ", "))
}

// checkWorkflows compares a workflow_run event's workflow and branch.
func checkWorkflows(on *workflow.Event, ev Event) string {
	if ev.Name != "workflow_run" {
		return ""
	}
	if on.Workflows != nil && !slices.Contains(on.Workflows, ev.Workflow) && !included(on.Workflows, ev.Workflow) {
		return fmt.Sprintf("the run was of the workflow %q, not of %s", ev.Workflow, strings.Join(on.Workflows, ", "))
	}
	return checkBranch(on, ev.HeadBranch)
}

func checkSchedule(on *workflow.Event, ev Event) string {
	if ev.Name != "schedule" || ev.Cron == "" {
		return ""
	}
	for _, s := range on.Schedules {
		if s.Cron == ev.Cron {
			return ""
		}
	}
	return fmt.Sprintf("the workflow has no schedule %q", ev.Cron)
}

// checkRef compares branches and tags. A push of a tag does not start a
// workflow that filters only branches, nor the other way round.
func checkRef(on *workflow.Event, ev Event) string {
	switch ev.Name {
	case "push":
	case "pull_request", "pull_request_target", "merge_group":
		return checkBranch(on, strings.TrimPrefix(ev.BaseRef, "refs/heads/"))
	default:
		return ""
	}
	byBranch := on.Branches != nil || on.BranchesIgnore != nil
	byTag := on.Tags != nil || on.TagsIgnore != nil
	if tag, ok := strings.CutPrefix(ev.Ref, "refs/tags/"); ok {
		if byBranch && !byTag {
			return fmt.Sprintf("a push of the tag %q, and the workflow names branches only", tag)
		}
		return checkName("tag", on.Tags, on.TagsIgnore, tag)
	}
	branch := strings.TrimPrefix(ev.Ref, "refs/heads/")
	if byTag && !byBranch {
		return fmt.Sprintf("a push of the branch %q, and the workflow names tags only", branch)
	}
	return checkBranch(on, branch)
}

func checkBranch(on *workflow.Event, branch string) string {
	return checkName("branch", on.Branches, on.BranchesIgnore, branch)
}

func checkName(what string, include, ignore []string, name string) string {
	if include != nil && !included(include, name) {
		return fmt.Sprintf("the %s %q matches none of %s", what, name, strings.Join(include, ", "))
	}
	if ignore != nil && included(ignore, name) {
		return fmt.Sprintf("the %s %q is ignored by %s", what, name, strings.Join(ignore, ", "))
	}
	return ""
}

// checkPaths compares the changed files. Pushes of tags are not filtered by path.
func checkPaths(on *workflow.Event, ev Event) string {
	switch ev.Name {
	case "push", "pull_request", "pull_request_target":
	default:
		return ""
	}
	if on.Paths == nil && on.PathsIgnore == nil || strings.HasPrefix(ev.Ref, "refs/tags/") || ev.ChangedFiles == nil {
		return ""
	}
	files, err := ev.ChangedFiles()
	if err != nil {
		return "" // "the workflow will always run" when the diff can't be had
	}
	if on.Paths != nil && !anyIncluded(on.Paths, files) {
		return fmt.Sprintf("none of %s changed", strings.Join(on.Paths, ", "))
	}
	if on.PathsIgnore != nil && allIncluded(on.PathsIgnore, files) {
		return fmt.Sprintf("all changed files are ignored by %s", strings.Join(on.PathsIgnore, ", "))
	}
	return ""
}

// skipRequest says how the commit asks for no runs, or "".
// Only push and pull_request listen to it.
func skipRequest(ev Event) string {
	if ev.Name != "push" && ev.Name != "pull_request" {
		return ""
	}
	for _, word := range []string{"[skip ci]", "[ci skip]", "[no ci]", "[skip actions]", "[actions skip]"} {
		if strings.Contains(strings.ToLower(ev.Message), word) {
			return fmt.Sprintf("the commit message says %s", word)
		}
	}
	if hasSkipTrailer(ev.Message) {
		return "the commit message ends with skip-checks: true"
	}
	return ""
}

// hasSkipTrailer looks for `skip-checks: true` as the last line of a message,
// in a block of trailers after an empty line.
func hasSkipTrailer(message string) bool {
	lines := strings.Split(strings.TrimRight(strings.ReplaceAll(message, "\r\n", "\n"), "\n \t"), "\n")
	key, value, ok := strings.Cut(lines[len(lines)-1], ":")
	return ok && strings.EqualFold(key, "skip-checks") && strings.EqualFold(strings.TrimSpace(value), "true") &&
		slices.ContainsFunc(lines, func(line string) bool { return strings.TrimSpace(line) == "" })
}
