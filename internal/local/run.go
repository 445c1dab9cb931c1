package local

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strconv"
	"time"

	"slipway/internal/engine"
	"slipway/internal/expr"
	"slipway/internal/ghevent"
	"slipway/internal/gitrepo"
	"slipway/internal/jobproto"
	"slipway/internal/workflow"
)

// Run runs the plan to its end and returns the worst conclusion of its runs. A
// first value on stop asks everything to end as a cancelled run on GitHub
// does, always() steps included; a second one, or canceling ctx, ends it now.
// Nothing of the jobs is left when Run returns, unless Options.Keep.
func (p *Plan) Run(ctx context.Context, stop <-chan struct{}, reporter Reporter) (jobproto.Conclusion, error) {
	executors, err := p.openExecutors()
	if err != nil {
		return "", err
	}
	defer executors.close(reporter)
	executors.sweep(ctx, reporter)
	if err := p.artifacts.Sweep(); err != nil {
		reporter.Notice(fmt.Sprintf("could not clean up artifacts of an earlier run: %v", err))
	}
	defer func() {
		if err := p.artifacts.Close(); err != nil {
			reporter.Notice(fmt.Sprintf("could not remove artifacts: %v", err))
		}
	}()
	l := &loop{
		limit: p.options.parallel(), reports: make(chan finished), reporter: reporter, place: p.options.place, strict: p.options.StrictRunners,
		adorn: p.adorn, now: time.Now,
		worker: &worker{
			executors: executors, actions: p.actions, reporter: reporter,
			keep: p.options.Keep, state: p.options.Dirs.Cache, log: slog.New(slog.DiscardHandler),
		},
	}
	if p.options.Workspace == WorkspaceTree {
		l.worker.fill = p.copyTree
	}
	for i, planned := range p.Runs {
		r, err := p.newRun(ctx, planned, i)
		if err != nil {
			return "", err
		}
		l.runs = append(l.runs, r)
	}
	l.run(ctx, stop)
	return l.conclusion(), nil
}

// copyTree fills a workspace with the working tree, as actions/checkout does.
func (p *Plan) copyTree(ctx context.Context, workspace string) error {
	owner, name, err := p.repo.Name(ctx)
	if err != nil {
		return err
	}
	head, err := p.repo.Head(ctx)
	if err != nil {
		return err
	}
	return p.repo.WorkingTree(ctx, gitrepo.Checkout{
		Dst: workspace, Ref: head.Ref, Depth: 1, Origin: serverURL + "/" + owner + "/" + name + ".git",
	})
}

// newRun turns a planned run into the engine's.
func (p *Plan) newRun(ctx context.Context, planned *PlannedRun, index int) (*activeRun, error) {
	created := time.Now()
	id := strconv.FormatInt(created.UnixMilli()*100+int64(index), 10)
	github, err := p.githubContext(ctx, planned, id)
	if err != nil {
		return nil, err
	}
	spec := engine.Spec{
		ID: id, Number: 1, Attempt: 1, Plan: planned.Workflow, Github: github.value(), Event: planned.event.Payload,
		Inputs: planned.inputs, Vars: expr.Strings(p.options.Vars), Secrets: expr.Strings(p.options.Secrets),
		Created: created, Sources: planned.called.sources, Matrix: p.options.Matrix,
	}
	run, err := engine.NewRun(spec)
	if err != nil {
		return nil, err
	}
	return &activeRun{
		run: run, jobs: map[string]*activeJob{}, told: map[string]bool{},
		ref: &Run{ID: id, Workflow: planned.Name(), File: planned.Workflow.File, Event: planned.event.Name,
			Ref: planned.event.Ref, SHA: planned.event.SHA, Started: created},
	}, nil
}

// adorn adds the user's environment and debug logging, and says what machine this is.
func (p *Plan) adorn(msg *jobproto.Job) {
	if p.options.Debug {
		msg.StepDebug, msg.RunnerDebug = true, true
	}
	if len(p.options.Env) > 0 {
		msg.Env = append([]*workflow.Token{p.userEnv()}, msg.Env...)
	}
	msg.Runner = jobproto.RunnerInfo{
		Name: "slipway", OS: systemNames[thisMachine.os], Arch: processorNames[thisMachine.arch], Environment: "self-hosted",
	}
}

// userEnv is --env as the outermost `env:`.
func (p *Plan) userEnv() *workflow.Token {
	var pairs []*workflow.Token
	for _, key := range slices.Sorted(maps.Keys(p.options.Env)) {
		pairs = append(pairs, workflow.NewString(key), workflow.NewString(p.options.Env[key]))
	}
	return workflow.NewMapping(pairs...)
}

func (p *Plan) githubContext(ctx context.Context, planned *PlannedRun, id string) (githubContext, error) {
	owner, name, err := p.repo.Name(ctx)
	if err != nil {
		return githubContext{}, err
	}
	remote, err := p.repo.RemoteURL(ctx)
	if err != nil {
		return githubContext{}, err
	}
	return githubContext{
		event: planned.event, owner: owner, name: name, runID: id, runNumber: 1, attempt: 1,
		workflow: planned.Name(), file: planned.Workflow.File, token: p.options.Secrets["GITHUB_TOKEN"],
		actor: p.actor(ctx), repository: gitrepo.Redact(remote),
	}, nil
}

// actor is who starts the run: who would push what stands here.
func (p *Plan) actor(ctx context.Context) string {
	tip, err := p.repo.Tip(ctx)
	if err != nil {
		tip = nil // a repository without a readable commit still runs
	}
	return ghevent.Actor(tip)
}
