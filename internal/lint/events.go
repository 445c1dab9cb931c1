package lint

// eventNames are the events that start workflows (docs.github.com, "Events
// that trigger workflows"), and "dynamic", which GitHub gives the runs it
// makes up itself.
func eventNames() []string {
	return []string{
		"branch_protection_rule", "check_run", "check_suite", "create", "delete", "deployment",
		"deployment_status", "discussion", "discussion_comment", "dynamic", "fork", "gollum",
		"image_version", "issue_comment", "issues", "label", "merge_group", "milestone", "page_build",
		"project", "project_card", "project_column", "public", "pull_request", "pull_request_comment",
		"pull_request_review", "pull_request_review_comment", "pull_request_target", "push",
		"registry_package", "release", "repository_dispatch", "schedule", "status", "watch",
		"workflow_call", "workflow_dispatch", "workflow_run",
	}
}

// usualActivities are the activity types that start a workflow which names
// none, for the events where these aren't all.
func usualActivities(event string) []string {
	switch event {
	case "pull_request", "pull_request_target":
		return []string{"opened", "synchronize", "reopened"}
	}
	return nil
}

// hasNoActivity says whether an event's payload has no `action`.
func hasNoActivity(event string) bool {
	switch event {
	case "push", "schedule", "workflow_dispatch", "create", "delete", "fork", "public", "status", "page_build":
		return true
	}
	return false
}
