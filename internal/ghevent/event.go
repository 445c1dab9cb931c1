// Package ghevent makes the events that start runs on this machine: payloads in
// GitHub's shape, of what stands in the repository, and what the github context
// says of them. It imports gitrepo and fault only.
package ghevent

import (
	"bytes"
	"context"
	"encoding/json"
	"maps"
	"strings"

	"slipway/internal/fault"
	"slipway/internal/gitrepo"
)

// Event is what starts a run.
type Event struct {
	Name    string // GitHub's: "push"
	Action  string // the activity type, "opened"; "" for events that have none
	Payload json.RawMessage

	Ref     string // github.ref, a full ref
	SHA     string // github.sha; gitrepo.Zero where there is no commit
	HeadRef string // github.head_ref: a pull request's branch
	BaseRef string // github.base_ref: the branch it goes into

	// Base is the commit against which path filters see changes, up to SHA:
	// a push's before, a pull request's merge base; "" for events without.
	Base string
}

// Source is what events are made of.
type Source struct {
	Repo *gitrepo.Repo
	// Head is the commit to take for the repository's newest; zero: where it stands.
	Head      gitrepo.Head
	ServerURL string // "https://github.com"
	Actor     string // login of who does it; "": see Actor

	Action   string            // activity type, or the type of a repository_dispatch; "": the usual one
	Inputs   map[string]string // of workflow_dispatch and workflow_call
	Schedule string            // the cron line of a schedule
	Workflow string            // the path of the workflow dispatched or called, from the repository's root
}

// New makes the event of that name that would be about what stands in the
// repository now: a push of HEAD, a pull request of its branch into the default
// branch, an issue, … Events of names it doesn't know carry the repository and
// the sender.
func New(ctx context.Context, name string, s Source) (*Event, error) {
	f, err := gather(ctx, s)
	if err != nil {
		return nil, err
	}
	event := &Event{Name: name, Action: f.action(name), Ref: "refs/heads/" + f.defaultBranch, SHA: f.sha}
	payload, err := f.payload(ctx, event)
	if err != nil {
		return nil, err
	}
	if event.Action != "" {
		payload["action"] = event.Action
	}
	payload["repository"] = f.repository()
	payload["sender"] = f.user(f.actor)
	event.Payload, err = json.Marshal(payload)
	if err != nil {
		return nil, fault.New(fault.Internal, "the payload of %s: %w", name, err)
	}
	return event, nil
}

// Read makes the event of a payload that somebody wrote or recorded. What the
// github context says is taken from it, and from the repository where the
// payload says nothing. file names it in errors: fault.Invalid for what is no
// JSON object.
func Read(ctx context.Context, name, file string, payload []byte, s Source) (*Event, error) {
	var content map[string]any
	decoder := json.NewDecoder(bytes.NewReader(payload))
	decoder.UseNumber()
	if err := decoder.Decode(&content); err != nil || content == nil || decoder.More() {
		return nil, notAnObject(file, payload, decoder.InputOffset(), err)
	}
	fresh, err := New(ctx, name, s)
	if err != nil {
		return nil, err
	}
	event := *fresh
	event.Payload = json.RawMessage(bytes.Clone(payload))
	event.Action = text(content, "action")
	event.take(content)
	return &event, nil
}

func notAnObject(file string, payload []byte, offset int64, err error) error {
	what := "more follows the object"
	if err != nil {
		what = err.Error()
	}
	if syntax, ok := err.(*json.SyntaxError); ok {
		offset = syntax.Offset
	}
	before := payload[:min(int(offset), len(payload))]
	line := bytes.Count(before, []byte("\n")) + 1
	column := len(before) - bytes.LastIndexByte(before, '\n')
	return fault.New(fault.Invalid, "%s (Line: %d, Col: %d): the event's payload should be one JSON object: %s", file, line, column, what)
}

// take overrides what the payload knows better than the repository.
func (e *Event) take(p map[string]any) {
	switch e.Name {
	case "push":
		set(&e.Ref, text(p, "ref"))
		setSHA(&e.SHA, text(p, "after"))
		setSHA(&e.Base, text(p, "before"))
	case "pull_request", "pull_request_review", "pull_request_review_comment", "pull_request_target":
		e.takePullRequest(p)
	case "create":
		if name := text(p, "ref"); name != "" {
			e.Ref = fullRef(name, text(p, "ref_type"))
		}
	case "release":
		if tag := text(p, "release", "tag_name"); tag != "" {
			e.Ref = "refs/tags/" + tag
		}
	case "workflow_dispatch":
		if ref := text(p, "ref"); ref != "" {
			e.Ref = fullRef(ref, "branch")
		}
	case "deployment", "deployment_status":
		if ref := text(p, "deployment", "ref"); ref != "" && !gitrepo.IsSHA(ref) {
			e.Ref = fullRef(ref, "branch")
		}
		setSHA(&e.SHA, text(p, "deployment", "sha"))
	case "merge_group":
		set(&e.Ref, text(p, "merge_group", "head_ref"))
		setSHA(&e.SHA, text(p, "merge_group", "head_sha"))
		setSHA(&e.Base, text(p, "merge_group", "base_sha"))
	}
}

func (e *Event) takePullRequest(p map[string]any) {
	number := text(p, "pull_request", "number")
	if number == "" {
		number = text(p, "number")
	}
	set(&e.HeadRef, text(p, "pull_request", "head", "ref"))
	set(&e.BaseRef, text(p, "pull_request", "base", "ref"))
	setSHA(&e.Base, text(p, "pull_request", "base", "sha"))
	switch {
	case e.Name == "pull_request_target":
		e.Ref = "refs/heads/" + e.BaseRef
		setSHA(&e.SHA, text(p, "pull_request", "base", "sha"))
		return
	case text(p, "pull_request", "merged") == "true":
		e.Ref = "refs/heads/" + e.BaseRef
	case number != "":
		e.Ref = "refs/pull/" + number + "/merge"
	}
	setSHA(&e.SHA, text(p, "pull_request", "merge_commit_sha"))
}

// text is the scalar at a path of keys as a string, or "".
func text(p map[string]any, keys ...string) string {
	var at any = p
	for _, key := range keys {
		object, ok := at.(map[string]any)
		if !ok {
			return ""
		}
		at = object[key]
	}
	switch value := at.(type) {
	case string:
		return value
	case json.Number:
		return value.String()
	case bool:
		if value {
			return "true"
		}
		return "false"
	}
	return ""
}

func set(field *string, value string) {
	if value != "" {
		*field = value
	}
}

func setSHA(field *string, value string) {
	if gitrepo.IsSHA(value) && strings.Trim(value, "0") != "" {
		*field = value
	}
}

// fullRef makes a full ref of a name; kind is "branch" or "tag".
func fullRef(name, kind string) string {
	switch {
	case strings.HasPrefix(name, "refs/"):
		return name
	case kind == "tag":
		return "refs/tags/" + name
	}
	return "refs/heads/" + name
}

// object is a JSON object.
type object = map[string]any

func with(base object, more object) object {
	out := maps.Clone(base)
	maps.Copy(out, more)
	return out
}
