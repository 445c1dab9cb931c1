package runner

import (
	"context"
	"errors"

	"slipway/internal/expr"
	"slipway/internal/jobproto"
	"slipway/internal/workflow"
)

// chapter is a step of the log that is not in the workflow: "Set up job" and
// "Complete job". It shows only when it has something to say, so that a job of
// one step is one step.
type chapter struct {
	job   *jobRun
	ref   jobproto.StepRef
	log   *stepLog
	begun bool
	stop  context.CancelCauseFunc
}

func (j *jobRun) newChapter(name string, phase jobproto.Phase) *chapter {
	return &chapter{
		job: j, ref: jobproto.StepRef{Name: name, Phase: phase},
		log:  &stepLog{report: j.report, debugs: j.job.StepDebug, count: &annotations{}},
		stop: func(error) {},
	}
}

// write returns the chapter's log; the chapter shows from then on.
func (c *chapter) write() *stepLog {
	if !c.begun {
		c.begun = true
		c.ref.Number = c.job.report.number()
		c.job.report.started(&c.ref)
		c.log.open(c.ref.Number)
	}
	return c.log
}

// Write implements io.Writer for those who log a line now and then.
func (c *chapter) Write(p []byte) (int, error) { return (&logWriter{c.write()}).Write(p) }

func (c *chapter) end(conclusion jobproto.Conclusion) {
	if !c.begun {
		return
	}
	message := c.log.close()
	c.job.report.finished(c.ref, jobproto.StepResult{Outcome: conclusion, Conclusion: conclusion, Message: message})
}

// recheck implements stoppable: a cancelled job is not set up.
func (c *chapter) recheck() { c.stop(errCancelled) }

// setUp makes the job ready for its steps and reports whether they may run
// (JobExtension.cs, InitializeJob).
func (j *jobRun) setUp() bool {
	c := j.newChapter("Set up job", jobproto.Setup)
	ctx, cancel := context.WithCancelCause(j.ctx)
	defer cancel(nil)
	c.stop = cancel
	j.stopper.enter(c)
	defer j.stopper.leave(c)

	err := j.prepare(ctx, c)
	switch {
	case err == nil:
		c.end(jobproto.Success)
		j.ready = true
	case ctx.Err() != nil:
		c.write().error("The operation was canceled.")
		c.end(jobproto.Cancelled)
		j.status.cancel()
	default:
		c.write().error(shown(err))
		c.end(jobproto.Failure)
		j.status.merge(jobproto.Failure)
	}
	return err == nil
}

func (j *jobRun) prepare(ctx context.Context, c *chapter) error {
	if err := j.writeEvent(); err != nil {
		return err
	}
	if err := j.evaluateEnv(); err != nil {
		return err
	}
	if err := j.evaluateDefaults(); err != nil {
		return err
	}
	if err := j.checkContainers(c); err != nil {
		return err
	}
	if err := j.resolveActions(ctx, c); err != nil {
		return err
	}
	j.addHooks()
	j.addPres()
	j.background.addImplicitWait()
	return nil
}

// evaluateEnv evaluates the env of the workflow, then that of the job over it.
func (j *jobRun) evaluateEnv() error {
	for _, t := range j.job.Env {
		vars, err := workflow.EvaluateStringMap(t, j.scopeFor(t))
		if err != nil {
			return err
		}
		for _, v := range vars {
			j.top.env.set(v.Key, v.Value)
		}
	}
	return nil
}

// evaluateDefaults evaluates the defaults of `run` steps. As on GitHub a job
// that has any replaces those of the workflow altogether.
func (j *jobRun) evaluateDefaults() error {
	for _, t := range j.job.Defaults {
		if t.Lookup("run") == nil {
			continue
		}
		defaults, err := workflow.EvaluateDefaults(t, j.scopeFor(t))
		if err != nil {
			return err
		}
		j.defaults = defaults
	}
	return nil
}

// scopeFor is what a token of the job itself sees; nothing where it needs none.
func (j *jobRun) scopeFor(t *workflow.Token) *expr.Scope {
	if t.IsLiteral() {
		return &expr.Scope{}
	}
	return j.top.scope(nil, nil, false)
}

// shown is an error's message as GitHub shows it.
func shown(err error) string {
	if e, ok := errors.AsType[*workflow.EvaluationError](err); ok {
		return "The template is not valid. " + e.Error()
	}
	return err.Error()
}
