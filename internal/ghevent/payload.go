package ghevent

import (
	"context"
	"strings"

	"slipway/internal/gitrepo"
)

// action is the activity type of an event: the one asked for, else the one that
// happens first in the life of what it is about.
func (f *facts) action(name string) string {
	usual := ""
	switch name {
	case "pull_request", "pull_request_target", "issues":
		usual = "opened"
	case "issue_comment", "label", "milestone", "discussion", "discussion_comment", "pull_request_review_comment",
		"branch_protection_rule", "check_run":
		usual = "created"
	case "pull_request_review":
		usual = "submitted"
	case "release", "registry_package":
		usual = "published"
	case "workflow_run", "check_suite":
		usual = "completed"
	case "merge_group":
		usual = "checks_requested"
	case "watch":
		usual = "started"
	case "repository_dispatch":
		usual = "dispatch"
	}
	if usual == "" || f.Action == "" {
		return usual
	}
	return f.Action
}

// payload is the part of an event's payload that only it has. It completes what
// the github context says of the event.
func (f *facts) payload(ctx context.Context, e *Event) (object, error) {
	switch e.Name {
	case "push":
		return f.push(ctx, e)
	case "pull_request", "pull_request_target", "pull_request_review", "pull_request_review_comment":
		return f.pullRequest(ctx, e)
	case "merge_group":
		return f.mergeGroup(ctx, e)
	case "workflow_dispatch", "workflow_call":
		e.Ref = f.head.Ref
		return object{"ref": e.Ref, "inputs": inputs(f.Inputs), "workflow": nullable(f.Workflow)}, nil
	case "repository_dispatch":
		return object{"branch": f.defaultBranch, "client_payload": object{}}, nil
	case "schedule":
		return object{"schedule": nullable(f.Schedule), "workflow": nullable(f.Workflow)}, nil
	case "release":
		return f.release(e), nil
	case "create":
		e.Ref = f.head.Ref
		return object{"ref": shortName(e.Ref), "ref_type": refType(e.Ref), "master_branch": f.defaultBranch}, nil
	case "delete":
		return object{"ref": shortName(f.head.Ref), "ref_type": refType(f.head.Ref)}, nil
	case "workflow_run":
		return f.workflowRun(), nil
	case "deployment", "deployment_status":
		return f.deployment(e), nil
	case "status":
		return object{"sha": f.sha, "state": "success", "context": "default", "description": nil, "target_url": nil}, nil
	case "check_run", "check_suite":
		return object{e.Name: object{"id": 1, "head_sha": f.sha, "head_branch": nullable(f.head.Branch()), "status": "completed", "conclusion": "success", "name": "check"}}, nil
	}
	return f.conversation(e.Name), nil
}

// push is a push of HEAD. What was there before is the upstream branch; where
// there is none, or it has HEAD already, HEAD's parent.
func (f *facts) push(ctx context.Context, e *Event) (object, error) {
	e.Ref, e.Base = f.head.Ref, gitrepo.Zero
	commits, forced := []*gitrepo.Commit{}, false
	if f.tip != nil && f.head.Branch() != "" {
		commits = append(commits, f.tip)
		if len(f.tip.Parents) > 0 {
			e.Base = f.tip.Parents[0]
		}
		upstream, err := f.upstream(ctx)
		if err != nil {
			return nil, err
		}
		if upstream != "" && upstream != f.sha {
			e.Base = upstream
			if commits, forced, err = f.Repo.Log(ctx, upstream, f.sha); err != nil {
				return nil, err
			}
		}
	}
	list := []object{}
	for _, c := range commits {
		list = append(list, f.commit(c))
	}
	p := object{
		"ref": e.Ref, "before": e.Base, "after": f.sha, "base_ref": nil, "created": e.Base == gitrepo.Zero, "deleted": false, "forced": forced,
		"compare": f.compare(e.Base), "commits": list, "head_commit": nil,
		"pusher": object{"name": f.actor},
	}
	if f.tip != nil {
		p["head_commit"] = f.commit(f.tip)
		p["pusher"] = object{"name": f.actor, "email": f.tip.Committer.Email}
	}
	return p, nil
}

// upstream is the upstream of where the repository stands, "" when the event is
// about another commit.
func (f *facts) upstream(ctx context.Context) (string, error) {
	stands, err := f.Repo.Head(ctx)
	if err != nil || stands.Ref != f.head.Ref {
		return "", err
	}
	return f.Repo.Upstream(ctx)
}

func (f *facts) compare(before string) string {
	html := f.ServerURL + "/" + f.owner + "/" + f.name
	if before == gitrepo.Zero || f.tip == nil {
		return html + "/commit/" + f.sha[:12]
	}
	return html + "/compare/" + before[:12] + "..." + f.sha[:12]
}

// pullRequest is number 1, of the branch HEAD is on into the default branch.
func (f *facts) pullRequest(ctx context.Context, e *Event) (object, error) {
	pr, err := f.pull(ctx, e)
	if err != nil {
		return nil, err
	}
	e.Ref = "refs/pull/1/merge"
	p := object{"pull_request": pr}
	switch e.Name {
	case "pull_request_target":
		e.Ref = "refs/heads/" + e.BaseRef
		p["number"] = 1
	case "pull_request":
		p["number"] = 1
	case "pull_request_review":
		p["review"] = object{"id": 1, "state": "approved", "body": "", "user": f.user(f.actor), "commit_id": f.sha, "submitted_at": stamp(f.when)}
	case "pull_request_review_comment":
		p["comment"] = f.comment("/pull/1")
	}
	if e.Action == "synchronize" {
		p["before"], p["after"] = e.Base, f.sha
	}
	return p, nil
}

func (f *facts) pull(ctx context.Context, e *Event) (object, error) {
	e.HeadRef, e.BaseRef = f.head.Branch(), f.defaultBranch
	if e.HeadRef == "" {
		e.HeadRef = shortName(f.head.Ref)
	}
	base, err := f.baseTip(ctx)
	if err != nil {
		return nil, err
	}
	if e.Base, err = f.Repo.MergeBase(ctx, base, f.sha); err != nil {
		return nil, err
	}
	title, body := "", any(nil)
	if f.tip != nil {
		title = f.tip.Subject()
		if _, rest, ok := strings.Cut(f.tip.Message, "\n"); ok {
			body = strings.TrimSpace(rest)
		}
	}
	side := func(branch, sha string) object {
		return object{"ref": branch, "sha": sha, "label": f.owner + ":" + branch, "user": f.user(f.owner), "repo": f.repository()}
	}
	pr := f.thread("/pull/1")
	return with(pr, object{
		"title": title, "body": body, "draft": false, "merged": false, "mergeable": true, "merge_commit_sha": f.sha,
		"head": side(e.HeadRef, f.sha), "base": side(e.BaseRef, base), "requested_reviewers": []object{}, "auto_merge": nil,
	}), nil
}

// baseTip is the newest commit of the default branch: origin's, else ours, else
// HEAD's parent; what HEAD itself has already is no base for it.
func (f *facts) baseTip(ctx context.Context) (string, error) {
	for _, prefix := range []string{"refs/remotes/origin/", "refs/heads/"} {
		sha, err := f.Repo.Ref(ctx, prefix+f.defaultBranch)
		if err != nil {
			return "", err
		}
		if sha != "" && sha != f.sha {
			return sha, nil
		}
	}
	if f.tip != nil && len(f.tip.Parents) > 0 {
		return f.tip.Parents[0], nil
	}
	return gitrepo.Zero, nil
}

func (f *facts) mergeGroup(ctx context.Context, e *Event) (object, error) {
	base, err := f.baseTip(ctx)
	if err != nil {
		return nil, err
	}
	e.Ref, e.Base = "refs/heads/gh-readonly-queue/"+f.defaultBranch+"/pr-1-"+base, base
	group := object{"head_sha": f.sha, "head_ref": e.Ref, "base_sha": base, "base_ref": "refs/heads/" + f.defaultBranch}
	if f.tip != nil {
		group["head_commit"] = f.commit(f.tip)
	}
	return object{"merge_group": group}, nil
}

func (f *facts) release(e *Event) object {
	tag := f.head.Tag()
	if tag == "" {
		tag = "v0.0.0"
	}
	e.Ref = "refs/tags/" + tag
	html := f.ServerURL + "/" + f.owner + "/" + f.name
	return object{"release": object{
		"id": 1, "tag_name": tag, "target_commitish": f.defaultBranch, "name": tag, "body": "", "draft": false, "prerelease": false,
		"author": f.user(f.actor), "assets": []object{}, "html_url": html + "/releases/tag/" + tag, "created_at": stamp(f.when), "published_at": stamp(f.when),
	}}
}

func (f *facts) workflowRun() object {
	run := object{
		"id": 1, "name": "CI", "run_number": 1, "run_attempt": 1, "event": "push", "status": "completed", "conclusion": "success",
		"head_branch": nullable(f.head.Branch()), "head_sha": f.sha, "path": nullable(f.Workflow), "pull_requests": []object{},
		"actor": f.user(f.actor), "repository": f.repository(), "head_repository": f.repository(),
		"html_url":   f.ServerURL + "/" + f.owner + "/" + f.name + "/actions/runs/1",
		"created_at": stamp(f.when), "updated_at": stamp(f.when),
	}
	if f.tip != nil {
		run["head_commit"] = f.commit(f.tip)
	}
	return object{"workflow_run": run, "workflow": object{"id": 1, "name": "CI", "path": nullable(f.Workflow), "state": "active"}}
}

func (f *facts) deployment(e *Event) object {
	e.Ref = f.head.Ref
	p := object{"deployment": object{
		"id": 1, "ref": shortName(e.Ref), "sha": f.sha, "task": "deploy", "environment": "production", "payload": object{}, "creator": f.user(f.actor),
	}}
	if e.Name == "deployment_status" {
		p["deployment_status"] = object{"id": 1, "state": "success", "environment": "production", "target_url": "", "creator": f.user(f.actor)}
	}
	return p
}

// conversation is about an issue, a comment, a label or the like.
func (f *facts) conversation(name string) object {
	switch name {
	case "issues":
		return object{"issue": f.thread("/issues/1")}
	case "issue_comment":
		return object{"issue": f.thread("/issues/1"), "comment": f.comment("/issues/1")}
	case "discussion":
		return object{"discussion": f.thread("/discussions/1")}
	case "discussion_comment":
		return object{"discussion": f.thread("/discussions/1"), "comment": f.comment("/discussions/1")}
	case "label":
		return object{"label": object{"id": 1, "name": "label", "color": "ededed", "default": false, "description": ""}}
	case "milestone":
		return object{"milestone": object{"id": 1, "number": 1, "title": "milestone", "state": "open", "description": ""}}
	}
	return object{}
}

// thread is what issues, discussions and pull requests have in common.
func (f *facts) thread(path string) object {
	return object{
		"id": 1, "number": 1, "title": "", "body": nil, "state": "open", "locked": false, "user": f.user(f.actor), "author_association": "OWNER",
		"labels": []object{}, "assignee": nil, "assignees": []object{}, "milestone": nil,
		"html_url":   f.ServerURL + "/" + f.owner + "/" + f.name + path,
		"created_at": stamp(f.when), "updated_at": stamp(f.when), "closed_at": nil,
	}
}

func (f *facts) comment(path string) object {
	return object{
		"id": 1, "body": "", "user": f.user(f.actor), "author_association": "OWNER",
		"html_url": f.ServerURL + "/" + f.owner + "/" + f.name + path + "#comment-1", "created_at": stamp(f.when), "updated_at": stamp(f.when),
	}
}

// inputs is never null: workflows read github.event.inputs.x of it.
func inputs(given map[string]string) object {
	out := object{}
	for name, value := range given {
		out[name] = value
	}
	return out
}

func refType(ref string) string {
	if strings.HasPrefix(ref, "refs/tags/") {
		return "tag"
	}
	return "branch"
}

func shortName(ref string) string {
	for _, prefix := range []string{"refs/heads/", "refs/tags/"} {
		if name, ok := strings.CutPrefix(ref, prefix); ok {
			return name
		}
	}
	return ref
}
