package lint

import (
	"slices"
	"strings"

	"slipway/internal/workflow"
)

// scope is what the contexts hold at one place of a file.
type scope struct {
	contexts map[string]*typ // by lower-case name; a context that is missing holds anything
	job      *workflow.Job   // nil outside jobs
	steps    *steps          // nil where there are none
}

func (s *scope) context(name string) *typ { return s.contexts[name] }

// with returns a copy of s in which a context holds something else.
func (s *scope) with(name string, t *typ) *scope {
	c := *s
	c.contexts = make(map[string]*typ, len(s.contexts)+1)
	for k, v := range s.contexts {
		c.contexts[k] = v
	}
	c.contexts[name] = t
	return &c
}

// fileScope is what every place of a workflow file sees.
func fileScope(w *workflow.Workflow) *scope {
	return &scope{contexts: map[string]*typ{
		"github":  githubType(w),
		"inputs":  inputsType(w),
		"env":     stringMap,
		"vars":    stringMap,
		"secrets": stringMap,
		"runner":  runnerType(),
	}}
}

// jobScope is what a job sees before its steps.
func (p *pass) jobScope(j *workflow.Job) *scope {
	s := p.scope.with("needs", p.needsType(j))
	s.contexts["matrix"] = matrixType(j)
	s.contexts["strategy"] = strategyType()
	s.contexts["job"] = jobType(j)
	s.job = j
	return s
}

// runnerType is the runner context (actions/runner JobRunner.cs).
func runnerType() *typ {
	t := newObject("the runner context").
		set("os", oneOf("Linux", "Windows", "macOS")).
		set("arch", oneOf("X64", "ARM64", "X86", "ARM")).
		set("environment", oneOf("github-hosted", "self-hosted"))
	for _, name := range []string{"name", "temp", "tool_cache", "workspace", "debug"} {
		t.set(name, stringType)
	}
	return t
}

func strategyType() *typ {
	return newObject("the strategy context").
		set("fail-fast", booleanType).
		set("job-index", numberType).
		set("job-total", numberType).
		set("max-parallel", numberType)
}

// githubType is the github context (docs.github.com, "Contexts reference", and
// what actions/runner adds in ExecutionContext.cs and ActionRunner.cs).
func githubType(w *workflow.Workflow) *typ {
	t := newObject("the github context")
	for _, name := range []string{
		"action", "action_path", "action_ref", "action_repository", "action_status", "actor", "actor_id",
		"api_url", "artifacts", "artifacts_list", "env", "event_path",
		"graphql_url", "job", "output", "path", "repositoryUrl", "repository_id", "repository_owner_id",
		"repository_visibility", "run_attempt", "run_id", "run_number", "secret_source",
		"server_url", "sha", "state", "step_summary", "token", "triggering_actor", "workflow",
		"workflow_ref", "workflow_sha", "workspace",
	} {
		t.set(name, stringType)
	}
	return t.
		set("ref", refType()).
		set("ref_name", shortRefType()).
		set("base_ref", shortRefType()).
		set("head_ref", shortRefType()).
		set("ref_type", oneOf("branch", "tag")).
		set("ref_protected", anyScalar).
		set("retention_days", anyScalar).
		set("artifact_cache_size_limit", anyScalar).
		set("event_name", oneOf(eventNames()...)).
		set("event", eventType(w)).
		set("repository", repositoryType()).
		set("repository_owner", ownerType())
}

var anyScalar = &typ{kinds: kindScalar | kindNull}

func refType() *typ {
	return &typ{kinds: kindString, text: &text{
		prefix: "refs/",
		explain: func(s string) string {
			if !strings.HasPrefix(s, "heads/") && !strings.HasPrefix(s, "tags/") {
				s = "heads/" + s
			}
			return "is a whole ref, such as 'refs/" + s + "'; github.ref_name is the short name"
		},
	}}
}

func shortRefType() *typ {
	return &typ{kinds: kindString, text: &text{
		shape: func(s string) bool { return !hasPrefixFold(s, "refs/") },
		explain: func(string) string {
			return "is a short name, without 'refs/heads/'"
		},
	}}
}

func repositoryType() *typ {
	return &typ{kinds: kindString, text: &text{
		shape:   func(s string) bool { return strings.Count(s, "/") == 1 },
		explain: func(string) string { return "is the owner and the name, as in 'octo-org/octo-repo'" },
	}}
}

func ownerType() *typ {
	return &typ{kinds: kindString, text: &text{
		shape:   func(s string) bool { return !strings.Contains(s, "/") },
		explain: func(string) string { return "is only the owner, without the name of the repository" },
	}}
}

// eventType is github.event: GitHub's payload, of which only what the file
// itself decides is known. A called workflow sees its caller's event.
func eventType(w *workflow.Workflow) *typ {
	if w == nil || w.Call != nil {
		return looseObject
	}
	t := newObject("")
	t.rest = anyType
	for _, e := range w.On.Events {
		if e.Name == "workflow_dispatch" {
			inputs := newObject("workflow_dispatch")
			for _, in := range e.Inputs {
				inputs.set(in.Name, stringType)
			}
			t.set("inputs", inputs)
		}
	}
	if types := activityTypes(w); len(types) > 0 {
		t.set("action", oneOf(types...))
	}
	return t
}

// activityTypes are all that github.event.action can be; nil when that isn't known.
func activityTypes(w *workflow.Workflow) []string {
	var all []string
	for _, e := range w.On.Events {
		types := e.Types
		if len(types) == 0 {
			types = usualActivities(e.Name)
		}
		if len(types) == 0 && !hasNoActivity(e.Name) {
			return nil
		}
		all = append(all, types...)
	}
	return all
}

// inputsType is the inputs context: what workflow_call and workflow_dispatch
// declare. Under other events every input is null.
func inputsType(w *workflow.Workflow) *typ {
	t := newObject("this workflow")
	declare := func(inputs []*workflow.Input, dispatched bool) {
		for _, in := range inputs {
			declared := merge(inputType(in, dispatched), nullType)
			t.set(in.Name, merge(t.props[strings.ToLower(in.Name)], declared))
		}
	}
	if w.Call != nil {
		declare(w.Call.Inputs, false)
	}
	for _, e := range w.On.Events {
		if e.Name == "workflow_dispatch" {
			declare(e.Inputs, true)
		}
	}
	return t
}

func inputType(in *workflow.Input, dispatched bool) *typ {
	switch in.Type {
	case "boolean":
		return booleanType
	case "number":
		if dispatched {
			return &typ{kinds: kindNumber | kindString} // the form sends text
		}
		return numberType
	case "choice":
		if len(in.Options) > 0 {
			return oneOf(in.Options...)
		}
	}
	return stringType
}

// jobType is the job context.
func jobType(j *workflow.Job) *typ {
	t := newObject("the job context").
		set("status", oneOf("success", "failure", "cancelled")).
		set("container", newObject("job.container").set("id", stringType).set("network", stringType)).
		set("check_run_id", numberType)
	for _, name := range []string{"workflow_ref", "workflow_sha", "workflow_repository", "workflow_file_path"} {
		t.set(name, stringType)
	}
	return t.set("services", servicesType(j.Services))
}

func servicesType(services *workflow.Token) *typ {
	t := newObject("this job's services")
	if services != nil && services.Kind() != workflow.TokenMapping || hasDynamicKey(services) {
		t.rest = anyType
	}
	for key, service := range services.Pairs() {
		t.set(key.Str(), newObject("a service").
			set("id", stringType).
			set("network", stringType).
			set("ports", portsType(service)))
	}
	return t
}

// portsType knows the container's ports that a service publishes. They are
// named without their protocol (actions/runner ContainerOperationProvider.cs).
func portsType(service *workflow.Token) *typ {
	if service.Kind() != workflow.TokenMapping || !service.IsLiteral() {
		return stringMap
	}
	t := newObject("the service's ports")
	for _, port := range service.Lookup("ports").Items() {
		spec, _, _ := strings.Cut(port.Str(), "/")
		number := spec[strings.LastIndexByte(spec, ':')+1:]
		if strings.Contains(number, "-") {
			return stringMap
		}
		t.set(number, stringType)
	}
	return t
}

// needsType is the needs context of a job.
func (p *pass) needsType(j *workflow.Job) *typ {
	t := newObject("needs")
	for _, need := range j.Needs {
		if other := p.job(need.Str()); other != nil {
			t.set(other.ID, p.jobResult(other))
		} else {
			t.set(need.Str(), anyType)
		}
	}
	return t
}

// jobResult is what needs.<id> and jobs.<id> hold.
func (p *pass) jobResult(j *workflow.Job) *typ {
	return newObject("a job").
		set("result", oneOf("success", "failure", "cancelled", "skipped")).
		set("outputs", jobOutputs(j))
}

func jobOutputs(j *workflow.Job) *typ {
	if j.Uses != nil {
		if j.Uses.Workflow == nil || j.Uses.Workflow.Call == nil {
			return stringMap
		}
		t := newObject("the workflow that job '" + j.ID + "' calls")
		for _, o := range j.Uses.Workflow.Call.Outputs {
			t.set(o.Name, stringType)
		}
		return t
	}
	if j.Outputs != nil && j.Outputs.Kind() != workflow.TokenMapping || hasDynamicKey(j.Outputs) {
		return stringMap
	}
	t := newObject("job '" + j.ID + "'")
	for key := range j.Outputs.Pairs() {
		t.set(key.Str(), stringType)
	}
	return t
}

// jobsType is the jobs context, which only outputs of workflow_call see.
func (p *pass) jobsType() *typ {
	t := newObject("this workflow's jobs")
	for _, j := range p.workflow.Jobs {
		t.set(j.ID, p.jobResult(j))
	}
	return t
}

// steps is what is known of the steps of a job at one of them.
type steps struct {
	all     []*workflow.Step // those of the list being walked
	context *typ             // grows as steps are passed
	running []*workflow.Step // in the background, not waited for yet
	current *workflow.Step   // nil after the last one
}

func newSteps(all []*workflow.Step) *steps {
	return &steps{all: all, context: newObject("the steps so far")}
}

// hasOwnID says whether the file gave the step an id; generated ones are not
// in the steps context.
func hasOwnID(s *workflow.Step) bool {
	return s.ID != "" && !strings.HasPrefix(s.ID, "__")
}

// pass takes note of a step that the walk has gone by.
func (s *steps) pass(step *workflow.Step, outputs *typ) {
	switch {
	case step.WaitAll:
		s.running = nil
	case len(step.Wait) > 0:
		s.stop(step.Wait...)
	case step.Cancel != "":
		s.stop(step.Cancel)
	case step.Background:
		s.running = append(s.running, step)
	}
	if hasOwnID(step) {
		s.context.set(step.ID, newObject("step '"+step.ID+"'").
			set("outcome", stepStatus()).
			set("conclusion", stepStatus()).
			set("outputs", outputs))
	}
}

func (s *steps) stop(ids ...string) {
	s.running = slices.DeleteFunc(s.running, func(step *workflow.Step) bool { return slices.Contains(ids, step.ID) })
}

func stepStatus() *typ { return oneOf("success", "failure", "cancelled", "skipped") }
