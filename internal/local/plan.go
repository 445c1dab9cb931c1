package local

import (
	"context"
	"fmt"
	"runtime"
	"slices"
	"strings"

	"slipway/internal/action"
	"slipway/internal/action/builtin"
	"slipway/internal/expr"
	"slipway/internal/fault"
	"slipway/internal/ghevent"
	"slipway/internal/gitrepo"
	"slipway/internal/trigger"
	"slipway/internal/workflow"
)

// Plan is what a run will do: the workflows an event starts, read and checked
// together with every file they call. Nothing has run yet.
type Plan struct {
	Runs       []*PlannedRun
	PassedOver []PassedOver
	Notices    []string // sentences for the user

	options   Options
	repo      *gitrepo.Repo
	events    *events
	artifacts *builtin.Artifacts
	actions   *action.Finder
}

// PlannedRun is a workflow that will run, with the event that starts it.
type PlannedRun struct {
	Workflow *workflow.Workflow
	event    *ghevent.Event
	inputs   expr.Value
	called   *calledFiles
}

// Name is the workflow's name, or its file when it has none.
func (r *PlannedRun) Name() string {
	if r.Workflow.Name != "" {
		return r.Workflow.Name
	}
	return r.Workflow.File
}

// PassedOver is a workflow the event does not start.
type PassedOver struct{ File, Reason string }

// InvalidError is what is wrong with the workflow files.
type InvalidError struct{ Files []InvalidFile }

// InvalidFile is a workflow that GitHub would reject, with everything wrong in
// it and in the files it calls.
type InvalidFile struct {
	Name   string
	Data   []byte
	Errors []*workflow.Error
}

func (e *InvalidError) Error() string {
	first := e.Files[0].Errors[0].Error()
	if n := len(e.Files[0].Errors) + len(e.Files); n > 2 {
		return first + " (and more)"
	}
	return first
}

// Validate says what is wrong with the options, for the user who typed them.
func (o Options) Validate() error {
	if o.Workspace != WorkspaceEmpty && o.Workspace != WorkspaceTree {
		return fault.New(fault.Usage, "--workspace %q: expected empty or tree", o.Workspace)
	}
	if o.Parallel < 0 {
		return fault.New(fault.Usage, "--parallel %d: expected a number of jobs, 1 or more", o.Parallel)
	}
	for label, executor := range o.On {
		if !slices.Contains(executorNames, executor) {
			return fault.New(fault.Usage, "--on %s=%s: there is no executor %q; the executors are: %s", label, executor, executor, strings.Join(executorNames, ", "))
		}
	}
	return nil
}

func (o Options) parallel() int {
	if o.Parallel > 0 {
		return o.Parallel
	}
	return runtime.NumCPU()
}

func (o Options) place(labels []string) (executor, reason string) {
	return thisMachine.placement(labels, o.On)
}

// Prepare reads what decides a run: the repository, the event, the workflows
// and everything they call. An *InvalidError tells of workflow files that
// GitHub would reject.
func Prepare(ctx context.Context, o Options) (*Plan, error) {
	repo, err := gitrepo.Open(o.Dir)
	if err != nil {
		return nil, err
	}
	p := &Plan{options: o, repo: repo}
	if p.events, err = newEvents(ctx, repo, o); err != nil {
		return nil, err
	}
	if p.artifacts, err = o.newArtifacts(); err != nil {
		return nil, err
	}
	if p.actions, err = p.newResolver(ctx); err != nil {
		return nil, err
	}
	files, err := discover(repo.Root(), o.Dir, o.Paths)
	if err != nil {
		return nil, err
	}
	if err := p.read(ctx, files); err != nil {
		return nil, err
	}
	if len(p.Runs) == 0 && o.Job != "" {
		return nil, p.noSuchJob(files)
	}
	return p, nil
}

// read reads every file and keeps the workflows that the event starts.
func (p *Plan) read(ctx context.Context, files []source) error {
	invalid := &InvalidError{}
	var read []*PlannedRun
	for _, f := range files {
		run := &PlannedRun{called: newCalledFiles(ctx, p)}
		var errs []*workflow.Error
		run.Workflow, errs = workflow.Read(f.name, f.data, workflow.Options{Called: run.called.find})
		if len(errs) > 0 {
			invalid.Files = append(invalid.Files, InvalidFile{f.name, f.data, errs})
		}
		read = append(read, run)
	}
	if len(invalid.Files) > 0 {
		return invalid
	}
	for i, run := range read {
		if err := p.consider(ctx, run, files[i].named); err != nil {
			return err
		}
	}
	return nil
}

// consider adds the run to the plan when the event starts it. A file the user
// named runs although a filter of its event would leave it out.
func (p *Plan) consider(ctx context.Context, run *PlannedRun, named bool) error {
	if p.options.Job != "" && !keepJob(run.Workflow, p.options.Job) {
		p.PassedOver = append(p.PassedOver, PassedOver{run.Workflow.File, fmt.Sprintf("it has no job %q", p.options.Job)})
		return nil
	}
	name, err := p.eventName(run.Workflow, named)
	if err != nil {
		return err
	}
	if !listens(run.Workflow, name) && !named {
		p.PassedOver = append(p.PassedOver, PassedOver{run.Workflow.File, "the workflow does not run on " + name})
		return nil
	}
	if run.event, err = p.events.make(ctx, name, run.Workflow); err != nil {
		return err
	}
	starts, reason := trigger.Match(run.Workflow, p.events.triggered(ctx, run.event))
	switch {
	case starts:
	case named && listens(run.Workflow, name):
		p.Notices = append(p.Notices, fmt.Sprintf("%s runs because you named it; on GitHub it would not: %s", run.Workflow.File, reason))
	case named:
		return fault.New(fault.Usage, "%s: %s; it runs on %s (choose with -e)", run.Workflow.File, reason, eventNames(run.Workflow))
	default:
		p.PassedOver = append(p.PassedOver, PassedOver{run.Workflow.File, reason})
		return nil
	}
	if run.inputs, err = p.events.typedInputs(run.event, run.Workflow); err != nil {
		return err
	}
	p.Runs = append(p.Runs, run)
	return nil
}

// eventName is the event to start a workflow with: the one asked for, else
// push, else, for a file the user named, what it has.
func (p *Plan) eventName(w *workflow.Workflow, named bool) (string, error) {
	if p.options.Event != "" {
		return p.options.Event, nil
	}
	if name := p.events.payloadName(); name != "" {
		return name, nil
	}
	if !named || listens(w, "push") {
		return "push", nil
	}
	for _, name := range []string{"workflow_dispatch", "pull_request", "schedule", "repository_dispatch"} {
		if listens(w, name) {
			return name, nil
		}
	}
	for _, e := range w.On.Events {
		if e.Name != "workflow_call" {
			return e.Name, nil
		}
	}
	return "", fault.New(fault.Usage, "%s only runs when another workflow calls it; run the one that does", w.File)
}

func listens(w *workflow.Workflow, event string) bool {
	return slices.ContainsFunc(w.On.Events, func(e *workflow.Event) bool { return e.Name == event })
}

func eventNames(w *workflow.Workflow) string {
	names := make([]string, len(w.On.Events))
	for i, e := range w.On.Events {
		names[i] = e.Name
	}
	return strings.Join(names, ", ")
}

// keepJob leaves in w only the job and what it needs; it reports whether there is such a job.
func keepJob(w *workflow.Workflow, id string) bool {
	byID := map[string]*workflow.Job{}
	for _, j := range w.Jobs {
		byID[j.ID] = j
	}
	if byID[id] == nil {
		return false
	}
	keep := map[string]bool{}
	for pending := []string{id}; len(pending) > 0; {
		next := pending[0]
		pending = pending[1:]
		if keep[next] || byID[next] == nil {
			continue
		}
		keep[next] = true
		for _, n := range byID[next].Needs {
			pending = append(pending, n.Str())
		}
	}
	w.Jobs = slices.DeleteFunc(w.Jobs, func(j *workflow.Job) bool { return !keep[j.ID] })
	return true
}

func (p *Plan) noSuchJob(files []source) error {
	var where []string
	for _, f := range files {
		where = append(where, f.name)
	}
	return fault.New(fault.Usage, "-j %s: no workflow that would run has a job with this id (looked in %s)", p.options.Job, strings.Join(where, ", "))
}
