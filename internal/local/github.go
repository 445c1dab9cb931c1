package local

import (
	"strconv"
	"strings"

	"slipway/internal/expr"
	"slipway/internal/ghevent"
)

// githubContext is the part of the github context that is the same for every
// job of a run. The names and their meaning are GitHub's
// (docs.github.com, "Contexts"; actions/runner GitHubContext.cs).
type githubContext struct {
	event      *ghevent.Event
	owner      string
	name       string
	runID      string
	runNumber  int
	attempt    int
	workflow   string
	file       string // the workflow's, inside the repository
	token      string
	actor      string
	repository string // the URL git clones from, "" when there is none
}

func (g githubContext) value() expr.Value {
	full := g.owner + "/" + g.name
	refName, refType := splitRef(g.event.Ref)
	o := expr.NewObject()
	set := func(key, value string) { o.Set(key, expr.String(value)) }
	set("token", g.token)
	set("ref", g.event.Ref)
	set("sha", g.event.SHA)
	set("repository", full)
	set("repository_owner", g.owner)
	set("repository_owner_id", "")
	set("repository_id", "")
	set("repositoryUrl", g.repository)
	set("run_id", g.runID)
	set("run_number", strconv.Itoa(g.runNumber))
	set("run_attempt", strconv.Itoa(g.attempt))
	set("retention_days", "90")
	set("artifact_cache_size_limit", "10")
	set("secret_source", "Actions")
	set("actor", g.actor)
	set("actor_id", "")
	set("triggering_actor", g.actor)
	set("workflow", g.workflow)
	set("workflow_ref", full+"/"+g.file+"@"+g.event.Ref)
	set("workflow_sha", g.event.SHA)
	set("head_ref", g.event.HeadRef)
	set("base_ref", g.event.BaseRef)
	set("event_name", g.event.Name)
	set("server_url", serverURL)
	set("api_url", "https://api.github.com")
	set("graphql_url", "https://api.github.com/graphql")
	set("ref_name", refName)
	o.Set("ref_protected", expr.Bool(false))
	set("ref_type", refType)
	return expr.FromObject(o)
}

// splitRef is a ref's short name and kind: "main", "branch". A pull request's
// merge ref is "7/merge", and GitHub calls it a branch.
func splitRef(ref string) (name, kind string) {
	if name, ok := strings.CutPrefix(ref, "refs/tags/"); ok {
		return name, "tag"
	}
	for _, prefix := range []string{"refs/heads/", "refs/pull/"} {
		if name, ok := strings.CutPrefix(ref, prefix); ok {
			return name, "branch"
		}
	}
	return ref, "branch"
}
