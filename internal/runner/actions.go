package runner

import (
	"context"
	"io"
	"strings"

	"slipway/internal/action"
	"slipway/internal/fault"
)

// maxDepth is how deep composite actions may nest; maxActions, which GitHub
// doesn't limit, keeps actions that use many that use many from taking forever.
const (
	maxDepth   = 9
	maxActions = 10_000
)

// resolveActions finds, level by level, every action the job uses and those
// that they use, before the first step runs (ActionManager.cs). Local ones are
// found when their step runs: the workspace is still empty.
func (j *jobRun) resolveActions(ctx context.Context, c *chapter) error {
	uses := remoteUses(j.steps)
	if len(uses) == 0 {
		return nil
	}
	c.write().print("Prepare all required actions")
	return j.resolveLevel(ctx, uses, 0, c)
}

func (j *jobRun) resolveLevel(ctx context.Context, uses []*usesTask, depth int, log io.Writer) error {
	if depth > maxDepth {
		return fault.New(fault.Invalid, "Composite action depth exceeded max depth %d", maxDepth)
	}
	for _, u := range uses {
		if err := u.resolve(ctx, j, log); err != nil {
			return err
		}
	}
	for _, u := range uses {
		next := remoteUses(u.children)
		if len(next) == 0 {
			continue
		}
		if err := j.resolveLevel(ctx, next, depth+1, log); err != nil {
			return err
		}
	}
	return nil
}

// remoteUses are the steps that use an action which is not of the workspace.
func remoteUses(steps []*step) []*usesTask {
	var out []*usesTask
	for _, s := range steps {
		switch t := s.task.(type) {
		case *usesTask:
			if !t.local() && !t.container() {
				out = append(out, t)
			}
		case *parallelTask:
			out = append(out, remoteUses(t.steps)...)
		}
	}
	return out
}

// resolve finds the action. Steps of a composite one are made here, so that
// their actions can be found too.
func (t *usesTask) resolve(ctx context.Context, j *jobRun, log io.Writer) error {
	if j.deps.Actions == nil {
		return fault.New(fault.Missing, "action %s: this runner has nowhere to get actions from", t.ref)
	}
	if j.resolved.Add(1) > maxActions {
		return fault.New(fault.Invalid, "the job uses more than %d actions, those inside composite actions counted", maxActions)
	}
	use := action.Use{Ref: t.ref, Workspace: j.dirs.Host.Workspace}
	use.Repository, use.SHA, use.Root = t.definer(j)
	a, err := j.deps.Actions.Resolve(ctx, use, log)
	if err != nil {
		return err
	}
	t.action = a
	if a.Builtin == nil && using(a) == "composite" {
		t.children = newSteps(a.Manifest.Runs.Steps, t.step)
	}
	return nil
}

// definer is the repository `$/` means: that of the action around the step,
// else that of the workflow.
func (t *usesTask) definer(j *jobRun) (repository, sha, root string) {
	if t.inside != nil {
		outer := t.inside.task.(*usesTask)
		if outer.action != nil && outer.action.Repository != "" {
			return outer.action.Repository, outer.action.Commit, outer.action.Root
		}
		return outer.definer(j)
	}
	if j.job.WorkflowRepository != "" {
		return j.job.WorkflowRepository, j.job.WorkflowSHA, ""
	}
	return j.job.Repository, j.job.SHA, ""
}

// using is what an action runs with, in lower case.
func using(a *action.Action) string {
	if a.Manifest == nil {
		return ""
	}
	return strings.ToLower(a.Manifest.Runs.Using)
}

// addPres puts the steps whose action has something to do beforehand in front
// of the job's steps, in their order.
func (j *jobRun) addPres() { j.pre = append(j.pre, withPre(j.steps)...) }

func withPre(steps []*step) []*step {
	var out []*step
	for _, s := range steps {
		switch t := s.task.(type) {
		case *usesTask:
			if t.hasPre() {
				out = append(out, s)
			}
		case *parallelTask:
			out = append(out, withPre(t.steps)...)
		}
	}
	return out
}
