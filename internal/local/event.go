package local

import (
	"context"
	"encoding/json"
	"os"
	"slices"

	"slipway/internal/expr"
	"slipway/internal/fault"
	"slipway/internal/ghevent"
	"slipway/internal/gitrepo"
	"slipway/internal/trigger"
	"slipway/internal/workflow"
)

const serverURL = "https://github.com"

// events makes the events that workflows are started with: each once, but for
// those whose payload names the workflow.
type events struct {
	repo    *gitrepo.Repo
	head    gitrepo.Head // what --ref names; zero: where the repository stands
	file    string       // --event-file, "" is none
	payload []byte
	inputs  map[string]string
	made    map[string]*ghevent.Event
}

func newEvents(ctx context.Context, repo *gitrepo.Repo, o Options) (*events, error) {
	e := &events{repo: repo, file: o.EventFile, inputs: o.Inputs, made: map[string]*ghevent.Event{}}
	var err error
	if o.EventFile != "" {
		if e.payload, err = os.ReadFile(o.EventFile); err != nil {
			return nil, fault.New(fault.Usage, "cannot read the event's payload: %w", err)
		}
	}
	if o.Ref != "" {
		if e.head, err = repo.At(ctx, o.Ref); err != nil {
			return nil, err
		}
	}
	return e, nil
}

// make returns the event of a name for a workflow.
func (e *events) make(ctx context.Context, name string, w *workflow.Workflow) (*ghevent.Event, error) {
	source := ghevent.Source{Repo: e.repo, Head: e.head, ServerURL: serverURL, Inputs: e.inputs}
	key := name
	switch name {
	case "workflow_dispatch":
		source.Workflow, key = w.File, name+" "+w.File
		inputs, err := trigger.DispatchInputs(w, e.givenInputs())
		if err != nil {
			return nil, err
		}
		source.Inputs = inputs.Text
	case "schedule":
		source.Workflow, key = w.File, name+" "+w.File
		source.Schedule = firstSchedule(w)
	case "repository_dispatch":
		source.Action = firstType(w, name)
	}
	if made := e.made[key]; made != nil {
		return made, nil
	}
	var made *ghevent.Event
	var err error
	if e.file != "" {
		made, err = ghevent.Read(ctx, name, e.file, e.payload, source)
	} else {
		made, err = ghevent.New(ctx, name, source)
	}
	e.made[key] = made
	return made, err
}

// typedInputs is the inputs context of a run the event starts.
func (e *events) typedInputs(event *ghevent.Event, w *workflow.Workflow) (expr.Value, error) {
	if event.Name != "workflow_dispatch" {
		if len(e.inputs) > 0 {
			return expr.Null(), fault.New(fault.Usage, "--input is for workflow_dispatch, and %s starts with %s; add -e workflow_dispatch", w.File, event.Name)
		}
		return expr.Null(), nil
	}
	inputs, err := trigger.DispatchInputs(w, e.givenInputs())
	return inputs.Typed, err
}

// givenInputs are the inputs on the command line over those in the payload.
func (e *events) givenInputs() map[string]string {
	given := map[string]string{}
	var payload struct {
		Inputs map[string]any `json:"inputs"`
	}
	if json.Unmarshal(e.payload, &payload) == nil { // a payload that is no JSON is ghevent.Read's to refuse
		for name, value := range payload.Inputs {
			given[name] = expr.FromAny(value).Text()
		}
	}
	for name, value := range e.inputs {
		given[name] = value
	}
	return given
}

// payloadName guesses which event a payload is of; "" when there is none, or it could be several.
func (e *events) payloadName() string {
	var payload map[string]json.RawMessage
	if json.Unmarshal(e.payload, &payload) != nil {
		return ""
	}
	has := func(keys ...string) bool {
		return !slices.ContainsFunc(keys, func(key string) bool { return payload[key] == nil })
	}
	switch {
	case has("pull_request", "review"):
		return "pull_request_review"
	case has("pull_request", "comment"):
		return "pull_request_review_comment"
	case has("pull_request"):
		return "pull_request"
	case has("workflow_run"):
		return "workflow_run"
	case has("release"):
		return "release"
	case has("issue", "comment"):
		return "issue_comment"
	case has("issue"):
		return "issues"
	case has("client_payload"):
		return "repository_dispatch"
	case has("inputs"):
		return "workflow_dispatch"
	case has("schedule"):
		return "schedule"
	case has("ref", "after"):
		return "push"
	}
	return ""
}

// triggered is an event as the filters of `on:` see it.
func (e *events) triggered(ctx context.Context, event *ghevent.Event) trigger.Event {
	t := trigger.Event{Name: event.Name, Action: event.Action, Ref: event.Ref, BaseRef: event.BaseRef, Message: e.message(ctx, event)}
	if event.Base != "" && event.SHA != gitrepo.Zero {
		t.ChangedFiles = func() ([]string, error) { return e.repo.ChangedFiles(ctx, event.Base, event.SHA) }
	}
	if event.Name == "workflow_run" {
		var payload struct {
			Run struct {
				Name   string `json:"name"`
				Branch string `json:"head_branch"`
			} `json:"workflow_run"`
		}
		if json.Unmarshal(event.Payload, &payload) == nil {
			t.Workflow, t.HeadBranch = payload.Run.Name, payload.Run.Branch
		}
	}
	return t
}

// message is the message of the event's commit, which may ask to skip it. A
// commit that is not here asks for nothing.
func (e *events) message(ctx context.Context, event *ghevent.Event) string {
	if event.SHA == gitrepo.Zero || event.Name != "push" && event.Name != "pull_request" {
		return ""
	}
	if tip, err := e.repo.Tip(ctx); err == nil && tip != nil && tip.SHA == event.SHA {
		return tip.Message
	}
	commit, err := e.repo.Commit(ctx, event.SHA)
	if err != nil {
		return ""
	}
	return commit.Message
}

func firstSchedule(w *workflow.Workflow) string {
	for _, e := range w.On.Events {
		if len(e.Schedules) > 0 {
			return e.Schedules[0].Cron
		}
	}
	return ""
}

func firstType(w *workflow.Workflow, event string) string {
	for _, e := range w.On.Events {
		if e.Name == event && len(e.Types) > 0 {
			return e.Types[0]
		}
	}
	return ""
}
